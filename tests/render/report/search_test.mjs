import assert from 'node:assert/strict';
import test from 'node:test';
import { cosine, findHeads, Finder, parseSearch } from '../../../lib/render/report/search.js';

const measures = ['induction', 'entropy', 'sink', 'layer', 'head'];
const heads = [
  { layer: 0, head: 0, induction: 0.1, entropy: 2, sink: 0.6, types: ['sink'], token: '<bos>' },
  { layer: 0, head: 1, induction: 0.9, entropy: 1, sink: 0.7, types: ['previous', 'sink'], token: 'apple pie' },
  { layer: 6, head: 0, induction: 0.5, entropy: 3, sink: null, types: [], token: 'apple' },
];
const facts = {
  slots: [0, 1, 2],
  measures,
  value: (name, slot) => heads[slot][name],
  types: (slot) => heads[slot].types,
  checks: (slot) => (slot === 2 ? ['causal_leak', 'failed'] : []),
  token: (slot) => heads[slot].token,
  isHead: (layer, head) => heads.some((one) => one.layer === layer && one.head === head),
  alike: () => (slot) => [0.1, 0.2, 0.9][slot],
};
const find = (text) => findHeads(parseSearch(text, measures).terms, facts);

test('all terms must hold', () => {
  assert.deepEqual(find('induction>0.4 layer<6'), [1]);
  assert.deepEqual(find('induction>=0.5'), [1, 2]);
  assert.deepEqual(find('layer=6'), [2]);
});

test('a measure without a value fulfils no comparison', () => {
  assert.deepEqual(find('sink<1'), [0, 1]);
});

test('types and checks are found by name, and shut out with a minus', () => {
  assert.deepEqual(find('type:sink'), [0, 1]);
  assert.deepEqual(find('sink>0.5 -type:previous'), [0]);
  assert.deepEqual(find('check:causal_leak'), [2]);
  assert.deepEqual(find('check:failed'), [2]);
});

test('top and bottom keep the extremes of what the others found', () => {
  assert.deepEqual(find('top 2 entropy'), [0, 2]);
  assert.deepEqual(find('bottom 1 entropy'), [1]);
  assert.deepEqual(find('layer=0 top 1 entropy'), [0]);
});

test('a word finds heads by the token they look at most', () => {
  assert.deepEqual(find('apple'), [1, 2]);
  assert.deepEqual(find('"apple pie"'), [1]);
  assert.deepEqual(find('<bos>'), [0]);
});

test('heads like one are sorted by likeness', () => {
  assert.deepEqual(find('like:6.0'), [2, 1, 0]);
});

test('what cannot be understood is said', () => {
  assert.equal(parseSearch('indduction>0.4', measures).problem, 'indduction is no measure');
  assert.equal(parseSearch('top 5 nothing', measures).problem, 'nothing is no measure');
  assert.equal(parseSearch('entropy>', measures).problem, 'entropy>: a number is missing');
  assert.equal(parseSearch('entropy>x', measures).problem, 'entropy>x: a number is missing');
  assert.equal(parseSearch('"', measures).problem, '');
});

test('a finder says how many, once for each text', () => {
  let asked = 0;
  const finder = new Finder(() => {
    ++asked;
    return facts;
  });
  const shown = { find: 'apple', seq: 0, source: 'a' };
  assert.deepEqual(finder.find(shown).found, [1, 2]);
  finder.find(shown);
  assert.equal(asked, 1);
  assert.equal(finder.find({ ...shown, find: ' ' }).found, null);
});

test('the cosine of maps', () => {
  const bytes = Uint8Array.of(1, 2, 2, 4, 0, 0, 2, 255);
  assert.ok(Math.abs(cosine(bytes, 0, 2, 2) - 1) < 1e-12);
  assert.equal(cosine(bytes, 0, 4, 2), 0);
});

test('the cosine of differences turns about their zero', () => {
  const bytes = Uint8Array.of(128, 255, 128, 1, 255, 128);
  assert.ok(Math.abs(cosine(bytes, 0, 2, 2, 128) + 1) < 1e-12);
  assert.equal(cosine(bytes, 0, 4, 2, 128), 0);
});

test('a head that is not there is like none', () => {
  const finder = new Finder(() => facts);
  assert.deepEqual(finder.find({ find: 'like:6.0', seq: 0, source: 'a' }).found, [2, 1, 0]);
  const answer = finder.find({ find: 'like:6.1', seq: 0, source: 'a' });
  assert.equal(answer.found, null);
  assert.equal(answer.problem, 'there is no layer 6 head 1');
});
