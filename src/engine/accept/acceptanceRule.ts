import type { DraftTree } from '../draft/draftTree.ts';
import type { RowScores } from '../targetModel.ts';

/** Values of the setting `foretoken.acceptance.mode`. */
export const ACCEPTANCE_MODES = ['exact', 'typical'] as const;
export type AcceptanceMode = (typeof ACCEPTANCE_MODES)[number];

export interface AcceptedPath {
  /** Draft nodes kept, from the root down. */
  readonly nodes: readonly number[];
  /** The token that follows the last kept node, taken from the target model's own scores. */
  readonly bonusToken: number;
}

/** Decides which drafted tokens stand. */
export interface AcceptanceRule {
  /** Whether the text follows from the rows' scores alone, whatever was drafted or drawn. */
  readonly dependsOnRowsAlone: boolean;
  /** Whether `accept` reads the logits of drafted tokens that are not among the best few (`RowScores.wantedLogits`). */
  readonly needsDraftedLogits: boolean;
  /** The next token where nothing is drafted. */
  chooseToken(scores: RowScores): number;
  /** `scores[0]` belongs to the last known token, `scores[i + 1]` to draft node `i`. */
  accept(draft: DraftTree, scores: readonly RowScores[]): AcceptedPath;
}
