// What is shown: one object that all views draw from and change only through here; and its link, the text after #.

/** @typedef {import('./heads.js').HeadPlace} HeadPlace */
/** @typedef {{top: number, bottom: number, left: number, right: number}} View  what of a matrix is seen, in cells */

/**
 * @typedef {object} Shown
 * @property {number} seq
 * @property {number} layer
 * @property {HeadPlace} head
 * @property {number | null} query
 * @property {number | null} key
 * @property {number | null} pin a query to compare others with
 * @property {'query' | 'key'} side whose weights lines and text show: from a query, or to a key
 * @property {import('./heads.js').SourceName} source
 * @property {import('./scale.js').ScaleKind} scale
 * @property {string} map
 * @property {boolean} dropFirst
 * @property {boolean} shared one range of colours for all heads
 * @property {number} low of the colour range, as a part of the whole
 * @property {number} high
 * @property {View | null} zoom null shows all
 * @property {string} color of the overview: maps, or a measure
 * @property {string} find
 * @property {string} sort a measure, with - in front for the largest first
 * @property {string} tab
 * @property {string} side_tab
 * @property {number} threshold lines below are not drawn
 * @property {string} extra heads beside the chosen one, "layer/head" places with commas
 * @property {{query: number, key: number} | null} hover not part of a link
 * @property {{query: number | null, key: number | null} | null} ring the place of a check
 */

/** @typedef {Set<keyof Shown>} Changed */

/**
 * Whether one of the fields changed.
 *
 * @param {Changed} changed
 * @param {...(keyof Shown)} names
 */
export function hasAny(changed, ...names) {
  return names.some((name) => changed.has(name));
}

const laterSlice = 6; // milliseconds

/** The state of the page. Listeners are called once a frame with the names of what changed. */
export class State {
  /**
   * @param {Shown} start
   * @param {(draw: () => void) => void} nextFrame
   * @param {(draw: () => void) => void} afterFrame when that frame is on the screen
   */
  constructor(start, nextFrame, afterFrame) {
    this.shown = start;
    this.nextFrame = nextFrame;
    this.afterFrame = afterFrame;
    /** @type {((changed: Changed) => void)[]} */
    this.listeners = [];
    /** @type {{listener: (changed: Changed) => void, owed: Changed}[]} */
    this.later = [];
    this.tellingLater = false;
    /** @type {((shown: Shown) => void)[]} */
    this.early = [];
    /** @type {Changed} */
    this.changed = new Set();
  }

  /** @param {(changed: Changed) => void} listener */
  listen(listener) {
    this.listeners.push(listener);
  }

  /**
   * For what people look at second: it is told after the frame, so that the rest is seen sooner.
   * @param {(changed: Changed) => void} listener
   */
  listenLater(listener) {
    this.later.push({ listener, owed: new Set() });
  }

  /**
   * For what takes a while: it is told at once, so that it is there when the frame is drawn.
   * @param {(shown: Shown) => void} listener
   */
  listenEarly(listener) {
    this.early.push(listener);
  }

  /** @param {Partial<Shown>} change */
  set(change) {
    const before = this.shown;
    this.shown = { ...before, ...change };
    for (const listener of this.early) listener(this.shown);
    for (const name of /** @type {(keyof Shown)[]} */ (Object.keys(change))) {
      if (JSON.stringify(before[name]) !== JSON.stringify(this.shown[name])) this.note(name);
    }
  }

  /**
   * Has views draw something again.
   * @param {keyof Shown} name
   */
  note(name) {
    if (this.changed.size === 0) this.nextFrame(() => this.tell());
    this.changed.add(name);
  }

  tell() {
    const changed = this.changed;
    this.changed = new Set();
    for (const { owed } of this.later) changed.forEach((name) => owed.add(name));
    for (const listener of this.listeners) listener(changed);
    if (this.later.length === 0 || this.tellingLater) return;
    this.tellingLater = true;
    this.afterFrame(() => this.tellLater());
  }

