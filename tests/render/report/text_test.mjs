import assert from 'node:assert/strict';
import test from 'node:test';
import {
  boundText,
  briefly,
  csvField,
  csvText,
  elide,
  escapeXml,
  numberText,
  visible,
} from '../../../lib/render/report/text.js';

test('a token that steers is written as its number', () => {
  assert.equal(visible('a\u202eb'), 'a\\u202eb');
  assert.equal(visible('\u0000\u001b[31m'), '\\u0000\\u001b[31m');
  assert.equal(visible('\u2028\u2029\u2066\ufeff\u200f'), '\\u2028\\u2029\\u2066\\ufeff\\u200f');
  assert.equal(visible('\ud83d\ude00'), '\ud83d\ude00');
  assert.equal(visible('\ud83d'), '\\ud83d');
});

test('marks of spaces are dots, and line ends can be seen', () => {
  assert.equal(visible('\u0120the'), '\u00b7the');
  assert.equal(visible('\u2581the'), '\u00b7the');
  assert.equal(visible(' the'), '\u00b7the');
  assert.equal(visible('\u010a'), '\\n');
});

test('markup in a token stays the text it is', () => {
  assert.equal(visible('</script><img src=x>'), '</script><img\u00b7src=x>');
});

test('a tooltip is never longer than 200 signs', () => {
  assert.equal(Array.from(briefly('x'.repeat(300))).length, 200);
  assert.equal(briefly('abc'), 'abc');
});

test('a label is cut at its end', () => {
  const measure = (text) => 10 * Array.from(text).length;
  assert.equal(elide('abcdef', 40, measure), 'abc\u2026');
  assert.equal(elide('abcd', 40, measure), 'abcd');
  assert.equal(elide('abcd', 5, measure), '');
  assert.equal(elide('\ud83d\ude00\ud83d\ude00\ud83d\ude00', 20, measure), '\ud83d\ude00\u2026');
});

test('numbers are short and never wrong by more than their digits', () => {
  assert.equal(numberText(0.000122, 3), '0.000122');
  assert.equal(numberText(0.1, 6), '0.1');
  assert.equal(numberText(1e-9, 3), '1e-9');
  assert.equal(numberText(0), '0');
  assert.equal(numberText(null), '\u2013');
  assert.equal(numberText(Infinity), 'inf');
  assert.equal(numberText(-Infinity), '-inf');
});

test('bounds are rounded outwards', () => {
  for (const value of [0.0031234, 0.9999, 1, 1e-7, 0.1, 123.456, -0.0456789]) {
    assert.ok(Number(boundText(value, false)) <= value * (value > 0 ? 1 + 1e-9 : 1 - 1e-9), value + ' down');
    assert.ok(Number(boundText(value, true)) >= value * (value > 0 ? 1 - 1e-9 : 1 + 1e-9), value + ' up');
  }
  assert.equal(boundText(0.0031234, false), '0.00312');
  assert.equal(boundText(0.0031234, true), '0.00313');
  assert.equal(boundText(0, true), '0');
});

test('text in SVG files cannot end its element', () => {
  assert.equal(escapeXml('<a & "b\'>'), '&lt;a &amp; &quot;b&#39;&gt;');
  assert.equal(escapeXml('\u0000\ufffe'.slice(0, 1)), '\\u0000');
});

test('CSV fields are quoted, and never a formula', () => {
  assert.equal(csvField('a,b'), '"a,b"');
  assert.equal(csvField('say "x"'), '"say ""x"""');
  assert.equal(csvField('=1+1'), "'=1+1");
  assert.equal(csvField(-0.5), '-0.5');
  assert.equal(csvField(null), '');
  assert.equal(
    csvText([
      ['a', 1],
      [null, 'b'],
    ]),
    'a,1\n,b\n',
  );
});
