// The weights of one query in all heads of all layers: at once what is exact, the rest while matrices are unpacked.

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {{seq: number, source: import('./heads.js').SourceName, row: number}} TokenRow */

const told = 120; // milliseconds between two drawings of what is not complete

/** Rows [layers x heads, columns] of one query or band of queries. */
export class TokenRows {
  /**
   * @param {Pick<Shared, 'meta' | 'weights'>} shared
   * @param {() => void} more called when there is more to draw
   */
  constructor({ meta, weights }, more) {
    this.meta = meta;
    this.weights = weights;
    this.more = more;
    this.count = meta.layers.length * meta.heads.length;
    this.key = '';
    this.row = 0;
    this.values = new Float32Array(this.count * meta.columns);
    this.done = new Uint8Array(this.count); // which heads are complete
    this.first = new Int32Array(this.count); // what may be attended, as columns
    this.end = new Int32Array(this.count).fill(meta.columns);
    /** @type {Float32Array | null} */
    this.rollout = null;
  }

  forget() {
    this.values.fill(0);
    this.done.fill(0);
    this.first.fill(0);
    this.end.fill(this.meta.columns);
    this.rollout = null;
  }

  /** @returns {number} heads that are complete */
  complete() {
    return this.done.reduce((sum, one) => sum + one, 0);
  }

  /**
   * Collects a row; what was being collected before is given up.
   * @param {TokenRow} wanted
   */
  async collect(wanted) {
    const { seq, source, row } = wanted;
    const key = [seq, source, row].join('/');
    if (this.key === key) return;
    this.key = key;
    this.row = row;
    this.forget();
    for (let place = 0; place < this.count; ++place) {
      const known = this.weights.peek(seq, this.layerOf(place), this.headOf(place), source);
      if (known) this.take(place, known);
    }
    if (this.meta.values === 'compact' && !(await this.collectLargest(wanted, key))) return;
    if (!(await this.collectHeads(wanted, key))) return;
    await this.collectRollout(wanted, key);
    if (this.key === key) this.more();
  }

  /** @param {TokenRow} wanted @param {string} key @returns {Promise<boolean>} whether it is still wanted */
  async collectLargest({ seq, source }, key) {
    for (const layer of this.meta.layers.keys()) {
      const [largest, attended] = await Promise.all([
        this.weights.largest(seq, layer, source),
        this.weights.attended(seq, layer, source),
      ]);
      if (this.key !== key) return false;
      this.takeLargest(layer, largest, attended(this.row));
    }
    this.more();
    return true;
  }

  /** @param {TokenRow} wanted @param {string} key @returns {Promise<boolean>} */
  async collectHeads({ seq, source }, key) {
    let drawn = performance.now();
    for (let place = 0; place < this.count; ++place) {
      if (this.done[place]) continue;
      const grid = await this.weights.load(seq, this.layerOf(place), this.headOf(place), source, false);
      if (this.key !== key) return false;
      this.take(place, grid);
      if (performance.now() - drawn < told) continue;
      drawn = performance.now();
      this.more();
    }
    return true;
  }

  /**
   * Rollout through all layers.
   * @param {TokenRow} wanted
   * @param {string} key
   */
  async collectRollout({ seq, source }, key) {
    const layers = this.meta.rollout && source === 'a' ? this.meta.rollout.layers : [];
    if (layers.length === 0) return;
    const grid = await this.weights.load(seq, layers[layers.length - 1], 'rollout', 'a', false);
    if (this.key === key) this.rollout = grid.values.subarray(this.row * grid.columns, (this.row + 1) * grid.columns);
  }

  /** @param {number} place @param {import('./grid.js').Grid} grid */
  take(place, grid) {
    this.values.set(grid.values.subarray(this.row * grid.columns, (this.row + 1) * grid.columns), place * grid.columns);
    [this.first[place], this.end[place]] = grid.attended(this.row);
    this.done[place] = 1;
  }

  /** @param {number} layer @param {import('./codes.js').Largest} largest @param {[number, number]} attended */
  takeLargest(layer, largest, attended) {
    for (const head of this.meta.heads.keys()) {
      const place = layer * this.meta.heads.length + head;
      if (this.done[place]) continue;
      [this.first[place], this.end[place]] = attended;
      for (let i = largest.perRow - 1; i >= 0; --i) {
        const at = (head * largest.rows + this.row) * largest.perRow + i;
        const column = Math.floor(largest.keys[at] / this.meta.pool);
        if (largest.weights[at] !== 0) this.values[place * this.meta.columns + column] = largest.weights[at];
      }
    }
  }

  /** @param {number} place @returns {number} */
  layerOf(place) {
    return Math.floor(place / this.meta.heads.length);
  }

  /** @param {number} place @returns {number} */
  headOf(place) {
    return place % this.meta.heads.length;
  }
}

/**
 * Means over the heads of each layer.
 * @param {Float32Array} values [layers x heads, columns]
 * @param {number} heads
 * @param {number} columns
 * @returns {Float32Array} [layers, columns]
 */
export function layerMeans(values, heads, columns) {
  const layers = values.length / columns / heads;
  const means = new Float32Array(layers * columns);
  for (let layer = 0; layer < layers; ++layer) {
    for (let head = 0; head < heads; ++head) {
      const start = (layer * heads + head) * columns;
      for (let column = 0; column < columns; ++column)
        means[layer * columns + column] += values[start + column] / heads;
    }
  }
  return means;
}
