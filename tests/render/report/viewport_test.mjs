import assert from 'node:assert/strict';
import test from 'node:test';
import {
  isWhole,
  labelStride,
  moveView,
  poolLargest,
  viewWith,
  wholeView,
  zoomAbout,
} from '../../../lib/render/report/viewport.js';

const size = { rows: 100, columns: 50 };

test('zooming keeps the cell under the pointer where it is', () => {
  const view = zoomAbout(wholeView(size), { row: 25, column: 40 }, 2, size);
  assert.deepEqual(view, { top: 12.5, bottom: 62.5, left: 20, right: 45 });
  assert.equal((25 - view.top) / (view.bottom - view.top), 0.25);
});

test('zooming out ends at the whole, zooming in at two cells', () => {
  assert.ok(isWhole(zoomAbout({ top: 3, bottom: 9, left: 1, right: 4 }, { row: 4, column: 2 }, 0.001, size), size));
  const near = zoomAbout(wholeView(size), { row: 99.9, column: 0 }, 1e9, size);
  assert.equal(near.bottom - near.top, 2);
  assert.ok(near.bottom <= 100 && near.left >= 0);
  assert.deepEqual(
    zoomAbout(wholeView({ rows: 1, columns: 1 }), { row: 0.5, column: 0.5 }, 5, { rows: 1, columns: 1 }),
    { top: 0, bottom: 1, left: 0, right: 1 },
  );
});

test('moving stops at the edges', () => {
  assert.deepEqual(moveView({ top: 10, bottom: 20, left: 5, right: 10 }, -50, 500, size), {
    top: 0,
    bottom: 10,
    left: 45,
    right: 50,
  });
});

test('a view moves just so far that a cell is seen', () => {
  const view = { top: 10, bottom: 20, left: 5, right: 10 };
  assert.deepEqual(viewWith(view, 12, 7, size), view);
  assert.deepEqual(viewWith(view, 20, 4, size), { top: 11, bottom: 21, left: 4, right: 9 });
});

test('labels stand at every 1, 2, 5, 10 ... cells', () => {
  assert.deepEqual(
    [20, 13, 7, 3, 1.3, 0.1].map((length) => labelStride(length, 13)),
    [1, 1, 2, 5, 10, 200],
  );
});

test('pooling loses no cell', () => {
  const pooled = poolLargest(Float32Array.of(0, 0, 0.5, 0, 0, 0, 0, 0, -0.9), { rows: 3, columns: 3 }, 2, 2);
  assert.deepEqual([...pooled], [0, 0.5, 0, Math.fround(-0.9)]);
});
