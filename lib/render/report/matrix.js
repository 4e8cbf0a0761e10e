// The matrix of the chosen head: zoom, pan, crosshair, read-out, and the controls of its colours.
import { WantedGrids } from './chosen.js';
import { Frames } from './frames.js';
import { byId, fill, make, markFirst, sharpen, context2d } from './parts.js';
import { CellCache, drawMatrix, labelMargins, matrixLayout } from './matrix_picture.js';
import { matrixSentence, readout, spanText, tokenName } from './readout.js';
import { matrixControls, showControls } from './matrix_controls.js';
import { pointing } from './matrix_pointer.js';
import { matrixPicture } from './matrix_colors.js';
import { hasAny } from './state.js';
import { wholeView } from './viewport.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {import('./state.js').Shown} Shown */

const listedWeights = 12; // a band of a long text has hundreds

/**
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
export function matrixView(shared) {
  const { heads, meta, state } = shared;
  const panel = byId('matrix');
  const canvas = make('canvas', { role: 'img' });
  fill(panel, canvas);
  const frames = new Frames(panel);
  const cache = new CellCache();
  const wanted = new WantedGrids(shared, 'head');
  /**
   * @type {{grid: Grid | null, layout: import('./matrix_picture.js').Layout | null, width: number, said: number, timer: number,
   *   margins: {left: number, top: number}, measured: string}}
   */
  const memory = { grid: null, layout: null, width: 0, said: 0, timer: 0, margins: { left: 0, top: 0 }, measured: '' };
  new ResizeObserver(() => {
    if (Math.abs(panel.clientWidth - memory.width) <= 2) return;
    memory.width = 0;
    state.note('zoom');
  }).observe(panel);

  /**
   * The same for all heads; measuring hundreds of labels takes a while.
   * @param {import('./matrix_picture.js').Picture} picture
   * @returns {{left: number, top: number}}
   */
  function margins(picture) {
    const key = memory.width + '/' + state.shown.seq;
    if (memory.measured !== key) memory.margins = labelMargins(context2d(canvas), picture, memory.width);
    memory.measured = key;
    return memory.margins;
  }

  function draw() {
    memory.grid = wanted.chosen();
    const { grid } = memory;
    if (!grid) return;
    const picture = matrixPicture(shared, grid, state.shown);
    byId('range-low').toggleAttribute('disabled', picture.range.diverging); // its middle is 0
    if (memory.width === 0) memory.width = panel.clientWidth; // asking always would lay out the page each time
    const highest = Math.max(320, Math.min(720, window.innerHeight - 330));
    const layout = matrixLayout(memory.width, highest, grid, margins(picture));
    memory.layout = layout;
    drawMatrix(sharpen(canvas, layout.width, layout.height), picture, layout, cache);
    canvas.setAttribute('aria-label', matrixSentence(heads, state.shown));
    document.body.dataset.ready = '1';
    markFirst('first head');
  }

  function showMarks() {
    const { layout, grid } = memory;
    if (!layout || !grid) return;
    const { left, top, plotWidth, plotHeight } = layout;
    const { hover, query, key, pin, ring, zoom } = state.shown;
    const view = zoom || wholeView(grid);
    const width = plotWidth / (view.right - view.left);
    const height = plotHeight / (view.bottom - view.top);
    const x = (/** @type {number} */ place) => left + (Math.floor(place / meta.pool) - view.left) * width;
    const y = (/** @type {number} */ place) => top + (Math.floor(place / meta.pool) - view.top) * height;
    // Their ends lie outside and are cut.
    const row = (/** @type {number | null} */ place) =>
      place === null ? null : { x: left - 4, y: y(place), width: plotWidth + 8, height };
    const column = (/** @type {number | null} */ place) =>
      place === null ? null : { x: x(place), y: top - 4, width, height: plotHeight + 8 };
    const round = { width: Math.max(2 * width, 16), height: Math.max(2 * height, 16) };
    const around = (/** @type {number} */ ofQuery, /** @type {number} */ ofKey) => ({
      x: x(ofKey) + (width - round.width) / 2,
      y: y(ofQuery) + (height - round.height) / 2,
      ...round,
    });
    frames.within({ x: left, y: top, width: plotWidth, height: plotHeight }, layout);
    frames.show('pin', row(pin));
    frames.show('query', row(query));
    frames.show('key', column(key));
    frames.show('hover query', hover && row(hover.query));
    frames.show('hover key', hover && column(hover.key));
    const { query: ringed, key: at } = ring || { query: null, key: null };
    frames.show('ring', ringed === null || at === null ? null : around(ringed, at));
    frames.show('ring row', at === null ? row(ringed) : null);
  }

  // People hear it at most four times a second.
  function say() {
    const wait = Math.max(0, 250 - (performance.now() - memory.said));
    if (memory.timer) return;
    memory.timer = window.setTimeout(
      () => {
        memory.timer = 0;
        memory.said = performance.now();
        byId('readout').textContent = sentence();
        byId('pinned').textContent = pinnedSentence();
        byId('pinned').hidden = state.shown.pin === null;
      },
      memory.said === 0 ? 0 : wait,
    );
  }

  /** @returns {string} */
  function sentence() {
    const grid = wanted.chosen(); // what is said is of the state as it is now, drawn or not
    const { hover, query, key, seq } = state.shown;
    if (!grid) return wanted.problem;
    if (hover) return readout(heads, seq, grid, hover.query, hover.key);
    if (query !== null && key !== null) return readout(heads, seq, grid, query, key);
    if (query !== null) return 'query ' + tokenName(query, heads.queryToken(seq, query)) + ' chosen';
    if (key !== null) return 'key ' + tokenName(key, heads.keyToken(seq, key)) + ' chosen';
    return 'Point at a cell to read its weight; click to choose it.';
  }

  /** What the pinned row has at the same key. @returns {string} */
  function pinnedSentence() {
    const { hover, key, pin, seq } = state.shown;
    const place = hover ? hover.key : key;
    const grid = wanted.chosen();
    if (!grid || pin === null) return '';
    return (
      'Pinned: ' +
      (place === null ? 'query ' + tokenName(pin, heads.queryToken(seq, pin)) : readout(heads, seq, grid, pin, place))
    );
  }

  function list() {
    const { grid } = memory;
    if (!grid) return;
    const { query, seq } = state.shown;
    const row = Math.floor((query === null ? 0 : query) / meta.pool);
    byId('largest-title').textContent =
      query === null
        ? 'Largest weights: choose a query'
        : 'Largest weights of ' +
          (meta.pool > 1
            ? 'queries ' + spanText(row, meta.pool, meta.queries)
            : 'query ' + tokenName(query, heads.queryToken(seq, query)));
    fill(
      byId('largest'),
      ...(query === null
        ? []
        : grid.largest(row).slice(0, listedWeights).map((entry) => {
            const from = meta.pool > 1 ? entry.query + ' \u2192 ' : '';
            const text =
              numberText(entry.weight, 4) + ': ' + from + tokenName(entry.key, heads.keyToken(seq, entry.key));
            return make(
              'li',
              {},
              make(
                'button',
                { type: 'button', click: () => state.set({ query: entry.query, key: entry.key, hover: null }) },
                text,
              ),
            );
          })),
    );
  }

  pointing({ panel, shared, memory });
  matrixControls(shared, memory);
  return (changed) => {
    if (hasAny(changed, 'seq', 'layer', 'head', 'source')) {
      byId('matrix-title').textContent =
        heads.name(state.shown.seq, state.shown.layer, state.shown.head) + sourceName(shared);
    }
    const redraw = hasAny(
      changed, 'seq', 'layer', 'head', 'source', 'scale', 'map', 'dropFirst', 'shared', 'low', 'high', 'zoom',
    );
    if (redraw) draw();
    if (redraw || hasAny(changed, 'query', 'key', 'hover', 'ring', 'pin')) showMarks();
    if (redraw || hasAny(changed, 'query', 'key', 'hover', 'pin')) say();
    if (hasAny(changed, 'seq', 'layer', 'head', 'source', 'query')) list();
    if (redraw || hasAny(changed, 'pin')) showControls(state.shown);
    // Fingers scroll the page past a matrix that is not zoomed.
    if (hasAny(changed, 'zoom')) panel.style.touchAction = state.shown.zoom ? 'none' : 'pan-y';
  };
}

/** @param {Shared} shared @returns {string} */
function sourceName(shared) {
  const { meta, state } = shared;
  if (meta.sources.length < 2) return '';
  if (state.shown.head === 'rollout') return ', A';
  return state.shown.source === 'difference' ? ', A \u2212 B' : ', ' + (state.shown.source === 'a' ? 'A' : 'B');
}
