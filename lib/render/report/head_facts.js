// What a search may ask about the heads of the page.
import { badChecks } from './head_names.js';
import { cosine } from './search.js';

/** @typedef {import('./parts.js').Shared} Shared */

/**
 * What a search may ask.
 * @param {Shared} shared
 * @param {number} seq
 * @param {import('./heads.js').SourceName} source
 * @returns {import('./search.js').Facts}
 */
export function headFacts(shared, seq, source) {
  const { heads, meta, types } = shared;
  const numbers = { layer: meta.layers, head: meta.heads };
  return {
    slots: heads.slots(seq),
    measures: [...heads.measureNames(), 'layer', 'head'],
    value(name, slot) {
      if (name === 'layer' || name === 'head') return numbers[name][heads.place(slot)[name]];
      return heads.measure(name, slot, source);
    },
    types: (slot) => types.of(slot, source).map((one) => one.name),
    checks(slot) {
      const bad = badChecks(meta, slot, source);
      return [...bad.map((check) => check.name), ...(bad.some((check) => check.verdict === 'FAIL') ? ['failed'] : [])];
    },
    token(slot) {
      const key = heads.measure('sink_key', slot, source);
      return key === null ? '' : heads.keyToken(seq, key) || '';
    },
    isHead: (layer, head) => meta.layers.includes(layer) && meta.heads.includes(head),
    alike: (layer, head) => likeness(shared, seq, source, layer, head),
  };
}

/** @type {Map<string, Uint8Array>} maps that have come in */
const knownThumbs = new Map();

/**
 * @param {Shared} shared
 * @param {number} seq
 * @param {import('./heads.js').SourceName} source
 * @param {number} layer as people call it
 * @param {number} head
 * @returns {((slot: number) => number) | null}
 */
function likeness({ weights, meta, heads, finder, state }, seq, source, layer, head) {
  const thumbs = knownThumbs.get(source + seq);
  if (!thumbs) {
    weights.thumbs(seq, source).then((bytes) => {
      knownThumbs.set(source + seq, bytes);
      finder.forget();
      state.note('find');
    });
    return null;
  }
  const length = meta.thumb.rows * meta.thumb.columns;
  const first = heads.slot(seq, 0, 0);
  const wanted = heads.slot(seq, meta.layers.indexOf(layer), meta.heads.indexOf(head));
  const nothing = source === 'difference' ? 128 : 0;
  return (slot) => cosine(thumbs, (wanted - first) * length, (slot - first) * length, length, nothing);
}
