import type { CompletionParameters } from '../../inference/protocol.ts';
import type { DocumentSnapshot } from '../context/documentSnapshot.ts';
import type { Extent } from '../prompt/chooseExtent.ts';
import type { PromptPlan } from '../prompt/planPrompt.ts';

/** The parts of a request that do not follow from the document; `Settings` has all of them. */
export type RequestSettings = Pick<
  CompletionParameters,
  | 'deadlineMs'
  | 'firstTextMs'
  | 'maxTokens'
  | 'maxLines'
  | 'draftMethod'
  | 'draftMaxTokens'
  | 'draftTree'
  | 'draftStopConfidence'
  | 'acceptanceMode'
  | 'acceptanceThreshold'
>;

/** The product's request for a snapshot, a plan of its prompt and an extent, with no other texts to draft from. */
export function completionParameters(
  snapshot: DocumentSnapshot,
  plan: PromptPlan,
  extent: Extent,
  settings: RequestSettings,
): CompletionParameters {
  const { deadlineMs = 0, firstTextMs = 0, maxLines, draftStopConfidence } = settings;
  return {
    documentId: snapshot.documentId,
    prompt: { prefix: plan.prefix, suffix: plan.suffix, tail: plan.tail },
    heal: true,
    // One line only: decoding then ends with the token that ends the line.
    singleLine: extent === 'single-line' || maxLines === 1,
    allowsCodeFence: snapshot.languageId === 'markdown',
    stopRules: true,
    maxTokens: settings.maxTokens,
    ...(deadlineMs === 0 ? {} : { deadlineMs }),
    ...(firstTextMs === 0 ? {} : { firstTextMs }),
    ...(maxLines === undefined ? {} : { maxLines }),
    draftMethod: settings.draftMethod,
    draftMaxTokens: settings.draftMaxTokens,
    draftTree: settings.draftTree,
    ...(draftStopConfidence === undefined ? {} : { draftStopConfidence }),
    acceptanceMode: settings.acceptanceMode,
    acceptanceThreshold: settings.acceptanceThreshold,
    remember: true,
    draftTexts: [],
  };
}

/** The request for the whole text. */
export function withoutFirstText({ firstTextMs: _, ...request }: CompletionParameters): CompletionParameters {
  return request;
}

/** The request that begins lines however late it is. */
export function withoutDeadline({ deadlineMs: _, ...request }: CompletionParameters): CompletionParameters {
  return request;
}
