import { isBlank } from '../../syntax/lines.ts';
import type { CleaningPlace, Draft } from '../cleaningRule.ts';

/** Comments that stand for code which was not written. */
const PLACEHOLDER =
  /^(\.\.\.|…|(todo|fixme)\b:?\s*(implement|add|write|fill|handle|your|complete)\b|(add|put|write|insert|place|your)\b.{0,20}\b(code|logic|implementation)\b|(the )?(rest|remainder) of (the|your)\b|(existing|same|remaining|other) (code|as above|methods|functions)\b|implement (this|me|the|your|here)\b|implementation (goes )?here\b|(code|logic) (goes )?here\b)/i;

/** `// TODO: implement`, `# your code here` and the like end the text: after them the model does not write what it should. */
export function cutPlaceholders(draft: Draft, { place, syntax }: CleaningPlace): Draft {
  if (place !== 'code') {
    return draft;
  }
  const openers = [...syntax.lineComments, ...syntax.blockComments.map(([open]) => open)];
  const lines = draft.text.split('\n');
  for (const [index, line] of lines.entries()) {
    const comment = openers
      .map((opener) => ({ opener, at: line.indexOf(opener) }))
      .find(({ opener, at }) => at !== -1 && PLACEHOLDER.test(line.slice(at + opener.length).trimStart()));
    if (comment !== undefined) {
      const code = line.slice(0, comment.at);
      const kept = isBlank(code) ? lines.slice(0, index) : [...lines.slice(0, index), code.trimEnd()];
      return { ...draft, text: kept.join('\n') };
    }
  }
  return draft;
}
