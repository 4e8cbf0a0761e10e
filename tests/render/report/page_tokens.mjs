// Whether the script of the page on standard input has the syntax tree of the modules, as TypeScript reads both: what is
// dropped to make it shorter means nothing.
import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { folder } from './sample_page.mjs';

const compiler = realpathSync(execFileSync('sh', ['-c', 'command -v tsc'], { encoding: 'utf8' }).trim());
const typescript = createRequire(import.meta.url)(dirname(dirname(compiler)) + '/lib/typescript.js');
const read = (name) => readFileSync(new URL(name, folder), 'utf8');

/** Kinds of all nodes, and the texts of those that have no parts. */
function tree(code) {
  const file = typescript.createSourceFile('page.js', code, typescript.ScriptTarget.Latest, true);
  const { FirstJSDocNode, LastJSDocNode } = typescript.SyntaxKind;
  const found = [];
  const look = (node) => {
    if (node.kind >= FirstJSDocNode && node.kind <= LastJSDocNode) return;
    const parts = node.getChildren(file);
    found.push(node.kind);
    if (parts.length === 0) found.push(node.getText(file));
    parts.forEach(look);
  };
  look(file);
  assert.equal(file.parseDiagnostics.length, 0, file.parseDiagnostics[0]?.messageText);
  return found;
}

const [, list] = /set\(attn_page_modules\s+([^)]*)\)/.exec(read('modules.cmake'));
const lines = list
  .trim()
  .split(/\s+/)
  .flatMap((name) => read(name + '.js').split('\n'))
  .filter((line) => !line.startsWith('import '))
  .map((line) => line.replace(/^export /, ''));
const written = tree("(function () {\n'use strict';\n" + lines.join('\n') + '\n})();\n');
const page = tree(/<script>(\(function[^]*?)<\/script>/.exec(readFileSync(0, 'utf8'))[1]);
const other = written.findIndex((part, at) => part !== page[at]);
assert.equal(other, -1, 'from here the page has something else: ' + written.slice(Math.max(0, other - 40), other + 10).join(' '));
assert.equal(page.length, written.length);
assert.ok(page.length > 100_000);
