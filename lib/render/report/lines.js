// Tokens as two columns, queries left and keys right, with a line for every weight that is large enough. Only what is in
// view is drawn.
import { WantedGrids } from './chosen.js';
import { byId, fill, headColor, labelFont, make, sharpen, theme, tooltip } from './parts.js';
import { spanText, tokenName } from './readout.js';
import { hasAny } from './state.js';
import { elide, numberText, visible } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {{side: 'query' | 'key', place: number}} End  a row or a column */
/** @typedef {{grid: Grid, color: string}} DrawnHead */

const lineHeight = 18;
const shownHeight = 520;
const manyLines = 4000; // drawn in a frame at most: the largest

/**
 * The lines of the rows in view, the weakest first.
 * @param {Grid} grid
 * @param {number} from row
 * @param {number} to row
 * @param {number} threshold
 * @param {End | null} only
 * @returns {{row: number, column: number, weight: number}[]}
 */
export function strongLines(grid, from, to, threshold, only) {
  const lines = [];
  for (let row = from; row < to; ++row) {
    if (only && only.side === 'query' && row !== only.place) continue;
    const first = only && only.side === 'key' ? only.place : 0;
    const end = only && only.side === 'key' ? only.place + 1 : grid.columns;
    for (let column = first; column < end; ++column) {
      const weight = grid.values[row * grid.columns + column];
      if (Math.abs(weight) >= threshold && weight !== 0) lines.push({ row, column, weight });
    }
  }
  lines.sort((a, b) => Math.abs(a.weight) - Math.abs(b.weight));
  return lines.slice(-manyLines);
}

/**
 * The extra heads of a link, those that exist.
 * @param {string} text "layer/head" places with commas
 * @param {import('./heads.js').Meta} meta
 * @returns {{layer: number, head: number}[]}
 */
