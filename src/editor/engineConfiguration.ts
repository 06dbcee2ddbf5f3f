import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineConfiguration } from '../inference/client/supervisedWorker.ts';
import { measurementsDirectory, packageDirectory } from '../model/cacheDirectory.ts';
import { chooseQuantization } from '../model/chooseQuantization.ts';
import { parseManifest } from '../model/manifest.ts';
import type { Settings } from '../settings/settings.ts';

const BYTES_PER_MEGABYTE = 1_000_000;

/** What the engine has to load for these settings; `extensionPath` holds the model catalogue and perhaps a model. */
export function engineConfiguration(settings: Settings, extensionPath: string): EngineConfiguration {
  return {
    model: chooseModel(settings, extensionPath),
    device: settings.device,
    threads: settings.threads,
    cacheBytes: settings.cacheMegabytes * BYTES_PER_MEGABYTE,
    measurementsDirectory: measurementsDirectory(),
  };
}

/** In this order: a folder the user names; the model inside the full edition; an imported model; the catalogue. */
function chooseModel(settings: Settings, extensionPath: string): EngineConfiguration['model'] {
  const { model, device } = settings;
  const quantization = chooseQuantization(settings.quantization, { device, architecture: process.arch });
  if (path.isAbsolute(model)) {
    return { kind: 'directory', directory: model };
  }
  const inside = path.join(extensionPath, 'model');
  if (isPackageOf(inside, model, quantization)) {
    return { kind: 'directory', directory: inside };
  }
  const isKnown = existsSync(path.join(extensionPath, 'models', model, 'model.json'));
  const imported = packageDirectory(model, quantization);
  if (!isKnown && isPackageOf(imported, model, quantization)) {
    return { kind: 'directory', directory: imported };
  }
  return { kind: 'catalogue', id: model, quantization, catalogueRoot: extensionPath };
}

/** Reads the manifest only; the worker checks the files before it loads them. */
function isPackageOf(directory: string, id: string, quantization: string): boolean {
  const file = path.join(directory, 'manifest.json');
  if (!existsSync(file)) {
    return false;
  }
  try {
    const manifest = parseManifest(JSON.parse(readFileSync(file, 'utf8')));
    return manifest.ok && manifest.value.id === id && manifest.value.quantization === quantization;
  } catch {
    // A manifest that is not JSON belongs to no model.
    return false;
  }
}
