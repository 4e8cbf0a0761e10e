// The page is made by joining the modules in the order of the list: what that needs of them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { folder } from './sample_page.mjs';

const read = (name) => readFileSync(new URL(name, folder), 'utf8');
const modules = /set\(attn_page_modules\s+([^)]*)\)/.exec(read('modules.cmake'))[1].trim().split(/\s+/);

test('every module is in the list', () => {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => name.slice(0, -3));
  assert.deepEqual([...modules].sort(), files.sort());
});

test('imports are of one line, point upwards, and name what is exported', () => {
  const exported = new Map();
  for (const name of modules) {
    const text = read(name + '.js');
    for (const line of text.split('\n')) {
      if (!/^import\b/.test(line)) continue;
      const [, names, from] =
        /^import \{ ([\w, ]+) \} from '\.\/(\w+)\.js';$/.exec(line) || assert.fail(name + ': ' + line);
      for (const one of names.split(', '))
        assert.ok(exported.get(from)?.has(one), name + ' imports ' + one + ' from ' + from);
    }
    exported.set(
      name,
      new Set([...text.matchAll(/^export (?:async )?(?:function|class|const|let) (\w+)/gm)].map((match) => match[1])),
    );
    for (const line of text.match(/^export .*/gm) || [])
      assert.match(line, /^export (async )?(function|class|const|let) \w+/, name);
  }
});

test('names at the top are unique over all modules', () => {
  const home = new Map();
  for (const name of modules) {
    for (const [, top] of read(name + '.js').matchAll(
      /^(?:export )?(?:async )?(?:function|class|const|let|var) (\w+)/gm,
    )) {
      assert.ok(!home.has(top), top + ' is in ' + home.get(top) + ' and in ' + name);
      home.set(top, name);
    }
  }
});

test('all parts can stand in an HTML page as they are', () => {
  for (const name of [...modules.map((one) => one + '.js'), 'page.html', 'page.css']) {
    const text = read(name);
    assert.match(text, /^[\n\x20-\x7e]*$/, name + ' is ASCII with LF');
    for (const mark of ['</script', '<!--', ']]>'])
      assert.ok(!text.toLowerCase().includes(mark), name + ' has ' + mark);
  }
  assert.ok(!/\sstyle=|<script|<style|\son\w+=/i.test(read('page.html')));
});

test('no module makes markup of text', () => {
  for (const name of modules) {
    assert.doesNotMatch(
      read(name + '.js'),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|fetch\(|XMLHttpRequest/,
      name,
    );
  }
});

test('every element that a script asks for is in the page', () => {
  const ids = new Set([...read('page.html').matchAll(/\bid="([\w-]+)"/g)].map((match) => match[1]));
  for (const name of modules) {
    for (const [, id] of read(name + '.js').matchAll(/byId\('([\w-]+)'\)/g))
      assert.ok(ids.has(id) || id === 'meta', name + ' asks for ' + id);
  }
  for (const id of ids) assert.doesNotMatch(id, /^(meta|c\d+)$/);
});
