import assert from 'node:assert/strict';
import { parseWindow } from '../../../src/pipeline/syntax/parseWindow.ts';
import { snapshotOf } from '../../support/markedText.ts';

const FILLING = '    a();\n'.repeat(300);

describe('parseWindow', () => {
  it('is all of a small document', () => {
    assert.deepEqual(parseWindow(snapshotOf('a\nb▮c\nd\n')), { before: 'a\nb', after: 'c\nd\n' });
  });

  it('is at the start and the end of a document', () => {
    assert.deepEqual(parseWindow(snapshotOf('▮')), { before: '', after: '' });
    assert.deepEqual(parseWindow(snapshotOf('▮a')), { before: '', after: 'a' });
    assert.deepEqual(parseWindow(snapshotOf('a\n▮')), { before: 'a\n', after: '' });
  });

  it('takes whole lines around the cursor, below those that they stand in', () => {
    const large = `import b;\n\nclass A {\n  c = 1;\n  f() {\n${FILLING}    d(▮);\n${FILLING}  }\n}\n`;
    const { before, after } = parseWindow(snapshotOf(large))!;
    assert.equal(before, `class A {\n  f() {\n${'    a();\n'.repeat(100)}    d(`);
    assert.equal(after, `);\n${'    a();\n'.repeat(100)}`.trimEnd());
  });

  it('takes a head and the bracket below it', () => {
    const large = `class B { }\n\nclass A\n{\n  void F()\n  {\n${FILLING}    ▮`;
    const { before } = parseWindow(snapshotOf(large))!;
    assert.ok(before.startsWith('class A\n{\n  void F()\n  {\n    a();'), before.slice(0, 100));
  });

  it('leaves out what is no head of anything', () => {
    const large = `class A {\n  /**\n   * B.\n   */\n  } else {\n      # c\n${FILLING.replaceAll('    ', '        ')}        ▮`;
    const { before } = parseWindow(snapshotOf(large))!;
    assert.equal(before.split('\n')[0], 'class A {');
    assert.equal(before.split('\n')[1], '        a();');
  });

  it('ends earlier where lines are long', () => {
    const { before, after } = parseWindow(
      snapshotOf(`${`${'x'.repeat(999)}\n`.repeat(50)}▮\n${`${'y'.repeat(999)}\n`.repeat(50)}`),
    )!;
    assert.equal(before.length, 12_000);
    assert.ok(after.length > 10_000 && after.length <= 12_000, `${after.length}`);
  });

  it('is none where the line itself is too long', () => {
    assert.equal(parseWindow(snapshotOf(`${'x'.repeat(12_001)}▮\n`)), undefined);
    assert.equal(parseWindow(snapshotOf(`▮${'x'.repeat(12_001)}\n`)), undefined);
  });

  it('begins as PHP where the tag is out of sight', () => {
    const window = (document: string) => parseWindow(snapshotOf(document, { languageId: 'php' }))!.before;
    assert.ok(window(`<?php\n${'a();\n'.repeat(200)}▮`).startsWith('<?php\na();\n'));
    assert.ok(window(`<?php\n${'?>\n'.repeat(200)}▮`).startsWith('?>\n'));
    assert.equal(window('<p>\n▮'), '<p>\n');
  });
});
