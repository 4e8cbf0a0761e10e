import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync } from 'node:zlib';
import {
  codeInterval,
  codeValues,
  differenceInterval,
  fromBase64,
  inflate,
  joinPlanes,
  readIntegers,
  readLargest,
} from '../../../lib/render/report/codes.js';

function planes(numbers) {
  const bytes = new Uint8Array(new Float32Array(numbers).buffer);
  const count = numbers.length;
  return Uint8Array.from({ length: 4 * count }, (_, i) => bytes[4 * (i % count) + 3 - Math.floor(i / count)]);
}

test('float32 come back from byte planes bit by bit', () => {
  const numbers = Float32Array.from([0, 1, -0.125, 1e-38, 3.4e38, NaN, Infinity, 0.1]);
  assert.deepEqual(joinPlanes(planes(numbers), numbers.length), numbers);
});

test('a chunk is unpacked from base64 and a zlib stream', async () => {
  const bytes = Uint8Array.from({ length: 200000 }, (_, i) => (i * 7) & 255);
  const text = Buffer.from(deflateSync(bytes)).toString('base64');
  assert.deepEqual(await inflate(fromBase64(text)), bytes);
});

test('a chunk that is broken is an error', async () => {
  await assert.rejects(inflate(new Uint8Array([1, 2, 3, 4])));
});

test('every code stands for an interval with the weight in it, and 0 only for 0', () => {
  const largest = Math.fround(0.37);
  for (let i = 0; i <= 2000; ++i) {
    const weight = (largest * i) / 2000;
    const code = weight === 0 ? 0 : Math.min(255, Math.max(1, Math.round(255 * Math.sqrt(weight / largest))));
    const [low, high] = codeInterval(code, largest);
    assert.ok(low <= weight * (1 + 1e-12) && weight <= high * (1 + 1e-12), weight + ' in ' + low + ' ... ' + high);
    assert.equal(code === 0, weight === 0);
  }
  assert.deepEqual(codeInterval(0, 1), [0, 0]);
  assert.equal(codeInterval(255, 0.5)[1], 0.5);
});

test('codes of differences keep the sign', () => {
  assert.deepEqual(differenceInterval(128, 0.5), [0, 0]);
  assert.equal(differenceInterval(255, 0.5)[1], 0.5);
  assert.equal(differenceInterval(1, 0.5)[0], -0.5);
  const [low, high] = differenceInterval(127, 0.5);
  assert.ok((low < 0 && high === 0) || Object.is(high, -0));
});

test('values lie inside the intervals of their codes', () => {
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const values = codeValues(codes, Float32Array.of(0.8), false);
  codes.forEach((code) => {
    const [low, high] = codeInterval(code, 0.8);
    assert.ok(values[code] >= low - 1e-7 && values[code] <= high + 1e-7);
  });
});

test('the largest entries of rows are read with keys and queries', () => {
  const count = 2 * 2 * 3;
  const weights = planes(Array.from({ length: count }, (_, i) => 1 / (i + 1)));
  const keys = Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 1 : i / 2));
  const queries = Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 0 : i));
  const bytes = Uint8Array.from([...weights, ...keys, ...queries]);
  const largest = readLargest(bytes, { heads: 2, rows: 2, perRow: 3, queries: 100, keys: 300, pool: 2 });
  assert.equal(largest.weights[3], 0.25);
  assert.equal(largest.keys[5], 256 + 5);
  assert.equal(largest.queries[4], 8);
});

test('whole numbers of four bytes are read without a sign', () => {
  assert.deepEqual([...readIntegers(Uint8Array.of(9, 255, 255, 255, 255, 1, 0, 0, 0), 1, 2, true)], [4294967295, 1]);
});

test('many packed bytes are unpacked in pieces, with pauses between them', async () => {
  let pauses = 0;
  const pause = async () => {
    ++pauses;
  };
  const bytes = Uint8Array.from({ length: 300000 }, (_, i) => (i * i * 2654435761) >>> 13);
  assert.deepEqual(await inflate(new Uint8Array(deflateSync(bytes)), pause), bytes);
  assert.ok(pauses > 0);
  pauses = 0;
  assert.equal((await inflate(new Uint8Array(deflateSync(bytes.subarray(0, 100))), pause)).length, 100);
  assert.equal(pauses, 0);
});
