// Moving about in the matrix: with the mouse, fingers, the wheel, and the arrow keys. Everything only sets the state.
import { isWhole, moveView, viewWith, wholeView, zoomAbout } from './viewport.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */

/**
 * Mouse, fingers and wheel. Everything only sets the state.
 * @param {{panel: HTMLElement, shared: Shared, memory: {grid: Grid | null, layout: import('./matrix_picture.js').Layout | null}}} parts
 */
export function pointing({ panel, shared, memory }) {
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
    if (event.button !== 0) return;
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
  panel.addEventListener(
    'wheel',
    (event) => {
      const cell = cellAt(event);
      if (!cell || !memory.grid) return;
      event.preventDefault();
      zoomMatrix(shared, memory.grid, Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 180), cell);
    },
    { passive: false },
  );

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
    const length = (/** @type {{x: number, y: number}} */ finger) =>
      Math.hypot(finger.x - other[1].x, finger.y - other[1].y);
    const middle = cellAt({ clientX: (now.x + other[1].x) / 2, clientY: (now.y + other[1].y) / 2 });
    if (middle && length(before) > 0) zoomMatrix(shared, memory.grid, length(now) / length(before), middle);
  }
}

/**
 * @param {Shared} shared
 * @param {Grid} grid
 * @param {number} factor
 * @param {{row: number, column: number} | null} about null: the chosen cell, or the middle
 */
export function zoomMatrix(shared, grid, factor, about) {
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
    query: clampedRow * meta.pool,
    key: clampedColumn * meta.pool,
    hover: null,
    zoom: view && viewWith(view, clampedRow, clampedColumn, size),
  });
}
