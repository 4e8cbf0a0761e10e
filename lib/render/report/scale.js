// From a number to its place on the colour scale, 0 to 1: linear, square root or logarithm, and the ticks that say so.

/** @typedef {'linear' | 'sqrt' | 'log'} ScaleKind */

/**
 * @typedef {object} ColorRange
 * @property {ScaleKind} kind
 * @property {number} low
 * @property {number} high
 * @property {boolean} diverging about 0, from -high to high
 */

export const scaleKinds = /** @type {ScaleKind[]} */ (['linear', 'sqrt', 'log']);
const decades = 4; // what a logarithm shows below its high end: codes keep no more

/**
 * @param {number} value
 * @param {ColorRange} range
 * @returns {number} 0 to 1, NaN for NaN
 */
export function scalePart(value, range) {
  if (Number.isNaN(value)) return NaN;
  if (range.diverging) return 0.5 + 0.5 * Math.sign(value) * onePart(Math.abs(value), range.kind, 0, range.high);
  return onePart(value, range.kind, range.low, range.high);
}

/**
 * @param {number} value
 * @param {ScaleKind} kind
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
function onePart(value, kind, low, high) {
  if (!(high > low)) return value >= high && high !== 0 ? 1 : 0;
  let part = (value - low) / (high - low);
  if (kind === 'log') {
    const bottom = low > 0 ? low : high / 10 ** decades;
    part = value > 0 ? Math.log(value / bottom) / Math.log(high / bottom) : 0;
  } else if (kind === 'sqrt' && part > 0) {
    part = Math.sqrt(part);
  }
  return part <= 0 ? 0 : part >= 1 ? 1 : part;
}

/**
 * The value at a place of the scale: scalePart turned round.
 * @param {number} part
 * @param {ColorRange} range
 * @returns {number}
 */
export function scaleValue(part, range) {
  if (range.diverging) {
    const side = Math.abs(part - 0.5) * 2;
    return Math.sign(part - 0.5) * scaleValue(side, { ...range, low: 0, diverging: false });
  }
  const { low, high } = range;
  if (range.kind === 'log') {
    const bottom = low > 0 ? low : high / 10 ** decades;
    return bottom * (high / bottom) ** part;
  }
  return low + (range.kind === 'sqrt' ? part * part : part) * (high - low);
}

/**
 * Colours of a matrix. Cells for which `hidden` says so stay transparent.
 * @param {Float32Array} values [rows, columns]
 * @param {ColorRange} range
 * @param {Uint32Array} pixels the table of the colour map
 * @param {Uint32Array} out as long as values
 * @param {number} columns
 * @param {(row: number) => [number, number]} attended first and end of the cells of a row that are drawn when 0
 */
export function colorCells(values, range, pixels, out, columns, attended) {
  const table = valueTable(range, pixels);
  const factor = range.high > 0 ? tableSteps ** 2 / range.high : 0;
  const isTabled = !range.diverging && range.kind !== 'log';
  const rows = values.length / columns;
  for (let row = 0, at = 0; row < rows; ++row) {
    const [first, end] = attended(row);
    for (let column = 0; column < columns; ++column, ++at) {
      const value = values[at];
      if (value === 0 && (column < first || column >= end)) out[at] = 0;
      else if (value !== value) out[at] = 0xff808080;
      else if (isTabled && value >= 0) {
        const step = Math.sqrt(value * factor);
        out[at] = table[step >= tableSteps ? tableSteps : (step + 0.5) | 0];
      } else out[at] = pixels[Math.round(scalePart(value, range) * 255)];
    }
  }
}

const tableSteps = 4096;

/**
 * A table of colours for square roots of values makes a cell cost one root; small values would be too coarse
 * for a logarithm, which is computed.
 * @param {ColorRange} range
 * @param {Uint32Array} pixels
 * @returns {Uint32Array}
 */
function valueTable(range, pixels) {
  const table = new Uint32Array(tableSteps + 1);
  for (let i = 0; i < table.length; ++i) {
    const value = range.high * (i / tableSteps) ** 2;
    table[i] = pixels[Math.round(scalePart(value, range) * 255)];
  }
  return table;
}

/**
 * Places and values of ticks, from low to high.
 * @param {ColorRange} range
 * @param {number} count about so many
 * @returns {{part: number, value: number}[]}
 */
export function scaleTicks(range, count) {
  if (!(range.high > (range.diverging ? 0 : range.low))) return [{ part: 1, value: range.high }];
  if (range.diverging) return [-range.high, 0, range.high].map((value) => ({ part: scalePart(value, range), value }));
  const values = range.kind === 'log' ? powers(range) : multiples(range.low, range.high, count);
  return values.map((value) => ({ part: scalePart(value, range), value }));
}

/**
 * @param {ColorRange} range
 * @returns {number[]}
 */
function powers(range) {
  const bottom = range.low > 0 ? range.low : range.high / 10 ** decades;
  const all = [];
  for (let exponent = Math.ceil(Math.log10(bottom) - 1e-9); exponent <= Math.log10(range.high) + 1e-9; ++exponent) {
    all.push(Number('1e' + exponent));
  }
  return all.length > 0 ? all : [bottom, range.high];
}

/**
 * Multiples of a round step: computed from whole numbers, so that 0.3 stays 0.3.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @returns {number[]}
 */
export function multiples(low, high, count) {
  const wish = (high - low) / count;
  if (!(wish > 0) || !Number.isFinite(wish)) return [low];
  const exponent = Math.floor(Math.log10(wish));
  const factor = [1, 2, 5, 10].find((f) => f * 10 ** exponent >= wish * (1 - 1e-9)) || 10;
  const step = factor * 10 ** exponent;
  const all = [];
  for (let n = Math.ceil(low / step - 1e-9); n <= Math.floor(high / step + 1e-9); ++n) {
    all.push(Number((n * step).toPrecision(12)));
  }
  return all;
}
