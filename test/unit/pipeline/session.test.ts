import assert from 'node:assert/strict';
import type { CompletionParameters, CompletionResult, GeneratedText } from '../../../src/inference/protocol.ts';
import type { SelectedEntry } from '../../../src/pipeline/context/insertSelectedEntry.ts';
import { askSuggestion } from '../../../src/pipeline/session/askSuggestion.ts';
import type { RequestSettings } from '../../../src/pipeline/session/completionParameters.ts';
import type { OpenText } from '../../../src/pipeline/session/draftTexts.ts';
import { draftTexts } from '../../../src/pipeline/session/draftTexts.ts';
import type { Feature } from '../../../src/pipeline/session/features.ts';
import type { IdleTask } from '../../../src/pipeline/session/idleWork.ts';
import type { SuggestionEvent } from '../../../src/pipeline/session/suggestionSession.ts';
import { prefillRequest, SuggestionSession, suggestionEvent } from '../../../src/pipeline/session/suggestionSession.ts';
import { grammarsOfCheckout } from '../../support/grammars.ts';
import { snapshotOf } from '../../support/markedText.ts';

const EVERYWHERE = { comments: true, strings: true, prose: true };
const SETTINGS: RequestSettings = {
  maxTokens: 64,
  draftMethod: 'auto',
  draftMaxTokens: 8,
  draftTree: false,
  acceptanceMode: 'exact',
  acceptanceThreshold: 0.1,
};

/** The request of an answer whose request does not matter. */
const REQUEST = new SuggestionSession().buildRequest(snapshotOf('▮'), SETTINGS, []);

function eventAt(marked: string, documentId: string = 'a'): SuggestionEvent {
  return suggestionEvent(snapshotOf(marked, { documentId }));
}

function generated(text: string, stopReason = 'line-end'): CompletionResult {
  return {
    kind: 'generated',
    generated: {
      text,
      stopReason,
      tokens: 3,
      promptTokens: 10,
      freshTokens: 1,
      forwards: 3,
      meanLogProbability: -0.1,
      ms: { queued: 0, prefill: 1, draft: 0, verify: 2, total: 3 },
      perStep: [],
    },
  };
}

/** A session in which a text was suggested at a place. */
function sessionAfter(event: SuggestionEvent, text: string): SuggestionSession {
  const session = new SuggestionSession();
  assert.equal(session.conclude(event, REQUEST, generated(text), 0).kind, 'suggestion');
  return session;
}

/** The decision in short: the text it goes on with, the reason it refuses for, or `request`. */
function decisionOf(session: SuggestionSession, event: SuggestionEvent, suggestIn = EVERYWHERE): string {
  const decision = session.decide(event, suggestIn);
  switch (decision.kind) {
    case 'continue':
      return `continue ${decision.suggestion.text}`;
    case 'refuse':
      return `refuse ${decision.refusal.reason}`;
    default:
      return decision.kind;
  }
}

