import { spawnSync } from 'node:child_process';

/** What the scripts of `train` import (`train/requirements.txt`). */
export const TRAINING_MODULES = ['torch', 'numpy', 'gguf', 'safetensors', 'tokenizers'];

export function hasPythonModules(names: readonly string[]): boolean {
  const program = `import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ${JSON.stringify(names)})))`;
  return spawnSync('python3', ['-c', program]).status === 0;
}
