// The matrix of one head as the page has it: a value for every cell, how exact each is, and where there is nothing to see
// because nobody may attend.
import { codeInterval, codeValues, differenceInterval } from './codes.js';

/**
 * What is known of a cell: it lies between low and high; exact: both are the value.
 * @typedef {{low: number, high: number, value: number, exact: boolean}} Cell
 */
/** @typedef {{query: number, key: number, weight: number}} Entry */
/** @typedef {(row: number) => [number, number]} Attended  first and end of what may be attended, in columns */
/** @typedef {{head: number, largest: import('./codes.js').Largest}} LargestOfHead */

/** A matrix [rows, columns]; where pool > 1 a cell stands for the largest of pool x pool weights. */
export class Grid {
  /**
   * @param {{rows: number, columns: number, pool: number, difference: boolean}} shape
   * @param {Float32Array} values
   * @param {Attended} attended
   */
  constructor(shape, values, attended) {
    this.rows = shape.rows;
    this.columns = shape.columns;
    this.pool = shape.pool;
    this.difference = shape.difference;
    this.values = values;
    this.attended = attended;
    /** @type {boolean} */
    this.exact = true;
    /** @type {{low: number, high: number} | null} */
    this.knownExtent = null;
  }

  /** Smallest and largest finite value. @returns {{low: number, high: number}} */
  extent() {
    if (!this.knownExtent) this.knownExtent = extentOf(this.values);
    return this.knownExtent;
  }

  /**
   * @param {number} row
   * @param {number} column
   * @returns {Cell}
   */
  cell(row, column) {
    const value = this.values[row * this.columns + column];
    return { low: value, high: value, value, exact: true };
  }

  /**
   * The exact largest entries that are known of a row, largest first.
   * @param {number} row
   * @returns {Entry[]}
   */
  largest(row) {
    const start = row * this.columns;
    const order = Array.from({ length: this.columns }, (_, column) => column);
    const size = (/** @type {number} */ column) => Math.abs(this.values[start + column]);
    return order
      .filter((column) => size(column) > 0)
      .sort((a, b) => size(b) - size(a) || a - b)
      .slice(0, 10)
      .map((key) => ({ query: row, key, weight: this.values[start + key] }));
  }

  /**
   * Whether nobody may attend there, as far as the weights show it.
   * @param {number} row
   * @param {number} column
   * @returns {boolean}
   */
  hidden(row, column) {
    const [first, end] = this.attended(row);
    return this.values[row * this.columns + column] === 0 && (column < first || column >= end);
  }

  /** @returns {number} bytes that it takes */
  bytes() {
    return this.values.byteLength;
  }
}

/** A matrix of codes of one byte, with the largest entries of each row exact. */
export class CodedGrid extends Grid {
  /**
   * @param {{rows: number, columns: number, pool: number, difference: boolean}} shape
   * @param {Uint8Array} codes
   * @param {LargestOfHead} top
   * @param {Attended} attended
   */
  constructor(shape, codes, top, attended) {
    const rowLargest = new Float32Array(shape.rows);
    for (let row = 0; row < shape.rows; ++row) rowLargest[row] = top.largest.weights[entryPlace(top, row, 0)];
    super(shape, codeValues(codes, rowLargest, shape.difference), attended);
    this.exact = false;
    this.codes = codes;
    this.top = top;
    for (let row = 0; row < shape.rows; ++row) {
      for (const entry of this.largest(row).reverse()) {
        this.values[row * this.columns + Math.floor(entry.key / this.pool)] = entry.weight;
      }
    }
  }

  /**
   * @param {number} row
   * @param {number} column
   * @returns {Cell}
   */
  cell(row, column) {
    const code = this.codes[row * this.columns + column];
    const nothing = this.difference ? 128 : 0;
    if (code === nothing) return { low: 0, high: 0, value: 0, exact: true };
    const inside = this.inside(row, column);
    if (inside.length > 0) {
      const value = inside[0].weight;
      return { low: value, high: value, value, exact: true };
    }
    const largest = Math.abs(this.top.largest.weights[entryPlace(this.top, row, 0)]);
    const [low, high] = this.difference ? differenceInterval(code, largest) : codeInterval(code, largest);
    return { low, high, value: this.values[row * this.columns + column], exact: false };
  }

