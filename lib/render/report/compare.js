// Two sources of the same shape: the chosen head in A, in B, and A less B, and the heads that differ most.
import { WantedGrids } from './chosen.js';
import { CellCache, drawMatrix, matrixLayout } from './matrix_picture.js';
import { colorRange, matrixPicture } from './matrix_colors.js';
import { byId, fill, make, sharpen } from './parts.js';
import { cellText } from './readout.js';
import { hasAny } from './state.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

const shownHeads = 12;
const margins = { left: 34, top: 34 };
const sides = /** @type {[import('./heads.js').SourceName, string][]} */ ([
  ['a', 'A'],
  ['b', 'B'],
  ['difference', 'A \u2212 B'],
]);

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function compareView(shared) {
  const { meta, state, heads } = shared;
  const changes = meta.difference;
  if (!changes) return () => {};
  const wanted = new WantedGrids(shared, 'tab');
  const pictures = sides.map(([source, text]) => {
    const canvas = make('canvas', { role: 'img' });
    return {
      source,
      text,
      canvas,
      cache: new CellCache(),
      figure: make('figure', {}, make('figcaption', {}, text + sourceFile(source)), canvas),
    };
  });
  const cell = make('p', { class: 'readout' });
  const list = make('div', {});
  const tint = make(
    'div',
    { class: 'bar' },
    'Colour the overview by ',
    ...changes.measures.map((name) =>
      make(
        'button',
        {
          type: 'button',
          title: heads.meaning(name),
          click: () => state.set({ color: name }),
        },
        name,
      ),
    ),
    make('button', { type: 'button', click: () => state.set({ color: 'maps' }) }, 'maps'),
  );
  fill(
    byId('tab-compare'),
    tint,
    make('div', { class: 'pictures' }, ...pictures.map(({ figure }) => figure)),
    cell,
    list,
  );

  /** @param {import('./heads.js').SourceName} source @returns {string} */
  function sourceFile(source) {
    if (source === 'difference') return '';
    return ': ' + meta.sources[source === 'a' ? 0 : 1].name;
  }

  function draw() {
    const { layer, head } = state.shown;
    const width = Math.max(220, Math.min(420, (byId('tab-compare').clientWidth - 30) / 3));
    for (const { source, text, canvas, cache } of pictures) {
      const grid = wanted.get(layer, head, source);
      if (!grid) continue;
      const range = sharedRange(source, grid);
      const picture = {
        ...matrixPicture(shared, grid, { ...state.shown, source }),
        queryToken: () => null,
        keyToken: () => null,
        range,
      };
      const layout = matrixLayout(width, 420, grid, margins);
      drawMatrix(sharpen(canvas, layout.width, layout.height), picture, layout, cache);
      canvas.setAttribute('aria-label', text + ' of ' + heads.name(state.shown.seq, layer, head));
    }
  }

  /**
   * A and B have one range, so that equal weights have equal colours.
   * @param {import('./heads.js').SourceName} source
   * @param {import('./grid.js').Grid} grid
   * @returns {import('./scale.js').ColorRange}
   */
  function sharedRange(source, grid) {
    const { layer, head } = state.shown;
    const range = colorRange(state.shown, grid);
    const other = source === 'difference' ? null : wanted.get(layer, head, source === 'a' ? 'b' : 'a');
    return other ? { ...range, high: Math.max(range.high, colorRange(state.shown, other).high) } : range;
  }

  function sayCell() {
    const { query, key, layer, head } = state.shown;
    if (query === null || key === null) {
      cell.textContent = 'Choose a cell of the matrix to read it in both.';
      return;
    }
    const texts = sides.map(([source, text]) => {
      const grid = wanted.get(layer, head, source);
      return (
        text + ' ' + (grid ? cellText(grid.cell(Math.floor(query / meta.pool), Math.floor(key / meta.pool))) : '\u2026')
      );
    });
    cell.textContent = 'query ' + query + ' \u2192 key ' + key + ': ' + texts.join(' \u00b7 ');
  }

  function listHeads() {
    const { seq } = state.shown;
    const size = (/** @type {number} */ slot) => Math.abs(heads.measure('max_abs', slot) || 0);
    const slots = heads
      .slots(seq)
      .sort((a, b) => size(b) - size(a) || a - b)
      .slice(0, shownHeads);
    const rows = slots.map((slot) => {
      const { layer, head } = heads.place(slot);
      const go = make(
        'button',
        { type: 'button', click: () => state.set({ layer, head, source: 'difference' }) },
        heads.name(seq, layer, head),
      );
      return make(
        'tr',
        {},
        make('th', { scope: 'row' }, go),
        ...(changes ? changes.measures : []).map((name) => make('td', {}, numberText(heads.measure(name, slot), 4))),
      );
    });
    const header = make(
      'tr',
      {},
      make('th', { scope: 'col' }, 'differ most'),
      ...(changes ? changes.measures : []).map((name) =>
        make('th', { scope: 'col', title: heads.meaning(name) }, name),
      ),
    );
    fill(list, make('table', { class: 'plain' }, make('thead', {}, header), make('tbody', {}, ...rows)));
  }

  return (changed) => {
    if (state.shown.tab !== 'compare') return;
    if (hasAny(
      changed, 'tab', 'seq', 'layer', 'head', 'map', 'scale', 'dropFirst', 'shared', 'low', 'high', 'zoom',
    )) draw();
    if (hasAny(changed, 'tab', 'seq', 'layer', 'head', 'query', 'key')) sayCell();
    if (hasAny(changed, 'tab', 'seq')) listHeads();
  };
}
