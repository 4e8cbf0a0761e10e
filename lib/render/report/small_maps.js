// The small maps of all heads as one picture, a pixel a cell: a thousand pictures would take many times longer.
import { thumbValue } from './codes.js';
import { scalePart } from './scale.js';

/**
 * @typedef {object} SmallMaps
 * @property {import('./heads.js').Meta} meta
 * @property {import('./heads.js').HeadPlace[]} columns heads, and what is made of them
 * @property {Uint8Array} thumbs [layers, heads, rows, columns]
 * @property {Uint8Array | null} rollout [layers, rows, columns]
 * @property {Uint8Array[]} attended of each layer, as far as known
 * @property {import('./scale.js').ScaleKind} scale
 * @property {boolean} difference
 * @property {Map<string, import('./color.js').ColorMap>} maps
 * @property {string} map
 */

/**
 * @param {SmallMaps} all
 * @returns {Uint32Array} colours [layers x rows, columns x columns of a map]
 */
export function allSmallMaps(all) {
  const { meta, columns, thumbs, rollout, attended, difference } = all;
  const { rows, columns: wide } = meta.thumb;
  const length = rows * wide;
  const across = columns.length * wide;
  const pixels = new Uint32Array(meta.layers.length * rows * across);
  const table = thumbColors(all, difference);
  const rolloutTable = thumbColors(all, false);
  for (const layer of meta.layers.keys()) {
    const start = layer * meta.heads.length * length;
    columns.forEach((head, column) => {
      const at = layer * rows * across + column * wide;
      if (head === 'rollout') {
        if (rollout)
          putMap(
            pixels,
            at,
            across,
            wide,
            rollout.subarray(layer * length, (layer + 1) * length),
            rolloutTable,
            attended[layer],
            0,
          );
        return;
      }
      const bytes =
        head === 'mean'
          ? meanThumb(thumbs, start, length, meta.heads.length, difference)
          : thumbs.subarray(start + head * length, start + (head + 1) * length);
      putMap(pixels, at, across, wide, bytes, table, attended[layer], difference ? 128 : 0);
    });
  }
  return pixels;
}

/**
 * Colours of all bytes of a small map.
 * @param {SmallMaps} all
 * @param {boolean} difference
 * @returns {Uint32Array}
 */
function thumbColors({ scale, maps, map }, difference) {
  const colors = /** @type {import('./color.js').ColorMap} */ (
    maps.get(difference ? 'coolwarm' : map) || maps.values().next().value
  );
  const range = { kind: scale, low: 0, high: 1, diverging: difference };
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; ++byte) {
    table[byte] = colors.pixels[Math.round(scalePart(valueOfByte(byte, difference), range) * 255)];
  }
  return table;
}

/** @param {number} byte @param {boolean} difference @returns {number} */
function valueOfByte(byte, difference) {
  return difference ? Math.sign(byte - 128) * ((byte - 128) / 127) ** 2 : thumbValue(byte);
}

/**
 * Which cells of a small map may be attended by anybody.
 * @param {{thumb: {rows: number, columns: number}, queries: number, keys: number, pool: number, rows: number}} meta
 * @param {import('./grid.js').Attended} limits
 * @returns {Uint8Array}
 */
export function attendedThumb(meta, limits) {
  const { rows, columns } = meta.thumb;
  const cells = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; ++row) {
    let first = Infinity;
    let end = 0;
    const last = Math.floor((((row + 1) * meta.queries) / rows - 1) / meta.pool);
    for (
      let band = Math.floor((row * meta.queries) / rows / meta.pool);
      band <= Math.min(last, meta.rows - 1);
      ++band
    ) {
      const [from, to] = limits(band);
      if (to <= from) continue;
      first = Math.min(first, from * meta.pool);
      end = Math.max(end, to * meta.pool);
    }
    for (let column = 0; column < columns; ++column) {
      const start = Math.floor((column * meta.keys) / columns);
      const stop = Math.floor(((column + 1) * meta.keys) / columns);
      cells[row * columns + column] = stop > first && start < end ? 1 : 0;
    }
  }
  return cells;
}

/**
 * Puts a small map into the picture of all.
 * @param {Uint32Array} pixels
 * @param {number} start where its first pixel goes
 * @param {number} across how wide the picture is
 * @param {number} wide how wide the map is
 * @param {Uint8Array} bytes
 * @param {Uint32Array} table
 * @param {Uint8Array | undefined} attended not known yet: what is 0 is left out
 * @param {number} nothing the byte of 0
 */
function putMap(pixels, start, across, wide, bytes, table, attended, nothing) {
  for (let from = 0, to = start; from < bytes.length; from += wide, to += across) {
    for (let column = 0; column < wide; ++column) {
      const byte = bytes[from + column];
      if (byte !== nothing || (attended && attended[from + column] !== 0)) pixels[to + column] = table[byte];
    }
  }
}

/**
 * The mean of the small maps of a layer: of largest values, and so a sketch.
 * @param {Uint8Array} thumbs
 * @param {number} start
 * @param {number} length
 * @param {number} heads
 * @param {boolean} difference
 * @returns {Uint8Array}
 */
export function meanThumb(thumbs, start, length, heads, difference) {
  const bytes = new Uint8Array(length);
  const values = Float64Array.from({ length: 256 }, (_, byte) => valueOfByte(byte, difference));
  const sums = new Float64Array(length);
  for (let head = 0, at = start; head < heads; ++head) {
    for (let i = 0; i < length; ++i, ++at) sums[i] += values[thumbs[at]];
  }
  for (let i = 0; i < length; ++i) {
    const mean = sums[i] / heads;
    if (difference) bytes[i] = 128 + Math.sign(mean) * Math.round(127 * Math.sqrt(Math.abs(mean)));
    else bytes[i] = mean > 0 ? Math.max(1, Math.round(255 * Math.sqrt(mean))) : 0;
  }
  return bytes;
}
