import assert from 'node:assert/strict';
import { untranslated } from '../../../src/base/translate.ts';
import type { SnoozeClock, SnoozeLength } from '../../../src/editor/surface/snooze.ts';
import { describeDuration, describeSnoozeLength, Snooze, snoozeEnd } from '../../../src/editor/surface/snooze.ts';

const MINUTE_MS = 60_000;

/** A clock that stands still until a test moves it, and one alarm. */
class VirtualClock implements SnoozeClock {
  private nowMs = 1_000_000;
  private alarm: { readonly atMs: number; readonly action: () => void } | undefined;

  now(): number {
    return this.nowMs;
  }

  get hasAlarm(): boolean {
    return this.alarm !== undefined;
  }

  after(delayMs: number, action: () => void): () => void {
    const alarm = { atMs: this.nowMs + delayMs, action };
    this.alarm = alarm;
    return () => {
      this.alarm = this.alarm === alarm ? undefined : this.alarm;
    };
  }

  /** Lets time pass, ringing on the way. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.alarm !== undefined && this.alarm.atMs <= endMs) {
      const { atMs, action } = this.alarm;
      this.alarm = undefined;
      this.nowMs = atMs;
      action();
    }
    this.nowMs = endMs;
  }
}

describe('Snooze', () => {
  let clock: VirtualClock;
  let snooze: Snooze;
  let shown: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    shown = [];
    snooze = new Snooze(clock, () => shown.push(describeDuration(snooze.remainingMs, untranslated)));
  });

  it('tells each minute that goes by, and the end', () => {
    snooze.start(clock.now() + 2.5 * MINUTE_MS);
    clock.pass(5 * MINUTE_MS);
    assert.deepEqual(shown, ['3 min', '2 min', '1 min', '0 min']);
    assert.equal(snooze.isSnoozed, false);
  });

  it('is over at its end to the millisecond', () => {
    snooze.start(clock.now() + 5 * MINUTE_MS);
    clock.pass(5 * MINUTE_MS - 1);
    assert.equal(snooze.isSnoozed, true);
    clock.pass(1);
    assert.equal(snooze.isSnoozed, false);
  });

  it('ends when told to and leaves no alarm', () => {
    snooze.start(clock.now() + 5 * MINUTE_MS);
    snooze.end();
    assert.deepEqual([snooze.isSnoozed, clock.hasAlarm, shown.at(-1)], [false, false, '0 min']);
  });

  it('takes the newest end, be it later or sooner', () => {
    snooze.start(clock.now() + 60 * MINUTE_MS);
    snooze.start(clock.now() + 5 * MINUTE_MS);
    clock.pass(6 * MINUTE_MS);
    assert.equal(snooze.isSnoozed, false);
  });

  it('leaves no alarm behind when the window goes', () => {
    snooze.start(clock.now() + 5 * MINUTE_MS);
    snooze.dispose();
    assert.equal(clock.hasAlarm, false);
  });
});

describe('snoozeEnd', () => {
  const at = (...parts: readonly [number, number, number, number, number]): number => new Date(...parts).getTime();

  for (const [length, now, end] of [
    [5, at(2026, 0, 31, 23, 58), at(2026, 1, 1, 0, 3)],
    [60, at(2026, 5, 1, 9, 0), at(2026, 5, 1, 10, 0)],
    ['tomorrow', at(2026, 5, 1, 9, 30), at(2026, 5, 2, 0, 0)],
    ['tomorrow', at(2026, 11, 31, 23, 59), at(2027, 0, 1, 0, 0)],
    ['tomorrow', at(2026, 1, 28, 0, 0), at(2026, 2, 1, 0, 0)],
  ] as readonly (readonly [SnoozeLength, number, number])[]) {
    it(`from ${new Date(now).toLocaleString('en-GB')} with ${length} is ${new Date(end).toLocaleString('en-GB')}`, () => {
      assert.equal(snoozeEnd(length, now), end);
    });
  }

  it('is the coming midnight of the calendar on every day of a year, whatever its clock changes', () => {
    for (let day = 0; day < 366; day++) {
      const end = new Date(snoozeEnd('tomorrow', at(2026, 0, 1 + day, 12, 0)));
      assert.deepEqual([end.getHours(), end.getDate()], [0, new Date(2026, 0, 2 + day).getDate()]);
    }
  });
});

describe('describeDuration', () => {
  for (const [ms, text] of [
    [1, '1 min'],
    [MINUTE_MS, '1 min'],
    [MINUTE_MS + 1, '2 min'],
    [59.5 * MINUTE_MS, '1 h'],
    [60 * MINUTE_MS, '1 h'],
    [61 * MINUTE_MS, '1 h 1 min'],
    [23 * 60 * MINUTE_MS + 59 * MINUTE_MS, '23 h 59 min'],
  ] as const) {
    it(`says ${text} for ${ms} ms`, () => {
      assert.equal(describeDuration(ms, untranslated), text);
    });
  }

  it('names the lengths to choose from', () => {
    assert.deepEqual(
      ([5, 60, 'tomorrow'] as const).map((length) => describeSnoozeLength(length, untranslated)),
      ['5 min', '1 h', 'Until tomorrow'],
    );
  });
});
