// Parts of the page: finding and making elements, canvases as sharp as the screen, colours of the theme.
// Texts go in as text; there is no way here to make markup of them.

/**
 * What all views work with.
 * @typedef {object} Shared
 * @property {import('./heads.js').Meta} meta
 * @property {import('./heads.js').Heads} heads
 * @property {import('./weights.js').Weights} weights
 * @property {import('./state.js').State} state
 * @property {Map<string, import('./color.js').ColorMap>} maps
 * @property {import('./search.js').Finder} finder
 * @property {import('./head_types.js').HeadTypes} types
 */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error('the page has no ' + id);
  return /** @type {T} */ (element);
}

/**
 * An element with attributes and children; text children are text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | ((event: any) => void)>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @param {Element} element
 * @param {...(Node | string)} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children);
}

const widestCanvas = 4096; // device pixels; more is refused by some browsers

/**
 * Makes a canvas as many device pixels large as it is on the screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width CSS pixels
 * @param {number} height
 * @returns {CanvasRenderingContext2D} in CSS pixels, cleared
 */
export function sharpen(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, widestCanvas / Math.max(width, height, 1));
  const pixelWidth = Math.max(1, Math.round(width * ratio));
  const pixelHeight = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
    canvas.width = pixelWidth;
    canvas.height = pixelHeight;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
  }
  const context = context2d(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function context2d(canvas) {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas');
  return context;
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {HTMLCanvasElement} not on the page
 */
export function offscreen(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/**
 * A picture of coloured cells, a pixel each.
 * @param {Uint32Array} pixels
 * @param {number} columns
 * @returns {HTMLCanvasElement}
 */
export function cellPicture(pixels, columns) {
  const canvas = offscreen(columns, pixels.length / columns);
  const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  context2d(canvas).putImageData(new ImageData(bytes, columns), 0, 0);
  return canvas;
}

/** @typedef {{ink: string, faint: string, paper: string, panel: string, line: string, accent: string, alarm: string, heads: string[]}} Theme */

const headColors = 6;


/** @typedef {{tile: Uint32Array, length: number, line: number}} Stripes */

/** @type {{theme: Theme | null, tile: HTMLCanvasElement | null, stripes: Stripes | null}} */
const known = { theme: null, tile: null, stripes: null };

/** Colours of the theme for canvases, as the style says. @returns {Theme} */
export function theme() {
  if (known.theme) return known.theme;
  const style = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => style.getPropertyValue('--' + name).trim();
  known.theme = {
    ink: color('ink'),
    faint: color('faint'),
    paper: color('paper'),
    panel: color('panel'),
    line: color('line'),
    accent: color('accent'),
    alarm: color('alarm'),
    heads: Array.from({ length: headColors }, (_, place) => color('head-' + place)),
  };
  return known.theme;
}

/**
 * The colour of one of several heads that are shown at once.
 * @param {number} place
 * @returns {string}
 */
export function headColor(place) {
  return theme().heads[place % headColors];
}

/** The theme has changed. */
export function forgetTheme() {
  known.theme = known.tile = known.stripes = null;
}

/**
 * A frame that is seen on dark and on bright cells.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} box
 * @param {string} color
 * @param {number} thickness
 */
export function strokeFrame(context, { x, y, width, height }, color, thickness) {
  context.strokeStyle = theme().paper;
  context.lineWidth = thickness + 2;
  context.strokeRect(x, y, width, height);
  context.strokeStyle = color;
  context.lineWidth = thickness;
  context.strokeRect(x, y, width, height);
}

const stripe = 6; // pixels from one to the next

/** @returns {HTMLCanvasElement} stripes for what nobody may attend */
function stripesTile() {
  if (known.tile) return known.tile;
  const tile = offscreen(stripe, stripe);
  const pen = context2d(tile);
  pen.fillStyle = theme().panel;
  pen.fillRect(0, 0, stripe, stripe);
  pen.strokeStyle = theme().line;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const start of [-stripe, 0, stripe]) {
    pen.moveTo(start, stripe);
    pen.lineTo(start + stripe, 0);
  }
  pen.stroke();
  known.tile = tile;
  return tile;
}

/**
 * Stripes for what nobody may attend.
 * @param {CanvasRenderingContext2D} context
 * @returns {CanvasPattern | string}
 */
export function hatching(context) {
  return context.createPattern(stripesTile(), 'repeat') || theme().panel;
}

/**
 * The same as pixels, with that of a line.
 * @returns {Stripes} its tile [length, length]
 */
export function stripePixels() {
  if (!known.stripes) {
    const pen = context2d(offscreen(stripe, stripe + 1));
    pen.drawImage(stripesTile(), 0, 0);
    pen.fillStyle = theme().line;
    pen.fillRect(0, stripe, 1, 1);
    const pixels = new Uint32Array(pen.getImageData(0, 0, stripe, stripe + 1).data.buffer);
    known.stripes = { tile: pixels, length: stripe, line: pixels[stripe * stripe] };
  }
  return known.stripes;
}

/**
 * Shows a text beside the pointer; an empty one hides it.
 * @param {string} text
 * @param {{clientX: number, clientY: number} | null} at
 */
export function tooltip(text, at = null) {
  const tip = byId('tooltip');
  tip.hidden = text === '' || at === null;
  if (at === null || text === '') return;
  tip.textContent = text;
  tip.style.left = Math.max(0, Math.min(at.clientX + 14, window.innerWidth - tip.offsetWidth - 4)) + 'px';
  tip.style.top = Math.max(0, Math.min(at.clientY + 14, window.innerHeight - tip.offsetHeight - 4)) + 'px';
}

/**
 * Marks when something was seen for the first time, for measuring.
 * @param {string} name
 */
export function markFirst(name) {
  if (performance.getEntriesByName(name).length === 0) performance.mark(name);
}

export const labelFont = '11px system-ui, "DejaVu Sans", sans-serif';
