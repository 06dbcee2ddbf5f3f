import assert from 'node:assert/strict';
import { insertSelectedEntry } from '../../../src/pipeline/context/insertSelectedEntry.ts';
import { cleanCompletion } from '../../../src/pipeline/postprocess/cleanCompletion.ts';
import { snapshotOf } from '../../support/markedText.ts';
import type { CleaningCase } from './cleaningCases.ts';
import { CLEANING_CASES } from './cleaningCases.ts';

function clean(row: CleaningCase) {
  const { document, language = 'typescript', lineEnding = '\n', entry, stopReason = 'line-end', generated } = row;
  const typed = snapshotOf(document, { languageId: language, lineEnding });
  const snapshot =
    entry === undefined
      ? typed
      : insertSelectedEntry(typed, { text: entry.text, start: typed.offset - entry.typedChars, end: typed.offset });
  const outcome = cleanCompletion({ text: generated, stopReason }, snapshot);
  return outcome.kind === 'suggestion' ? [outcome.text, outcome.replaceChars] : [`!${outcome.reason}`, 0];
}

for (const [rule, cases] of Object.entries(CLEANING_CASES)) {
  describe(`cleanCompletion: ${rule}`, () => {
    for (const row of cases) {
      it(row.name, () => {
        assert.deepEqual(clean(row), [row.shown, row.replaces ?? 0]);
      });
    }
  });
}

describe('cleanCompletion', () => {
  it('changes nothing in a text that it has cleaned', () => {
    for (const row of Object.values(CLEANING_CASES).flat()) {
      const [shown] = clean(row);
      if (typeof shown === 'string' && !shown.startsWith('!') && row.replaces === undefined) {
        const [again] = clean({ ...row, generated: shown, stopReason: 'line-end' });
        assert.equal(again, shown.trimEnd(), row.name);
      }
    }
  });
});
