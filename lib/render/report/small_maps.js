// The small maps of all heads: their colours, and how they come onto a canvas.
import { thumbValue } from './codes.js';
import { stripePixels } from './parts.js';
import { scalePart } from './scale.js';

/**
 * @typedef {object} SmallMaps
 * @property {import('./heads.js').Meta} meta
 * @property {Uint8Array} thumbs [layers, heads, rows, columns]
 * @property {Uint8Array | null} rollout [layers, rows, columns]
 * @property {import('./scale.js').ScaleKind} scale
 * @property {boolean} difference
 * @property {Map<string, import('./color.js').ColorMap>} maps
 * @property {string} map
 */

/** Small maps in colours. */
export class ColoredMaps {
  /** @param {SmallMaps} all */
  constructor(all) {
    this.all = all;
    this.table = thumbColors(all, all.difference);
    this.rolloutTable = thumbColors(all, false);
  }

  /**
   * @param {number} layer
   * @param {import('./heads.js').HeadPlace} head
   * @param {Uint8Array | undefined} attended cells of the map that anybody may attend; not known yet: those with weight
   * @returns {Uint32Array | null} colours [rows, columns], 0 where there is nothing to see; null without a map
   */
  map(layer, head, attended) {
    const { meta, thumbs, rollout, difference } = this.all;
    const length = meta.thumb.rows * meta.thumb.columns;
    const start = layer * meta.heads.length * length;
    if (head === 'rollout')
      return rollout && colored(rollout.subarray(layer * length, (layer + 1) * length), this.rolloutTable, attended, 0);
    const bytes =
      head === 'mean'
        ? meanThumb(thumbs, start, length, meta.heads.length, difference)
        : thumbs.subarray(start + head * length, start + (head + 1) * length);
    return colored(bytes, this.table, attended, difference ? 128 : 0);
  }
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
 * @param {Uint8Array} bytes
 * @param {Uint32Array} table
 * @param {Uint8Array | undefined} attended
 * @param {number} nothing the byte of 0
 * @returns {Uint32Array}
 */
function colored(bytes, table, attended, nothing) {
  const pixels = new Uint32Array(bytes.length);
  for (let i = 0; i < bytes.length; ++i) {
    if (bytes[i] !== nothing || (attended && attended[i] !== 0)) pixels[i] = table[bytes[i]];
  }
  return pixels;
}

/**
 * Draws small maps of one size, hatched where there is nothing to see, each in a line of a pixel. Pixels are written
 * straight away: a thousand pictures that are scaled would take many times longer.
 */
export class MapBrush {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{rows: number, columns: number}} thumb
   * @param {number} size of a map, in pixels of the page
   */
  constructor(context, thumb, size) {
    this.context = context;
    this.ratio = context.getTransform().a;
    this.side = Math.round((size + 2) * this.ratio);
    this.image = new ImageData(this.side, this.side);
    this.pixels = new Uint32Array(this.image.data.buffer);
    const place = (/** @type {number} */ i) => (i + 0.5) / this.ratio - 1;
    const cells = (/** @type {number} */ count) =>
      Int32Array.from({ length: this.side }, (_, i) =>
        place(i) < 0 || place(i) >= size ? -1 : Math.floor((place(i) * count) / size),
      );
    this.rows = cells(thumb.rows);
    this.columns = cells(thumb.columns);
    this.wide = thumb.columns;
    this.stripes = stripePixels();
  }

  /**
   * @param {Uint32Array} map
   * @param {{x: number, y: number}} spot
   */
  draw(map, spot) {
    const { pixels, side, ratio, rows, columns, wide } = this;
    const { tile, length, line } = this.stripes;
    const left = Math.round((spot.x - 1) * ratio);
    const top = Math.round((spot.y - 1) * ratio);
    const across = Int32Array.from({ length: side }, (_, i) => Math.floor((left + i) / ratio) % length);
    for (let i = 0, at = 0; i < side; ++i) {
      const start = (Math.floor((top + i) / ratio) % length) * length;
      const from = rows[i] * wide;
      for (let j = 0; j < side; ++j, ++at) {
        if (from < 0 || columns[j] < 0) pixels[at] = line;
        else pixels[at] = map[from + columns[j]] || tile[start + across[j]];
      }
    }
    this.context.putImageData(this.image, left, top);
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
