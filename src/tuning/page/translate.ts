import { untranslated } from '../../base/translate.ts';

let texts: Readonly<Record<string, string>> = {};

/** Sentences in the user's language by the English ones; what is not among them stays English. */
export function setTexts(translated: Readonly<Record<string, string>>): void {
  texts = translated;
}

export function translate(sentence: string, ...values: readonly (string | number)[]): string {
  return untranslated(texts[sentence] ?? sentence, ...values);
}
