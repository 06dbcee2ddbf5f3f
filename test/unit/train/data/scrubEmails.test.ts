import { strict as assert } from 'node:assert';
import { scrubEmails } from '../../../../train/data/filter/scrubEmails.ts';

const cases: readonly (readonly [string, string])[] = [
  ['# Ada Byron <ada.byron@analytical.co.uk>', '# Ada Byron <name@example.com>'],
  ['author = "ada+work@engine.org"', 'author = "name@example.com"'],
  ['<a href="mailto:ada@engine.org">', '<a href="mailto:name@example.com">'],
  ['to: ada@example.com', 'to: ada@example.com'],
  ['@pytest.fixture', '@pytest.fixture'],
  ['git@engine.org:ada/notes.git', 'git@engine.org:ada/notes.git'],
  ['npm i engine@1.2.3', 'npm i engine@1.2.3'],
  ['postgres://ada:pass@engine.org/db', 'postgres://ada:pass@engine.org/db'],
  ['icon@2x.png', 'icon@2x.png'],
];

describe('scrubEmails', () => {
  for (const [text, expected] of cases) {
    it(`turns ${text} into ${expected}`, () => {
      assert.equal(scrubEmails(text), expected);
    });
  }
});
