import * as vscode from 'vscode';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { describeEngineState } from '../inference/client/engineState.ts';
import type { SupervisedWorker } from '../inference/client/supervisedWorker.ts';
import type { CompletionParameters, CompletionResult } from '../inference/protocol.ts';
import type { DocumentSnapshot } from '../pipeline/context/documentSnapshot.ts';
import type { SelectedEntry } from '../pipeline/context/insertSelectedEntry.ts';
import { insertSelectedEntry, untypedPart } from '../pipeline/context/insertSelectedEntry.ts';
import type { RequestReport } from '../pipeline/explain/requestReport.ts';
import { refuseAfterAccept } from '../pipeline/gate/refuseAfterAccept.ts';
import { refuseEvent } from '../pipeline/gate/refuseEvent.ts';
import type { QuietPlaces } from '../pipeline/gate/refusePlace.ts';
import { refusePlace } from '../pipeline/gate/refusePlace.ts';
import { cleanCompletion } from '../pipeline/postprocess/cleanCompletion.ts';
import type { NoSuggestion, Suggestion } from '../pipeline/postprocess/suggestion.ts';
import { noSuggestion } from '../pipeline/postprocess/suggestion.ts';
import { chooseExtent } from '../pipeline/prompt/chooseExtent.ts';
import type { PromptPlan } from '../pipeline/prompt/planPrompt.ts';
import { planPrompt } from '../pipeline/prompt/planPrompt.ts';
import type { ShownSuggestion } from '../pipeline/reuse/typeThrough.ts';
import { acceptedSuggestion, continueSuggestion, rememberSuggestion } from '../pipeline/reuse/typeThrough.ts';
import { classifyPlace } from '../pipeline/syntax/classifyPlace.ts';
import type { Settings } from '../settings/settings.ts';
import { isLanguageEnabled, SETTINGS } from '../settings/settings.ts';
import { ghostText, ghostTextAfterEntry } from './ghostText.ts';
import type { RecentDocuments } from './recentDocuments.ts';
import { offsetInSnapshot, snapshotDocument } from './snapshotDocument.ts';

export interface ProviderParts {
  readonly engine: SupervisedWorker;
  /** Starts the engine for these settings, if it does not run. */
  readonly startEngine: (settings: Settings) => void;
  readonly readSettings: (document: vscode.TextDocument) => Settings;
  readonly recentDocuments: RecentDocuments;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onReport: (report: RequestReport) => void;
  /** Hears whether a request is with the engine, at each change. */
  readonly onThinking: (isThinking: boolean) => void;
}

/** One event on its way through the pipeline; the report is made of it at the end, whatever that is. */
interface Run {
  readonly number: number;
  readonly document: vscode.TextDocument;
  readonly position: vscode.Position;
  readonly entry: vscode.SelectedCompletionInfo | undefined;
  readonly isExplicit: boolean;
  readonly token: vscode.CancellationToken;
  readonly settings: Settings;
  isContinued: boolean;
  waitedMs: number;
  prompt?: RequestReport['prompt'];
  result?: CompletionResult;
}

/** Plans kept for documents that were left; a plan holds a few kilobytes of text. */
const MAX_PLANS = 50;

/** Answers VS Code's question "what could be inserted here?" by running the pipeline for one event. */
export class ForetokenProvider implements vscode.InlineCompletionItemProvider {
  private readonly parts: ProviderParts;
  private readonly plans = new Map<string, PromptPlan>();
  private shown: ShownSuggestion | undefined;
  private runs = 0;
  private newestReported = 0;
  private requestsUnderWay = 0;
  private warming: vscode.CancellationTokenSource | undefined;

  constructor(parts: ProviderParts) {
    this.parts = parts;
  }

