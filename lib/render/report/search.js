// Finding heads: "induction>0.4 layer<6", "type:previous", "sink>0.5 -type:previous", "top 5 entropy", "like:5.3", "check:causal_leak",
// or a word, which finds the heads whose strongest key is a token with that word.

/**
 * @typedef {object} Term
 * @property {'compare' | 'type' | 'check' | 'top' | 'like' | 'token'} kind
 * @property {boolean} not
 * @property {string} name
 * @property {string} sign of a comparison
 * @property {number} value
 */

/**
 * What a search asks about heads.
 * @typedef {object} Facts
 * @property {number[]} slots
 * @property {(name: string, slot: number) => number | null} value of a measure, or of layer, head, seq
 * @property {(slot: number) => string[]} types
 * @property {(slot: number) => string[]} checks that failed or warn there, and 'failed' where one failed
 * @property {(slot: number) => string} token the strongest key
 * @property {(layer: number, head: number) => boolean} isHead
 * @property {(layer: number, head: number) => ((slot: number) => number) | null} alike how alike a head is, null when not known
 * @property {string[]} measures
 */

const alikeShown = 10;

/**
 * @param {string} text
 * @param {string[]} measures
 * @returns {{terms: Term[], problem: string}}
 */
export function parseSearch(text, measures) {
  const words = text.match(/-?"[^"]*"|\S+/g) || [];
  /** @type {Term[]} */
  const terms = [];
  for (let i = 0; i < words.length; ++i) {
    const word = words[i].toLowerCase();
    if ((word === 'top' || word === 'bottom') && i + 2 < words.length && /^\d+$/.test(words[i + 1])) {
      const name = words[i + 2].toLowerCase();
      if (!measures.includes(name)) return { terms, problem: name + ' is no measure' };
      terms.push({ kind: 'top', not: false, name, sign: word, value: Number(words[i + 1]) });
      i += 2;
      continue;
    }
    const { term, problem } = parseWord(words[i], measures);
    if (!term) return { terms, problem };
    terms.push(term);
  }
  return { terms, problem: '' };
}

/**
 * @param {string} word
 * @param {string[]} measures
 * @returns {{term: Term | null, problem: string}}
 */
function parseWord(word, measures) {
  const not = word.length > 1 && word.startsWith('-');
  const rest = not ? word.slice(1) : word;
  const comparison = /^([a-z_0-9]+)(>=|<=|>|<|=)(.*)$/i.exec(rest);
  if (comparison) {
    const name = comparison[1].toLowerCase();
    if (!measures.includes(name)) return { term: null, problem: name + ' is no measure' };
    const value = Number(comparison[3]);
    if (comparison[3] === '' || Number.isNaN(value)) return { term: null, problem: rest + ': a number is missing' };
    return { term: { kind: 'compare', not, name, sign: comparison[2], value }, problem: '' };
  }
  const named = /^(type|check):(.+)$/i.exec(rest);
  if (named) {
    const kind = /** @type {'type' | 'check'} */ (named[1].toLowerCase());
    return { term: { kind, not, name: named[2].toLowerCase(), sign: '', value: 0 }, problem: '' };
  }
  const like = /^like:(\d+)\.(\d+)$/i.exec(rest);
  if (like) return { term: { kind: 'like', not, name: like[1], sign: '', value: Number(like[2]) }, problem: '' };
  return {
    term: { kind: 'token', not, name: rest.replace(/^"|"$/g, '').toLowerCase(), sign: '', value: 0 },
    problem: '',
  };
}

/**
 * The heads that all terms find.
 * @param {Term[]} terms
 * @param {Facts} facts
 * @returns {number[]} in the order of the slots; those like one by how alike they are
 */
export function findHeads(terms, facts) {
  const tests = terms.filter((term) => term.kind !== 'top' && term.kind !== 'like');
  let found = facts.slots.filter((slot) => tests.every((term) => holds(term, slot, facts) !== term.not));
  for (const term of terms) {
    if (term.kind === 'top') found = extremes(found, term, facts);
    if (term.kind === 'like') found = alike(found, term, facts);
  }
  return found;
}

