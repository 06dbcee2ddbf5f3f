import assert from 'node:assert/strict';
import { CancelledError } from '../../../src/base/cancellation.ts';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { offDrafter } from '../../../src/engine/draft/offDrafter.ts';
import type { GeneratedResult, GenerateRequest } from '../../../src/engine/generate.ts';
import { generate } from '../../../src/engine/generate.ts';
import type { KeyValueCache } from '../../../src/engine/targetModel.ts';
import type { Tokenizer } from '../../../src/engine/tokenizer/tokenizer.ts';
import { sortIdsByBytes } from '../../../src/engine/tokenizer/vocabulary.ts';
import { TableModel } from '../../support/tableModel.ts';

const PIECES = ['a', 'b', '\n', ' ', 'x', 'y'];
const tokenizer: Tokenizer = {
  sortedIds: sortIdsByBytes(PIECES),
  bytesOf: (token) => PIECES[token] ?? '',
  encode: (text) => Array.from(text, (character) => PIECES.indexOf(character)),
};
const model = {
  target: new TableModel({ vocabularySize: PIECES.length, seed: 3 }),
  tokenizer,
  control: { prefix: 7, suffix: 8, middle: 9, stop: [] },
};

/** A completion by a model that takes one millisecond for each look at the clock. */
function complete(
  changes: Partial<GenerateRequest> = {},
  cache: KeyValueCache = model.target.createCache(),
): Promise<GeneratedResult> {
  let nowMs = 0;
  const request: GenerateRequest = {
    prompt: { prefix: 'a b\n', suffix: '\n', tail: 'a' },
    heal: false,
    singleLine: false,
    allowsCodeFence: false,
    stopRules: false,
    maxTokens: 60,
    drafter: offDrafter,
    planner: wholeDraftPlanner,
    acceptance: exactAcceptance,
    maxDraftNodes: 0,
    draftTree: false,
    draftTexts: [],
    remember: false,
    signal: { isCancellationRequested: false },
    ...changes,
  };
  return generate(model, cache, request, { now: () => nowMs++ });
}

describe('generate', () => {
  it('ends after a whole line once the deadline is over, with the text it would have written', async () => {
    const whole = await complete();
    assert.equal(whole.stopReason, 'max-tokens');
    const lengths = new Set<number>();
    for (const deadlineMs of [1, 20, 60, 100]) {
      const { text, stopReason, tokens } = await complete({ deadlineMs });
      assert.equal(stopReason, 'deadline');
      assert.ok(whole.text.startsWith(`${text}\n`), JSON.stringify([text, whole.text]));
      assert.ok(text.trim() !== '' && tokens.length < whole.tokens.length);
      lengths.add(text.length);
    }
    assert.ok(lengths.size > 1, 'more time gives more lines');
  });

  it('goes on from what an overtaken request wrote where the typist writes the same, with the text of a fresh request', async () => {
    const [prefix, suffix] = ['a b\n', '\n'];
    for (const heal of [false, true]) {
      const tail = 'xy a';
      const whole = await complete({ prompt: { prefix, suffix, tail }, heal });
      for (const typed of [whole.text.slice(0, 1), whole.text.slice(0, 3), 'yy', whole.text.slice(0, 2).concat('b')]) {
        const cache = model.target.createCache();
        const start = model.target.forwards;
        const signal = {
          get isCancellationRequested() {
            return model.target.forwards >= start + 12;
          },
        };
        const first = { prompt: { prefix, suffix, tail }, heal, remember: true, signal };
        await assert.rejects(complete(first, cache), CancelledError);
        const next = { prompt: { prefix, suffix, tail: tail + typed }, heal, remember: true };
        const fresh = await complete(next);
        const found = await complete(next, cache);
        assert.deepEqual([found.text, found.tokens.length], [fresh.text, fresh.tokens.length], JSON.stringify(typed));
        const isAlong = whole.text.startsWith(typed);
        assert.equal(found.forwards < fresh.tokens.length - 2, isAlong, `${found.forwards} forwards`);
        const measured = await complete({ ...next, remember: false }, cache);
        assert.deepEqual([measured.text, measured.forwards], [fresh.text, fresh.tokens.length]);
      }
    }
  });

  it('writes again what a deletion allows to be otherwise', async () => {
    const prompt = { prefix: 'a b\n', suffix: '\n', tail: 'x ab' };
    const cache = model.target.createCache();
    await complete({ prompt, heal: true, remember: true }, cache);
    const shorter = { prompt: { ...prompt, tail: 'x a' }, heal: true, remember: true };
    const [found, fresh] = [await complete(shorter, cache), await complete(shorter)];
    assert.deepEqual([found.text, found.forwards], [fresh.text, fresh.tokens.length]);
  });

  it('ends after a whole word once its beginning is enough, and goes on from there with the same text', async () => {
    const lengths = new Set<number>();
    for (const heal of [false, true]) {
      const request = { heal, remember: true };
      const whole = await complete(request);
      for (const firstTextMs of [1, 20, 40, 80]) {
        const cache = model.target.createCache();
        const first = await complete({ ...request, firstTextMs }, cache);
        assert.equal(first.stopReason, 'first-text');
        assert.ok(whole.text.startsWith(first.text) && first.text.trim().length >= 3, JSON.stringify(first.text));
        lengths.add(first.text.length);
        const rest = await complete(request, cache);
        assert.deepEqual([rest.text, rest.confidence], [whole.text, whole.confidence]);
        assert.equal(rest.tokens.length, whole.tokens.length);
        assert.ok(rest.forwards <= whole.forwards - first.tokens.length + 1, `${first.forwards} and ${rest.forwards}`);
      }
    }
    assert.ok(lengths.size > 2, 'more time gives more text');
  });

  it('is whole where it ends before its beginning is due', async () => {
    const [early, whole] = [await complete({ firstTextMs: 100_000 }), await complete()];
    assert.deepEqual([early.text, early.stopReason], [whole.text, whole.stopReason]);
  });

  it('goes on to its end where the deadline is far', async () => {
    const [late, whole] = [await complete({ deadlineMs: 100_000 }), await complete()];
    assert.deepEqual([late.text, late.stopReason], [whole.text, whole.stopReason]);
  });
});
