import type { LoadedModel } from '../../engine/generate.ts';
import { chainRows } from '../../engine/targetModel.ts';
import type { ScoreParameters, ScoreResult } from '../protocol.ts';

/**
 * Cross-entropy of a text under the model, teacher-forced: windows of consecutive tokens, each scored from an empty context,
 * the first token of a window not counted. Every row's logits are read, so this is for measurements only.
 */
export async function scoreText(model: LoadedModel, parameters: ScoreParameters): Promise<ScoreResult> {
  const { target, tokenizer } = model;
  const tokens = tokenizer.encode(parameters.text);
  let sum = 0;
  let count = 0;
  for (let start = 0; start + 1 < tokens.length; start += parameters.windowTokens) {
    const window = tokens.slice(start, start + parameters.windowTokens);
    const cache = target.createCache();
    for (let at = 0; at < window.length; at += target.prefillChunkTokens) {
      const chunk = window.slice(at, at + target.prefillChunkTokens);
      const scores = await target.forward(cache, chainRows(chunk), {
        rows: chunk.map((_, row) => row),
        detail: 'logits',
      });
      cache.commit(chunk.map((_, row) => row));
      scores.forEach((row, index) => {
        const following = window[at + index + 1];
        if (following !== undefined) {
          sum += row.logSumExp - row.logits![following]!;
          count++;
        }
      });
    }
    cache.dispose();
  }
  return { tokens: count, nats: count === 0 ? 0 : sum / count };
}
