// The matrix of the chosen head: zoom, pan, crosshair, read-out, and the controls of its colours.
import { WantedGrids } from './chosen.js';
import { byId, fill, make, markFirst, sharpen, context2d, theme } from './parts.js';
import { CellCache, drawMatrix, labelMargins, matrixLayout } from './matrix_picture.js';
import { matrixSentence, readout, spanText, tokenName } from './readout.js';
import { scaleKinds, scaleValue } from './scale.js';
import { isWhole, moveView, viewWith, wholeView, zoomAbout } from './viewport.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {import('./state.js').Shown} Shown */

/**
 * The range of colours for a matrix.
 * @param {Shown} shown
 * @param {Grid} grid
 * @returns {import('./scale.js').ColorRange}
 */
export function colorRange(shown, grid) {
  let { low, high } = grid.extent();
  if (shown.dropFirst) ({ low, high } = extentWithoutFirst(grid));
  if (shown.shared && !grid.difference) [low, high] = [Math.min(low, 0), Math.max(high, 1)];
  const diverging = grid.difference || low < 0;
  if (diverging) high = Math.max(Math.abs(low), Math.abs(high));
  const whole = { kind: shown.scale, low: 0, high, diverging };
  if (diverging) return { ...whole, high: high * Math.max(shown.high, 0.01) };
  return { ...whole, low: shown.low > 0 ? scaleValue(shown.low, whole) : 0, high: scaleValue(Math.max(shown.high, 0.01), whole) };
}

/**
 * @param {Grid} grid
 * @returns {{low: number, high: number}}
 */
function extentWithoutFirst(grid) {
  let low = Infinity;
  let high = -Infinity;
  for (let row = 0; row < grid.rows; ++row) {
    for (let at = row * grid.columns + 1, end = (row + 1) * grid.columns; at < end; ++at) {
      const value = grid.values[at];
      if (value - value !== 0) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low > high ? grid.extent() : { low, high };
}

/**
 * A picture of the chosen head as it is shown, for the screen and for files.
 * @param {Shared} shared
 * @param {Grid} grid
 * @param {Shown} shown
 * @returns {import('./matrix_picture.js').Picture}
 */
export function matrixPicture(shared, grid, shown) {
  const { heads, meta, maps } = shared;
  const range = colorRange(shown, grid);
  const map = /** @type {import('./color.js').ColorMap} */ ((range.diverging ? maps.get('coolwarm') : maps.get(shown.map)) || maps.get(shown.map));
  return {
    grid, map, range, view: shown.zoom || wholeView(grid), queries: meta.queries, keys: meta.keys,
    queryToken: (query) => heads.queryToken(shown.seq, query), keyToken: (key) => heads.keyToken(shown.seq, key),
  };
}

/**
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
export function matrixView(shared) {
  const { heads, meta, state } = shared;
  const panel = byId('matrix');
  const canvas = /** @type {HTMLCanvasElement} */ (make('canvas', { role: 'img' }));
  const marks = /** @type {HTMLCanvasElement} */ (make('canvas', { 'aria-hidden': 'true' }));
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
    const { hover, query, key, ring, zoom } = state.shown;
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
      context.strokeStyle = color;
      context.lineWidth = width;
      if (row !== null) context.strokeRect(layout.left - 4, y(row), layout.plotWidth + 8, cellHeight);
      if (column !== null) context.strokeRect(x(column), layout.top - 4, cellWidth, layout.plotHeight + 8);
    };
    cross(query, key, theme().accent, 1.5);
    if (hover) cross(hover.query, hover.key, theme().faint, 1);
    if (ring && ring.query !== null) {
      context.strokeStyle = theme().alarm;
      context.lineWidth = 3;
      context.beginPath();
      if (ring.key === null) context.strokeRect(layout.left, y(ring.query), layout.plotWidth, cellHeight);
      else context.ellipse(x(ring.key) + cellWidth / 2, y(ring.query) + cellHeight / 2, Math.max(cellWidth, 8), Math.max(cellHeight, 8), 0, 0, 7);
      context.stroke();
    }
  }

  // People hear it at most four times a second.
  function say() {
    const wait = Math.max(0, 250 - (performance.now() - memory.said));
    if (memory.timer) return;
    memory.timer = window.setTimeout(() => {
      memory.timer = 0;
      memory.said = performance.now();
      byId('readout').textContent = sentence();
    }, memory.said === 0 ? 0 : wait);
  }

  /** @returns {string} */
  function sentence() {
    const { grid } = memory;
    const { hover, query, key, seq } = state.shown;
    if (!grid) return wanted.problem;
    if (hover) return readout(heads, seq, grid, hover.query, hover.key);
    if (query !== null && key !== null) return readout(heads, seq, grid, query, key);
    if (query !== null) return 'query ' + tokenName(query, heads.queryToken(seq, query)) + ' chosen';
    return 'Point at a cell to read its weight; click to choose it.';
  }

  function list() {
    const { grid } = memory;
    if (!grid) return;
    const { query, seq } = state.shown;
    const row = Math.floor((query === null ? 0 : query) / meta.pool);
    byId('largest-title').textContent = query === null ? 'Largest weights: choose a query' :
      'Largest weights of ' + (meta.pool > 1 ? 'queries ' + spanText(row, meta.pool, meta.queries) : 'query ' + tokenName(query, heads.queryToken(seq, query)));
    fill(byId('largest'), ...(query === null ? [] : grid.largest(row).map((entry) => {
      const from = meta.pool > 1 ? entry.query + ' \u2192 ' : '';
      const text = numberText(entry.weight, 4) + ': ' + from + tokenName(entry.key, heads.keyToken(seq, entry.key));
      return make('li', {}, make('button', { type: 'button', click: () => state.set({ query: entry.query, key: entry.key, hover: null }) }, text));
    })));
  }

  pointing({ panel, shared, memory });
  controls(shared, memory);
  return (changed) => {
    const has = (/** @type {(keyof Shown)[]} */ ...names) => names.some((name) => changed.has(name));
    if (has('seq', 'layer', 'head', 'source')) {
      byId('matrix-title').textContent = heads.name(state.shown.seq, state.shown.layer, state.shown.head) + sourceName(shared);
    }
    const redraw = has('seq', 'layer', 'head', 'source', 'scale', 'map', 'dropFirst', 'shared', 'low', 'high', 'zoom');
    if (redraw) draw();
    if (redraw || has('query', 'key', 'hover', 'ring')) drawMarks();
    if (redraw || has('query', 'key', 'hover')) say();
    if (has('seq', 'layer', 'head', 'source', 'query')) list();
    if (redraw) showControls(state.shown);
  };
}

