// Patches of a picture: the picture under the weights of the chosen query. A click on a patch makes it the query.
import { useArrows } from './arrows.js';
import { WantedGrids } from './chosen.js';
import { cssColor } from './color.js';
import { colorRange } from './matrix_colors.js';
import { byId, fill, make, sharpen, strokeFrame, theme } from './parts.js';
import { cellText, tokenName } from './readout.js';
import { scalePart } from './scale.js';
import { hasAny } from './state.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {{rows: number, columns: number, prefix: number}} PatchGrid */

/**
 * The patch at a place of the picture.
 * @param {PatchGrid} grid
 * @param {number} x 0 to 1
 * @param {number} y 0 to 1
 * @returns {number | null} the key
 */
export function patchAt(grid, x, y) {
  const row = Math.floor(y * grid.rows);
  const column = Math.floor(x * grid.columns);
  if (row < 0 || column < 0 || row >= grid.rows || column >= grid.columns) return null;
  return grid.prefix + row * grid.columns + column;
}

/**
 * The patch beside a patch, at the edge the patch itself; the first where there was none.
 * @param {PatchGrid} grid
 * @param {number | null} key
 * @param {number} down
 * @param {number} right
 * @returns {number} the key
 */
export function nextPatch(grid, key, down, right) {
  if (key === null || key < grid.prefix) return grid.prefix;
  const patch = key - grid.prefix;
  const row = Math.floor(patch / grid.columns) + down;
  const column = (patch % grid.columns) + right;
  const inside = row >= 0 && column >= 0 && row < grid.rows && column < grid.columns;
  return inside ? grid.prefix + row * grid.columns + column : key;
}

/**
 * Width and height of the picture on the page: its own shape, or that of the grid.
 * @param {PatchGrid} grid
 * @param {{width: number, height: number} | null} image
 * @param {number} width
 * @returns {{width: number, height: number}}
 */
