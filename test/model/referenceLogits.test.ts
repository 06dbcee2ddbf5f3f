import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultPackage } from '../support/defaultPackage.ts';
import type { PackageRunner } from '../support/packageRunner.ts';
import { openPackageRunner } from '../support/packageRunner.ts';

/** Written by `scripts/fixtures/referenceLogits.py`: a NumPy float32 forward pass over the same GGUF file. */
interface Reference {
  readonly sampledIds: readonly number[];
  readonly prompts: readonly {
    readonly name: string;
    readonly ids: readonly number[];
    readonly rows: readonly ReferenceRow[];
  }[];
}

interface ReferenceRow {
  readonly row: number;
  readonly topIds: readonly number[];
  readonly topLogits: readonly number[];
  readonly logSumExp: number;
  readonly sampledLogits: readonly number[];
}

/**
 * Largest difference of a logit. Measured with `w8a8`, 27 November 2026: 1.05 in the first row of a text, whose activations have
 * the largest outliers, and 0.83 in the others; with `q8` 0.50 on a processor without 8-bit dot products, where activations stay
 * float32, and about 0.7 more with them; with `f32` 0.0001.
 */
const MAX_LOGIT_DIFFERENCE = 1.5;
/** Measured with `w8a8`: 0.39 over all compared logits of a first row and 0.21 in the others; log-sum-exp 0.61 and 0.32. */
const MAX_MEAN_DIFFERENCE = 0.5;
const MAX_LOG_SUM_EXP_DIFFERENCE = 0.8;
/** Rows whose two best logits are nearer than this may swap them. */
const CLEAR_MARGIN = 1;

describe("the built package against a reference forward pass of the file's weights", function () {
  this.timeout(120_000);
  const reference = JSON.parse(
    readFileSync(new URL('../fixtures/model/reference-qwen2.5-coder-0.5b.json', import.meta.url), 'utf8'),
  ) as Reference;
  let runner: PackageRunner;

  before(async () => {
    const { directory, manifest } = await defaultPackage();
    runner = await openPackageRunner(directory, manifest, 512);
  });
  after(() => runner?.dispose());

  for (const { name, ids, rows } of reference.prompts) {
    it(`gives the same logits within the error of 8-bit weights after ${name}`, async () => {
      const wantIds = [...reference.sampledIds, ...rows.flatMap((row) => row.topIds)];
      const scoredRows = rows.map((row) => row.row);
      const fetch = ['top_ids', 'lse', 'want_logits'];
      const outputs = await runner.forward(ids, { scoredRows, fetch, wantIds });
      const logits = outputs.want_logits!.data as Float32Array;
      for (const [index, row] of rows.entries()) {
        const found = new Map(wantIds.map((id, want) => [id, logits[index * wantIds.length + want]!]));
        const expected = [...zip(row.topIds, row.topLogits), ...zip(reference.sampledIds, row.sampledLogits)];
        const differences = expected.map(([id, logit]) => Math.abs(found.get(id)! - logit));
        const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
        assert.ok(Math.max(...differences) <= MAX_LOGIT_DIFFERENCE, `row ${row.row}: ${Math.max(...differences)}`);
        assert.ok(mean <= MAX_MEAN_DIFFERENCE, `row ${row.row}: mean ${mean}`);
        const logSumExp = (outputs.lse!.data as Float32Array)[index]!;
        assert.ok(Math.abs(logSumExp - row.logSumExp) <= MAX_LOG_SUM_EXP_DIFFERENCE, `row ${row.row}: ${logSumExp}`);
        const best = Number(outputs.top_ids!.data[index * 8]);
        const allowed = row.topIds.filter((_, rank) => row.topLogits[0]! - row.topLogits[rank]! < CLEAR_MARGIN);
        assert.ok(allowed.includes(best), `row ${row.row}: ${best} instead of ${row.topIds[0]}`);
      }
    });
  }
});

function zip(ids: readonly number[], logits: readonly number[]): readonly (readonly [number, number])[] {
  return ids.map((id, index) => [id, logits[index]!] as const);
}
