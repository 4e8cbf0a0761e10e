#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests.
# usage: test.sh [release|debug|asan|tsan] [more arguments for the configure step]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
./scripts/setup.sh
./scripts/build.sh "$preset" -DATTN_BUILD_TESTS=ON "${@:2}"
ctest --preset "$preset" --parallel "$(nproc)"
