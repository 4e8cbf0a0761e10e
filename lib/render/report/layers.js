// One token through the layers: where the chosen query looks in every head of every layer, the means of the layers and
// rollout, and which heads make the chosen link.
import { useArrows } from './arrows.js';
import { Frames } from './frames.js';
import { cellPicture, byId, fill, hatching, labelFont, make, sharpen, theme, tooltip } from './parts.js';
import { colorCells } from './scale.js';
import { linkBars } from './link_bars.js';
import { hasAny } from './state.js';
import { layerMeans, TokenRows } from './token_rows.js';
import { Turns } from './turns.js';
import { spanText, tokenName } from './readout.js';
import { labelStride, poolLargest } from './viewport.js';
import { numberText, visible } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

/** @typedef {{count: number, perLayer: number, height: number}} RowShape  rows, so many of each layer, so high */
/** @typedef {RowShape & {values: Float32Array, attended: (place: number) => [number, number]}} RowPicture  [count, columns] */

const margin = { left: 54, top: 16 };
const most = { rows: 440, means: 160 }; // pixels

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function layersView(shared) {
  const { state, meta, heads, maps } = shared;
  const rows = new TokenRows(shared, () => state.note('tab'));
  const caption = make('h3', {});
  const progress = make('span', { class: 'faint' });
  const canvas = make('canvas', { role: 'img' });
  const means = make('canvas', { role: 'img' });
  const links = make('div', {});
  const pictures = make(
    'div',
    {},
    caption,
    progress,
    make('div', { class: 'framed' }, canvas),
    make('h3', {}, meta.rollout ? 'Mean of the heads, and rollout' : 'Mean of the heads'),
    make('div', { class: 'framed' }, means),
  );
  fill(byId('tab-token'), make('div', { class: 'columns' }, pictures, links));
  const drawLinks = linkBars(shared, rows, links);
  const memory = { width: 0, row: '' };
  const turns = new Turns();
  const frames = new Map([canvas, means].map((one) => [one, new Frames(/** @type {HTMLElement} */ (one.parentElement))]));
  /** @type {Map<HTMLCanvasElement, HTMLCanvasElement>} rows in colours, which another head does not change */
  const colored = new Map();
  new ResizeObserver(() => {
    if (Math.abs(pictures.clientWidth - memory.width) > 2) state.note('tab');
  }).observe(pictures);

  /** @returns {number} the chosen query, else the last */
  function query() {
    return state.shown.query === null ? meta.queries - 1 : state.shown.query;
  }

  function drawHeads() {
    memory.width = pictures.clientWidth;
    if (memory.width === 0) return;
    drawRows(canvas, {
      values: rows.values,
      attended: (place) => [rows.first[place], rows.end[place]],
      ...headRows(),
    });
    const name = 'query ' + tokenName(query(), heads.queryToken(state.shown.seq, query()));
    caption.textContent = 'Where ' + name + (state.shown.query === null ? ' (the last)' : '') + ' looks in every head';
    const complete = rows.complete();
    progress.textContent =
      complete < rows.count ? 'largest weights; ' + complete + ' of ' + rows.count + ' heads complete' : '';
    canvas.setAttribute('aria-label', 'Weights of ' + name + ' in ' + rows.count + ' heads, a row a head.');
    means.setAttribute('aria-label', 'Means over the heads of the weights of ' + name + ', a row a layer.');
    mark();
  }

  function drawMeans() {
    if (memory.width === 0) return;
    drawRows(means, meanRows());
    mark();
  }

  /** @returns {RowShape} */
  function headRows() {
    const height = Math.max(1, Math.min(16, Math.floor(most.rows / rows.count)));
    return { count: rows.count, perLayer: meta.heads.length, height };
  }

  /** @returns {RowShape} a row a layer, and one of rollout */
  function layerRows() {
    const layers = meta.layers.length;
    const height = Math.max(4, Math.min(16, Math.floor(most.means / layers)));
    return { count: layers + (rows.rollout ? 1 : 0), perLayer: 1, height };
  }

  /** @returns {RowPicture} the means of the layers, and rollout below */
  function meanRows() {
    const layers = meta.layers.length;
    const values = new Float32Array(layerRows().count * meta.columns);
    values.set(layerMeans(rows.values, meta.heads.length, meta.columns));
    if (rows.rollout) values.set(rows.rollout, layers * meta.columns);
    return {
      values,
      ...layerRows(),
      attended: (place) => [
        rows.first[(place % layers) * meta.heads.length],
        rows.end[(place % layers) * meta.heads.length],
      ],
    };
  }

  /** @param {HTMLCanvasElement} target @param {RowPicture} picture */
  function drawRows(target, picture) {
    const { count } = picture;
    const plotWidth = memory.width - margin.left - 4;
    const height = count * picture.height;
    const context = sharpen(target, memory.width, margin.top + height + 2);
    context.fillStyle = hatching(context);
    context.fillRect(margin.left, margin.top, plotWidth, height);
    context.imageSmoothingEnabled = false;
    const cells = colored.get(target) || coloredRows(picture, plotWidth);
    colored.set(target, cells);
    context.drawImage(cells, margin.left, margin.top, plotWidth, height);
    drawLayers(context, picture, plotWidth);
    drawKey(context, plotWidth);
  }

  /** @param {RowPicture} picture @param {number} plotWidth @returns {HTMLCanvasElement} */
  function coloredRows(picture, plotWidth) {
    const { count, attended } = picture;
    const across = Math.max(1, Math.floor(meta.columns / plotWidth));
    const columns = Math.ceil(meta.columns / across);
    const values =
      across > 1 ? poolLargest(picture.values, { rows: count, columns: meta.columns }, 1, across) : picture.values;
    const range = rowRange(values, columns);
    const map = /** @type {import('./color.js').ColorMap} */ (
      (range.diverging && maps.get('coolwarm')) || maps.get(state.shown.map)
    );
    const pixels = new Uint32Array(values.length);
    colorCells(values, range, map.pixels, pixels, columns, (place) => {
      const [first, end] = attended(place);
      return [Math.floor(first / across), Math.ceil(end / across)];
    });
    return cellPicture(pixels, columns);
  }

  /** @param {Float32Array} values @param {number} columns @returns {import('./scale.js').ColorRange} */
  function rowRange(values, columns) {
    const { scale, source, dropFirst } = state.shown;
    let high = 0;
    let diverging = source === 'difference';
    for (let i = 0; i < values.length; ++i) {
      if (dropFirst && i % columns === 0) continue;
      if (Math.abs(values[i]) > high && Math.abs(values[i]) < Infinity) high = Math.abs(values[i]);
      if (values[i] < 0) diverging = true;
    }
    return { kind: scale, low: 0, high, diverging };
  }

  /** @param {CanvasRenderingContext2D} context @param {RowPicture} picture @param {number} plotWidth */
  function drawLayers(context, { count, perLayer, height }, plotWidth) {
    context.font = labelFont;
    context.fillStyle = theme().ink;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const stride = labelStride(height * perLayer, 12);
    for (let place = 0; place < meta.layers.length; place += stride) {
      context.fillText(
        (perLayer > 1 ? 'layer ' : '') + meta.layers[place],
        margin.left - 4,
        margin.top + (place + 0.5) * perLayer * height,
      );
    }
    if (count > meta.layers.length * perLayer)
      context.fillText('rollout', margin.left - 4, margin.top + (count - 0.5) * height);
    context.strokeStyle = theme().paper;
    context.lineWidth = 1;
    for (let place = perLayer; perLayer > 1 && place < count; place += perLayer) {
      context.beginPath();
      context.moveTo(margin.left, margin.top + place * height + 0.5);
      context.lineTo(margin.left + plotWidth, margin.top + place * height + 0.5);
      context.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} plotWidth */
  function drawKey(context, plotWidth) {
    const { key, seq } = state.shown;
    if (key === null) return;
    const x = margin.left + (Math.floor(key / meta.pool) * plotWidth) / meta.columns;
    context.textAlign = x > plotWidth * 0.7 ? 'right' : 'left';
    const token = heads.keyToken(seq, key);
    context.fillText(token === null ? String(key) : visible(token).slice(0, 24), x, 7);
  }

  /** Which head and key are chosen. */
  function mark() {
    frame(canvas, headRows());
    frame(means, layerRows());
  }

  /** @param {HTMLCanvasElement} target @param {RowShape} shape */
  function frame(target, { count, perLayer, height }) {
    const { layer, head, key } = state.shown;
    const { width } = memory;
    const plotWidth = width - margin.left - 4;
    const end = margin.top + count * height + 2;
    const own = /** @type {Frames} */ (frames.get(target));
    own.within({ x: margin.left - 3, y: margin.top - 3, width: plotWidth + 6, height: end - margin.top + 3 }, { width, height: end });
    const chosen = perLayer === 1 ? 0 : typeof head === 'number' ? head : -1;
    const y = margin.top + (layer * perLayer + chosen) * height;
    own.show('query', chosen < 0 ? null : { x: margin.left - 1, y, width: plotWidth + 2, height });
    const cell = plotWidth / meta.columns;
    const x = margin.left + Math.floor((key || 0) / meta.pool) * cell;
    own.show('key', key === null ? null : { x, y: margin.top - 2, width: cell, height: count * height + 4 });
  }

  /** @param {MouseEvent} event @returns {{place: number, column: number} | null} */
  function cellAt(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(
      ((event.clientX - box.left - margin.left) / (box.width - margin.left - 4)) * meta.columns,
    );
    const place = Math.floor(((event.clientY - box.top - margin.top) / (box.height - margin.top - 2)) * rows.count);
    return column < 0 || column >= meta.columns || place < 0 || place >= rows.count ? null : { place, column };
  }
  canvas.addEventListener('pointermove', (event) => {
    const cell = cellAt(event);
    tooltip(cell ? cellSentence(cell.place, cell.column) : '', event);
  });
  canvas.addEventListener('pointerleave', () => tooltip(''));
  canvas.addEventListener('click', (event) => {
    const cell = cellAt(event);
    if (!cell) return;
    state.set({
      layer: rows.layerOf(cell.place),
      head: rows.headOf(cell.place),
      key: cell.column * meta.pool,
      query: query(),
      side: 'query',
    });
  });
  useArrows(canvas, (down, right) => {
    const { layer, head, key } = state.shown;
    const place = layer * meta.heads.length + (typeof head === 'number' ? head : 0) + (key === null ? 0 : down);
    const column = key === null ? 0 : Math.floor(key / meta.pool) + right;
    const clamped = Math.min(Math.max(place, 0), rows.count - 1);
    state.set({
      layer: rows.layerOf(clamped),
      head: rows.headOf(clamped),
      key: Math.min(Math.max(column, 0), meta.columns - 1) * meta.pool,
      query: query(),
      side: 'query',
    });
  });

  /** @param {number} place @param {number} column @returns {string} */
  function cellSentence(place, column) {
    const { seq } = state.shown;
    const key =
      meta.pool > 1
        ? 'keys ' + spanText(column, meta.pool, meta.keys)
        : 'key ' + tokenName(column, heads.keyToken(seq, column));
    return (
      heads.name(seq, rows.layerOf(place), rows.headOf(place)) +
      ', ' +
      key +
      ': ' +
      numberText(rows.values[place * meta.columns + column], 3)
    );
  }

  return (changed) => {
    if (state.shown.tab !== 'token') return;
    if (!hasAny(changed, 'tab', 'seq', 'source', 'query', 'key', 'layer', 'head', 'map', 'scale', 'dropFirst')) return;
    const row = Math.floor(query() / meta.pool);
    const { seq, source } = state.shown;
    rows.collect({ seq, source, row });
    const sameRow = memory.row === [seq, source, row].join('/');
    memory.row = [seq, source, row].join('/');
    if (!sameRow || hasAny(changed, 'tab', 'map', 'scale', 'dropFirst')) colored.clear();
    if (sameRow && !hasAny(changed, 'tab', 'map', 'scale', 'dropFirst', 'query', 'key')) {
      mark();
      drawLinks.choose();
    } else {
      turns.ask(drawHeads, drawMeans, drawLinks.all);
    }
  };
}
