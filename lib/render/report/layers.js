// One token through the layers: where the chosen query looks in every head of every layer, and which heads make the
// chosen link. Drawn at once from the exact entries, and completed while matrices are unpacked.
import { cellPicture, byId, fill, hatching, labelFont, make, sharpen, theme, tooltip } from './parts.js';
import { colorCells } from './scale.js';
import { spanText, tokenName } from './readout.js';
import { labelStride, poolLargest } from './viewport.js';
import { numberText, visible } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {{values: Float32Array, done: Uint8Array, first: Int32Array, end: Int32Array}} Rows  [layers x heads, columns] */

const shownBars = 40;
const margin = { left: 54, top: 16 };

/**
 * Means over the heads of each layer.
 * @param {Float32Array} values [layers x heads, columns]
 * @param {number} heads
 * @param {number} columns
 * @returns {Float32Array} [layers, columns]
 */
export function layerMeans(values, heads, columns) {
  const layers = values.length / columns / heads;
  const means = new Float32Array(layers * columns);
  for (let layer = 0; layer < layers; ++layer) {
    for (let head = 0; head < heads; ++head) {
      const start = (layer * heads + head) * columns;
      for (let column = 0; column < columns; ++column) means[layer * columns + column] += values[start + column] / heads;
    }
  }
  return means;
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function layersView(shared) {
  const { state, meta, heads, weights, maps } = shared;
  const headCount = meta.layers.length * meta.heads.length;
  const caption = make('h3', {});
  const progress = make('span', { class: 'faint' });
  const canvas = /** @type {HTMLCanvasElement} */ (make('canvas', { role: 'img' }));
  const means = /** @type {HTMLCanvasElement} */ (make('canvas', { role: 'img' }));
  const bars = make('div', { class: 'link-bars' });
  const barTitle = make('h3', {});
  const byLayer = make('input', { type: 'checkbox' });
  fill(byId('tab-token'), make('div', { class: 'columns' },
    make('div', {}, caption, progress, canvas, make('h3', {}, meta.rollout ? 'Mean of the heads, and rollout' : 'Mean of the heads'), means),
    make('div', {}, barTitle, make('label', {}, byLayer, ' in the order of the layers'), bars)));
  byLayer.addEventListener('change', drawBars);
  /** @type {{key: string, rows: Rows | null, rollout: Float32Array | null, width: number}} */
  const memory = { key: '', rows: null, rollout: null, width: 0 };
  new ResizeObserver(() => {
    if (Math.abs(byId('tab-token').clientWidth - memory.width) > 2) state.note('tab');
  }).observe(byId('tab-token'));

  /** @returns {number} row of the chosen query */
  function row() {
    const { query } = state.shown;
    return query === null ? meta.rows - 1 : Math.floor(query / meta.pool);
  }

  async function collect() {
    const { seq, source } = state.shown;
    const key = [seq, source, row()].join('/');
    if (memory.key === key) return;
    memory.key = key;
    const chosenRow = row();
    const columns = meta.columns;
    /** @type {Rows} */
    const rows = {
      values: new Float32Array(headCount * columns), done: new Uint8Array(headCount),
      first: new Int32Array(headCount), end: new Int32Array(headCount).fill(columns),
    };
    memory.rollout = null;
    for (let place = 0; place < headCount; ++place) {
      const layer = Math.floor(place / meta.heads.length);
      const known = weights.peek(seq, layer, place % meta.heads.length, source);
      if (known) takeRow(rows, place, known, chosenRow);
    }
    memory.rows = rows;
    if (meta.values === 'compact') {
      for (const layer of meta.layers.keys()) {
        const [largest, attended] = await Promise.all([weights.largest(seq, layer, source), weights.attended(seq, layer, source)]);
        if (memory.key !== key) return;
        takeLargest(rows, layer, largest, attended(chosenRow), chosenRow);
      }
      state.note('tab');
    }
    let drawn = performance.now();
    for (let place = 0; place < headCount; ++place) {
      if (rows.done[place]) continue;
      const grid = await weights.load(seq, Math.floor(place / meta.heads.length), place % meta.heads.length, source, false);
      if (memory.key !== key) return;
      takeRow(rows, place, grid, chosenRow);
      if (performance.now() - drawn > 120) {
        drawn = performance.now();
        state.note('tab');
      }
    }
    const last = meta.rollout && source === 'a' ? meta.rollout.layers[meta.rollout.layers.length - 1] : undefined;
    if (last !== undefined) {
      const grid = await weights.load(seq, last, 'rollout', 'a', false);
      if (memory.key !== key) return;
      memory.rollout = grid.values.subarray(chosenRow * columns, (chosenRow + 1) * columns);
    }
    state.note('tab');
  }

  /** @param {Rows} rows @param {number} place @param {import('./grid.js').Grid} grid @param {number} chosenRow */
  function takeRow(rows, place, grid, chosenRow) {
    rows.values.set(grid.values.subarray(chosenRow * meta.columns, (chosenRow + 1) * meta.columns), place * meta.columns);
    [rows.first[place], rows.end[place]] = grid.attended(chosenRow);
    rows.done[place] = 1;
  }

  /**
   * @param {Rows} rows
   * @param {number} layer
   * @param {import('./codes.js').Largest} largest
   * @param {[number, number]} attended
   * @param {number} chosenRow
   */
  function takeLargest(rows, layer, largest, attended, chosenRow) {
    for (let head = 0; head < meta.heads.length; ++head) {
      const place = layer * meta.heads.length + head;
      if (rows.done[place]) continue;
      [rows.first[place], rows.end[place]] = attended;
      for (let i = largest.perRow - 1; i >= 0; --i) {
        const at = (head * largest.rows + chosenRow) * largest.perRow + i;
        if (largest.weights[at] !== 0) rows.values[place * meta.columns + Math.floor(largest.keys[at] / meta.pool)] = largest.weights[at];
      }
    }
  }

  function draw() {
    const { rows } = memory;
    if (!rows) return;
    const panel = /** @type {HTMLElement} */ (canvas.parentElement);
    memory.width = byId('tab-token').clientWidth;
    const width = panel.clientWidth;
    if (width === 0) return;
    const rowHeight = Math.max(1, Math.min(16, Math.floor(440 / headCount)));
    drawRows(canvas, width, rowHeight, headCount, meta.heads.length, rows.values, (place) => [rows.first[place], rows.end[place]]);
    const layerRows = layerMeans(rows.values, meta.heads.length, meta.columns);
    const height = Math.max(4, Math.min(16, Math.floor(160 / meta.layers.length)));
    const rollout = memory.rollout ? [memory.rollout] : [];
    const all = new Float32Array(layerRows.length + rollout.length * meta.columns);
    all.set(layerRows);
    rollout.forEach((values, i) => all.set(values, layerRows.length + i * meta.columns));
    const count = meta.layers.length + rollout.length;
    drawRows(means, width, height, count, 1, all, (place) => [rows.first[(place % meta.layers.length) * meta.heads.length], rows.end[(place % meta.layers.length) * meta.heads.length]]);
    const { query, seq } = state.shown;
    const chosen = query === null ? meta.queries - 1 : query;
    const name = 'query ' + tokenName(chosen, heads.queryToken(seq, chosen));
    caption.textContent = 'Where ' + name + (query === null ? ' (the last)' : '') + ' looks in every head';
    const done = rows.done.reduce((sum, one) => sum + one, 0);
    progress.textContent = done < headCount ? 'largest weights; ' + done + ' of ' + headCount + ' heads complete' : '';
    canvas.setAttribute('aria-label', 'Weights of ' + name + ' in ' + headCount + ' heads, a row a head.');
    means.setAttribute('aria-label', 'Means over the heads of the weights of ' + name + ', a row a layer.');
  }

  /**
   * @param {HTMLCanvasElement} target
   * @param {number} width
   * @param {number} rowHeight
   * @param {number} count rows
   * @param {number} perLayer rows a layer
   * @param {Float32Array} values
   * @param {(place: number) => [number, number]} attended
   */
  function drawRows(target, width, rowHeight, count, perLayer, values, attended) {
    const plotWidth = width - margin.left - 4;
    const height = count * rowHeight;
    const context = sharpen(target, width, margin.top + height + 2);
    const across = Math.max(1, Math.floor(meta.columns / plotWidth));
    const columns = Math.ceil(meta.columns / across);
    const pooled = across > 1 ? poolLargest(values, { rows: count, columns: meta.columns }, 1, across) : values;
    let high = 0;
    let diverging = state.shown.source === 'difference';
    for (let i = 0; i < pooled.length; ++i) {
      if (state.shown.dropFirst && i % columns === 0) continue;
      if (Math.abs(pooled[i]) > high && Math.abs(pooled[i]) < Infinity) high = Math.abs(pooled[i]);
      if (pooled[i] < 0) diverging = true;
    }
    const map = /** @type {import('./color.js').ColorMap} */ (diverging ? maps.get('coolwarm') || maps.get(state.shown.map) : maps.get(state.shown.map));
    const pixels = new Uint32Array(pooled.length);
    colorCells(pooled, { kind: state.shown.scale, low: 0, high, diverging }, map.pixels, pixels, columns, (place) => {
      const [first, end] = attended(place);
      return [Math.floor(first / across), Math.ceil(end / across)];
    });
    context.fillStyle = hatching(context);
    context.fillRect(margin.left, margin.top, plotWidth, height);
    context.imageSmoothingEnabled = false;
    context.drawImage(cellPicture(pixels, columns), margin.left, margin.top, plotWidth, height);
    label(context, count, perLayer, rowHeight, plotWidth);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} count @param {number} perLayer @param {number} rowHeight @param {number} plotWidth */
  function label(context, count, perLayer, rowHeight, plotWidth) {
    const { layer, head, key, seq } = state.shown;
    context.font = labelFont;
    context.fillStyle = theme().ink;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const stride = labelStride(rowHeight * perLayer, 12);
    for (let place = 0; place * perLayer < Math.min(count, meta.layers.length * perLayer); place += stride) {
      context.fillText((perLayer > 1 ? 'layer ' : '') + meta.layers[place], margin.left - 4, margin.top + (place + 0.5) * perLayer * rowHeight);
    }
    if (perLayer === 1 && count > meta.layers.length) context.fillText('rollout', margin.left - 4, margin.top + (meta.layers.length + 0.5) * rowHeight);
    context.strokeStyle = theme().paper;
    context.lineWidth = 1;
    for (let place = perLayer; perLayer > 1 && place < count; place += perLayer) {
      context.beginPath();
      context.moveTo(margin.left, margin.top + place * rowHeight + 0.5);
      context.lineTo(margin.left + plotWidth, margin.top + place * rowHeight + 0.5);
      context.stroke();
    }
    const cell = plotWidth / meta.columns;
    context.strokeStyle = theme().accent;
    context.lineWidth = 1.5;
    const headsInRow = perLayer === 1 ? 0 : typeof head === 'number' ? head : -1;
    if (headsInRow >= 0) context.strokeRect(margin.left - 1, margin.top + (layer * perLayer + headsInRow) * rowHeight, plotWidth + 2, rowHeight);
    if (key === null) return;
    const x = margin.left + Math.floor(key / meta.pool) * cell;
    context.strokeRect(x, margin.top - 2, cell, count * rowHeight + 4);
    context.textAlign = x > plotWidth * 0.7 ? 'right' : 'left';
    const token = heads.keyToken(seq, key);
    context.fillText(token === null ? String(key) : visible(token).slice(0, 24), x, 7);
  }

  function drawBars() {
    const { rows } = memory;
    const { query, key, seq, source, layer, head } = state.shown;
    if (!rows || key === null || query === null) {
      barTitle.textContent = 'Which heads make a link: choose a cell';
      fill(bars);
      return;
    }
    barTitle.textContent = 'Heads that link query ' + tokenName(query, heads.queryToken(seq, query)) + ' to key ' + tokenName(key, heads.keyToken(seq, key));
    const column = Math.floor(key / meta.pool);
    let links = Array.from({ length: headCount }, (_, place) => ({ place, value: rows.values[place * meta.columns + column] }));
    const largest = Math.max(...links.map(({ value }) => Math.abs(value)), 1e-30);
    links.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.place - b.place);
    links = links.slice(0, shownBars);
    if (byLayer.checked) links.sort((a, b) => a.place - b.place);
    fill(bars, ...links.map(({ place, value }) => {
      const ofLayer = Math.floor(place / meta.heads.length);
      const ofHead = place % meta.heads.length;
      const grid = weights.peek(seq, ofLayer, ofHead, source);
      const exact = grid ? grid.cell(row(), column).exact : value !== 0;
      const bar = make('span', { class: 'fill', 'aria-hidden': 'true' });
      bar.style.width = (100 * Math.abs(value)) / largest + '%';
      const name = 'layer ' + meta.layers[ofLayer] + ' head ' + meta.heads[ofHead] + ': ' + (exact ? '' : '\u2248 ') + numberText(value, exact ? 4 : 3);
      return make('button', {
        type: 'button', 'aria-pressed': String(ofLayer === layer && ofHead === head), click: () => state.set({ layer: ofLayer, head: ofHead }),
      }, bar, make('span', { class: 'words' }, name));
    }));
  }

  /** @param {MouseEvent} event @returns {{place: number, column: number} | null} */
  function cellAt(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left - margin.left) / (box.width - margin.left - 4)) * meta.columns);
    const place = Math.floor(((event.clientY - box.top - margin.top) / (box.height - margin.top - 2)) * headCount);
    return column < 0 || column >= meta.columns || place < 0 || place >= headCount ? null : { place, column };
  }
  canvas.addEventListener('pointermove', (event) => {
    const cell = cellAt(event);
    if (!cell || !memory.rows) {
      tooltip('');
      return;
    }
    const { seq } = state.shown;
    const name = heads.name(seq, Math.floor(cell.place / meta.heads.length), cell.place % meta.heads.length);
    const key = meta.pool > 1 ? 'keys ' + spanText(cell.column, meta.pool, meta.keys) : 'key ' + tokenName(cell.column, heads.keyToken(seq, cell.column));
    tooltip(name + ', ' + key + ': ' + numberText(memory.rows.values[cell.place * meta.columns + cell.column], 3), event);
  });
  canvas.addEventListener('pointerleave', () => tooltip(''));
  canvas.addEventListener('click', (event) => {
    const cell = cellAt(event);
    if (!cell) return;
    const { place, column } = cell;
    const { query } = state.shown;
    state.set({
      layer: Math.floor(place / meta.heads.length), head: place % meta.heads.length, key: column * meta.pool,
      query: query === null ? meta.queries - 1 : query, side: 'query',
    });
  });

  return (changed) => {
    if (state.shown.tab !== 'token') return;
    const has = (/** @type {(keyof import('./state.js').Shown)[]} */ ...names) => names.some((name) => changed.has(name));
    if (!has('tab', 'seq', 'source', 'query', 'key', 'layer', 'head', 'map', 'scale', 'dropFirst')) return;
    collect();
    draw();
    drawBars();
  };
}
