import assert from 'node:assert/strict';
import { parsePanelRequest, parsePanelUpdate } from '../../../src/tuning/panelMessages.ts';
import { SETTINGS_NOW } from './tuningCases.ts';

describe('parsePanelRequest', () => {
  const accepted: readonly unknown[] = [
    { kind: 'ready' },
    { kind: 'open-settings' },
    { kind: 'show-step', step: 3 },
    { kind: 'show-request', number: 7 },
    { kind: 'set-benchmark', source: 'both' },
    { kind: 'set-trial', changes: { draftTree: true } },
    { kind: 'set-trial', changes: { ...SETTINGS_NOW, acceptanceMode: 'typical', acceptanceThreshold: 0.4 } },
  ];
  for (const message of accepted) {
    it(`takes ${JSON.stringify(message)}`, () => {
      assert.deepEqual(parsePanelRequest(message), message);
    });
  }

  const dropped: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['text', 'ready'],
    ['a list', [{ kind: 'ready' }]],
    ['another kind', { kind: 'run-command', id: 'x' }],
    ['a name that every object has', { kind: 'constructor' }],
    ['a step below the first', { kind: 'show-step', step: -1 }],
    ['half a step', { kind: 'show-step', step: 1.5 }],
    ['a request without a number', { kind: 'show-request' }],
    ['a place that is none', { kind: 'set-benchmark', source: 'everything' }],
    ['a trial without changes', { kind: 'set-trial' }],
    ['a method that is none', { kind: 'set-trial', changes: { ...SETTINGS_NOW, draftMethod: 'guess' } }],
    ['a threshold out of range', { kind: 'set-trial', changes: { ...SETTINGS_NOW, acceptanceThreshold: 2 } }],
    ['a threshold of the wrong type', { kind: 'set-trial', changes: { ...SETTINGS_NOW, acceptanceThreshold: '0.4' } }],
    ['half a token', { kind: 'set-trial', changes: { ...SETTINGS_NOW, draftMaxTokens: 2.5 } }],
    ['a trial that changes nothing', { kind: 'set-trial', changes: { draftTree: undefined } }],
  ];
  for (const [name, message] of dropped) {
    it(`drops ${name}`, () => {
      assert.equal(parsePanelRequest(message), undefined);
    });
  }

  it('passes on nothing beyond what it knows', () => {
    const changes = { ...SETTINGS_NOW, model: '/elsewhere' };
    assert.deepEqual(parsePanelRequest({ kind: 'set-trial', changes, more: 1 }), {
      kind: 'set-trial',
      changes: SETTINGS_NOW,
    });
  });
});

describe('parsePanelUpdate', () => {
  const state = { engine: {}, settings: {}, live: {}, requests: [], trial: {}, benchmark: {} };
  const cases: readonly (readonly [string, unknown, boolean])[] = [
    ['takes a state', { kind: 'state', state }, true],
    ['takes texts', { kind: 'texts', texts: { Live: 'Live' } }, true],
    ['takes a section', { kind: 'go-to', section: 'benchmark' }, true],
    ['drops a state without its parts', { kind: 'state', state: { engine: {} } }, false],
    ['drops texts that are none', { kind: 'texts', texts: { Live: 1 } }, false],
    ['drops a section that is none', { kind: 'go-to', section: '<img>' }, false],
    ['drops what other programs send', { type: 'webpackOk' }, false],
  ];
  for (const [name, message, isTaken] of cases) {
    it(name, () => {
      assert.equal(parsePanelUpdate(message) !== undefined, isTaken);
    });
  }
});
