/** Builds the parts of the extension, connects them, nothing else. */
import path from 'node:path';
import * as vscode from 'vscode';
import { registerAccessibilityHelp } from './editor/accessibilityHelpDocument.ts';
import { MENU_COMMAND, registerCommands } from './editor/commands.ts';
import { ContextKeys } from './editor/contextKeys.ts';
import { DefinitionTexts } from './editor/definitionTexts.ts';
import { documentFacts } from './editor/documentFacts.ts';
import { engineConfiguration } from './editor/engineConfiguration.ts';
import { fileExclusion } from './editor/fileExclusion.ts';
import { GitIgnore } from './editor/gitIgnore.ts';
import { ForetokenProvider } from './editor/inlineCompletionProvider.ts';
import { LastRequest } from './editor/lastRequest.ts';
import { ModelDownload } from './editor/modelDownload.ts';
import { Tuning } from './editor/panel/tuning.ts';
import { RecentDocuments } from './editor/recentDocuments.ts';
import { ReportDocument } from './editor/reportDocument.ts';
import { StatusBar } from './editor/statusBar.ts';
import type { StatusFacts } from './editor/surface/describeStatus.ts';
import { describeStatus } from './editor/surface/describeStatus.ts';
import { Snooze } from './editor/surface/snooze.ts';
import { translate } from './editor/translate.ts';
import { Grammars } from './grammars/grammars.ts';
import type { EngineState } from './inference/client/engineState.ts';
import { describeEngineState } from './inference/client/engineState.ts';
import { SupervisedWorker } from './inference/client/supervisedWorker.ts';
import type { CompletionParameters } from './inference/protocol.ts';
import { readCatalogueEntry } from './model/catalogue.ts';
import type { EditorFacts } from './pipeline/explain/explainEditor.ts';
import { explainEditor } from './pipeline/explain/explainEditor.ts';
import { explainRequest } from './pipeline/explain/explainRequest.ts';
import type { RequestReport } from './pipeline/explain/requestReport.ts';
import { refuseEvent } from './pipeline/gate/refuseEvent.ts';
import type { NoSuggestion } from './pipeline/postprocess/suggestion.ts';
import type { Settings } from './settings/settings.ts';
import { isLanguageEnabled } from './settings/settings.ts';
import { VscodeSettings } from './settings/vscodeSettings.ts';
import { RequestHistory } from './tuning/requestHistory.ts';

/** A text that takes longer to parse is not checked: the editor waits meanwhile. */
const PARSE_BUDGET_MS = 30;

