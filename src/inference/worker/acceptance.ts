import { seededRandom } from '../../base/seededRandom.ts';
import type { AcceptanceRule } from '../../engine/accept/acceptanceRule.ts';
import { exactAcceptance } from '../../engine/accept/exactAcceptance.ts';
import { samplingAcceptance } from '../../engine/accept/samplingAcceptance.ts';
import { typicalAcceptance } from '../../engine/accept/typicalAcceptance.ts';
import type { CompletionParameters } from '../protocol.ts';

/** The rule that a request asks for. */
export function acceptanceFor(
  parameters: Pick<CompletionParameters, 'acceptanceMode' | 'acceptanceThreshold' | 'sampling'>,
): AcceptanceRule {
  if (parameters.sampling !== undefined) {
    const { temperature, seed } = parameters.sampling;
    return samplingAcceptance({ temperature, random: seededRandom(seed) });
  }
  return parameters.acceptanceMode === 'exact'
    ? exactAcceptance
    : typicalAcceptance({ threshold: parameters.acceptanceThreshold });
}