export function extraHeads(text, meta) {
  return text
    .split(',')
    .filter(Boolean)
    .map((pair) => {
      const [layer, head] = pair.split('/').map(Number);
      return { layer, head };
    })
    .filter(({ layer, head }) => layer < meta.layers.length && head < meta.heads.length)
    .slice(0, 5);
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function linesView(shared) {
  const { state, meta, heads } = shared;
  const wanted = new WantedGrids(shared, 'threshold');
  const canvas = make('canvas', { 'aria-hidden': 'true' });
  const spacer = make('div', {});
  const scroller = make(
    'div',
    {
      class: 'scroller',
      tabindex: 0,
      role: 'img',
      'aria-label': 'Lines from queries to keys; the list of largest weights has the numbers',
    },
    canvas,
    spacer,
  );
  const threshold = make('input', {
    type: 'range',
    min: 0,
    max: 0.5,
    step: 0.005,
    'aria-label': 'Weights below are not drawn',
  });
  const said = make('p', { class: 'faint' }); // a line of its own: the picture must not move under the pointer
  const colors = make('div', { class: 'bar' });
  fill(
    byId('side-lines'),
    make(
      'div',
      { class: 'bar' },
      make('label', {}, 'from ', threshold),
      make('button', { type: 'button', click: addHead }, 'Add this head'),
    ),
    colors,
    said,
    scroller,
  );
  /** @type {{over: End | null, ends: number}} */
  const memory = { over: null, ends: Math.max(meta.rows, meta.columns) };
  const height = Math.min(shownHeight, memory.ends * lineHeight + 4);
  scroller.style.height = height + 2 + 'px';
  spacer.style.height = Math.max(0, memory.ends * lineHeight + 4 - height) + 'px';
  canvas.style.height = height + 'px';
  threshold.addEventListener('input', () => state.set({ threshold: Number(threshold.value) }));
  scroller.addEventListener('scroll', () => state.note('threshold'));
  new ResizeObserver(() => state.note('threshold')).observe(scroller);

  function addHead() {
    const { layer, head, extra } = state.shown;
    const name = layer + '/' + head;
    if (typeof head === 'number' && !extra.split(',').includes(name))
      state.set({ extra: extra ? extra + ',' + name : name });
  }

  /** @param {MouseEvent} event @returns {End | null} */
  function endAt(event) {
    const box = scroller.getBoundingClientRect();
    const place = Math.floor((event.clientY - box.top + scroller.scrollTop) / lineHeight);
    const part = (event.clientX - box.left) / box.width;
    const side = part < 0.42 ? 'query' : part > 0.58 ? 'key' : null;
    if (!side || place < 0 || place >= (side === 'query' ? meta.rows : meta.columns)) return null;
    return { side, place };
  }
  scroller.addEventListener('pointermove', (event) => {
    const over = endAt(event);
    tooltip(over ? endName(over) : '', event);
    if (JSON.stringify(over) === JSON.stringify(memory.over)) return;
    memory.over = over;
    state.note('threshold');
  });
  scroller.addEventListener('pointerleave', () => {
    tooltip('');
    memory.over = null;
    state.note('threshold');
  });
  scroller.addEventListener('click', (event) => {
    const end = endAt(event);
    if (!end) state.set({ query: null, key: null, side: 'query' });
    else if (end.side === 'query') state.set({ query: end.place * meta.pool, key: null, side: 'query' });
    else state.set({ key: end.place * meta.pool, query: null, side: 'key' });
  });

  /** @returns {End | null} the token whose lines alone are drawn */
  function only() {
    const { query, key, side } = state.shown;
    if (memory.over) return memory.over;
    const place = side === 'key' ? key : query;
    return place === null ? null : { side, place: Math.floor(place / meta.pool) };
  }

  /** @returns {DrawnHead[]} */
  function drawnHeads() {
    const all = extraHeads(state.shown.extra, meta);
    const drawn = [];
    const chosen = wanted.chosen();
    if (chosen) drawn.push({ grid: chosen, color: headColor(0) });
    all.forEach(({ layer, head }, place) => {
      const grid = wanted.get(layer, head);
      if (grid) drawn.push({ grid, color: headColor(place + 1) });
    });
    return drawn;
  }

  function draw() {
    const width = scroller.clientWidth;
    if (width === 0) return;
    const context = sharpen(canvas, width, height);
    const top = scroller.scrollTop;
    const from = Math.max(0, Math.floor(top / lineHeight));
    const to = Math.min(meta.rows, Math.ceil((top + height) / lineHeight));
    const chosen = only();
    // Lines of a token that is chosen go to what is out of view too.
    const y = (/** @type {number} */ place) => (place + 0.5) * lineHeight - top;
    const left = width * 0.4;
    const right = width * 0.6;
    let count = 0;
    for (const { grid, color } of drawnHeads()) {
      const lines = strongLines(grid, chosen ? 0 : from, chosen ? grid.rows : to, state.shown.threshold, chosen);
      count += lines.length;
      context.strokeStyle = color;
      for (const { row, column, weight } of lines) {
        context.globalAlpha = Math.min(1, 0.08 + 0.92 * Math.sqrt(Math.abs(weight)));
        context.lineWidth = 0.7 + 2.5 * Math.abs(weight);
        context.beginPath();
        context.moveTo(left, y(row));
        context.lineTo(right, y(column));
        context.stroke();
      }
    }
    context.globalAlpha = 1;
    drawLabels(context, { from, to: Math.ceil((top + height) / lineHeight), left, right, width, y, chosen });
    said.textContent = numberText(state.shown.threshold, 3) + ' \u00b7 ' + count + (count === 1 ? ' line' : ' lines');
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{from: number, to: number, left: number, right: number, width: number, y: (place: number) => number, chosen: End | null}} at
   */
  function drawLabels(context, { from, to, left, right, width, y, chosen }) {
    context.font = labelFont;
    context.textBaseline = 'middle';
    const measure = (/** @type {string} */ text) => context.measureText(text).width;
    for (let place = from; place < to; ++place) {
      for (const side of /** @type {('query' | 'key')[]} */ (['query', 'key'])) {
        if (place >= (side === 'query' ? meta.rows : meta.columns)) continue;
        const marked = chosen && chosen.side === side && chosen.place === place;
        context.fillStyle = marked ? theme().accent : theme().ink;
        context.textAlign = side === 'query' ? 'right' : 'left';
        const x = side === 'query' ? left - 4 : right + 4;
        context.fillText(elide(endLabel(side, place), width - right - 8, measure), x, y(place));
      }
    }
  }

  /** @param {'query' | 'key'} side @param {number} place @returns {string} */
  function endLabel(side, place) {
    if (meta.pool > 1) return spanText(place, meta.pool, side === 'query' ? meta.queries : meta.keys);
    const token = side === 'query' ? heads.queryToken(state.shown.seq, place) : heads.keyToken(state.shown.seq, place);
    return token === null ? String(place) : visible(token);
  }

  /** @param {End} end @returns {string} */
  function endName({ side, place }) {
    const { seq } = state.shown;
    if (meta.pool > 1) return (side === 'query' ? 'queries ' : 'keys ') + endLabel(side, place);
    return side + ' ' + tokenName(place, side === 'query' ? heads.queryToken(seq, place) : heads.keyToken(seq, place));
  }

  function showColors() {
    const { extra, seq, layer, head } = state.shown;
    const list = extraHeads(extra, meta);
    const names = [heads.name(seq, layer, head), ...list.map((one) => heads.name(seq, one.layer, one.head))];
    fill(
      colors,
      ...(list.length === 0
        ? []
        : names.map((name, place) => {
            const swatch = make('span', { 'aria-hidden': 'true' }, '\u25a0');
            swatch.style.color = headColor(place);
            if (place === 0) return make('span', {}, swatch, ' ' + name);
            const rest = list
              .filter((_, other) => other !== place - 1)
              .map((one) => one.layer + '/' + one.head)
              .join(',');
            return make(
              'button',
              { type: 'button', 'aria-label': 'Remove ' + name, click: () => state.set({ extra: rest }) },
              swatch,
              ' ' + name + ' \u00d7',
            );
          })),
    );
  }

  /** Brings the chosen token into view, unless it was chosen here. */
  function scrollToChosen() {
    const { query, key, side } = state.shown;
    const place = side === 'key' ? key : query;
    if (place === null) return;
    const at = Math.floor(place / meta.pool) * lineHeight;
    if (at < scroller.scrollTop || at + lineHeight > scroller.scrollTop + height) scroller.scrollTop = at - height / 2;
  }

  return (changed) => {
    if (state.shown.side_tab !== 'lines') return;
    if (hasAny(changed, 'query', 'key', 'side')) scrollToChosen();
    if (hasAny(changed, 'extra', 'layer', 'head', 'seq', 'map')) showColors();
    if (hasAny(changed, 'threshold')) threshold.value = String(state.shown.threshold);
    if (hasAny(
      changed, 'seq', 'layer', 'head', 'source', 'query', 'key', 'side', 'threshold', 'extra', 'side_tab', 'map',
    )) draw();
  };
}
