// What views compute before they draw.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Grid } from '../../../lib/render/report/grid.js';
import { Heads } from '../../../lib/render/report/heads.js';
import { cellText, readout, spanText } from '../../../lib/render/report/readout.js';
import { extraHeads, strongLines } from '../../../lib/render/report/lines.js';
import { runningToken } from '../../../lib/render/report/running_text.js';
import { layerMeans, TokenRows } from '../../../lib/render/report/token_rows.js';
import { strongestLinks } from '../../../lib/render/report/link_bars.js';
import { badChecks, failedChecks, headSentence, spokenName } from '../../../lib/render/report/head_names.js';
import { HeadTypes } from '../../../lib/render/report/head_types.js';
import { brushedBars, findWithRange, histogramOf, sortedSlots } from '../../../lib/render/report/table.js';
import { meanLine } from '../../../lib/render/report/curves.js';
import { worstFirst } from '../../../lib/render/report/checks.js';
import { overviewPlan, spotOf } from '../../../lib/render/report/overview_plan.js';
import { attendedThumb, ColoredMaps, meanThumb } from '../../../lib/render/report/small_maps.js';
import { nearestPoint, readPoints, tokenPart } from '../../../lib/render/report/embedding.js';
import { nextPatch, patchAt, patchSize } from '../../../lib/render/report/patches.js';
import { nextPoint } from '../../../lib/render/report/arrows.js';
import { colorRange } from '../../../lib/render/report/matrix_colors.js';
import { inkOn, luminance } from '../../../lib/render/report/color.js';
import { meta } from './sample_page.mjs';

const values = Float32Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 0.5 : 0));
const grid = (change = {}) =>
  new Grid({ rows: 6, columns: 6, pool: 1, difference: false, ...change }, values, (row) => [0, row + 1]);

test('the read-out says query, key, weight and how exact it is', () => {
  const heads = new Heads(meta());
  assert.equal(readout(heads, 0, grid(), 1, 1), 'query 1 "a" \u2192 key 1 "a": 0.5 (exact)');
  assert.equal(readout(heads, 0, grid(), 1, 0), 'query 1 "a" \u2192 key 0 "<s>": 0 (exact)');
  assert.equal(readout(heads, 0, grid(), 0, 3), 'query 0 "<s>" \u2192 key 3 "a": 0: nobody may attend there');
  assert.equal(
    cellText({ low: 0.00281, high: 0.00344, value: 0.0031, exact: false }),
    '\u2248 0.0031 (0.00281 \u2026 0.00344)',
  );
});

test('the read-out of a pooled cell names the block', () => {
  const heads = new Heads(meta({ queries: 12, keys: 11, pool: 2, tokens: [], key_tokens: [] }));
  const text = readout(heads, 0, grid({ pool: 2 }), 11, 10);
  assert.ok(text.startsWith('queries 10\u201311 \u2192 keys 10, largest of 2 x 2: 0.5 (exact)'), text);
  assert.equal(spanText(0, 4, 10), '0\u20133');
});

test('heads are named by their numbers, and sequences where there are several', () => {
  const heads = new Heads(meta({ sequences: [4, 7], batch: true }));
  assert.equal(heads.name(1, 2, 3), 'sequence 7 layer 5 head 3');
  assert.equal(heads.fileName(1, 2, 'mean'), 'seq07-layer05-mean');
  assert.deepEqual(heads.place(heads.slot(1, 2, 3)), { seq: 1, layer: 2, head: 3 });
});

test('tokens are one list for all sequences, or a list for each', () => {
  assert.equal(new Heads(meta()).keyToken(5, 1), 'a');
  assert.equal(new Heads(meta({ key_tokens: [['x'], ['y']] })).keyToken(1, 0), 'y');
  assert.equal(new Heads(meta({ key_tokens: [] })).keyToken(0, 0), null);
});

test('lines are those above the threshold, the strongest last', () => {
  const weights = Float32Array.of(0.1, 0.9, 0.01, 0.5);
  const small = new Grid({ rows: 2, columns: 2, pool: 1, difference: false }, weights, () => [0, 2]);
  assert.deepEqual(
    strongLines(small, 0, 2, 0.05, null).map(({ row, column }) => [row, column]),
    [
      [0, 0],
      [1, 1],
      [0, 1],
    ],
  );
  assert.deepEqual(
    strongLines(small, 0, 2, 0.05, { side: 'key', place: 1 }).map(({ row }) => row),
    [1, 0],
  );
  assert.deepEqual(strongLines(small, 0, 2, 0, { side: 'query', place: 1 }).length, 2);
});

