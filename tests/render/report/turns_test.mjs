// Work in turns.
import assert from 'node:assert/strict';
import test from 'node:test';
import { breathe } from '../../../lib/render/report/store.js';
import { Turns } from '../../../lib/render/report/turns.js';

const settled = async () => {
  for (let i = 0; i < 5; ++i) await breathe();
};

test('steps are done one a task, and one that waits already only once', async () => {
  const done = [];
  const turns = new Turns();
  const [first, second] = [() => done.push('first'), () => done.push('second')];
  turns.ask(first, second);
  turns.ask(first);
  assert.deepEqual(done, []);
  await settled();
  assert.deepEqual(done, ['first', 'second']);
});

test('a step may ask for itself again', async () => {
  const done = [];
  const turns = new Turns();
  const step = () => {
    done.push(done.length);
    if (done.length < 3) turns.ask(step);
  };
  turns.ask(step);
  await settled();
  assert.deepEqual(done, [0, 1, 2]);
});
