// Compares what decides between a single line and a block, over the fixture positions: the product's scanner (`chooseExtent`)
// with two deciders that read the syntax tree. `node scripts/bench/extentDeciders.mjs`, some seconds, without a model.
//
// Truth: the text that was taken out has more than one line. So a single statement of one line counts as a single line, also
// where a block is let stand and the stop rules end it after that statement (`stopAtNextStatement`).
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../setUp.mjs';
import { chooseExtent, GRAMMAR_NAMES, parseWindow, readPositions, toSnapshot } from './product.mjs';

const WASM = join(root, 'node_modules/@vscode/tree-sitter-wasm/wasm');
const BODY =
  /^(block|statement_block|compound_statement|declaration_list|statement_list|field_declaration_list|(class|interface|enum|switch|constructor|namespace|module)_(body|block)|match_block|(enum|field)_\w+_list|switch_case|program|module|source_file|translation_unit|compilation_unit)$/;
const INSIDE =
  /(argument|parameter|expression|invocation|literal|string|comment|array|object|dictionary|tuple|initializer|arms?$|_call$|^call$)/;
const OPENERS = ['{', ':'];

/** Where a statement could begin, and after what opens a body; by the tree around the cursor. */
function atStatement({ node, before, previous }) {
  if (before.trim() !== '') {
    return OPENERS.includes(previous?.text) && !INSIDE.test(previous.parent?.type ?? '');
  }
  for (let inner = node; inner !== null; inner = inner.parent) {
    if (BODY.test(inner.type)) {
      return true;
    }
    if (INSIDE.test(inner.type)) {
      return false;
    }
  }
  return true;
}

/** In a body that has nothing in it yet. */
function inEmptyBody(place) {
  return atStatement(place) && OPENERS.includes(place.previous?.text) && place.isAloneInBody;
}

const runtime = createRequire(import.meta.url)(join(WASM, 'tree-sitter.js'));
await runtime.Parser.init({ wasmBinary: await readFile(join(WASM, 'tree-sitter.wasm')) });
const parsers = new Map();

async function parserOf(language) {
  if (!parsers.has(language)) {
    const parser = new runtime.Parser();
    parser.setLanguage(
      await runtime.Language.load(await readFile(join(WASM, `tree-sitter-${GRAMMAR_NAMES[language]}.wasm`))),
    );
    parsers.set(language, parser);
  }
  return parsers.get(language);
}

async function placeOf(snapshot) {
  const { before, after } = parseWindow(snapshot);
  const tree = (await parserOf(snapshot.languageId)).parse(before + after);
  const at = before.length;
  const lastCode = before.trimEnd().length;
  const nextLine = /\n([ \t]*)(\S)/.exec(after);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return {
    node: tree.rootNode.descendantForIndex(at, at),
    before: line,
    rest: after.split('\n')[0],
    previous: lastCode === 0 ? undefined : tree.rootNode.descendantForIndex(lastCode - 1, lastCode),
    // What comes next closes the body, or is less indented.
    isAloneInBody: nextLine === null || /[)\]}]/.test(nextLine[2]) || nextLine[1].length < /^\s*/.exec(line)[0].length,
  };
}

const DECIDERS = {
  'scanner (used)': async (snapshot) => chooseExtent(snapshot) === 'block',
  'tree: where a statement begins': async (snapshot) => {
    const place = await placeOf(snapshot);
    return place.rest.trim() === '' && atStatement(place);
  },
  'tree: in an empty body only': async (snapshot) => {
    const place = await placeOf(snapshot);
    return place.rest.trim() === '' && inEmptyBody(place);
  },
};

const positions = await readPositions(join(root, 'test/fixtures/positions.jsonl.gz'));
console.log('| decider | block at mid_line | at line | at block | precision | recall |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [name, decide] of Object.entries(DECIDERS)) {
  const rows = [];
  for (const position of positions) {
    rows.push({ position, isBlock: await decide(toSnapshot(position)) });
  }
  const blocks = rows.filter(({ isBlock }) => isBlock);
  const right = blocks.filter(({ position }) => position.middle.includes('\n')).length;
  const wanted = positions.filter(({ middle }) => middle.includes('\n')).length;
  const at = (kind) => blocks.filter(({ position }) => position.kind === kind).length;
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  console.log(
    `| ${name} | ${at('mid_line')} | ${at('line')} | ${at('block')} | ${percent(right / blocks.length)} | ${percent(right / wanted)} |`,
  );
}
const headers = positions.filter(({ kind, middle }) => kind === 'line' && /[{(:[]\s*$/.test(middle)).length;
console.log(`${headers} of the line positions hold the head of a longer statement`);
