// How numbers are packed in the page, and what a packed number stands for: float32 in byte planes, one byte for a
// weight relative to the largest of its row, the exact largest entries of every row.

/**
 * The bytes of a base64 text.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromBase64(text) {
  const native = /** @type {any} */ (Uint8Array).fromBase64;
  if (native) return native.call(Uint8Array, text);
  const signs = atob(text);
  const bytes = new Uint8Array(signs.length);
  for (let i = 0; i < signs.length; ++i) bytes[i] = signs.charCodeAt(i);
  return bytes;
}

const inflatedAtOnce = 65536; // packed bytes; what they hold may be a thousand times as much

/**
 * The bytes of a zlib stream. Writing and reading by hand is several times faster than piping streams.
 * @param {Uint8Array} packed
 * @param {() => Promise<void>} pause what is done between the pieces of many bytes
 * @returns {Promise<Uint8Array>}
 */
export async function inflate(packed, pause = async () => {}) {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  const write = async () => {
    for (let at = 0; at < packed.length; at += inflatedAtOnce) {
      if (at > 0) await pause();
      await writer.write(packed.subarray(at, at + inflatedAtOnce));
    }
    await writer.close();
  };
  const written = write();
  written.catch(() => {}); // reading says the same
  const reader = stream.readable.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  await written;
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(size);
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}

/**
 * float32 that are stored as four planes: all highest bytes first, then the next.
 * @param {Uint8Array} bytes
 * @param {number} count of numbers
 * @param {number} start where the planes begin
 * @returns {Float32Array}
 */
export function joinPlanes(bytes, count, start = 0) {
  const words = new Uint32Array(count);
  for (let i = 0, at = start; i < count; ++i, ++at) {
    words[i] = (bytes[at] << 24) | (bytes[at + count] << 16) | (bytes[at + 2 * count] << 8) | bytes[at + 3 * count];
  }
  return new Float32Array(words.buffer);
}

/**
 * Whole numbers of two or four bytes, lowest byte first.
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} count
 * @param {boolean} wide four bytes
 * @returns {Uint32Array}
 */
export function readIntegers(bytes, start, count, wide) {
  const from = bytes.byteOffset + start;
  const own = bytes.buffer.slice(from, from + count * (wide ? 4 : 2)); // numbers need an even address
  return wide ? new Uint32Array(own) : new Uint32Array(new Uint16Array(own));
}

/**
 * The largest entries of every row: [heads, rows, per row], largest first; an entry of 0 is none.
 * @typedef {object} Largest
 * @property {number} rows
 * @property {number} perRow
 * @property {Float32Array} weights
 * @property {Uint32Array} keys
 * @property {Uint32Array | null} queries only where rows are bands of queries
 */

/**
 * @param {Uint8Array} bytes
 * @param {{heads: number, rows: number, perRow: number, queries: number, keys: number, pool: number}} shape
 * @returns {Largest}
 */
export function readLargest(bytes, shape) {
  const count = shape.heads * shape.rows * shape.perRow;
  const wideKeys = shape.keys > 65535;
  const keysEnd = count * 4 + count * (wideKeys ? 4 : 2);
  return {
    rows: shape.rows,
    perRow: shape.perRow,
    weights: joinPlanes(bytes, count),
    keys: readIntegers(bytes, count * 4, count, wideKeys),
    queries: shape.pool > 1 ? readIntegers(bytes, keysEnd, count, shape.queries > 65535) : null,
  };
}

/**
 * What code c of a row with the largest weight m stands for: [lowest, highest].
 * @param {number} code 0 to 255
 * @param {number} largest
 * @returns {[number, number]}
 */
export function codeInterval(code, largest) {
  if (code === 0) return [0, 0];
  const low = code === 1 ? 0 : ((code - 0.5) / 255) ** 2;
  const high = code === 255 ? 1 : ((code + 0.5) / 255) ** 2;
  return [largest * low, largest * high];
}

/**
 * The same for a code of a difference: 128 is 0, above it A is larger, below it B.
 * @param {number} code
 * @param {number} largest by its size
 * @returns {[number, number]}
 */
export function differenceInterval(code, largest) {
  const steps = Math.abs(code - 128);
  if (steps === 0) return [0, 0];
  const low = largest * (steps === 1 ? 0 : ((steps - 0.5) / 127) ** 2);
  const high = largest * (steps >= 127 ? 1 : ((steps + 0.5) / 127) ** 2);
  return code > 128 ? [low, high] : [-high, -low];
}

/**
 * Weights that codes stand for, about in the middle of their intervals.
 * @param {Uint8Array} codes [rows, columns]
 * @param {Float32Array} largest of every row
 * @param {boolean} difference
 * @returns {Float32Array}
 */
export function codeValues(codes, largest, difference) {
  const table = new Float32Array(256);
  for (let code = 0; code < 256; ++code) {
    table[code] = difference ? Math.sign(code - 128) * ((code - 128) / 127) ** 2 : (code / 255) ** 2;
  }
  const values = new Float32Array(codes.length);
  const columns = codes.length / largest.length;
  const nothing = difference ? 128 : 0;
  for (let row = 0, at = 0; row < largest.length; ++row) {
    const factor = Math.abs(largest[row]);
    for (const end = at + columns; at < end; ++at) {
      if (codes[at] !== nothing) values[at] = table[codes[at]] * factor; // memory that stays 0 is not touched
    }
  }
  return values;
}

/**
 * Weights of a small map: its bytes are square roots.
 * @param {number} byte
 * @returns {number}
 */
export function thumbValue(byte) {
  return (byte / 255) ** 2;
}
