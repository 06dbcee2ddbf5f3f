import assert from 'node:assert/strict';
import type { Grammars } from '../../../src/grammars/grammars.ts';
import { cleanCompletion } from '../../../src/pipeline/postprocess/cleanCompletion.ts';
import type { SourceParser } from '../../../src/pipeline/syntax/sourceParser.ts';
import { grammarsOfCheckout } from '../../support/grammars.ts';
import { snapshotOf } from '../../support/markedText.ts';
import type { SyntaxCase } from './syntaxCases.ts';
import { SYNTAX_CASES } from './syntaxCases.ts';

function shownOf(row: SyntaxCase, parser: SourceParser | undefined): string {
  const { document, language, lineEnding = '\n', stopReason = 'line-end', generated } = row;
  const snapshot = snapshotOf(document, { languageId: language, lineEnding });
  const outcome = cleanCompletion({ text: generated, stopReason }, snapshot, parser);
  return outcome.kind === 'suggestion' ? outcome.text : `!${outcome.reason}`;
}

for (const [group, cases] of Object.entries(SYNTAX_CASES)) {
  describe(`the syntax check ${group}`, () => {
    let grammars: Grammars;

    before(() => {
      grammars = grammarsOfCheckout();
    });

    for (const row of cases) {
      it(row.name, async () => {
        assert.equal(shownOf(row, await grammars.load(row.language)), row.shown);
      });
    }
  });
}

describe('the syntax check', () => {
  const wrong = snapshotOf('const a = 1;\nconst b = ▮\n');
  const generated = { text: 'first second;', stopReason: 'line-end' } as const;

  it('shows everything where no grammar is loaded', () => {
    assert.equal(cleanCompletion(generated, wrong, undefined).kind, 'suggestion');
  });

  it('shows everything that would take too long to judge', () => {
    const parser: SourceParser = { findFaults: () => undefined };
    assert.equal(cleanCompletion(generated, wrong, parser).kind, 'suggestion');
  });

  it('looks for no further faults where the text has none', async () => {
    const parser = await grammarsOfCheckout().load('typescript');
    let parses = 0;
    const counted: SourceParser = {
      findFaults: (text, insertion) => {
        parses++;
        return parser!.findFaults(text, insertion);
      },
    };
    cleanCompletion({ text: 'first + second;', stopReason: 'line-end' }, wrong, counted);
    assert.equal(parses, 1);
  });

  it('parses no more of a large file than of a small one', async () => {
    const parser = await grammarsOfCheckout().load('typescript');
    const longest = { chars: 0 };
    const measured: SourceParser = {
      findFaults: (text, insertion) => {
        longest.chars = Math.max(longest.chars, text.length);
        return parser!.findFaults(text, insertion);
      },
    };
    const lines = 'const a = f(1);\n'.repeat(10_000);
    const outcome = cleanCompletion(generated, snapshotOf(`${lines}const b = ▮\n${lines}`), measured);
    assert.deepEqual(outcome, { kind: 'no-suggestion', reason: 'syntax-error', detail: 'line-end' });
    assert.ok(longest.chars < 4000, `${longest.chars} characters`);
  });
});
