// Starts the page: reads the facts that came with it, makes the state, and has every view draw from it.
import { readColorMaps } from './color.js';
import { breathe, pageChunks, Store } from './store.js';
import { Heads } from './heads.js';
import { Weights } from './weights.js';
import { linkedState, State, stateLink } from './state.js';
import { HeadTypes } from './head_types.js';
import { Finder } from './search.js';
import { byId } from './parts.js';
import { headFacts } from './head_facts.js';
import { chooserView, darkButton, factsView, searchField } from './page_top.js';
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

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./heads.js').Meta} Meta */
/** @typedef {(shared: Shared) => (changed: import('./state.js').Changed) => void} View */

const views = /** @type {View[]} */ ([matrixView, overviewView, chooserView, factsView]);
const laterViews = /** @type {View[]} */ ([
  linesView,
  layersView,
  tableView,
  typePanel,
  runningTextView,
  curvesView,
  checksView,
  compareView,
  embeddingView,
  patchesView,
]);

/** @param {Meta} meta */
function startPage(meta) {
  const heads = new Heads(meta);
  const weights = new Weights(meta, new Store(meta.chunks, pageChunks(document)));
  const types = new HeadTypes((measure, slot, source) => heads.measure(measure, slot, source));
  const state = new State(
    linkedState(location.hash, meta),
    (draw) => requestAnimationFrame(draw),
    (draw) => breathe().then(draw),
  );
  const finder = new Finder((seq, source) => headFacts(shared, seq, source));
  /** @type {Shared} */
  const shared = { meta, heads, weights, state, maps: readColorMaps(meta.maps), finder, types };
  tabList(shared, 'tabs', 'tab-', 'tab', [
    ['token', 'Token through the layers'],
    ['table', 'Table'],
    ['curves', 'Measures by layer'],
    ['checks', 'Checks'],
    ...tabWhere(meta.difference, 'compare', 'A and B'),
    ...tabWhere(meta.embedding, 'embedding', 'Queries and keys in a plane'),
  ]);
  tabList(shared, 'side-tabs', 'side-', 'side_tab', [
    ['lines', 'Lines'],
    ['text', 'Running text'],
    ...tabWhere(meta.grid, 'patches', 'Patches'),
  ]);
  for (const view of views) state.listen(view(shared));
  state.listenLater((changed) => keepLink(shared, changed)); // a browser takes milliseconds for it
  for (const view of laterViews) state.listenLater(onceMade(view, shared));
  state.listenEarly(({ seq, layer, head, source }) => {
    if (weights.peek(seq, layer, head, source)) return;
    weights.load(seq, layer, head, source).catch(() => {}); // whoever draws it says why there is none
  });
  listenToKeys(shared);
  helpDialog();
  saveDialog(shared);
  darkButton(shared);
  searchField(shared);
  window.addEventListener('hashchange', (event) => {
    // The address may have been written over since by keepLink, for what was shown before.
    const { hash } = new URL(event.newURL);
    if (hash !== stateLink(state.shown, meta)) state.set(linkedState(hash, meta));
  });
  for (const name of /** @type {(keyof import('./state.js').Shown)[]} */ (Object.keys(state.shown))) state.note(name);
}

/**
 * A view that is made when it first has something to show, so that the first picture need not wait for it.
 * @param {View} view
 * @param {Shared} shared
 * @returns {(changed: import('./state.js').Changed) => void}
 */
function onceMade(view, shared) {
  /** @type {((changed: import('./state.js').Changed) => void) | null} */
  let made = null;
  return (changed) => {
    if (!made) made = view(shared);
    made(changed);
  };
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
    complain(
      'This browser cannot unpack the numbers of this page (DecompressionStream is missing): Chrome or Edge 80, Firefox 113 or Safari 16.4 and later can.',
    );
    return;
  }
  const meta = /** @type {Meta} */ (JSON.parse(byId('meta').textContent || ''));
  if (meta.format !== 1)
    complain('The numbers of this page are of format ' + meta.format + ', which its scripts do not know.');
  else startPage(meta);
}

if (typeof document !== 'undefined') main();