  /** Tells those who come later, a few at a time: the browser draws and listens in between. */
  tellLater() {
    const end = performance.now() + laterSlice;
    for (const one of this.later) {
      if (one.owed.size === 0) continue;
      if (performance.now() > end) {
        this.afterFrame(() => this.tellLater());
        return;
      }
      const { owed } = one;
      one.owed = new Set();
      one.listener(owed);
    }
    this.tellingLater = false;
  }
}

/**
 * @param {import('./heads.js').Meta} meta
 * @returns {Shown}
 */
export function startState(meta) {
  const { start } = meta;
  return {
    seq: start.seq,
    layer: start.layer,
    head: start.head,
    query: null,
    key: null,
    pin: null,
    side: 'query',
    source: 'a',
    scale: /** @type {import('./scale.js').ScaleKind} */ (start.scale),
    map: start.map,
    dropFirst: start.dropFirst,
    shared: false,
    low: 0,
    high: 1,
    zoom: null,
    color: 'maps',
    find: '',
    sort: '',
    tab: 'token',
    side_tab: 'lines',
    threshold: 0.02,
    extra: '',
    hover: null,
    ring: null,
  };
}

const scales = ['linear', 'sqrt', 'log'];

/**
 * How each part of a state is written in a link and read from one. Reading gives undefined for what makes no sense.
 * @type {{name: keyof Shown, link: string, write: (value: any, meta: import('./heads.js').Meta) => string,
 *   read: (text: string, meta: import('./heads.js').Meta) => any}[]}
 */
const linkParts = [
  {
    name: 'seq',
    link: 'seq',
    write: (place, meta) => String(meta.sequences[place]),
    read: (text, meta) => nearestPlace(text, meta.sequences),
  },
  {
    name: 'layer',
    link: 'layer',
    write: (place, meta) => String(meta.layers[place]),
    read: (text, meta) => nearestPlace(text, meta.layers),
  },
  { name: 'head', link: 'head', write: writeHead, read: readHead },
  { name: 'query', link: 'query', write: String, read: (text, meta) => wholeNumber(text, meta.queries) },
  { name: 'key', link: 'key', write: String, read: (text, meta) => wholeNumber(text, meta.keys) },
  { name: 'pin', link: 'pin', write: String, read: (text, meta) => wholeNumber(text, meta.queries) },
  { name: 'side', link: 'side', write: String, read: (text) => oneOf(text, ['query', 'key']) },
  {
    name: 'source',
    link: 'source',
    write: String,
    read: (text, meta) => oneOf(text, meta.sources.length > 1 ? ['a', 'b', 'difference'] : ['a']),
  },
  { name: 'scale', link: 'scale', write: String, read: (text) => oneOf(text, scales) },
  {
    name: 'map',
    link: 'map',
    write: String,
    read: (text, meta) =>
      oneOf(
        text,
        meta.maps.map((map) => map.name),
      ),
  },
  { name: 'dropFirst', link: 'drop', write: writeYes, read: readYes },
  { name: 'shared', link: 'shared', write: writeYes, read: readYes },
  { name: 'low', link: 'low', write: String, read: (text) => part(text) },
  { name: 'high', link: 'high', write: String, read: (text) => part(text) },
  { name: 'zoom', link: 'zoom', write: writeZoom, read: readZoom },
  { name: 'color', link: 'color', write: String, read: shortText },
  { name: 'find', link: 'find', write: String, read: shortText },
  { name: 'sort', link: 'sort', write: String, read: shortText },
  { name: 'tab', link: 'tab', write: String, read: shortText },
  { name: 'side_tab', link: 'side-tab', write: String, read: shortText },
  { name: 'threshold', link: 'threshold', write: String, read: (text) => part(text) },
  {
    name: 'extra',
    link: 'heads',
    write: String,
    read: (text) => (/^(\d+\/\d+(,\d+\/\d+)*)?$/.test(text) ? text : undefined),
  },
];

