import { cpus, freemem, totalmem } from 'node:os';
import { Command } from 'commander';
import type { Device, LoadedModelInfo, MeasureResult } from '../inference/protocol.ts';
import type { CliEnvironment } from './cliEnvironment.ts';
import { CommandFailure, InterruptedError } from './cliError.ts';
import { loadPackage, withWorker } from './engineSession.ts';
import type { GlobalOptions } from './globalOptions.ts';
import { alignColumns, formatMilliseconds, writeJson, writeLines, writeNote } from './output.ts';
import { resolveModelDirectory } from './resolveModel.ts';

const ROW_COUNTS = [1, 2, 3, 4, 6, 8, 12, 16];
const CONTEXT_TOKENS = 256;
const RUNS = 7;

type RunnableDevice = Exclude<Device, 'auto'>;

/** Devices that this version can try; the others are listed with the reason. */
const TRIED_DEVICES: readonly RunnableDevice[] = ['cpu', 'webgpu'];
const PLANNED_DEVICES: readonly RunnableDevice[] = ['cuda', 'dml', 'coreml'];

const PROVIDERS: Readonly<Record<RunnableDevice, string>> = {
  cpu: 'CPUExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  dml: 'DmlExecutionProvider',
  coreml: 'CoreMLExecutionProvider',
};

interface DeviceReport {
  readonly id: RunnableDevice;
  readonly provider: string;
  /** The processor's name; null where the provider does not tell which adapter it took. */
  readonly adapter: string | null;
  /** Whether the adapter is an emulation in software; null where the provider does not tell. */
  readonly software: boolean | null;
  /** Memory of the device; null where the provider does not tell. */
  readonly memoryBytes: number | null;
  readonly prefillTokensPerSecond: number;
  /** c(T): time of a forward of T rows over that of one row. */
  readonly cost: Readonly<Record<string, number>>;
  /** Milliseconds of a forward of one row, that is of a step without a draft. */
  readonly msPerStep: number;
  /** Whether drafts cannot change the text on this device: rows give the same bits in every forward they are part of. */
  readonly exact: boolean;
  readonly msPerForward: Readonly<Record<string, number>>;
  readonly contextTokens: number;
  readonly threads: number;
  readonly loadMs: number;
  readonly workerResidentBytes: number;
}

interface MissingDevice {
  readonly id: RunnableDevice;
  readonly reason: string;
}

/**
 * `doctor`: what this machine can do with the model, measured.
 *
 * A forward of one row is padded to two inside the engine, because one row alone takes another kernel whose results differ
 * in the last bits; so `cost["1"]` is 1 and `cost["2"]` is 1 but for noise, and both stand for c(2).
 */
export function doctorCommand(environment: CliEnvironment): Command {
  return new Command('doctor')
    .description('measure what this machine can do with the model: devices, forward times, prefill, memory')
    .action((_own: unknown, command: Command) => doctor(environment, command.optsWithGlobals<GlobalOptions>()));
}

async function doctor(environment: CliEnvironment, options: GlobalOptions): Promise<void> {
  const directory = await resolveModelDirectory(environment.root, options.model, options.quantization);
  const wanted = options.device === 'auto' ? TRIED_DEVICES : [options.device];
  const devices: DeviceReport[] = [];
  const missing: MissingDevice[] = PLANNED_DEVICES.map((id) => ({ id, reason: 'not supported in this version' }));
  for (const id of wanted) {
    if (!options.json) {
      writeNote(`measuring ${id}, half a minute or more …`);
    }
    try {
      devices.push(await measureDevice(environment, options, directory, id));
    } catch (error) {
      // A device that is not there is a finding, also when its driver took the worker down; anything else ends the command.
      if (!(error instanceof CommandFailure) || id === 'cpu' || options.device !== 'auto') {
        throw error;
      }
      missing.push({ id, reason: describeAbsence(error.message) });
    }
  }
  const chosen = await chosenDevice(environment, options, directory);
  if (options.json) {
    const memory = { totalBytes: totalmem(), freeBytes: freemem() };
    writeJson({ devices, chosen, missing, memory });
    return;
  }
  writeLines(describe(devices, missing, chosen));
}

/** The runtime's messages quote its sources; what they mean for a person is nearly always the same. */
function describeAbsence(message: string): string {
  return /adapter/i.test(message)
    ? 'not found: there is no usable graphics adapter'
    : message.replaceAll(/\s+/g, ' ').trim();
}

async function measureDevice(
  environment: CliEnvironment,
  options: GlobalOptions,
  directory: string,
  id: RunnableDevice,
): Promise<DeviceReport> {
  return withWorker(environment, options, async (client) => {
    const model = await loadPackage(client, directory, options, id);
    if (environment.interrupt.aborted) {
      throw new InterruptedError();
    }
    const figures = await client.measure({ contextTokens: CONTEXT_TOKENS, rowCounts: ROW_COUNTS, runs: RUNS });
    return toReport(id, model, figures);
  });
}

function toReport(id: RunnableDevice, model: LoadedModelInfo, figures: MeasureResult): DeviceReport {
  const oneRowMs = figures.msPerForward['1']!;
  const cost = Object.entries(figures.msPerForward).map(([rows, ms]) => [rows, ms / oneRowMs] as const);
  return {
    id,
    provider: PROVIDERS[id],
    adapter: id === 'cpu' ? (cpus()[0]?.model.trim() ?? null) : null,
    software: id === 'cpu' ? false : null,
    memoryBytes: id === 'cpu' ? totalmem() : null,
    prefillTokensPerSecond: figures.prefillTokensPerSecond,
    cost: Object.fromEntries(cost),
    msPerStep: oneRowMs,
    // Verified for the CPU's kernels only.
    exact: id === 'cpu',
    msPerForward: figures.msPerForward,
    contextTokens: CONTEXT_TOKENS,
    threads: model.threads,
    loadMs: model.loadMs,
    workerResidentBytes: figures.residentBytes,
  };
}

/** What the engine itself takes for `auto`. */
async function chosenDevice(environment: CliEnvironment, options: GlobalOptions, directory: string): Promise<string> {
  if (options.device !== 'auto') {
    return options.device;
  }
  return withWorker(environment, options, async (client) => {
    const model = await loadPackage(client, directory, options, 'auto');
    return model.device;
  });
}

function describe(
  devices: readonly DeviceReport[],
  missing: readonly MissingDevice[],
  chosen: string,
): readonly string[] {
  const measured = devices.flatMap((device) => [
    `${device.id}: ${device.adapter ?? device.provider}, ${device.threads} threads, model loaded in ${formatMilliseconds(device.loadMs)}`,
    `  prefill ${device.prefillTokensPerSecond.toFixed(0)} tokens/s, a step ${formatMilliseconds(device.msPerStep)}, ` +
      `worker ${(device.workerResidentBytes / 1e6).toFixed(0)} MB`,
    ...alignColumns([
      ['  rows in a forward', ...Object.keys(device.msPerForward)],
      ['  milliseconds', ...Object.values(device.msPerForward).map((ms) => ms.toFixed(1))],
      ['  cost', ...Object.values(device.cost).map((cost) => cost.toFixed(2))],
    ]),
    '',
  ]);
  return [
    ...measured,
    ...missing.map(({ id, reason }) => `${id}: ${reason}`),
    '',
    `memory: ${(totalmem() / 1e9).toFixed(1)} GB, ${(freemem() / 1e9).toFixed(1)} GB of it free`,
    `chosen for "auto": ${chosen}`,
  ];
}
