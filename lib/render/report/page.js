// Starts the page: reads the facts that came with it, makes the state, and has every view draw from it.
import { readColorMaps } from './color.js';
import { pageChunks, Store } from './store.js';
import { Heads } from './heads.js';
import { Weights } from './weights.js';
import { linkedState, State, stateLink } from './state.js';
import { HeadTypes } from './head_types.js';
import { cosine, Finder } from './search.js';
import { byId, fill, forgetTheme, make } from './parts.js';
import { overviewView } from './overview.js';
import { tabList } from './chosen.js';
import { typePanel } from './type_panel.js';
import { matrixView } from './matrix.js';
import { linesView } from './lines.js';
import { runningTextView } from './running_text.js';
import { layersView } from './layers.js';
import { tableView } from './table.js';
import { curvesView } from './curves.js';
import { checksView } from './checks.js';
import { compareView } from './compare.js';
import { embeddingView } from './embedding.js';
import { patchesView } from './patches.js';
import { saveDialog } from './export.js';
import { helpDialog, listenToKeys } from './keyboard.js';
import { counted } from './text.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./heads.js').Meta} Meta */
/** @typedef {(shared: Shared) => (changed: import('./state.js').Changed) => void} View */

const views = /** @type {View[]} */ ([matrixView, overviewView, chooserView, factsView]);
const laterViews = /** @type {View[]} */ ([
  typePanel, linesView, runningTextView, layersView, tableView, curvesView, checksView, compareView, embeddingView, patchesView,
]);

/** @param {Meta} meta */
function startPage(meta) {
  const heads = new Heads(meta);
  const weights = new Weights(meta, new Store(meta.chunks, pageChunks(document)));
  const types = new HeadTypes((measure, slot, source) => heads.measure(measure, slot, source));
  const state = new State(linkedState(location.hash, meta), (draw) => requestAnimationFrame(draw));
  const finder = new Finder((seq, source) => headFacts(shared, seq, source));
  /** @type {Shared} */
  const shared = { meta, heads, weights, state, maps: readColorMaps(meta.maps), finder, types };
  tabList(shared, 'tabs', 'tab-', 'tab', [
    ['token', 'Token through the layers'], ['table', 'Table'], ['curves', 'Measures by layer'], ['checks', 'Checks'],
    ...tabWhere(meta.difference, 'compare', 'A and B'), ...tabWhere(meta.embedding, 'embedding', 'Queries and keys in a plane'),
  ]);
  tabList(shared, 'side-tabs', 'side-', 'side_tab', [['lines', 'Lines'], ['text', 'Running text'], ...tabWhere(meta.grid, 'patches', 'Patches')]);
  for (const view of views) state.listen(view(shared));
  for (const view of laterViews) state.listenLater(view(shared));
  state.listen((changed) => keepLink(shared, changed));
  listenToKeys(shared);
  helpDialog();
  saveDialog(shared);
  darkButton(shared);
  searchField(shared);
  window.addEventListener('hashchange', () => {
    if (location.hash !== stateLink(state.shown, meta)) state.set(linkedState(location.hash, meta));
  });
  for (const name of /** @type {(keyof import('./state.js').Shown)[]} */ (Object.keys(state.shown))) state.note(name);
}

/**
 * A tab where there is something for it.
 * @param {object | null} thing
 * @param {string} name
 * @param {string} text
 * @returns {[string, string][]}
 */
function tabWhere(thing, name, text) {
  return thing ? [[name, text]] : [];
}

/** @param {Shared} shared @param {import('./state.js').Changed} changed */
function keepLink({ state, meta }, changed) {
  if (changed.size === 1 && changed.has('hover')) return;
  try {
    history.replaceState(null, '', stateLink(state.shown, meta));
  } catch {
    // A sandboxed frame refuses it: the page works without links.
  }
}

/**
 * What a search may ask.
 * @param {Shared} shared
 * @param {number} seq
 * @param {import('./heads.js').SourceName} source
 * @returns {import('./search.js').Facts}
 */
function headFacts(shared, seq, source) {
  const { heads, meta, types } = shared;
  const numbers = { layer: meta.layers, head: meta.heads };
  return {
    slots: heads.slots(seq),
    measures: [...heads.measureNames(), 'layer', 'head'],
    value(name, slot) {
      if (name === 'layer' || name === 'head') return numbers[name][heads.place(slot)[name]];
      return heads.measure(name, slot, source);
    },
    types: (slot) => types.of(slot, source).map((one) => one.name),
    checks: (slot) => meta.checks.filter((check) => check.verdict === 'FAIL' && check.slots.includes(slot)).map((check) => check.name),
    token(slot) {
      const key = heads.measure('sink_key', slot, source);
      return key === null ? '' : heads.keyToken(seq, key) || '';
    },
    alike: (layer, head) => likeness(shared, seq, source, layer, head),
  };
}

/** @type {Map<string, Uint8Array>} */
const knownThumbs = new Map();

/**
 * @param {Shared} shared
 * @param {number} seq
 * @param {import('./heads.js').SourceName} source
 * @param {number} layer as people call it
 * @param {number} head
 * @returns {((slot: number) => number) | null}
 */
