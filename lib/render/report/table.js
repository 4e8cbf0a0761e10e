// All measures of all heads as a table: sorted by any column, filtered by the search, ranges chosen on a column's
// histogram. Of long tables only the visible rows are in the document.
import { byId, fill, make, sharpen, theme } from './parts.js';
import { hasAny } from './state.js';
import { numberText } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

const rowHeight = 22;
const allShown = 100; // rows up to which all are in the document
const bins = 24;
const histogram = { width: 72, height: 18 };

/**
 * Slots in the order of a column; what has no value comes last either way.
 * @param {number[]} slots
 * @param {string} sort a column, with - in front for the largest first; empty: as they are
 * @param {(name: string, slot: number) => number | null} value
 * @returns {number[]}
 */
export function sortedSlots(slots, sort, value) {
  if (sort === '') return slots;
  const down = sort.startsWith('-');
  const name = down ? sort.slice(1) : sort;
  const keyed = slots.map((slot) => ({ slot, key: value(name, slot) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return (a.key === null ? 1 : 0) - (b.key === null ? 1 : 0) || a.slot - b.slot;
    return (down ? b.key - a.key : a.key - b.key) || a.slot - b.slot;
  });
  return keyed.map(({ slot }) => slot);
}

/**
 * @param {number[]} values
 * @returns {{low: number, high: number, counts: number[]}}
 */
export function histogramOf(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const counts = new Array(bins).fill(0);
  for (const value of values)
    counts[high > low ? Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)) : 0] += 1;
  return { low, high, counts };
}

/**
 * The bars of a histogram between two places, in parts of its width: first and end, one at least.
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]}
 */
export function brushedBars(from, to) {
  const first = Math.min(Math.floor(from * bins), bins - 1);
  return [first, Math.max(Math.ceil(to * bins), first + 1)];
}

/**
 * A number of few digits that is not above, or not below, another.
 * @param {number} value
 * @param {-1 | 1} side
 * @returns {number}
 */
function roundedOut(value, side) {
  const near = Number(value.toPrecision(6));
  return side * (near - value) >= 0 ? near : Number((value + side * Math.abs(value) * 1e-5).toPrecision(6));
}

/**
 * The search with a range of a measure in place of what it said of it before.
 * @param {string} find
 * @param {string} name
 * @param {number} low
 * @param {number} high
 * @returns {string}
 */
