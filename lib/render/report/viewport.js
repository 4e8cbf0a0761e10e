// Which part of a matrix is seen: zooming about a point, moving, and where cells and labels then are. Units are cells.

/** @typedef {import('./state.js').View} View */
/** @typedef {{rows: number, columns: number}} Size */

const fewestCells = 2; // what is seen at the largest zoom

/**
 * @param {Size} size
 * @returns {View}
 */
export function wholeView(size) {
  return { top: 0, bottom: size.rows, left: 0, right: size.columns };
}

/**
 * @param {View} view
 * @param {{row: number, column: number}} point stays where it is
 * @param {number} factor above 1 shows less
 * @param {Size} size
 * @returns {View}
 */
export function zoomAbout(view, point, factor, size) {
  const [top, bottom] = zoomEdges(view.top, view.bottom, point.row, factor, size.rows);
  const [left, right] = zoomEdges(view.left, view.right, point.column, factor, size.columns);
  return { top, bottom, left, right };
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} point
 * @param {number} factor
 * @param {number} count
 * @returns {[number, number]}
 */
function zoomEdges(from, to, point, factor, count) {
  const length = Math.min(count, Math.max(Math.min(fewestCells, count), (to - from) / factor));
  const share = (point - from) / (to - from);
  return shifted(point - share * length, length, count);
}

/**
 * @param {View} view
 * @param {number} rows
 * @param {number} columns
 * @param {Size} size
 * @returns {View}
 */
export function moveView(view, rows, columns, size) {
  const [top, bottom] = shifted(view.top + rows, view.bottom - view.top, size.rows);
  const [left, right] = shifted(view.left + columns, view.right - view.left, size.columns);
  return { top, bottom, left, right };
}

/**
 * The view moved just so far that a cell is seen.
 * @param {View} view
 * @param {number} row
 * @param {number} column
 * @param {Size} size
 * @returns {View}
 */
export function viewWith(view, row, column, size) {
  const down = Math.min(row - view.top, 0) + Math.max(row + 1 - view.bottom, 0);
  const right = Math.min(column - view.left, 0) + Math.max(column + 1 - view.right, 0);
  return moveView(view, down, right, size);
}

/**
 * @param {number} from
 * @param {number} length
 * @param {number} count
 * @returns {[number, number]}
 */
function shifted(from, length, count) {
  const start = Math.min(Math.max(from, 0), count - length);
  return [start, start + length];
}

/**
 * @param {View} view
 * @param {Size} size
 * @returns {boolean}
 */
export function isWhole(view, size) {
  return view.top <= 0 && view.left <= 0 && view.bottom >= size.rows && view.right >= size.columns;
}

/**
 * Every how many cells there is room for a label: 1, 2, 5, 10, 20 ...
 * @param {number} cellLength in pixels
 * @param {number} needed in pixels
 * @returns {number}
 */
export function labelStride(cellLength, needed) {
  const wish = Math.ceil(needed / Math.max(cellLength, 1e-9));
  if (wish <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(wish));
  return power * /** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= wish));
}

/**
 * Largest of blocks, so that no cell disappears where pixels are fewer than cells.
 * @param {Float32Array} values [rows, columns]
 * @param {Size} size
 * @param {number} down rows a block
 * @param {number} across columns a block
 * @returns {Float32Array}
 */
export function poolLargest(values, size, down, across) {
  const rows = Math.ceil(size.rows / down);
  const columns = Math.ceil(size.columns / across);
  const pooled = new Float32Array(rows * columns);
  for (let row = 0; row < size.rows; ++row) {
    const start = Math.floor(row / down) * columns;
    for (let column = 0; column < size.columns; ++column) {
      const value = values[row * size.columns + column];
      if (value === 0) continue; // most of a long text
      const at = start + Math.floor(column / across);
      if (value !== value || Math.abs(value) > Math.abs(pooled[at])) pooled[at] = value;
    }
  }
  return pooled;
}
