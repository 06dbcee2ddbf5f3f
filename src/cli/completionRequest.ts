import type { AcceptanceMode } from '../engine/accept/acceptanceRule.ts';
import type { DraftMethod } from '../engine/draft/drafter.ts';
import type { CompletionParameters } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import type { Extent } from '../pipeline/prompt/chooseExtent.ts';
import type { PromptPlan } from '../pipeline/prompt/planPrompt.ts';
import { completionParameters } from '../pipeline/session/completionParameters.ts';
import { SETTINGS } from '../settings/settings.ts';

/** What a measurement may change about a request; everything left out is as in the product. */
export interface RequestChoices {
  readonly method?: DraftMethod;
  readonly draftMaxTokens?: number;
  readonly draftTree?: boolean;
  readonly acceptance?: AcceptanceMode;
  readonly threshold?: number;
  readonly maxTokens?: number;
  readonly heal?: boolean;
  readonly stopRules?: boolean;
  readonly cold?: boolean;
}

/** The request that the editor would send for this snapshot, plan and extent. */
export function completionRequest(
  snapshot: DocumentSnapshot,
  plan: PromptPlan,
  extent: Extent,
  choices: RequestChoices = {},
): CompletionParameters {
  const settings = {
    maxTokens: choices.maxTokens ?? SETTINGS.maxTokens.default,
    draftMethod: choices.method ?? SETTINGS.draftMethod.default,
    draftMaxTokens: choices.draftMaxTokens ?? SETTINGS.draftMaxTokens.default,
    draftTree: choices.draftTree ?? SETTINGS.draftTree.default,
    acceptanceMode: choices.acceptance ?? SETTINGS.acceptanceMode.default,
    acceptanceThreshold: choices.threshold ?? SETTINGS.acceptanceThreshold.default,
  };
  return {
    ...completionParameters(snapshot, plan, extent, settings),
    heal: choices.heal ?? true,
    stopRules: choices.stopRules ?? true,
    // Measurements must not find their own text again.
    remember: false,
    ...(choices.cold === undefined ? {} : { cold: choices.cold }),
  };
}
