/**
 * Builds exported heads into a copy of a package and compares what ONNX Runtime computes with the cases of `verifyHeads.py`.
 *
 *     npx tsx train/heads/compareGraphs.ts --heads models/qwen2.5-coder-0.5b/heads --cases cases.json [--package FOLDER]
 *
 * The builder stores matrices as the package's own, and its kernels round activations to 8 bits, so that probabilities differ a
 * little; first guesses must mostly be the same.
 */
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { HeadGuesses, MedusaHead, MtpHead } from '../../src/engine/draft/draftHead.ts';
import { loadDraftHeads } from '../../src/inference/worker/onnx/draftHeads.ts';
import { defaultPackageDirectory } from '../../src/model/defaultPackage.ts';
import { prepareHeads } from '../../src/model/heads/prepareHeads.ts';
import { openPackage } from '../../src/model/openPackage.ts';

interface Case {
  readonly method: 'medusa' | 'mtp';
  /** One row for Medusa, all rows of the window for MTP. */
  readonly hidden: readonly number[];
  readonly lastToken: number;
  readonly nextTokens: readonly number[];
  readonly drafted: number;
  readonly depths: readonly HeadGuesses[];
}

/** Share of first guesses that may differ, and mean difference of the probability of a guess. */
const MAX_OTHER_GUESSES = 0.15;
const MAX_MEAN_DIFFERENCE = 0.05;

const { values } = parseArgs({
  options: {
    heads: { type: 'string' },
    cases: { type: 'string' },
    package: { type: 'string', default: defaultPackageDirectory() },
  },
});

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  if (values.heads === undefined || values.cases === undefined) {
    throw new Error('name the folder of heads.json with --heads and the file of verifyHeads.py with --cases');
  }
  const cases = JSON.parse(readFileSync(values.cases, 'utf8')) as readonly Case[];
  // Beside the package, because links do not reach over to another disk.
  const copy = mkdtempSync(`${path.resolve(values.package)}.heads-`);
  try {
    for (const name of readdirSync(values.package)) {
      linkSync(path.join(values.package, name), path.join(copy, name));
    }
    const log = (line: string): void => {
      process.stdout.write(`${line}\n`);
    };
    await prepareHeads(copy, values.heads, { log, signal: new AbortController().signal });
    const opened = await openPackage(copy);
    if (!opened.ok) {
      throw new Error(opened.error);
    }
    const heads = await loadDraftHeads(copy, opened.value.manifest, { threads: 1, warn: log });
    try {
      for (const method of ['medusa', 'mtp'] as const) {
        const ofMethod = cases.filter((entry) => entry.method === method);
        if (ofMethod.length > 0) {
          report(method, ofMethod, await runCases(ofMethod, heads[method]));
        }
      }
    } finally {
      await heads.dispose();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function runCases(
  cases: readonly Case[],
  head: MedusaHead | MtpHead | undefined,
): Promise<readonly (readonly HeadGuesses[])[]> {
  if (head === undefined) {
    throw new Error(`the package got no ${cases[0]!.method} heads`);
  }
  const found: (readonly HeadGuesses[])[] = [];
  for (const { hidden, lastToken, nextTokens, drafted } of cases) {
    const rows = Float32Array.from(hidden);
    if ('window' in head) {
      head.clear();
      const first = await head.run({ hidden: rows, nextTokens });
      const second = await head.run({ hidden: first.state, nextTokens: [drafted] });
      found.push([first.guesses, second.guesses]);
    } else {
      found.push(await head.run(rows, lastToken));
    }
  }
  return found;
}

function report(method: string, cases: readonly Case[], found: readonly (readonly HeadGuesses[])[]): void {
  const pairs = cases.flatMap(({ depths }, index) =>
    depths.map((expected, depth) => ({ expected, guesses: found[index]![depth]! })),
  );
  const others = pairs.filter(({ expected, guesses }) => expected.ids[0] !== guesses.ids[0]).length / pairs.length;
  const differences = pairs.flatMap(({ expected, guesses }) =>
    expected.ids.flatMap((id, rank) => {
      const at = guesses.ids.indexOf(id);
      return at === -1 ? [] : [Math.abs(expected.probabilities[rank]! - guesses.probabilities[at]!)];
    }),
  );
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  process.stdout.write(
    `${method}: ${pairs.length} places, first guess the same at ${(100 * (1 - others)).toFixed(1)} %, ` +
      `probabilities differ by ${mean.toFixed(4)} on average, ${Math.max(...differences).toFixed(4)} at most\n`,
  );
  if (others > MAX_OTHER_GUESSES || !(mean <= MAX_MEAN_DIFFERENCE)) {
    throw new Error(`the graph of the ${method} heads does not compute what was exported`);
  }
}
