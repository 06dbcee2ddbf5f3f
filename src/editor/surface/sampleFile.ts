import type { Translate } from '../../base/translate.ts';

/** A small file to see a suggestion in, and where in it the cursor goes, counted from 0. */
export interface SampleFile {
  readonly languageId: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** The function above says so clearly what comes next that a small model gets it right. */
const LINES_BEFORE_CURSOR = [
  'def celsius_to_fahrenheit(celsius):',
  '    return celsius * 9 / 5 + 32',
  '',
  '',
  'def fahrenheit_to_celsius(fahrenheit):',
  '    ',
];

/** Python, because it is known by most who do not write it; the first line says what to do. */
export function sampleFile(translate: Translate): SampleFile {
  const hint = translate('Grey text at the cursor is a suggestion. Type on, or take it.');
  const lines = [`# ${hint}`, '', ...LINES_BEFORE_CURSOR];
  return {
    languageId: 'python',
    text: `${lines.join('\n')}\n`,
    line: lines.length - 1,
    column: lines.at(-1)!.length,
  };
}
