import * as vscode from 'vscode';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { describeEngineState } from '../inference/client/engineState.ts';
import type { SupervisedWorker } from '../inference/client/supervisedWorker.ts';
import type { CompletionParameters, CompletionResult, LoadedModelInfo } from '../inference/protocol.ts';
import type { SelectedEntry } from '../pipeline/context/insertSelectedEntry.ts';
import type { RequestReport } from '../pipeline/explain/requestReport.ts';
import { refuseEvent } from '../pipeline/gate/refuseEvent.ts';
import type { NoSuggestion, Suggestion } from '../pipeline/postprocess/suggestion.ts';
import { noSuggestion } from '../pipeline/postprocess/suggestion.ts';
import type { PreparationAccount } from '../pipeline/reuse/suggestionHistory.ts';
import { continueSuggestion } from '../pipeline/reuse/typeThrough.ts';
import { askSuggestion } from '../pipeline/session/askSuggestion.ts';
import type { OpenText } from '../pipeline/session/draftTexts.ts';
import type { IdleTask } from '../pipeline/session/idleWork.ts';
import { CURSOR_REST_MS, IdleWork } from '../pipeline/session/idleWork.ts';
import type { GrownSuggestion, SuggestionEvent } from '../pipeline/session/suggestionSession.ts';
import { isFirstText, SuggestionSession, suggestionEvent } from '../pipeline/session/suggestionSession.ts';
import type { SourceParsers } from '../pipeline/syntax/sourceParser.ts';
import type { Settings } from '../settings/settings.ts';
import { SETTINGS } from '../settings/settings.ts';
import type { DefinitionTexts } from './definitionTexts.ts';
import { documentFacts } from './documentFacts.ts';
import { ACCEPTED_COMMAND, ghostText, ghostTextAfterEntry } from './ghostText.ts';
import type { RecentDocuments } from './recentDocuments.ts';
import { offsetInSnapshot, snapshotDocument } from './snapshotDocument.ts';

export interface ProviderParts {
  readonly engine: SupervisedWorker;
  /** Starts the engine for these settings, if it does not run. */
  readonly startEngine: (settings: Settings) => void;
  readonly readSettings: (document: vscode.TextDocument) => Settings;
  readonly recentDocuments: RecentDocuments;
  readonly definitions: DefinitionTexts;
  readonly parsers: SourceParsers;
  /** Whether suggestions while typing are off for now. */
  readonly isSnoozed: () => boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  /** `request`: what the engine was asked, if it was. */
  readonly onReport: (report: RequestReport, request: CompletionParameters | undefined) => void;
  /** Hears that the user typed where something may be suggested, before the engine is asked. */
  readonly onTyping: () => void;
  /** Hears whether a request is with the engine, at each change. */
  readonly onThinking: (isThinking: boolean) => void;
}

/** The editor asks soon after we asked it to, at times more than once; nobody gives the command so quickly after an accept. */
const OWN_QUESTION_MS = 500;

/** One event on its way through the pipeline; the report is made of it at the end, whatever that is. */
interface Run {
  readonly number: number;
  readonly document: vscode.TextDocument;
  readonly position: vscode.Position;
  readonly entry: vscode.SelectedCompletionInfo | undefined;
  readonly isExplicit: boolean;
  /** Neither the user's command nor ours led to it. */
  readonly isAutomatic: boolean;
  /** We had VS Code ask. */
  readonly isOurs: boolean;
  readonly token: vscode.CancellationToken;
  readonly settings: Settings;
  isContinued: boolean;
  /** Of a suggestion that was prepared, or has grown. */
  account?: PreparationAccount | undefined;
  waitedMs: number;
  /** Other suggestions for the same place. */
  alternatives: readonly Suggestion[];
  request?: CompletionParameters | undefined;
  result?: CompletionResult | undefined;
}