/** @param {Shared} shared @returns {string} */
function sourceName(shared) {
  const { meta, state } = shared;
  if (meta.sources.length < 2) return '';
  if (state.shown.head === 'rollout') return ', A';
  return state.shown.source === 'difference' ? ', A \u2212 B' : ', ' + (state.shown.source === 'a' ? 'A' : 'B');
}

/**
 * Mouse, fingers and wheel. Everything only sets the state.
 * @param {{panel: HTMLElement, shared: Shared, memory: {grid: Grid | null, layout: import('./matrix_picture.js').Layout | null}}} parts
 */
function pointing({ panel, shared, memory }) {
  const { state, meta } = shared;
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  const drag = { moved: 0 };

  /** @param {{clientX: number, clientY: number}} event @returns {{row: number, column: number} | null} in cells, with fractions */
  function cellAt(event) {
    const { layout, grid } = memory;
    if (!layout || !grid) return null;
    const box = panel.getBoundingClientRect();
    const view = state.shown.zoom || wholeView(grid);
    const column = view.left + ((event.clientX - box.left - layout.left) / layout.plotWidth) * (view.right - view.left);
    const row = view.top + ((event.clientY - box.top - layout.top) / layout.plotHeight) * (view.bottom - view.top);
    return row < view.top || row >= view.bottom || column < view.left || column >= view.right ? null : { row, column };
  }

  /** @param {{row: number, column: number} | null} cell @returns {{query: number, key: number} | null} */
  function placeOf(cell) {
    return cell && { query: Math.floor(cell.row) * meta.pool, key: Math.floor(cell.column) * meta.pool };
  }

  panel.addEventListener('pointerdown', (event) => {
    panel.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    drag.moved = 0;
  });
  panel.addEventListener('pointermove', (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) {
      state.set({ hover: placeOf(cellAt(event)) });
      return;
    }
    const before = { ...finger };
    finger.x = event.clientX;
    finger.y = event.clientY;
    drag.moved += Math.hypot(finger.x - before.x, finger.y - before.y);
    if (drag.moved < 4) return;
    if (fingers.size === 2) pinch(before, finger, event);
    else pan(finger.x - before.x, finger.y - before.y);
  });
  const lift = (/** @type {PointerEvent} */ event) => {
    const clicked = fingers.delete(event.pointerId) && drag.moved < 4 && event.type === 'pointerup';
    panel.classList.remove('panning');
    const place = placeOf(cellAt(event));
    if (clicked && place) state.set({ ...place, side: 'query', ring: null });
  };
  panel.addEventListener('pointerup', lift);
  panel.addEventListener('pointercancel', lift);
  panel.addEventListener('pointerleave', () => state.set({ hover: null }));
  panel.addEventListener('dblclick', () => state.set({ zoom: null }));
  panel.addEventListener('wheel', (event) => {
    const cell = cellAt(event);
    if (!cell || !memory.grid) return;
    event.preventDefault();
    zoom(shared, memory.grid, Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 180), cell);
  }, { passive: false });

  /** @param {number} x @param {number} y */
  function pan(x, y) {
    const { layout, grid } = memory;
    if (!layout || !grid || !state.shown.zoom) return;
    panel.classList.add('panning');
    const view = state.shown.zoom;
    const rows = (-y / layout.plotHeight) * (view.bottom - view.top);
    const columns = (-x / layout.plotWidth) * (view.right - view.left);
    state.set({ zoom: moveView(view, rows, columns, grid), hover: null });
  }

  /** @param {{x: number, y: number}} before @param {{x: number, y: number}} now @param {PointerEvent} event */
  function pinch(before, now, event) {
    const other = [...fingers.entries()].find(([id]) => id !== event.pointerId);
    if (!other || !memory.grid) return;
    const length = (/** @type {{x: number, y: number}} */ finger) => Math.hypot(finger.x - other[1].x, finger.y - other[1].y);
    const middle = cellAt({ clientX: (now.x + other[1].x) / 2, clientY: (now.y + other[1].y) / 2 });
    if (middle && length(before) > 0) zoom(shared, memory.grid, length(now) / length(before), middle);
  }
}

