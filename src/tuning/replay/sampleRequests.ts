import type { CompletionParameters } from '../../inference/protocol.ts';
import { chooseExtent } from '../../pipeline/prompt/chooseExtent.ts';
import { planPrompt } from '../../pipeline/prompt/planPrompt.ts';
import type { RequestSettings } from '../../pipeline/session/completionParameters.ts';
import { completionParameters } from '../../pipeline/session/completionParameters.ts';
import { SAMPLE_TEXTS } from './sampleTexts.ts';

const CURSOR = '▮';

/** The requests that the editor would send at the places of the sample texts. */
export function sampleRequests(settings: RequestSettings): readonly CompletionParameters[] {
  return SAMPLE_TEXTS.map(({ languageId, text }, index) => {
    const snapshot = {
      documentId: `foretoken:sample/${index}`,
      languageId,
      text: text.replace(CURSOR, ''),
      lineEnding: '\n',
      offset: text.indexOf(CURSOR),
    } as const;
    return completionParameters(snapshot, planPrompt(snapshot, undefined), chooseExtent(snapshot), settings);
  });
}
