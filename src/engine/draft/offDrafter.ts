import type { Drafter } from './drafter.ts';
import { EMPTY_DRAFT } from './draftTree.ts';

/** Drafts nothing: plain decoding, one token a forward. The baseline that every other method must reproduce. */
export const offDrafter: Drafter = {
  method: 'off',
  begin() {},
  propose: () => EMPTY_DRAFT,
};
