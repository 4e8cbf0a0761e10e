#!/usr/bin/env bash
# The modules of the page of `report` without a browser: their types, or their tests, or whether the script of a page has
# the very tokens of the modules. Exit code 77, skipped, where the program for it is missing.
# usage: page_modules_test.sh types|units|tokens BINARY
set -euo pipefail
cd "$(dirname "$0")/../.."
need() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed (Debian: $2)"; exit 77; }; }
case ${1:-} in
  types) need tsc node-typescript; exec tsc -p lib/render/report ;;
  units) need node nodejs; exec node --test tests/render/report/*_test.mjs ;;
  tokens)
    need node nodejs
    need tsc node-typescript
    "${2:?the binary}" report --weights data/induction/model.json -o - --quiet | exec node tests/render/report/page_tokens.mjs ;;
  *) echo "page_modules_test.sh: expected types, units or tokens BINARY" >&2; exit 2 ;;
esac
