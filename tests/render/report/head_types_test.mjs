import assert from 'node:assert/strict';
import test from 'node:test';
import { HeadTypes, typeRules } from '../../../lib/render/report/head_types.js';

const types = (measures) => new HeadTypes((name) => measures[name] ?? null);
const names = (measures) =>
  types(measures)
    .of(0)
    .map((rule) => rule.name);

test('a head has every type whose threshold it reaches, the strongest first', () => {
  assert.deepEqual(names({ previous: 0.6, sink: 0.9 }), ['sink', 'previous']);
  assert.deepEqual(names({ previous: 0.49 }), []);
  assert.deepEqual(names({ previous: 0.5 }), ['previous']);
});

test('local holds only where nothing else does', () => {
  assert.deepEqual(names({ distance: 3 }), ['local']);
  assert.deepEqual(names({ distance: 3, diagonal: 0.8 }), ['self']);
  assert.deepEqual(names({ distance: 4.1 }), []);
});

test('measures that are missing make no type', () => {
  assert.deepEqual(names({}), []);
  assert.deepEqual(names({ entropy_normalised: NaN }), []);
});

test('thresholds can be moved', () => {
  const moved = types({ induction: 0.3 });
  moved.move('induction', 0.25);
  assert.deepEqual(
    moved.of(0).map((rule) => rule.name),
    ['induction'],
  );
});

test('every type has a letter of its own', () => {
  assert.equal(new Set(typeRules.map((rule) => rule.letter)).size, typeRules.length);
});
