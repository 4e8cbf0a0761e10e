// What the page knows about its heads before any weight is unpacked: their names, places, tokens and measures.

/**
 * @typedef {object} Check
 * @property {'a' | 'b'} source
 * @property {string} name
 * @property {string} verdict
 * @property {number | null} worst
 * @property {number | null} threshold
 * @property {string} limit
 * @property {string} message
 * @property {string} meaning
 * @property {{seq: number, layer: number, head: number, query: number | null, key: number | null} | null} place
 * @property {number[]} slots
 */

/**
 * The facts that came with the page.
 * @typedef {object} Meta
 * @property {number} format
 * @property {string} program
 * @property {string} title
 * @property {string} command
 * @property {{label: string, name: string, digest: string | null}[]} sources
 * @property {number[]} layers
 * @property {number[]} heads
 * @property {number[]} sequences
 * @property {boolean} batch
 * @property {number} queries
 * @property {number} keys
 * @property {number[]} offset
 * @property {string[][]} tokens
 * @property {string[][]} key_tokens
 * @property {'exact' | 'compact'} values
 * @property {number} pool
 * @property {number} rows
 * @property {number} columns
 * @property {number} top
 * @property {boolean} narrowed
 * @property {{rows: number, columns: number}} thumb
 * @property {{name: string, meaning: string}[]} measures
 * @property {Record<string, (number | null)[][]>} stats
 * @property {Check[]} checks
 * @property {{name: string, colors: string, diverging: boolean}[]} maps
 * @property {{map: string, scale: string, dropFirst: boolean, seq: number, layer: number, head: number}} start
 * @property {{layers: number[]} | null} rollout
 * @property {{measures: string[], values: (number | null)[][], scale: number} | null} difference
 * @property {{step: number, queries: number[], keys: number[], caption: string,
 *   heads: ({variance: number, correlation: number | null} | null)[]} | null} embedding
 * @property {{rows: number, columns: number, prefix: number} | null} grid
 * @property {{type: string, width: number, height: number} | null} image
 * @property {Record<string, number>} chunks
 */

/** @typedef {number | 'mean' | 'rollout'} HeadPlace  a place in the list of heads, or what is made of all of them */
/** @typedef {'a' | 'b' | 'difference'} SourceName */
/** @typedef {{seq: number, layer: number, head: number}} RealHead */

/** Names and measures of heads. All arguments are places in the lists of the page. */
export class Heads {
  /** @param {Meta} meta */
  constructor(meta) {
    this.meta = meta;
    /** @type {Map<string, number>} */
    this.measurePlaces = new Map(meta.measures.map((measure, place) => [measure.name, place]));
    this.count = meta.layers.length * meta.heads.length;
  }

  /**
   * @param {number} seq
   * @param {number} layer
   * @param {number} head
   * @returns {number} place in tables with an entry a head
   */
  slot(seq, layer, head) {
    return (seq * this.meta.layers.length + layer) * this.meta.heads.length + head;
  }

  /**
   * @param {number} slot
   * @returns {RealHead}
   */
  place(slot) {
    const { layers, heads } = this.meta;
    const head = slot % heads.length;
    const rest = (slot - head) / heads.length;
    return { seq: Math.floor(rest / layers.length), layer: rest % layers.length, head };
  }

  /**
   * The slots of all heads of a sequence.
   * @param {number} seq
   * @returns {number[]}
   */
  slots(seq) {
    return Array.from({ length: this.count }, (_, i) => seq * this.count + i);
  }

  /**
   * @param {string} name
   * @param {number} slot
   * @param {SourceName} source
   * @returns {number | null}
   */
  measure(name, slot, source = 'a') {
    const changes = this.meta.difference;
    if (changes && changes.measures.includes(name)) return changes.values[slot][changes.measures.indexOf(name)];
    const place = this.measurePlaces.get(name);
    const rows = this.meta.stats[source === 'b' ? 'b' : 'a'];
    return place === undefined || !rows || !rows[slot] ? null : rows[slot][place];
  }

  /** Names of all measures, those of the comparison last. @returns {string[]} */
  measureNames() {
    return this.meta.measures
      .map((measure) => measure.name)
      .concat(this.meta.difference ? this.meta.difference.measures : []);
  }

  /**
   * Measures that have a value for some head.
   * @returns {string[]}
   */
  knownMeasures() {
    return this.measureNames().filter((name) => this.slots(0).some((slot) => this.measure(name, slot) !== null));
  }

  /**
   * @param {string} name
   * @returns {string}
   */
  meaning(name) {
    const place = this.measurePlaces.get(name);
    if (place !== undefined) return this.meta.measures[place].meaning;
    const changes = {
      max_abs: 'largest difference of a weight',
      mean_js: 'mean Jensen-Shannon divergence of a row, 0 to 1',
      entropy_change: 'entropy of A less entropy of B',
    };
    return changes[/** @type {keyof typeof changes} */ (name)] || '';
  }

  /**
   * "layer 5 head 3"; of several sequences with the sequence.
   * @param {number} seq
   * @param {number} layer
   * @param {HeadPlace} head
   * @returns {string}
   */
  name(seq, layer, head) {
    const what =
      typeof head === 'number' ? 'head ' + this.meta.heads[head] : head === 'mean' ? 'mean of heads' : 'rollout';
    const start = this.meta.batch ? 'sequence ' + this.meta.sequences[seq] + ' ' : '';
    return start + 'layer ' + this.meta.layers[layer] + ' ' + what;
  }

  /**
   * A file name for a head, without its end.
   * @param {number} seq
   * @param {number} layer
   * @param {HeadPlace} head
   * @returns {string}
   */
  fileName(seq, layer, head) {
    const pad = (/** @type {number} */ number) => String(number).padStart(2, '0');
    const what = typeof head === 'number' ? 'head' + pad(this.meta.heads[head]) : head;
    const start = this.meta.batch ? 'seq' + pad(this.meta.sequences[seq]) + '-' : '';
    return start + 'layer' + pad(this.meta.layers[layer]) + '-' + what;
  }

  /**
   * The token of a query, null where the page has none.
   * @param {number} seq
   * @param {number} query
   * @returns {string | null}
   */
  queryToken(seq, query) {
    return tokenOf(this.meta.tokens, seq, query);
  }

  /**
   * @param {number} seq
   * @param {number} key
   * @returns {string | null}
   */
  keyToken(seq, key) {
    return tokenOf(this.meta.key_tokens, seq, key);
  }

  /**
   * The place of a query among the keys.
   * @param {number} seq
   * @param {number} query
   * @returns {number}
   */
  position(seq, query) {
    return query + (this.meta.offset[seq] || 0);
  }
}

/**
 * One list serves all sequences, or each has its own.
 * @param {string[][]} lists
 * @param {number} seq
 * @param {number} place
 * @returns {string | null}
 */
function tokenOf(lists, seq, place) {
  const list = lists.length > 1 ? lists[seq] : lists[0];
  return list && place < list.length ? list[place] : null;
}
