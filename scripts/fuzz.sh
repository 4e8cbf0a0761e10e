#!/usr/bin/env bash
# Fuzzes the readers of files and the command line with libFuzzer under the address and undefined-behaviour sanitizers. What
# breaks one is kept in tests/fuzz/seeds/<target>, where the tests replay it from then on.
# usage: fuzz.sh [seconds for each target] [target …]      default: 600, all targets; needs clang
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(npy npz safetensors json config family_config argv)

./scripts/setup.sh clang libclang-rt-dev
cmake -S . -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS=-O1 -DATTN_FUZZ=ON >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/attn-fuzz-}"

failed=()
for target in "${targets[@]}"; do
  # Whole paths: the target of the command line works in a folder of its own.
  corpus=$PWD/build/fuzz/corpus/$target
  mkdir -p "$corpus"
  echo "== $target: $seconds s"
  "build/fuzz/bin/attn-fuzz-$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
    -print_final_stats=1 -verbosity=0 -print_funcs=0 -close_fd_mask=3 -artifact_prefix="$PWD/tests/fuzz/seeds/$target/" \
    "$corpus" "$PWD/tests/fuzz/seeds/$target" || failed+=("$target")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "Found something: ${failed[*]}; see tests/fuzz/seeds" >&2
  exit 1
fi