const clock = { now: () => performance.now() };
const wallClock = {
  now: () => Date.now(),
  after: (delayMs: number, action: () => void) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

let engine: SupervisedWorker | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const startMs = clock.now();
  const log = vscode.window.createOutputChannel('Foretoken', { log: true });
  const settings = new VscodeSettings((sentences) => {
    log.warn(sentences);
    void reportSettings(sentences);
  }, translate);
  const worker = new SupervisedWorker({
    scriptPath: path.join(context.extensionPath, 'dist', 'worker.js'),
    logger: log,
  });
  engine = worker;
  const lastRequest = new LastRequest();
  const statusBar = new StatusBar(MENU_COMMAND);
  const contextKeys = new ContextKeys();
  const snooze = new Snooze(wallClock, () => refreshStatus());
  const report = new ReportDocument(
    () => `${explainRequest(lastRequest.current, lastRequest.suggestionBefore)}\n${explainEditor(editorFacts())}`,
  );
  const download = new ModelDownload(worker, context.globalState, async () => {
    const entry = await readCatalogueEntry(context.extensionPath, settings.read().model);
    return entry.ok ? { id: entry.value.id, title: entry.value.title, bytes: entry.value.file.bytes } : undefined;
  });
  /** The report's own page, once open, is no text editor. */
  let lastDocument = vscode.window.activeTextEditor?.document;
  const history = new RequestHistory();
  const tuning = new Tuning({
    engine: worker,
    settings,
    history,
    extensionUri: context.extensionUri,
    after: wallClock.after,
    warn: (message) => log.warn(message),
  });
  let isThinking = false;
  let hasSuggested = false;

  const startEngine = (current: Settings): void => worker.start(engineConfiguration(current, context.extensionPath));
  const statusFacts = (document = vscode.window.activeTextEditor?.document): StatusFacts => {
    const current = settings.read(document);
    const isOff = document !== undefined && !isLanguageEnabled(current, document.languageId);
    return {
      engine: worker.state,
      isThinking,
      isEnabled: current.enabled,
      disabledLanguageId: isOff ? document.languageId : undefined,
      refusal: document && refusalOf(document, current)?.reason,
      snoozedMs: snooze.remainingMs,
      trigger: current.trigger,
      draftMethod: current.draftMethod,
      isRestricted: !vscode.workspace.isTrusted,
    };
  };
  const editorFacts = (): EditorFacts | undefined => {
    if (lastDocument === undefined || lastDocument.isClosed) {
      return undefined;
    }
    const name = vscode.workspace.asRelativePath(lastDocument.uri);
    return {
      document: name,
      status: describeStatus(statusFacts(lastDocument), translate).sentence,
      hasAsked: lastRequest.current?.where.document === name,
    };
  };
  const refreshStatus = (): void => {
    tuning.panel.refresh();
    const facts = statusFacts();
    statusBar.show(facts);
    contextKeys.show({
      hasSuggested,
      isSnoozed: facts.snoozedMs > 0,
      isModelMissing: facts.engine.kind === 'model-missing',
      isReady: facts.engine.kind === 'ready',
    });
  };
  const followSettings = (): void => {
    const current = settings.read(vscode.window.activeTextEditor?.document);
    if (!current.enabled) {
      void worker.close();
    } else if (worker.state.kind !== 'idle' || hasEligibleEditor(current)) {
      startEngine(current);
    }
    refreshStatus();
  };
  const onEngineState = (state: EngineState): void => {
    refreshStatus();
    if (state.kind === 'ready') {
      provider.onModel(state.model);
      warmActiveEditor(provider);
      answerMissedRequest(lastRequest);
    } else if (state.kind === 'failed') {
      void reportFailure(state);
    }
  };

  const gitIgnore = new GitIgnore();
  /** Whether what a document says may be used for suggestions in others. */
  const isUsable = (document: vscode.TextDocument): boolean =>
    fileExclusion(document, settings.read(document)) === undefined && !gitIgnore.isIgnored(document);
  const recentDocuments = new RecentDocuments(isUsable);
  const providerParts = {
    engine: worker,
    startEngine,
    readSettings: (document: vscode.TextDocument) => settings.read(document),
    isSnoozed: () => snooze.isSnoozed,
    recentDocuments,
    definitions: new DefinitionTexts(isUsable),
    parsers: new Grammars({ root: context.extensionPath, logger: log, clock, parseBudgetMs: PARSE_BUDGET_MS }),
    logger: log,
    clock,
    onReport: (newest: RequestReport, request: CompletionParameters | undefined) => {
      lastRequest.record(newest);
      history.record(newest, request);
      tuning.noteRequest();
      if (!hasSuggested && newest.outcome.kind === 'suggestion') {
        hasSuggested = true;
        refreshStatus();
      }
    },
    onTyping: () => tuning.noteTyping(),
    onThinking: (thinks: boolean) => {
      isThinking = thinks;
      refreshStatus();
    },
  };
  const provider = new ForetokenProvider(providerParts);
  context.subscriptions.push(
    log,
    settings,
    gitIgnore,
    recentDocuments,
    statusBar,
    snooze,
    report,
    registerAccessibilityHelp(),
    download,
    tuning,
    { dispose: worker.onDidChangeState(onEngineState) },
    settings.onDidChange(() => {
      provider.forgetSuggestions();
      followSettings();
    }),
    vscode.window.onDidChangeActiveTextEditor((active) => {
      lastDocument = active?.document ?? lastDocument;
      followSettings();
      warmActiveEditor(provider);
    }),
    registerCommands({
      engine: worker,
      settings,
      snooze,
      download,
      report,
      tuning,
      lastRequest,
      log,
      extension: context.extension,
      restartEngine: () => {
        startEngine(settings.read(vscode.window.activeTextEditor?.document));
        worker.restart();
      },
      describeStatus: () => describeStatus(statusFacts(), translate).sentence,
    }),
    provider,
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor === vscode.window.activeTextEditor) {
        provider.noteCursor(textEditor.document);
      }
    }),
    vscode.languages.registerInlineCompletionItemProvider({ pattern: '**' }, provider),
  );
  followSettings();
  log.info(`activated in ${(clock.now() - startMs).toFixed(1)} ms`);
}

/** VS Code waits for this, so that no worker outlives its window. */
export async function deactivate(): Promise<void> {
  await engine?.close();
}

/** The engine starts with the first editor it can help in, not with the window. */
function hasEligibleEditor(settings: Settings): boolean {
  const document = vscode.window.activeTextEditor?.document;
  return (
    document !== undefined &&
    settings.enabled &&
    isLanguageEnabled(settings, document.languageId) &&
    refusalOf(document, settings) === undefined
  );
}

/** Why nothing is ever suggested in a document, as long as suggestions are on for its language. */
function refusalOf(document: vscode.TextDocument, settings: Settings): NoSuggestion | undefined {
  return refuseEvent({
    ...documentFacts(document, settings),
    isEnabled: true,
    isLanguageEnabled: true,
    cursors: 1,
    isSnoozed: false,
    isExplicit: true,
    trigger: 'automatic',
  });
}

function warmActiveEditor(provider: ForetokenProvider): void {
  const editor = vscode.window.activeTextEditor;
  if (editor !== undefined) {
    provider.warm(editor.document, editor.selection.active);
  }
}

/** Somebody typed while the engine was away and waits: ask the editor to ask again. */
function answerMissedRequest(lastRequest: LastRequest): void {
  const missed = lastRequest.current;
  if (
    missed?.outcome.kind === 'no-suggestion' &&
    ['engine-not-ready', 'engine-failed'].includes(missed.outcome.reason)
  ) {
    void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  }
}

async function reportSettings(sentences: string): Promise<void> {
  const openSettings = translate('Open Settings');
  const answer = await vscode.window.showWarningMessage(`Foretoken: ${sentences}`, openSettings);
  if (answer !== undefined) {
    await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:foretoken.foretoken');
  }
}

async function reportFailure(state: EngineState): Promise<void> {
  const showLog = translate('Show Log');
  const restart = translate('Start Again');
  const answer = await vscode.window.showErrorMessage(
    `Foretoken: ${describeEngineState(state, translate).long}`,
    restart,
    showLog,
  );
  if (answer !== undefined) {
    await vscode.commands.executeCommand(answer === showLog ? 'foretoken.showLog' : 'foretoken.restartEngine');
  }
}
