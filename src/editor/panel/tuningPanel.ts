import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { PanelSection, PanelUpdate } from '../../tuning/panelMessages.ts';
import { parsePanelRequest } from '../../tuning/panelMessages.ts';
import type { TuningSession } from '../../tuning/tuningSession.ts';
import { panelPage } from '../surface/panelPage.ts';
import { translate } from '../translate.ts';

/** Updates come in bursts (progress, typing); the eye needs no more than these. */
const UPDATE_INTERVAL_MS = 100;

export interface TuningPanelParts {
  readonly session: TuningSession;
  readonly extensionUri: vscode.Uri;
  readonly warn: (message: string) => void;
  /** Called while the panel is visible, before each update. */
  readonly onUpdate: () => void;
}

/**
 * The webview that shows the tuning session. It is made by the command and thrown away when it is closed or hidden; while it is
 * not visible, nothing is computed or sent for it.
 */
export class TuningPanel implements vscode.Disposable {
  private readonly parts: TuningPanelParts;
  private panel: vscode.WebviewPanel | undefined;
  /** The page's script runs and listens. */
  private isReady = false;
  private section: PanelSection | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: TuningPanelParts) {
    this.parts = parts;
  }

  get isVisible(): boolean {
    return this.panel?.visible === true && this.isReady;
  }

  /** Opens the panel beside the code, or brings it to the front, at a section if one is named. */
  show(section?: PanelSection): void {
    this.section = section;
    if (this.panel !== undefined) {
      this.panel.reveal(undefined, false);
      this.goToSection();
      return;
    }
    const { extensionUri } = this.parts;
    const resources = vscode.Uri.joinPath(extensionUri, 'dist');
    const panel = vscode.window.createWebviewPanel(
      'foretoken.tuning',
      translate('Foretoken tuning'),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: false },
      { enableScripts: true, localResourceRoots: [resources], enableCommandUris: false },
    );
    this.panel = panel;
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.onDidChangeViewState(() => {
      // A hidden page is thrown away, and says so again when its next copy is ready.
      this.isReady &&= panel.visible;
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.isReady = false;
    });
    panel.webview.html = panelPage({
      script: panel.webview.asWebviewUri(vscode.Uri.joinPath(resources, 'panel.js')).toString(),
      style: panel.webview.asWebviewUri(vscode.Uri.joinPath(resources, 'panel-style.css')).toString(),
      resourceOrigin: panel.webview.cspSource,
      nonce: randomBytes(16).toString('base64url'),
      language: vscode.env.language,
      title: translate('Foretoken tuning'),
    });
  }

  /** Something that the panel shows has changed. */
  refresh(): void {
    if (this.isVisible && this.timer === undefined) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.sendState();
      }, UPDATE_INTERVAL_MS);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.panel?.dispose();
    this.parts.session.dispose();
  }

  private receive(message: unknown): void {
    const request = parsePanelRequest(message);
    if (request === undefined) {
      this.parts.warn('the tuning panel sent a message that it should not know; it is dropped');
      return;
    }
    if (request.kind === 'ready') {
      this.isReady = true;
      this.send({ kind: 'texts', texts: translatedTexts() });
      this.sendState();
      this.goToSection();
      return;
    }
    this.parts.session.handle(request).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.parts.warn(`tuning: ${text}`);
      void vscode.window.showErrorMessage(`Foretoken: ${text}`);
    });
  }

  private sendState(): void {
    if (this.isVisible) {
      this.parts.onUpdate();
      this.send({ kind: 'state', state: this.parts.session.state });
    }
  }

  private goToSection(): void {
    if (this.isVisible && this.section !== undefined) {
      this.send({ kind: 'go-to', section: this.section });
      this.section = undefined;
    }
  }

  private send(update: PanelUpdate): void {
    void this.panel?.webview.postMessage(update);
  }
}

/** The bundle of the display language; a bundle's entries may carry comments for translators. */
function translatedTexts(): Readonly<Record<string, string>> {
  const bundle: Readonly<Record<string, unknown>> = vscode.l10n.bundle ?? {};
  return Object.fromEntries(
    Object.entries(bundle).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
