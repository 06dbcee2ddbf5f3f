/**
 * Puts a sentence of the user interface into the user's language; `{0}`, `{1}` stand for the values in order. The sentence is
 * always a literal at the call, because a test collects these literals and holds the bundles in `l10n/` equal to them.
 */
export type Translate = (sentence: string, ...values: readonly (string | number)[]) => string;

/** The sentence in English, which is what the source is written in. */
export function untranslated(sentence: string, ...values: readonly (string | number)[]): string {
  return sentence.replaceAll(/\{(\d+)\}/g, (mark, index: string) => String(values[Number(index)] ?? mark));
}
