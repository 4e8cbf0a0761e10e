// What stands above the views: which head, what the page is of, the search field, the button for the dark.
import { byId, fill, forgetTheme, make } from './parts.js';
import { typeRules } from './head_types.js';
import { counted } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */

/** @param {Shared} shared */
export function searchField(shared) {
  const { state, heads, meta } = shared;
  const find = /** @type {HTMLInputElement} */ (byId('find'));
  const alike = /** @type {HTMLButtonElement} */ (byId('alike'));
  for (const type of ['input', 'search']) find.addEventListener(type, () => state.set({ find: find.value })); // Escape clears it
  state.listen((changed) => {
    if (changed.has('find') && find.value !== state.shown.find) find.value = state.shown.find;
    if (changed.has('head')) alike.disabled = typeof state.shown.head !== 'number';
  });
  const words = [
    ...heads.knownMeasures().map((name) => name + '>'),
    ...typeRules.map(({ name }) => 'type:' + name),
    'check:failed',
  ];
  fill(byId('find-words'), ...words.map((value) => make('option', { value })));
  alike.addEventListener('click', () => {
    const { layer, head } = state.shown;
    if (typeof head === 'number') state.set({ find: 'like:' + meta.layers[layer] + '.' + meta.heads[head] });
  });
}

/**
 * Layer, head, sequence and source by name.
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
export function chooserView({ meta, state }) {
  /** @param {string} id @param {[string, string][]} options @param {(value: string) => void} choose */
  const list = (id, options, choose) => {
    const select = /** @type {HTMLSelectElement} */ (byId(id));
    fill(select, ...options.map(([value, text]) => make('option', { value }, text)));
    select.addEventListener('change', () => choose(select.value));
    return select;
  };
  const numbered = (/** @type {number[]} */ numbers) =>
    numbers.map((number, place) => /** @type {[string, string]} */ ([String(place), String(number)]));
  const made = [
    ...(meta.heads.length > 1 ? [['mean', 'mean']] : []),
    ...(meta.rollout ? [['rollout', 'rollout']] : []),
  ];
  const layer = list('layer', numbered(meta.layers), (value) => state.set({ layer: Number(value) }));
  const head = list('head', /** @type {[string, string][]} */ ([...numbered(meta.heads), ...made]), (value) => {
    state.set({ head: value === 'mean' || value === 'rollout' ? value : Number(value) });
  });
  const sequence = list('sequence', numbered(meta.sequences), (value) => state.set({ seq: Number(value) }));
  byId('sequence-label').hidden = !meta.batch;
  const sources = byId('sources');
  sources.hidden = meta.sources.length < 2;
  const names = /** @type {[import('./heads.js').SourceName, string][]} */ ([
    ['a', 'A'],
    ['b', 'B'],
    ['difference', 'A \u2212 B'],
  ]);
  fill(
    sources,
    ...names.map(([value, text]) =>
      make('button', { type: 'button', value, click: () => state.set({ source: value }) }, text),
    ),
  );
  return (changed) => {
    if (changed.size === 1 && changed.has('hover')) return;
    layer.value = String(state.shown.layer);
    head.value = String(state.shown.head);
    sequence.value = String(state.shown.seq);
    for (const button of sources.children)
      button.setAttribute(
        'aria-pressed',
        String(/** @type {HTMLButtonElement} */ (button).value === state.shown.source),
      );
  };
}

/**
 * What the page is of.
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
export function factsView({ meta }) {
  byId('title').textContent = meta.title;
  const kept =
    meta.values === 'exact'
      ? 'exact weights'
      : 'weights in 8 bits, the ' + meta.top + ' largest of a ' + (meta.pool > 1 ? 'band' : 'row') + ' exact';
  const pooled = meta.pool > 1 ? ', a cell is the largest of ' + meta.pool + ' x ' + meta.pool : '';
  const size =
    meta.queries === meta.keys
      ? counted(meta.keys, 'token')
      : counted(meta.queries, 'query').replace('querys', 'queries') + ' x ' + counted(meta.keys, 'key');
  byId('facts').textContent =
    [
      counted(meta.layers.length, 'layer'),
      counted(meta.heads.length, 'head'),
      ...(meta.batch ? [counted(meta.sequences.length, 'sequence')] : []),
      size,
    ]
      .join(' x ')
      .replace(' x ' + size, ' \u00b7 ' + size) +
    ' \u00b7 ' +
    kept +
    pooled +
    (meta.narrowed ? ' (float64 rounded to float32)' : '');
  const sources = meta.sources.map(
    ({ label, name, digest }) =>
      (meta.sources.length > 1 ? label + ': ' : '') + name + (digest ? ' (' + digest.slice(0, 19) + '\u2026)' : ''),
  );
  byId('foot').textContent = [meta.program, ...sources, meta.command].filter(Boolean).join(' \u00b7 ');
  return () => {};
}

/** @param {Shared} shared */
export function darkButton({ state }) {
  const button = byId('dark');
  const root = document.documentElement;
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : system.matches;
    button.setAttribute('aria-pressed', String(dark));
    forgetTheme();
    state.note('map');
  };
  button.addEventListener('click', () => {
    root.dataset.theme = button.getAttribute('aria-pressed') === 'true' ? 'light' : 'dark';
    redraw();
  });
  system.addEventListener('change', redraw);
  redraw();
  printInInk(state, redraw);
}

/**
 * Paper is white: while it is printed the page is the light one, and its canvases are drawn at once, as no frame comes in between.
 * @param {import('./state.js').State} state
 * @param {() => void} redraw
 */
function printInInk(state, redraw) {
  const root = document.documentElement;
  /** @type {{chosen: string | undefined, printing: boolean}} */
  const memory = { chosen: undefined, printing: false };
  const takeTheme = (/** @type {string | undefined} */ name) => {
    if (name === undefined) delete root.dataset.theme;
    else root.dataset.theme = name;
    redraw();
  };
  window.addEventListener('beforeprint', () => {
    if (memory.printing) return;
    memory.printing = true;
    memory.chosen = root.dataset.theme;
    takeTheme('light');
    state.tell();
  });
  window.addEventListener('afterprint', () => {
    if (!memory.printing) return;
    memory.printing = false;
    takeTheme(memory.chosen);
  });
}
