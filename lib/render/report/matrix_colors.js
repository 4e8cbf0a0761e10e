// Which colours the matrix of a head gets: the range of its values, and all else that a picture of it needs.
import { scaleValue } from './scale.js';
import { wholeView } from './viewport.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {import('./state.js').Shown} Shown */

/**
 * The range of colours for a matrix.
 * @param {Shown} shown
 * @param {Grid} grid
 * @returns {import('./scale.js').ColorRange}
 */
export function colorRange(shown, grid) {
  let { low, high } = grid.extent();
  if (shown.dropFirst) ({ low, high } = extentWithoutFirst(grid));
  if (shown.shared && !grid.difference) [low, high] = [Math.min(low, 0), Math.max(high, 1)];
  const diverging = grid.difference || low < 0;
  if (diverging) high = Math.max(Math.abs(low), Math.abs(high));
  const whole = { kind: shown.scale, low: 0, high, diverging };
  if (diverging) return { ...whole, high: high * Math.max(shown.high, 0.01) };
  return {
    ...whole,
    low: shown.low > 0 ? scaleValue(shown.low, whole) : 0,
    high: scaleValue(Math.max(shown.high, 0.01), whole),
  };
}

/**
 * @param {Grid} grid
 * @returns {{low: number, high: number}}
 */
function extentWithoutFirst(grid) {
  let low = Infinity;
  let high = -Infinity;
  for (let row = 0; row < grid.rows; ++row) {
    for (let at = row * grid.columns + 1, end = (row + 1) * grid.columns; at < end; ++at) {
      const value = grid.values[at];
      if (value - value !== 0) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low > high ? grid.extent() : { low, high };
}

/**
 * A picture of the chosen head as it is shown, for the screen and for files.
 * @param {Shared} shared
 * @param {Grid} grid
 * @param {Shown} shown
 * @returns {import('./matrix_picture.js').Picture}
 */
export function matrixPicture(shared, grid, shown) {
  const { heads, meta, maps } = shared;
  const range = colorRange(shown, grid);
  const map = /** @type {import('./color.js').ColorMap} */ (
    (range.diverging ? maps.get('coolwarm') : maps.get(shown.map)) || maps.get(shown.map)
  );
  return {
    grid,
    map,
    range,
    view: shown.zoom || wholeView(grid),
    queries: meta.queries,
    keys: meta.keys,
    queryToken: (query) => heads.queryToken(shown.seq, query),
    keyToken: (key) => heads.keyToken(shown.seq, key),
  };
}
