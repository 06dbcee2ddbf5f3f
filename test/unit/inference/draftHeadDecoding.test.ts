import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { exactAcceptance } from '../../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../../src/engine/control/draftPlanner.ts';
import { decode } from '../../../src/engine/decode.ts';
import type { Drafter } from '../../../src/engine/draft/drafter.ts';
import type { MtpHead } from '../../../src/engine/draft/draftHead.ts';
import { MedusaDrafter } from '../../../src/engine/draft/medusaDrafter.ts';
import { MtpDrafter } from '../../../src/engine/draft/mtpDrafter.ts';
import { offDrafter } from '../../../src/engine/draft/offDrafter.ts';
import type { KeyValueCache, TargetModel } from '../../../src/engine/targetModel.ts';
import { loadDraftHeads } from '../../../src/inference/worker/onnx/draftHeads.ts';
import { loadModel } from '../../../src/inference/worker/onnx/loadModel.ts';
import { prepareHeads } from '../../../src/model/heads/prepareHeads.ts';
import { openPackage } from '../../../src/model/openPackage.ts';
import { safetensorsBytes } from '../../support/safetensorsFile.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import type { TinyPackage } from '../../support/tinyHeads.ts';
import { buildTinyHeads } from '../../support/tinyHeads.ts';

const clock = { now: () => 0 };
const PROMPTS = [
  [40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51],
  [40, 41, 42, 43, 44, 45, 46, 90, 91],
  [40, 41, 42, 43, 44, 45, 46, 90, 91, 92, 93, 94, 95],
];
const MAX_TOKENS = 60;

const byPrior = (_bucket: number, prior: number): number => prior;

async function write(model: TargetModel, cache: KeyValueCache, prompt: readonly number[], drafter: Drafter) {
  const tokens: number[] = [];
  let drafted = 0;
  let accepted = 0;
  drafter.begin({ before: prompt, after: [], others: [] });
  const request = {
    promptTokens: prompt,
    mask: undefined,
    drafter,
    planner: wholeDraftPlanner,
    acceptance: exactAcceptance,
    maxDraftNodes: 8,
    endsText: () => false,
    maxTokens: MAX_TOKENS,
    stopTokens: new Set<number>(),
    signal: { isCancellationRequested: false },
  };
  for await (const step of decode(model, cache, request, clock)) {
    tokens.push(...step.tokens.map(({ id }) => id));
    if (step.kind === 'decode') {
      drafted += step.drafted;
      accepted += step.accepted;
    }
  }
  return { tokens, drafted, accepted };
}

describe('decoding with draft heads on the tiny model', function () {
  this.timeout(60_000);
  const directory = useTemporaryDirectory();
  let model: TargetModel | undefined;

  async function openTarget({ directory: folder, manifest }: TinyPackage): Promise<TargetModel> {
    model = (await loadModel(folder, manifest, { device: 'cpu', threads: 1 })).model.target;
    return model;
  }

  afterEach(async () => {
    await model?.dispose();
    model = undefined;
  });

  for (const quantization of ['q8', 'f32'] as const) {
    it(`writes the text of plain decoding with random heads, ${quantization}`, async () => {
      const tiny = await buildTinyHeads(directory(), { quantization });
      const target = await openTarget(tiny);
      const heads = await loadDraftHeads(tiny.directory, tiny.manifest, { threads: 1, warn: assert.fail });
      const drafters = [
        new MedusaDrafter(heads.medusa!, byPrior),
        new MtpDrafter(heads.mtp!, byPrior, clock, { rootGuesses: 2 }),
      ];
      for (const drafter of drafters) {
        const cache = target.createCache();
        for (const prompt of PROMPTS) {
          const plain = await write(target, target.createCache(), prompt, offDrafter);
          const written = await write(target, cache, prompt, drafter);
          assert.deepEqual(written.tokens, plain.tokens);
          assert.ok(written.drafted > MAX_TOKENS, `${drafter.method} drafted ${written.drafted}`);
        }
        cache.dispose();
      }
      await heads.dispose();
    });
  }

  it('accepts what heads draft that know which token follows which', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'q8' }, { methods: ['medusa'], depth: 3 });
    const target = await openTarget(tiny);
    const [prompt] = PROMPTS as [number[]];
    const plain = await write(target, target.createCache(), prompt, offDrafter);
    const text = [...prompt, ...plain.tokens];
    const followers = new Map(text.slice(0, -1).map((token, index) => [token, text[index + 1]!]));
    writeFollowerHeads(tiny, followers);
    const signal = new AbortController().signal;
    await prepareHeads(tiny.directory, tiny.headsFolder, { signal, log: assert.fail });
    const opened = await openPackage(tiny.directory);
    assert.ok(opened.ok);
    const heads = await loadDraftHeads(tiny.directory, opened.value.manifest, { threads: 1, warn: assert.fail });
    const written = await write(target, target.createCache(), prompt, new MedusaDrafter(heads.medusa!, byPrior));
    await heads.dispose();
    assert.deepEqual(written.tokens, plain.tokens);
    const expected = countFollowed(plain.tokens, followers);
    assert.ok(expected > 15, `the text is no test: ${expected} tokens follow the table`);
    assert.ok(written.accepted >= expected, `${written.accepted} accepted, expected ${expected}`);
  });

  it('sees through the window of its own cache what a recomputation sees', async () => {
    const tiny = await buildTinyHeads(directory(), { quantization: 'f32' }, { window: 6 });
    const target = await openTarget(tiny);
    const heads = await loadDraftHeads(tiny.directory, tiny.manifest, { threads: 1, warn: assert.fail });
    const others = await loadDraftHeads(tiny.directory, tiny.manifest, { threads: 1, warn: assert.fail });
    let compared = 0;
    const recomputed = new Recorder(others.mtp!);
    const kept = new Recorder(heads.mtp!);
    const fresh = new MtpDrafter(recomputed, byPrior, clock, { maxDepth: 1 });
    const drafter = new MtpDrafter(kept, byPrior, clock, { maxDepth: 3 });
    const both: Drafter = {
      method: 'mtp',
      begin: () => drafter.begin(),
      propose: async (step) => {
        recomputed.clear();
        await fresh.propose(step);
        kept.first = undefined;
        const draft = await drafter.propose(step);
        const differences = kept.first!.map((value, index) => Math.abs(value - recomputed.first![index]!));
        assert.ok(Math.max(...differences) < 1e-3, `states differ by ${Math.max(...differences)}`);
        compared++;
        return draft;
      },
    };
    await write(target, target.createCache(), PROMPTS[0]!, both);
    assert.ok(compared > MAX_TOKENS / 4);
    await heads.dispose();
    await others.dispose();
  });
});