  /**
   * Exact entries that lie in a cell. The largest of a cell is among them when any of it is.
   * @param {number} row
   * @param {number} column
   * @returns {Entry[]}
   */
  inside(row, column) {
    return this.largest(row).filter((entry) => Math.floor(entry.key / this.pool) === column);
  }

  /**
   * @param {number} row
   * @returns {Entry[]}
   */
  largest(row) {
    const all = [];
    const { largest } = this.top;
    for (let i = 0; i < largest.perRow; ++i) {
      const at = entryPlace(this.top, row, i);
      if (largest.weights[at] === 0) break;
      all.push({
        query: largest.queries ? largest.queries[at] : row,
        key: largest.keys[at],
        weight: largest.weights[at],
      });
    }
    return all;
  }

  /** @returns {number} */
  bytes() {
    return this.values.byteLength + this.codes.byteLength;
  }
}

/** The mean of the heads of a layer: exact where all of them are. */
export class MeanGrid extends Grid {
  /** @param {Grid[]} grids */
  constructor(grids) {
    const values = new Float32Array(grids[0].values.length);
    for (const grid of grids) for (let i = 0; i < values.length; ++i) values[i] += grid.values[i];
    for (let i = 0; i < values.length; ++i) values[i] /= grids.length;
    super(grids[0], values, grids[0].attended);
    this.exact = grids.every((grid) => grid.exact);
    this.grids = grids;
  }

  /**
   * @param {number} row
   * @param {number} column
   * @returns {Cell}
   */
  cell(row, column) {
    const value = this.values[row * this.columns + column];
    // A mean of largest values bounds the largest mean from above only.
    if (this.pool > 1) {
      const cells = this.grids.map((grid) => grid.cell(row, column));
      return { low: 0, high: mean(cells.map((cell) => cell.high)), value, exact: false };
    }
    const cells = this.grids.map((grid) => grid.cell(row, column));
    const exact = cells.every((cell) => cell.exact);
    return { low: mean(cells.map((cell) => cell.low)), high: mean(cells.map((cell) => cell.high)), value, exact };
  }

  /** @returns {number} */
  bytes() {
    return this.values.byteLength + this.grids.reduce((sum, grid) => sum + grid.bytes(), 0);
  }
}

/**
 * A less B, of matrices that are exact.
 * @param {Grid} a
 * @param {Grid} b
 * @returns {Grid}
 */
export function subtract(a, b) {
  const values = new Float32Array(a.values.length);
  for (let i = 0; i < values.length; ++i) values[i] = a.values[i] - b.values[i];
  const shape = { rows: a.rows, columns: a.columns, pool: a.pool, difference: true };
  return new Grid(shape, values, eitherAttended(a.attended, b.attended));
}

/**
 * @param {Attended} a
 * @param {Attended} b
 * @returns {Attended}
 */
export function eitherAttended(a, b) {
  return (row) => {
    const [firstA, endA] = a(row);
    const [firstB, endB] = b(row);
    return [Math.min(firstA, firstB), Math.max(endA, endB)];
  };
}

/**
 * @param {LargestOfHead} top
 * @param {number} row
 * @param {number} place
 * @returns {number}
 */
function entryPlace(top, row, place) {
  return (top.head * top.largest.rows + row) * top.largest.perRow + place;
}

/**
 * @param {number[]} numbers
 * @returns {number}
 */
function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/**
 * @param {Float32Array} values
 * @returns {{low: number, high: number}}
 */
function extentOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; ++i) {
    const value = values[i];
    if (value - value !== 0) continue; // NaN or infinite
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}