describe('a session of suggestions', () => {
  const shownAt = eventAt('let total = ▮\n');
  const decisions: readonly (readonly [name: string, event: SuggestionEvent, decision: string])[] = [
    ['goes on with what is shown at the same place', shownAt, 'continue sum(items);'],
    ['goes on while it is typed', eventAt('let total = sum▮\n'), 'continue (items);'],
    ['asks when something else is typed', eventAt('let total = so▮\n'), 'request'],
    ['asks when it is taken back further', eventAt('let total =▮\n'), 'request'],
    ['asks in another document', eventAt('let total = ▮\n', 'b'), 'request'],
    [
      'is quiet where the whole of it ended a statement',
      eventAt('let total = sum(items);▮\n'),
      'refuse statement-ended',
    ],
  ];
  for (const [name, event, decision] of decisions) {
    it(name, () => {
      assert.equal(decisionOf(sessionAfter(shownAt, 'sum(items);'), event), decision);
    });
  }

  it('asks at first', () => {
    assert.equal(decisionOf(new SuggestionSession(), shownAt), 'request');
  });

  it('is quiet in the places that the settings name, unless it is asked', () => {
    const inComment = snapshotOf('// the ▮\n');
    const quiet = { ...EVERYWHERE, comments: false };
    const session = new SuggestionSession();
    assert.equal(decisionOf(session, suggestionEvent(inComment), quiet), 'refuse inside-comment');
    assert.equal(decisionOf(session, suggestionEvent(inComment, { isExplicit: true }), quiet), 'request');
  });

  it('asks again where something was suggested before the settings changed', () => {
    const session = sessionAfter(shownAt, 'sum(items);');
    session.forgetSuggestions();
    assert.equal(decisionOf(session, shownAt), 'request');
  });

  it('keeps the prompt of a document while it is typed on, also after a visit elsewhere', () => {
    const session = new SuggestionSession();
    const lines = 'const a = 1;\n'.repeat(9);
    const request = (marked: string, documentId: string) =>
      session.buildRequest(snapshotOf(marked, { documentId }), SETTINGS, []).prompt;
    const first = request(`${lines}▮\n`, 'a');
    request('let b▮\n', 'b');
    const second = request(`${lines}let c = 3;\nlet d▮\n`, 'a');
    assert.deepEqual([second.prefix, second.suffix], [first.prefix, first.suffix]);
    assert.equal(second.tail, `${first.tail}let c = 3;\nlet d`);
  });

  it('requests what the settings and the place say', () => {
    const others: readonly OpenText[] = [{ path: 'b.ts', readStart: () => 'other' }];
    const request = new SuggestionSession().buildRequest(snapshotOf('f(▮);\n'), SETTINGS, others);
    assert.deepEqual(
      { ...request, prompt: undefined },
      {
        ...SETTINGS,
        documentId: 'file:///sample',
        prompt: undefined,
        heal: true,
        singleLine: true,
        allowsCodeFence: false,
        stopRules: true,
        remember: true,
        draftTexts: ['other'],
      },
    );
  });

  it('asks for single lines where one line is allowed, and passes limits on', () => {
    const requestWith = (changes: Partial<RequestSettings>) =>
      new SuggestionSession().buildRequest(snapshotOf('if (a) {▮\n'), { ...SETTINGS, ...changes }, []);
    assert.deepEqual(
      [1, 2].map((maxLines) => requestWith({ maxLines })).map(({ singleLine, maxLines }) => [singleLine, maxLines]),
      [
        [true, 1],
        [false, 2],
      ],
    );
    assert.equal(requestWith({ draftStopConfidence: 0.5 }).draftStopConfidence, 0.5);
  });

  it('reads no other text when nothing is drafted', () => {
    const readStart = (): string => assert.fail('nothing is to be read');
    const settings = { ...SETTINGS, draftMethod: 'off' } as const;
    const others = [{ path: 'b.ts', readStart }];
    assert.deepEqual(new SuggestionSession().buildRequest(snapshotOf('f(▮);\n'), settings, others).draftTexts, []);
  });

  it('prefills with the prompt of the request, one token and no drafts', () => {
    const request = new SuggestionSession().buildRequest(snapshotOf('f(▮);\n'), SETTINGS, []);
    const { maxTokens, draftMethod, remember, prompt } = prefillRequest(request);
    assert.deepEqual([maxTokens, draftMethod, remember, prompt], [1, 'off', false, request.prompt]);
  });

  const results: readonly (readonly [result: CompletionResult, outcome: string])[] = [
    [generated('sum(items);'), 'suggestion'],
    [generated(''), 'empty'],
    [{ kind: 'not-loaded' }, 'engine-not-ready'],
    [{ kind: 'failed', message: 'out of memory' }, 'engine-failed'],
    [{ kind: 'prompt-too-long', message: 'too long' }, 'prompt-too-long'],
    [{ kind: 'cancelled', stage: 'decode' }, 'cancelled'],
    [{ kind: 'superseded', stage: 'queued' }, 'superseded'],
  ];
  for (const [result, expected] of results) {
    it(`ends a request that was ${result.kind} as ${expected}`, () => {
      const outcome = new SuggestionSession().conclude(shownAt, REQUEST, result, 0);
      assert.equal(outcome.kind === 'suggestion' ? 'suggestion' : outcome.reason, expected);
    });
  }

  it('forgets nothing when a request ends without a suggestion', () => {
    const session = sessionAfter(shownAt, 'sum(items);');
    session.conclude(shownAt, REQUEST, { kind: 'cancelled', stage: 'decode' }, 0);
    assert.equal(decisionOf(session, eventAt('let total = s▮\n')), 'continue um(items);');
  });

  describe('with a grammar', () => {
    const wrong = 'first second;';

    async function sessionWithGrammars(without: readonly Feature[] = []): Promise<SuggestionSession> {
      const parsers = grammarsOfCheckout();
      await parsers.load('typescript');
      return new SuggestionSession({ parsers, without: new Set(without) });
    }

    it('suggests no syntax error, and what is right goes on while it is typed', async () => {
      const session = await sessionWithGrammars();
      const outcome = session.conclude(shownAt, REQUEST, generated(wrong), 0);
      assert.equal(outcome.kind === 'no-suggestion' && outcome.reason, 'syntax-error');
      assert.equal(session.conclude(shownAt, REQUEST, generated('first + second;'), 0).kind, 'suggestion');
      assert.equal(decisionOf(session, eventAt('let total = fi▮\n')), 'continue rst + second;');
    });

    it('prepares no syntax error', async () => {
      const session = await sessionWithGrammars();
      session.buildRequest(shownAt.snapshot, SETTINGS, []);
      session.decide(shownAt, EVERYWHERE);
      session.conclude(shownAt, REQUEST, generated('a +'), 0);
      const settings = { ...SETTINGS, suggestIn: EVERYWHERE, quietness: 0 };
      const task = session.idleTask(settings, [], false)!;
      assert.equal(task.kind, 'next');
      session.concludeIdle(task, generated(' = = b;'), 0);
      assert.equal(decisionOf(session, eventAt('let total = a +▮\n')), 'request');
    });

    it('brings up no syntax error among the alternatives', async () => {
      const session = await sessionWithGrammars();
      const shown = session.conclude(shownAt, REQUEST, generated('first;'), 0);
      assert.ok(shown.kind === 'suggestion');
      const others = session.concludeAlternatives(shownAt, shown, [generated(wrong), generated('second;')]);
      assert.deepEqual(
        others.map(({ text }) => text),
        ['second;'],
      );
    });

    it('checks nothing when that is left out, nor before the grammar is there', async () => {
      const without = await sessionWithGrammars(['syntax']);
      const early = new SuggestionSession({ parsers: grammarsOfCheckout() });
      for (const session of [without, early]) {
        assert.equal(session.conclude(shownAt, REQUEST, generated(wrong), 0).kind, 'suggestion');
      }
    });

    it('asks for the grammar with the request, so that it is there with the answer', () => {
      const asked: string[] = [];
      const parsers = {
        parserFor: (languageId: string) => {
          asked.push(languageId);
          return undefined;
        },
      };
      const session = new SuggestionSession({ parsers });
      assert.deepEqual(asked, []);
      session.buildRequest(shownAt.snapshot, SETTINGS, []);
      assert.deepEqual(asked, ['typescript']);
    });
  });

  describe('when the model is not sure', () => {
    const unsure: CompletionResult = {
      kind: 'generated',
      generated: {
        ...(generated('sum(items);') as { generated: GeneratedText }).generated,
        firstLineLogProbability: Math.log(0.1),
      },
    };

    for (const [name, session, event, quietness, outcome] of [
      ['shows nothing where more is wanted', new SuggestionSession(), shownAt, 20, 'not-confident'],
      ['shows it where that is enough', new SuggestionSession(), shownAt, 5, 'suggestion'],
      ['shows it to whoever asks', new SuggestionSession(), { ...shownAt, isExplicit: true }, 20, 'suggestion'],
      [
        'shows it when that is left out',
        new SuggestionSession({ without: new Set(['quietness'] as const) }),
        shownAt,
        20,
        'suggestion',
      ],
    ] as const) {
      it(name, () => {
        const concluded = session.conclude(event, REQUEST, unsure, quietness);
        assert.equal(concluded.kind === 'suggestion' ? 'suggestion' : concluded.reason, outcome);
      });
    }
  });

  describe('with alternatives', () => {
    it('asks for texts drawn from the model, that no later draft is copied from', () => {
      const requests = new SuggestionSession().alternativeRequests(shownAt, SETTINGS, []);
      assert.deepEqual(
        requests.map(({ sampling, remember }) => [sampling?.seed, remember]),
        [
          [1, false],
          [2, false],
        ],
      );
    });

    it('gives each other text once, and goes on with whichever is typed', () => {
      const session = sessionAfter(shownAt, 'sum(items);');
      const shown = { kind: 'suggestion', text: 'sum(items);', replaceChars: 0 } as const;
      const results = [generated('sum(items);'), generated('max(items);'), generated('max(items);'), generated('')];
      const alternatives = session.concludeAlternatives(shownAt, shown, results);
      assert.deepEqual(
        alternatives.map(({ text }) => text),
        ['max(items);'],
      );
      assert.equal(decisionOf(session, shownAt), 'continue sum(items);');
      assert.equal(decisionOf(session, eventAt('let total = m▮\n')), 'continue ax(items);');
    });
  });

  describe('with a suggestion that is shown before it is whole', () => {
    const settings = { ...SETTINGS, firstTextMs: 60, suggestIn: EVERYWHERE, quietness: 0 };
    /** A session that shows the beginning of a suggestion. */
    const beginning = (): SuggestionSession => {
      const session = new SuggestionSession();
      session.decide(shownAt, EVERYWHERE);
      const request = session.buildRequest(shownAt.snapshot, settings, []);
      session.conclude(shownAt, request, generated('sum(', 'first-text'), 0);
      return session;
    };
    const restOf = (session: SuggestionSession): IdleTask => {
      const task = session.idleTask(settings, [], false);
      assert.equal(task?.kind, 'rest');
      return task!;
    };

    it('asks for the whole first, by the same request', () => {
      const session = beginning();
      const { request } = restOf(session);
      const first = new SuggestionSession().buildRequest(shownAt.snapshot, settings, []);
      assert.deepEqual({ ...request, firstTextMs: 60 }, { ...first, isIdle: true });
      assert.equal('firstTextMs' in request, false);
    });

    it('shows the whole where it stands or was typed along, and then prepares what follows', () => {
      for (const place of [shownAt, eventAt('let total = su▮\n'), eventAt('let total = sum(▮\n')]) {
        const session = beginning();
        const task = restOf(session);
        decisionOf(session, place);
        const grown = session.concludeIdle(task, generated('sum(items);'), 0);
        assert.equal(grown?.is?.suggestion.text, 'sum(items);');
        const typed = place.snapshot.offset - shownAt.snapshot.offset;
        const decision = session.decide(place, EVERYWHERE);
        assert.ok(decision.kind === 'continue' && decision.account?.isGrown);
        assert.deepEqual(
          [decision.suggestion.text, decision.account.generated.forwards, decision.account.generated.ms.total],
          ['sum(items);'.slice(typed), 6, 6],
        );
        assert.equal(session.idleTask(settings, [], false)?.kind, 'next');
      }
    });

    it('goes on with the rest when the beginning was accepted whole', () => {
      const session = beginning();
      session.rest(eventAt('let total = sum(▮\n').snapshot);
      restOf(session);
    });

    it('leaves the rest alone once something else is typed', () => {
      const session = beginning();
      assert.equal(decisionOf(session, eventAt('let total = m▮\n')), 'request');
      assert.equal(session.idleTask(settings, [], false), undefined);
    });

    for (const [name, result] of [
      ['is no more than the beginning', generated('sum(')],
      ['did not come', { kind: 'cancelled', stage: 'decode' }],
    ] as const) {
      it(`keeps the beginning where the whole ${name}`, () => {
        const session = beginning();
        assert.equal(session.concludeIdle(restOf(session), result, 0), undefined);
        assert.equal(decisionOf(session, shownAt), 'continue sum(');
        assert.equal(session.idleTask(settings, [], false)?.kind, result.kind === 'generated' ? 'next' : 'rest');
      });
    }

    it('takes the beginning back where the whole is not to be shown', () => {
      const session = beginning();
      const gone = session.concludeIdle(restOf(session), generated(''), 0);
      assert.deepEqual([gone?.was.suggestion.text, gone?.is], ['sum(', undefined]);
      assert.equal(decisionOf(session, shownAt), 'request');
      assert.equal(session.idleTask(settings, [], false), undefined);
    });

    it('asks for the whole where a command asks, and after an accept of what only looks like a statement', () => {
      const session = beginning();
      assert.equal(decisionOf(session, { ...shownAt, isExplicit: true }), 'request');
      const request = session.buildRequest(shownAt.snapshot, settings, []);
      session.conclude(shownAt, request, generated('sum();', 'first-text'), 0);
      assert.equal(decisionOf(session, eventAt('let total = sum();▮\n')), 'request');
      session.concludeIdle(restOf(session), generated('sum();'), 0);
      assert.equal(decisionOf(session, eventAt('let total = sum();▮\n')), 'refuse statement-ended');
    });

    it('has until the deadline of both requests', () => {
      const session = new SuggestionSession();
      session.decide(shownAt, EVERYWHERE);
      const request = session.buildRequest(shownAt.snapshot, { ...settings, deadlineMs: 800 }, []);
      session.conclude(shownAt, request, generated('sum(', 'first-text'), 0);
      assert.equal(restOf(session).request.deadlineMs, 797);
    });

    for (const [name, changes] of [
      ['confidence in the whole line is wanted', { quietness: 1 }],
      ['the whole might come out otherwise', { acceptanceMode: 'typical' }],
    ] as const) {
      it(`is not asked for where ${name}`, () => {
        const built = new SuggestionSession().buildRequest(shownAt.snapshot, { ...settings, ...changes }, []);
        assert.equal('firstTextMs' in built, false);
      });
    }

    it('asks for the whole at once where the beginning is nothing to show', async () => {
      for (const [first, whole, asked] of [
        ['sum(', 'not asked for', ['first']],
        ['let total = ', 'sum(items);', ['first', 'whole']],
      ] as const) {
        const session = new SuggestionSession();
        const request = session.buildRequest(shownAt.snapshot, settings, []);
        const requests: string[] = [];
        const ask = async (sent: CompletionParameters): Promise<CompletionResult> => {
          requests.push(sent.firstTextMs === undefined ? 'whole' : 'first');
          return sent.firstTextMs === undefined ? generated(whole) : generated(first, 'first-text');
        };
        const { outcome } = await askSuggestion(session, {
          event: shownAt,
          request,
          quietness: 0,
          isAutomatic: true,
          ask,
        });
        assert.equal(outcome.kind === 'suggestion' && outcome.text, asked.length === 1 ? first : whole);
        assert.deepEqual(requests, asked);
      }
    });
  });

  describe('in idle time', () => {
    const settings = { ...SETTINGS, suggestIn: EVERYWHERE, quietness: 0 };
    const taskOf = (session: SuggestionSession, isResting = false): string | undefined => {
      const task = session.idleTask(settings, [], isResting);
      return task && `${task.kind} ${task.event.snapshot.text.slice(0, task.event.snapshot.offset)}▮`;
    };
    /** A session that has asked, got and shown a suggestion at a place. */
    const showing = (marked: string, text: string, without: readonly Feature[] = []): SuggestionSession => {
      const session = new SuggestionSession({ without: new Set(without) });
      const event = eventAt(marked);
      session.decide(event, EVERYWHERE);
      session.buildRequest(event.snapshot, SETTINGS, []);
      session.conclude(event, REQUEST, generated(text), 0);
      return session;
    };

    for (const [name, session, task] of [
      ['has nothing to do at first', new SuggestionSession(), undefined],
      ['prepares what follows the shown suggestion', showing('let a = ▮\n', 'max('), 'next let a = max(▮'],
      ['prepares the next line after a statement', showing('  let a = ▮\n', 'b;'), 'next   let a = b;\n  ▮'],
      ['prepares nothing when that is left out', showing('let a = ▮\n', 'max(', ['next']), undefined],
      [
        'prepares nothing that would cost the cache of this place',
        showing(`${'x = 1;\n'.repeat(37)}if (a) ▮\n`, '{\n  b;\n  c;\n}'.repeat(20)),
        undefined,
      ],
    ] as const) {
      it(name, () => {
        assert.equal(taskOf(session), task);
      });
    }

    it('prepares once, and shows that to whoever gets there', () => {
      const session = showing('let a = ▮\n', 'max(');
      session.concludeIdle(session.idleTask(settings, [], false)!, generated('b, c);'), 0);
      assert.equal(taskOf(session), undefined);
      const there = eventAt('let a = max(▮\n');
      const decision = session.decide(there, EVERYWHERE);
      assert.deepEqual(decision.kind === 'continue' && [decision.suggestion.text, decision.account !== undefined], [
        'b, c);',
        true,
      ]);
      assert.equal(decisionOf(session, eventAt('let a = max(b▮\n')), 'continue , c);');
    });

    it('still knows the shown suggestion after the next one was prepared', () => {
      const session = showing('let a = ▮\n', 'max(', ['history']);
      session.concludeIdle(session.idleTask(settings, [], false)!, generated('b, c);'), 0);
      assert.equal(decisionOf(session, eventAt('let a = m▮\n')), 'continue ax(');
    });

    it('reads around the cursor where it rests, once', () => {
      const session = new SuggestionSession();
      session.rest(snapshotOf('let a▮\n'));
      assert.equal(taskOf(session), undefined);
      assert.equal(taskOf(session, true), 'warm let a▮');
      const task = session.idleTask(settings, [], true)!;
      assert.deepEqual([task.request.maxTokens, task.request.isIdle], [1, true]);
      session.concludeIdle(task, generated(''), 0);
      assert.equal(taskOf(session, true), undefined);
    });

    it('reads more once a small window is read, and goes on from that', () => {
      const session = new SuggestionSession();
      session.setPrefillSpeed(50);
      const lines = 'const a = 1;\n'.repeat(100);
      session.rest(snapshotOf(`${lines}▮\n${lines}`));
      const small = session.idleTask(settings, [], true)!;
      session.concludeIdle(small, generated(''), 0);
      const large = session.idleTask(settings, [], true)!;
      assert.deepEqual([small.kind, large.kind], ['warm', 'move']);
      assert.deepEqual(
        [small.request.replacesCache, large.request.replacesCache],
        [undefined, small.request.documentId],
      );
      assert.ok(large.request.prompt.prefix.length > 2 * small.request.prompt.prefix.length);
      session.concludeIdle(large, generated(''), 0);
      assert.equal(taskOf(session, true), undefined);
      const next = session.buildRequest(snapshotOf(`${lines}x▮\n${lines}`), SETTINGS, []);
      assert.deepEqual([next.documentId, next.prompt.prefix], [large.request.documentId, large.request.prompt.prefix]);
    });

    it('learns how fast prompts are read', () => {
      const session = new SuggestionSession();
      const answer = generated('') as Extract<CompletionResult, { kind: 'generated' }>;
      const ms = { ...answer.generated.ms, prefill: 4000 };
      session.conclude(
        shownAt,
        REQUEST,
        { kind: 'generated', generated: { ...answer.generated, freshTokens: 400, ms } },
        0,
      );
      const lines = 'const a = 1;\n'.repeat(100);
      const { prompt } = session.buildRequest(snapshotOf(`${lines}▮\n${lines}`), SETTINGS, []);
      assert.ok(prompt.prefix.length + prompt.tail.length < 500);
    });

    it('reads again what was interrupted', () => {
      const session = new SuggestionSession();
      session.rest(snapshotOf('let a▮\n'));
      session.concludeIdle(session.idleTask(settings, [], true)!, { kind: 'cancelled', stage: 'prefill' }, 0);
      assert.equal(taskOf(session, true), 'warm let a▮');
    });
  });

  describe('with an entry selected in the suggestion list', () => {
    const entry: SelectedEntry = { text: 'barrel', start: 4, end: 6 };
    const inDocument = snapshotOf('foo.ba▮\n');

    it('asks what follows the entry', () => {
      const { snapshot } = suggestionEvent(inDocument, { entry });
      assert.deepEqual([snapshot.text, snapshot.offset], ['foo.barrel\n', 10]);
    });

    it('goes on typing along with and without it', () => {
      const session = sessionAfter(suggestionEvent(inDocument, { entry }), '.roll();');
      const typed = snapshotOf('foo.bar▮\n');
      assert.equal(decisionOf(session, suggestionEvent(typed)), 'continue rel.roll();');
      assert.equal(decisionOf(session, suggestionEvent(typed, { entry: { ...entry, end: 7 } })), 'continue .roll();');
    });
  });
});

describe('texts that drafts are copied from', () => {
  const file = (path: string, text: string): OpenText => ({ path, readStart: (chars) => text.slice(0, chars) });

  it('are those of the other documents, in their order and with line feeds only', () => {
    assert.deepEqual(draftTexts([file('b.ts', 'x\r\ny'), file('a.ts', 'z')]), ['x\ny', 'z']);
  });

  it('leave out files that may hold secrets, unread', () => {
    const secret = {
      path: '.env',
      readStart: (): string => {
        throw new Error('was read');
      },
    };
    assert.deepEqual(draftTexts([secret, file('a.ts', 'z')]), ['z']);
  });

  it('are few, and not long', () => {
    const texts = draftTexts(Array.from({ length: 20 }, (_, index) => file(`${index}.ts`, 'x'.repeat(20_000))));
    assert.deepEqual(
      texts.map(({ length }) => length),
      Array.from({ length: 6 }, () => 16_000),
    );
  });
});
