#!/usr/bin/env bash
# Builds the program (not its tests) with the commands of a first look, unless all are built already; computes the
# attention of the sample in data/, and says where the pictures are.
# usage: demo.sh [FOLDER]     default: out
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out}
./scripts/setup.sh
first_look=ON
if grep -qs '^ATTN_FIRST_LOOK:BOOL=OFF' build/release/CMakeCache.txt; then first_look=OFF; fi
TARGET=attn-inspect ./scripts/build.sh release -DATTN_BUILD_TESTS=OFF -DATTN_FIRST_LOOK=$first_look
build/release/bin/attn-inspect run -x data/induction/embeddings.npy -w data/induction/weights \
  --causal --tokens data/induction/tokens.json -o "$out"
echo
echo "Every layer and head on one picture:  $out/layers.png"
echo "The induction head by itself:         $out/layer01/head03.png"
echo "What the heads do:                    build/release/bin/attn-inspect $out"
if [ $first_look = ON ]; then
  echo "So far: $(build/release/bin/attn-inspect help | sed -n 's/^  \([a-z]\+\)  .*/\1/p' | paste -sd ' '). All commands: ./scripts/build.sh"
fi
