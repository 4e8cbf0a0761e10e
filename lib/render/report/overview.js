// All layers and heads at once: a small map of each, or a cell coloured by a measure. One canvas, with a real button
// over every head.
import { overviewPlan, spotOf } from './overview_plan.js';
import { allSmallMaps, attendedThumb } from './small_maps.js';
import { failedChecks, headSentence, spokenName } from './head_names.js';
import { cellPicture, byId, fill, hatching, labelFont, make, markFirst, sharpen, theme } from './parts.js';
import { cssColor, inkOn } from './color.js';
import { scalePart } from './scale.js';
import { hasAny } from './state.js';
import { breathe } from './store.js';
import { numberText } from './text.js';

/** @typedef {import('./heads.js').HeadPlace} HeadPlace */
/** @typedef {{layer: number, head: HeadPlace, x: number, y: number}} Spot */
/** @typedef {import('./overview_plan.js').Plan} Plan */
/** @typedef {{spot: Spot, row: HTMLElement, button: HTMLButtonElement | null, badges: string}} HeadCell */

const gapAround = 6;
const buttonSlice = 8; // milliseconds of making buttons before the rest of the page gets its turn

/**
 * @param {import('./parts.js').Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
export function overviewView(shared) {
  const { meta, heads, state, weights, maps, finder, types } = shared;
  const panel = byId('overview');
  const canvas = make('canvas', { 'aria-hidden': 'true' });
  const sheet = make('div', { class: 'overview-sheet', role: 'grid', 'aria-label': 'Layers and heads' });
  fill(panel, sheet);
  const columns = /** @type {HeadPlace[]} */ ([
    ...meta.heads.keys(),
    ...(meta.heads.length > 1 ? ['mean'] : []),
    ...(meta.rollout ? ['rollout'] : []),
  ]);
  /**
   * @type {{thumbs: Map<string, any>, attended: Uint8Array[], width: number, stale: boolean, plan: Plan, builds: number,
   *   chosen: HTMLButtonElement | null, found: Set<number> | null, drawing: boolean, picture: HTMLCanvasElement | null,
   *   pictured: unknown[]}}
   */
  const memory = {
    thumbs: new Map(),
    attended: [],
    width: 0,
    stale: true,
    plan: overviewPlan(meta.layers.length, columns.length, 300),
    builds: 0,
    chosen: null,
    found: null,
    drawing: false,
    picture: null,
    pictured: [],
  };
  /** @type {HeadCell[]} */
  const cells = [];
  const color = /** @type {HTMLSelectElement} */ (byId('overview-color'));
  fill(
    color,
    make('option', { value: 'maps' }, 'maps'),
    ...heads.knownMeasures().map((name) => make('option', { value: name }, name)),
  );
  color.addEventListener('change', () => state.set({ color: color.value }));
  new ResizeObserver(() => {
    if (Math.abs(panel.clientWidth - memory.width) <= 2) return;
    memory.stale = true;
    state.note('color');
  }).observe(panel);

  function build() {
    memory.width = panel.clientWidth || 300;
    memory.plan = overviewPlan(meta.layers.length, columns.length, memory.width - 2);
    const { plan } = memory;
    sheet.style.width = plan.width + 'px';
    sheet.style.height = plan.height + 'px';
    const rows = [];
    cells.length = 0;
    for (const layer of meta.layers.keys()) {
      const row = make('div', { role: 'row', class: 'overview-row' });
      columns.forEach((head, column) => {
        const spot = { layer, head, ...spotOf(plan, meta.layers.length, layer, column) };
        cells.push({ spot, row, button: null, badges: '' });
      });
      rows.push(row);
    }
    fill(sheet, canvas, ...labels(), ...rows);
    memory.chosen = null;
    addButtons();
  }

  /** Those of a thousand heads take longer than a frame; the picture of the maps does not wait for them. */
  async function addButtons() {
    const build = ++memory.builds;
    let end = performance.now() + buttonSlice;
    for (const cell of [...cells]) {
      if (performance.now() > end) {
        await breathe();
        if (memory.builds !== build) return;
        end = performance.now() + buttonSlice;
      }
      cell.button = cellButton(cell.spot);
      dress(cell);
      cell.row.append(cell.button);
      const { layer, head } = state.shown;
      if (cell.spot.layer === layer && cell.spot.head === head) choose(layer, head);
    }
  }

  /** @param {Spot} spot @returns {HTMLButtonElement} */
  function cellButton({ layer, head, x, y }) {
    const { plan } = memory;
    const button = make('button', {
      type: 'button',
      role: 'gridcell',
      tabindex: -1,
      'aria-selected': 'false',
      click: () => state.set({ layer, head, ring: null }),
    });
    button.style.left = x + 'px';
    button.style.top = y + 'px';
    button.style.width = button.style.height = plan.size + 'px';
    button.addEventListener('mouseenter', () => {
      byId('overview-hover').textContent = headSentence(shared, layer, head);
    });
    return button;
  }

  /** @returns {HTMLElement[]} */
  function labels() {
    const { plan } = memory;
    /** @type {HTMLElement[]} */
    const all = [];
    columns.forEach((head, column) => {
      const { x, y } = spotOf(plan, meta.layers.length, 0, column);
      const text =
        typeof head === 'number' ? String(meta.heads[head]) : plan.size < 40 ? (head === 'mean' ? 'm' : 'r') : head;
      all.push(label(text, x, y - 14, plan.size));
    });
    if (meta.layers.length > 1)
      meta.layers.forEach((layer, place) =>
        all.push(label(String(layer), 0, spotOf(plan, 2, place, 0).y + plan.size / 2 - 7, plan.left - 2)),
      );
    return all;
  }

  function mark() {
    const { layer, head } = state.shown;
    const { found, problem } = finder.find(state.shown);
    memory.found = found && new Set(found);
    cells.forEach(dress);
    byId('find-answer').textContent =
      problem ||
      (found
        ? found.length +
          ' of ' +
          heads.count +
          ' heads' +
          (state.shown.find.includes('like:') ? ', by their small maps: approximate' : '')
        : '');
    choose(layer, head);
  }

  /**
   * What the button of a head says: its name, whether the search found it, its type, whether a check failed.
   * @param {HeadCell} cell
   */
  function dress(cell) {
    const { spot, button } = cell;
    if (!button) return;
    const { seq, source } = state.shown;
    const real = typeof spot.head === 'number';
    const slot = real ? heads.slot(seq, spot.layer, /** @type {number} */ (spot.head)) : -1;
    const name = spokenName(shared, spot.layer, spot.head);
    if (button.getAttribute('aria-label') !== name) button.setAttribute('aria-label', name);
    button.classList.toggle('faded', memory.found !== null && !memory.found.has(slot));
    const kind = real ? types.of(slot, source)[0] : undefined;
    const failed = real && failedChecks(meta, slot, source).length > 0;
    const badges = (kind ? kind.letter : '') + (failed ? '!' : '');
    if (badges === cell.badges) return;
    cell.badges = badges;
    const parts = [];
    if (kind) parts.push(make('span', { class: memory.plan.size < 34 ? 'badge small' : 'badge' }, kind.letter));
    if (failed) parts.push(make('span', { class: 'failed' }));
    fill(button, ...parts);
  }

  /** @param {number} layer @param {HeadPlace} head */
  function choose(layer, head) {
    const cell = cells[layer * columns.length + columns.indexOf(head)];
    if (memory.chosen) select(memory.chosen, false);
    memory.chosen = cell ? cell.button : null;
    if (!memory.chosen) return;
    select(memory.chosen, true);
    if (sheet.contains(document.activeElement)) memory.chosen.focus();
    breathe().then(() => showSpot(cell.spot)); // asking where things are while they change is slow
  }

  /**
   * Scrolls the overview, and nothing else, so that a map is seen.
   * @param {Spot} spot
   */
  function showSpot({ x, y }) {
    const { size, left, top } = memory.plan;
    if (x - left < panel.scrollLeft) panel.scrollLeft = x - left;
    if (x + size + gapAround > panel.scrollLeft + panel.clientWidth)
      panel.scrollLeft = x + size + gapAround - panel.clientWidth;
    if (y - top < panel.scrollTop) panel.scrollTop = y - top;
    if (y + size + gapAround > panel.scrollTop + panel.clientHeight)
      panel.scrollTop = y + size + gapAround - panel.clientHeight;
  }

  /** @param {HTMLButtonElement} button @param {boolean} chosen */
  function select(button, chosen) {
    button.setAttribute('aria-selected', String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }

  function draw() {
    const { plan } = memory;
    const context = sharpen(canvas, plan.width, plan.height);
    context.imageSmoothingEnabled = false;
    const { seq, source, color: by } = state.shown;
    const thumbs = memory.thumbs.get(source + seq);
    byId('overview-range').textContent = '';
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
    byId('overview-range').textContent =
      known.length === 0 ? '' : numberText(Math.min(...known), 3) + ' \u2026 ' + numberText(Math.max(...known), 3);
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

  /** @returns {unknown[]} what the colours of the small maps depend on */
  function pictureParts() {
    const { seq, source, scale, map } = state.shown;
    return [memory.thumbs.get(source + seq), memory.thumbs.get('rollout' + seq), memory.attended, scale, map, source];
  }

  /** @returns {boolean} whether the small maps are in colours as they are shown */
  function isColored() {
    return memory.picture !== null && pictureParts().every((part, place) => part === memory.pictured[place]);
  }

  /**
   * The small maps in colours: made again only when something of them has changed.
   * @param {Uint8Array} thumbs
   * @param {Uint8Array | null} rollout
   * @returns {HTMLCanvasElement}
   */
  function mapsPicture(thumbs, rollout) {
    if (memory.picture && isColored()) return memory.picture;
    const { scale, map, source } = state.shown;
    const { attended } = memory;
    const difference = source === 'difference';
    const pixels = allSmallMaps({ meta, columns, thumbs, rollout, attended, scale, difference, maps, map });
    memory.pictured = pictureParts();
    memory.picture = cellPicture(pixels, columns.length * meta.thumb.columns);
    return memory.picture;
  }

  /** @param {CanvasRenderingContext2D} context @param {Uint8Array} thumbs @param {Uint8Array | null} rollout */
  function drawMaps(context, thumbs, rollout) {
    const { rows, columns: wide } = meta.thumb;
    const { size } = memory.plan;
    const shown = cells.filter(({ spot }) => spot.head !== 'rollout' || rollout).map(({ spot }) => spot);
    const all = mapsPicture(thumbs, rollout);
    context.fillStyle = hatching(context);
    context.beginPath();
    for (const spot of shown) context.rect(spot.x, spot.y, size, size);
    context.fill();
    for (const spot of shown)
      context.drawImage(
        all,
        columns.indexOf(spot.head) * wide,
        spot.layer * rows,
        wide,
        rows,
        spot.x,
        spot.y,
        size,
        size,
      );
    context.strokeStyle = theme().line;
    context.lineWidth = 1;
    context.beginPath();
    for (const spot of shown) context.rect(spot.x - 0.5, spot.y - 0.5, size + 1, size + 1);
    context.stroke();
    markFirst('overview');
  }

  /** By itself, as a frame that draws the matrix too would take long; what colours the maps by itself again. */
  async function drawSoon() {
    if (memory.drawing) return;
    memory.drawing = true;
    await breathe();
    const { seq, source, color: by } = state.shown;
    const thumbs = memory.thumbs.get(source + seq);
    if (thumbs && by === 'maps') {
      mapsPicture(thumbs, memory.thumbs.get('rollout' + seq));
      await breathe();
    }
    memory.drawing = false;
    draw();
  }

  async function load() {
    const { seq, source } = state.shown;
    const key = source + seq;
    memory.thumbs.set(key, await weights.thumbs(seq, source));
    memory.thumbs.set('rollout' + seq, await weights.rolloutThumbs(seq));
    memory.attended = [];
    drawSoon();
    const attended = await Promise.all(meta.layers.map((_, layer) => weights.attended(seq, layer, source)));
    if (state.shown.seq !== seq || state.shown.source !== source) return;
    memory.attended = attended.map((limits) => attendedThumb(meta, limits));
    drawSoon();
  }

  /** In a task of its own, as all that is measured and made for it takes as long as a frame. */
  async function buildSoon() {
    memory.stale = false;
    await breathe();
    build();
    await breathe();
    mark();
    drawSoon();
  }

  return (changed) => {
    if (memory.stale) buildSoon();
    if (hasAny(changed, 'seq', 'source')) load();
    if (hasAny(changed, 'color')) color.value = state.shown.color;
    if (hasAny(changed, 'find', 'seq', 'source', 'color')) mark();
    else if (hasAny(changed, 'layer', 'head')) choose(state.shown.layer, state.shown.head);
    if (!hasAny(changed, 'seq', 'source', 'map', 'scale', 'color')) return;
    if (state.shown.color !== 'maps' || isColored()) draw();
    else drawSoon();
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
