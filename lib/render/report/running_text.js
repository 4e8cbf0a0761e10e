// The tokens as running text, coloured by the weight between each and the chosen one. Long texts come in pages.
import { WantedGrids } from './chosen.js';
import { cssColor, inkOn } from './color.js';
import { colorRange } from './matrix_colors.js';
import { byId, fill, make } from './parts.js';
import { cellText, tokenName } from './readout.js';
import { scalePart } from './scale.js';
import { hasAny } from './state.js';
import { visible } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

const pageLength = 600; // tokens

/**
 * How a token is written in running text: a mark for a space becomes the space.
 * @param {string} token
 * @returns {string}
 */
export function runningToken(token) {
  return visible(token).replace(/^\u00b7/, ' ');
}

/** @param {Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function runningTextView(shared) {
  const { state, meta, heads, maps } = shared;
  const wanted = new WantedGrids(shared, 'side_tab');
  const words = make('div', { class: 'running' });
  const caption = make('p', { class: 'faint' });
  const pages = make('div', { class: 'bar' });
  fill(byId('side-text'), caption, pages, words);
  /** @type {{page: number, built: string, buttons: HTMLButtonElement[]}} */
  const memory = { page: 0, built: '', buttons: [] };
  const pageCount = Math.ceil(meta.keys / pageLength);

  function build() {
    const { seq } = state.shown;
    const built = seq + '/' + memory.page;
    if (memory.built === built) return;
    memory.built = built;
    const first = memory.page * pageLength;
    const last = Math.min(first + pageLength, meta.keys);
    const hasSpaces = /[\u0120\u2581 ]/.test(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => heads.keyToken(seq, first + i) || '').join('|'),
    );
    memory.buttons = [];
    const parts = [];
    for (let key = first; key < last; ++key) {
      const token = heads.keyToken(seq, key);
      const button = make(
        'button',
        { type: 'button', click: () => choose(key) },
        token === null ? String(key) : runningToken(token),
      );
      memory.buttons.push(button);
      parts.push(button);
      if (!hasSpaces) parts.push(' ');
    }
    fill(words, ...parts);
    fill(
      pages,
      ...(pageCount < 2
        ? []
        : [
            make('button', { type: 'button', click: () => turn(-1) }, 'Before'),
            'tokens ' + first + ' \u2013 ' + (last - 1) + ' of ' + meta.keys,
            make('button', { type: 'button', click: () => turn(1) }, 'After'),
          ]),
    );
  }

  /** @param {number} by */
  function turn(by) {
    memory.page = Math.min(Math.max(memory.page + by, 0), pageCount - 1);
    state.note('side_tab');
  }

  /**
   * The token as a query where queries are tokens of the same text.
   * @param {number} key
   */
  function choose(key) {
    const query = key - (meta.offset[state.shown.seq] || 0);
    if (query >= 0 && query < meta.queries && meta.queries + (meta.offset[0] || 0) === meta.keys)
      state.set({ query, key: null, side: 'query' });
    else state.set({ key, query: null, side: 'key' });
  }

  function showPageOfChosen() {
    const { query, key, side, seq } = state.shown;
    const place = side === 'key' ? key : query === null ? null : query + (meta.offset[seq] || 0);
    if (place !== null) memory.page = Math.min(Math.max(Math.floor(place / pageLength), 0), pageCount - 1);
  }

  function color() {
    const { query, key, side, seq } = state.shown;
    const grid = wanted.chosen();
    if (!grid) return;
    const range = colorRange(state.shown, grid);
    const map = /** @type {import('./color.js').ColorMap} */ (
      (range.diverging ? maps.get('coolwarm') : maps.get(state.shown.map)) || maps.get(state.shown.map)
    );
    const first = memory.page * pageLength;
    const offset = meta.offset[seq] || 0;
    memory.buttons.forEach((button, i) => {
      const place = first + i;
      const value = weightAt(grid, place);
      const part = value === null ? 0 : scalePart(value, range);
      button.style.background = value === null || value === 0 ? '' : cssColor(map, part);
      button.style.color = value === null || value === 0 ? '' : inkOn(map, part);
      button.classList.toggle('chosen', side === 'query' ? query !== null && place === query + offset : place === key);
      button.title = wordTitle(grid, place);
    });
    const blocks =
      meta.pool > 1 ? ' (every token as the largest of its ' + meta.pool + ' x ' + meta.pool + ' block)' : '';
    caption.textContent =
      side === 'query' && query !== null
        ? 'What query ' + tokenName(query, heads.queryToken(seq, query)) + ' attends to' + blocks
        : side === 'key' && key !== null
          ? 'What attends to key ' + tokenName(key, heads.keyToken(seq, key)) + blocks
          : 'Click a token to see what it attends to.';
  }

  /** @param {import('./grid.js').Grid} grid @param {number} place of a token @returns {[number, number] | null} row and column */
  function cellOf(grid, place) {
    const { query, key, side, seq } = state.shown;
    if (side === 'key' && key !== null) {
      const row = Math.floor((place - (meta.offset[seq] || 0)) / meta.pool);
      return row < 0 || row >= grid.rows ? null : [row, Math.floor(key / meta.pool)];
    }
    return query === null ? null : [Math.floor(query / meta.pool), Math.floor(place / meta.pool)];
  }

  /** @param {import('./grid.js').Grid} grid @param {number} place @returns {number | null} */
  function weightAt(grid, place) {
    const cell = cellOf(grid, place);
    return cell && grid.values[cell[0] * grid.columns + cell[1]];
  }

  /** @param {import('./grid.js').Grid} grid @param {number} place @returns {string} */
  function wordTitle(grid, place) {
    const cell = cellOf(grid, place);
    const name = tokenName(place, heads.keyToken(state.shown.seq, place));
    return cell ? name + ': ' + cellText(grid.cell(cell[0], cell[1])) : name;
  }

  return (changed) => {
    if (state.shown.side_tab !== 'text') return;
    if (
      !hasAny(
        changed,
        'side_tab',
        'seq',
        'layer',
        'head',
        'source',
        'query',
        'key',
        'side',
        'map',
        'scale',
        'dropFirst',
        'shared',
        'low',
        'high',
      )
    )
      return;
    if (hasAny(changed, 'query', 'key', 'side')) showPageOfChosen();
    build();
    color();
  };
}
