#!/usr/bin/env bash
# The modules of the page of `report` without a browser: their types, or their tests. Exit code 77, skipped, where the
# program for it is missing.
# usage: page_modules_test.sh types|units
set -euo pipefail
cd "$(dirname "$0")/../.."
need() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed (Debian: $2)"; exit 77; }; }
case ${1:-} in
  types) need tsc node-typescript; exec tsc -p lib/render/report ;;
  units) need node nodejs; exec node --test tests/render/report/*_test.mjs ;;
  *) echo "page_modules_test.sh: expected types or units" >&2; exit 2 ;;
esac
