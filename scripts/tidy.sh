#!/usr/bin/env bash
# Runs clang-tidy as .clang-tidy says, on all cores.
# usage: tidy.sh [--all | --since COMMIT | FILE…]
#        default: the files of app and lib that differ from the last commit, and those that include a header that does
#        --since COMMIT: the same, from COMMIT on (main)
#        --all: all of app and lib, whole rooms as one: the headers, which take most of the time, are read once a room
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

# configure NAME [FLAG…]: only configured, never built; clang-tidy reads the flags. Precompiled headers of GCC mean
# nothing to it.
configure() {
  cmake -S . -B "build/$1" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON "${@:2}" >/dev/null
}

build=tidy
checks=""
case ${1:-} in
  --all)
    build=tidy-rooms
    # A room as one is a file that includes sources.
    checks=-bugprone-suspicious-include ;;
  --since) files=$(changed "${2:?tidy.sh: --since: a commit is missing}") ;;
  -*) echo "tidy.sh: $1: expected --all, --since COMMIT or files" >&2; exit 2 ;;
  "") files=$(changed HEAD) ;;
  *) files=$(printf '%s\n' "$@") ;;
esac
if [ $build = tidy-rooms ]; then
  configure $build -DATTN_UNITY=ON -DATTN_UNITY_ROOMS=ON -DATTN_BUILD_TESTS=OFF
  # The largest first, so that no core waits for another at the end.
  files=$(sed -n 's/^ *"file": "\(.*\.c[px][px]\)".*/\1/p' build/$build/compile_commands.json |
    awk '{ print /Unity/ ? 0 : 1, $0 }' | sort -s -k 1,1 | cut -d ' ' -f 2)
else
  [ -n "$files" ] || exit 0
  configure $build
fi

# Each complaint once, however many files include its header; without the count of what is left out.
xargs -P "$(nproc)" -n 1 clang-tidy -p "build/$build" --quiet --checks="$checks" <<<"$files" 2>&1 |
  awk '/(warnings?|errors?) generated\.$|^Suppressed |^Use -header-filter|treated as errors?$/ { next }
       /^[^ ]+:[0-9]+:[0-9]+: (error|warning):/ { known = seen[$0]++; failed = 1 }
       !known && NF
       END { exit failed }'
