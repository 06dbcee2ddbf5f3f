import type { CompletionResult, GeneratedText, GenerationTrace } from '../../inference/protocol.ts';
import { confidenceOf } from '../postprocess/judgeConfidence.ts';
import { describeReason } from '../postprocess/suggestion.ts';
import { explainTokens } from './explainTokens.ts';
import type { RequestReport } from './requestReport.ts';

/**
 * The report of a request as Markdown, most wanted first: what came of it, then why, then the figures.
 *
 * `suggestionBefore`: the suggestion before a request that showed nothing, of which the user may rather want to know.
 */
export function explainRequest(report: RequestReport | undefined, suggestionBefore?: RequestReport): string {
  if (report === undefined) {
    return `${TITLE}\n\nNothing was requested in this window yet. Type in a file, then run the command again.\n`;
  }
  const sections = [
    TITLE,
    describeOutcome(report),
    ...(suggestionBefore === undefined ? [] : ['The suggestion before it is told of at the end.']),
    section('Request', [
      ['Time', report.time],
      ['Trigger', report.trigger === 'typing' ? 'typing or moving the cursor' : 'the trigger command'],
      ['Where', describePlace(report)],
      ['Language', report.where.languageId],
      ['Engine', report.engine],
      ['Selected list entry', report.followsSelectedEntry ? 'the suggestion extends it' : 'none'],
    ]),
    ...describePrompt(report),
    ...describeResult(report.result),
    section('Time in the editor', [
      ['Delay (at most the setting foretoken.delay)', milliseconds(report.ms.waited)],
      ['From the event to the answer', milliseconds(report.ms.total)],
    ]),
    section(
      'Settings for this document',
      Object.entries(report.settings).map(([key, value]) => [`foretoken.${key}`, JSON.stringify(value)]),
    ),
    ...(suggestionBefore === undefined ? [] : describeBefore(suggestionBefore)),
  ];
  return `${sections.join('\n\n')}\n`;
}

const TITLE = '# The last request, explained';

function describeOutcome({ outcome, isContinued, isPrepared = false, isGrown = false }: RequestReport): string {
  if (outcome.kind === 'no-suggestion') {
    const detail = outcome.detail === undefined ? '' : ` (${outcome.detail})`;
    return `**Nothing was shown.** ${describeReason(outcome.reason)}${detail}`;
  }
  const lines = outcome.text.split('\n').length;
  const size = `${outcome.text.length} characters in ${lines} ${lines === 1 ? 'line' : 'lines'}`;
  if (isGrown) {
    return `**A suggestion was offered to the editor**, ${size}: its beginning first, and the rest as soon as it was there.`;
  }
  if (isPrepared) {
    return `**A suggestion was there already**, ${size}: it was prepared while the one before it was shown.`;
  }
  return isContinued
    ? `**A suggestion was kept**, ${size}: what you typed was its beginning, so the model was not asked again.`
    : `**A suggestion was offered to the editor**, ${size}.`;
}

function describeBefore(report: RequestReport): readonly string[] {
  return [
    '# The suggestion before it',
    describeOutcome(report),
    section('Request', [
      ['Time', report.time],
      ['Where', describePlace(report)],
    ]),
    ...describePrompt(report),
    ...describeResult(report.result),
  ];
}

function describePlace({ where }: RequestReport): string {
  return `${where.document}, line ${where.line + 1}, column ${where.column + 1}`;
}

function describePrompt({ prompt }: RequestReport): readonly string[] {
  if (prompt === undefined) {
    return [];
  }
  const otherFiles = (prompt.otherFiles ?? []).map(({ path, chars }) => `${path} (${chars} characters)`);
  return [
    section('Prompt', [
      ['Before the anchor', `${prompt.prefixChars} characters`],
      ['Anchor to cursor', `${prompt.tailChars} characters`],
      ['After the cursor', `${prompt.suffixChars} characters`],
      ['From other files', otherFiles.length === 0 ? 'nothing' : otherFiles.join(', ')],
      ['Wanted', prompt.extent === 'block' ? 'a block' : 'the rest of the line'],
    ]),
  ];
}

