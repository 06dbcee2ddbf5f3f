import type { AcceptanceRule } from '../../engine/accept/acceptanceRule.ts';
import { exactAcceptance } from '../../engine/accept/exactAcceptance.ts';
import { typicalAcceptance } from '../../engine/accept/typicalAcceptance.ts';
import type { CompletionParameters } from '../protocol.ts';

/** The rule that a request asks for. */
export function acceptanceFor(
  parameters: Pick<CompletionParameters, 'acceptanceMode' | 'acceptanceThreshold'>,
): AcceptanceRule {
  return parameters.acceptanceMode === 'exact'
    ? exactAcceptance
    : typicalAcceptance({ threshold: parameters.acceptanceThreshold });
}
