import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Sample } from '../samples/buildSample.ts';

export interface SampleFile {
  readonly sha256: string;
  readonly samples: readonly Sample[];
}

/** A file of `train/samples/makeSamples.ts`. */
export function readSamples(file: string): SampleFile {
  const bytes = readFileSync(file);
  const lines = gunzipSync(bytes).toString('utf8').trimEnd().split('\n');
  const [header, ...samples] = lines.map((line) => JSON.parse(line));
  if (header?.format !== 'foretoken samples 1') {
    throw new Error(`${file} is not a samples file of this version; make it again`);
  }
  return { sha256: createHash('sha256').update(bytes).digest('hex'), samples };
}
