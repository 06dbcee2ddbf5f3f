import type { LineInText, Stop, StopContext } from './stopRule.ts';

/** Chat instead of code: an instruction-tuned model at times explains itself in Markdown. */
export function stopAtCodeFence({ index, lines }: LineInText, context: StopContext): Stop | undefined {
  const { text, start } = lines[index]!;
  if (context.allowsCodeFence || !text.trimStart().startsWith('```')) {
    return undefined;
  }
  return { keep: Math.max(0, start - 1), reason: 'code-fence' };
}
