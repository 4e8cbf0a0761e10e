import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync } from 'node:zlib';
import { RecentlyUsed, Store } from '../../../lib/render/report/store.js';

const pack = (bytes) => deflateSync(Uint8Array.from(bytes)).toString('base64');

function place(texts) {
  const calls = [];
  return { texts, calls, text: (number) => texts[number] ?? null, whenMore: (call) => calls.push(call) };
}

test('a chunk is unpacked when it has come in', async () => {
  const chunks = place([null]);
  const store = new Store({ 'codes/0/0/0': 0 }, chunks);
  const waiting = store.get('codes/0/0/0');
  chunks.texts[0] = pack([1, 2, 3]);
  for (const call of chunks.calls) call();
  assert.deepEqual([...(await waiting)], [1, 2, 3]);
});

test('what somebody waits for comes before the rest', async () => {
  const chunks = place([null, null, null]);
  const store = new Store({ a: 0, b: 1, c: 2 }, chunks);
  const order = [];
  const all = ['a', 'b', 'c'].map((name) => store.get(name, name === 'c').then(() => order.push(name)));
  chunks.texts.fill(pack([0]));
  store.run();
  await Promise.all(all);
  assert.deepEqual(order, ['c', 'a', 'b']);
});

test('a picture is taken as it is', async () => {
  const store = new Store({ image: 0 }, place([Buffer.from([137, 80]).toString('base64')]));
  assert.deepEqual([...(await store.get('image'))], [137, 80]);
});

test('a chunk that the page does not have, or that is broken, is an error and no more', async () => {
  const store = new Store({ bad: 0, good: 1 }, place(['AAAA', pack([5])]));
  await assert.rejects(store.get('toString'), /holds no toString/);
  await assert.rejects(store.get('bad'));
  assert.deepEqual([...(await store.get('good'))], [5]);
});

test('what was used last is kept, within the limit', () => {
  const kept = new RecentlyUsed(10);
  kept.put('a', 1, 4);
  kept.put('b', 2, 4);
  kept.get('a');
  kept.put('c', 3, 4);
  assert.equal(kept.get('b'), undefined);
  assert.equal(kept.get('a'), 1);
  kept.put('large', 9, 100);
  assert.equal(kept.get('large'), 9);
  assert.equal(kept.size, 100);
});
