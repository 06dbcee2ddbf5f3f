// What a user of the product feels on this machine, through the same worker process that the editor uses.
import { chooseExtent, completionRequest, planPrompt, quantile, toSnapshot } from './product.mjs';

const PREFILL_CONTEXT_TOKENS = 512;
/** More new tokens than this at a keystroke mean that the prompt was planned anew, which is counted apart. */
const MAX_WARM_TOKENS = 4;

/** Completes the positions cold and along `keystrokes` typed characters; the first position only warms up. */
export async function measureOwn(client, positions, keystrokes) {
  const cold = [];
  const warm = [];
  let replanned = 0;
  const perStepMs = [];
  const keystrokesPerPlace = Math.ceil(keystrokes / Math.max(1, positions.length - 1));
  for (const [index, position] of positions.entries()) {
    const start = toSnapshot(position);
    let plan = planPrompt(start, undefined);
    const first = await complete(client, start, plan, true);
    if (index === 0) {
      // The first request of a process also pays for the runtime's own warm-up; it is measured apart.
      continue;
    }
    cold.push(first);
    perStepMs.push(...msPerStep(first));
    for (const typed of typeAlong(start, position.middle, keystrokesPerPlace)) {
      plan = planPrompt(typed, plan);
      const next = await complete(client, typed, plan, false);
      perStepMs.push(...msPerStep(next));
      if (next.freshTokens <= MAX_WARM_TOKENS) {
        warm.push(next);
      } else {
        replanned++;
      }
    }
  }
  const { prefillTokensPerSecond, residentBytes } = await client.measure({
    contextTokens: PREFILL_CONTEXT_TOKENS,
    rowCounts: [2],
    runs: 3,
  });
  return {
    cold: {
      count: cold.length,
      ...times(cold),
      promptTokens: quantile(
        cold.map((row) => row.promptTokens),
        0.5,
      ),
    },
    warm: {
      count: warm.length,
      replanned,
      ...times(warm),
      freshTokens: quantile(
        warm.map((row) => row.freshTokens),
        0.5,
      ),
    },
    decodeMsPerStep: quantile(perStepMs, 0.5),
    prefillTokensPerSecond,
    residentBytes,
  };
}

export async function complete(client, snapshot, plan, cold, choices = {}) {
  const result = await client.complete(completionRequest(snapshot, plan, chooseExtent(snapshot), { ...choices, cold }));
  if (result.kind !== 'generated') {
    throw new Error(`the engine gave no completion (${result.message ?? result.kind})`);
  }
  return result.generated;
}

/** Mean milliseconds of a decode step of one completion; none when the first token ended it. */
function msPerStep({ ms, perStep }) {
  return perStep.length === 0 ? [] : [(ms.draft + ms.verify) / perStep.length];
}

/** The document after each of the next keystrokes, typing what stood there. */
function* typeAlong(start, middle, keystrokes) {
  const typed = middle.replaceAll('\r\n', '\n');
  const before = start.text.slice(0, start.offset);
  const after = start.text.slice(start.offset);
  for (let count = 1; count <= Math.min(keystrokes, typed.length); count++) {
    yield { ...start, text: before + typed.slice(0, count) + after, offset: start.offset + count };
  }
}

function times(rows) {
  const total = rows.map(({ ms }) => ms.total);
  return { p50Ms: quantile(total, 0.5), p95Ms: quantile(total, 0.95) };
}
