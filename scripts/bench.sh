#!/usr/bin/env bash
# Measures attn-inspect against numpy and matplotlib on the same machine in the same run, and prints ratios.
# usage: bench.sh [--quick]      installs python3-numpy and python3-matplotlib where they are missing
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh python3-numpy python3-matplotlib
./scripts/build.sh release >/dev/null
exec /usr/bin/python3 scripts/bench.py build/release/bin/attn-inspect "$@"
