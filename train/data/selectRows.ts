import { createHash } from 'node:crypto';
import type { CorpusRow } from './corpusRow.ts';
import { NearDuplicates } from './duplicates/nearDuplicates.ts';
import { hashNGrams } from './duplicates/nGrams.ts';
import { shuffleByKey } from './shuffleByKey.ts';

/** A train file may share this many 13-grams with a held-out file, or this share of its own, whichever is more. */
const MAX_SHARED_GRAMS = 3;
const MAX_SHARED_SHARE = 0.005;

export type SelectionReason = 'exactDuplicate' | 'nearDuplicate' | 'overlapsHeldOut' | 'overlapsFixtures';

export interface SelectedRows {
  readonly train: readonly CorpusRow[];
  readonly heldOut: readonly CorpusRow[];
  readonly dropped: ReadonlyMap<SelectionReason, number>;
  readonly overlap: {
    readonly heldOutSeenInTrain: number;
    readonly trainSeenInHeldOut: number;
    readonly heldOutSeenInTrainBeforeDropping: number;
  };
}

/**
 * Removes copies within each half, then what of the training half stands in the held-out half or in `fixtures` (texts
 * that the project measures itself with). Both halves come out shuffled.
 */
export function selectRows(
  train: readonly CorpusRow[],
  heldOut: readonly CorpusRow[],
  fixtures: readonly string[],
): SelectedRows {
  const dropped = new Map<SelectionReason, number>();
  const count = (reason: SelectionReason) => dropped.set(reason, (dropped.get(reason) ?? 0) + 1);
  const fixtureGrams = new Set(fixtures.flatMap((text) => [...hashNGrams(text)]));

  const heldOutGrams = new Set<number>();
  const keptHeldOut = select(heldOut, count, (grams) => {
    if (sharedGrams(grams, fixtureGrams) > allowance(grams)) {
      return 'overlapsFixtures';
    }
    for (const gram of grams) {
      heldOutGrams.add(gram);
    }
    return undefined;
  });

  const seenBefore = new Set<number>();
  const seen = new Set<number>();
  let trainGramCount = 0;
  let sharedCount = 0;
  const keptTrain = select(train, count, (grams) => {
    if (sharedGrams(grams, fixtureGrams) > allowance(grams)) {
      return 'overlapsFixtures';
    }
    const shared = [...grams].filter((gram) => heldOutGrams.has(gram));
    shared.forEach((gram) => {
      seenBefore.add(gram);
    });
    if (shared.length > allowance(grams)) {
      return 'overlapsHeldOut';
    }
    shared.forEach((gram) => {
      seen.add(gram);
    });
    trainGramCount += grams.size;
    sharedCount += shared.length;
    return undefined;
  });

  return {
    train: keptTrain,
    heldOut: keptHeldOut,
    dropped,
    overlap: {
      heldOutSeenInTrain: share(seen.size, heldOutGrams.size),
      trainSeenInHeldOut: share(sharedCount, trainGramCount),
      heldOutSeenInTrainBeforeDropping: share(seenBefore.size, heldOutGrams.size),
    },
  };
}

function select(
  rows: readonly CorpusRow[],
  count: (reason: SelectionReason) => void,
  reasonOf: (grams: ReadonlySet<number>) => SelectionReason | undefined,
): readonly CorpusRow[] {
  const texts = new Set<string>();
  const copies = new NearDuplicates();
  return shuffleByKey(rows, ({ registry, package: name, path }) => `${registry}/${name}/${path}`).filter((row) => {
    const reason = decide(row);
    if (reason !== undefined) {
      count(reason);
    }
    return reason === undefined;
  });

  function decide(row: CorpusRow): SelectionReason | undefined {
    const hash = createHash('sha256').update(row.text.replaceAll(/\s+/g, ' ')).digest('base64');
    if (texts.has(hash)) {
      return 'exactDuplicate';
    }
    texts.add(hash);
    const grams = hashNGrams(row.text);
    if (copies.isCopyOfEarlier(grams)) {
      return 'nearDuplicate';
    }
    return reasonOf(grams);
  }
}

function allowance(grams: ReadonlySet<number>): number {
  return Math.max(MAX_SHARED_GRAMS, grams.size * MAX_SHARED_SHARE);
}

function sharedGrams(grams: ReadonlySet<number>, others: ReadonlySet<number>): number {
  return [...grams].filter((gram) => others.has(gram)).length;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Number((part / whole).toFixed(6));
}
