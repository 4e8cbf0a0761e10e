// What kind of head a head is, from its measures: one table of rules, whose thresholds people can move.

/**
 * @typedef {object} TypeRule
 * @property {string} name
 * @property {string} letter on the badge
 * @property {string} measure
 * @property {number} threshold
 * @property {number} largest where the slider ends
 * @property {boolean} below the measure is at most the threshold, not at least
 * @property {boolean} last holds only where no other rule does
 * @property {string} meaning
 */

/** @type {readonly TypeRule[]} */
export const typeRules = [
  rule('previous', 'P', 'previous', 0.5, 'looks at the token before'),
  rule('next', 'N', 'next', 0.5, 'looks at the token after'),
  rule('self', 'S', 'diagonal', 0.5, 'looks at the token itself'),
  rule('sink', 'K', 'sink', 0.3, 'looks at the first key'),
  rule('induction', 'I', 'induction', 0.4, 'looks behind an earlier copy of the token'),
  rule('duplicate', 'D', 'duplicate_token', 0.4, 'looks at an earlier copy of the token'),
  rule('uniform', 'U', 'entropy_normalised', 0.95, 'looks at all keys alike'),
  { ...rule('local', 'L', 'distance', 4, 'looks at what is near'), largest: 16, below: true, last: true },
];

/**
 * @param {string} name
 * @param {string} letter
 * @param {string} measure
 * @param {number} threshold
 * @param {string} meaning
 * @returns {TypeRule}
 */
function rule(name, letter, measure, threshold, meaning) {
  return { name, letter, measure, threshold, largest: 1, below: false, last: false, meaning };
}

/** Types of heads under thresholds that can be moved. */
export class HeadTypes {
  /** @param {(measure: string, slot: number, source: import('./heads.js').SourceName) => number | null} measure */
  constructor(measure) {
    this.measure = measure;
    /** @type {Map<string, number>} */
    this.thresholds = new Map(typeRules.map((one) => [one.name, one.threshold]));
  }

  /**
   * The types of a head, the strongest first: the one with the largest ratio to its threshold.
   * @param {number} slot
   * @param {import('./heads.js').SourceName} source
   * @returns {TypeRule[]}
   */
  of(slot, source = 'a') {
    const held = [];
    for (const one of typeRules) {
      if (one.last && held.length > 0) continue;
      const ratio = this.ratio(one, slot, source);
      if (ratio >= 1) held.push({ one, ratio });
    }
    return held.sort((a, b) => b.ratio - a.ratio).map(({ one }) => one);
  }

  /**
   * How far a rule holds: 1 and more is yes.
   * @param {TypeRule} one
   * @param {number} slot
   * @param {import('./heads.js').SourceName} source
   * @returns {number}
   */
  ratio(one, slot, source) {
    const value = this.measure(one.measure, slot, source);
    const threshold = /** @type {number} */ (this.thresholds.get(one.name));
    if (value === null || Number.isNaN(value)) return 0;
    if (one.below) return value <= threshold ? 1 : 0;
    return threshold > 0 ? value / threshold : value > 0 ? Infinity : 1;
  }

  /**
   * @param {string} name
   * @param {number} threshold
   */
  move(name, threshold) {
    this.thresholds.set(name, threshold);
  }
}
