// Keys of the page, in one table that the help shows too.
import { arrowStep } from './arrows.js';
import { byId, fill, make } from './parts.js';
import { moveCell } from './matrix_pointer.js';
import { scaleKinds } from './scale.js';

/** @typedef {import('./parts.js').Shared} Shared */

/**
 * @typedef {object} Shortcut
 * @property {string[]} keys
 * @property {string} shown
 * @property {string} meaning
 * @property {(shared: Shared) => void} act
 */

/** @type {Shortcut[]} */
export const shortcuts = [
  { keys: ['['], shown: '[ ]', meaning: 'sequence before, after', act: (shared) => step(shared, -1) },
  { keys: [']'], shown: '', meaning: '', act: (shared) => step(shared, 1) },
  { keys: ['a'], shown: 'a b d', meaning: 'source A, source B, difference', act: (shared) => choose(shared, 'a') },
  { keys: ['b'], shown: '', meaning: '', act: (shared) => choose(shared, 'b') },
  { keys: ['d'], shown: '', meaning: '', act: (shared) => choose(shared, 'difference') },
  {
    keys: ['s'],
    shown: 's',
    meaning: 'next scale: linear, sqrt, log',
    act: ({ state }) => state.set({ scale: scaleKinds[(scaleKinds.indexOf(state.shown.scale) + 1) % 3] }),
  },
  {
    keys: ['f'],
    shown: 'f',
    meaning: 'colours without key 0',
    act: ({ state }) => state.set({ dropFirst: !state.shown.dropFirst }),
  },
  { keys: ['p'], shown: 'p', meaning: 'pin the chosen row, and let it go', act: () => byId('pin').click() },
  { keys: ['/'], shown: '/', meaning: 'find heads', act: () => byId('find').focus() },
  { keys: ['+', '='], shown: '+ - 0', meaning: 'zoom in, out, all', act: () => byId('zoom-in').click() },
  { keys: ['-'], shown: '', meaning: '', act: () => byId('zoom-out').click() },
  { keys: ['0'], shown: '', meaning: '', act: () => byId('fit').click() },
  { keys: ['e'], shown: 'e', meaning: 'save a picture or the table', act: () => byId('save').click() },
  { keys: ['?'], shown: '?', meaning: 'this help', act: () => byId('help').click() },
  {
    keys: ['Escape'],
    shown: 'Esc',
    meaning: 'lets go of the chosen cell',
    act: ({ state }) => state.set({ query: null, key: null, hover: null, ring: null, side: 'query' }),
  },
];

/** @param {Shared} shared @param {number} by */
function step({ state, meta }, by) {
  state.set({ seq: Math.min(Math.max(state.shown.seq + by, 0), meta.sequences.length - 1) });
}

/** @param {Shared} shared @param {import('./heads.js').SourceName} source */
function choose({ state, meta }, source) {
  if (meta.sources.length > 1) state.set({ source });
}

/** @param {Shared} shared */
export function listenToKeys(shared) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest('dialog') || typing(target)) {
      if (event.key === 'Escape' && !target.closest('dialog')) target.blur();
      return;
    }
    const arrow = arrowStep(event);
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (arrow) {
      if (usesArrows(target)) return;
      if (target.closest('#overview')) moveHead(shared, arrow[0], arrow[1]);
      else moveCell(shared, arrow[0], arrow[1]);
    } else if (shortcut) shortcut.act(shared);
    else return;
    event.preventDefault();
  });
}

/** @param {HTMLElement} target @returns {boolean} */
function typing(target) {
  return target instanceof HTMLInputElement && (target.type === 'search' || target.type === 'text');
}

/** @param {HTMLElement} target @returns {boolean} */
function usesArrows(target) {
  return (
    target instanceof HTMLSelectElement ||
    target instanceof HTMLInputElement ||
    target.getAttribute('role') === 'tab' ||
    Boolean(target.closest('.scroller, .table, .running'))
  );
}

/**
 * @param {Shared} shared
 * @param {number} down
 * @param {number} right
 */
function moveHead({ state, meta }, down, right) {
  const last = [...(meta.heads.length > 1 ? ['mean'] : []), ...(meta.rollout ? ['rollout'] : [])];
  const columns = /** @type {import('./heads.js').HeadPlace[]} */ ([...meta.heads.keys(), ...last]);
  const column = Math.min(Math.max(columns.indexOf(state.shown.head) + right, 0), columns.length - 1);
  const layer = Math.min(Math.max(state.shown.layer + down, 0), meta.layers.length - 1);
  state.set({ layer, head: columns[column], ring: null });
}

/** The help dialog. */
export function helpDialog() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('help-dialog'));
  const rows = [
    ['arrows', 'in a picture that has the focus (Tab leads there) within it, else between cells of the matrix'],
    ...shortcuts.filter(({ shown }) => shown).map(({ shown, meaning }) => [shown, meaning]),
  ];
  fill(
    dialog,
    make('h2', { id: 'help-title' }, 'Help'),
    make('dl', {}, ...rows.flatMap(([key, meaning]) => [make('dt', {}, key), make('dd', {}, meaning)])),
    make('h3', {}, 'Finding heads'),
    make('dl', {}, ...searchHelp.flatMap(([what, meaning]) => [make('dt', {}, what), make('dd', {}, meaning)])),
    make(
      'p',
      {},
      'Wheel and pinch zoom about the pointer, dragging moves, a double click shows all. Hatched cells are those that nobody may attend.',
    ),
    make('form', { method: 'dialog' }, make('button', {}, 'Close')),
  );
  byId('help').addEventListener('click', () => dialog.showModal());
}

const searchHelp = [
  ['induction>0.4 layer<6', 'both must hold; any measure, layer, head'],
  ['type:previous -type:sink', 'of a type, and not of another'],
  ['top 5 entropy', 'the five largest; bottom for the smallest'],
  ['check:failed', 'heads in which a check failed; check:NAME those of one check'],
  ['like:5.3', 'the ten heads most like layer 5 head 3, by their small maps'],
  ['apple', 'heads whose strongest key is a token with this word'],
];
