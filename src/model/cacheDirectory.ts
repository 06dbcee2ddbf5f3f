/**
 * Where Foretoken keeps what it fetched and built. One layout for the extension and the command line, so that a model is
 * fetched and built once per machine: `downloads/` holds official weight files, `packages/` holds what the worker loads,
 * `measurements/` what was measured on this machine.
 */

import { homedir } from 'node:os';
import path from 'node:path';

/**
 * The cache folder of this user on this platform; it may not exist yet.
 *
 * `$XDG_CACHE_HOME` counts on every platform, because whoever sets it means it. A relative value is ignored, as the XDG
 * Base Directory Specification demands.
 */
export function cacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const join = platform === 'win32' ? path.win32.join : path.posix.join;
  const isAbsolute = platform === 'win32' ? path.win32.isAbsolute : path.posix.isAbsolute;
  const xdg = environment.XDG_CACHE_HOME;
  if (xdg !== undefined && isAbsolute(xdg)) {
    return join(xdg, 'foretoken');
  }
  const home = homeDirectory(environment, platform);
  if (platform === 'win32') {
    return join(environment.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'foretoken', 'Cache');
  }
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'foretoken') : join(home, '.cache', 'foretoken');
}

/** The folder of the package of one model in one quantisation. */
export function packageDirectory(id: string, quantization: string, cache: string = cacheDirectory()): string {
  return path.join(cache, 'packages', `${id}-${quantization}`);
}

/** The folder that official weight files are fetched into. */
export function downloadDirectory(cache: string = cacheDirectory()): string {
  return path.join(cache, 'downloads');
}

/** The folder of what was measured about models on this machine's devices. */
export function measurementsDirectory(cache: string = cacheDirectory()): string {
  return path.join(cache, 'measurements');
}

/** The user's home folder as the environment names it, else as the operating system does. */
export function homeDirectory(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const named = platform === 'win32' ? environment.USERPROFILE : environment.HOME;
  return named === undefined || named === '' ? homedir() : named;
}
