/** What the model wrote at a place and what of it is shown, grouped by rule. */

export interface CleaningCase {
  readonly name: string;
  /** Cursor as `▮`. */
  readonly document: string;
  readonly generated: string;
  /** The text that is shown, or `!` and the reason why none is. */
  readonly shown: string;
  /** Defaults to TypeScript. */
  readonly language?: string;
  /** Defaults to the end of the line. */
  readonly stopReason?: string;
  /** Characters after the cursor that the text replaces; defaults to none. */
  readonly replaces?: number;
  readonly lineEnding?: '\r\n';
  /** Entry of the suggestion list, selected in the place of this many characters before the cursor. */
  readonly entry?: { readonly text: string; readonly typedChars: number };
}

type Row = readonly [name: string, document: string, generated: string, shown: string, more?: Partial<CleaningCase>];

function group(rows: readonly Row[], common: Partial<CleaningCase> = {}): readonly CleaningCase[] {
  return rows.map(([name, document, generated, shown, more]) => ({
    name,
    document,
    generated,
    shown,
    ...common,
    ...more,
  }));
}

const CUT: Partial<CleaningCase> = { stopReason: 'max-tokens' };
const PYTHON: Partial<CleaningCase> = { language: 'python' };

export const CLEANING_CASES: Readonly<Record<string, readonly CleaningCase[]>> = {
  'nothing or nothing yet': group([
    ['keeps plain text', 'x = ▮\n', 'a + b', 'a + b'],
    ['says that nothing was written', 'x\n▮\n', '', '!empty', { stopReason: 'stop-token' }],
    ['says that only white space was written', 'x\n▮\n', '  \n\t\n', '!only-blanks'],
    ['takes off white space at the end', 'x = ▮\n', 'a + b  \n\n', 'a + b'],
    ['keeps white space at the beginning of a rest of a line', 'return▮\n', ' total', ' total'],
    [
      'passes on that a stop rule saw the next line',
      '▮\nreturn x\n',
      '',
      '!repeats-suffix',
      { stopReason: 'suffix-repeats' },
    ],
    ['passes on that a stop rule saw a code fence', 'x\n▮\n', '', '!chat', { stopReason: 'code-fence' }],
  ]),

  'pairs that the editor closed': group([
    ['round', 'print(▮)\n', 'name)', 'name'],
    ['round, with a semicolon behind', 'print(▮);\n', 'name);', 'name'],
    ['square', 'x = list[▮]\n', '0]', '0'],
    ['curly', 'const {▮} = props;\n', ' id, name } = props;', ' id, name '],
    ['double quotes', 'x = "▮"\n', 'hello"', 'hello'],
    ['single quotes', "import a from '▮'\n", "./a.ts'", './a.ts'],
    ['single quotes with a semicolon that is missing', "import a from '▮'\n", "./a.ts';", "./a.ts';", { replaces: 1 }],
    ['backticks', 'x = `▮`\n', 'a `', 'a '],
    ['an interpolation', `x = \`a \${▮}\`\n`, 'b}`', 'b'],
    ['quotes in brackets', 'f("▮")\n', 'name")', 'name'],
    ['a tag', '<div>▮</div>\n', '<b>x</b></div>', '<b>x</b>', { language: 'html' }],
    ['angle brackets', 'const a: Array<▮>\n', 'string>', 'string'],
    ['nested, all closed', 'f(g(▮))\n', 'x))', 'x'],
    ['nested, one not closed', 'f(g(▮)\n', 'x))', 'x)'],
    ['a bracket that belongs to the text', 'print(▮)\n', 'name()', 'name()'],
    ['a bracket that belongs to the text, with a semicolon', 'print(▮);\n', 'f(x)', 'f(x)'],
    ['a text that closes its own and the other', 'print(▮)\n', 'f(x))', 'f(x)'],
    ['a quote that belongs to the text', 'f(▮)\n', '"a")', '"a"'],
    ['says that only closed brackets were closed', 'f(▮)\n', ')', '!already-closed'],
    ['says so for brackets and a semicolon', 'f(g(▮));\n', '));', '!already-closed'],
    ['says so over a line end', 'call(a▮\n);\n', ');', '!already-closed'],
    ['goes on behind a bracket', 'if (▮)\n', 'a > b) {', 'a > b) {', { replaces: 1 }],
    ['goes on behind a quote and a bracket', 'log("▮")\n', 'done");', 'done");', { replaces: 2 }],
    ['goes on behind an arrow function', 'list.map((▮))\n', 'item) => item.id)', 'item'],
  ]),

  'the rest of the line': group([
    ['leaves out what follows', 'f(▮, b);\n', 'a, b);', 'a'],
    ['leaves out an operator with its operand', 'x = ▮ + tax;\n', 'net + tax;', 'net'],
    ['leaves out the rest even from inside a word', 'con▮sole.log(x);\n', 'sole.log(x);', '!repeats-suffix'],
    ['does not take one common letter for a repetition', 'x = ▮e = 3\n', 'name', 'name'],
    ['does not take half a word for a repetition', 'total = ▮le\n', 'sortable', 'sortable'],
    ['takes a shared comma out', 'f(▮, b)\n', 'a,', 'a'],
    ['ends where the rest comes back in the middle', 'x = ▮.length;\n', 'names.length; // all of them', 'names'],
    ['keeps a text that only looks similar', 'f(▮, b);\n', 'a, c', 'a, c'],
    ['counts in a Python call', 'print(▮, end="")\n', 'total, end="")', 'total', PYTHON],
    ['leaves out a colon that is there', 'if ready▮:\n', ' and open:', ' and open', PYTHON],
    ['leaves out the body of an arrow', 'list.map(▮ => x.id)\n', 'x => x.id)', 'x'],
    ['keeps the text where the rest is blank', 'x = ▮   \n', 'a', 'a'],
    [
      'leaves out a tag attribute that follows',
      '<a ▮ href="#">\n',
      'class="x" href="#">',
      'class="x"',
      { language: 'html' },
    ],
  ]),

  'the lines after the cursor': group([
    ['says that only the next line came back', 'a()\n▮\nreturn total\n', 'return total', '!repeats-suffix'],
    ['leaves out the next line at the end', 'a()\n▮\nreturn total\n', 'b()\nreturn total', 'b()'],
    ['leaves out two next lines at the end', 'a()\n▮\nb()\nreturn c\n', 'x()\nb()\nreturn c', 'x()'],
    ['looks past blank lines', 'a()\n▮\n\n\nreturn total\n', 'b()\n\nreturn total', 'b()'],
    [
      'does not mind indentation of a long line',
      '  a()\n  ▮\n  sendMessage(total)\n',
      'b()\n    sendMessage(total)',
      'b()',
    ],
    [
      'lets a return stand at another depth',
      '  a()\n  ▮\n  return undefined\n',
      'if (b) {\n    return undefined',
      'if (b) {\n    return undefined',
    ],
    ['joins the first line with what is typed', 'let ▮\nlet x = 1\n', 'x = 1', '!repeats-suffix'],
    ['keeps a next line that is not at the end', 'a()\n▮\nb()\n', 'b()\nc()', 'b()\nc()'],
    ['keeps a line that is only similar', 'a()\n▮\nset("b", 2)\n', 'set("a", 1)', 'set("a", 1)'],
    ['does not compare with code after a rest of a line', 'f(▮)\nx = 1\n', 'x', 'x'],
    [
      'sees a Python header again',
      'a = 1\n▮\nfor item in items:\n    pass\n',
      'for item in items:',
      '!repeats-suffix',
      PYTHON,
    ],
    [
      'sees a closing tag again',
      '<ul>\n  <li>a</li>\n  ▮\n</ul>\n',
      '<li>b</li>\n</ul>',
      '<li>b</li>',
      { language: 'html' },
    ],
    ['sees the end of a Ruby method again', 'def a\n  ▮\nend\n', 'b\nend', 'b', { language: 'ruby' }],
  ]),

  'closing brackets': group([
    ['leaves out the end of a block that is there', 'if (a) {\n  ▮\n}\n', 'go();\n}', 'go();'],
    ['leaves out several ends', 'f(() => {\n  ▮\n});\n', 'go();\n});', 'go();'],
    ['keeps the end of a block that is missing', 'if (a) {▮\nnext();\n', '\n  go();\n}', '\n  go();\n}'],
    ['keeps the brackets of the text itself', 'x = 1\n▮\n', 'if (a) {\n  go();\n}', 'if (a) {\n  go();\n}'],
    ['keeps one of two ends', 'class A {\n  f() {\n    ▮\n}\n', 'go();\n  }\n}', 'go();\n  }'],
    ['lets a branch close and open', 'if (a) {\n  ▮\n}\n', 'b();\n} else {\n  c();', 'b();\n} else {\n  c();'],
    ['does not count brackets in strings', 'f("(", ▮)\n', '")")', '")"'],
    ['does not count brackets in comments', '// (\nf(▮)\n', 'a)', 'a'],
    ['does not count brackets in regular expressions', 'x = s.split(/[(]/)\nf(▮)\n', 'a)', 'a'],
    ['does not count brackets in template strings', 'x = `(`;\nf(▮)\n', 'a)', 'a'],
    ['counts over an interpolation', `x = \`\${f(▮)}\`;\n`, 'a)}`', 'a'],
    ['counts a call over lines', 'f(\n  a,\n  ▮\n);\n', 'b\n);', 'b'],
    ['leaves out an extra bracket in the middle', 'x = a▮\n', ' + b) / 2', ' + b'],
    ['leaves out a closing bracket of a list', 'x = [\n    1,\n    ▮\n]\n', '2,\n]', '2,', PYTHON],
    ['lets C characters be', "x = '(';\nf(▮);\n", "')');", "')'", { language: 'c' }],
    ['lets Rust lifetimes be', "fn f<'a>(x: &'a str) {\n    g(▮)\n}\n", 'x)\n}', 'x', { language: 'rust' }],
    ['lets apostrophes in Go comments be', "// don't (\nfunc f() {\n\tg(▮)\n}\n", 'x)', 'x', { language: 'go' }],
    [
      'leaves text alone that is no code',
      'A list (▮\nand more)\n',
      'of things)',
      'of things)',
      { language: 'plaintext' },
    ],
    ['cuts nothing inside a comment', 'f()\n// a) first ▮\n', 'b) second', 'b) second'],
  ]),

  'the cut of the token budget': group(
    [
      ['drops an unfinished last line', 'x\n▮\n', 'a = 1\nb = fun', 'a = 1'],
      ['ends an only line before its unfinished word', 'x = ▮\n', 'first + some_long_na', 'first +'],
      ['drops a member that was not named', 'x = ▮\n', 'f(a, b.na', 'f(a, b'],
      ['drops an optional member that was not named', 'x = ▮\n', 'f(a) + b?.na', 'f(a) + b'],
      ['drops a half path in Rust', 'let x = ▮\n', 'f(1) + std::ma', 'f(1) + std', { language: 'rust' }],
      ['drops half a word of a string', 'x = "▮\n', 'Your appointment is conf', 'Your appointment is'],
      [
        'drops an open end where the deadline came, and keeps whole lines',
        'x\n▮\n',
        'a = 1;\nif (b) {',
        'a = 1;',
        { stopReason: 'deadline' },
      ],
      [
        'keeps a last word where the deadline came',
        'x\n▮\n',
        'a = some_name',
        'a = some_name',
        { stopReason: 'deadline' },
      ],
      ['says that no whole word was there', 'x = ▮\n', 'some_long_na', '!cut-off'],
      ['ends in other scripts at words too', 'x = "▮\n', 'naïve Größ', 'naïve'],
      ['drops headers whose block did not come', 'x\n▮\n', 'a = 1\nfor (const b of c) {\n  d', 'a = 1'],
      [
        'drops a header with its bracket below',
        'x;\n▮\n',
        'a = 1;\nforeach (var b in c)\n{\n    d',
        'a = 1;',
        { language: 'csharp' },
      ],
      ['drops a Python header', 'x\n▮\n', 'a = 1\n\nfor b in c:\n    d', 'a = 1', PYTHON],
      ['keeps a header that is all there is', 'x\n▮\n', 'for (const b of c) {\n  d', 'for (const b of c) {'],
      ['keeps a block that was begun', 'x\n▮\n', 'if (a) {\n  b();\n  c', 'if (a) {\n  b();'],
      ['keeps a last line that is whole', 'x\n▮\n', 'a = 1\nb = 2\n', 'a = 1\nb = 2'],
      ['drops half a line after a line end', 'if (a) {▮\n}\n', '\n  go();\n  stop', '\n  go();'],
    ],
    CUT,
  ),

  'talk and placeholders': group([
    ['says that it is chat', 'x\n▮\n', "Here's the code you asked for:", '!chat'],
    ['says so for a polite beginning', 'x\n▮\n', 'Sure, this does it', '!chat'],
    ['ends at an explanation', 'x\n▮\n', 'go()\nThis code calls go.', 'go()'],
    ['ends at a code fence', 'x\n▮\n', 'go()\n```\nThe end', 'go()'],
    ['drops what begins with a code fence', 'x\n▮\n', '```python\ngo()\n```', '!chat'],
    ['lets a comment explain', 'x\n// ▮\n', 'Note that this is slow', 'Note that this is slow'],
    ['lets prose explain', 'x\n▮\n', 'Note that this is slow', 'Note that this is slow', { language: 'markdown' }],
    ['lets documentation explain', 'def f():\n    """▮\n', 'This function is slow', 'This function is slow', PYTHON],
    ['lets a string be polite', 'x = "▮"\n', 'Sure, why not', 'Sure, why not'],
    ['says that only a placeholder was there', 'f() {\n  ▮\n}\n', '// TODO: implement', '!placeholder'],
    ['takes a placeholder off a line', 'x = [..▮\n', '.a] // TODO: implement this', '.a]'],
    ['ends at a placeholder for the rest', 'x\n▮\n', 'a()\n// ... rest of the code\nb()', 'a()'],
    ['knows Python placeholders', 'def f():\n    ▮\n', 'x = 1\n    # Your code here', 'x = 1', PYTHON],
    [
      'knows C placeholders',
      'int f() {\n    ▮\n}\n',
      '/* Implementation goes here */',
      '!placeholder',
      { language: 'c' },
    ],
    ['keeps other comments', 'x\n▮\n', '// TODO: ask Ada\ngo()', '// TODO: ask Ada\ngo()'],
    ['keeps a placeholder that the user began', 'x\n// TODO▮\n', ': implement', ': implement'],
    ['keeps an address in a string', 'x = ▮\n', '"https://a/todo: add"', '"https://a/todo: add"'],
    ['says that prompt markers were written', 'x\n▮\n', '<|fim_suffix|>go()', '!control-text'],
    ['ends at a prompt marker', 'x\n▮\n', 'go()<|endoftext|>import x', 'go()'],
    ['ends at the marker of another file', 'x\n▮\n', 'go()\n<|file_sep|>b.ts', 'go()'],
  ]),

  'what is typed or stands above': group([
    ['says that only what is typed came back', 'const total▮\n', 'const total', '!repeats-typed'],
    ['goes on after what is typed', 'const total = ▮\n', 'const total = 0;', '0;'],
    ['goes on after a typed call', '  foo.bar(▮\n', 'foo.bar(x)', 'x)'],
    ['lets a single word come twice', 'String▮\n', 'String', '!repeats-typed'],
    ['lets an operator be doubled', 'i+▮\n', '+', '+'],
    ['says that only the line above came back', 'run(first);\n▮\n', 'run(first);', '!repeats-line-above'],
    ['lets a short line come twice', 'a += 1\n▮\n', 'a += 1', 'a += 1'],
    ['keeps more than the line above', 'run(first);\n▮\n', 'run(first);\nrun(other);', 'run(first);\nrun(other);'],
  ]),

  indentation: group([
    [
      'writes tabs in a file of tabs',
      'func f() {\n\t▮\n}\n',
      'if a {\n        b()\n    }',
      'if a {\n\t\tb()\n\t}',
      { language: 'go' },
    ],
    [
      'takes two spaces for a tab where the text does',
      'f() {\n\t▮\n}\n',
      'if (a) {\n    b();\n  }',
      'if (a) {\n\t\tb();\n\t}',
    ],
    [
      'writes spaces in a file of spaces',
      'f() {\n  a();\n  ▮\n}\n',
      'if (a) {\n\t\tb();\n\t}',
      'if (a) {\n    b();\n  }',
    ],
    [
      'writes four spaces where the file does',
      'def f():\n    a()\n    ▮\n',
      'if a:\n\t\tb()',
      'if a:\n        b()',
      PYTHON,
    ],
    [
      'follows the nearest line in a mixed file',
      'a {\n    b\n}\nc {\n\td\n\t▮\n}\n',
      'if (e) {\n        f\n    }',
      'if (e) {\n\t\tf\n\t}',
    ],
    ['leaves spaces behind tabs alone', '\tf() {\n\t\t▮\n\t}\n', '/*\n\t\t * a\n\t\t */', '/*\n\t\t * a\n\t\t */'],
    ['does not indent the first line twice', 'def f():\n    ▮\n', '    return 1', 'return 1', PYTHON],
    [
      'does not indent the first line twice before others',
      'def f():\n    ▮\n',
      '    a = 1\n    return a',
      'a = 1\n    return a',
      PYTHON,
    ],
    [
      'moves a text that is one space too deep',
      'def f():\n    ▮\n',
      ' a = 1\n     return a',
      'a = 1\n    return a',
      PYTHON,
    ],
    ['lets a cursor at the line start be indented', 'def f():\n▮\n', '    return 1', '    return 1', PYTHON],
    [
      'leaves a step deeper under an open line alone',
      'def f():\n▮\n',
      '    if a:\n        b()',
      '    if a:\n        b()',
      PYTHON,
    ],
    [
      'takes a blank line off where the cursor stands on one',
      'def f():\n    ▮\n',
      '\n    return 1',
      'return 1',
      PYTHON,
    ],
    [
      'keeps a blank line that keeps parts apart',
      'def f():\n    pass\n▮\n',
      '\n\ndef g():\n    pass',
      '\n\ndef g():\n    pass',
      PYTHON,
    ],
    ['keeps alignment that is no level', 'f(a,\n  ▮\n', 'b,\n   c)', 'b,\n   c)'],
  ]),

  'line endings': group(
    [
      ['writes the endings of the document', 'x\n▮', 'a\nb', 'a\r\nb'],
      ['reads either ending', 'x\n▮', 'a\r\nb', 'a\r\nb'],
      ['compares without them', 'a()\n▮\nreturn b\n', 'c()\r\nd()\r\nreturn b', 'c()\r\nd()'],
      ['writes them into an indented block', 'if (a) {▮\nb\n', '\n  c();\n}', '\r\n  c();\r\n}'],
    ],
    { lineEnding: '\r\n' },
  ),

  'the selected entry of the suggestion list': group([
    ['goes on after the entry', 'foo.ba▮\n', '(x)', '(x)', { entry: { text: 'bar', typedChars: 2 } }],
    [
      'leaves out a bracket that follows the entry',
      'foo(ba▮)\n',
      '.id)',
      '.id',
      { entry: { text: 'bar', typedChars: 2 } },
    ],
    [
      'fits an entry with brackets of its own',
      'x = lo▮\n',
      ' + 1',
      ' + 1',
      { entry: { text: 'log()', typedChars: 2 } },
    ],
    [
      'does not write the entry again',
      'const ▮\n',
      'total',
      '!repeats-typed',
      { entry: { text: 'total', typedChars: 0 }, document: '▮\nx\n' },
    ],
    [
      'goes on behind a bracket after the entry',
      'if (re▮)\n',
      ') {',
      ') {',
      { entry: { text: 'ready', typedChars: 2 }, replaces: 1 },
    ],
    [
      'drops the next line after the entry',
      'retu▮\nreturn x\n',
      ' x',
      '!repeats-suffix',
      { entry: { text: 'return', typedChars: 4 } },
    ],
  ]),
};
