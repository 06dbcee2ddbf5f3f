import type { Draft } from '../cleaningRule.ts';

const CONTROL_TEXT = /<\|?(fim_(prefix|suffix|middle|pad)|endoftext|file_sep|repo_name|im_start|im_end)\|?>/;

/** A model at times spells out the control tokens of its prompt as ordinary text; nothing after that is meant for the file. */
export function cutControlText(draft: Draft): Draft {
  const at = draft.text.search(CONTROL_TEXT);
  return at === -1 ? draft : { ...draft, text: draft.text.slice(0, at) };
}
