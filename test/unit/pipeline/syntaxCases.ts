/** What a grammar makes of a suggestion: what is shown of it, or `!` and the reason why nothing is. */
export interface SyntaxCase {
  readonly name: string;
  /** Cursor as `▮`. */
  readonly document: string;
  readonly generated: string;
  readonly shown: string;
  readonly language: string;
  readonly stopReason?: string;
  readonly lineEnding?: '\r\n';
}

type Row = readonly [name: string, document: string, generated: string, shown: string, more?: Partial<SyntaxCase>];

function inLanguage(language: string, rows: readonly Row[]): readonly SyntaxCase[] {
  return rows.map(([name, document, generated, shown, more]) => ({
    name: `${language}: ${name}`,
    language,
    document,
    generated,
    shown,
    ...more,
  }));
}

const NONE = '!syntax-error';

export const SYNTAX_CASES: Readonly<Record<string, readonly SyntaxCase[]>> = {
  'drops what fits nowhere': [
    ...inLanguage('typescript', [
      ['prose', 'const a = 1;\n▮\n', 'first we count the items', NONE],
      ['two operands side by side', 'const a = 1;\nconst b = ▮\n', 'first second;', NONE],
      ['a bracket of the wrong kind', 'const a = f(▮\n', 'x[0);', NONE],
      ['a string that its line does not end', 'const a = 1;\n▮\n', "const b = 'it;", NONE],
      ['an operator too many', 'if (▮) {\n}\n', 'a === = b', NONE],
      ['Python', 'function f() {\n  ▮\n}\n', 'def total(self, items):', NONE],
      ['behind an emoji', "const face = '😀😀';\nconst b = ▮\n", 'first second;', NONE],
    ]),
    ...inLanguage('typescriptreact', [
      ['a tag with a broken attribute', 'const a = <p>▮</p>;\n', '<b class=>x</b>', NONE],
    ]),
    ...inLanguage('javascript', [['a type', 'const a = 1;\n▮\n', 'let b: = number;', NONE]]),
    ...inLanguage('python', [
      ['prose', 'a = 1\n▮\n', 'first we count the items', NONE],
      ['a statement of another language', 'def f():\n    ▮\n', 'const x = f() as any;', NONE],
      ['two operands side by side', 'a = ▮\n', 'first second', NONE],
      ['an operator too many', 'total = ▮\n', '1 + * 2', NONE],
    ]),
    ...inLanguage('go', [
      ['a keyword of another language', 'package a\n\nfunc f() {\n\t▮\n}\n', 'let total = 0 as int', NONE],
      ['two operands side by side', 'package a\n\nfunc f() {\n\tx := ▮\n}\n', 'first second', NONE],
    ]),
    ...inLanguage('rust', [
      ['two operands side by side', 'fn f() {\n    let x = ▮\n}\n', 'first second;', NONE],
      ['a keyword of another language', 'fn f() {\n    ▮\n}\n', 'const auto& item : items;', NONE],
    ]),
    ...inLanguage('java', [
      [
        'a keyword of another language',
        'class A {\n    void f() {\n        ▮\n    }\n}\n',
        'def total = sum for x in y;',
        NONE,
      ],
      ['an operator too many', 'class A {\n    int a = ▮\n}\n', '1 + * 2;', NONE],
    ]),
    ...inLanguage('csharp', [
      [
        'two operands side by side',
        'class A {\n    void F() {\n        var x = ▮\n    }\n}\n',
        'first second third;',
        NONE,
      ],
    ]),
    ...inLanguage('cpp', [['an operator too many', 'int f() {\n    return ▮\n}\n', '1 + / 2;', NONE]]),
    ...inLanguage('php', [['two operands side by side', '<?php\n$a = ▮\n', '$first $second;', NONE]]),
    ...inLanguage('ruby', [['an operator too many', 'def f\n  x = ▮\nend\n', '1 + * / 2', NONE]]),
    ...inLanguage('css', [['code', '.a {\n  ▮\n}\n', 'if (a) b = c;', NONE]]),
  ],

  'keeps the lines above the error': [
    ...inLanguage('typescript', [
      ['the first', 'function f() {\n  ▮\n}\n', 'const a = 1;\n  const b = = 2;', 'const a = 1;'],
      [
        'the first two',
        'function f() {\n  ▮\n}\n',
        'const a = 1;\n  g(a);\n  return return a;',
        'const a = 1;\n  g(a);',
      ],
      [
        'without a header whose block is wrong',
        'function f() {\n  ▮\n}\n',
        'g();\n  if (a) {\n    b c d;\n  }',
        'g();',
      ],
      [
        'with the line endings of the file',
        'function f() {\n  ▮\n}\n',
        'const a = 1;\n  const b = = 2;\n  g();',
        'const a = 1;',
        { lineEnding: '\r\n' },
      ],
    ]),
    ...inLanguage('python', [
      ['the first', 'def f():\n    ▮\n', 'a = 1\n    b = = 2', 'a = 1'],
      ['below an emoji', 'def f():\n    ▮\n', "a = '😀'\n    b = = 2", "a = '😀'"],
      ['indented by tabs', 'def f():\n\t▮\n', 'a = 1\n\tb = = 2', 'a = 1'],
    ]),
    ...inLanguage('go', [['the first', 'package a\n\nfunc f() {\n\t▮\n}\n', 'a := 1\n\tb := := 2', 'a := 1']]),
    ...inLanguage('java', [
      [
        'the first',
        'class A {\n    void f() {\n        ▮\n    }\n}\n',
        'int a = 1;\n        int b = = 2;',
        'int a = 1;',
      ],
    ]),
  ],

  'keeps what is unfinished': [
    ...inLanguage('typescript', [
      ['a header', 'f();\n▮\n', 'if (a) {', 'if (a) {'],
      [
        'a header with a part of its block',
        'f();\n▮\n',
        'for (const a of b) {\n  g(a);',
        'for (const a of b) {\n  g(a);',
      ],
      ['a method', 'class A {\n  ▮\n}\n', 'run(a: string): void {', 'run(a: string): void {'],
      ['an argument list', 'f();\n▮\n', 'const a = g(b,', 'const a = g(b,'],
      ['an operator at its end', 'f();\n▮\n', 'const a = b +', 'const a = b +'],
      ['a try', 'f();\n▮\n', 'try {\n  g();', 'try {\n  g();'],
      ['a comment', 'f();\n▮\n', '/** What', '/** What'],
      ['a statement without its semicolon', 'f();\n▮\n', 'const a = 1', 'const a = 1'],
      ['a type argument', 'type A = ▮', 'Pick<', 'Pick<'],
      ['an import', 'import {▮', ' a ', ' a'],
      ['a regular expression', 'const a = /b(▮', 'c|d', 'c|d'],
      ['a chain', 'const a = b\n  ▮\n', '.map((c) => c.d)', '.map((c) => c.d)'],
      ['text at the end of a file', 'class A {\n  f() {\n    if (a) {\n      ▮', 'return [b];', 'return [b];'],
    ]),
    ...inLanguage('python', [
      ['a header', 'a = 1\n▮\n', 'for b in c:', 'for b in c:'],
      ['a decorator', 'class A:\n    ▮\n', '@property', '@property'],
      ['a try', 'a = 1\n▮\n', 'try:\n    b()', 'try:\n    b()'],
      ['an open bracket', 'a = 1\n▮\n', 'b = c(', 'b = c('],
      ['an item of a list that nothing closes', 'a = f(\n    ▮\nb = 1\n', "'c'", "'c'"],
      ['a text of several lines', 'def f():\n    ""▮\n', '"What', '"What'],
      ['a key', 'a = {\n    ▮\n}\n', "'b': [c, d],", "'b': [c, d],"],
    ]),
    ...inLanguage('go', [['a header', 'package a\n\nfunc f() {\n\t▮\n}\n', 'if err != nil {', 'if err != nil {']]),
    ...inLanguage('rust', [
      ['a match', 'fn f() {\n    ▮\n}\n', 'match x {\n        Some(a) => b,', 'match x {\n        Some(a) => b,'],
    ]),
    ...inLanguage('java', [['an annotation', 'class A {\n    ▮\n}\n', '@Override', '@Override']]),
    ...inLanguage('csharp', [
      ['a head whose bracket comes next', 'class A\n{\n    ▮\n}\n', 'public void F(int a)', 'public void F(int a)'],
    ]),
    ...inLanguage('ruby', [['a block', 'x = 1\n▮\n', 'list.each do |a|', 'list.each do |a|']]),
    ...inLanguage('cpp', [
      [
        'a try',
        'int f() {\n    ▮',
        'if (a) {\n        try {\n            b();',
        'if (a) {\n        try {\n            b();',
      ],
    ]),
    ...inLanguage('java', [
      [
        'a try',
        'class A {\n    void f() {\n        ▮',
        'while (a) {\n            try {',
        'while (a) {\n            try {',
      ],
    ]),
    ...inLanguage('css', [
      ['a selector', '.a { color: red; }\n▮\n', '.b {', '.b {'],
      ['a list of selectors', '.a { color: red; }\n▮\n', '.b,', '.b,'],
    ]),
  ],

  'does not judge': [
    ...inLanguage('typescript', [
      ['where the code above has errors', 'const a = = 1;\n▮\n', 'first second', 'first second'],
      ['prose in a comment', '// ▮\n', 'first second third', 'first second third'],
      ['text in a string', "const a = '▮'\n", 'first second', 'first second'],
      ['in a line of minified code', `${'f(a);'.repeat(3000)}▮\n`, 'first second', 'first second'],
    ]),
    ...inLanguage('cpp', [
      ['what may be a macro', 'int f();\n▮\n', 'MY_EXPORT MY_CALL int g();', 'MY_EXPORT MY_CALL int g();'],
    ]),
    ...inLanguage('html', [['markup, which has no grammar', '<p>▮</p>\n', '<b <i> x', '<b <i> x']]),
    ...inLanguage('shellscript', [['a script, whose grammar is not sure', 'a=1\n▮\n', 'for i do', 'for i do']]),
    ...inLanguage('vue', [['a language that nobody knows', '<template>▮\n', '<b <i> x', '<b <i> x']]),
    ...inLanguage('plaintext', [['plain text', 'Some ▮\n', 'first second', 'first second']]),
    ...inLanguage('python', [
      ['in a notebook with a magic above', '%matplotlib inline\na = ▮\n', 'first second', 'first second'],
    ]),
  ],
};
