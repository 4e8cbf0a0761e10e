#!/usr/bin/env bash
# Formats the C++ sources with clang-format as .clang-format says.
# usage: format.sh [--check]      --check changes nothing, names what is not formatted, and ends with exit code 1
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  "") how=(-i) ;;
  --check) how=(--dry-run --Werror) ;;
  *) echo "format.sh: $1: expected --check or nothing" >&2; exit 2 ;;
esac
./scripts/setup.sh clang-format
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' |
  xargs -0 -n 16 -P "$(nproc)" clang-format "${how[@]}" || exit 1
