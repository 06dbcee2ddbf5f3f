import { exactAcceptance } from '../../src/engine/accept/exactAcceptance.ts';
import { wholeDraftPlanner } from '../../src/engine/control/draftPlanner.ts';
import { decode } from '../../src/engine/decode.ts';
import type { DraftContext } from '../../src/engine/draft/drafter.ts';
import { LookupDrafter } from '../../src/engine/draft/lookup/lookupDrafter.ts';
import type { LoadedModel } from '../../src/engine/generate.ts';
import type { KeyValueCache } from '../../src/engine/targetModel.ts';

const CLOCK = { now: () => performance.now() };

/** Drafted tokens per forward; the text does not depend on it. */
const MAX_DRAFT_NODES = 7;

/** What the trunk writes after the prompt by itself: the engine's own decode loop, greedy, up to a stop token or the limit. */
export async function continueGreedily(
  { target, control }: LoadedModel,
  cache: KeyValueCache,
  prompt: readonly number[],
  maxTokens: number,
): Promise<readonly number[]> {
  const drafter = new LookupDrafter((_, prior) => prior);
  drafter.begin(draftContext(prompt, control));
  const steps = decode(
    target,
    cache,
    {
      promptTokens: prompt,
      mask: undefined,
      drafter,
      planner: wholeDraftPlanner,
      acceptance: exactAcceptance,
      maxDraftNodes: MAX_DRAFT_NODES,
      endsText: () => false,
      maxTokens,
      stopTokens: new Set(control.stop),
      signal: { isCancellationRequested: false },
    },
    CLOCK,
  );
  const written: number[] = [];
  for await (const { tokens } of steps) {
    written.push(...tokens.map(({ id }) => id));
  }
  return written.slice(0, maxTokens);
}

/** The parts of a prompt in document order; a prompt without control tokens is all text before the cursor. */
function draftContext(prompt: readonly number[], control: LoadedModel['control']): DraftContext {
  const suffixAt = prompt.indexOf(control.suffix);
  const middleAt = prompt.indexOf(control.middle);
  if (suffixAt === -1 || middleAt < suffixAt) {
    return { before: prompt, after: [], others: [] };
  }
  const before = [...prompt.slice(1, suffixAt), ...prompt.slice(middleAt + 1)];
  return { before, after: prompt.slice(suffixAt + 1, middleAt), others: [] };
}
