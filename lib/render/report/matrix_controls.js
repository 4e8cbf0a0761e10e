// Buttons, boxes and sliders above and below the matrix.
import { zoomMatrix } from './matrix_pointer.js';
import { byId, fill, make } from './parts.js';
import { scaleKinds } from './scale.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {import('./state.js').Shown} Shown */

/** @param {Shared} shared @param {{grid: Grid | null}} memory */
export function matrixControls(shared, memory) {
  const { state, meta } = shared;
  fill(
    byId('scale'),
    ...scaleKinds.map((kind) =>
      make('button', { type: 'button', value: kind, click: () => state.set({ scale: kind }) }, kind),
    ),
  );
  const map = /** @type {HTMLSelectElement} */ (byId('map'));
  fill(map, ...meta.maps.map(({ name }) => make('option', { value: name }, name)));
  map.addEventListener('change', () => state.set({ map: map.value }));
  const checkbox = (/** @type {string} */ id, /** @type {'dropFirst' | 'shared'} */ name) => {
    const box = /** @type {HTMLInputElement} */ (byId(id));
    box.addEventListener('change', () => state.set({ [name]: box.checked }));
  };
  checkbox('drop-first', 'dropFirst');
  checkbox('shared', 'shared');
  // One slider moves the other along, so that the range never turns round.
  const slider = (/** @type {string} */ id, /** @type {(value: number) => Partial<Shown>} */ change) => {
    const input = /** @type {HTMLInputElement} */ (byId(id));
    input.addEventListener('input', () => state.set(change(Number(input.value))));
  };
  slider('range-low', (low) => ({ low, high: Math.max(low, state.shown.high) }));
  slider('range-high', (high) => ({ high, low: Math.min(high, state.shown.low) }));
  const zoomBy = (/** @type {number} */ factor) => () => memory.grid && zoomMatrix(shared, memory.grid, factor, null);
  byId('zoom-in').addEventListener('click', zoomBy(1.5));
  byId('zoom-out').addEventListener('click', zoomBy(1 / 1.5));
  byId('fit').addEventListener('click', () => state.set({ zoom: null }));
  byId('pin').addEventListener('click', () => state.set({ pin: state.shown.pin === null ? state.shown.query : null }));
}

/** @param {Shown} shown */
export function showControls(shown) {
  for (const button of byId('scale').children)
    button.setAttribute('aria-pressed', String(/** @type {HTMLButtonElement} */ (button).value === shown.scale));
  byId('pin').setAttribute('aria-pressed', String(shown.pin !== null));
  const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
  input('map').value = shown.map;
  input('drop-first').checked = shown.dropFirst;
  input('shared').checked = shown.shared;
  input('range-low').value = String(shown.low);
  input('range-high').value = String(shown.high);
}
