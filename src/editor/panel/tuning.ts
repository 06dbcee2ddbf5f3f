import * as vscode from 'vscode';
import { describeEngineState } from '../../inference/client/engineState.ts';
import type { SupervisedWorker } from '../../inference/client/supervisedWorker.ts';
import type { LoadedModelInfo } from '../../inference/protocol.ts';
import type { VscodeSettings } from '../../settings/vscodeSettings.ts';
import type { EngineFacts } from '../../tuning/panelState.ts';
import type { RunningCompletion } from '../../tuning/replay/politeEngine.ts';
import { PoliteEngine } from '../../tuning/replay/politeEngine.ts';
import type { RequestHistory } from '../../tuning/requestHistory.ts';
import { TuningSession } from '../../tuning/tuningSession.ts';
import { translate } from '../translate.ts';
import { TuningPanel } from './tuningPanel.ts';

export interface TuningParts {
  readonly engine: SupervisedWorker;
  readonly settings: VscodeSettings;
  readonly history: RequestHistory;
  readonly extensionUri: vscode.Uri;
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly warn: (message: string) => void;
}

/** The tuning panel with its session, connected to the engine and the settings. */
export class Tuning implements vscode.Disposable {
  readonly panel: TuningPanel;
  private readonly session: TuningSession;
  private readonly parts: TuningParts;
  private readonly openEngines = new Set<PoliteEngine>();
  private residentBytes: number | undefined;
  private isAskingMemory = false;

  constructor(parts: TuningParts) {
    this.parts = parts;
    this.session = new TuningSession({
      history: parts.history,
      loadedModel: () => this.loadedModel,
      describeEngine: () => this.describeEngine(),
      readSettings: () => parts.settings.read(activeDocument()),
      writeSettings: (values) => parts.settings.write(values, activeDocument()),
      openEngine: () => this.openEngine(),
      openSettings: () => {
        void vscode.commands.executeCommand('workbench.action.openSettings', '@ext:foretoken.foretoken');
      },
      onChange: () => this.panel.refresh(),
    });
    this.panel = new TuningPanel({
      session: this.session,
      extensionUri: parts.extensionUri,
      warn: parts.warn,
      onUpdate: () => void this.askMemory(),
    });
  }

  /** Opens the panel at its benchmark and starts it. */
  async benchmark(): Promise<void> {
    this.panel.show('benchmark');
    await this.session.handle({ kind: 'benchmark-start' });
  }

  /** A request was answered. */
  noteRequest(): void {
    if (this.panel.isVisible) {
      this.session.noteRequest();
    }
  }

  /** The user types: whatever is tried out in the engine waits. */
  noteTyping(): void {
    for (const engine of this.openEngines) {
      engine.interrupt();
    }
  }

  dispose(): void {
    this.panel.dispose();
  }

  private get loadedModel(): LoadedModelInfo | undefined {
    const { state } = this.parts.engine;
    return state.kind === 'ready' ? state.model : undefined;
  }

  private describeEngine(): EngineFacts {
    const description = describeEngineState(this.parts.engine.state, translate).long;
    const model = this.loadedModel;
    if (model === undefined) {
      return { description, isReady: false, availableMethods: [] };
    }
    const { device, threads, availableMethods } = model;
    const { residentBytes } = this;
    return {
      ...{ description, isReady: true, device, threads, availableMethods },
      ...(residentBytes === undefined ? {} : { residentBytes }),
    };
  }

  private openEngine(): { complete: PoliteEngine['complete']; stop: () => void } {
    const engine = new PoliteEngine({
      after: this.parts.after,
      start: (parameters): RunningCompletion => {
        const source = new vscode.CancellationTokenSource();
        const answer = this.parts.engine.complete(parameters, source.token).finally(() => source.dispose());
        return { answer, cancel: () => source.cancel() };
      },
    });
    this.openEngines.add(engine);
    return {
      complete: (parameters) => engine.complete(parameters),
      stop: () => {
        this.openEngines.delete(engine);
        engine.stop();
      },
    };
  }

  /** Shown with the next update: the process answers in its own time. */
  private async askMemory(): Promise<void> {
    if (this.isAskingMemory) {
      return;
    }
    this.isAskingMemory = true;
    const residentBytes = await this.parts.engine.residentBytes();
    this.isAskingMemory = false;
    const isFirst = this.residentBytes === undefined && residentBytes !== undefined;
    this.residentBytes = residentBytes;
    if (isFirst) {
      this.panel.refresh();
    }
  }
}

/** The panel has the focus while it is used: the editor beside it stands for what is tuned. */
function activeDocument(): vscode.TextDocument | undefined {
  return (vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0])?.document;
}
