// A companion extension of the host tests: runs what they ask for inside the extension host, over a socket, and measures how
// long that host's event loop is blocked. It activates before Foretoken and times that activation.
const http = require('node:http');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const vscode = require('vscode');

// A sample every millisecond; a block of n milliseconds shows as a sample of about n.
const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

const QUESTIONS = {
  activation: () => activationMs,
  command: ({ id, parameters = [] }) => vscode.commands.executeCommand(id, ...parameters),
  // For commands that end only when somebody answers a question.
  start: ({ id }) => {
    vscode.commands.executeCommand(id);
  },
  configure: ({ key, value }) =>
    vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global),
  // Opens a file of the workspace with the cursor at a place, counted from 0.
  show: async ({ file, line, character }) => {
    const address = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, file);
    const place = new vscode.Position(line, character);
    await vscode.window.showTextDocument(address, { selection: new vscode.Range(place, place), preview: false });
  },
  // Opens a new file without a name, the cursor at its end.
  showNew: async ({ language, content }) => {
    const document = await vscode.workspace.openTextDocument({ language, content });
    const end = document.lineAt(document.lineCount - 1).range.end;
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(end, end), preview: false });
  },
  // Opens any file by its address.
  showAddress: async ({ address }) => {
    await vscode.window.showTextDocument(vscode.Uri.parse(address), { preview: false });
  },
  workspaceFile: ({ file }) => vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, file).toString(),
  openNotebook: async ({ file }) => {
    const address = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, file);
    const notebook = await vscode.workspace.openNotebookDocument(address);
    await vscode.window.showNotebookDocument(notebook);
  },
  compare: ({ left, right }) => {
    const [a, b] = [left, right].map((file) => vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, file));
    return vscode.commands.executeCommand('vscode.diff', a, b, 'comparison');
  },
  trust: () => vscode.workspace.isTrusted,
  text: () => vscode.window.activeTextEditor?.document.getText(),
  setting: ({ key }) => vscode.workspace.getConfiguration().get(key),
  clipboard: () => vscode.env.clipboard.readText(),
  // The text of a virtual document.
  open: async ({ address }) => (await vscode.workspace.openTextDocument(vscode.Uri.parse(address))).getText(),
  resetDelays: () => delays.reset(),
  // What the extension host used so far: processor time in microseconds, memory in bytes.
  usage: () => ({ ...process.cpuUsage(), ...process.memoryUsage() }),
  delays: () => ({ maxMs: delays.max / 1e6 - RESOLUTION_MS, p99Ms: delays.percentile(99) / 1e6 - RESOLUTION_MS }),
};

const refuse = () => {
  throw vscode.FileSystemError.NoPermissions();
};

// A file system of one file that cannot be written.
const readOnlyFiles = {
  onDidChangeFile: new vscode.EventEmitter().event,
  watch: () => new vscode.Disposable(() => {}),
  stat: () => ({ type: vscode.FileType.File, ctime: 0, mtime: 0, size: 20 }),
  readDirectory: () => [],
  readFile: () => Buffer.from('def add(left, right):\n    '),
  createDirectory: refuse,
  writeFile: refuse,
  delete: refuse,
  rename: refuse,
};

let activationMs;

exports.activate = async () => {
  delays.enable();
  vscode.workspace.registerFileSystemProvider('probe-fixed', readOnlyFiles, { isReadonly: true });
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      try {
        const { question, ...parameters } = JSON.parse(body);
        const answer = await QUESTIONS[question](parameters);
        response.end(JSON.stringify({ answer }) ?? '{}');
      } catch (error) {
        response.end(JSON.stringify({ error: String(error) }));
      }
    });
  });
  const startMs = performance.now();
  await vscode.extensions.getExtension('foretoken.foretoken').activate();
  activationMs = performance.now() - startMs;
  server.listen(process.env.FORETOKEN_PROBE_SOCKET);
};