function likeness({ weights, meta, heads, finder, state }, seq, source, layer, head) {
  const thumbs = knownThumbs.get(source + seq);
  if (!thumbs) {
    weights.thumbs(seq, source).then((bytes) => {
      knownThumbs.set(source + seq, bytes);
      finder.forget();
      state.note('find');
    });
    return null;
  }
  const length = meta.thumb.rows * meta.thumb.columns;
  const first = heads.slot(seq, 0, 0);
  const wanted = heads.slot(seq, Math.max(meta.layers.indexOf(layer), 0), Math.max(meta.heads.indexOf(head), 0));
  return (slot) => cosine(thumbs, (wanted - first) * length, (slot - first) * length, length);
}

/** @param {Shared} shared */
function searchField(shared) {
  const { state, heads, meta } = shared;
  const find = /** @type {HTMLInputElement} */ (byId('find'));
  find.addEventListener('input', () => state.set({ find: find.value }));
  state.listen((changed) => {
    if (changed.has('find') && find.value !== state.shown.find) find.value = state.shown.find;
  });
  const words = [...heads.knownMeasures().map((name) => name + '>'), ...['previous', 'induction', 'sink', 'local'].map((name) => 'type:' + name), 'check:failed'];
  fill(byId('find-words'), ...words.map((value) => make('option', { value })));
  byId('alike').addEventListener('click', () => {
    const { layer, head } = state.shown;
    if (typeof head === 'number') state.set({ find: 'like:' + meta.layers[layer] + '.' + meta.heads[head] });
  });
}

/**
 * Layer, head, sequence and source by name.
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
function chooserView({ meta, state }) {
  /** @param {string} id @param {[string, string][]} options @param {(value: string) => void} choose */
  const list = (id, options, choose) => {
    const select = /** @type {HTMLSelectElement} */ (byId(id));
    fill(select, ...options.map(([value, text]) => make('option', { value }, text)));
    select.addEventListener('change', () => choose(select.value));
    return select;
  };
  const numbered = (/** @type {number[]} */ numbers) => numbers.map((number, place) => /** @type {[string, string]} */ ([String(place), String(number)]));
  const made = [...(meta.heads.length > 1 ? [['mean', 'mean']] : []), ...(meta.rollout ? [['rollout', 'rollout']] : [])];
  const layer = list('layer', numbered(meta.layers), (value) => state.set({ layer: Number(value) }));
  const head = list('head', /** @type {[string, string][]} */ ([...numbered(meta.heads), ...made]), (value) => {
    state.set({ head: value === 'mean' || value === 'rollout' ? value : Number(value) });
  });
  const sequence = list('sequence', numbered(meta.sequences), (value) => state.set({ seq: Number(value) }));
  byId('sequence-label').hidden = !meta.batch;
  const sources = byId('sources');
  sources.hidden = meta.sources.length < 2;
  const names = /** @type {[import('./heads.js').SourceName, string][]} */ ([['a', 'A'], ['b', 'B'], ['difference', 'A \u2212 B']]);
  fill(sources, ...names.map(([value, text]) => make('button', { type: 'button', value, click: () => state.set({ source: value }) }, text)));
  return () => {
    layer.value = String(state.shown.layer);
    head.value = String(state.shown.head);
    sequence.value = String(state.shown.seq);
    for (const button of sources.children) button.setAttribute('aria-pressed', String(/** @type {HTMLButtonElement} */ (button).value === state.shown.source));
  };
}

/**
 * What the page is of.
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
function factsView({ meta }) {
  byId('title').textContent = meta.title;
  const kept = meta.values === 'exact' ? 'exact weights' : 'weights in 8 bits, the ' + meta.top + ' largest of a ' + (meta.pool > 1 ? 'band' : 'row') + ' exact';
  const pooled = meta.pool > 1 ? ', a cell is the largest of ' + meta.pool + ' x ' + meta.pool : '';
  const size = meta.queries === meta.keys ? counted(meta.keys, 'token') : counted(meta.queries, 'query').replace('querys', 'queries') + ' x ' + counted(meta.keys, 'key');
  byId('facts').textContent = [counted(meta.layers.length, 'layer'), counted(meta.heads.length, 'head'),
    ...(meta.batch ? [counted(meta.sequences.length, 'sequence')] : []), size].join(' x ').replace(' x ' + size, ' \u00b7 ' + size) + ' \u00b7 ' + kept + pooled +
    (meta.narrowed ? ' (float64 rounded to float32)' : '');
  const sources = meta.sources.map(({ label, name, digest }) => (meta.sources.length > 1 ? label + ': ' : '') + name + (digest ? ' (' + digest.slice(0, 19) + '\u2026)' : ''));
  byId('foot').textContent = [meta.program, ...sources, meta.command].filter(Boolean).join(' \u00b7 ');
  return () => {};
}

/** @param {Shared} shared */
function darkButton({ state }) {
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
}

/**
 * Says in the page why it shows nothing.
 * @param {string} text
 */
function complain(text) {
  const notice = byId('notice');
  notice.textContent = text;
  notice.hidden = false;
}

function main() {
  if (typeof DecompressionStream === 'undefined') {
    complain('This browser cannot unpack the numbers of this page (DecompressionStream is missing): Chrome or Edge 80, Firefox 113 or Safari 16.4 and later can.');
    return;
  }
  const meta = /** @type {Meta} */ (JSON.parse(byId('meta').textContent || ''));
  if (meta.format !== 1) complain('The numbers of this page are of format ' + meta.format + ', which its scripts do not know.');
  else startPage(meta);
}

if (typeof document !== 'undefined') main();
