// All layers and heads at once: a small map of each, or a cell coloured by a measure. One canvas, with a real button
// over every head.
import { cellPicture, byId, fill, hatching, labelFont, make, markFirst, sharpen, theme } from './parts.js';
import { cssColor, inkOn } from './color.js';
import { scalePart } from './scale.js';
import { thumbValue } from './codes.js';
import { numberText } from './text.js';

/** @typedef {import('./heads.js').HeadPlace} HeadPlace */
/** @typedef {{layer: number, head: HeadPlace, x: number, y: number}} Spot */
/** @typedef {{size: number, left: number, top: number, width: number, height: number, perRow: number, columns: number}} Plan */

const smallest = 20;
const largest = 92;
const gap = 2;

/**
 * Where every map goes. A single layer wraps into rows of larger maps.
 * @param {number} layers
 * @param {number} columns heads and what is made of them
 * @param {number} width
 * @returns {Plan}
 */
export function overviewPlan(layers, columns, width) {
  const left = layers === 1 ? 0 : 22;
  const top = 14;
  const perRow = layers === 1 ? Math.min(columns, Math.max(1, Math.min(Math.floor(width / (56 + gap)), columns))) : columns;
  const size = Math.max(smallest, Math.min(largest, Math.floor((width - left) / perRow) - gap));
  const rows = layers === 1 ? Math.ceil(columns / perRow) : layers;
  const rowHeight = size + (layers === 1 ? top : 0) + gap;
  return { size, left, top, width: left + perRow * (size + gap), height: top + rows * rowHeight, perRow, columns };
}

/**
 * @param {Plan} plan
 * @param {number} layers
 * @param {number} layer
 * @param {number} column
 * @returns {{x: number, y: number}}
 */
export function spotOf(plan, layers, layer, column) {
  const row = layers === 1 ? Math.floor(column / plan.perRow) : layer;
  const step = plan.size + gap + (layers === 1 ? plan.top : 0);
  return { x: plan.left + (column % plan.perRow) * (plan.size + gap), y: plan.top + row * step };
}

