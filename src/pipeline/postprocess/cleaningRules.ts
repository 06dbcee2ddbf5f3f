import type { CleaningRule } from './cleaningRule.ts';
import { coverRestOfLine } from './rules/coverRestOfLine.ts';
import { cutChat } from './rules/cutChat.ts';
import { cutControlText } from './rules/cutControlText.ts';
import { cutExtraClosers } from './rules/cutExtraClosers.ts';
import { cutPlaceholders } from './rules/cutPlaceholders.ts';
import { cutSyntaxErrors } from './rules/cutSyntaxErrors.ts';
import { cutUnfinishedEnd } from './rules/cutUnfinishedEnd.ts';
import { dropClosersOnly } from './rules/dropClosersOnly.ts';
import { dropFollowingLines } from './rules/dropFollowingLines.ts';
import { dropLineAbove } from './rules/dropLineAbove.ts';
import { dropTyped } from './rules/dropTyped.ts';
import { matchIndentation } from './rules/matchIndentation.ts';
import { trimBlankEnds } from './rules/trimBlankEnds.ts';

/**
 * Every cleaning rule in order: first what is no code of this file at all, then the end that the budget cut, then the form,
 * then what stands in the document already, last what the grammar says of the whole.
 */
export const CLEANING_RULES: readonly CleaningRule[] = [
  { apply: cutControlText, reason: 'control-text' },
  { apply: cutChat, reason: 'chat' },
  { apply: cutPlaceholders, reason: 'placeholder' },
  { apply: cutUnfinishedEnd, reason: 'cut-off' },
  { apply: trimBlankEnds, reason: 'only-blanks' },
  { apply: dropTyped, reason: 'repeats-typed' },
  { apply: matchIndentation, reason: 'only-blanks' },
  { apply: dropLineAbove, reason: 'repeats-line-above' },
  { apply: dropFollowingLines, reason: 'repeats-suffix' },
  { apply: dropClosersOnly, reason: 'already-closed' },
  { apply: coverRestOfLine, reason: 'repeats-suffix' },
  { apply: cutExtraClosers, reason: 'already-closed' },
  { apply: cutSyntaxErrors, reason: 'syntax-error' },
];
