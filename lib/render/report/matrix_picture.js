// The picture of one matrix on a canvas: cells, labels on both axes, the colour bar, marks. Draws what it is told and
// knows nothing of the page, so that saving draws with the same lines.
import { cellPicture, hatching, labelFont, theme } from './parts.js';
import { inkOn } from './color.js';
import { colorCells, scalePart, scaleTicks } from './scale.js';
import { RecentlyUsed } from './store.js';
import { elide, numberText, visible } from './text.js';
import { labelStride, poolLargest } from './viewport.js';
import { spanText } from './readout.js';

/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {import('./scale.js').ColorRange} ColorRange */
/** @typedef {{width: number, height: number, left: number, top: number, plotWidth: number, plotHeight: number}} Layout */

/**
 * @typedef {object} Picture
 * @property {Grid} grid
 * @property {import('./state.js').View} view
 * @property {ColorRange} range
 * @property {import('./color.js').ColorMap} map
 * @property {(query: number) => string | null} queryToken
 * @property {(key: number) => string | null} keyToken
 * @property {number} queries
 * @property {number} keys
 */

const barWidth = 58;
const labelSize = 13;

/**
 * Where things are, on a canvas so wide. Square where cells are as many down as across.
 * @param {number} width
 * @param {number} highest
 * @param {{rows: number, columns: number}} size
 * @param {{left: number, top: number}} margins for labels
 * @returns {Layout}
 */
export function matrixLayout(width, highest, size, margins) {
  const plotWidth = Math.max(80, width - margins.left - barWidth);
  const wish =
    size.rows === size.columns ? plotWidth : Math.max(plotWidth * Math.min(1.2, size.rows / size.columns), 60);
  const plotHeight = Math.max(60, Math.min(wish, highest - margins.top - 8));
  const square = size.rows === size.columns ? Math.min(plotWidth, plotHeight) : plotWidth;
  return {
    width,
    height: margins.top + plotHeight + 8,
    left: margins.left,
    top: margins.top,
    plotWidth: square,
    plotHeight,
  };
}

/**
 * Room for labels: as long as the longest of some, within limits.
 * @param {CanvasRenderingContext2D} context
 * @param {Picture} picture
 * @param {number} width
 * @returns {{left: number, top: number}}
 */
export function labelMargins(context, picture, width) {
  context.font = labelFont;
  const longest = (/** @type {number} */ count, /** @type {(place: number) => string} */ text) => {
    let most = 24;
    for (let i = 0; i < count; i += Math.max(1, Math.floor(count / 200)))
      most = Math.max(most, context.measureText(text(i).slice(0, 60)).width);
    return most;
  };
  const { grid } = picture;
  const left = longest(grid.rows, (row) => axisLabel(picture, 'query', row)) + 8;
  const top = longest(grid.columns, (column) => axisLabel(picture, 'key', column)) + 8;
  return { left: Math.min(left, width < 500 ? 64 : 110), top: Math.min(top, 84) };
}

/**
 * @param {Picture} picture
 * @param {'query' | 'key'} axis
 * @param {number} place row or column
 * @returns {string}
 */
export function axisLabel(picture, axis, place) {
  const { pool } = picture.grid;
  if (pool > 1) return spanText(place, pool, axis === 'query' ? picture.queries : picture.keys).replace(/\u2013.*/, '');
  const token = axis === 'query' ? picture.queryToken(place) : picture.keyToken(place);
  return token === null ? String(place) : visible(token);
}

/** @typedef {{key: string, canvas: HTMLCanvasElement, down: number, across: number}} CellPicture */

const keptPictures = 32e6; // bytes

/** Cells as a picture of a pixel each, fewer where the screen has fewer; those of heads that were seen last are kept. */
export class CellCache {
  constructor() {
    /** @type {RecentlyUsed<Grid, CellPicture>} */
    this.pictures = new RecentlyUsed(keptPictures);
  }

  /**
   * @param {Picture} picture
   * @param {number} cellWidth in device pixels
   * @param {number} cellHeight
   * @returns {CellPicture}
   */
  get(picture, cellWidth, cellHeight) {
    const { grid, range, map } = picture;
    const down = Math.max(1, Math.floor(1.01 / cellHeight));
    const across = Math.max(1, Math.floor(1.01 / cellWidth));
    const key = JSON.stringify([range, map.name, down, across]);
    const known = this.pictures.get(grid);
    if (known && known.key === key) return known;
    const made = { key, canvas: colouredCells(picture, down, across), down, across };
    this.pictures.put(grid, made, 4 * made.canvas.width * made.canvas.height);
    return made;
  }
}

/**
 * @param {Picture} picture
 * @param {number} down
 * @param {number} across
 * @returns {HTMLCanvasElement}
 */
function colouredCells(picture, down, across) {
  const { grid, range, map } = picture;
  const columns = Math.ceil(grid.columns / across);
  const values = down > 1 || across > 1 ? poolLargest(grid.values, grid, down, across) : grid.values;
  const pixels = new Uint32Array(values.length);
  colorCells(values, range, map.pixels, pixels, columns, (row) => {
    const [first, end] = grid.attended(Math.min(row * down, grid.rows - 1));
    return [Math.floor(first / across), Math.ceil(end / across)];
  });
  return cellPicture(pixels, columns);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Picture} picture
 * @param {Layout} layout
 * @param {CellCache} cache
 */
