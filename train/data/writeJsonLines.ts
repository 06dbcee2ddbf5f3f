import { once } from 'node:events';
import { createWriteStream, renameSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** Writes a gzipped file of JSON lines. It gets its name when it is whole, so a reader never meets half of it. */
export async function writeJsonLines(file: string, rows: readonly unknown[]): Promise<void> {
  const gzip = createGzip({ level: 6 });
  const output = createWriteStream(`${file}.part`);
  gzip.pipe(output);
  for (const row of rows) {
    if (!gzip.write(`${JSON.stringify(row)}\n`)) {
      await once(gzip, 'drain');
    }
  }
  gzip.end();
  await finished(output);
  renameSync(`${file}.part`, file);
}