  /** Never throws into VS Code: whatever goes wrong ends as an empty answer with a reason in the report. */
  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const startMs = this.parts.clock.now();
    const run: Run = {
      number: ++this.runs,
      document,
      position,
      entry: context.selectedCompletionInfo,
      isExplicit: context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke,
      token,
      settings: this.parts.readSettings(document),
      isContinued: false,
      waitedMs: 0,
    };
    let outcome: Suggestion | NoSuggestion;
    try {
      outcome = await this.suggest(run);
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.parts.logger.error(`suggestion failed: ${message}`);
      outcome = noSuggestion('engine-failed', error instanceof Error ? error.message : String(error));
    }
    this.report(run, outcome, startMs);
    if (outcome.kind === 'no-suggestion') {
      return [];
    }
    return [run.entry === undefined ? ghostText(outcome, position) : ghostTextAfterEntry(outcome, run.entry)];
  }

  /**
   * Has the engine read what stands around a place, so that the first keystroke there costs only itself. Called in idle
   * moments; a request of the user's ends it, and it never supersedes one.
   */
  async warm(document: vscode.TextDocument, position: vscode.Position): Promise<void> {
    const settings = this.parts.readSettings(document);
    const isIdle = this.parts.engine.state.kind === 'ready' && this.requestsUnderWay === 0;
    if (!isIdle || this.refuse({ document, settings, isExplicit: false }) !== undefined) {
      return;
    }
    const request = this.buildRequest(document, snapshotDocument(document, position), settings);
    this.warming?.cancel();
    const source = new vscode.CancellationTokenSource();
    this.warming = source;
    await this.parts.engine.complete({ ...request, maxTokens: 1, draftMethod: 'off', remember: false }, source.token);
    source.dispose();
  }

  private async suggest(run: Run): Promise<Suggestion | NoSuggestion> {
    const refusal = this.refuse(run);
    if (refusal !== undefined) {
      return refusal;
    }
    const inDocument = snapshotDocument(run.document, run.position);
    const entry = run.entry === undefined ? undefined : selectedEntry(run.document, run.entry);
    const snapshot = entry === undefined ? inDocument : insertSelectedEntry(inDocument, entry);
    const continued = this.shown === undefined ? undefined : continueSuggestion(this.shown, snapshot);
    if (continued !== undefined) {
      run.isContinued = true;
      return continued;
    }
    const unwanted =
      refusePlace(classifyPlace(inDocument), quietPlaces(run.settings), run.isExplicit) ??
      refuseAfterAccept(this.shown && acceptedSuggestion(this.shown, inDocument), inDocument, run.isExplicit);
    if (unwanted !== undefined) {
      return unwanted;
    }
    this.parts.startEngine(run.settings);
    if (!(await this.waitForQuiet(run))) {
      return noSuggestion('cancelled', 'while waiting for the next keystroke');
    }
    const { state } = this.parts.engine;
    if (state.kind !== 'ready') {
      return noSuggestion('engine-not-ready', describeEngineState(state).short);
    }
    const outcome = await this.generate(run, snapshot);
    if (outcome.kind === 'suggestion') {
      this.remember(inDocument, snapshot, entry, outcome);
    }
    return outcome;
  }

  private refuse({
    document,
    settings,
    isExplicit,
  }: Pick<Run, 'document' | 'settings' | 'isExplicit'>): NoSuggestion | undefined {
    const editor = vscode.window.visibleTextEditors.find((candidate) => candidate.document === document);
    return refuseEvent({
      isEnabled: settings.enabled,
      isLanguageEnabled: isLanguageEnabled(settings, document.languageId),
      languageId: document.languageId,
      scheme: document.uri.scheme,
      documentChars: document.offsetAt(document.lineAt(document.lineCount - 1).range.end),
      cursors: editor?.selections.length ?? 1,
      isExplicit,
      trigger: settings.trigger,
    });
  }

  /** Waits for the user's pause; false when the next keystroke came first. */
  private async waitForQuiet(run: Run): Promise<boolean> {
    if (run.isExplicit || run.settings.delayMs === 0) {
      return !run.token.isCancellationRequested;
    }
    const startMs = this.parts.clock.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, run.settings.delayMs);
      const subscription = run.token.onCancellationRequested(finish);
      function finish(): void {
        clearTimeout(timer);
        subscription.dispose();
        resolve();
      }
    });
    run.waitedMs = this.parts.clock.now() - startMs;
    return !run.token.isCancellationRequested;
  }

  private async generate(run: Run, snapshot: DocumentSnapshot): Promise<Suggestion | NoSuggestion> {
    const request = this.buildRequest(run.document, snapshot, run.settings);
    const { prefix, suffix, tail } = request.prompt;
    run.prompt = {
      prefixChars: prefix.length,
      suffixChars: suffix.length,
      tailChars: tail.length,
      extent: request.singleLine ? 'single-line' : 'block',
    };
    // The engine does one thing at a time, and warming another document's cache can wait.
    this.warming?.cancel();
    this.requestsUnderWay++;
    this.parts.onThinking(true);
    try {
      run.result = await this.parts.engine.complete(request, run.token);
    } finally {
      this.requestsUnderWay--;
      this.parts.onThinking(this.requestsUnderWay > 0);
    }
    return judge(run.result, snapshot);
  }

  private buildRequest(
    document: vscode.TextDocument,
    snapshot: DocumentSnapshot,
    settings: Settings,
  ): CompletionParameters {
    const plan = planPrompt(snapshot, this.plans.get(snapshot.documentId));
    this.keepPlan(plan);
    return {
      documentId: snapshot.documentId,
      prompt: { prefix: plan.prefix, suffix: plan.suffix, tail: plan.tail },
      heal: true,
      singleLine: chooseExtent(snapshot) === 'single-line',
      allowsCodeFence: snapshot.languageId === 'markdown',
      stopRules: true,
      maxTokens: settings.maxTokens,
      draftMethod: settings.draftMethod,
      draftMaxTokens: settings.draftMaxTokens,
      draftTree: settings.draftTree,
      acceptanceMode: settings.acceptanceMode,
      acceptanceThreshold: settings.acceptanceThreshold,
      remember: true,
      draftTexts: this.parts.recentDocuments.textsBeside(document),
    };
  }

  private keepPlan(plan: PromptPlan): void {
    this.plans.delete(plan.documentId);
    this.plans.set(plan.documentId, plan);
    const [oldest] = this.plans.keys();
    if (this.plans.size > MAX_PLANS && oldest !== undefined) {
      this.plans.delete(oldest);
    }
  }

  /** Remembers in terms of the document as it is, so that typing along works with and without the suggestion list. */
  private remember(
    inDocument: DocumentSnapshot,
    snapshot: DocumentSnapshot,
    entry: SelectedEntry | undefined,
    suggestion: Suggestion,
  ): void {
    const untyped = entry === undefined ? '' : untypedPart(inDocument, entry);
    this.shown =
      untyped === undefined
        ? rememberSuggestion(snapshot, suggestion)
        : rememberSuggestion(inDocument, { ...suggestion, text: untyped + suggestion.text });
  }

  private report(run: Run, outcome: Suggestion | NoSuggestion, startMs: number): void {
    const { document, position, settings } = run;
    const totalMs = this.parts.clock.now() - startMs;
    const reason = outcome.kind === 'suggestion' ? 'suggestion' : outcome.reason;
    const figures =
      run.result?.kind === 'generated'
        ? `, ${run.result.generated.tokens} tokens, ${run.result.generated.freshTokens} fresh`
        : '';
    this.parts.logger.debug(`${reason} after ${totalMs.toFixed(0)} ms${figures}`);
    // A cancelled request may end after the newer one that was answered without the engine.
    if (run.number < this.newestReported) {
      return;
    }
    this.newestReported = run.number;
    this.parts.onReport({
      time: new Date().toLocaleTimeString(),
      trigger: run.isExplicit ? 'command' : 'typing',
      where: {
        document: vscode.workspace.asRelativePath(document.uri),
        languageId: document.languageId,
        line: position.line,
        column: position.character,
      },
      settings: Object.fromEntries(
        Object.entries(SETTINGS).map(([name, { key }]) => [key, settings[name as keyof Settings]]),
      ),
      engine: describeEngineState(this.parts.engine.state).long,
      outcome,
      isContinued: run.isContinued,
      followsSelectedEntry: run.entry !== undefined,
      ...(run.prompt === undefined ? {} : { prompt: run.prompt }),
      ...(run.result === undefined ? {} : { result: run.result }),
      ms: { waited: run.waitedMs, total: totalMs },
    });
  }
}

function quietPlaces({ suggestIn }: Settings): QuietPlaces {
  const isQuiet = (place: string): boolean => suggestIn[place] === false;
  return { comment: isQuiet('comments'), string: isQuiet('strings'), prose: isQuiet('prose') };
}

function selectedEntry(document: vscode.TextDocument, entry: vscode.SelectedCompletionInfo): SelectedEntry {
  return {
    text: entry.text,
    start: offsetInSnapshot(document, entry.range.start),
    end: offsetInSnapshot(document, entry.range.end),
  };
}

function judge(result: CompletionResult, snapshot: DocumentSnapshot): Suggestion | NoSuggestion {
  switch (result.kind) {
    case 'generated':
      return cleanCompletion(result.generated, snapshot);
    case 'not-loaded':
      return noSuggestion('engine-not-ready');
    case 'failed':
      return noSuggestion('engine-failed', result.message);
    case 'prompt-too-long':
      return noSuggestion('prompt-too-long', result.message);
    case 'superseded':
    case 'cancelled':
      return noSuggestion(result.kind, `stage: ${result.stage}`);
  }
}
