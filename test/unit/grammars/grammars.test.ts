import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GRAMMAR_NAMES } from '../../../src/grammars/grammarNames.ts';
import { Grammars } from '../../../src/grammars/grammars.ts';
import { CHECKOUT, grammarsOfCheckout } from '../../support/grammars.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const PACKAGE = path.join('node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');

/** A right text and a wrong one in each language that has a grammar. */
const TEXTS: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
  c: ['int f(void) { return 1; }\n', 'int f(void) { return + ; }\n'],
  cpp: ['auto f = [](int a) { return a; };\n', 'auto f = [](int a { return a; };\n'],
  csharp: ['class A { int B => 1; }\n', 'class A { int B => ; }\n'],
  css: ['.a { color: red; }\n', '.a { color red }}\n'],
  go: ['package a\n\nfunc f() int { return 1 }\n', 'package a\n\nfunc f() int { return := }\n'],
  java: ['class A { int b() { return 1; } }\n', 'class A { int b( { return 1; } }\n'],
  javascript: ['const a = <b c={1} />;\n', 'const a = = 1;\n'],
  javascriptreact: ['const a = <b c={1} />;\n', 'const a = <b c={1 />;\n'],
  php: ['<p><?php echo $a; ?></p>\n', '<p><?php echo $a $b; ?></p>\n'],
  python: ['def f(a: int) -> str:\n    return f"{a}"\n', 'def f(a: int) -> :\n    return a\n'],
  ruby: ['def f(a)\n  a.map { |b| b }\nend\n', 'def f(a)\n  a.map { |b b }\nend\n'],
  rust: ["fn f<'a>(a: &'a str) -> u8 { 1 }\n", 'fn f(a: ) -> u8 { 1 }\n'],
  typescript: ['const a = <T>(b: T): T => b;\n', 'const a: = 1;\n'],
  typescriptreact: ['const a = (b: string) => <p>{b}</p>;\n', 'const a = <p>{b</p>;\n'],
};

describe('the grammars', () => {
  const directory = useTemporaryDirectory();

  it('are tested, each of them', () => {
    assert.deepEqual(Object.keys(TEXTS).sort(), Object.keys(GRAMMAR_NAMES).sort());
  });

  for (const [language, [right, wrong]] of Object.entries(TEXTS)) {
    it(`tell right from wrong: ${language}`, async () => {
      const parser = await grammarsOfCheckout().load(language);
      assert.deepEqual(parser?.findFaults(right), []);
      assert.notEqual(parser?.findFaults(wrong)?.length, 0);
    });
  }

  it('count in UTF-16 units', async () => {
    const parser = await grammarsOfCheckout().load('typescript');
    const text = "const a = '😀日本'; const b = = 1;\n";
    const at = text.indexOf('= =');
    assert.deepEqual(parser!.findFaults(text), [{ kind: 'error', start: at, end: at + 1 }]);
  });

  it('find the same in an insertion as in the whole text, in any order', async () => {
    const parser = await grammarsOfCheckout().load('python');
    const text = "face = '😀'\ndef f():\n    b = [1\n    return b\n";
    const at = text.indexOf('\n    return');
    for (const inserted of ['', ']', ' +', '\n    ]', ") = '日本'", ']']) {
      const whole = text.slice(0, at) + inserted + text.slice(at);
      assert.deepEqual(
        parser!.findFaults(text, { at, inserted }),
        (await grammarsOfCheckout().load('python'))!.findFaults(whole),
        inserted,
      );
    }
    assert.deepEqual(parser!.findFaults(text, { at, inserted: ']' }), []);
  });

  it('say what is missing, and where', async () => {
    const parser = await grammarsOfCheckout().load('typescript');
    assert.deepEqual(parser!.findFaults('f(1;\n'), [{ kind: 'missing', start: 3, end: 3 }]);
  });

  it('are not read before they are asked for, and then once', async () => {
    const lines: string[] = [];
    const grammars = grammarsOfCheckout(CHECKOUT, (line) => lines.push(line));
    assert.deepEqual(lines, []);
    assert.equal(grammars.parserFor('typescript'), undefined);
    await Promise.all([grammars.load('typescript'), grammars.load('typescript')]);
    assert.notEqual(grammars.parserFor('typescript'), undefined);
    assert.match(lines.join('\n'), /^grammar typescript loaded in \d+ ms$/);
  });

  it('serve several languages with one grammar', async () => {
    const grammars = grammarsOfCheckout();
    assert.equal(await grammars.load('c'), await grammars.load('cpp'));
  });

  it('are none for other languages, whatever their name', async () => {
    for (const language of ['html', 'vue', 'shellscript', 'plaintext', 'constructor', '../typescript']) {
      assert.equal(grammarsOfCheckout().parserFor(language), undefined, language);
      assert.equal(await grammarsOfCheckout().load(language), undefined, language);
    }
  });

  it('are no error where they are missing', async () => {
    const lines: string[] = [];
    assert.equal(await grammarsOfCheckout(directory(), (line) => lines.push(line)).load('python'), undefined);
    assert.match(lines.join('\n'), /^no grammar python, so syntax is not checked: .*ENOENT/);
  });

  it('are no error where one is broken, and the others work', async () => {
    const folder = path.join(directory(), 'dist', PACKAGE);
    mkdirSync(folder, { recursive: true });
    for (const file of ['tree-sitter.js', 'tree-sitter.wasm', 'tree-sitter-css.wasm']) {
      cpSync(path.join(CHECKOUT, PACKAGE, file), path.join(folder, file));
    }
    writeFileSync(path.join(folder, 'tree-sitter-go.wasm'), 'no WebAssembly');
    const lines: string[] = [];
    const grammars = grammarsOfCheckout(directory(), (line) => lines.push(line));
    assert.equal(await grammars.load('go'), undefined);
    assert.equal(grammars.parserFor('go'), undefined);
    assert.match(lines.join('\n'), /^no grammar go, so syntax is not checked: /);
    assert.deepEqual((await grammars.load('css'))?.findFaults('.a { color: red; }\n'), []);
  });

  it('give up a text that takes too long, and take the next', async () => {
    let nowMs = 0;
    let stepMs = 10;
    const clock = { now: () => (nowMs += stepMs) };
    const grammars = new Grammars({ root: CHECKOUT, logger: { debug: () => undefined }, clock, parseBudgetMs: 5 });
    const parser = await grammars.load('typescript');
    const text = 'const a = f(1);\n'.repeat(500);
    assert.equal(parser!.findFaults(text), undefined);
    stepMs = 0;
    assert.deepEqual(parser!.findFaults(text), []);
  });
});
