// The sentence about one cell: which query and key, the weight, and how exact it is.
import { boundText, briefly, numberText } from './text.js';

/** @typedef {import('./heads.js').Heads} Heads */
/** @typedef {import('./grid.js').Grid} Grid */

/**
 * "16 "heads"", or the number alone where there are no tokens.
 * @param {number} place
 * @param {string | null} token
 * @returns {string}
 */
export function tokenName(place, token) {
  return token === null ? String(place) : place + ' "' + briefly(token) + '"';
}

/**
 * What a weight is, in words: exact, or the interval in which it lies.
 * @param {import('./grid.js').Cell} cell
 * @returns {string}
 */
export function cellText(cell) {
  if (cell.exact) return numberText(cell.value, 6) + ' (exact)';
  const middle = Math.min(Math.max(cell.value, cell.low), cell.high);
  return (
    '\u2248 ' +
    numberText(middle, 3) +
    ' (' +
    boundText(cell.low, false) +
    ' \u2026 ' +
    boundText(cell.high, true) +
    ')'
  );
}

/**
 * @param {Heads} heads
 * @param {number} seq
 * @param {Grid} grid
 * @param {number} query
 * @param {number} key
 * @returns {string}
 */
export function readout(heads, seq, grid, query, key) {
  const { pool } = grid;
  const row = Math.floor(query / pool);
  const column = Math.floor(key / pool);
  if (row >= grid.rows || column >= grid.columns) return '';
  if (pool > 1) return pooledReadout(heads, seq, grid, row, column);
  const place =
    'query ' +
    tokenName(query, heads.queryToken(seq, query)) +
    ' \u2192 key ' +
    tokenName(key, heads.keyToken(seq, key)) +
    ': ';
  if (grid.hidden(row, column)) return place + '0: nobody may attend there';
  return place + cellText(grid.cell(row, column));
}

/**
 * @param {Heads} heads
 * @param {number} seq
 * @param {Grid} grid
 * @param {number} row
 * @param {number} column
 * @returns {string}
 */
function pooledReadout(heads, seq, grid, row, column) {
  const { pool } = grid;
  const place =
    'queries ' + spanText(row, pool, heads.meta.queries) + ' \u2192 keys ' + spanText(column, pool, heads.meta.keys);
  if (grid.hidden(row, column)) return place + ': 0: nobody may attend there';
  const start = place + ', largest of ' + pool + ' x ' + pool + ': ' + cellText(grid.cell(row, column));
  const inside = grid.largest(row).filter((entry) => Math.floor(entry.key / pool) === column);
  if (inside.length === 0) return start;
  const entries = inside
    .slice(0, 4)
    .map(
      (entry) =>
        tokenName(entry.query, heads.queryToken(seq, entry.query)) +
        ' \u2192 ' +
        tokenName(entry.key, heads.keyToken(seq, entry.key)) +
        ' ' +
        numberText(entry.weight, 6),
    );
  return start + '; exact inside: ' + entries.join('; ');
}

/**
 * The queries or keys of a row or column of a pooled matrix.
 * @param {number} place
 * @param {number} pool
 * @param {number} count
 * @returns {string}
 */
export function spanText(place, pool, count) {
  const first = place * pool;
  const last = Math.min(first + pool, count) - 1;
  return first === last ? String(first) : first + '\u2013' + last;
}

/**
 * The sentence that stands for the picture of a head where it cannot be seen.
 * @param {Heads} heads
 * @param {import('./state.js').Shown} shown
 * @returns {string}
 */
export function matrixSentence(heads, shown) {
  const { meta } = heads;
  const size = meta.queries + ' queries by ' + meta.keys + ' keys';
  const what = shown.source === 'difference' ? 'Difference of the attention weights' : 'Attention weights';
  return (
    what +
    ' of ' +
    heads.name(shown.seq, shown.layer, shown.head) +
    ', ' +
    size +
    (meta.pool > 1 ? ', the largest of each ' + meta.pool + ' by ' + meta.pool : '') +
    '.'
  );
}
