// The draft methods beside plain decoding: the built command line's own `bench`, as anyone can run it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root, SetUpError } from '../setUp.mjs';

/** The JSON document of `foretoken bench`; its progress goes to this terminal. */
export async function measureDrafts({ positions, places, seed, model, threads }) {
  const choices = { positions, limit: places, seed, model, threads, device: 'cpu' };
  const flags = Object.entries(choices).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), 'bench', '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [document, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (status !== 0) {
    throw new SetUpError('the draft methods could not be measured');
  }
  return JSON.parse(document);
}