test('heads of a link that do not exist are left out', () => {
  assert.deepEqual(extraHeads('0/1,9/0,1/99', meta()), [{ layer: 0, head: 1 }]);
});

test('running text has spaces where tokens have marks of them', () => {
  assert.equal(runningToken('\u0120the'), ' the');
  assert.equal(runningToken('a b'), 'a\u00b7b');
});

test('means of layers', () => {
  assert.deepEqual([...layerMeans(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 2, 2)], [2, 3, 6, 7]);
});

test('a table is sorted either way, with what has no value last', () => {
  const value = (_, slot) => [3, null, 1, 3][slot];
  assert.deepEqual(sortedSlots([0, 1, 2, 3], 'x', value), [2, 0, 3, 1]);
  assert.deepEqual(sortedSlots([0, 1, 2, 3], '-x', value), [0, 3, 2, 1]);
  assert.deepEqual(sortedSlots([2, 1], '', value), [2, 1]);
});

test('a range from a histogram takes the place of the one before', () => {
  assert.equal(
    findWithRange('type:sink entropy>=1 entropy<=2 entropy_normalised>0', 'entropy', 0.5, 0.75),
    'type:sink entropy_normalised>0 entropy>=0.5 entropy<=0.75',
  );
});

test('a range that is rounded leaves out no value at its ends', () => {
  const words = findWithRange('', 'entropy', 1.23456789, 2.34567891).split(' ');
  const [low, high] = words.map((word) => Number(word.replace(/.*=/, '')));
  assert.ok(low <= 1.23456789 && low > 1.2345, words[0]);
  assert.ok(high >= 2.34567891 && high < 2.3458, words[1]);
  const [negative] = findWithRange('', 'entropy', -1.23456489, 0).split(' ');
  assert.ok(Number(negative.replace(/.*=/, '')) <= -1.23456489, negative);
});

test('a brush chooses whole bars, one at least', () => {
  assert.deepEqual(brushedBars(0.01, 0.99), [0, 24]);
  assert.deepEqual(brushedBars(0.5, 0.5), [12, 13]);
  assert.deepEqual(brushedBars(1, 1), [23, 24]);
});

test('a histogram counts every value, equal ones too', () => {
  assert.equal(
    histogramOf([1, 2, 2, 9]).counts.reduce((sum, count) => sum + count),
    4,
  );
  assert.equal(histogramOf([5, 5]).counts[0], 2);
});

test('the mean of heads leaves out those without a value', () => {
  assert.deepEqual(
    meanLine([
      [1, null],
      [3, null],
    ]),
    [2, null],
  );
});

test('failed checks come first', () => {
  const checks = ['ok', 'skipped', 'FAIL', 'warning', 'ok'].map((verdict, i) => ({ verdict, name: String(i) }));
  assert.deepEqual(
    worstFirst(checks).map(({ name }) => name),
    ['2', '3', '0', '4', '1'],
  );
});

test('small maps never overlap and never get too small to see', () => {
  for (const [layers, columns] of [
    [1, 13],
    [12, 13],
    [32, 33],
    [1, 1],
  ]) {
    const plan = overviewPlan(layers, columns, 330);
    const seen = new Set();
    for (let layer = 0; layer < layers; ++layer) {
      for (let column = 0; column < columns; ++column) {
        const { x, y } = spotOf(plan, layers, layer, column);
        assert.ok(x + plan.size <= plan.width && y + plan.size <= plan.height);
        seen.add(x + ',' + y);
      }
    }
    assert.equal(seen.size, layers * columns);
    assert.ok(plan.size >= 20);
  }
});

test('the small map of the mean shows what any head has', () => {
  assert.deepEqual([...meanThumb(Uint8Array.of(255, 0, 255, 1), 0, 2, 2, false)], [255, 1]);
  assert.deepEqual(
    [...meanThumb(Uint8Array.of(255, 1, 1, 128), 0, 2, 2, true)].map((byte) => Math.sign(byte - 128)),
    [0, -1],
  );
});

