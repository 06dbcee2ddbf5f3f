// `npm start`: from a fresh clone to code completed by a model on this machine, in the terminal.
// `npm start -- --editor`: the same set-up, then VS Code with the extension.
import { join } from 'node:path';
import { root, run, runScript, setUpBundles, setUpDependencies, setUpModel } from './setUp.mjs';

await runScript(async () => {
  await setUpDependencies();
  await setUpBundles();
  await setUpModel();
  if (process.argv.includes('--editor')) {
    const { openEditor } = await import('./openEditor.mjs');
    await openEditor();
    return;
  }
  process.stdout.write('\nForetoken completes four places in two files:\n\n');
  await run(process.execPath, [join(root, 'dist/cli.js'), 'sample', join(root, 'test/fixtures/samples.json')]);
  process.stdout.write(
    'The same as ghost text in VS Code:    npm start -- --editor\n' +
      'Any place of any file:                npx foretoken complete FILE --line L --column C    (counted from 0)\n',
  );
});