/** Answers VS Code's question "what could be inserted here?" by running the pipeline for one event. */
export class ForetokenProvider implements vscode.InlineCompletionItemProvider, vscode.Disposable {
  private readonly parts: ProviderParts;
  private readonly session: SuggestionSession;
  private readonly idleWork = new IdleWork({
    nextTask: () => this.nextIdleTask(),
    send: (request) => {
      const source = new vscode.CancellationTokenSource();
      const result = this.parts.engine
        .complete({ ...request, trace: true }, source.token)
        .finally(() => source.dispose());
      return { result, cancel: () => source.cancel() };
    },
    onResult: (task, result) => {
      const grown = this.session.concludeIdle(task, result, this.quietness);
      if (grown !== undefined) {
        this.showGrown(grown);
      }
    },
  });
  private readonly acceptedCommand: vscode.Disposable;
  private runs = 0;
  private newestReported = 0;
  private requestsUnderWay = 0;
  /** The document of the last event. */
  private activeDocument: vscode.TextDocument | undefined;
  /** Of the last suggestion that was shown by its beginning. */
  private beginningMs: RequestReport['ms'] | undefined;
  private isResting = false;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private growthTimer: ReturnType<typeof setTimeout> | undefined;
  /** When we asked for a question ourselves, which then looks like the user's command. */
  private askedAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ProviderParts) {
    this.parts = parts;
    this.session = new SuggestionSession({ parsers: parts.parsers });
    this.acceptedCommand = vscode.commands.registerCommand(ACCEPTED_COMMAND, () => this.askAgain());
  }

  dispose(): void {
    clearTimeout(this.restTimer);
    clearTimeout(this.growthTimer);
    this.idleWork.stop();
    this.acceptedCommand.dispose();
  }

  /** Never throws into VS Code: whatever goes wrong ends as an empty answer with a reason in the report. */
  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const startMs = this.parts.clock.now();
    const isAutomatic = context.triggerKind === vscode.InlineCompletionTriggerKind.Automatic;
    const isOurs = !isAutomatic && startMs - this.askedAgainAtMs < OWN_QUESTION_MS;
    if (isOurs) {
      this.askedAgainAtMs = Number.NEGATIVE_INFINITY;
    }
    const run: Run = {
      number: ++this.runs,
      document,
      position,
      entry: context.selectedCompletionInfo,
      isAutomatic,
      isOurs,
      isExplicit: !isAutomatic && !isOurs,
      token,
      settings: this.parts.readSettings(document),
      isContinued: false,
      waitedMs: 0,
      alternatives: [],
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
    if (run.number === this.runs) {
      this.activeDocument = document;
    }
    this.idleWork.run();
    if (outcome.kind === 'no-suggestion') {
      return [];
    }
    const { entry } = run;
    return [outcome, ...run.alternatives].map((suggestion) =>
      entry === undefined ? ghostText(suggestion, position) : ghostTextAfterEntry(suggestion, entry),
    );
  }

  /** Hears of a loaded model: how fast it reads decides how much of a file a first suggestion sees. */
  onModel({ prefillTokensPerSecond }: LoadedModelInfo): void {
    this.session.setPrefillSpeed(prefillTokensPerSecond);
  }

  /** The next answer anywhere is made under the settings as they are now. */
  forgetSuggestions(): void {
    this.idleWork.stop();
    this.session.forgetSuggestions();
  }

  /** Has the engine read what stands around a place, so that the first keystroke there costs only itself. */
  warm(document: vscode.TextDocument, position: vscode.Position): void {
    clearTimeout(this.restTimer);
    this.activeDocument = document;
    // First, because a snapshot copies the text, and the file may be too large to be completed.
    if (this.refuse({ document, settings: this.parts.readSettings(document), isExplicit: false }) !== undefined) {
      return;
    }
    this.session.rest(snapshotDocument(document, position));
    this.isResting = true;
    this.idleWork.run();
    void this.lookUpDefinitions(document, position);
  }

  /** Hears of every move of the cursor, by typing too: where it comes to rest, the engine reads in advance. */
  noteCursor(document: vscode.TextDocument): void {
    clearTimeout(this.restTimer);
    this.isResting = false;
    this.restTimer = setTimeout(() => {
      const editor = vscode.window.activeTextEditor;
      if (editor?.document === document) {
        this.warm(document, editor.selection.active);
      }
    }, CURSOR_REST_MS);
  }

  private async lookUpDefinitions(document: vscode.TextDocument, position: vscode.Position): Promise<void> {
    if (!this.parts.readSettings(document).openFiles || !this.session.readsOtherFiles) {
      return;
    }
    const isNew = await this.parts.definitions.find(document, position);
    if (isNew && this.isResting && this.activeDocument === document) {
      this.idleWork.run();
    }
  }

  /** VS Code does not ask again by itself after an accept; what follows is usually prepared by then. */
  private async askAgain(command = 'editor.action.inlineSuggest.trigger'): Promise<void> {
    this.askedAgainAtMs = this.parts.clock.now();
    await vscode.commands.executeCommand(command);
  }

  /**
   * What is shown has become longer: VS Code asks once more and has it at once, if the cursor is still there. Not by the command
   * that asks for a suggestion, but by the one for the next: that does nothing where the user has dismissed what was shown.
   *
   * VS Code keeps the beginning as another choice then, and goes back to it at the next key until that is answered. So it waits
   * for a pause; a key before that is answered with the whole anyway.
   */
  private showGrown({ was, is }: GrownSuggestion): void {
    const newestRun = this.runs;
    clearTimeout(this.growthTimer);
    this.growthTimer = setTimeout(() => {
      const editor = vscode.window.activeTextEditor;
      if (newestRun !== this.runs || editor === undefined || editor.document !== this.activeDocument) {
        return;
      }
      const here = snapshotDocument(editor.document, editor.selection.active);
      if (is === undefined) {
        if (continueSuggestion(was, here) !== undefined) {
          void vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
        }
      } else if (continueSuggestion(is, here) !== undefined) {
        void this.askAgain('editor.action.inlineSuggest.showNext');
      }
    }, this.session.untilPause(this.parts.clock.now()));
  }

  private get quietness(): number {
    return this.activeDocument === undefined ? 0 : this.parts.readSettings(this.activeDocument).quietness;
  }

  private nextIdleTask(): IdleTask | undefined {
    const document = this.activeDocument;
    if (
      document === undefined ||
      document.isClosed ||
      this.requestsUnderWay > 0 ||
      this.parts.engine.state.kind !== 'ready'
    ) {
      return undefined;
    }
    const settings = this.parts.readSettings(document);
    return this.refuse({ document, settings, isExplicit: false }) === undefined
      ? this.session.idleTask(settings, this.openTexts(document, settings), this.isResting)
      : undefined;
  }

  /** Other files that a suggestion here may use. */
  private openTexts(document: vscode.TextDocument, settings: Settings): readonly OpenText[] {
    const { definitions, recentDocuments } = this.parts;
    return settings.openFiles ? [...definitions.of(document), ...recentDocuments.beside(document)] : [];
  }

  private async suggest(run: Run): Promise<Suggestion | NoSuggestion> {
    const refusal = this.refuse(run);
    if (refusal !== undefined) {
      return refusal;
    }
    const event = suggestionEvent(snapshotDocument(run.document, run.position), {
      entry: run.entry && selectedEntry(run.document, run.entry),
      isExplicit: run.isExplicit,
    });
    if (run.isAutomatic) {
      this.session.noteKeystroke(this.parts.clock.now());
    }
    const decision = this.session.decide(event, run.settings.suggestIn);
    if (decision.kind === 'continue') {
      run.isContinued = true;
      const { account } = decision;
      if (account !== undefined) {
        run.account = account;
        run.request = account.request;
        run.result = { kind: 'generated', generated: account.generated };
      }
      if (run.isExplicit) {
        run.alternatives = await this.findAlternatives(run, event, decision.suggestion);
      }
      return decision.suggestion;
    }
    if (decision.kind === 'refuse') {
      return decision.refusal;
    }
    this.parts.startEngine(run.settings);
    this.parts.onTyping();
    if (!(await this.waitForQuiet(run))) {
      return noSuggestion('cancelled', 'while waiting for the next keystroke');
    }
    if (run.isExplicit && !(await this.waitForEngine(run.token))) {
      return noSuggestion('cancelled', 'while waiting for the engine');
    }
    const { state } = this.parts.engine;
    if (state.kind !== 'ready') {
      return noSuggestion('engine-not-ready', describeEngineState(state).short);
    }
    return this.generate(run, event);
  }

  private refuse({
    document,
    settings,
    isExplicit,
  }: Pick<Run, 'document' | 'settings' | 'isExplicit'>): NoSuggestion | undefined {
    const editor = vscode.window.visibleTextEditors.find((candidate) => candidate.document === document);
    return refuseEvent({
      ...documentFacts(document, settings),
      isSnoozed: this.parts.isSnoozed(),
      cursors: editor?.selections.length ?? 1,
      isExplicit,
      trigger: settings.trigger,
    });
  }

  /** Waits for the user's pause; false when the next keystroke came first. */
  private async waitForQuiet(run: Run): Promise<boolean> {
    const delayMs = run.isExplicit ? 0 : this.session.chooseDelay(run.settings.delayMs);
    if (delayMs === 0) {
      return !run.token.isCancellationRequested;
    }
    const startMs = this.parts.clock.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, delayMs);
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

  /** Whoever asks where a suggestion is shown wants others: VS Code's commands for the next and the previous one do. */
  private async findAlternatives(run: Run, event: SuggestionEvent, shown: Suggestion): Promise<readonly Suggestion[]> {
    const others = this.openTexts(run.document, run.settings);
    const results: CompletionResult[] = [];
    for (const request of this.session.alternativeRequests(event, run.settings, others)) {
      if (run.token.isCancellationRequested) {
        return [];
      }
      results.push(await this.ask(request, run.token));
    }
    return this.session.concludeAlternatives(event, shown, results);
  }

  /**
   * Waits while the engine is on its way; false when the user moved on. For requests of the user's only, because VS Code does
   * not ask again at the same place once it has an answer to one, be it an empty one.
   */
  private async waitForEngine(token: vscode.CancellationToken): Promise<boolean> {
    const { engine } = this.parts;
    const isUnderWay = (): boolean => describeEngineState(engine.state).isBusy && !token.isCancellationRequested;
    if (isUnderWay()) {
      await new Promise<void>((resolve) => {
        const check = (): void => {
          if (!isUnderWay()) {
            stop();
            subscription.dispose();
            resolve();
          }
        };
        const stop = engine.onDidChangeState(check);
        const subscription = token.onCancellationRequested(check);
      });
    }
    return !token.isCancellationRequested;
  }

  private async generate(run: Run, event: SuggestionEvent): Promise<Suggestion | NoSuggestion> {
    const others = this.openTexts(run.document, run.settings);
    // VS Code does not ask twice by command about a text as it is, so that an answer to a command cannot grow.
    const settings = run.isAutomatic ? run.settings : { ...run.settings, firstTextMs: 0 };
    const request = { ...this.session.buildRequest(event.snapshot, settings, others), trace: true };
    run.request = request;
    const { isAutomatic } = run;
    if (isAutomatic) {
      this.session.noteRequest();
    }
    const { quietness } = run.settings;
    const ask = (asked: CompletionParameters): Promise<CompletionResult> => this.ask(asked, run.token);
    const { result, outcome } = await askSuggestion(this.session, { event, request, quietness, isAutomatic, ask });
    run.result = result;
    return outcome;
  }

  private async ask(request: CompletionParameters, token: vscode.CancellationToken): Promise<CompletionResult> {
    if (token.isCancellationRequested) {
      return { kind: 'cancelled', stage: 'queued' };
    }
    this.idleWork.stop();
    this.requestsUnderWay++;
    this.parts.onThinking(true);
    try {
      return await this.parts.engine.complete(request, token);
    } finally {
      this.requestsUnderWay--;
      this.parts.onThinking(this.requestsUnderWay > 0);
    }
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
    const isGrown = run.account?.isGrown ?? false;
    const ms = { waited: run.waitedMs, total: totalMs };
    if (run.result !== undefined && isFirstText(run.result)) {
      this.beginningMs = ms;
    }
    const report: RequestReport = {
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
      isPrepared: run.account !== undefined,
      isGrown,
      followsSelectedEntry: run.entry !== undefined,
      ...(run.request === undefined ? {} : { prompt: describePrompt(run.request) }),
      ...(run.result === undefined ? {} : { result: run.result }),
      ms: (isGrown && run.isOurs ? this.beginningMs : undefined) ?? ms,
    };
    this.parts.onReport(report, run.request);
  }
}

function describePrompt({ prompt, singleLine }: CompletionParameters): RequestReport['prompt'] & object {
  return {
    prefixChars: prompt.prefix.length,
    suffixChars: prompt.suffix.length,
    tailChars: prompt.tail.length,
    extent: singleLine ? 'single-line' : 'block',
    otherFiles: (prompt.context?.files ?? []).map(({ path, text }) => ({ path, chars: text.length })),
  };
}

function selectedEntry(document: vscode.TextDocument, entry: vscode.SelectedCompletionInfo): SelectedEntry {
  return {
    text: entry.text,
    start: offsetInSnapshot(document, entry.range.start),
    end: offsetInSnapshot(document, entry.range.end),
  };
}