export function findWithRange(find, name, low, high) {
  const others = (find.match(/-?"[^"]*"|\S+/g) || []).filter((word) => !new RegExp('^' + name + '[<>=]').test(word));
  return [...others, name + '>=' + roundedOut(low, -1), name + '<=' + roundedOut(high, 1)].join(' ');
}

/**
 * What the table holds, as rows for a CSV file: the names of CSV and JSON of the command line.
 * @param {Shared} shared
 * @param {number[]} slots
 * @returns {(string | number | null)[][]}
 */
export function tableRows(shared, slots) {
  const { heads, meta, types, state } = shared;
  const names = heads.knownMeasures();
  const start = meta.batch ? ['seq'] : [];
  const rows = slots.map((slot) => {
    const place = heads.place(slot);
    const kinds = types
      .of(slot, state.shown.source)
      .map((one) => one.name)
      .join(' ');
    const seq = meta.batch ? [meta.sequences[place.seq]] : [];
    return [
      ...seq,
      meta.layers[place.layer],
      meta.heads[place.head],
      kinds,
      ...names.map((name) => heads.measure(name, slot, state.shown.source)),
    ];
  });
  return [[...start, 'layer', 'head', 'types', ...names], ...rows];
}

/**
 * The rows that the table shows now.
 * @param {Shared} shared
 * @returns {number[]}
 */
export function shownSlots(shared) {
  const { state, heads, finder } = shared;
  const { found } = finder.find(state.shown);
  return sortedSlots(found || heads.slots(state.shown.seq), state.shown.sort, (name, slot) =>
    columnValue(shared, name, slot),
  );
}

/** @param {Shared} shared @param {string} name @param {number} slot @returns {number | null} */
function columnValue({ heads, meta, state }, name, slot) {
  if (name === 'layer') return meta.layers[heads.place(slot).layer];
  if (name === 'head') return meta.heads[heads.place(slot).head];
  return heads.measure(name, slot, state.shown.source);
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function tableView(shared) {
  const { state, heads, types } = shared;
  const names = ['layer', 'head', 'type', ...heads.knownMeasures()];
  const body = make('tbody', {});
  const head = make('thead', {});
  const table = make('table', {}, head, body);
  const box = make(
    'div',
    { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'Measures of all heads' },
    table,
  );
  fill(byId('tab-table'), box);
  /** @type {{slots: number[], from: number, printing: boolean, sort: string}} */
  const memory = { slots: [], from: -1, printing: false, sort: '' };
  /** @type {{row: HTMLTableRowElement, cells: HTMLElement[]}[]} rows that were made, to be filled again */
  const made = [];
  body.addEventListener('click', (event) => {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('tr[data-slot]'));
    if (!row) return;
    const { layer, head: place } = heads.place(Number(row.dataset.slot));
    state.set({ layer, head: place, ring: null });
  });
  box.addEventListener('scroll', () => showRows(false));
  window.addEventListener('beforeprint', () => {
    memory.printing = true;
    buildHead();
    arrange();
    memory.printing = false;
  });

  function buildHead() {
    const cells = names.map((name) => {
      const button = make('button', { type: 'button', title: heads.meaning(name), click: () => sortBy(name) }, name);
      const cell = make('th', { scope: 'col' }, button);
      if (name !== 'type' && name !== 'layer' && name !== 'head') cell.append(histogramCanvas(name));
      return cell;
    });
    fill(head, make('tr', {}, ...cells));
    fixWidths(cells);
    markSorted();
  }

  /**
   * Else the browser measures every cell anew whenever rows are sorted.
   * @param {HTMLElement[]} cells of the head
   */
  function fixWidths(cells) {
    table.style.tableLayout = 'auto';
    table.style.width = 'auto';
    const widths = cells.map((cell, i) => Math.max(cell.offsetWidth + 14, names[i] === 'type' ? 150 : 0));
    cells.forEach((cell, i) => (cell.style.width = widths[i] + 'px'));
    table.style.tableLayout = 'fixed';
    table.style.width = widths.reduce((sum, width) => sum + width, 0) + 'px';
  }

  function markSorted() {
    const { sort } = state.shown;
    const down = sort.startsWith('-');
    [.../** @type {HTMLElement} */ (head.firstElementChild).children].forEach((cell, i) => {
      const sorted = sort !== '' && sort === (down ? '-' : '') + names[i];
      cell.setAttribute('aria-sort', sorted ? (down ? 'descending' : 'ascending') : 'none');
      const button = /** @type {HTMLElement} */ (cell.firstElementChild);
      writeOnce(button, names[i] + (sorted ? (down ? ' \u25bc' : ' \u25b2') : ''));
    });
  }

  /** @param {string} name */
  function sortBy(name) {
    if (name === 'type') return;
    const { sort } = state.shown;
    state.set({ sort: sort === '-' + name ? name : sort === name ? '' : '-' + name });
    arrange();
    markSorted();
  }

  /** @param {string} name @returns {HTMLCanvasElement} */
  function histogramCanvas(name) {
    const canvas = make('canvas', { title: 'Drag to choose a range of ' + name, 'aria-hidden': 'true' });
    const { seq, source } = state.shown;
    const values = /** @type {number[]} */ (
      heads
        .slots(seq)
        .map((slot) => heads.measure(name, slot, source))
        .filter((value) => value !== null)
    );
    if (values.length === 0) return canvas;
    const { low, high, counts } = histogramOf(values);
    const most = Math.max(...counts);
    const draw = (/** @type {number} */ first, /** @type {number} */ end) => {
      const context = sharpen(canvas, histogram.width, histogram.height);
      counts.forEach((count, i) => {
        const height = count === 0 ? 0 : Math.max(1, (count / most) * histogram.height);
        context.fillStyle = i >= first && i < end ? theme().accent : theme().faint;
        context.fillRect((i * histogram.width) / bins, histogram.height - height, histogram.width / bins - 0.5, height);
      });
    };
    draw(0, 0);
    const edge = (/** @type {number} */ bar) => low + (bar / bins) * (high - low);
    brush(canvas, draw, (first, end) =>
      state.set({ find: findWithRange(state.shown.find, name, edge(first), edge(end)) }),
    );
    return canvas;
  }

  function arrange() {
    memory.slots = shownSlots(shared);
    memory.sort = state.shown.sort;
    memory.from = -1;
    showRows(true);
  }

  /** @param {boolean} always */
  function showRows(always) {
    const { slots } = memory;
    const few = memory.printing || slots.length <= allShown;
    const from = few ? 0 : Math.max(0, Math.floor(box.scrollTop / rowHeight) - 5);
    const to = few ? slots.length : Math.min(slots.length, from + 30);
    if (!always && Math.abs(from - memory.from) < 4) return;
    memory.from = from;
    const rows = slots.slice(from, to).map((slot, i) => tableRow(slot, i));
    fill(body, spacer(from), ...rows, spacer(slots.length - to));
    mark();
  }

  /** @param {number} rows @returns {HTMLElement} */
  function spacer(rows) {
    const row = make('tr', { class: 'spacer', 'aria-hidden': 'true' }, make('td', { colspan: names.length }));
    row.style.height = rows * rowHeight + 'px';
    row.hidden = rows === 0;
    return row;
  }

  /** @param {number} slot @param {number} i of the rows that are in the document @returns {HTMLElement} */
  function tableRow(slot, i) {
    const { source } = state.shown;
    const kinds = types
      .of(slot, source)
      .map((one) => one.name)
      .join(', ');
    if (!made[i]) {
      const cells = names.map((name) => make('td', { class: name === 'type' ? 'left' : null }));
      made[i] = { row: make('tr', {}, ...cells), cells };
    }
    const { row, cells } = made[i];
    names.forEach((name, column) => {
      const value = name === 'type' ? null : columnValue(shared, name, slot);
      const text = name === 'type' ? kinds : name === 'layer' || name === 'head' ? String(value) : numberText(value, 3);
      writeOnce(cells[column], text);
    });
    row.dataset.slot = String(slot);
    return row;
  }

  function mark() {
    const { seq, layer, head: place } = state.shown;
    const chosen = typeof place === 'number' ? String(heads.slot(seq, layer, place)) : '';
    for (const row of body.children)
      row.setAttribute('aria-selected', String(/** @type {HTMLElement} */ (row).dataset.slot === chosen));
  }

  return (changed) => {
    if (state.shown.tab !== 'table') return;
    if (hasAny(changed, 'tab', 'seq', 'source', 'map') || head.children.length === 0) buildHead();
    else if (hasAny(changed, 'sort')) markSorted();
    const sorted = hasAny(changed, 'sort') && memory.sort !== state.shown.sort;
    if (sorted || hasAny(changed, 'tab', 'seq', 'source', 'find', 'color')) arrange();
    else if (hasAny(changed, 'layer', 'head')) mark();
  };
}

/**
 * What is there already need not be laid out again.
 * @param {HTMLElement} element
 * @param {string} text
 */
function writeOnce(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Choosing bars of a histogram with the pointer: the first, and the end.
 * @param {HTMLCanvasElement} canvas
 * @param {(first: number, end: number) => void} show those that would be chosen now
 * @param {(first: number, end: number) => void} choose
 */
function brush(canvas, show, choose) {
  const drag = { start: -1 };
  const part = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const bars = (/** @type {PointerEvent} */ event) =>
    brushedBars(Math.min(drag.start, part(event)), Math.max(drag.start, part(event)));
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag.start = part(event);
    show(...bars(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (drag.start >= 0) show(...bars(event));
  });
  const lift = (/** @type {PointerEvent} */ event) => {
    if (drag.start >= 0 && event.type === 'pointerup') choose(...bars(event));
    drag.start = -1;
    show(0, 0);
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
}