export function drawMatrix(context, picture, layout, cache) {
  const { left, top, plotWidth, plotHeight } = layout;
  const { view } = picture;
  const cellWidth = plotWidth / (view.right - view.left);
  const cellHeight = plotHeight / (view.bottom - view.top);
  const ratio = context.getTransform().a;
  const { canvas, down, across } = cache.get(picture, cellWidth * ratio, cellHeight * ratio);
  context.save();
  context.beginPath();
  context.rect(left, top, plotWidth, plotHeight);
  context.clip();
  context.fillStyle = hatching(context);
  context.fillRect(left, top, plotWidth, plotHeight);
  context.imageSmoothingEnabled = false;
  // The last pooled row or column may be cut: it is drawn as large as its cells are.
  context.drawImage(
    canvas,
    left - view.left * cellWidth,
    top - view.top * cellHeight,
    canvas.width * across * cellWidth,
    canvas.height * down * cellHeight,
  );
  if (Math.min(cellWidth, cellHeight) >= 12) drawCellGrid(context, picture, layout, cellWidth, cellHeight);
  if (Math.min(cellWidth, cellHeight) >= 44) drawValues(context, picture, layout, cellWidth, cellHeight);
  context.restore();
  context.strokeStyle = theme().line;
  context.strokeRect(left - 0.5, top - 0.5, plotWidth + 1, plotHeight + 1);
  drawQueryLabels(context, picture, layout, cellHeight);
  drawKeyLabels(context, picture, layout, cellWidth);
  drawColorBar(context, picture, layout);
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Layout} layout @param {number} cellWidth @param {number} cellHeight */
function drawCellGrid(context, picture, layout, cellWidth, cellHeight) {
  const { view } = picture;
  const { left, top, plotWidth, plotHeight } = layout;
  context.strokeStyle = theme().line;
  context.globalAlpha = 0.5;
  context.lineWidth = 1;
  context.beginPath();
  for (let row = Math.ceil(view.top); row < view.bottom; ++row) {
    const y = Math.round(top + (row - view.top) * cellHeight) + 0.5;
    context.moveTo(left, y);
    context.lineTo(left + plotWidth, y);
  }
  for (let column = Math.ceil(view.left); column < view.right; ++column) {
    const x = Math.round(left + (column - view.left) * cellWidth) + 0.5;
    context.moveTo(x, top);
    context.lineTo(x, top + plotHeight);
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Layout} layout @param {number} cellWidth @param {number} cellHeight */
function drawValues(context, picture, layout, cellWidth, cellHeight) {
  const { view, grid, range, map } = picture;
  context.font = labelFont;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let row = Math.floor(view.top); row < Math.min(grid.rows, view.bottom); ++row) {
    for (let column = Math.floor(view.left); column < Math.min(grid.columns, view.right); ++column) {
      if (grid.hidden(row, column)) continue;
      const value = grid.values[row * grid.columns + column];
      context.fillStyle = inkOn(map, scalePart(value, range));
      context.fillText(
        numberText(value, 2),
        layout.left + (column + 0.5 - view.left) * cellWidth,
        layout.top + (row + 0.5 - view.top) * cellHeight,
      );
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Layout} layout @param {number} cellHeight */
function drawQueryLabels(context, picture, layout, cellHeight) {
  const { view, grid } = picture;
  const stride = labelStride(cellHeight, labelSize);
  context.save();
  context.beginPath();
  context.rect(0, layout.top - 7, layout.left, layout.plotHeight + 14);
  context.clip();
  labelPen(context);
  context.textAlign = 'right';
  const width = layout.left - 6;
  for (
    let row = Math.ceil(Math.floor(view.top) / stride) * stride;
    row < Math.min(grid.rows, view.bottom);
    row += stride
  ) {
    const text = elide(axisLabel(picture, 'query', row), width, (part) => context.measureText(part).width);
    context.fillText(text, layout.left - 4, layout.top + (row + 0.5 - view.top) * cellHeight);
  }
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Layout} layout @param {number} cellWidth */
function drawKeyLabels(context, picture, layout, cellWidth) {
  const { view, grid } = picture;
  const stride = labelStride(cellWidth, labelSize);
  context.save();
  context.beginPath();
  context.rect(layout.left - 7, 0, layout.plotWidth + 14, layout.top);
  context.clip();
  labelPen(context);
  context.textAlign = 'left';
  const height = layout.top - 6;
  for (
    let column = Math.ceil(Math.floor(view.left) / stride) * stride;
    column < Math.min(grid.columns, view.right);
    column += stride
  ) {
    const text = elide(axisLabel(picture, 'key', column), height, (part) => context.measureText(part).width);
    context.save();
    context.translate(layout.left + (column + 0.5 - view.left) * cellWidth, layout.top - 4);
    context.rotate(-Math.PI / 2);
    context.fillText(text, 0, 0);
    context.restore();
  }
  context.restore();
}

/** @param {CanvasRenderingContext2D} context */
function labelPen(context) {
  context.font = labelFont;
  context.fillStyle = theme().ink;
  context.textBaseline = 'middle';
}

/**
 * @param {number} value
 * @returns {string} short, so that it fits beside the bar
 */
export function tickText(value) {
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1).replace('.0', '') : numberText(value, 2);
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Layout} layout */
function drawColorBar(context, picture, layout) {
  const x = layout.left + layout.plotWidth + 10;
  const height = layout.plotHeight;
  const { map, range } = picture;
  context.imageSmoothingEnabled = false;
  context.drawImage(cellPicture(map.pixels.slice().reverse(), 1), x, layout.top, 10, height);
  labelPen(context);
  context.textAlign = 'left';
  let last = Infinity;
  for (const { part, value } of scaleTicks(range, Math.max(2, Math.floor(height / 50)))) {
    const y = layout.top + height * (1 - part);
    if (Math.abs(last - y) < labelSize) continue;
    context.fillText(tickText(value), x + 13, Math.min(Math.max(y, layout.top + 6), layout.top + height - 6));
    last = y;
  }
}
