#!/usr/bin/env bash
# Runs clang-tidy as .clang-tidy says, on all cores. A whole run takes minutes, so that it is no part of .ci/run.
# usage: tidy.sh [--all | --since COMMIT | FILE…]
#        default: the files of app and lib that differ from the last commit, and those that include a header that does
#        --since COMMIT: the same, from COMMIT on (main); --all: all of app and lib
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh clang-tidy

all() { git ls-files --cached --others --exclude-standard 'app/*.cpp' 'lib/*.cpp'; }

changed() {
  local file
  { git diff --name-only --diff-filter=d "$1" -- app lib
    git ls-files --others --exclude-standard app lib; } | while read -r file; do
    case $file in
      *.cpp) echo "$file" ;;
      lib/*.hpp) all | xargs grep -lF "#include \"${file#lib/}\"" || true ;;
      app/*.hpp) all | xargs grep -lF "#include \"${file#app/}\"" || true ;;
    esac
  done | sort -u
}

case ${1:-} in
  --all) files=$(all) ;;
  --since) files=$(changed "${2:?tidy.sh: --since: a commit is missing}") ;;
  -*) echo "tidy.sh: $1: expected --all, --since COMMIT or files" >&2; exit 2 ;;
  "") files=$(changed HEAD) ;;
  *) files=$(printf '%s\n' "$@") ;;
esac
[ -n "$files" ] || exit 0

# Only configured, never built: clang-tidy reads the flags, and precompiled headers of GCC mean nothing to it.
cmake -S . -B build/tidy -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
  -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
# Each header once, however many files include it; without the count of what is left out.
xargs -P "$(nproc)" -n 1 clang-tidy -p build/tidy --quiet <<<"$files" 2>&1 |
  awk '/(warnings?|errors?) generated\.$|^Suppressed |^Use -header-filter|treated as errors?$/ { next }
       /^[^ ]+:[0-9]+:[0-9]+: (error|warning):/ { known = seen[$0]++; failed = 1 }
       !known && NF
       END { exit failed }'
