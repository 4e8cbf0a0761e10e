import assert from 'node:assert/strict';
import test from 'node:test';
import {
  colorCells,
  multiples,
  scaleKinds,
  scalePart,
  scaleTicks,
  scaleValue,
} from '../../../lib/render/report/scale.js';

const range = (kind, change = {}) => ({ kind, low: 0, high: 0.5, diverging: false, ...change });

test('the ends of a scale are 0 and 1, and what is beyond stays there', () => {
  for (const kind of scaleKinds) {
    assert.equal(scalePart(0, range(kind)), 0);
    assert.equal(scalePart(0.5, range(kind)), 1);
    assert.equal(scalePart(7, range(kind)), 1);
    assert.equal(scalePart(-7, range(kind)), 0);
  }
});

test('a value and its place on the scale lead to each other', () => {
  for (const kind of scaleKinds) {
    for (const part of [0.1, 0.25, 0.5, 0.9, 1]) {
      assert.ok(Math.abs(scalePart(scaleValue(part, range(kind)), range(kind)) - part) < 1e-9, kind + ' ' + part);
      const both = range(kind, { diverging: true });
      assert.ok(Math.abs(scalePart(scaleValue(part, both), both) - part) < 1e-9, kind + ' ' + part);
    }
  }
});

test('a difference of 0 is in the middle', () => {
  assert.equal(scalePart(0, range('sqrt', { diverging: true })), 0.5);
  assert.equal(scalePart(-0.5, range('log', { diverging: true })), 0);
});

test('the square root shows small weights, the logarithm four decades', () => {
  assert.ok(Math.abs(scalePart(0.125, range('sqrt')) - 0.5) < 1e-12);
  assert.ok(Math.abs(scalePart(0.005, range('log')) - 0.5) < 1e-12);
});

test('a range without width has no NaN', () => {
  assert.equal(scalePart(0, range('sqrt', { high: 0 })), 0);
  assert.equal(scalePart(0.3, range('log', { low: 0.3, high: 0.3 })), 1);
  assert.deepEqual(scaleTicks(range('linear', { high: 0 }), 4), [{ part: 1, value: 0 }]);
});

test('ticks are round numbers', () => {
  assert.deepEqual(multiples(0, 0.5, 5), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(
    scaleTicks(range('log', { high: 1 }), 5).map(({ value }) => value),
    [1e-4, 1e-3, 1e-2, 0.1, 1],
  );
});

test('cells have the colour of the table; a zero that nobody may attend has none, and NaN is grey', () => {
  const pixels = Uint32Array.from({ length: 256 }, (_, i) => i + 1);
  const out = new Uint32Array(6);
  colorCells(Float32Array.of(0, 0.5, 0, 0.125, NaN, 0), range('sqrt'), pixels, out, 3, (row) =>
    row === 0 ? [0, 2] : [0, 3],
  );
  assert.deepEqual([...out], [1, 256, 0, 129, 0xff808080, 1]);
});

test('colours by table and by formula agree', () => {
  const pixels = Uint32Array.from({ length: 256 }, (_, i) => i);
  for (const kind of scaleKinds) {
    const values = Float32Array.from({ length: 500 }, (_, i) => 0.5 * (i / 499) ** 3);
    const out = new Uint32Array(500);
    colorCells(values, range(kind, { low: 0.01 }), pixels, out, 500, () => [0, 500]);
    values.forEach((value, i) => {
      assert.ok(
        Math.abs(out[i] - Math.round(255 * scalePart(value, range(kind, { low: 0.01 })))) <= 1,
        kind + ' ' + value,
      );
    });
  }
});
