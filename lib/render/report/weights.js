// Matrices of heads by their places: unpacks what a view asks for and keeps what was used last.
import { joinPlanes, readIntegers, readLargest } from './codes.js';
import { CodedGrid, eitherAttended, Grid, MeanGrid, subtract } from './grid.js';
import { breathe, RecentlyUsed } from './store.js';

/** @typedef {import('./heads.js').HeadPlace} HeadPlace */
/** @typedef {import('./heads.js').SourceName} SourceName */
/** @typedef {import('./codes.js').Largest} Largest */

const keptBytes = 256e6;
const largeGrid = 1e6; // cells: more take longer than a frame

/**
 * Rollout is there of source A only.
 * @param {number} seq
 * @param {number} layer
 * @param {HeadPlace} head
 * @param {SourceName} source
 * @returns {string}
 */
function gridName(seq, layer, head, source) {
  return [head === 'rollout' ? 'a' : source, seq, layer, head].join('/');
}

const prefixes = { a: '', b: 'b/', difference: 'd/' };

/** Loads matrices of heads. */
export class Weights {
  /**
   * @param {import('./heads.js').Meta} meta
   * @param {import('./store.js').Store} store
   */
  constructor(meta, store) {
    this.meta = meta;
    this.store = store;
    /** @type {RecentlyUsed<string, Grid>} */
    this.grids = new RecentlyUsed(keptBytes);
    /** @type {Map<string, Promise<any>>} what is small and kept, or on its way */
    this.promised = new Map();
  }

  /**
   * The matrix if it is there already.
   * @param {number} seq
   * @param {number} layer
   * @param {HeadPlace} head
   * @param {SourceName} source
   * @returns {Grid | undefined}
   */
  peek(seq, layer, head, source) {
    return this.grids.get(gridName(seq, layer, head, source));
  }

  /**
   * @param {number} seq
   * @param {number} layer
   * @param {HeadPlace} head
   * @param {SourceName} source
   * @param {boolean} urgent
   * @returns {Promise<Grid>}
   */
  async load(seq, layer, head, source, urgent = true) {
    const name = gridName(seq, layer, head, source);
    const known = this.grids.get(name);
    if (known) return known;
    const grid = await this.once('grid/' + name + '/' + urgent, false, () =>
      this.make(seq, layer, head, head === 'rollout' ? 'a' : source, urgent),
    );
    this.grids.put(name, grid, grid.bytes());
    return grid;
  }

  /**
   * @param {number} seq
   * @param {number} layer
   * @param {HeadPlace} head
   * @param {SourceName} source
   * @param {boolean} urgent
   * @returns {Promise<Grid>}
   */
  async make(seq, layer, head, source, urgent) {
    if (head === 'mean') {
      const all = this.meta.heads.map((_, place) => this.load(seq, layer, place, source, urgent));
      return new MeanGrid(await Promise.all(all));
    }
    if (source === 'difference' && this.meta.values === 'exact') {
      return subtract(await this.load(seq, layer, head, 'a', urgent), await this.load(seq, layer, head, 'b', urgent));
    }
    const place = seq + '/' + layer;
    const attended = await this.attended(seq, layer, source);
    const shape = { ...this.shape(), difference: source === 'difference' };
    const chunk =
      prefixes[source] +
      (head === 'rollout'
        ? 'rollout/' + place
        : this.meta.values === 'exact'
          ? 'weights/' + place + '/' + head
          : 'codes/' + place + '/' + head);
    const bytes = await this.store.get(chunk, urgent);
    if (this.meta.values === 'exact') return new Grid(shape, joinPlanes(bytes, shape.rows * shape.columns), attended);
    const largest = await this.largest(seq, layer, source, head === 'rollout');
    const isLarge = bytes.length > largeGrid;
    if (isLarge) await breathe();
    const grid = new CodedGrid(shape, bytes, { head: head === 'rollout' ? 0 : head, largest }, attended);
    if (!isLarge) return grid;
    await breathe();
    grid.extent(); // known before somebody draws
    return grid;
  }

  /** @returns {{rows: number, columns: number, pool: number}} */
  shape() {
    return { rows: this.meta.rows, columns: this.meta.columns, pool: this.meta.pool };
  }

  /**
   * The largest entries of all heads of a layer; only where weights are compact.
   * @param {number} seq
   * @param {number} layer
   * @param {SourceName} source
   * @param {boolean} rollout
   * @returns {Promise<Largest>}
   */
  largest(seq, layer, source, rollout = false) {
    const chunk = prefixes[source] + (rollout ? 'rollout_top/' : 'top/') + seq + '/' + layer;
    const { rows, pool, queries, keys, top, heads } = { ...this.meta };
    return this.once(chunk, true, async () =>
      readLargest(await this.store.get(chunk), {
        heads: rollout ? 1 : heads.length,
        rows,
        perRow: top,
        queries,
        keys,
        pool,
      }),
    );
  }

  /**
   * @param {number} seq
   * @param {number} layer
   * @param {SourceName} source
   * @returns {Promise<import('./grid.js').Attended>}
   */
  async attended(seq, layer, source) {
    if (source === 'difference') {
      return eitherAttended(await this.attended(seq, layer, 'a'), await this.attended(seq, layer, 'b'));
    }
    const chunk = prefixes[source] + 'allowed/' + seq + '/' + layer;
    const { rows, pool } = this.meta;
    return this.once(chunk, true, async () => {
      const limits = readIntegers(await this.store.get(chunk), 0, 2 * rows, true);
      return (/** @type {number} */ row) => [Math.floor(limits[row] / pool), Math.ceil(limits[rows + row] / pool)];
    });
  }

  /**
   * What the keys received from all queries, [heads, columns].
   * @param {number} seq
   * @param {number} layer
   * @param {SourceName} source
   * @returns {Promise<Float32Array>}
   */
  received(seq, layer, source) {
    const chunk = prefixes[source === 'b' ? 'b' : 'a'] + 'received/' + seq + '/' + layer;
    return this.once(chunk, true, async () =>
      joinPlanes(await this.store.get(chunk), this.meta.heads.length * this.meta.columns),
    );
  }

  /**
   * Small maps of all heads of a sequence, [layers, heads, rows, columns] of bytes.
   * @param {number} seq
   * @param {SourceName} source
   * @returns {Promise<Uint8Array>}
   */
  thumbs(seq, source) {
    const chunk = prefixes[source] + 'thumbs/' + seq;
    return this.once(chunk, true, () => this.store.get(chunk));
  }

  /**
   * Small maps of rollout, [layers, rows, columns]; null where there is none.
   * @param {number} seq
   * @returns {Promise<Uint8Array | null>}
   */
  rolloutThumbs(seq) {
    const chunk = 'rollout_thumbs/' + seq;
    return this.store.has(chunk) ? this.once(chunk, true, () => this.store.get(chunk)) : Promise.resolve(null);
  }

  /**
   * One promise for all who ask at the same time.
   * @template T
   * @param {string} name
   * @param {boolean} keep afterwards
   * @param {() => Promise<T>} make
   * @returns {Promise<T>}
   */
  once(name, keep, make) {
    let promise = this.promised.get(name);
    if (!promise) {
      promise = make();
      this.promised.set(name, promise);
      const forget = () => this.promised.delete(name);
      promise.then(keep ? () => {} : forget, forget);
    }
    return promise;
  }
}
