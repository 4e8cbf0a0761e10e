#!/usr/bin/env bash
# Configures and builds; the binary is build/<preset>/bin/attn-inspect.
# usage: [TARGET=attn-inspect] build.sh [release|debug|asan|tsan] [more arguments for the configure step]
#        TARGET: one or several to build (default: everything, tests and benches too)
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
cmake --preset "$preset" -DATTN_FIRST_LOOK=OFF "${@:2}" >/dev/null
# shellcheck disable=SC2086  # TARGET may be several
cmake --build "build/$preset" --target ${TARGET:-all}
