import { MAX_CONTEXT_TOKENS } from './staticNgrams.ts';

/** Where a match was found; `suggestions` are those of earlier requests. */
export const CORPORA = ['document', 'suggestions', 'after', 'others'] as const;
export type Corpus = (typeof CORPORA)[number];

/**
 * What the matches of a node say about a guess:
 * - `agreed`: several, and all are followed by it.
 * - `single`: there is one.
 * - `contested`: the best is followed by it, some are not.
 * - `alternative`: only lesser ones are followed by it.
 */
export const AGREEMENTS = ['agreed', 'single', 'contested', 'alternative'] as const;
export type Agreement = (typeof AGREEMENTS)[number];

/** Least effective match lengths of the classes. */
const LENGTH_CLASSES = [1, 2, 3, 4, 5, 7, 10, 15];

/**
 * Bucket of a guess: `(corpus × agreements + agreement) × length classes + length class`, from 0 to 127.
 *
 * The effective match length is the length of the match below the root plus the node's depth: whoever follows a right guess
 * has matched a token more, so one table serves all depths.
 */
export function lookupBucket(corpus: Corpus, agreement: Agreement, effectiveLength: number): number {
  const lengthClass = LENGTH_CLASSES.findLastIndex((least) => least <= effectiveLength);
  const row = CORPORA.indexOf(corpus) * AGREEMENTS.length + AGREEMENTS.indexOf(agreement);
  return row * LENGTH_CLASSES.length + lengthClass;
}

/**
 * How a guess of the static table stands to the matches: there are none that go on (`alone`), none says the same
 * (`against`), some do (`beside`).
 */
export const COMPANIES = ['alone', 'against', 'beside'] as const;
export type Company = (typeof COMPANIES)[number];

const FIRST_NGRAM_BUCKET = CORPORA.length * AGREEMENTS.length * LENGTH_CLASSES.length;
const PROBABILITY_CLASSES = 8;

/**
 * Bucket of a guess of the static table, after those of the matches: `(company × 4 + tokens of the context - 1) × 8 +
 * probability in eighths`, from 128 to 223.
 */
export function ngramBucket(company: Company, contextLength: number, probability: number): number {
  const row = COMPANIES.indexOf(company) * MAX_CONTEXT_TOKENS + contextLength - 1;
  const probabilityClass = Math.min(PROBABILITY_CLASSES - 1, Math.floor(probability * PROBABILITY_CLASSES));
  return FIRST_NGRAM_BUCKET + row * PROBABILITY_CLASSES + probabilityClass;
}

/**
 * Share of guesses that were right, `(corpus, agreement, length class)`.
 *
 * Counted November 2026 over 84,000 guesses in real code (Python, TypeScript, JavaScript, C++; the repository's own fixtures
 * too) and, with double weight, 16,000 in completions of Qwen2.5-Coder-0.5B; prompts and tokens as in the product. Rare
 * cells lean on the same cell of the other corpora, and the first three rows are made to rise with the length.
 * `suggestions` comes from two suggestions for one place, which is kinder than what typing brings.
 */
const PRIOR_CHANCES: Readonly<Record<Corpus, readonly (readonly number[])[]>> = {
  document: [
    [0.83, 0.84, 0.84, 0.93, 0.93, 0.93, 0.94, 0.94],
    [0.36, 0.51, 0.56, 0.61, 0.63, 0.68, 0.85, 0.86],
    [0.26, 0.31, 0.34, 0.37, 0.47, 0.51, 0.61, 0.75],
    [0.1, 0.11, 0.11, 0.13, 0.13, 0.12, 0.17, 0.11],
  ],
  suggestions: [
    [0.69, 0.78, 0.84, 0.86, 0.94, 0.94, 0.97, 0.97],
    [0.34, 0.49, 0.63, 0.63, 0.63, 0.87, 0.97, 0.97],
    [0.27, 0.33, 0.37, 0.46, 0.46, 0.74, 0.93, 0.94],
    [0.18, 0.16, 0.16, 0.11, 0.12, 0.17, 0.25, 0.11],
  ],
  after: [
    [0.74, 0.8, 0.92, 0.93, 0.93, 0.93, 0.93, 0.93],
    [0.43, 0.5, 0.56, 0.72, 0.78, 0.78, 0.88, 0.88],
    [0.23, 0.31, 0.34, 0.5, 0.54, 0.54, 0.68, 0.82],
    [0.13, 0.13, 0.16, 0.15, 0.12, 0.16, 0.3, 0.07],
  ],
  others: [
    [0.33, 0.5, 0.69, 0.82, 0.89, 0.91, 0.96, 0.96],
    [0.19, 0.29, 0.45, 0.5, 0.67, 0.75, 0.75, 0.91],
    [0.12, 0.17, 0.27, 0.27, 0.38, 0.54, 0.62, 0.74],
    [0.06, 0.07, 0.08, 0.09, 0.11, 0.12, 0.14, 0.21],
  ],
};

/** Chance of a guess of this bucket, 0–1, before anything was counted on this machine. */
export function priorChance(bucket: number): number {
  if (bucket >= FIRST_NGRAM_BUCKET) {
    return ngramPriorChance(bucket - FIRST_NGRAM_BUCKET);
  }
  const row = Math.floor(bucket / LENGTH_CLASSES.length);
  const corpus = CORPORA[Math.floor(row / AGREEMENTS.length)]!;
  return PRIOR_CHANCES[corpus][row % AGREEMENTS.length]![bucket % LENGTH_CLASSES.length]!;
}

/**
 * Share of the table's guesses that were right, `(company, tokens of the context, probability in eighths)`.
 *
 * Counted November 2026 at 631 held-out places, whose packages the table has not seen. Rare cells lean on the table's own
 * probability, and rows are made to rise with it. It overstates what it says of code it has not seen, most against a match.
 */
const NGRAM_PRIOR_CHANCES: Readonly<Record<Company, readonly (readonly number[])[]>> = {
  alone: [
    [0.05, 0.1, 0.17, 0.22, 0.31, 0.5, 0.53, 0.76],
    [0.02, 0.12, 0.2, 0.43, 0.47, 0.63, 0.77, 0.94],
    [0.09, 0.16, 0.31, 0.32, 0.32, 0.68, 0.68, 0.94],
    [0.03, 0.16, 0.43, 0.43, 0.43, 0.52, 0.59, 0.81],
  ],
  against: [
    [0.03, 0.04, 0.07, 0.07, 0.07, 0.22, 0.24, 0.32],
    [0.04, 0.05, 0.1, 0.13, 0.27, 0.28, 0.28, 0.4],
    [0.09, 0.09, 0.09, 0.17, 0.28, 0.33, 0.34, 0.83],
    [0.01, 0.12, 0.12, 0.25, 0.25, 0.37, 0.37, 0.72],
  ],
  beside: [
    [0.06, 0.28, 0.32, 0.36, 0.44, 0.55, 0.82, 0.95],
    [0.06, 0.13, 0.39, 0.54, 0.63, 0.67, 0.82, 0.87],
    [0.06, 0.21, 0.25, 0.52, 0.52, 0.53, 0.6, 0.88],
    [0.06, 0.1, 0.45, 0.59, 0.76, 0.76, 0.77, 0.84],
  ],
};

function ngramPriorChance(index: number): number {
  const row = Math.floor(index / PROBABILITY_CLASSES);
  const company = COMPANIES[Math.floor(row / MAX_CONTEXT_TOKENS)]!;
  return NGRAM_PRIOR_CHANCES[company][row % MAX_CONTEXT_TOKENS]![index % PROBABILITY_CLASSES]!;
}