export function patchSize(grid, image, width) {
  const shape = image ? image.height / image.width : grid.rows / grid.columns;
  const height = Math.min(width * shape, 600);
  return { width: height / shape, height };
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function patchesView(shared) {
  const { meta, state, heads, weights, maps } = shared;
  const patches = meta.grid;
  if (!patches) return () => {};
  const wanted = new WantedGrids(shared, 'side_tab');
  const canvas = make('canvas', { role: 'img' });
  const opacity = make('input', { type: 'range', min: 0, max: 1, step: 0.05, value: meta.image ? 0.65 : 1 });
  const said = make('p', { class: 'readout', 'aria-live': 'polite' });
  const prefix = make(
    'div',
    { class: 'bar' },
    ...Array.from({ length: patches.prefix }, (_, key) => {
      const token = heads.keyToken(0, key);
      return make(
        'button',
        { type: 'button', click: () => choose(key) },
        token === null ? 'token ' + key : tokenName(key, token),
      );
    }),
  );
  fill(
    byId('side-patches'),
    make('div', { class: 'bar' }, make('label', {}, 'Weights over picture ', opacity)),
    prefix,
    canvas,
    said,
  );
  opacity.addEventListener('input', draw);
  /** @type {{image: HTMLImageElement | null, over: number | null}} */
  const memory = { image: null, over: null };
  if (meta.image) loadImage(meta.image.type);

  /** @param {string} type */
  async function loadImage(type) {
    const bytes = await weights.store.get('image', false);
    const image = new Image();
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    image.onload = () => {
      memory.image = image;
      URL.revokeObjectURL(address);
      state.note('side_tab');
    };
    image.onerror = () => {
      said.textContent = 'The picture cannot be shown by this browser.';
    };
    image.src = address;
  }

  /** @param {number} key */
  function choose(key) {
    const query = key - (meta.offset[state.shown.seq] || 0);
    if (meta.queries === meta.keys && query >= 0) state.set({ query, key: null, side: 'query' });
    else state.set({ key });
  }

  function draw() {
    const panel = byId('side-patches');
    if (panel.clientWidth === 0 || !patches) return;
    const { width, height } = patchSize(patches, meta.image, panel.clientWidth);
    const context = sharpen(canvas, width, height);
    if (memory.image) context.drawImage(memory.image, 0, 0, width, height);
    const grid = wanted.chosen();
    if (!grid) return;
    const { query, map, seq, key } = state.shown;
    const row = Math.floor((query === null ? 0 : query) / meta.pool);
    const range = colorRange(state.shown, grid);
    const colors = /** @type {import('./color.js').ColorMap} */ (
      (range.diverging ? maps.get('coolwarm') : null) || maps.get(map)
    );
    const cell = { width: width / patches.columns, height: height / patches.rows };
    const rowHigh = rowExtent(grid, row);
    context.globalAlpha = Number(opacity.value);
    for (let patch = 0; patch < patches.rows * patches.columns; ++patch) {
      const value = grid.values[row * grid.columns + Math.floor((patches.prefix + patch) / meta.pool)];
      context.fillStyle = cssColor(
        colors,
        scalePart(value, { ...range, high: state.shown.shared ? range.high : rowHigh }),
      );
      context.fillRect(
        (patch % patches.columns) * cell.width,
        Math.floor(patch / patches.columns) * cell.height,
        cell.width + 0.5,
        cell.height + 0.5,
      );
    }
    context.globalAlpha = 1;
    frame(context, cell, query === null ? null : query + (meta.offset[seq] || 0), theme().accent, 3);
    frame(context, cell, key, theme().alarm, 2);
    const over = memory.over === null ? key : memory.over;
    const name =
      query === null
        ? 'The first query; click a patch to choose another.'
        : 'Query ' + tokenName(query, heads.queryToken(seq, query));
    said.textContent =
      name +
      (over === null
        ? ''
        : ' \u2192 key ' +
          tokenName(over, heads.keyToken(seq, over)) +
          ': ' +
          cellText(grid.cell(row, Math.floor(over / meta.pool))));
    canvas.setAttribute(
      'aria-label',
      'Weights of query ' +
        (query === null ? 0 : query) +
        ' over ' +
        patches.rows +
        ' by ' +
        patches.columns +
        ' patches.',
    );
  }

  /** @param {CanvasRenderingContext2D} context @param {{width: number, height: number}} cell @param {number | null} key @param {string} color @param {number} width */
  function frame(context, cell, key, color, width) {
    if (key === null || !patches || key < patches.prefix) return;
    const patch = key - patches.prefix;
    const corner = { x: (patch % patches.columns) * cell.width, y: Math.floor(patch / patches.columns) * cell.height };
    strokeFrame(context, { ...corner, ...cell }, color, width);
  }

  /** @param {MouseEvent} event @returns {number | null} */
  function keyAt(event) {
    const box = canvas.getBoundingClientRect();
    return patches
      ? patchAt(patches, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
      : null;
  }
  canvas.addEventListener('pointermove', (event) => {
    const over = keyAt(event);
    if (over === memory.over) return;
    memory.over = over;
    state.note('side_tab');
  });
  canvas.addEventListener('pointerleave', () => {
    memory.over = null;
    state.note('side_tab');
  });
  canvas.addEventListener('click', (event) => {
    const key = keyAt(event);
    if (key !== null) choose(key);
  });
  useArrows(canvas, (down, right) => {
    const { query, key, seq } = state.shown;
    const ofQuery = query === null ? null : query + (meta.offset[seq] || 0);
    choose(nextPatch(patches, meta.queries === meta.keys ? ofQuery : key, down, right));
  });

  return (changed) => {
    if (state.shown.side_tab !== 'patches') return;
    if (
      hasAny(
        changed,
        'side_tab',
        'seq',
        'layer',
        'head',
        'source',
        'query',
        'key',
        'map',
        'scale',
        'dropFirst',
        'shared',
        'low',
        'high',
      )
    )
      draw();
  };
}

/**
 * The largest of a row, so that one strong row does not darken all others.
 * @param {import('./grid.js').Grid} grid
 * @param {number} row
 * @returns {number}
 */
function rowExtent(grid, row) {
  let high = 0;
  for (let at = row * grid.columns; at < (row + 1) * grid.columns; ++at)
    if (Math.abs(grid.values[at]) > high) high = Math.abs(grid.values[at]);
  return high;
}
