import assert from 'node:assert/strict';
import { TypingRhythm } from '../../../src/pipeline/gate/typingRhythm.ts';

const LONGEST_MS = 200;

/** The delay after keystrokes at these intervals and answers that took these times. */
function delayAfter(intervalsMs: readonly number[], answersMs: readonly number[], longestMs = LONGEST_MS): number {
  const rhythm = new TypingRhythm();
  let nowMs = 5000;
  rhythm.noteKeystroke(nowMs);
  for (const intervalMs of intervalsMs) {
    nowMs += intervalMs;
    rhythm.noteKeystroke(nowMs);
  }
  for (const ms of answersMs) {
    rhythm.noteAnswer(ms);
  }
  return Math.round(rhythm.chooseDelay(longestMs));
}

describe('the delay after a keystroke', () => {
  const cases: readonly (readonly [
    name: string,
    intervalsMs: readonly number[],
    answersMs: readonly number[],
    delayMs: number,
  ])[] = [
    ['is none while nothing is known', [], [], 0],
    ['is none while the engine is not known', [100, 100], [], 0],
    ['is none where the answer comes before the next keystroke', [200, 200, 200], [100], 0],
    ['is none where the answer comes before the one after that', [100, 100, 100], [200], 0],
    ['ends in what looks like a pause where it comes later', [100, 100, 100], [300], 130],
    ['is at most the longest', [400, 400], [900], 200],
    ['goes by the usual interval, not by single ones', [100, 100, 900, 100, 100], [300], 130],
    ['does not take pauses for a rhythm', [100, 5000, 100, 8000, 100], [300], 130],
    ['does not take keystrokes at one time for a rhythm', [100, 0, 0, 100, 0, 100], [300], 130],
    ['goes by the usual answer, not by a cold one', [200, 200], [4000, 90, 100, 110, 95], 0],
    ['follows a typist who becomes faster', [...Array(12).fill(400), ...Array(12).fill(100)], [300], 130],
  ];
  for (const [name, intervalsMs, answersMs, delayMs] of cases) {
    it(name, () => {
      assert.equal(delayAfter(intervalsMs, answersMs), delayMs);
    });
  }

  it('is none where none is wanted', () => {
    assert.equal(delayAfter([100, 100], [900], 0), 0);
  });

  it('knows when the typist seems to pause', () => {
    const rhythm = new TypingRhythm();
    assert.equal(rhythm.untilPause(5000), 0);
    for (const nowMs of [5000, 5100, 5200]) {
      rhythm.noteKeystroke(nowMs);
    }
    assert.deepEqual(
      [5200, 5250, 5330, 9000].map((nowMs) => Math.round(rhythm.untilPause(nowMs))),
      [130, 80, 0, 0],
    );
  });

  it('counts a request that was overtaken for as long as it ran at least', () => {
    const rhythm = new TypingRhythm();
    rhythm.noteAnswer(20);
    for (let nowMs = 0; nowMs < 4000; nowMs += 400) {
      rhythm.noteKeystroke(nowMs);
      rhythm.chooseDelay(0);
      rhythm.noteRequest();
    }
    for (let nowMs = 4000; nowMs < 5300; nowMs += 100) {
      rhythm.noteKeystroke(nowMs);
    }
    assert.equal(Math.round(rhythm.chooseDelay(LONGEST_MS)), 130);
  });

  it('learns nothing from a request that was overtaken sooner than answers come', () => {
    const rhythm = new TypingRhythm();
    for (let nowMs = 0; nowMs < 1000; nowMs += 100) {
      rhythm.noteKeystroke(nowMs);
    }
    rhythm.noteAnswer(300);
    // Each sent 80 ms after its keystroke, 20 ms before the next one.
    for (let nowMs = 1000; nowMs < 3000; nowMs += 100) {
      rhythm.noteKeystroke(nowMs);
      assert.equal(rhythm.chooseDelay(80), 80);
      rhythm.noteRequest();
    }
    assert.equal(Math.round(rhythm.chooseDelay(LONGEST_MS)), 130);
  });
});
