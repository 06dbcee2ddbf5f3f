import assert from 'node:assert/strict';
import type { DraftStep } from '../../../src/engine/draft/drafter.ts';
import type { HeadGuesses, MtpHead } from '../../../src/engine/draft/draftHead.ts';
import { MtpDrafter } from '../../../src/engine/draft/mtpDrafter.ts';
import { createRandom, randomInteger } from '../../support/random.ts';

const WINDOW = 4;
const clock = { now: () => 0 };
const byPrior = (_bucket: number, prior: number): number => prior;

/**
 * Keeps its rows as `hidden→next` and guesses ids 100 and 101, then 200 and 201, and so on: a hundred more than the last
 * row's next token or, from a text token, 100. Its output state is minus the guessed token.
 */
class RecordingHead implements MtpHead {
  readonly calibration = { probabilityBins: [0.5, 1], acceptance: [[0.3, 0.8]] };
  readonly window = WINDOW;
  rows: string[] = [];
  runs: number[] = [];
  failsNext = false;
  private readonly probabilities: readonly number[];

  constructor(probabilities: readonly number[] = [0.9, 0.4]) {
    this.probabilities = probabilities;
  }

  get rowCount(): number {
    return this.rows.length;
  }

  async run({ hidden, nextTokens }: { hidden: Float32Array; nextTokens: readonly number[] }) {
    if (this.failsNext) {
      this.failsNext = false;
      throw new Error('out of memory');
    }
    this.runs.push(nextTokens.length);
    this.rows.push(...nextTokens.map((token, row) => `${hidden[row]}→${token}`));
    const base = nextTokens.at(-1)! < 100 ? 100 : nextTokens.at(-1)! + 100;
    const guesses: HeadGuesses = { ids: [base, base + 1], probabilities: this.probabilities };
    return { guesses, state: Float32Array.of(-base) };
  }

  forgetLast(count: number): void {
    this.rows.length -= count;
  }

  clear(): void {
    this.rows = [];
  }
}

/** A text of tokens 1, 2, 3, … of which `generated` tokens at the end are new; the state of token n is n. */
function stepAt(length: number, generated: number, maxNodes = 8): DraftStep {
  const tokens = Array.from({ length }, (_, index) => index + 1);
  return {
    generated: tokens.slice(length - generated),
    lastToken: length,
    maxNodes,
    isWorth: () => true,
    hiddenStates: (count) => {
      const committed = tokens.slice(0, -1).slice(-count);
      return { rows: Float32Array.from(committed), tokens: committed };
    },
  };
}

