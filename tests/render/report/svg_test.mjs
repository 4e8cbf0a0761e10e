import assert from 'node:assert/strict';
import test from 'node:test';
import { Grid } from '../../../lib/render/report/grid.js';
import { matrixSvg } from '../../../lib/render/report/svg.js';

function picture(side, token) {
  const grid = new Grid(
    { rows: side, columns: side, pool: 1, difference: false },
    new Float32Array(side * side).fill(0.25),
    (row) => [0, row + 1],
  );
  return {
    grid,
    view: { top: 0, bottom: side, left: 0, right: side },
    range: { kind: 'linear', low: 0, high: 1, diverging: false },
    map: { name: 'm', diverging: false, pixels: new Uint32Array(256).fill(0xff0000ff) },
    queryToken: () => token,
    keyToken: () => token,
    queries: side,
    keys: side,
  };
}

test('a small matrix has a rectangle a cell and labels as text', () => {
  const svg = matrixSvg(picture(3, 'cat'), 'layer 0 head 1', null);
  assert.equal(svg.match(/fill="rgb\(255,0,0\)"/g).length, 9 + 64);
  assert.equal(svg.match(/>cat</g).length, 6);
  assert.ok(svg.includes('<title>layer 0 head 1</title>'));
});

test('hostile tokens make no element', () => {
  const svg = matrixSvg(picture(2, '</text><script>alert(1)</script>\u0000\u202e'), '<b>', null);
  assert.ok(!svg.includes('<script') && !svg.includes('<b>') && !/[\u0000\u202e]/.test(svg));
  assert.ok(svg.includes('&lt;/text&gt;'));
});

test('a large matrix is one picture', () => {
  const svg = matrixSvg(picture(65, null), 't', () => 'data:image/png;base64,AAAA');
  assert.ok(svg.includes('href="data:image/png;base64,AAAA"'));
  assert.ok(svg.length < 40000);
});

test('what nobody may attend is striped, in rectangles and under one picture', () => {
  const small = picture(3, 'cat');
  small.grid.hidden = (row, column) => column > row;
  assert.equal(matrixSvg(small, 't', null).match(/fill="url\(#nobody\)"/g).length, 3);
  const large = matrixSvg(picture(65, null), 't', () => 'data:,');
  assert.match(large, /<rect x="110" y="110" width="480" height="480" fill="url\(#nobody\)"\/>/);
});