function describeResult(result: CompletionResult | undefined): readonly string[] {
  if (result === undefined) {
    return [];
  }
  if (result.kind === 'generated') {
    return describeGenerated(result.generated);
  }
  const detail = 'message' in result ? result.message : 'stage' in result ? `while ${STAGES[result.stage]}` : '';
  return [section('Engine', [['Answer', detail === '' ? result.kind : `${result.kind}: ${detail}`]])];
}

const STAGES = { queued: 'it waited', prefill: 'the prompt was read', decode: 'text was written' } as const;

function describeGenerated(generated: GeneratedText): readonly string[] {
  const { ms } = generated;
  const reused = generated.promptTokens - generated.freshTokens;
  const perSecond = ms.total === 0 ? 0 : (1000 * generated.tokens) / ms.total;
  return [
    section('Engine', [
      ['Prompt', `${generated.promptTokens} tokens`],
      ['Cache', `${reused} tokens were there, ${generated.freshTokens} were read afresh`],
      ['Written', `${generated.tokens} tokens in ${generated.forwards} forwards, ${generated.text.length} characters`],
      ['Stopped by', generated.stopReason],
      ['Probability per token', `${(100 * Math.exp(generated.meanLogProbability)).toFixed(0)}% (geometric mean)`],
      ['Probability of the whole first line', describeConfidence(generated)],
      ['Waited for an older request', milliseconds(ms.queued)],
      ['Prompt reading', milliseconds(ms.prefill)],
      ['Drafting', `${milliseconds(ms.draft)}; ${describeDrafts(generated)}`],
      ['Writing', milliseconds(ms.verify)],
      ['In all', `${milliseconds(ms.total)}, ${perSecond.toFixed(0)} tokens per second`],
    ]),
    ...describeTokens(generated.trace),
  ];
}

/** The report stays on this machine; what is copied for others (Copy Diagnostics) has no such table. */
function describeTokens(trace: GenerationTrace | undefined): readonly string[] {
  if (trace === undefined) {
    return [];
  }
  const rows = explainTokens(trace).map(
    ([token, origin, probability, instead], index) =>
      `| ${index + 1} | ${code(token)} | ${origin} | ${probability} | ${escapeCell(instead)} |`,
  );
  return [
    [
      '## Tokens',
      '',
      'Who wrote each token (a drafter whose guess stood, the model, or the model under the constraint of the half-typed word), how probable the model itself found it, and the drafted tokens that it rejected in this place.',
      '',
      '| | Token | Source | Probability | Rejected drafts |',
      '| ---: | --- | --- | ---: | --- |',
      ...rows,
    ].join('\n'),
  ];
}

function describeConfidence(generated: GeneratedText): string {
  const confidence = confidenceOf(generated);
  if (confidence === undefined) {
    return 'not known';
  }
  const percent = confidence < 0.01 ? 'less than 1%' : `${(100 * confidence).toFixed(0)}%`;
  return `${percent}: its tokens' probabilities multiplied, which the setting foretoken.quietness looks at`;
}

/** How speculative decoding went: method, drafted and accepted tokens, where the accepted ones came from. */
function describeDrafts({ perStep }: GeneratedText): string {
  const method = perStep[0]?.method;
  if (method === undefined) {
    return 'no step needed a draft';
  }
  const drafted = perStep.reduce((sum, step) => sum + step.drafted, 0);
  const sources = perStep.flatMap(({ nodes }) => nodes.filter((node) => node.isAccepted).map((node) => node.source));
  const bySource = [...new Set(sources)].map(
    (source) => `${sources.filter((other) => other === source).length} ${source}`,
  );
  const accepted = bySource.length === 0 ? '' : ` (${bySource.join(', ')})`;
  const perForward = (perStep.length + sources.length) / perStep.length;
  return `method ${method}, ${drafted} drafted, ${sources.length} accepted${accepted}, ${perForward.toFixed(2)} tokens per forward`;
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, value]) => `| ${name} | ${escapeCell(value)} |`);
  return [`## ${title}`, '', '| | |', '| --- | --- |', ...lines].join('\n');
}

function escapeCell(value: string): string {
  return value.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** A token as code inside a table; a fence longer than any run of backticks in it. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${escapeCell(text)}${pad}${fence}`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
