import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** Reads a gzipped file of JSON lines, which may be larger than a string can be. */
export async function readJsonLines<Row>(file: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const input = createReadStream(file).pipe(createGunzip());
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    rows.push(JSON.parse(line) as Row);
  }
  return rows;
}
