// All layers and heads at once: a small map of each, or a cell coloured by a measure. One canvas, with a real button
// over every head.
import { overviewPlan, spotOf } from './overview_plan.js';
import { attendedThumb, ColoredMaps, MapBrush } from './small_maps.js';
import { failedChecks, headSentence, spokenName } from './head_names.js';
import { byId, context2d, fill, labelFont, make, markFirst, sharpen } from './parts.js';
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
const slice = 8; // milliseconds of work on all heads before the rest of the page gets its turn

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
   * @type {{thumbs: Map<string, any>, attended: Map<string, Uint8Array>, width: number, stale: boolean, plan: Plan,
   *   builds: number, chosen: HTMLButtonElement | null, found: Set<number> | null, drawings: number, colored: unknown[]}}
   */
  const memory = {
    thumbs: new Map(),
    attended: new Map(),
    width: 0,
    stale: true,
    plan: overviewPlan(meta.layers.length, columns.length, 300),
    builds: 0,
    chosen: null,
    found: null,
    drawings: 0,
    colored: [],
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
    let end = performance.now() + slice;
    for (const cell of [...cells]) {
      if (performance.now() > end) {
        await breathe();
        if (memory.builds !== build) return;
        end = performance.now() + slice;
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
    if (cells.length === 0) return; // until they are laid out
    const { seq, source, color: by } = state.shown;
    byId('overview-range').textContent = '';
    if (by !== 'maps' && heads.measureNames().includes(by)) {
      ++memory.drawings;
      memory.colored = [];
      drawMeasure(sharpen(canvas, memory.plan.width, memory.plan.height), by);
    } else if (memory.thumbs.has(source + seq)) drawMaps();
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
  function colorParts() {
    const { seq, source, scale, map } = state.shown;
    return [seq, source, scale, map];
  }

  /** The small maps, some at a time: all of them take longer than a frame. Those that were seen before come at once. */
  async function drawMaps() {
    const drawing = ++memory.drawings;
    const { seq, source, scale, map } = state.shown;
    const thumbs = memory.thumbs.get(source + seq);
    const rollout = memory.thumbs.get('rollout' + seq);
    const parts = colorParts();
    const atOnce = parts.every((part, place) => part === memory.colored[place]);
    if (!atOnce) await breathe('user-blocking');
    const colored = new ColoredMaps({ meta, thumbs, rollout, scale, difference: source === 'difference', maps, map });
    const brush = new MapBrush(mapsContext(), meta.thumb, memory.plan.size);
    const attended = (/** @type {number} */ layer) => memory.attended.get(source + seq + '/' + layer);
    const paint = async (/** @type {HeadCell[]} */ some) => {
      let end = performance.now() + slice;
      for (const { spot } of some) {
        if (!atOnce && performance.now() > end) {
          await breathe('user-blocking');
          end = performance.now() + slice;
        }
        if (memory.drawings !== drawing) return false;
        const pixels = colored.map(spot.layer, spot.head, attended(spot.layer));
        if (pixels) brush.draw(pixels, spot);
      }
      return true;
    };
    const guessed = cells.filter(({ spot }) => !attended(spot.layer));
    if (!(await paint([...cells]))) return;
    markFirst('overview');
    // Where it was not known who may attend, all that is 0 is hatched so far.
    for (const layer of new Set(guessed.map(({ spot }) => spot.layer))) await loadAttended(seq, source, layer);
    if (!(await paint(guessed))) return;
    memory.colored = parts;
    markFirst('whole overview');
  }

  /** @returns {CanvasRenderingContext2D} cleared only where maps move: those that stay are drawn over */
  function mapsContext() {
    const { width, height } = memory.plan;
    const isAsBefore = memory.colored.length > 0 && canvas.style.width === width + 'px' && canvas.style.height === height + 'px';
    return isAsBefore ? context2d(canvas) : sharpen(canvas, width, height);
  }

  /** @param {number} seq @param {import('./heads.js').SourceName} source @param {number} layer */
  async function loadAttended(seq, source, layer) {
    memory.attended.set(source + seq + '/' + layer, attendedThumb(meta, await weights.attended(seq, layer, source)));
  }

  async function load() {
    const { seq, source } = state.shown;
    memory.thumbs.set(source + seq, await weights.thumbs(seq, source));
    memory.thumbs.set('rollout' + seq, await weights.rolloutThumbs(seq));
    draw();
  }

  /** In a task of its own, as all that is measured and made for it takes as long as a frame. */
  async function buildSoon() {
    memory.stale = false;
    await breathe('user-blocking');
    build();
    await breathe('user-blocking');
    mark();
    memory.colored = [];
    draw();
  }

  return (changed) => {
    if (memory.stale) buildSoon();
    if (hasAny(changed, 'seq', 'source')) load();
    if (hasAny(changed, 'color')) color.value = state.shown.color;
    if (hasAny(changed, 'find', 'seq', 'source', 'color')) mark();
    else if (hasAny(changed, 'layer', 'head')) choose(state.shown.layer, state.shown.head);
    if (hasAny(changed, 'seq', 'source', 'map', 'scale', 'color')) draw();
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
