// Which heads make a link: a bar a head for the chosen query and key, the strongest or in the order of the layers.
import { fill, make } from './parts.js';
import { tokenName } from './readout.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

const shownBars = 40;

/**
 * The strongest links, in the order in which they are shown.
 * @param {number[]} values one a head
 * @param {number} count
 * @param {boolean} byLayer
 * @returns {{place: number, value: number}[]}
 */
export function strongestLinks(values, count, byLayer) {
  const links = values.map((value, place) => ({ place, value }));
  links.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.place - b.place);
  const shown = links.slice(0, count);
  return byLayer ? shown.sort((a, b) => a.place - b.place) : shown;
}

/**
 * @param {Shared} shared
 * @param {import('./token_rows.js').TokenRows} rows
 * @param {HTMLElement} panel
 * @returns {{all: () => void, choose: () => void}} draws them, or only which head is the chosen one
 */
export function linkBars(shared, rows, panel) {
  const { state, meta, heads, weights } = shared;
  const title = make('h3', {});
  const bars = make('div', { class: 'link-bars' });
  const byLayer = make('input', { type: 'checkbox', change: draw });
  const all = make('input', { type: 'checkbox', change: draw });
  const allLabel = make('label', {}, all, ' all ' + rows.count + ' heads, not the ' + shownBars + ' strongest only');
  allLabel.hidden = rows.count <= shownBars;
  const order = make('label', {}, byLayer, ' in the order of the layers');
  fill(panel, title, make('div', { class: 'bar' }, order, allLabel), bars);

  function draw() {
    const { query, key, seq } = state.shown;
    if (key === null || query === null) {
      title.textContent = 'Which heads make a link: choose a cell';
      fill(bars);
      return;
    }
    title.textContent =
      'Heads that link query ' +
      tokenName(query, heads.queryToken(seq, query)) +
      ' to key ' +
      tokenName(key, heads.keyToken(seq, key));
    const column = Math.floor(key / meta.pool);
    const values = Array.from({ length: rows.count }, (_, place) => rows.values[place * meta.columns + column]);
    const largest = Math.max(...values.map(Math.abs), 1e-30);
    fill(
      bars,
      ...strongestLinks(values, all.checked ? rows.count : shownBars, byLayer.checked).map(({ place, value }) =>
        bar(place, value, largest, column),
      ),
    );
  }

  /** @param {number} place @param {number} value @param {number} largest @param {number} column @returns {HTMLElement} */
  function bar(place, value, largest, column) {
    const { seq, source } = state.shown;
    const [layer, head] = [rows.layerOf(place), rows.headOf(place)];
    const grid = weights.peek(seq, layer, head, source);
    const exact = grid ? grid.cell(rows.row, column).exact : value !== 0;
    const length = make('span', { class: 'fill', 'aria-hidden': 'true' });
    length.style.width = (100 * Math.abs(value)) / largest + '%';
    const text =
      'layer ' +
      meta.layers[layer] +
      ' head ' +
      meta.heads[head] +
      ': ' +
      (exact ? '' : '\u2248 ') +
      numberText(value, exact ? 4 : 3);
    const chosen = layer === state.shown.layer && head === state.shown.head;
    return make(
      'button',
      { type: 'button', value: place, 'aria-pressed': String(chosen), click: () => state.set({ layer, head }) },
      length,
      make('span', { class: 'words' }, text),
    );
  }

  function choose() {
    for (const one of /** @type {Iterable<HTMLButtonElement>} */ (bars.children)) {
      const place = Number(one.value);
      const chosen = rows.layerOf(place) === state.shown.layer && rows.headOf(place) === state.shown.head;
      one.setAttribute('aria-pressed', String(chosen));
    }
  }

  return { all: draw, choose };
}
