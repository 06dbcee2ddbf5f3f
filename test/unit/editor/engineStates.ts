import type { EngineState } from '../../../src/inference/client/engineState.ts';
import type { LoadedModelInfo } from '../../../src/inference/protocol.ts';

export const LOADED_MODEL: LoadedModelInfo = {
  id: 'qwen2.5-coder-0.5b',
  quantization: 'q8',
  device: 'cpu',
  threads: 2,
  contextLength: 32_768,
  availableMethods: ['off', 'lookup', 'medusa', 'auto'],
  loadMs: 1234,
};

export const READY: EngineState = { kind: 'ready', model: LOADED_MODEL };
