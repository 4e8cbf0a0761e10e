#!/usr/bin/env bash
# Builds the program (not its tests), computes the attention of the sample in data/, and says where the pictures are.
# usage: demo.sh [FOLDER]     default: out
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out}
./scripts/setup.sh
TARGET=attn-inspect ./scripts/build.sh release -DATTN_BUILD_TESTS=OFF
build/release/bin/attn-inspect run -x data/induction/embeddings.npy -w data/induction/weights \
  --causal --tokens data/induction/tokens.json -o "$out"
echo
echo "Every layer and head on one picture:  $out/layers.png"
echo "The induction head by itself:         $out/layer01/head03.png"
