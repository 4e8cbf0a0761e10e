// Queries and keys of the chosen head in one plane: near means a large score. Pointing at a query shows its keys.
import { nextPoint, useArrows } from './arrows.js';
import { WantedGrids } from './chosen.js';
import { readIntegers } from './codes.js';
import { cssColor } from './color.js';
import { byId, fill, make, sharpen, theme } from './parts.js';
import { tokenName } from './readout.js';
import { hasAny } from './state.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {{x: number, y: number, query: boolean, place: number}} Point  x, y: 0 to 1; the place of the query or key */

const widest = 520;
const border = 14;
const far = 65535;

/**
 * @param {Uint8Array} bytes
 * @param {number[]} queries
 * @param {number[]} keys
 * @returns {Point[]} queries first
 */
export function readPoints(bytes, queries, keys) {
  const numbers = readIntegers(bytes, 0, 2 * (queries.length + keys.length), false);
  const point = (/** @type {number} */ place, /** @type {boolean} */ query, /** @type {number} */ at) => ({
    x: numbers[2 * at] / far,
    y: numbers[2 * at + 1] / far,
    query,
    place,
  });
  return [
    ...queries.map((place, i) => point(place, true, i)),
    ...keys.map((place, i) => point(place, false, queries.length + i)),
  ];
}

/**
 * The point nearest to a place of the picture, within reach.
 * @param {Point[]} points
 * @param {number} x
 * @param {number} y
 * @returns {Point | null}
 */
export function nearestPoint(points, x, y) {
  let best = null;
  let least = 0.03 ** 2;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < least) [least, best] = [distance, point];
  }
  return best;
}

/**
 * A number in 0 to 1 for a token, the same for equal tokens.
 * @param {string} token
 * @returns {number}
 */