/**
 * @param {import('./parts.js').Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
export function overviewView(shared) {
  const { meta, heads, state, weights, maps, finder, types } = shared;
  const panel = byId('overview');
  const canvas = /** @type {HTMLCanvasElement} */ (make('canvas', { 'aria-hidden': 'true' }));
  const sheet = make('div', { class: 'overview-sheet', role: 'grid', 'aria-label': 'Layers and heads' });
  fill(panel, sheet);
  const columns = /** @type {HeadPlace[]} */ ([...meta.heads.keys(), ...(meta.heads.length > 1 ? ['mean'] : []), ...(meta.rollout ? ['rollout'] : [])]);
  /** @type {{thumbs: Map<string, any>, attended: Uint8Array[], width: number, stale: boolean, plan: Plan}} */
  const memory = { thumbs: new Map(), attended: [], width: 0, stale: true, plan: overviewPlan(meta.layers.length, columns.length, 300) };
  /** @type {{spot: Spot, button: HTMLButtonElement, slot: number | null}[]} */
  const cells = [];
  const color = /** @type {HTMLSelectElement} */ (byId('overview-color'));
  fill(color, make('option', { value: 'maps' }, 'maps'), ...heads.knownMeasures().map((name) => make('option', { value: name }, name)));
  color.addEventListener('change', () => state.set({ color: color.value }));
  new ResizeObserver(() => {
    if (Math.abs(panel.clientWidth - memory.width) <= 2) return;
    memory.stale = true;
    state.note('color');
  }).observe(panel);

  function build() {
    memory.stale = false;
    memory.width = panel.clientWidth || 300;
    memory.plan = overviewPlan(meta.layers.length, columns.length, memory.width - 2);
    const { plan } = memory;
    sheet.style.width = plan.width + 'px';
    sheet.style.height = plan.height + 'px';
    const rows = [];
    cells.length = 0;
    for (const layer of meta.layers.keys()) {
      const row = make('div', { role: 'row', class: 'overview-row' });
      columns.forEach((head, column) => row.append(cellButton(layer, head, column)));
      rows.push(row);
    }
    fill(sheet, canvas, ...labels(), ...rows);
  }

  /** @param {number} layer @param {HeadPlace} head @param {number} column @returns {HTMLButtonElement} */
  function cellButton(layer, head, column) {
    const { plan } = memory;
    const { x, y } = spotOf(plan, meta.layers.length, layer, column);
    const button = make('button', { type: 'button', role: 'gridcell', tabindex: -1, click: () => state.set({ layer, head, ring: null }) });
    button.style.left = x + 'px';
    button.style.top = y + 'px';
    button.style.width = button.style.height = plan.size + 'px';
    button.addEventListener('mouseenter', () => { byId('overview-hover').textContent = sentence(layer, head); });
    cells.push({ spot: { layer, head, x, y }, button, slot: null });
    return button;
  }

  /** @returns {HTMLElement[]} */
  function labels() {
    const { plan } = memory;
    /** @type {HTMLElement[]} */
    const all = [];
    columns.forEach((head, column) => {
      const { x, y } = spotOf(plan, meta.layers.length, 0, column);
      const text = typeof head === 'number' ? String(meta.heads[head]) : plan.size < 40 ? (head === 'mean' ? 'm' : 'r') : head;
      all.push(label(text, x, y - 14, plan.size));
    });
    if (meta.layers.length > 1) meta.layers.forEach((layer, place) => all.push(label(String(layer), 0, spotOf(plan, 2, place, 0).y + plan.size / 2 - 7, plan.left - 2)));
    return all;
  }

  /** @param {number} layer @param {HeadPlace} head @returns {string} */
  function sentence(layer, head) {
    const { seq, source } = state.shown;
    const name = heads.name(seq, layer, head);
    if (typeof head !== 'number') return name;
    const slot = heads.slot(seq, layer, head);
    const kinds = types.of(slot, source).map((one) => one.name);
    const failed = failedChecks(slot, source);
    const numbers = ['entropy_normalised', 'distance', 'sink', 'induction'].map((measure) => [measure, heads.measure(measure, slot, source)])
      .filter(([, value]) => value !== null).map(([measure, value]) => measure + ' ' + numberText(/** @type {number} */ (value), 3));
    return [name, ...(kinds.length ? [kinds.join(', ')] : []), ...numbers, ...failed.map((check) => 'fails ' + check)].join(' \u00b7 ');
  }

  /** @param {number} slot @param {import('./heads.js').SourceName} source @returns {string[]} */
  function failedChecks(slot, source) {
    const wanted = source === 'b' ? 'b' : 'a';
    return meta.checks.filter((check) => check.verdict === 'FAIL' && check.source === wanted && check.slots.includes(slot)).map((check) => check.name);
  }

  /** @param {number} layer @param {HeadPlace} head @param {number} slot @returns {string} what a screen reader says */
  function cellName(layer, head, slot) {
    const { seq, source, color: by } = state.shown;
    const start = 'layer ' + meta.layers[layer] + ' ' + (typeof head === 'number' ? 'head ' + meta.heads[head] : head);
    if (typeof head !== 'number') return start;
    const [kind] = types.of(slot, source);
    const measure = by !== 'maps' ? by : kind ? kind.measure : 'entropy_normalised';
    const value = heads.measure(measure, slot, source);
    const failed = failedChecks(heads.slot(seq, layer, head), source);
    return start + (kind ? ', ' + kind.name : '') + (value === null ? '' : ', ' + measure + ' ' + numberText(value, 2)) + (failed.length ? ', fails ' + failed.join(', ') : '');
  }

  function mark() {
    const { seq, source, layer, head } = state.shown;
    const { found, problem } = finder.find(state.shown);
    const matches = found && new Set(found);
    for (const cell of cells) {
      const { spot, button } = cell;
      const real = typeof spot.head === 'number';
      const slot = real ? heads.slot(seq, spot.layer, /** @type {number} */ (spot.head)) : -1;
      button.setAttribute('aria-label', cellName(spot.layer, spot.head, slot));
      button.classList.toggle('faded', Boolean(matches && !matches.has(slot)));
      const kind = real ? types.of(slot, source)[0] : undefined;
      const parts = [];
      if (kind) parts.push(make('span', { class: memory.plan.size < 34 ? 'badge small' : 'badge' }, kind.letter));
      if (real && failedChecks(slot, source).length) parts.push(make('span', { class: 'failed' }));
      fill(button, ...parts);
    }
    byId('find-answer').textContent = problem || (found ? found.length + ' of ' + heads.count + ' heads' : '');
    choose(layer, head);
  }

  /** @param {number} layer @param {HeadPlace} head */
  function choose(layer, head) {
    for (const { spot, button } of cells) {
      const chosen = spot.layer === layer && spot.head === head;
      button.setAttribute('aria-selected', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen && document.activeElement && document.activeElement.parentElement?.parentElement === sheet) button.focus({ preventScroll: true });
    }
  }

  function draw() {
    const { plan } = memory;
    const context = sharpen(canvas, plan.width, plan.height);
    context.imageSmoothingEnabled = false;
    const { seq, source, color: by } = state.shown;
    const thumbs = memory.thumbs.get(source + seq);
    if (by !== 'maps' && heads.measureNames().includes(by)) drawMeasure(context, by);
    else if (thumbs) drawMaps(context, thumbs, memory.thumbs.get('rollout' + seq));
  }

  /** @param {CanvasRenderingContext2D} context @param {string} name */
  function drawMeasure(context, name) {
    const { seq, source, map } = state.shown;
    const values = heads.slots(seq).map((slot) => heads.measure(name, slot, source));
    const known = /** @type {number[]} */ (values.filter((value) => value !== null));
    const signed = known.some((value) => value < 0);
    const high = Math.max(...known.map(Math.abs), 1e-30);
    const range = { kind: /** @type {'linear'} */ ('linear'), low: Math.min(...known, 0), high, diverging: signed };
    const colors = /** @type {import('./color.js').ColorMap} */ (maps.get(signed ? 'coolwarm' : map) || maps.get(map));
    for (const { spot } of cells) {
      if (typeof spot.head !== 'number') continue;
      const value = values[spot.layer * meta.heads.length + spot.head];
      const part = value === null ? NaN : scalePart(value, range);
      context.fillStyle = cssColor(colors, part);
      context.fillRect(spot.x, spot.y, memory.plan.size, memory.plan.size);
      if (memory.plan.size < 30) continue;
      context.font = labelFont;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillStyle = value === null ? '#000000' : inkOn(colors, part);
      context.fillText(numberText(value, 2), spot.x + memory.plan.size / 2, spot.y + memory.plan.size / 2);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Uint8Array} thumbs @param {Uint8Array | null} rollout */
  function drawMaps(context, thumbs, rollout) {
    const { rows, columns: wide } = meta.thumb;
    const length = rows * wide;
    const { size } = memory.plan;
    const pattern = hatching(context);
    const difference = state.shown.source === 'difference';
    const table = thumbColors(difference);
    const rolloutTable = thumbColors(false);
    // All maps are one picture: a thousand canvases would take as many times longer.
    const sheetPixels = new Uint32Array(cells.length * length);
    const across = columns.length * wide;
    const drawn = [];
    for (const { spot } of cells) {
      const start = (spot.layer * meta.heads.length + (typeof spot.head === 'number' ? spot.head : 0)) * length;
      let bytes = thumbs.subarray(start, start + length);
      if (spot.head === 'mean') bytes = meanThumb(thumbs, start, length, meta.heads.length, difference);
      if (spot.head === 'rollout') {
        if (!rollout) continue;
        bytes = rollout.subarray(spot.layer * length, (spot.layer + 1) * length);
      }
      const column = columns.indexOf(spot.head);
      const isRollout = spot.head === 'rollout';
      putMap(sheetPixels, spot.layer * rows * across + column * wide, across, wide, bytes, isRollout ? rolloutTable : table,
        memory.attended[spot.layer], difference && !isRollout ? 128 : 0);
      drawn.push({ spot, x: column * wide, y: spot.layer * rows });
    }
    const all = cellPicture(sheetPixels, across);
    context.fillStyle = pattern;
    for (const { spot } of drawn) context.fillRect(spot.x, spot.y, size, size);
    for (const { spot, x, y } of drawn) context.drawImage(all, x, y, wide, rows, spot.x, spot.y, size, size);
    context.strokeStyle = theme().line;
    context.lineWidth = 1;
    markFirst('overview');
    for (const { spot } of cells) context.strokeRect(spot.x - 0.5, spot.y - 0.5, size + 1, size + 1);
  }

  /**
   * Colours of all bytes of a small map.
   * @param {boolean} difference
   * @returns {Uint32Array}
   */
  function thumbColors(difference) {
    const { scale, map } = state.shown;
    const colors = /** @type {import('./color.js').ColorMap} */ (maps.get(difference ? 'coolwarm' : map) || maps.values().next().value);
    const range = { kind: scale, low: 0, high: 1, diverging: difference };
    const table = new Uint32Array(256);
    for (let byte = 0; byte < 256; ++byte) {
      const value = difference ? Math.sign(byte - 128) * ((byte - 128) / 127) ** 2 : thumbValue(byte);
      table[byte] = colors.pixels[Math.round(scalePart(value, range) * 255)];
    }
    return table;
  }

  async function load() {
    const { seq, source } = state.shown;
    const key = source + seq;
    memory.thumbs.set(key, await weights.thumbs(seq, source));
    memory.thumbs.set('rollout' + seq, await weights.rolloutThumbs(seq));
    memory.attended = [];
    state.note('map');
    const attended = await Promise.all(meta.layers.map((_, layer) => weights.attended(seq, layer, source)));
    if (state.shown.seq !== seq || state.shown.source !== source) return;
    memory.attended = attended.map((limits) => attendedThumb(meta, limits));
    state.note('map');
  }

  return (changed) => {
    const has = (/** @type {(keyof import('./state.js').Shown)[]} */ ...names) => names.some((name) => changed.has(name));
    if (memory.stale) {
      build();
      changed.add('find').add('map');
    }
    if (has('seq', 'source')) load();
    if (has('color')) color.value = state.shown.color;
    if (has('find', 'seq', 'source', 'color')) mark();
    else if (has('layer', 'head')) choose(state.shown.layer, state.shown.head);
    if (has('seq', 'source', 'map', 'scale', 'color')) draw();
  };
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @returns {HTMLElement}
 */
function label(text, x, y, width) {
  const element = make('span', { class: 'overview-label', 'aria-hidden': 'true' }, text);
  element.style.left = x + 'px';
  element.style.top = y + 'px';
  element.style.width = width + 'px';
  return element;
}

/**
 * Which cells of a small map may be attended by anybody.
 * @param {{thumb: {rows: number, columns: number}, queries: number, keys: number, pool: number, rows: number}} meta
 * @param {import('./grid.js').Attended} limits
 * @returns {Uint8Array}
 */
export function attendedThumb(meta, limits) {
  const { rows, columns } = meta.thumb;
  const cells = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; ++row) {
    let first = Infinity;
    let end = 0;
    const last = Math.floor((((row + 1) * meta.queries) / rows - 1) / meta.pool);
    for (let band = Math.floor((row * meta.queries) / rows / meta.pool); band <= Math.min(last, meta.rows - 1); ++band) {
      const [from, to] = limits(band);
      if (to <= from) continue;
      first = Math.min(first, from * meta.pool);
      end = Math.max(end, to * meta.pool);
    }
    for (let column = 0; column < columns; ++column) {
      const start = Math.floor((column * meta.keys) / columns);
      const stop = Math.floor(((column + 1) * meta.keys) / columns);
      cells[row * columns + column] = stop > first && start < end ? 1 : 0;
    }
  }
  return cells;
}