/**
 * The link to a state: only what differs from the start, but always the layer and the head.
 * @param {Shown} shown
 * @param {import('./heads.js').Meta} meta
 * @returns {string}
 */
export function stateLink(shown, meta) {
  const start = startState(meta);
  const parts = [];
  for (const { name, link, write } of linkParts) {
    const value = shown[name];
    const always = name === 'layer' || name === 'head';
    if (value === null || (!always && JSON.stringify(value) === JSON.stringify(start[name]))) continue;
    parts.push(link + '=' + encodeURIComponent(write(value, meta)));
  }
  return '#' + parts.join('&');
}

/**
 * The state that a link means. What is unknown or makes no sense is as at the start; numbers too large are the largest.
 * @param {string} link
 * @param {import('./heads.js').Meta} meta
 * @returns {Shown}
 */
export function linkedState(link, meta) {
  /** @type {any} */
  const shown = startState(meta);
  for (const pair of link.replace(/^#/, '').split('&')) {
    const equals = pair.indexOf('=');
    const known = linkParts.find((linkPart) => linkPart.link === pair.slice(0, equals));
    if (!known) continue;
    const value = known.read(decoded(pair.slice(equals + 1)), meta);
    if (value !== undefined) shown[known.name] = value;
  }
  return shown;
}

/**
 * @param {string} text
 * @returns {string}
 */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/**
 * @param {string} text
 * @param {number} end
 * @returns {number | undefined}
 */
function wholeNumber(text, end) {
  return /^-?\d+$/.test(text) ? Math.min(Math.max(Number(text), 0), end - 1) : undefined;
}

/**
 * @param {string} text a number as people see it
 * @param {number[]} numbers what the places are called
 * @returns {number | undefined} the place of that number, or of the one next to it
 */
function nearestPlace(text, numbers) {
  if (!/^-?\d+$/.test(text)) return undefined;
  let best = 0;
  numbers.forEach((number, place) => {
    if (Math.abs(number - Number(text)) < Math.abs(numbers[best] - Number(text))) best = place;
  });
  return best;
}

/** @param {HeadPlace} head @param {import('./heads.js').Meta} meta @returns {string} */
function writeHead(head, meta) {
  return typeof head === 'number' ? String(meta.heads[head]) : head;
}

/** @param {string} text @param {import('./heads.js').Meta} meta @returns {HeadPlace | undefined} */
function readHead(text, meta) {
  if (text === 'mean' || (text === 'rollout' && meta.rollout)) return text;
  return nearestPlace(text, meta.heads);
}

/**
 * @param {string} text
 * @param {string[]} choices
 * @returns {string | undefined}
 */
function oneOf(text, choices) {
  return choices.includes(text) ? text : undefined;
}

/** @param {boolean} value @returns {string} */
function writeYes(value) {
  return value ? '1' : '0';
}

/** @param {string} text @returns {boolean | undefined} */
function readYes(text) {
  return text === '1' ? true : text === '0' ? false : undefined;
}

/** @param {string} text @returns {number | undefined} */
function part(text) {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : undefined;
}

/** @param {string} text @returns {string} */
function shortText(text) {
  return text.slice(0, 200);
}

/** @param {View} view @returns {string} */
function writeZoom(view) {
  return [view.top, view.bottom, view.left, view.right].map((edge) => Number(edge.toFixed(2))).join(',');
}

/** @param {string} text @param {import('./heads.js').Meta} meta @returns {View | undefined} */
function readZoom(text, meta) {
  const edges = text.split(',').map(Number);
  if (edges.length !== 4 || edges.some((edge) => !Number.isFinite(edge))) return undefined;
  const [top, bottom, left, right] = edges;
  const fits =
    top >= 0 && bottom <= meta.rows && left >= 0 && right <= meta.columns && bottom - top >= 0.5 && right - left >= 0.5;
  return fits ? { top, bottom, left, right } : undefined;
}