/** Keeps the state of the first run since `first` was cleared: the one on rows of committed tokens. */
class Recorder implements MtpHead {
  first: readonly number[] | undefined;
  private readonly head: MtpHead;

  constructor(head: MtpHead) {
    this.head = head;
  }

  get calibration() {
    return this.head.calibration;
  }

  get window() {
    return this.head.window;
  }

  get rowCount() {
    return this.head.rowCount;
  }

  async run(rows: Parameters<MtpHead['run']>[0]) {
    const result = await this.head.run(rows);
    this.first ??= [...result.state];
    return result;
  }

  forgetLast(count: number) {
    this.head.forgetLast(count);
  }

  clear() {
    this.first = undefined;
    this.head.clear();
  }
}

/** Tokens that decoding accepts when up to three are drafted along the table in each step. */
function countFollowed(tokens: readonly number[], followers: ReadonlyMap<number, number>): number {
  let accepted = 0;
  for (let known = 0; known < tokens.length - 1; known++) {
    const end = Math.min(known + 3, tokens.length - 2);
    while (known < end && followers.get(tokens[known]!) === tokens[known + 1]) {
      known++;
      accepted++;
    }
  }
  return accepted;
}

/** Medusa heads that go by the previous-token bias alone, a table of what follows what. */
function writeFollowerHeads({ headsFolder, manifest }: TinyPackage, followers: ReadonlyMap<number, number>): void {
  const { hidden } = manifest.shape;
  const ids = [...new Set([...followers.keys(), ...followers.values()])].sort((left, right) => left - right);
  const size = ids.length;
  const table = (entries: readonly (readonly [number, number])[], value: number): number[] => {
    const values = Array<number>(size * size).fill(0);
    for (const [row, column] of entries) {
      values[row * size + column] = value;
    }
    return values;
  };
  const out = [...followers].map(([token, next]) => [ids.indexOf(next), ids.indexOf(token)] as const);
  const zeros = (...dimensions: readonly number[]) => ({
    dimensions,
    values: Array<number>(dimensions.reduce((product, factor) => product * factor, 1)).fill(0),
  });
  const bytes = safetensorsBytes([
    { name: 'draft_vocabulary', type: 'I32', dimensions: [size], values: ids },
    ...[0, 1, 2].flatMap((head) => [
      { name: `medusa.${head}.skip`, type: 'F16' as const, ...zeros(hidden, hidden) },
      { name: `medusa.${head}.weight`, type: 'F16' as const, ...zeros(hidden, hidden) },
      { name: `medusa.${head}.bias`, type: 'F16' as const, ...zeros(hidden) },
    ]),
    {
      name: 'medusa.bias.in',
      type: 'F16',
      dimensions: [size, size],
      values: table(
        ids.map((_, i) => [i, i]),
        1,
      ),
    },
    { name: 'medusa.bias.out', type: 'F16', dimensions: [size, size], values: table(out, 30) },
  ]);
  writeFileSync(path.join(headsFolder, 'medusa.safetensors'), bytes);
}
