/** What is known about one model on one device, kept between runs so that every start decides as well as the last one. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import type { ControllerState } from '../../engine/control/draftController.ts';

/** Raised when the meaning of a field or of a drafter's buckets changes; older files are ignored. */
const STATE_VERSION = 1;

export interface DeviceStateKey {
  readonly model: string;
  readonly quantization: string;
  readonly device: string;
  readonly threads: number;
}

interface StateDocument extends ControllerState {
  readonly version: typeof STATE_VERSION;
  readonly machine: string;
}

/** The file of this model, device and machine in a folder; another machine that shares the folder has another one. */
export function deviceStateFile(folder: string, key: DeviceStateKey): string {
  const digest = createHash('sha256').update(machineName()).digest('hex').slice(0, 8);
  return join(folder, `${key.model}-${key.quantization}-${key.device}-${key.threads}-${digest}.json`);
}

/** The kept state, or undefined when there is none that can be used: it is then measured again. */
export async function readDeviceState(file: string): Promise<ControllerState | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
  return isStateDocument(value) ? { cost: value.cost, acceptance: value.acceptance } : undefined;
}

/** Writes the state; the old file stands until the new one is whole. */
export async function writeDeviceState(file: string, state: ControllerState): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  const document: StateDocument = { version: STATE_VERSION, machine: machineName(), ...state };
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(document));
  await rename(temporary, file);
}

function machineName(): string {
  return `${arch()} ${cpus()[0]?.model ?? 'unknown'} ${cpus().length}`;
}

function isStateDocument(value: unknown): value is StateDocument {
  const document = value as Partial<StateDocument> | null;
  if (document?.version !== STATE_VERSION || !Array.isArray(document.cost) || document.cost.length < 2) {
    return false;
  }
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((number) => Number.isFinite(number) && number >= 0);
  const isAscending = document.cost.every(
    (point, index) => isPair(point) && point[1] > 0 && (index === 0 || point[0] > document.cost![index - 1]![0]),
  );
  const { acceptance } = document;
  return (
    isAscending && typeof acceptance === 'object' && acceptance !== null && Object.values(acceptance).every(isPair)
  );
}
