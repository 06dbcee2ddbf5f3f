import * as vscode from 'vscode';
import type { EngineState } from '../inference/client/engineState.ts';
import { describeEngineState } from '../inference/client/engineState.ts';
import type { SupervisedWorker } from '../inference/client/supervisedWorker.ts';
import { translate } from './translate.ts';

export interface ModelOffer {
  readonly id: string;
  readonly title: string;
  readonly bytes: number;
}

const BYTES_PER_MEGABYTE = 1_000_000;

/** Asks before the model is downloaded, once per model and machine, and shows how far the download is. */
export class ModelDownload implements vscode.Disposable {
  private readonly engine: SupervisedWorker;
  private readonly memory: vscode.Memento;
  private readonly readOffer: () => Promise<ModelOffer | undefined>;
  private readonly stopListening: () => void;

  /** `readOffer` says what would be downloaded for the settings of the moment. */
  constructor(engine: SupervisedWorker, memory: vscode.Memento, readOffer: () => Promise<ModelOffer | undefined>) {
    this.engine = engine;
    this.memory = memory;
    this.readOffer = readOffer;
    this.stopListening = engine.onDidChangeState((state) => {
      if (state.kind === 'model-missing') {
        void this.askOnce();
      }
    });
  }

  /** Downloads without another question; called for commands that say what they do. */
  async download(): Promise<void> {
    const offer = await this.readOffer();
    const title =
      offer === undefined
        ? translate('Foretoken: preparing the model')
        : translate('Foretoken: preparing {0}', offer.title);
    const location = vscode.ProgressLocation.Notification;
    await vscode.window.withProgress({ location, title, cancellable: true }, (progress, token) => {
      token.onCancellationRequested(() => this.engine.cancelDownload());
      return this.followDownload((message) => progress.report({ message }));
    });
  }

  dispose(): void {
    this.stopListening();
  }

  private async askOnce(): Promise<void> {
    const offer = await this.readOffer();
    if (offer === undefined || this.memory.get(memoryKey(offer.id)) === true) {
      return;
    }
    // Written before the answer, so that a second window or a closed one never asks again.
    await this.memory.update(memoryKey(offer.id), true);
    const megabytes = Math.round(offer.bytes / BYTES_PER_MEGABYTE);
    const download = translate('Download');
    const answer = await vscode.window.showInformationMessage(
      translate(
        'Foretoken completes code with a model on this machine: {0}. Download model ({1} MB)? It is fetched once and nothing is sent. The status bar item has this choice at any time.',
        offer.title,
        megabytes,
      ),
      download,
      translate('Not Now'),
    );
    if (answer === download) {
      await this.download();
    }
  }

  /** Starts the download; resolves when the engine needs no more waiting for it. */
  private followDownload(onMessage: (message: string) => void): Promise<void> {
    return new Promise((resolve) => {
      let hasStarted = false;
      const stop = this.engine.onDidChangeState((state: EngineState) => {
        hasStarted ||= state.kind === 'preparing';
        if (hasStarted && !describeEngineState(state).isBusy) {
          stop();
          resolve();
        } else {
          onMessage(describeEngineState(state, translate).short);
        }
      });
      this.engine.allowDownload();
    });
  }
}

function memoryKey(id: string): string {
  return `asked-to-download:${id}`;
}
