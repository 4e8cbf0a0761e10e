// A matrix as an SVG file with real text: a rectangle a cell where they are few, else one embedded picture.
import { cssColor } from './color.js';
import { axisLabel, tickText } from './matrix_picture.js';
import { scalePart, scaleTicks } from './scale.js';
import { escapeXml } from './text.js';
import { labelStride } from './viewport.js';

/** @typedef {import('./matrix_picture.js').Picture} Picture */

const mostRectangles = 4096;
// Stripes for what nobody may attend: a difference of 0 is grey, too.
const stripes =
  '<defs><pattern id="nobody" width="6" height="6" patternUnits="userSpaceOnUse">' +
  '<path d="M0 0H6V6H0Z" fill="#f6f7f9"/><path d="M-1 1 1 -1M0 6 6 0M5 7 7 5" stroke="#c9d1d9"/></pattern></defs>\n';
const plot = { width: 480, left: 110, top: 110, right: 80, bottom: 14 };

/**
 * @param {Picture} picture
 * @param {string} title
 * @param {(() => string) | null} embedded the cells of the whole matrix as the address of a picture, for many cells
 * @returns {string}
 */
export function matrixSvg(picture, title, embedded) {
  const { grid, view } = picture;
  const top = Math.floor(view.top);
  const left = Math.floor(view.left);
  const rows = Math.min(grid.rows, Math.ceil(view.bottom)) - top;
  const columns = Math.min(grid.columns, Math.ceil(view.right)) - left;
  const cell = plot.width / Math.max(rows, columns);
  const width = plot.left + columns * cell + plot.right;
  const height = plot.top + rows * cell + plot.bottom;
  const box = { top, left, rows, columns, cell };
  const cells =
    rows * columns <= mostRectangles || !embedded ? rectangles(picture, box) : embeddedCells(picture, box, embedded());
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<svg xmlns="http://www.w3.org/2000/svg" width="' +
    round(width) +
    '" height="' +
    round(height) +
    '" viewBox="0 0 ' +
    round(width) +
    ' ' +
    round(height) +
    '" font-family="DejaVu Sans, sans-serif" font-size="10">\n<title>' +
    escapeXml(title) +
    '</title>\n' +
    '<rect width="100%" height="100%" fill="#ffffff"/>\n' +
    stripes +
    cells +
    labels(picture, box) +
    colorBar(picture, box) +
    '</svg>\n'
  );
}

/** @typedef {{top: number, left: number, rows: number, columns: number, cell: number}} Box */

/** @param {Picture} picture @param {Box} box @returns {string} */
function rectangles(picture, { top, left, rows, columns, cell }) {
  const { grid, range, map } = picture;
  let text = '<g shape-rendering="crispEdges">\n';
  for (let row = 0; row < rows; ++row) {
    for (let column = 0; column < columns; ++column) {
      const hidden = grid.hidden(top + row, left + column);
      const color = hidden
        ? 'url(#nobody)'
        : cssColor(map, scalePart(grid.values[(top + row) * grid.columns + left + column], range));
      text +=
        '<rect x="' +
        round(plot.left + column * cell) +
        '" y="' +
        round(plot.top + row * cell) +
        '" width="' +
        round(cell) +
        '" height="' +
        round(cell) +
        '" fill="' +
        color +
        '"/>\n';
    }
  }
  return text + '</g>\n';
}

/** @param {Picture} picture @param {Box} box @param {string} address @returns {string} */
function embeddedCells(picture, { top, left, rows, columns, cell }, address) {
  const { grid } = picture;
  const size = ' width="' + round(columns * cell) + '" height="' + round(rows * cell) + '"';
  const place = ' x="' + plot.left + '" y="' + plot.top + '"' + size;
  return (
    '<rect' +
    place +
    ' fill="url(#nobody)"/>\n<svg' +
    place +
    ' viewBox="' +
    [left, top, columns, rows].join(' ') +
    '" preserveAspectRatio="none">\n<image width="' +
    grid.columns +
    '" height="' +
    grid.rows +
    '" preserveAspectRatio="none" style="image-rendering:pixelated" href="' +
    address +
    '"/>\n</svg>\n'
  );
}

/** @param {Picture} picture @param {Box} box @returns {string} */
function labels(picture, { top, left, rows, columns, cell }) {
  const stride = labelStride(cell, 11);
  let text = '<g fill="#000000">\n';
  for (let row = Math.ceil(top / stride) * stride; row < top + rows; row += stride) {
    text +=
      '<text x="' +
      (plot.left - 4) +
      '" y="' +
      round(plot.top + (row - top + 0.5) * cell + 3.5) +
      '" text-anchor="end">' +
      escapeXml(shortLabel(axisLabel(picture, 'query', row))) +
      '</text>\n';
  }
  for (let column = Math.ceil(left / stride) * stride; column < left + columns; column += stride) {
    const x = round(plot.left + (column - left + 0.5) * cell + 3.5);
    text +=
      '<text transform="translate(' +
      x +
      ' ' +
      (plot.top - 4) +
      ') rotate(-90)">' +
      escapeXml(shortLabel(axisLabel(picture, 'key', column))) +
      '</text>\n';
  }
  return text + '</g>\n';
}

/** @param {string} text @returns {string} */
function shortLabel(text) {
  const signs = Array.from(text);
  return signs.length <= 16 ? text : signs.slice(0, 15).join('') + '\u2026';
}

/** @param {Picture} picture @param {Box} box @returns {string} */
function colorBar(picture, { rows, columns, cell }) {
  const x = plot.left + columns * cell + 12;
  const height = rows * cell;
  let text = '<g shape-rendering="crispEdges">\n';
  for (let i = 0; i < 64; ++i) {
    text +=
      '<rect x="' +
      round(x) +
      '" y="' +
      round(plot.top + height * (1 - (i + 1) / 64)) +
      '" width="10" height="' +
      round(height / 64 + 0.2) +
      '" fill="' +
      cssColor(picture.map, (i + 0.5) / 64) +
      '"/>\n';
  }
  text += '</g>\n<g fill="#000000">\n';
  let last = Infinity;
  for (const { part, value } of scaleTicks(picture.range, 5)) {
    const y = plot.top + height * (1 - part);
    if (Math.abs(last - y) < 11) continue;
    last = y;
    text += '<text x="' + round(x + 14) + '" y="' + round(y + 3.5) + '">' + escapeXml(tickText(value)) + '</text>\n';
  }
  return text + '</g>\n';
}

/** @param {number} value @returns {number} */
function round(value) {
  return Math.round(value * 100) / 100;
}
