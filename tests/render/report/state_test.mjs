import assert from 'node:assert/strict';
import test from 'node:test';
import { linkedState, startState, State, stateLink } from '../../../lib/render/report/state.js';
import { meta } from './sample_page.mjs';

test('a link says layers and heads by the numbers that people see', () => {
  const shown = { ...startState(meta()), layer: 2, head: 3, query: 4, key: 1, scale: 'log' };
  assert.equal(stateLink(shown, meta()), '#layer=5&head=3&query=4&key=1&scale=log');
});

test('a state comes back from its link', () => {
  const shown = {
    ...startState(meta()),
    layer: 1,
    head: 'mean',
    query: 4,
    key: 1,
    pin: 3,
    side: 'key',
    scale: 'linear',
    map: 'gray',
    dropFirst: true,
    shared: true,
    low: 0.25,
    high: 0.5,
    zoom: { top: 0, bottom: 3, left: 1.5, right: 4.5 },
    color: 'entropy',
    find: 'induction>0.4 "a b" &#=%',
    sort: '-entropy',
    tab: 'table',
    side_tab: 'text',
    threshold: 0.1,
    extra: '0/1,2/3',
  };
  assert.deepEqual(linkedState(stateLink(shown, meta()), meta()), shown);
});

test('what a link says wrongly is as at the start', () => {
  const start = startState(meta());
  const wrong =
    '#layer=x&head=&query=1.5&key=1e3&scale=cube&map=red&low=no&zoom=1,2,3&zoom=0,0,0,0&source=b&nothing=1&__proto__=2&heads=<b>&%&=';
  assert.deepEqual(linkedState(wrong, meta()), start);
  assert.deepEqual(linkedState('', meta()), start);
  assert.deepEqual(linkedState('#tab=%E0%A4%A', meta()).tab, '');
});

test('numbers beyond the end are the last', () => {
  const shown = linkedState('#layer=99&head=99&query=99&key=99&threshold=7', meta());
  assert.deepEqual([shown.layer, shown.head, shown.query, shown.key, shown.threshold], [2, 3, 5, 5, 1]);
  const below = linkedState('#layer=-4&query=-1&threshold=-2', meta());
  assert.deepEqual([below.layer, below.query, below.threshold], [0, 0, 0]);
});

test('rollout is a head only where the page has it', () => {
  assert.equal(linkedState('#head=rollout', meta()).head, 0);
  assert.equal(linkedState('#head=rollout', meta({ rollout: { layers: [0] } })).head, 'rollout');
});

test('views are told once a frame, and only what changed', () => {
  const frames = [];
  const later = [];
  const state = new State(
    startState(meta()),
    (draw) => frames.push(draw),
    (draw) => later.push(draw),
  );
  const told = [];
  const toldLater = [];
  state.listen((changed) => told.push([...changed].sort()));
  state.listenLater((changed) => toldLater.push([...changed].sort()));
  state.set({ layer: 1 });
  state.set({ layer: 2, head: 0, query: 3 });
  assert.equal(frames.length, 1);
  frames[0]();
  assert.deepEqual(told, [['layer', 'query']]);
  assert.deepEqual(toldLater, []);
  later[0]();
  assert.deepEqual(toldLater, told);
  state.set({ query: 3 });
  assert.equal(frames.length, 1);
});
