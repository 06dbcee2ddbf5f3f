import assert from 'node:assert/strict';
import type { CompletionResult } from '../../../src/inference/protocol.ts';
import { planPrompt } from '../../../src/pipeline/prompt/planPrompt.ts';
import { completionParameters } from '../../../src/pipeline/session/completionParameters.ts';
import type { IdleTask } from '../../../src/pipeline/session/idleWork.ts';
import { IdleWork } from '../../../src/pipeline/session/idleWork.ts';
import { suggestionEvent } from '../../../src/pipeline/session/suggestionSession.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';
import { snapshotOf } from '../../support/markedText.ts';

function taskAt(marked: string): IdleTask {
  const snapshot = snapshotOf(marked);
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { default: value }]) => [name, value]));
  const request = completionParameters(snapshot, planPrompt(snapshot, undefined), 'block', settings as never);
  return { kind: 'warm', event: suggestionEvent(snapshot), request };
}

/** Idle work over a list of tasks, with every step in the order in which it happened. */
function workOver(tasks: (IdleTask | undefined)[]) {
  const steps: string[] = [];
  const answers: ((result: CompletionResult) => void)[] = [];
  const work = new IdleWork({
    nextTask: () => tasks[0],
    send: ({ prompt }) => {
      steps.push(`send ${prompt.tail}`);
      return {
        result: new Promise<CompletionResult>((resolve) => answers.push(resolve)),
        cancel: () => steps.push(`cancel ${prompt.tail}`),
      };
    },
    onResult: ({ event }, { kind }) => {
      steps.push(`${kind} ${event.snapshot.text}`);
      tasks.shift();
    },
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const answer = (result: CompletionResult): Promise<void> => {
    answers.shift()!(result);
    return settle();
  };
  return { work, steps, answer };
}

const GENERATED = { kind: 'generated' } as CompletionResult;

describe('idle work', () => {
  it('goes from task to task until none is left', async () => {
    const { work, steps, answer } = workOver([taskAt('a▮'), taskAt('b▮')]);
    work.run();
    await answer(GENERATED);
    await answer(GENERATED);
    work.run();
    assert.deepEqual(steps, ['send a', 'generated a', 'send b', 'generated b']);
  });

  it('leaves alone what is still the best', () => {
    const { work, steps } = workOver([taskAt('a▮')]);
    work.run();
    work.run();
    assert.deepEqual(steps, ['send a']);
  });

  it('leaves what is under way for something better', () => {
    const tasks = [taskAt('a▮')];
    const { work, steps } = workOver(tasks);
    work.run();
    tasks.unshift(taskAt('b▮'));
    work.run();
    assert.deepEqual(steps, ['send a', 'cancel a', 'send b']);
  });

  it('ends when it is stopped, and begins anew only when it is told to', async () => {
    const { work, steps, answer } = workOver([taskAt('a▮'), taskAt('b▮')]);
    work.run();
    work.stop();
    await answer({ kind: 'cancelled', stage: 'prefill' });
    assert.deepEqual(steps, ['send a', 'cancel a', 'cancelled a']);
  });

  it('does not try again at once what the engine refused', async () => {
    const { work, steps, answer } = workOver([taskAt('a▮'), taskAt('b▮')]);
    work.run();
    await answer({ kind: 'not-loaded' });
    assert.deepEqual(steps, ['send a', 'not-loaded a']);
  });
});
