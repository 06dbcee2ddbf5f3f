/** The drafting methods of a loaded model and what they have learned about it. */
import type { Clock } from '../../base/clock.ts';
import type { ControllerState } from '../../engine/control/draftController.ts';
import { DeviceKnowledge, DraftController } from '../../engine/control/draftController.ts';
import type { DraftPlanner } from '../../engine/control/draftPlanner.ts';
import { AutoDrafter } from '../../engine/draft/autoDrafter.ts';
import type { Drafter, DraftMethod } from '../../engine/draft/drafter.ts';
import type { DraftSource } from '../../engine/draft/draftTree.ts';
import { LookupDrafter } from '../../engine/draft/lookup/lookupDrafter.ts';
import type { StaticNgrams } from '../../engine/draft/lookup/staticNgrams.ts';
import { MedusaDrafter } from '../../engine/draft/medusaDrafter.ts';
import { MtpDrafter } from '../../engine/draft/mtpDrafter.ts';
import { offDrafter } from '../../engine/draft/offDrafter.ts';
import type { TargetModel } from '../../engine/targetModel.ts';
import type { Experiment } from '../protocol.ts';
import { readDeviceState, writeDeviceState } from './deviceState.ts';
import { measureForwards } from './measureForwards.ts';
import type { DraftHeads } from './onnx/draftHeads.ts';

/** Row counts whose cost is measured; a draft never has more nodes than the largest has rows for. */
const MEASURED_ROWS = [1, 2, 3, 4, 6, 8, 16] as const;
export const MAX_DRAFT_NODES = 15;

/** Time between two writes of the state while requests go on. */
const SAVE_INTERVAL_MS = 30_000;

/** How one method drafts, and who decides how much of it is verified. */
export interface DraftingMethod {
  readonly drafter: Drafter;
  readonly planner: DraftPlanner;
}

/** What a package brings for drafting besides the model. */
export interface DraftMaterial extends Pick<DraftHeads, 'medusa' | 'mtp'> {
  readonly ngrams?: StaticNgrams | undefined;
}

export interface DraftingParts {
  readonly material: DraftMaterial;
  /** Where what is learned is kept between runs; undefined to keep nothing. */
  readonly stateFile: string | undefined;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

export class Drafting {
  private readonly knowledge: DeviceKnowledge;
  private readonly methodsByName: ReadonlyMap<DraftMethod, DraftingMethod>;
  private readonly parts: DraftingParts;
  private savedAtMs: number;
  private experiment: { readonly id: string; readonly drafting: Drafting } | undefined;

  private constructor(state: ControllerState, parts: DraftingParts) {
    const { material, clock } = parts;
    this.knowledge = new DeviceKnowledge(state);
    const { acceptance } = this.knowledge;
    this.parts = parts;
    this.savedAtMs = clock.now();
    const estimate = (source: DraftSource) => (bucket: number, prior: number) =>
      acceptance.chance(source, bucket, prior);
    const lookup = new LookupDrafter(estimate('lookup'), material.ngrams);
    const medusa = material.medusa && new MedusaDrafter(material.medusa, estimate('medusa'));
    const mtp = material.mtp && new MtpDrafter(material.mtp, estimate('mtp'), clock);
    const controller = (): DraftController => new DraftController(this.knowledge);
    const auto = new AutoDrafter(lookup, mtp ?? medusa, clock.now);
    // A drafting method is one file that implements `Drafter` and one entry here.
    const methods: readonly DraftingMethod[] = [
      { drafter: offDrafter, planner: controller() },
      { drafter: lookup, planner: controller() },
      ...(medusa === undefined ? [] : [{ drafter: medusa, planner: controller() }]),
      ...(mtp === undefined ? [] : [{ drafter: mtp, planner: controller() }]),
      { drafter: auto, planner: controller() },
    ];
    this.methodsByName = new Map(methods.map((method) => [method.drafter.method, method]));
  }

  /** Takes the kept state, or measures the cost of forwards: about two seconds on two cores, once per machine and model. */
  static async create(target: TargetModel, parts: DraftingParts): Promise<Drafting> {
    const { stateFile, clock } = parts;
    const kept = stateFile === undefined ? undefined : await readDeviceState(stateFile);
    const drafting = new Drafting(kept ?? (await measuredState(target, clock)), parts);
    if (kept === undefined) {
      await drafting.save();
    }
    return drafting;
  }

  /** What is known by now; plain data. */
  get state(): ControllerState {
    return this.knowledge.snapshot();
  }

  get methods(): readonly DraftMethod[] {
    return [...this.methodsByName.keys()];
  }

  /** How fast prompts are read: by forwards of the most rows that were measured. */
  get prefillTokensPerSecond(): number {
    const rows = MEASURED_ROWS.at(-1)!;
    return (1000 * rows) / this.knowledge.cost.ms(rows);
  }

  /** Drafter and planner of a method; plain decoding where this model has no heads for it. */
  methodFor(method: DraftMethod): DraftingMethod {
    return this.methodsByName.get(method) ?? this.methodsByName.get('off')!;
  }

  /** What an experiment drafts with: it learns as it goes, and neither this nor any file learns from it. */
  forExperiment({ id, startsFrom }: Experiment): Drafting {
    if (this.experiment?.id !== id) {
      const { cost, acceptance } = this.state;
      const state = { cost, acceptance: startsFrom === 'learned' ? acceptance : {} };
      this.experiment = { id, drafting: new Drafting(state, { ...this.parts, stateFile: undefined }) };
    }
    return this.experiment.drafting;
  }

  /** Keeps what was learned, now and then; no request waits for it. */
  saveSometimes(): void {
    if (this.parts.clock.now() - this.savedAtMs > SAVE_INTERVAL_MS) {
      void this.save();
    }
  }

  /** Never fails: a folder that cannot be written costs a measurement at the next start, not a suggestion. */
  async save(): Promise<void> {
    const { stateFile, clock, warn } = this.parts;
    this.savedAtMs = clock.now();
    if (stateFile === undefined) {
      return;
    }
    try {
      await writeDeviceState(stateFile, this.state);
    } catch (error) {
      warn(`What was measured about this device could not be kept: ${(error as Error).message}`);
    }
  }
}

async function measuredState(target: TargetModel, clock: Clock): Promise<ControllerState> {
  const measured = await measureForwards(target, { contextTokens: 8, rowCounts: MEASURED_ROWS, runs: 3 }, clock);
  return { cost: MEASURED_ROWS.map((rows) => [rows, measured.fastestMsPerForward[rows]!]), acceptance: {} };
}
