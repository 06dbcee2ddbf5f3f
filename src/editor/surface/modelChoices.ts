import type { Translate } from '../../base/translate.ts';
import type { QuantizationChoice } from '../../model/chooseQuantization.ts';
import type { Quantization } from '../../model/manifest.ts';
import type { Choice } from './choice.ts';

/** What there is to choose from. */
export interface ModelShelf {
  readonly catalogue: readonly CatalogueModel[];
  readonly packages: readonly ShelfPackage[];
  /** What `auto` means on this machine. */
  readonly automatic: Quantization;
}

export interface CatalogueModel {
  readonly id: string;
  readonly title: string;
  readonly downloadBytes: number;
  /** The weights are on this machine; a package still has to be built from them. */
  readonly hasWeights: boolean;
}

/** A package that can be loaded as it is. */
export interface ShelfPackage {
  readonly id: string;
  readonly quantization: Quantization;
  readonly bytes: number;
  /** What the setting `foretoken.model` has to be: its id, or its folder where the id means another one. */
  readonly setting: string;
}

export interface ModelChoice {
  readonly model: string;
  readonly quantization: QuantizationChoice;
}

const BYTES_PER_MEGABYTE = 1_000_000;

/**
 * The catalogue's models in automatic and in the present precision, then packages in other precisions and imported ones; a folder that the
 * setting names and that is none of these comes last, so that the present choice is always in the list.
 */
export function modelChoices(
  { catalogue, packages, automatic }: ModelShelf,
  current: ModelChoice,
  translate: Translate,
): readonly Choice<ModelChoice>[] {
  const precisions = [...new Set<QuantizationChoice>(['auto', current.quantization])];
  const listed = catalogue.flatMap((model) =>
    precisions.map((quantization) => {
      const value = { model: model.id, quantization };
      const built = packages.find((other) => isSame(choiceOf(other), settled(value)));
      const presence = built === undefined ? describeAbsent(model, translate) : describePresent(built, translate);
      return choice(value, presence, model.title);
    }),
  );
  const others = packages
    .filter((other) => !listed.some(({ value }) => isSame(settled(value), choiceOf(other))))
    .map((other) => {
      const title = catalogue.find(({ id }) => id === other.id)?.title ?? translate('Imported model');
      return choice(choiceOf(other), describePresent(other, translate), title, other.id);
    });
  const known = [...listed, ...others];
  const missing = known.some(({ isCurrent }) => isCurrent)
    ? []
    : [{ value: current, label: current.model, description: '', detail: translate('Set by hand'), isCurrent: true }];
  return [...known, ...missing];

  function settled({ model, quantization }: ModelChoice): ModelChoice {
    return { model, quantization: quantization === 'auto' ? automatic : quantization };
  }

  function choice(value: ModelChoice, description: string, detail: string, id = value.model): Choice<ModelChoice> {
    const precision = value.quantization === 'auto' ? `auto → ${automatic}` : value.quantization;
    return { value, label: `${id}, ${precision}`, description, detail, isCurrent: isSame(value, current) };
  }
}

function choiceOf({ setting, quantization }: ShelfPackage): ModelChoice {
  return { model: setting, quantization };
}

function isSame(left: ModelChoice, right: ModelChoice): boolean {
  return left.model === right.model && left.quantization === right.quantization;
}

function describePresent({ bytes }: ShelfPackage, translate: Translate): string {
  return translate('on this machine, {0} MB', megabytes(bytes));
}

function describeAbsent({ downloadBytes, hasWeights }: CatalogueModel, translate: Translate): string {
  return hasWeights
    ? translate('downloaded, built when chosen')
    : translate('not on this machine, {0} MB to download', megabytes(downloadBytes));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / BYTES_PER_MEGABYTE);
}
