import assert from 'node:assert/strict';
import type { Job } from '../../../src/inference/worker/requestQueue.ts';
import { RequestQueue } from '../../../src/inference/worker/requestQueue.ts';

/** A queue of jobs that end when told to, with a log of what ran. */
function createScene() {
  const queue = new RequestQueue<string>();
  const started: string[] = [];
  const running = new Map<string, { readonly job: Job; readonly end: () => void }>();
  const submit = (documentId: string, name: string) =>
    queue.submit(
      documentId,
      (job) => {
        started.push(name);
        return new Promise((resolve) => {
          running.set(name, { job, end: () => resolve(job.stopCause ?? 'done') });
        });
      },
      (cause) => `${cause} while waiting`,
    );
  return { submit, started, running };
}

describe('RequestQueue', () => {
  it('runs one job at a time, in order', async () => {
    const { submit, started, running } = createScene();
    const first = submit('a', 'first');
    const second = submit('b', 'second');
    assert.deepEqual(started, ['first']);
    running.get('first')!.end();
    assert.equal(await first.answer, 'done');
    assert.deepEqual(started, ['first', 'second']);
    running.get('second')!.end();
    assert.equal(await second.answer, 'done');
  });

  it('flags a running job and answers a waiting one when a newer request of the same document comes', async () => {
    const { submit, started, running } = createScene();
    const oldest = submit('a', 'oldest');
    const middle = submit('a', 'middle');
    const newest = submit('a', 'newest');
    assert.equal(await middle.answer, 'superseded while waiting');
    assert.equal(new Int32Array(running.get('oldest')!.job.cancelFlag)[0], 1);
    running.get('oldest')!.end();
    assert.equal(await oldest.answer, 'superseded');
    running.get('newest')!.end();
    assert.equal(await newest.answer, 'done');
    assert.deepEqual(started, ['oldest', 'newest']);
  });

  it('leaves other documents alone', async () => {
    const { submit, running } = createScene();
    const first = submit('a', 'first');
    submit('b', 'second');
    assert.equal(new Int32Array(running.get('first')!.job.cancelFlag)[0], 0);
    running.get('first')!.end();
    assert.equal(await first.answer, 'done');
  });

  it('cancels waiting, running and finished jobs', async () => {
    const { submit, running } = createScene();
    const first = submit('a', 'first');
    const second = submit('b', 'second');
    second.cancel();
    assert.equal(await second.answer, 'cancelled while waiting');
    first.cancel();
    running.get('first')!.end();
    assert.equal(await first.answer, 'cancelled');
    first.cancel();
    const third = submit('a', 'third');
    running.get('third')!.end();
    assert.equal(await third.answer, 'done');
  });
});
