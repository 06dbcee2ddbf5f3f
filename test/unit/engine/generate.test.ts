import assert from 'node:assert/strict';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { offDrafter } from '../../../src/engine/draft/offDrafter.ts';
import type { GeneratedResult, GenerateRequest } from '../../../src/engine/generate.ts';
import { generate } from '../../../src/engine/generate.ts';
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
  target: new TableModel({ vocabularySize: 10, seed: 3 }),
  tokenizer,
  control: { prefix: 7, suffix: 8, middle: 9, stop: [] },
};

/** A completion by a model that takes one millisecond for each look at the clock. */
function complete(changes: Partial<GenerateRequest> = {}): Promise<GeneratedResult> {
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
  return generate(model, model.target.createCache(), request, { now: () => nowMs++ });
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

  it('goes on to its end where the deadline is far', async () => {
    const [late, whole] = [await complete({ deadlineMs: 100_000 }), await complete()];
    assert.deepEqual([late.text, late.stopReason], [whole.text, whole.stopReason]);
  });
});
