import type { Translate } from '../../base/translate.ts';
import type { Device, LoadedModelInfo } from '../../inference/protocol.ts';
import type { Choice } from './choice.ts';

/** Devices that this version runs on; the setting names others, which end in an error that says so. */
const OFFERED: readonly Device[] = ['auto', 'cpu', 'webgpu'];

/** The devices; `model` is the one that is loaded, which says where it really runs. */
export function deviceChoices(
  current: Device,
  model: LoadedModelInfo | undefined,
  translate: Translate,
): readonly Choice<Device>[] {
  const offered = OFFERED.includes(current) ? OFFERED : [...OFFERED, current];
  return offered.map((device) => ({
    value: device,
    label: device,
    description: device === current && model !== undefined ? describeUse(device, model, translate) : '',
    detail: describeDevice(device, translate),
    isCurrent: device === current,
  }));
}

function describeUse(device: Device, model: LoadedModelInfo, translate: Translate): string {
  return device === model.device ? translate('in use') : translate('runs on {0}', model.device);
}

function describeDevice(device: Device, translate: Translate): string {
  switch (device) {
    case 'auto':
      return translate('Foretoken chooses; in this version always the CPU');
    case 'cpu':
      return translate('The processor: works everywhere');
    case 'webgpu':
      return translate('The graphics card; when it fails, the CPU is used instead');
    default:
      return translate('Not supported in this version');
  }
}
