// Texts that people read: tokens made harmless and visible, numbers, and what SVG and CSV files need escaped.
// Nothing here makes HTML: tokens reach the page as text only.

const longestTooltip = 200;

/**
 * A token as it is shown: a sign for what steers (controls, direction of writing, halves of pairs) and for the space
 * in front, so that every token can be seen and none can disturb its neighbours.
 * @param {string} token
 * @returns {string}
 */
export function visible(token) {
  let text = '';
  for (const sign of token) text += visibleSign(sign);
  return text;
}

/**
 * @param {string} sign one code point
 * @returns {string}
 */
function visibleSign(sign) {
  const code = /** @type {number} */ (sign.codePointAt(0));
  if (code === 0x20 || code === 0xa0 || code === 0x120 || code === 0x2581) return '\u00b7';
  if (code === 0x0a || code === 0x10a) return '\\n';
  if (code === 0x09) return '\\t';
  return steers(code) ? '\\u' + code.toString(16).padStart(4, '0') : sign;
}

/**
 * @param {number} code
 * @returns {boolean}
 */
function steers(code) {
  return (
    code < 0x20 ||
    (code >= 0x7f && code < 0xa0) ||
    code === 0xad ||
    code === 0x61c ||
    code === 0x180e ||
    (code >= 0x200b && code <= 0x200f && code !== 0x200d) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    code === 0xfeff ||
    (code >= 0xfff9 && code <= 0xfffb) ||
    (code >= 0xe0000 && code <= 0xe007f)
  );
}

/**
 * A token for a tooltip or a sentence: visible, and never longer than a few lines.
 * @param {string} token
 * @returns {string}
 */
export function briefly(token) {
  const signs = Array.from(visible(token));
  return signs.length <= longestTooltip ? signs.join('') : signs.slice(0, longestTooltip - 1).join('') + '\u2026';
}

/**
 * Cuts a text at its end so that it is at most `width` wide.
 * @param {string} text
 * @param {number} width
 * @param {(text: string) => number} measure how wide a text is
 * @returns {string}
 */
export function elide(text, width, measure) {
  if (measure(text) <= width) return text;
  const signs = Array.from(text.slice(0, 400));
  let fits = 0;
  let tooMany = signs.length + 1;
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (measure(signs.slice(0, middle).join('') + '\u2026') <= width) fits = middle;
    else tooMany = middle;
  }
  return fits === 0 ? '' : signs.slice(0, fits).join('') + '\u2026';
}

/**
 * A number with so many significant digits, without zeros at its end.
 * @param {number | null | undefined} value
 * @param {number} digits
 * @returns {string}
 */
export function numberText(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return '\u2013';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e-4 && size < 1e7 ? String(Number(value.toPrecision(digits))) : value.toExponential(digits - 1);
  return text.includes('e') ? text.replace(/\.?0+e/, 'e') : text;
}

/**
 * Like numberText, but never above the value (below it where `up` is false turned round: never below).
 * @param {number} value
 * @param {boolean} up
 * @returns {string}
 */
export function boundText(value, up) {
  if (value === 0) return '0';
  const unit = Math.floor(Math.log10(Math.abs(value))) - 2;
  const steps = value / Math.pow(10, unit);
  const whole = up ? Math.ceil(steps - 1e-9) : Math.floor(steps + 1e-9);
  return numberText(Number(whole + 'e' + unit), 4);
}

/**
 * @param {number} count
 * @param {string} noun in the singular
 * @returns {string}
 */
export function counted(count, noun) {
  return count + ' ' + noun + (count === 1 ? '' : 's');
}

/**
 * Text for an XML file: the five signs that mean something, and nothing that XML forbids.
 * @param {string} text
 * @returns {string}
 */
export function escapeXml(text) {
  return visibleLines(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/**
 * @param {string} text
 * @returns {string}
 */
function visibleLines(text) {
  let all = '';
  for (const sign of text) all += sign === ' ' || sign === '\u00b7' ? sign : visibleSign(sign);
  return all;
}

/**
 * A field of a CSV line. Text that a spreadsheet would take for a formula gets an apostrophe in front.
 * @param {string | number | null} value
 * @returns {string}
 */
export function csvField(value) {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/**
 * @param {(string | number | null)[][]} rows
 * @returns {string}
 */
export function csvText(rows) {
  return rows.map((row) => row.map(csvField).join(',') + '\n').join('');
}
