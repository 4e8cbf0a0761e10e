// What is said about a head: beside the pointer, to screen readers, and which checks failed in it.
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./heads.js').HeadPlace} HeadPlace */
/** @typedef {import('./heads.js').SourceName} SourceName */

const shownMeasures = ['entropy_normalised', 'distance', 'sink', 'induction'];

/**
 * Name, types, four measures and failed checks in one line.
 * @param {Pick<Shared, 'heads' | 'state' | 'types' | 'meta'>} shared
 * @param {number} layer
 * @param {HeadPlace} head
 * @returns {string}
 */
export function headSentence({ heads, state, types, meta }, layer, head) {
  const { seq, source } = state.shown;
  const name = heads.name(seq, layer, head);
  if (typeof head !== 'number') return name;
  const slot = heads.slot(seq, layer, head);
  const kinds = types
    .of(slot, source)
    .map((one) => one.name)
    .join(', ');
  const numbers = shownMeasures
    .map((measure) => ({ measure, value: heads.measure(measure, slot, source) }))
    .filter(({ value }) => value !== null)
    .map(({ measure, value }) => measure + ' ' + numberText(value, 3));
  const failed = failedChecks(meta, slot, source).map((check) => 'fails ' + check);
  return [name, kinds, ...numbers, ...failed].filter(Boolean).join(' \u00b7 ');
}

/**
 * "layer 5 head 3, induction, induction 0.81": what a screen reader says.
 * @param {Pick<Shared, 'heads' | 'state' | 'types' | 'meta'>} shared
 * @param {number} layer
 * @param {HeadPlace} head
 * @returns {string}
 */
export function spokenName({ heads, state, types, meta }, layer, head) {
  const { seq, source, color } = state.shown;
  if (typeof head !== 'number') return 'layer ' + meta.layers[layer] + ' ' + head;
  const slot = heads.slot(seq, layer, head);
  const [kind] = types.of(slot, source);
  const measure = color !== 'maps' ? color : kind ? kind.measure : 'entropy_normalised';
  const value = heads.measure(measure, slot, source);
  const failed = failedChecks(meta, slot, source);
  const parts = [
    'layer ' + meta.layers[layer] + ' head ' + meta.heads[head],
    kind ? kind.name : '',
    value === null ? '' : measure + ' ' + numberText(value, 2),
    failed.length > 0 ? 'fails ' + failed.join(', ') : '',
  ];
  return parts.filter(Boolean).join(', ');
}

/**
 * The checks that failed or warn in a head, those of the source that is shown.
 * @param {import('./heads.js').Meta} meta
 * @param {number} slot
 * @param {SourceName} source
 * @returns {import('./heads.js').Check[]}
 */
export function badChecks(meta, slot, source) {
  const wanted = source === 'b' ? 'b' : 'a';
  return meta.checks.filter((check) => check.source === wanted && check.slots.includes(slot));
}

/**
 * Names of the checks that failed in a head.
 * @param {import('./heads.js').Meta} meta
 * @param {number} slot
 * @param {SourceName} source
 * @returns {string[]}
 */
export function failedChecks(meta, slot, source) {
  const failed = badChecks(meta, slot, source).filter((check) => check.verdict === 'FAIL');
  return failed.map((check) => check.name);
}
