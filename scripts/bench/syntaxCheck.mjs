// What the syntax check costs and does, without a model:
// `node scripts/bench/syntaxCheck.mjs [--outputs FILE ...]`, FILE from `foretoken eval --outputs FILE --no-syntax`.
//
// 1. Milliseconds to parse the window around each fixture position, the fastest of ten times: median and most per grammar.
// 2. Texts that are right (what stood at the positions, and every beginning of it that ends with a line): how many it touches.
// 3. The same texts broken at a random place, by the seed: how many it finds. It passes what could still become right.
// 4. Recorded outputs: each one that it touches, for the reader to judge.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../fixtures/findPlaces.mjs';
import { root } from '../setUp.mjs';
import { cleanCompletion, Grammars, parseWindow, quantile, readPositions, toSnapshot } from './product.mjs';

const REPEATS = 10;
const { values } = parseArgs({ options: { outputs: { type: 'string', multiple: true, default: [] } } });

const grammars = new Grammars({ root, logger: { debug() {} }, clock: performance });
const positions = await readPositions(join(root, 'test/fixtures/positions.jsonl.gz'));
const byId = new Map(positions.map((position) => [position.id, position]));

/** The text after every other cleaning rule, and what the check leaves of it; '' when that is nothing. */
async function check(position, text) {
  const snapshot = toSnapshot(position);
  const parser = await grammars.load(snapshot.languageId);
  const shown = (outcome) => (outcome.kind === 'suggestion' ? outcome.text : '');
  const clean = (generated, ...grammar) =>
    shown(cleanCompletion({ text: generated, stopReason: 'line-end' }, snapshot, ...grammar));
  return { before: clean(text), after: clean(text, parser) };
}

async function countTouched(texts) {
  let touched = 0;
  for (const { position, text } of texts) {
    const { before, after } = await check(position, text);
    touched += before === after ? 0 : 1;
  }
  return `${touched} of ${texts.length}`;
}

/** Deletes or doubles a sign, or puts words in the middle. */
function breakText(text, random) {
  const signs = [...text.matchAll(/[()[\]{}"'`;,=+.]/g)].map(({ index }) => index);
  const words = [...text.matchAll(/\b/g)].map(({ index }) => index);
  const pick = (places) => places[Math.floor(random() * places.length)];
  return [
    ...(signs.length === 0 ? [] : [pick(signs)]).flatMap((at) => [
      ['a sign deleted', text.slice(0, at) + text.slice(at + 1)],
      ['a sign doubled', text.slice(0, at) + text[at] + text.slice(at)],
    ]),
    ...(words.length === 0 ? [] : [pick(words)]).map((at) => [
      'words in it',
      `${text.slice(0, at)} the next item ${text.slice(at)}`,
    ]),
  ];
}

const milliseconds = new Map();
for (const position of positions) {
  const parser = await grammars.load(position.language);
  const { before, after } = parseWindow(toSnapshot(position));
  const times = Array.from({ length: REPEATS }, () => {
    // The parser keeps the tree of the text before.
    parser.findFaults('');
    const startMs = performance.now();
    parser.findFaults(before + position.middle + after);
    return performance.now() - startMs;
  });
  milliseconds.set(position.language, [...(milliseconds.get(position.language) ?? []), Math.min(...times)]);
}
console.log('| grammar | parse of a window, median ms | most |');
console.log('| --- | --- | --- |');
for (const [language, times] of milliseconds) {
  console.log(`| ${language} | ${quantile(times, 0.5).toFixed(1)} | ${Math.max(...times).toFixed(1)} |`);
}

const right = positions.flatMap((position) => {
  const lines = position.middle.replaceAll('\r\n', '\n').split('\n');
  return lines.map((_, index) => ({
    position,
    text: lines
      .slice(0, index + 1)
      .join('\n')
      .trimEnd(),
  }));
});
console.log(`right texts touched: ${await countTouched(right)}`);

const random = createRandom(1);
const broken = new Map();
for (const position of positions) {
  for (const [how, text] of breakText(position.middle, random)) {
    broken.set(how, [...(broken.get(how) ?? []), { position, text }]);
  }
}
for (const [how, texts] of broken) {
  console.log(`found with ${how}: ${await countTouched(texts)}`);
}

for (const file of values.outputs) {
  const rows = (await readFile(file, 'utf8')).split('\n').filter((line) => line.endsWith('}'));
  const outputs = rows.map((line) => JSON.parse(line)).filter(({ id, text }) => text !== '' && byId.has(id));
  let touched = 0;
  for (const { id, text } of outputs) {
    const position = byId.get(id);
    const { before, after } = await check(position, text);
    if (before !== after) {
      touched++;
      const linePrefix = position.prefix.slice(position.prefix.lastIndexOf('\n') + 1);
      console.log(
        `${id}: ${JSON.stringify(linePrefix)} + ${JSON.stringify(before)} -> ${JSON.stringify(after)}; ` +
          `there stood ${JSON.stringify(position.middle)}`,
      );
    }
  }
  console.log(`${file}: ${touched} of ${outputs.length} outputs touched`);
}
