// Every measure against the layer: a line a head and the mean of the heads, as small pictures side by side. How attention
// changes across layers.
import { byId, fill, labelFont, make, sharpen, theme } from './parts.js';
import { multiples } from './scale.js';
import { hasAny } from './state.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

const size = { width: 250, height: 130, left: 40, right: 8, top: 6, bottom: 18 };

/**
 * The mean over the heads that have a value, for each layer.
 * @param {(number | null)[][]} lines [heads][layers]
 * @returns {(number | null)[]}
 */
export function meanLine(lines) {
  return (lines[0] || []).map((_, layer) => {
    const known = /** @type {number[]} */ (lines.map((line) => line[layer]).filter((value) => value !== null));
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function curvesView(shared) {
  const { state, heads, meta } = shared;
  const names = heads.knownMeasures();
  const canvases = new Map(names.map((name) => [name, make('canvas', { role: 'img' })]));
  const figures = names.map((name) =>
    make('figure', {}, make('figcaption', { title: heads.meaning(name) }, name), canvases.get(name) || ''),
  );
  const note = meta.layers.length < 2 ? [make('p', { class: 'faint' }, 'There is one layer: a point a head.')] : [];
  fill(
    byId('tab-curves'),
    ...note,
    make('p', { class: 'faint' }, 'Grey: a head. Thick: the mean of the heads. Coloured: the chosen head.'),
    make('div', { class: 'curves' }, ...figures),
  );

  /** @param {string} name @param {HTMLCanvasElement} canvas */
  function draw(name, canvas) {
    const { seq, source, head } = state.shown;
    const lines = meta.heads.map((_, place) =>
      meta.layers.map((_layer, layer) => heads.measure(name, heads.slot(seq, layer, place), source)),
    );
    const known = /** @type {number[]} */ (lines.flat().filter((value) => value !== null));
    const context = sharpen(canvas, size.width, size.height);
    if (known.length === 0) return;
    let low = Math.min(...known);
    let high = Math.max(...known);
    if (high === low) [low, high] = low === 0 ? [0, 1] : [low - 0.5, high + 0.5];
    const plotWidth = size.width - size.left - size.right;
    const plotHeight = size.height - size.top - size.bottom;
    const last = Math.max(meta.layers.length - 1, 1);
    const x = (/** @type {number} */ layer) => size.left + plotWidth * (meta.layers.length === 1 ? 0.5 : layer / last);
    const y = (/** @type {number} */ value) => size.top + plotHeight * (1 - (value - low) / (high - low));
    axes(context, low, high, x, y);
    context.globalAlpha = 0.5;
    lines.forEach((line, place) => {
      if (place !== head) stroke(context, line, x, y, theme().faint, 1);
    });
    context.globalAlpha = 1;
    stroke(context, meanLine(lines), x, y, theme().ink, 2.5);
    if (typeof head === 'number') stroke(context, lines[head], x, y, theme().accent, 2);
    const chosen =
      typeof head === 'number'
        ? ', head ' + meta.heads[head] + ' ' + lines[head].map((value) => numberText(value, 3)).join(' ')
        : '';
    canvas.setAttribute(
      'aria-label',
      name +
        ' by layer: mean ' +
        meanLine(lines)
          .map((value) => numberText(value, 3))
          .join(' ') +
        chosen,
    );
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} low
   * @param {number} high
   * @param {(layer: number) => number} x
   * @param {(value: number) => number} y
   */
  function axes(context, low, high, x, y) {
    context.font = labelFont;
    context.fillStyle = theme().faint;
    context.strokeStyle = theme().line;
    context.globalAlpha = 1;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const value of multiples(low, high, 3)) {
      context.fillText(numberText(value, 3), size.left - 4, y(value));
      context.beginPath();
      context.moveTo(size.left, y(value));
      context.lineTo(size.width - size.right, y(value));
      context.lineWidth = 0.5;
      context.stroke();
    }
    context.textAlign = 'center';
    const stride = Math.ceil(meta.layers.length / 8);
    meta.layers.forEach((layer, place) => {
      if (place % stride === 0) context.fillText(String(layer), x(place), size.height - 8);
    });
  }

  return (changed) => {
    if (state.shown.tab !== 'curves') return;
    if (hasAny(changed, 'tab', 'seq', 'source', 'head', 'map')) canvases.forEach((canvas, name) => draw(name, canvas));
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {(number | null)[]} line
 * @param {(layer: number) => number} x
 * @param {(value: number) => number} y
 * @param {string} color
 * @param {number} width
 */
function stroke(context, line, x, y, color, width) {
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = width;
  context.beginPath();
  let pen = false;
  line.forEach((value, layer) => {
    if (value === null) pen = false;
    else if (pen) context.lineTo(x(layer), y(value));
    else context.moveTo(x(layer), y(value));
    pen = value !== null;
  });
  context.stroke();
  if (line.length > 1) return;
  if (line[0] !== null && line.length === 1) context.fillRect(x(0) - width - 1, y(line[0]) - 1, 2 * width + 2, 2);
}
