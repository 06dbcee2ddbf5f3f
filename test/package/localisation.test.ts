import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');
const LANGUAGES = ['de', 'zh-cn'];

type Texts = Readonly<Record<string, string>>;

describe('localisation', () => {
  const sentences = sentencesInCode();

  it('finds the sentences of the code, each a literal at its call', () => {
    assert.ok(sentences.texts.length > 50);
    assert.deepEqual(sentences.callsWithoutLiteral, []);
  });

  it('has the languages it says, for the manifest and for the code', () => {
    const manifestFiles = namesIn('.', /^package\.nls\.(.+)\.json$/);
    const codeFiles = namesIn('l10n', /^bundle\.l10n\.(.+)\.json$/);
    assert.deepEqual([manifestFiles, codeFiles], [LANGUAGES, LANGUAGES]);
  });

  for (const language of LANGUAGES) {
    it(`has every text of the manifest in ${language}`, () => {
      const english = readTexts('package.nls.json');
      const translated = readTexts(`package.nls.${language}.json`);
      assert.deepEqual(Object.keys(translated), Object.keys(english));
      assert.deepEqual(
        Object.keys(english).filter((key) => marksOf(english[key]!) !== marksOf(translated[key]!)),
        [],
      );
    });

    it(`has every sentence of the code in ${language}, and none that no longer exists`, () => {
      const translated = readTexts(`l10n/bundle.l10n.${language}.json`);
      assert.deepEqual(Object.keys(translated).sort(), [...sentences.texts].sort());
      assert.deepEqual(
        sentences.texts.filter((sentence) => marksOf(sentence) !== marksOf(translated[sentence]!)),
        [],
      );
    });

    it(`names its own commands in ${language} as the manifest does`, () => {
      const manifest = readTexts(`package.nls.${language}.json`);
      const code = readTexts(`l10n/bundle.l10n.${language}.json`);
      const english = readTexts('package.nls.json');
      const name = manifest['command.trigger']!;
      assert.ok(english['setting.suggestIn']!.includes(`*${english['command.trigger']}*`));
      assert.ok(manifest['setting.suggestIn']!.includes(`*${name}*`));
      assert.ok(code['No suggestions while you type, for another {0}. Suggest Here still answers.']!.includes(name));
    });
  }
});

/** What a translation must keep: placeholders, code and addresses of links, in any order. */
function marksOf(text: string): string {
  return [...text.matchAll(/\{\d+\}|`[^`]+`|\]\([^)]+\)/g)]
    .map(([mark]) => mark)
    .sort()
    .join(' ');
}

function readTexts(file: string): Texts {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Texts;
}

function namesIn(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(path.join(root, folder))
    .flatMap((file) => pattern.exec(file)?.[1] ?? [])
    .sort();
}

/** The first arguments of all calls of `translate` below src. */
function sentencesInCode(): { readonly texts: readonly string[]; readonly callsWithoutLiteral: readonly string[] } {
  const texts = new Set<string>();
  const callsWithoutLiteral: string[] = [];
  const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.ts') && path.basename(name) !== 'translate.ts')) {
    const code = readFileSync(path.join(root, 'src', file), 'utf8');
    for (const [call, literal] of code.matchAll(
      /(?<![.\w])translate\(\s*('[^'\n]*'(?=\s*[,)])|"[^"\n]*"(?=\s*[,)]))?/g,
    )) {
      if (literal === undefined) {
        callsWithoutLiteral.push(`${file}: ${call}`);
      } else {
        texts.add(literal.slice(1, -1));
      }
    }
  }
  return { texts: [...texts], callsWithoutLiteral };
}