export function tokenPart(token) {
  let hash = 2166136261;
  for (let i = 0; i < token.length; ++i) hash = Math.imul(hash ^ token.charCodeAt(i), 16777619) >>> 0;
  return (hash % 251) / 250;
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function embeddingView(shared) {
  const { meta, state, heads, weights, maps } = shared;
  const { embedding } = meta;
  if (!embedding) return () => {};
  const wanted = new WantedGrids(shared, 'tab');
  const canvas = make('canvas', { role: 'img' });
  const caption = make('p', { class: 'faint' });
  const said = make('p', { class: 'readout', 'aria-live': 'polite' });
  const byToken = make('input', { type: 'checkbox' });
  byToken.addEventListener('change', draw);
  fill(
    byId('tab-embedding'),
    make(
      'div',
      { class: 'bar' },
      make('label', {}, byToken, ' colour by token, else by position'),
      'queries are circles, keys squares',
    ),
    canvas,
    said,
    caption,
  );
  /** @type {{points: Point[], name: string, over: Point | null, side: number}} */
  const memory = { points: [], name: '', over: null, side: widest };

  new ResizeObserver(() => {
    const { clientWidth } = byId('tab-embedding');
    if (clientWidth > 0 && Math.min(widest, clientWidth) !== memory.side) state.note('tab');
  }).observe(byId('tab-embedding'));

  async function load() {
    const { seq, layer, head } = state.shown;
    const name = 'points/' + [seq, layer, head].join('/');
    if (memory.name === name) return;
    memory.name = name;
    memory.points = [];
    if (typeof head !== 'number' || !weights.store.has(name)) return;
    const bytes = await weights.store.get(name);
    if (memory.name !== name || !embedding) return;
    memory.points = readPoints(bytes, embedding.queries, embedding.keys);
    state.note('tab');
  }

  /** @param {Point} point @returns {{x: number, y: number}} */
  function onCanvas(point) {
    const { side } = memory;
    return { x: border + point.x * (side - 2 * border), y: side - border - point.y * (side - 2 * border) };
  }

  function draw() {
    const side = Math.min(widest, byId('tab-embedding').clientWidth || widest);
    memory.side = side;
    const context = sharpen(canvas, side, side);
    context.strokeStyle = theme().line;
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
    const { map, layer, head, seq } = state.shown;
    const chosen = memory.over || chosenQuery();
    if (chosen && chosen.query) drawLinks(context, chosen);
    const colors = /** @type {import('./color.js').ColorMap} */ (maps.get(map));
    for (const point of memory.points) {
      const token = point.query ? heads.queryToken(seq, point.place) : heads.keyToken(seq, point.place);
      const count = point.query ? meta.queries : meta.keys;
      const { x, y } = onCanvas(point);
      context.fillStyle = cssColor(
        colors,
        byToken.checked && token !== null ? tokenPart(token) : point.place / Math.max(count - 1, 1),
      );
      context.strokeStyle = point === chosen ? theme().accent : theme().ink;
      context.lineWidth = point === chosen ? 3 : 0.5;
      context.beginPath();
      if (point.query) context.arc(x, y, 4.5, 0, 7);
      else context.rect(x - 3.5, y - 3.5, 7, 7);
      context.fill();
      context.stroke();
    }
    const facts = typeof head === 'number' ? embedding && embedding.heads[heads.slot(seq, layer, head)] : null;
    caption.textContent = [
      facts
        ? 'The plane holds ' +
          numberText(100 * facts.variance, 3) +
          ' % of the variance; correlation of distance and score ' +
          numberText(facts.correlation, 3) +
          '.'
        : 'Choose a head.',
      embedding ? embedding.caption : '',
      embedding && embedding.step > 1 ? 'Every ' + embedding.step + 'th token is shown.' : '',
    ]
      .filter(Boolean)
      .join(' ');
    said.textContent = chosen ? pointName(chosen) : 'Point at a query to see its keys; arrow keys lead from point to point.';
    canvas.setAttribute(
      'aria-label',
      'Queries and keys of ' + heads.name(seq, layer, head) + ' in a plane, ' + memory.points.length + ' points.',
    );
  }

  /** @returns {Point | null} */
  function chosenQuery() {
    return memory.points.find((point) => point.query && point.place === state.shown.query) || null;
  }

  /** @param {Point} point @returns {string} */
  function pointName(point) {
    const { seq } = state.shown;
    return point.query
      ? 'query ' + tokenName(point.place, heads.queryToken(seq, point.place))
      : 'key ' + tokenName(point.place, heads.keyToken(seq, point.place));
  }

  /** @param {CanvasRenderingContext2D} context @param {Point} chosen */
  function drawLinks(context, chosen) {
    const grid = wanted.chosen();
    if (!grid) return;
    const from = onCanvas(chosen);
    const row = Math.floor(chosen.place / meta.pool);
    context.strokeStyle = theme().accent;
    for (const point of memory.points) {
      if (point.query) continue;
      const weight = grid.values[row * grid.columns + Math.floor(point.place / meta.pool)];
      if (!(weight > 0.005)) continue;
      const to = onCanvas(point);
      context.globalAlpha = Math.min(1, 0.1 + weight);
      context.lineWidth = 0.5 + 4 * weight;
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** @param {MouseEvent} event @returns {Point | null} */
  function pointAt(event) {
    const box = canvas.getBoundingClientRect();
    const { side } = memory;
    const inner = side - 2 * border;
    return nearestPoint(
      memory.points,
      (event.clientX - box.left - border) / inner,
      (side - border - (event.clientY - box.top)) / inner,
    );
  }
  /** @param {Point | null} over */
  function look(over) {
    if (over === memory.over) return;
    memory.over = over;
    state.note('tab');
  }
  canvas.addEventListener('pointermove', (event) => look(pointAt(event)));
  canvas.addEventListener('pointerleave', () => look(null));
  canvas.addEventListener('blur', () => look(null));
  canvas.addEventListener('click', (event) => {
    choose(pointAt(event));
  });
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') choose(memory.over);
  });
  useArrows(canvas, (down, right) => {
    const from = memory.over || chosenQuery();
    look(from ? nextPoint(memory.points, from, down, right) || from : memory.points[0] || null);
  });

  /** @param {Point | null} point */
  function choose(point) {
    if (point) state.set(point.query ? { query: point.place, side: 'query' } : { key: point.place });
  }

  return (changed) => {
    if (state.shown.tab !== 'embedding') return;
    if (!hasAny(changed, 'tab', 'seq', 'layer', 'head', 'query', 'map', 'source')) return;
    load();
    draw();
  };
}