/**
 * Puts a small map into the picture of all.
 * @param {Uint32Array} pixels
 * @param {number} start where its first pixel goes
 * @param {number} across how wide the picture is
 * @param {number} wide how wide the map is
 * @param {Uint8Array} bytes
 * @param {Uint32Array} table
 * @param {Uint8Array | undefined} attended not known yet: what is 0 is left out
 * @param {number} nothing the byte of 0
 */
function putMap(pixels, start, across, wide, bytes, table, attended, nothing) {
  for (let i = 0; i < bytes.length; ++i) {
    if (bytes[i] === nothing && !(attended && attended[i])) continue;
    pixels[start + Math.floor(i / wide) * across + (i % wide)] = table[bytes[i]];
  }
}

/**
 * The mean of the small maps of a layer: of largest values, and so a sketch.
 * @param {Uint8Array} thumbs
 * @param {number} start
 * @param {number} length
 * @param {number} heads
 * @param {boolean} difference
 * @returns {Uint8Array}
 */
export function meanThumb(thumbs, start, length, heads, difference) {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; ++i) {
    let sum = 0;
    for (let head = 0; head < heads; ++head) {
      const byte = thumbs[start + head * length + i];
      sum += difference ? Math.sign(byte - 128) * ((byte - 128) / 127) ** 2 : thumbValue(byte);
    }
    const mean = sum / heads;
    if (difference) bytes[i] = 128 + Math.sign(mean) * Math.round(127 * Math.sqrt(Math.abs(mean)));
    else bytes[i] = mean > 0 ? Math.max(1, Math.round(255 * Math.sqrt(mean))) : 0;
  }
  return bytes;
}