/**
 * @param {Term} term
 * @param {number} slot
 * @param {Facts} facts
 * @returns {boolean}
 */
function holds(term, slot, facts) {
  if (term.kind === 'type') return facts.types(slot).includes(term.name);
  if (term.kind === 'check') return facts.checks(slot).includes(term.name);
  if (term.kind === 'token') return facts.token(slot).toLowerCase().includes(term.name);
  const value = facts.value(term.name, slot);
  if (value === null) return false;
  switch (term.sign) {
    case '>':
      return value > term.value;
    case '<':
      return value < term.value;
    case '>=':
      return value >= term.value;
    case '<=':
      return value <= term.value;
    default:
      return Math.abs(value - term.value) <= 1e-9;
  }
}

/**
 * @param {number[]} found
 * @param {Term} term
 * @param {Facts} facts
 * @returns {number[]}
 */
function extremes(found, term, facts) {
  const value = (/** @type {number} */ slot) => /** @type {number} */ (facts.value(term.name, slot));
  const direction = term.sign === 'top' ? -1 : 1;
  const known = found.filter((slot) => facts.value(term.name, slot) !== null);
  const chosen = new Set(known.sort((a, b) => direction * (value(a) - value(b)) || a - b).slice(0, term.value));
  return found.filter((slot) => chosen.has(slot));
}

/**
 * @param {number[]} found
 * @param {Term} term
 * @param {Facts} facts
 * @returns {number[]}
 */
function alike(found, term, facts) {
  const likeness = facts.alike(Number(term.name), term.value);
  if (!likeness) return found;
  const sorted = found
    .map((slot) => ({ slot, cosine: likeness(slot) }))
    .sort((a, b) => b.cosine - a.cosine || a.slot - b.slot);
  return sorted.slice(0, alikeShown).map(({ slot }) => slot);
}

/**
 * Cosine of two small maps.
 * @param {Uint8Array} bytes
 * @param {number} a where the first begins
 * @param {number} b
 * @param {number} length
 * @param {number} nothing the byte of 0
 * @returns {number} 0 where one of them is empty
 */
export function cosine(bytes, a, b, length, nothing = 0) {
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < length; ++i) {
    product += (bytes[a + i] - nothing) * (bytes[b + i] - nothing);
    squaresA += (bytes[a + i] - nothing) ** 2;
    squaresB += (bytes[b + i] - nothing) ** 2;
  }
  return squaresA > 0 && squaresB > 0 ? product / Math.sqrt(squaresA * squaresB) : 0;
}

/** Searches among the heads of the page, once for each text. */
export class Finder {
  /** @param {(seq: number, source: import('./heads.js').SourceName) => Facts} facts */
  constructor(facts) {
    this.facts = facts;
    this.last = { key: '', found: /** @type {number[] | null} */ (null), problem: '' };
  }

  /**
   * @param {{find: string, seq: number, source: import('./heads.js').SourceName}} shown
   * @returns {{found: number[] | null, problem: string}} null: nothing is searched
   */
  find(shown) {
    const key = JSON.stringify([shown.find, shown.seq, shown.source]);
    if (key !== this.last.key) this.last = { key, ...this.search(shown) };
    return this.last;
  }

  /**
   * @param {{find: string, seq: number, source: import('./heads.js').SourceName}} shown
   * @returns {{found: number[] | null, problem: string}}
   */
  search(shown) {
    if (shown.find.trim() === '') return { found: null, problem: '' };
    const facts = this.facts(shown.seq, shown.source);
    const { terms, problem } = parseSearch(shown.find, facts.measures);
    if (problem) return { found: null, problem };
    const strange = terms.find((term) => term.kind === 'like' && !facts.isHead(Number(term.name), term.value));
    if (strange) return { found: null, problem: 'there is no layer ' + strange.name + ' head ' + strange.value };
    return { found: findHeads(terms, facts), problem: '' };
  }

  /** What is known of heads has changed. */
  forget() {
    this.last = { key: '', found: null, problem: '' };
  }
}