test('the range of colours leaves out key 0 where asked', () => {
  const first = new Grid({ rows: 2, columns: 2, pool: 1, difference: false }, Float32Array.of(1, 0, 0.8, 0.2), () => [
    0, 2,
  ]);
  const shown = { scale: 'linear', dropFirst: true, shared: false, low: 0, high: 1 };
  assert.equal(colorRange(shown, first).high, Math.fround(0.2));
  assert.equal(colorRange({ ...shown, dropFirst: false, high: 0.5 }, first).high, 0.5);
  assert.equal(colorRange({ ...shown, dropFirst: false, shared: true }, first).high, 1);
});

test('ink on a colour is black or white, with a contrast of 4.5 at least', () => {
  for (let grey = 0; grey < 256; ++grey) {
    const map = { pixels: new Uint32Array(256).fill((0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0) };
    const ink = inkOn(map, 0.5) === '#ffffff' ? 1 : 0;
    const paper = luminance(grey, grey, grey);
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    assert.ok(contrast >= 4.5, grey + ': ' + contrast);
  }
});

test('a zero of a small map is hatched only where nobody may attend', () => {
  const facts = { thumb: { rows: 2, columns: 2 }, queries: 5, keys: 4, pool: 1, rows: 5 };
  assert.deepEqual([...attendedThumb(facts, (row) => [0, Math.min(row + 1, 4)])], [1, 0, 1, 1]);
  assert.deepEqual([...attendedThumb(facts, () => [0, 0])], [0, 0, 0, 0]);
});

test('points are queries, then keys, from 0 to 1', () => {
  const bytes = Uint8Array.of(0, 0, 255, 255, 255, 255, 0, 0);
  assert.deepEqual(readPoints(bytes, [3], [7]), [
    { x: 0, y: 1, query: true, place: 3 },
    { x: 1, y: 0, query: false, place: 7 },
  ]);
});

test('the nearest point is found within reach only', () => {
  const points = readPoints(Uint8Array.of(0, 0, 255, 255, 255, 255, 0, 0), [3], [7]);
  assert.equal(nearestPoint(points, 0.99, 0.01).place, 7);
  assert.equal(nearestPoint(points, 0.5, 0.5), null);
});

test('equal tokens have equal colours', () => {
  assert.equal(tokenPart('apple'), tokenPart('apple'));
  for (const token of ['', 'a', 'apple', '\ud83d\ude00']) assert.ok(tokenPart(token) >= 0 && tokenPart(token) <= 1);
});

test('patches follow the tokens in front of them', () => {
  const grid = { rows: 2, columns: 3, prefix: 1 };
  assert.equal(patchAt(grid, 0, 0), 1);
  assert.equal(patchAt(grid, 0.99, 0.99), 6);
  assert.equal(patchAt(grid, 0.5, 0.6), 5);
  assert.equal(patchAt(grid, 1, 0.5), null);
  assert.deepEqual(patchSize(grid, null, 300), { width: 300, height: 200 });
  assert.deepEqual(patchSize(grid, { width: 10, height: 40 }, 300), { width: 150, height: 600 });
});

test('the strongest links come first, or in the order of the layers', () => {
  assert.deepEqual(
    strongestLinks([0.1, -0.9, 0.5], 2, false).map(({ place }) => place),
    [1, 2],
  );
  assert.deepEqual(
    strongestLinks([0.1, -0.2, 0.5], 2, true).map(({ place }) => place),
    [1, 2],
  );
});

test('a head is told to people and to screen readers', () => {
  const facts = meta({
    checks: [
      { source: 'a', name: 'causal_leak', verdict: 'FAIL', slots: [5] },
      { source: 'a', name: 'finite', verdict: 'ok', slots: [5] },
    ],
  });
  const heads = new Heads(facts);
  const types = new HeadTypes((name, slot) => heads.measure(name, slot));
  const shared = { meta: facts, heads, types, state: { shown: { seq: 0, source: 'a', color: 'maps' } } };
  assert.equal(spokenName(shared, 1, 1), 'layer 2 head 1, induction, induction 0.9, fails causal_leak');
  assert.equal(spokenName(shared, 1, 'mean'), 'layer 2 mean');
  assert.equal(
    headSentence(shared, 1, 1),
    'layer 2 head 1 \u00b7 induction \u00b7 induction 0.9 \u00b7 fails causal_leak',
  );
  assert.deepEqual(failedChecks(facts, 4, 'a'), []);
});

test('a token is collected from all heads, and given up when another is wanted', async () => {
  const facts = meta();
  let asked = 0;
  const weights = {
    peek: () => undefined,
    load: async (seq, layer, head) => {
      ++asked;
      return new Grid(
        { rows: 6, columns: 6, pool: 1, difference: false },
        new Float32Array(36).fill(layer + head / 10),
        (row) => [0, row + 1],
      );
    },
  };
  const rows = new TokenRows({ meta: facts, weights }, () => {});
  const first = rows.collect({ seq: 0, source: 'a', row: 2 });
  await rows.collect({ seq: 0, source: 'a', row: 4 });
  await first;
  assert.equal(rows.complete(), 12);
  assert.ok(asked < 24);
  assert.equal(rows.values[7 * 6], Math.fround(1.3));
  assert.equal(rows.end[0], 5);
});

test('an arrow leads to the patch beside, and stays at the edge', () => {
  const patches = { rows: 4, columns: 5, prefix: 1 };
  assert.equal(nextPatch(patches, null, 0, 1), 1);
  assert.equal(nextPatch(patches, 0, 0, 1), 1);
  assert.equal(nextPatch(patches, 1, 0, 1), 2);
  assert.equal(nextPatch(patches, 1, 1, 0), 6);
  assert.equal(nextPatch(patches, 5, 0, 1), 5);
  assert.equal(nextPatch(patches, 20, 1, 0), 20);
});

test('an arrow leads to a near point of its direction', () => {
  const [middle, right, farRight, above, below] = [
    { x: 0.5, y: 0.5 },
    { x: 0.6, y: 0.52 },
    { x: 0.9, y: 0.5 },
    { x: 0.5, y: 0.7 },
    { x: 0.45, y: 0.2 },
  ];
  const points = [middle, right, farRight, above, below];
  assert.equal(nextPoint(points, middle, 0, 1), right);
  assert.equal(nextPoint(points, right, 0, 1), farRight);
  assert.equal(nextPoint(points, middle, -1, 0), above);
  assert.equal(nextPoint(points, middle, 1, 0), below);
  assert.equal(nextPoint(points, farRight, 0, 1), null);
});

test('the checks of a head are those of the source that is shown', () => {
  const checks = [
    { name: 'row_sum', verdict: 'FAIL', source: 'a', slots: [3] },
    { name: 'causal_leak', verdict: 'FAIL', source: 'b', slots: [3, 4] },
    { name: 'almost_causal', verdict: 'warning', source: 'b', slots: [3] },
  ];
  assert.deepEqual(failedChecks({ checks }, 3, 'difference'), ['row_sum']);
  assert.deepEqual(failedChecks({ checks }, 3, 'b'), ['causal_leak']);
  assert.deepEqual(
    badChecks({ checks }, 3, 'b').map((check) => check.name),
    ['causal_leak', 'almost_causal'],
  );
});

test('a small map has the colours of its bytes, and none where nobody may attend', () => {
  const pixels = Uint32Array.from({ length: 256 }, (_, i) => 1000 + i);
  const maps = new Map([['viridis', { name: 'viridis', diverging: false, pixels }]]);
  const facts = meta({ heads: [0, 1], layers: [0, 1], thumb: { rows: 1, columns: 3 } });
  const thumbs = Uint8Array.of(0, 0, 0, 0, 0, 0, 255, 0, 0, 51, 0, 0);
  const all = { meta: facts, thumbs, rollout: null, scale: 'sqrt', difference: false, maps, map: 'viridis' };
  const colored = new ColoredMaps(all);
  const attended = Uint8Array.of(1, 1, 0);
  assert.deepEqual([...colored.map(1, 1, attended)], [1051, 1000, 0]);
  assert.deepEqual([...colored.map(1, 'mean', attended)], [1000 + Math.round(255 * Math.sqrt(0.52)), 1000, 0]);
  assert.equal(colored.map(1, 'rollout', attended), null);
});
