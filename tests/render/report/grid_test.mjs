import assert from 'node:assert/strict';
import test from 'node:test';
import { CodedGrid, Grid, MeanGrid, subtract } from '../../../lib/render/report/grid.js';

const causal = (row) => [0, row + 1];
const shape = (change = {}) => ({ rows: 2, columns: 3, pool: 1, difference: false, ...change });

function coded(change = {}, more = {}) {
  const largest = {
    rows: 2,
    perRow: 2,
    weights: Float32Array.of(1, 0, 0.6, 0.3),
    keys: Uint32Array.of(0, 0, 1, 0),
    queries: null,
    ...more,
  };
  return new CodedGrid(shape(change), Uint8Array.of(255, 0, 0, 180, 255, 81), { head: 0, largest }, () => [0, 3]);
}

test('an exact matrix gives its numbers as they are', () => {
  const grid = new Grid(shape(), Float32Array.of(1, 0, 0, 0.25, 0.75, 0), causal);
  assert.deepEqual(grid.cell(1, 0), { low: 0.25, high: 0.25, value: 0.25, exact: true });
  assert.deepEqual(grid.extent(), { low: 0, high: 1 });
  assert.deepEqual(
    grid.largest(1).map(({ key }) => key),
    [1, 0],
  );
});

test('a zero is hidden only where nobody may attend', () => {
  const grid = new Grid(shape(), Float32Array.of(1, 0, 0.1, 0, 0.75, 0), causal);
  assert.deepEqual(
    [0, 1, 2].map((column) => grid.hidden(0, column)),
    [false, true, false],
  );
  assert.equal(grid.hidden(1, 0), false);
});

test('of coded weights the largest are exact, the others lie in their interval', () => {
  const grid = coded();
  assert.equal(grid.cell(1, 1).value, Math.fround(0.6));
  assert.equal(grid.cell(1, 1).exact, true);
  assert.equal(grid.cell(1, 0).exact, true);
  const cell = grid.cell(1, 2);
  assert.equal(cell.exact, false);
  assert.ok(cell.low <= cell.value && cell.value <= cell.high && cell.low > 0);
  assert.deepEqual(grid.cell(0, 1), { low: 0, high: 0, value: 0, exact: true });
});

test('of a pooled cell the exact entries inside are known', () => {
  const grid = coded({ pool: 4 }, { keys: Uint32Array.of(0, 0, 7, 2), queries: Uint32Array.of(1, 0, 5, 4) });
  assert.deepEqual(grid.inside(1, 1), [{ query: 5, key: 7, weight: Math.fround(0.6) }]);
  assert.equal(grid.cell(1, 1).exact, true);
});

test('the mean of heads lies between the means of the bounds, and is exact where all are', () => {
  const mean = new MeanGrid([coded(), coded()]);
  const cell = mean.cell(1, 2);
  assert.ok(cell.low <= cell.value && cell.value <= cell.high && !cell.exact);
  const exact = new MeanGrid([
    new Grid(shape(), Float32Array.of(1, 0, 0, 0, 1, 0), causal),
    new Grid(shape(), Float32Array.of(0, 0, 0, 1, 0, 0), causal),
  ]);
  assert.equal(exact.cell(1, 0).value, 0.5);
  assert.equal(exact.cell(1, 0).exact, true);
});

test('of pooled heads the mean of the largest is only a bound', () => {
  const cell = new MeanGrid([coded({ pool: 2 }), coded({ pool: 2 })]).cell(1, 1);
  assert.equal(cell.low, 0);
  assert.equal(cell.exact, false);
});

test('a difference is A less B, and hidden only where neither may attend', () => {
  const a = new Grid(shape(), Float32Array.of(1, 0, 0, 0.5, 0.5, 0), causal);
  const b = new Grid(shape(), Float32Array.of(0.5, 0.5, 0, 0.5, 0.5, 0), () => [0, 2]);
  const difference = subtract(a, b);
  assert.deepEqual([...difference.values], [0.5, -0.5, 0, 0, 0, 0]);
  assert.equal(difference.hidden(0, 2), true);
  assert.equal(difference.hidden(1, 0), false);
  assert.deepEqual(difference.extent(), { low: -0.5, high: 0.5 });
});

test('NaN and infinite weights do not spoil the range of colours', () => {
  const grid = new Grid(shape(), Float32Array.of(NaN, Infinity, 0.2, -1, 0, 0), causal);
  assert.deepEqual(grid.extent(), { low: -1, high: Math.fround(0.2) });
});
