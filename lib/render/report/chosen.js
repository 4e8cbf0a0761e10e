// The matrix of the chosen head, and tabs of which one is chosen: what several views need alike.
import { byId, fill, make } from './parts.js';

/** @typedef {import('./parts.js').Shared} Shared */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {import('./heads.js').HeadPlace} HeadPlace */

/** Matrices that a view wants to draw: null until they have come in, and then the view is told. */
export class WantedGrids {
  /**
   * @param {Shared} shared
   * @param {keyof import('./state.js').Shown} name what is noted as changed when one has come in
   */
  constructor(shared, name) {
    this.shared = shared;
    this.name = name;
    this.problem = '';
    /** @type {Set<string>} */
    this.asked = new Set();
  }

  /** The chosen head. @returns {Grid | null} */
  chosen() {
    const { layer, head } = this.shared.state.shown;
    return this.get(layer, head);
  }

  /**
   * @param {number} layer
   * @param {HeadPlace} head
   * @param {import('./heads.js').SourceName} source
   * @returns {Grid | null}
   */
  get(layer, head, source = this.shared.state.shown.source) {
    const { weights, state } = this.shared;
    const { seq } = state.shown;
    const known = weights.peek(seq, layer, head, source);
    if (known) return known;
    const key = [source, seq, layer, head].join('/');
    if (this.asked.has(key)) return null;
    this.asked.add(key);
    this.problem = '';
    weights
      .load(seq, layer, head, source)
      .catch((error) => {
        this.problem = String(error.message || error);
      })
      .then(() => {
        this.asked.delete(key);
        state.note(this.name);
      });
    return null;
  }
}

/**
 * Tabs: buttons of which one is chosen, each with its panel.
 * @param {Shared} shared
 * @param {string} list id of the list of tabs
 * @param {string} prefix of the ids of the panels
 * @param {'tab' | 'side_tab'} part of the state
 * @param {[string, string][]} names what the state calls a tab, and what people read
 */
export function tabList(shared, list, prefix, part, names) {
  const { state } = shared;
  const buttons = names.map(([name, text]) =>
    make(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: 'choose-' + prefix + name,
        'aria-controls': prefix + name,
        value: name,
        click: () => state.set({ [part]: name }),
      },
      text,
    ),
  );
  fill(byId(list), ...buttons);
  byId(list).addEventListener('keydown', (event) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    const at = buttons.findIndex((button) => button.value === state.shown[part]);
    const next = buttons[(at + by + buttons.length) % buttons.length];
    state.set({ [part]: next.value });
    next.focus();
  });
  state.listen((changed) => {
    if (!changed.has(part)) return;
    if (!names.some(([name]) => name === state.shown[part])) state.shown[part] = names[0][0];
    for (const button of buttons) {
      const chosen = button.value === state.shown[part];
      button.setAttribute('aria-selected', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      byId(prefix + button.value).hidden = !chosen;
    }
  });
}
