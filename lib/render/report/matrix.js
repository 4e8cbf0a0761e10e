// The matrix of the chosen head: zoom, pan, crosshair, read-out, and the controls of its colours.
import { WantedGrids } from './chosen.js';
import { byId, fill, make, markFirst, sharpen, context2d, strokeFrame, theme } from './parts.js';
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
  const marks = make('canvas', { 'aria-hidden': 'true' });
  marks.style.position = 'absolute';
  marks.style.left = marks.style.top = '0';
  marks.style.pointerEvents = 'none';
  fill(panel, canvas, marks);
  const cache = new CellCache();
  const wanted = new WantedGrids(shared, 'head');
  /** @type {{grid: Grid | null, layout: import('./matrix_picture.js').Layout | null, width: number, said: number, timer: number}} */
  const memory = { grid: null, layout: null, width: 0, said: 0, timer: 0 };
  new ResizeObserver(() => {
    if (Math.abs(panel.clientWidth - memory.width) > 2) state.note('zoom');
  }).observe(panel);

  function draw() {
    memory.grid = wanted.chosen();
    const { grid } = memory;
    if (!grid) return;
    const picture = matrixPicture(shared, grid, state.shown);
    byId('range-low').toggleAttribute('disabled', picture.range.diverging); // its middle is 0
    memory.width = panel.clientWidth;
    const margins = labelMargins(context2d(canvas), picture, memory.width);
    const highest = Math.max(320, Math.min(720, window.innerHeight - 330));
    const layout = matrixLayout(memory.width, highest, grid, margins);
    memory.layout = layout;
    drawMatrix(sharpen(canvas, layout.width, layout.height), picture, layout, cache);
    canvas.setAttribute('aria-label', matrixSentence(heads, state.shown));
    document.body.dataset.ready = '1';
    markFirst('first head');
  }

  function drawMarks() {
    const { layout, grid } = memory;
    if (!layout || !grid) return;
    const context = sharpen(marks, layout.width, layout.height);
    const { hover, query, key, pin, ring, zoom } = state.shown;
    const view = zoom || wholeView(grid);
    const cellWidth = layout.plotWidth / (view.right - view.left);
    const cellHeight = layout.plotHeight / (view.bottom - view.top);
    context.beginPath();
    context.rect(layout.left, layout.top, layout.plotWidth, layout.plotHeight);
    context.clip();
    const y = (/** @type {number} */ place) => layout.top + (Math.floor(place / meta.pool) - view.top) * cellHeight;
    const x = (/** @type {number} */ place) => layout.left + (Math.floor(place / meta.pool) - view.left) * cellWidth;
    /** @param {number | null} row @param {number | null} column @param {string} color @param {number} width */
    const cross = (row, column, color, width) => {
      const down = { y: layout.top - 4, width: cellWidth, height: layout.plotHeight + 8 };
      if (column !== null) strokeFrame(context, { x: x(column), ...down }, color, width);
      const across = { x: layout.left - 4, width: layout.plotWidth + 8, height: cellHeight };
      if (row !== null) strokeFrame(context, { y: y(row), ...across }, color, width);
    };
    if (pin !== null) cross(pin, null, theme().ink, 1.5);
    cross(query, key, theme().accent, 1.5);
    if (hover) cross(hover.query, hover.key, theme().faint, 1);
    if (ring && ring.query !== null) {
      context.strokeStyle = theme().alarm;
      context.lineWidth = 3;
      context.beginPath();
      if (ring.key === null) context.strokeRect(layout.left, y(ring.query), layout.plotWidth, cellHeight);
      else
        context.ellipse(
          x(ring.key) + cellWidth / 2,
          y(ring.query) + cellHeight / 2,
          Math.max(cellWidth, 8),
          Math.max(cellHeight, 8),
          0,
          0,
          7,
        );
      context.stroke();
    }
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
    if (redraw || hasAny(changed, 'query', 'key', 'hover', 'ring', 'pin')) drawMarks();
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
