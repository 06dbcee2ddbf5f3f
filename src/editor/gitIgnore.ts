import * as vscode from 'vscode';

/** The part of the API of VS Code's own Git extension that is asked here (`extensions/git/src/api/git.d.ts`, version 1). */
interface GitApi {
  /** Whether the folders have been looked through for repositories. */
  readonly state: 'uninitialized' | 'initialized';
  getRepository(uri: vscode.Uri): { checkIgnore(paths: string[]): Promise<ReadonlySet<string>> } | null;
}

/**
 * Which documents Git ignores, as VS Code's own Git extension says; without it, or outside a repository, none.
 *
 * A file is asked about when it is first met. Until the answer is there, or while that extension is starting, it counts as ignored.
 */
export class GitIgnore implements vscode.Disposable {
  private readonly answers = new Map<string, boolean>();
  private readonly subscription: vscode.Disposable;

  constructor() {
    this.subscription = vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (uri.path.endsWith('/.gitignore')) {
        this.answers.clear();
      }
    });
  }

  isIgnored({ uri }: vscode.TextDocument): boolean {
    if (uri.scheme !== 'file' && uri.scheme !== 'vscode-remote') {
      return false;
    }
    const git = findGit();
    if (git === 'none' || git === 'starting') {
      return git === 'starting';
    }
    const repository = git.getRepository(uri);
    if (repository === null) {
      return false;
    }
    const key = uri.toString();
    const answer = this.answers.get(key);
    if (answer === undefined) {
      this.answers.set(key, true);
      void this.ask(key, repository.checkIgnore([uri.fsPath]));
    }
    return answer ?? true;
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private async ask(key: string, ignored: Promise<ReadonlySet<string>>): Promise<void> {
    try {
      this.answers.set(key, (await ignored).size > 0);
    } catch {
      // Git cannot say, as without Git.
      this.answers.set(key, false);
    }
  }
}

function findGit(): GitApi | 'none' | 'starting' {
  const extension = vscode.extensions.getExtension<{ readonly enabled: boolean; getAPI(version: 1): GitApi }>(
    'vscode.git',
  );
  if (extension === undefined) {
    return 'none';
  }
  if (!extension.isActive) {
    return 'starting';
  }
  if (!extension.exports.enabled) {
    return 'none';
  }
  const api = extension.exports.getAPI(1);
  return api.state === 'initialized' ? api : 'starting';
}
