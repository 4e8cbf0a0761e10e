// The verdicts of `check` where they are: a click leads to the head and rings the cell.
import { byId, fill, make } from './parts.js';
import { counted, numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./heads.js').Check} Check */

const order = ['FAIL', 'warning', 'ok', 'skipped'];

/**
 * Checks, the worst first.
 * @param {Check[]} checks
 * @returns {Check[]}
 */
export function worstFirst(checks) {
  const rank = (/** @type {Check} */ check) => {
    const place = order.indexOf(check.verdict);
    return place < 0 ? order.length : place;
  };
  return checks
    .map((check, i) => ({ check, i }))
    .sort((a, b) => rank(a.check) - rank(b.check) || a.i - b.i)
    .map(({ check }) => check);
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function checksView(shared) {
  const { meta } = shared;
  const failed = meta.checks.filter((check) => check.verdict === 'FAIL').length;
  const summary =
    meta.checks.length === 0
      ? 'Checks were left out.'
      : failed === 0
        ? 'No check failed.'
        : failed + (failed === 1 ? ' check failed.' : ' checks failed.');
  fill(
    byId('tab-checks'),
    make('h3', {}, 'Checks'),
    make('p', {}, summary),
    make('div', { class: 'verdicts' }, ...worstFirst(meta.checks).map((check) => verdictLine(shared, check))),
  );
  return () => {};
}

/** @param {Shared} shared @param {Check} check @returns {HTMLElement} */
function verdictLine(shared, check) {
  const { state, meta, heads } = shared;
  const { place } = check;
  const bad = check.verdict === 'FAIL' || check.verdict === 'warning';
  const source = meta.sources.length > 1 ? (check.source === 'b' ? 'B: ' : 'A: ') : '';
  const worst =
    check.worst === null ? '' : 'worst ' + numberText(check.worst, 4) + (check.limit === '' ? '' : ', ' + check.limit);
  const where =
    place && check.verdict !== 'ok'
      ? heads.name(place.seq, place.layer, place.head) +
        (place.query === null ? '' : ', query ' + place.query) +
        (place.key === null ? '' : ', key ' + place.key)
      : '';
  const others = bad && check.slots.length > 1 ? 'and ' + counted(check.slots.length - 1, 'more head') + ', which check:' + check.name + ' finds' : '';
  const parts = [
    make('span', { class: 'word ' + (bad ? 'bad' : check.verdict === 'ok' ? 'ok' : '') }, check.verdict),
    make('span', {}, source + check.name),
    make('span', {}, [check.message || check.meaning, where, others].filter(Boolean).join(' \u00b7 ')),
    make('span', { class: 'faint' }, worst),
  ];
  if (!place) return make('div', { class: 'verdict' }, ...parts);
  return make(
    'button',
    {
      type: 'button',
      class: 'verdict',
      click: () =>
        state.set({
          seq: place.seq,
          layer: place.layer,
          head: place.head,
          query: place.query,
          key: place.key,
          source: check.source,
          side: 'query',
          zoom: null,
          ring: { query: place.query, key: place.key },
        }),
    },
    ...parts,
  );
}
