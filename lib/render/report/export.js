// Saving what is seen: PNG, SVG, the table as CSV, the chosen row as JSON; and copying where the browser allows it.
import { WantedGrids } from './chosen.js';
import { CellCache, drawMatrix, labelMargins, matrixLayout } from './matrix_picture.js';
import { matrixPicture } from './matrix_colors.js';
import { byId, cellPicture, context2d, fill, make, offscreen, theme } from './parts.js';
import { colorCells } from './scale.js';
import { matrixSvg } from './svg.js';
import { shownSlots, tableRows } from './table.js';
import { csvText } from './text.js';
import { wholeView } from './viewport.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */

const pictureWidth = 720;

/**
 * The chosen row as JSON: every weight that is known, each with its interval.
 * @param {Shared} shared
 * @param {Grid} grid
 * @returns {string}
 */
export function rowJson({ state, meta, heads }, grid) {
  const { seq, layer, head, source } = state.shown;
  const query = state.shown.query === null ? 0 : state.shown.query;
  const row = Math.floor(query / meta.pool);
  const weights = Array.from({ length: grid.columns }, (_, column) => {
    const { value, low, high, exact } = grid.cell(row, column);
    const key = column * meta.pool;
    const token = meta.pool > 1 ? null : heads.keyToken(seq, key);
    return { key, ...(token === null ? {} : { token }), value, ...(exact ? {} : { low, high }), exact };
  });
  const place = {
    layer: meta.layers[layer],
    head: typeof head === 'number' ? meta.heads[head] : head,
    query: row * meta.pool,
  };
  return (
    JSON.stringify(
      { ...(meta.batch ? { seq: meta.sequences[seq] } : {}), ...place, source, pool: meta.pool, weights },
      null,
      1,
    ) + '\n'
  );
}

/**
 * The picture of the chosen head, larger or smaller than on the screen.
 * @param {Shared} shared
 * @param {Grid} grid
 * @param {number} factor
 * @returns {HTMLCanvasElement}
 */
export function matrixCanvas(shared, grid, factor) {
  const picture = matrixPicture(shared, grid, shared.state.shown);
  const canvas = offscreen(1, 1);
  const layout = matrixLayout(pictureWidth, 2000, grid, labelMargins(context2d(canvas), picture, pictureWidth));
  canvas.width = layout.width * factor;
  canvas.height = Math.ceil(layout.height) * factor;
  const context = context2d(canvas);
  context.scale(factor, factor);
  context.fillStyle = theme().paper;
  context.fillRect(0, 0, layout.width, Math.ceil(layout.height));
  drawMatrix(context, picture, layout, new CellCache());
  return canvas;
}

/** @param {Shared} shared @param {Grid} grid @returns {string} */
function svgOf(shared, grid) {
  const { heads, state } = shared;
  const { seq, layer, head } = state.shown;
  const picture = matrixPicture(shared, grid, state.shown);
  const whole = { ...picture, view: state.shown.zoom || wholeView(grid) };
  return matrixSvg(whole, heads.name(seq, layer, head), () => {
    const pixels = new Uint32Array(grid.values.length);
    colorCells(grid.values, picture.range, picture.map.pixels, pixels, grid.columns, grid.attended);
    return cellPicture(pixels, grid.columns).toDataURL('image/png');
  });
}

/** @param {Shared} shared */
export function saveDialog(shared) {
  const { state, heads } = shared;
  const dialog = /** @type {HTMLDialogElement} */ (byId('save-dialog'));
  const wanted = new WantedGrids(shared, 'hover');
  const ofSource = () => (state.shown.source === 'a' ? '' : '-' + state.shown.source);
  const name = () => heads.fileName(state.shown.seq, state.shown.layer, state.shown.head) + ofSource();
  const withGrid = (/** @type {(grid: Grid) => void} */ act) => () => {
    const grid = wanted.chosen();
    if (grid) act(grid);
  };
  const png = (/** @type {number} */ factor) =>
    withGrid((grid) => {
      matrixCanvas(shared, grid, factor).toBlob(
        (blob) => blob && saveBlob(name() + (factor > 1 ? '@' + factor + 'x' : '') + '.png', blob),
        'image/png',
      );
    });
  const button = (/** @type {string} */ text, /** @type {() => void} */ act) =>
    make('button', { type: 'button', click: act }, text);
  fill(
    dialog,
    make('h2', { id: 'save-title' }, 'Save'),
    make(
      'div',
      { class: 'bar' },
      button('PNG', png(1)),
      button('PNG 2x', png(2)),
      button('PNG 4x', png(4)),
      button(
        'SVG',
        withGrid((grid) => saveText(name() + '.svg', svgOf(shared, grid), 'image/svg+xml')),
      ),
      button('Table as CSV', () =>
        saveText('measures' + ofSource() + '.csv', csvText(tableRows(shared, shownSlots(shared))), 'text/csv'),
      ),
      button(
        'Row as JSON',
        withGrid((grid) =>
          saveText(
            name() + '-query' + String(state.shown.query || 0) + '.json',
            rowJson(shared, grid),
            'application/json',
          ),
        ),
      ),
    ),
    ...copyButtons(shared, withGrid),
    make('form', { method: 'dialog' }, make('button', {}, 'Close')),
  );
  byId('save').addEventListener('click', () => dialog.showModal());
}

/** @param {Shared} shared @param {(act: (grid: Grid) => void) => () => void} withGrid @returns {HTMLElement[]} */
function copyButtons(shared, withGrid) {
  if (!window.isSecureContext || !navigator.clipboard || typeof ClipboardItem === 'undefined') return [];
  const said = make('span', { class: 'faint', role: 'status' });
  const copy = (/** @type {() => Promise<void>} */ act) =>
    act().then(
      () => {
        said.textContent = 'copied';
      },
      (error) => {
        said.textContent = String(error.message || error);
      },
    );
  const picture = withGrid((grid) =>
    copy(
      () =>
        new Promise((resolve, reject) => {
          matrixCanvas(shared, grid, 2).toBlob((blob) => {
            if (blob) navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]).then(resolve, reject);
          }, 'image/png');
        }),
    ),
  );
  const table = () => copy(() => navigator.clipboard.writeText(csvText(tableRows(shared, shownSlots(shared)))));
  const link = () => copy(() => navigator.clipboard.writeText(location.href));
  return [
    make(
      'div',
      { class: 'bar' },
      make('button', { type: 'button', click: picture }, 'Copy picture'),
      make('button', { type: 'button', click: table }, 'Copy table'),
      make('button', { type: 'button', click: link }, 'Copy link'),
      said,
    ),
  ];
}

/** @param {string} name @param {string} text @param {string} type */
function saveText(name, text, type) {
  saveBlob(name, new Blob([text], { type }));
}

/** @param {string} name @param {Blob} blob */
function saveBlob(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = make('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
