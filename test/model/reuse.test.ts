import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { exactAcceptance } from '../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../src/engine/control/draftPlanner.ts';
import { offDrafter } from '../../src/engine/draft/offDrafter.ts';
import type { GeneratedResult, LoadedModel } from '../../src/engine/generate.ts';
import { generate } from '../../src/engine/generate.ts';
import type { KeyValueCache } from '../../src/engine/targetModel.ts';
import { loadModel } from '../../src/inference/worker/onnx/loadModel.ts';
import type { PromptPlan } from '../../src/pipeline/prompt/planPrompt.ts';
import { planPrompt } from '../../src/pipeline/prompt/planPrompt.ts';
import { defaultPackage } from '../support/defaultPackage.ts';
import { randomEdit } from '../support/editSequence.ts';
import { createRandom, randomInteger } from '../support/random.ts';

const clock = { now: () => performance.now() };
/** Short prompts and texts: what is compared is the cache, and many cold runs have to fit a test. */
const budget = { beforeChars: 360, afterChars: 100 };
const MAX_TOKENS = 6;
/** More for figures that are quoted: 200 take six minutes on two quick cores, and a quarter of an hour on two slow ones. */
const SEQUENCES = Number(process.env.FORETOKEN_EDIT_SEQUENCES ?? 80);

describe('cache reuse on the real model', function () {
  this.timeout(30 * 60_000);
  let model: LoadedModel;

  before(async () => {
    const { directory, manifest } = await defaultPackage();
    ({ model } = await loadModel(directory, manifest, { device: 'cpu', threads: 2 }));
  });

  after(async () => {
    await model.target.dispose();
  });

  function complete(cache: KeyValueCache, prompt: PromptPlan): Promise<GeneratedResult> {
    return generate(
      model,
      cache,
      {
        prompt,
        heal: true,
        singleLine: false,
        allowsCodeFence: false,
        stopRules: false,
        maxTokens: MAX_TOKENS,
        drafter: offDrafter,
        planner: wholeDraftPlanner,
        draftTree: false,
        draftTexts: [],
        remember: false,
        acceptance: exactAcceptance,
        maxDraftNodes: 0,
        signal: { isCancellationRequested: false },
      },
      clock,
    );
  }

  it(`gives the text of a cold run after ${SEQUENCES} random edit sequences`, async () => {
    const source = readFileSync(new URL('../fixtures/workspace/inventory.py', import.meta.url), 'utf8');
    const random = createRandom(31);
    const warmCache = model.target.createCache();
    let current = { text: source, offset: randomInteger(random, 0, source.length) };
    let plan: PromptPlan | undefined;
    for (let sequence = 0; sequence < SEQUENCES; sequence++) {
      if (sequence % 20 === 0) {
        current = { text: source, offset: randomInteger(random, 0, source.length) };
      }
      let warm: GeneratedResult | undefined;
      for (let edit = 0; edit < 2; edit++) {
        current = randomEdit(current, random);
        plan = planPrompt({ documentId: 'a', languageId: 'python', lineEnding: '\n', ...current }, plan, budget);
        warm = await complete(warmCache, plan);
      }
      const coldCache = model.target.createCache();
      const cold = await complete(coldCache, plan!);
      coldCache.dispose();
      assert.deepEqual(warm!.tokens, cold.tokens, `sequence ${sequence}`);
    }
  });

  it('prefills at most 8 tokens for a keystroke inside an anchor', async () => {
    const source = readFileSync(new URL('../fixtures/workspace/inventory.py', import.meta.url), 'utf8');
    const lineStart = source.indexOf('\n', Math.floor(source.length / 2)) + 1;
    const cache = model.target.createCache();
    const typed =
      '    total = sum(item.price for item in items)\n    if total > limit:\n        raise ValueError("too much")\n';
    let plan: PromptPlan | undefined;
    const fresh: number[] = [];
    for (let length = 0; length <= typed.length; length++) {
      const text = source.slice(0, lineStart) + typed.slice(0, length) + source.slice(lineStart);
      const snapshot = {
        documentId: 'a',
        languageId: 'python',
        lineEnding: '\n' as const,
        text,
        offset: lineStart + length,
      };
      plan = planPrompt(snapshot, plan);
      fresh.push((await complete(cache, plan)).freshTokens);
    }
    cache.dispose();
    assert.ok(Math.max(...fresh.slice(1)) <= 8, `fresh tokens per keystroke: ${fresh.join(' ')}`);
  });
});