/**
 * @param {Shared} shared
 * @param {Grid} grid
 * @param {number} factor
 * @param {{row: number, column: number} | null} about null: the chosen cell, or the middle
 */
function zoom(shared, grid, factor, about) {
  const { state, meta } = shared;
  const view = state.shown.zoom || wholeView(grid);
  const { query, key } = state.shown;
  const row = query === null ? (view.top + view.bottom) / 2 : query / meta.pool + 0.5;
  const column = key === null ? (view.left + view.right) / 2 : key / meta.pool + 0.5;
  const inside = row >= view.top && row <= view.bottom && column >= view.left && column <= view.right;
  const middle = { row: (view.top + view.bottom) / 2, column: (view.left + view.right) / 2 };
  const next = zoomAbout(view, about || (inside ? { row, column } : middle), factor, grid);
  state.set({ zoom: isWhole(next, grid) ? null : next });
}

/** @param {Shared} shared @param {{grid: Grid | null}} memory */
function controls(shared, memory) {
  const { state, meta } = shared;
  fill(byId('scale'), ...scaleKinds.map((kind) => make('button', { type: 'button', value: kind, click: () => state.set({ scale: kind }) }, kind)));
  const map = /** @type {HTMLSelectElement} */ (byId('map'));
  fill(map, ...meta.maps.map(({ name }) => make('option', { value: name }, name)));
  map.addEventListener('change', () => state.set({ map: map.value }));
  const checkbox = (/** @type {string} */ id, /** @type {'dropFirst' | 'shared'} */ name) => {
    const box = /** @type {HTMLInputElement} */ (byId(id));
    box.addEventListener('change', () => state.set({ [name]: box.checked }));
  };
  checkbox('drop-first', 'dropFirst');
  checkbox('shared', 'shared');
  const slider = (/** @type {string} */ id, /** @type {'low' | 'high'} */ name) => {
    const input = /** @type {HTMLInputElement} */ (byId(id));
    input.addEventListener('input', () => state.set({ [name]: Number(input.value) }));
  };
  slider('range-low', 'low');
  slider('range-high', 'high');
  const zoomBy = (/** @type {number} */ factor) => () => memory.grid && zoom(shared, memory.grid, factor, null);
  byId('zoom-in').addEventListener('click', zoomBy(1.5));
  byId('zoom-out').addEventListener('click', zoomBy(1 / 1.5));
  byId('fit').addEventListener('click', () => state.set({ zoom: null }));
}

/** @param {Shown} shown */
function showControls(shown) {
  for (const button of byId('scale').children) button.setAttribute('aria-pressed', String(/** @type {HTMLButtonElement} */ (button).value === shown.scale));
  /** @type {HTMLSelectElement} */ (byId('map')).value = shown.map;
  /** @type {HTMLInputElement} */ (byId('drop-first')).checked = shown.dropFirst;
  /** @type {HTMLInputElement} */ (byId('shared')).checked = shown.shared;
  /** @type {HTMLInputElement} */ (byId('range-low')).value = String(shown.low);
  /** @type {HTMLInputElement} */ (byId('range-high')).value = String(shown.high);
}

/**
 * The state after moving the chosen cell with the arrow keys.
 * @param {Shared} shared
 * @param {number} down
 * @param {number} right
 */
export function moveCell(shared, down, right) {
  const { state, meta } = shared;
  const { query, key, zoom: view } = state.shown;
  const row = query === null || key === null ? 0 : Math.floor(query / meta.pool) + down;
  const column = query === null || key === null ? 0 : Math.floor(key / meta.pool) + right;
  const clampedRow = Math.min(Math.max(row, 0), meta.rows - 1);
  const clampedColumn = Math.min(Math.max(column, 0), meta.columns - 1);
  const size = { rows: meta.rows, columns: meta.columns };
  state.set({
    query: clampedRow * meta.pool, key: clampedColumn * meta.pool, hover: null,
    zoom: view && viewWith(view, clampedRow, clampedColumn, size),
  });
}
