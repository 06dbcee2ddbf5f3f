import type * as vscode from 'vscode';
import type { SupervisedWorker } from '../inference/client/supervisedWorker.ts';
import type { VscodeSettings } from '../settings/vscodeSettings.ts';
import type { LastRequest } from './lastRequest.ts';
import type { ModelDownload } from './modelDownload.ts';
import type { Tuning } from './panel/tuning.ts';
import type { ReportDocument } from './reportDocument.ts';
import type { Snooze } from './surface/snooze.ts';

/** What the commands act on. */
export interface CommandParts {
  readonly engine: SupervisedWorker;
  readonly settings: VscodeSettings;
  readonly snooze: Snooze;
  readonly download: ModelDownload;
  readonly report: ReportDocument;
  readonly tuning: Tuning;
  readonly lastRequest: LastRequest;
  readonly log: vscode.LogOutputChannel;
  readonly extension: vscode.Extension<unknown>;
  /** Starts the engine as the settings say; forgets what went wrong before. */
  readonly restartEngine: () => void;
  /** The status line's sentence, for the menu. */
  readonly describeStatus: () => string;
}