describe('MtpDrafter', () => {
  it('drafts a chain, fed with its own output, and forgets what it drafted', async () => {
    const head = new RecordingHead();
    const drafter = new MtpDrafter(head, byPrior, clock, { maxDepth: 3 });
    drafter.begin();
    const tree = await drafter.propose(stepAt(3, 1));
    assert.deepEqual(
      tree.map(({ token, parent, source, bucket, chance }) => [token, parent, source, bucket, chance]),
      [
        [100, -1, 'mtp', 1, 0.8],
        [200, 0, 'mtp', 1, 0.8],
        [300, 1, 'mtp', 1, 0.8],
      ],
    );
    assert.deepEqual(
      [head.runs, head.rows],
      [
        [2, 1, 1],
        ['1→2', '2→3'],
      ],
    );
  });

  it('holds after every draft the rows of committed tokens only, whatever was accepted and skipped', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = createRandom(seed);
      const head = new RecordingHead();
      const drafter = new MtpDrafter(head, byPrior, clock);
      for (let request = 0; request < 2; request++) {
        drafter.begin();
        let length = randomInteger(random, 2, 9);
        for (let generated = 1; generated < 25; ) {
          await drafter.propose(stepAt(length, generated));
          const lastRows = Array.from({ length: length - 1 }, (_, row) => `${row + 1}→${row + 2}`).slice(-WINDOW);
          assert.deepEqual(head.rows.slice(-WINDOW), lastRows, `seed ${seed}`);
          const written = randomInteger(random, 1, 6);
          length += written;
          generated += written;
        }
      }
    }
  });

  it('feeds the whole window at first and only new rows after that, of the next request too', async () => {
    const head = new RecordingHead();
    const drafter = new MtpDrafter(head, byPrior, clock, { maxDepth: 1 });
    drafter.begin();
    for (const length of [10, 11, 13]) {
      await drafter.propose(stepAt(length, length - 9));
    }
    // Two characters later, at a place that was read before; then elsewhere.
    drafter.begin();
    await drafter.propose(stepAt(12, 1));
    await drafter.propose(stepAt(12, 1));
    await drafter.propose(stepAt(40, 1));
    assert.deepEqual(head.runs, [4, 1, 2, 1, 1, 4]);
  });

  it('knows none of the rows that another drafter gave the head', async () => {
    const head = new RecordingHead();
    const [one, other] = [1, 2].map(() => new MtpDrafter(head, byPrior, clock, { maxDepth: 1 })) as [
      MtpDrafter,
      MtpDrafter,
    ];
    for (const drafter of [one, other, one]) {
      drafter.begin();
      await drafter.propose(stepAt(12, 1));
    }
    assert.deepEqual(head.runs, [4, 4, 4]);
    assert.deepEqual(head.rows, ['8→9', '9→10', '10→11', '11→12']);
  });

  it('drafts on as long as the next token is worth it, by what its runs usually give and take', async () => {
    let nowMs = 0;
    const asked: [tokens: string, ms: string, node: number][] = [];
    const head = new RecordingHead();
    const drafter = new MtpDrafter(head, byPrior, { now: () => nowMs++ }, { maxDepth: 9 });
    const isWorth = (tokens: number, draftMs: number, node: number): boolean => {
      asked.push([tokens.toFixed(3), draftMs.toFixed(3), node]);
      return tokens > 0.45;
    };
    const tree = await drafter.propose({ ...stepAt(5, 1), isWorth });
    assert.deepEqual(
      tree.map(({ token }) => token),
      [100, 200, 300],
    );
    // Each as likely as the one before.
    assert.deepEqual(asked, [
      ['0.640', '0.000', 2],
      ['0.512', '0.050', 3],
      ['0.410', '0.098', 4],
    ]);
    assert.equal(head.rowCount, 4);
  });

  for (const [title, options, maxNodes, expected] of [
    ['at its greatest depth', { maxDepth: 2 }, 8, [100, 200]],
    ['at the nodes that are of use', {}, 1, [100]],
    ['with a second guess at the root', { maxDepth: 2, rootGuesses: 2 }, 8, [100, 200, 101]],
    ['without a second guess that has no room', { maxDepth: 2, rootGuesses: 2 }, 2, [100, 200]],
  ] as const) {
    it(`ends a draft ${title}`, async () => {
      const drafter = new MtpDrafter(new RecordingHead(), byPrior, clock, options);
      drafter.begin();
      const tree = await drafter.propose(stepAt(5, 1, maxNodes));
      assert.deepEqual(
        tree.map(({ token }) => token),
        expected,
      );
    });
  }

  it('starts with a whole window again after a failure', async () => {
    const head = new RecordingHead();
    const drafter = new MtpDrafter(head, byPrior, clock, { maxDepth: 1 });
    drafter.begin();
    await drafter.propose(stepAt(10, 1));
    head.failsNext = true;
    await assert.rejects(async () => drafter.propose(stepAt(11, 2)));
    await drafter.propose(stepAt(12, 3));
    assert.deepEqual(head.rows, ['8→9', '9→10', '10→11', '11→12']);
    // And after one inside a chain, whose drafted rows are among the head's.
    let runs = 0;
    const isWorth = (): boolean => {
      runs++;
      head.failsNext = runs === 2;
      return true;
    };
    await assert.rejects(async () => new MtpDrafter(head, byPrior, clock).propose({ ...stepAt(13, 4), isWorth }));
    const again = new MtpDrafter(head, byPrior, clock, { maxDepth: 1 });
    await again.propose(stepAt(13, 4));
    assert.deepEqual(head.rows, ['9→10', '10→11', '11→12', '12→13']);
  });

  it('drafts nothing where the runtime keeps no hidden states', async () => {
    const head = new RecordingHead();
    const drafter = new MtpDrafter(head, byPrior, clock);
    drafter.begin();
    assert.deepEqual(await drafter.propose({ ...stepAt(5, 1), hiddenStates: () => undefined }), []);
    assert.deepEqual(head.runs, []);
  });
});
