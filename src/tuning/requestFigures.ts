import type { GeneratedText } from '../inference/protocol.ts';

/** One request in numbers. */
export interface RequestFigures {
  readonly promptTokens: number;
  readonly freshTokens: number;
  readonly ms: GeneratedText['ms'];
  /** One entry per decode step: tokens of the longest drafted path that was verified, and how many of a path stood. */
  readonly steps: readonly { readonly draftedDepth: number; readonly accepted: number }[];
  /** By source: tokens verified whose parent stood, and how many of them stood. */
  readonly sources: Readonly<Record<string, { readonly tested: number; readonly accepted: number }>>;
}

export function requestFigures({ promptTokens, freshTokens, ms, perStep }: GeneratedText): RequestFigures {
  const sources: Record<string, { tested: number; accepted: number }> = {};
  for (const { nodes } of perStep) {
    for (const { source, parent, isAccepted } of nodes) {
      if (parent === -1 || nodes[parent]!.isAccepted) {
        sources[source] ??= { tested: 0, accepted: 0 };
        sources[source].tested++;
        sources[source].accepted += isAccepted ? 1 : 0;
      }
    }
  }
  const steps = perStep.map(({ nodes, accepted }) => ({ draftedDepth: depthOf(nodes), accepted }));
  return { promptTokens, freshTokens, ms, steps, sources };
}

/** Nodes on the longest path; parents come first. */
function depthOf(nodes: readonly { readonly parent: number }[]): number {
  const depths: number[] = [];
  for (const { parent } of nodes) {
    depths.push(1 + (depths[parent] ?? 0));
  }
  return Math.max(0, ...depths);
}
