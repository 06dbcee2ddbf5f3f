/** Draws the samples of one group: cursors near each other in one file, as when somebody works on a place. */
import { isBlank, splitLines } from '../../src/engine/stop/lines.ts';
import type { PromptContext } from '../../src/engine/tokenizer/tokenizePrompt.ts';
import type { DocumentSnapshot } from '../../src/pipeline/context/documentSnapshot.ts';
import { promptContext } from '../../src/pipeline/context/promptContext.ts';
import { SimilarTexts } from '../../src/pipeline/context/similarTexts.ts';
import type { PromptPlan } from '../../src/pipeline/prompt/planPrompt.ts';
import { DEFAULT_PROMPT_BUDGET } from '../../src/pipeline/prompt/planPrompt.ts';
import type { Layout, Sample, SampleTokens } from './buildSample.ts';
import { buildSample } from './buildSample.ts';
import type { Cut, CutKind } from './chooseCut.ts';
import { chooseCut, chooseOtherEnd } from './chooseCut.ts';
import type { Random } from './random.ts';

export interface SourceFile {
  readonly package: string;
  readonly language: string;
  readonly path: string;
  readonly text: string;
}

export interface GroupOptions {
  /** Cuts of one place; a pair counts as one. */
  readonly cuts: number;
  readonly maxMiddleTokens: number;
  /** Least and most UTF-16 units before and after the cursor and of other files; every length between comes up. */
  readonly beforeChars: readonly [number, number];
  readonly afterChars: readonly [number, number];
  readonly contextChars: readonly [number, number];
}

/**
 * Shares of the cuts that are tried. Fewer come out as blocks, since many places have none, and pairs add to the first two and
 * to `lines`; the first and part of `lines` end inside a line.
 */
const CUT_SHARES: Readonly<Record<CutKind, number>> = {
  'in-line': 0.27,
  'rest-of-line': 0.22,
  line: 0.16,
  lines: 0.07,
  block: 0.23,
  nothing: 0.05,
};
/** Groups with the plain layout, with other files before the file, and with the product's full prompt length. */
const PLAIN_SHARE = 0.1;
const CONTEXT_SHARE = 0.12;
const LONG_SHARE = 0.06;
/** Cuts that are followed by the same cursor with another end. */
const PAIR_SHARE = 0.4;
/** Lines over which the cursors of a group spread. */
const REGION_LINES = 14;

/**
 * Samples of one place in the file, or none when it has no place for them.
 *
 * `others` are files of the same package, for the groups that have some as context.
 */
export function drawGroup(
  file: SourceFile,
  others: readonly SourceFile[],
  group: number,
  tokens: SampleTokens,
  options: GroupOptions,
  random: Random,
): readonly Sample[] {
  const layout: Layout = random.fraction() < PLAIN_SHARE ? 'plain' : 'anchored';
  const isLong = random.fraction() < LONG_SHARE;
  const budget = isLong
    ? DEFAULT_PROMPT_BUDGET
    : {
        beforeChars: Math.round(random.logUniform(...options.beforeChars)),
        afterChars: Math.round(random.logUniform(...options.afterChars)),
      };
  const hasContext = others.length > 0 && random.fraction() < CONTEXT_SHARE;
  const contextChars = hasContext ? random.logUniform(...options.contextChars) : 0;
  // In the plain layout the prompts of two cursors share nothing.
  const cuts = drawCuts(file.text, layout === 'plain' ? 1 : options.cuts, random);
  const context = hasContext && cuts[0] !== undefined ? contextOf(file, others, cuts[0], contextChars) : undefined;
  const samples: Sample[] = [];
  let previous: PromptPlan | undefined;
  for (const cut of cuts) {
    const built = buildSample({ text: file.text, languageId: file.language }, cut, tokens, {
      layout,
      // While the anchor stands, the text before the cursor grows.
      budget: previous === undefined ? budget : { ...budget, beforeChars: budget.beforeChars + 4000 },
      previous,
      context,
      maxMiddleTokens: options.maxMiddleTokens,
    });
    previous ??= built.plan;
    const { prompt, middle, ends } = built;
    samples.push({ kind: cut.kind, language: file.language, group, prompt, middle, ends });
  }
  return samples;
}

/**
 * A sample without a suffix, which keeps the model's plain left-to-right writing: half the time the raw text, half the time
 * the prompt of somebody who writes at the end of a file. It has no end, because the text goes on.
 */
export function drawLeftToRight(
  file: SourceFile,
  group: number,
  tokens: SampleTokens,
  options: Pick<GroupOptions, 'maxMiddleTokens' | 'beforeChars'>,
  random: Random,
): readonly Sample[] {
  const { text, language } = file;
  const places = splitLines(text).filter(
    (line) => !isBlank(line.text) && line.start > 0 && text.length - line.end > 300,
  );
  if (places.length === 0) {
    return [];
  }
  const common = { language, group, ends: false };
  if (random.fraction() < 0.5) {
    const { start } = random.pick(places);
    const ids = tokens.tokenizer.encode(text.slice(start, start + 1200)).slice(0, 220);
    const known = random.integer(8, 100);
    const middle = ids.slice(known, known + options.maxMiddleTokens);
    return middle.length === 0 ? [] : [{ ...common, kind: 'left-to-right', prompt: ids.slice(0, known), middle }];
  }
  const line = random.pick(places);
  const start = random.integer(line.start, line.end);
  const built = buildSample(
    { text: text.slice(0, start + 600), languageId: language },
    { start, end: start + 600 },
    tokens,
    {
      layout: 'anchored',
      budget: { beforeChars: Math.round(random.logUniform(...options.beforeChars)), afterChars: 64 },
      previous: undefined,
      context: undefined,
      maxMiddleTokens: options.maxMiddleTokens,
    },
  );
  return [{ ...common, kind: 'end-of-file', prompt: built.prompt, middle: built.middle }];
}

/** Cuts of one region, in the order of their cursors, pairs beside each other. */
function drawCuts(text: string, count: number, random: Random): readonly Cut[] {
  const lines = splitLines(text);
  const filled = lines.flatMap((line, index) => (isBlank(line.text) ? [] : [index]));
  if (filled.length === 0) {
    return [];
  }
  const first = random.pick(filled);
  const region = { first, last: first + REGION_LINES };
  const cuts: Cut[] = [];
  for (let index = 0; index < count; index++) {
    const cut = chooseCut(text, random.pickWeighted(CUT_SHARES), region, random);
    if (cut === undefined) {
      continue;
    }
    cuts.push(cut);
    const other = count > 1 && random.fraction() < PAIR_SHARE ? chooseOtherEnd(text, cut, random) : undefined;
    if (other !== undefined) {
      cuts.push(other);
    }
  }
  const different = new Map(cuts.map((cut) => [`${cut.start} ${cut.end}`, cut]));
  return [...different.values()].sort((left, right) => left.start - right.start);
}

/** What the product would show of the other files at the first cursor. */
function contextOf(
  file: SourceFile,
  others: readonly SourceFile[],
  cut: Cut,
  budgetChars: number,
): PromptContext | undefined {
  const snapshot: DocumentSnapshot = {
    documentId: 'sample',
    languageId: file.language,
    path: file.path,
    text: file.text.slice(0, cut.start) + file.text.slice(cut.end),
    lineEnding: '\n',
    offset: cut.start,
  };
  const texts = others.map(({ path, text }) => ({ path, readStart: (chars: number) => text.slice(0, chars) }));
  return promptContext(snapshot, texts, { index: new SimilarTexts(texts.length), budgetChars });
}
