#!/usr/bin/env bash
# Measures attn-inspect against numpy, PyTorch and matplotlib on the same machine in the same run, and prints
# ratios. Installs the peers (Debian packages) where they are missing.
# usage: bench.sh [--quick] [--profile]      smaller work and fewer rounds: does everything still run?
#        --profile: under each row of run, where its time goes (run --timing)
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh python3-numpy python3-torch python3-matplotlib libbenchmark-dev
# Where the system has it: one peer more.
./scripts/setup.sh libdnnl-dev || true
./scripts/build.sh release -DATTN_BUILD_TESTS=ON >/dev/null
/usr/bin/python3 scripts/bench.py build/release/bin "$@"
echo
echo "Kernels on one core:"
build/release/bin/attn-bench-kernels --benchmark_min_time=0.2 2>/dev/null
