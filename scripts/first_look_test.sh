#!/usr/bin/env bash
# Builds what demo.sh builds, of the objects that are there, and uses it; then all commands again.
# usage: first_look_test.sh
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
TARGET=attn-inspect ./scripts/build.sh release -DATTN_FIRST_LOOK=ON >/dev/null
./scripts/demo.sh "$root/out"
program=build/release/bin/attn-inspect
test -s "$root/out/layers.png"
test -s "$root/out/layer01/head03.png"
$program "$root/out" >/dev/null
$program heatmap "$root/out" -o "$root/pictures" --quiet
$program stats "$root/out" >/dev/null
$program check "$root/out" >/dev/null
$program info "$root/out" >/dev/null
# What it lacks is named, wherever somebody asks for it.
for words in "compare a b" "help compare" "report $root/out -o page.html"; do
  code=0
  # shellcheck disable=SC2086  # several words
  $program $words >"$root/stdout" 2>"$root/stderr" || code=$?
  test $code -eq 2
  test ! -s "$root/stdout"
  grep -q "is not in this program, .* ./scripts/build.sh builds all commands" "$root/stderr"
done
$program help | tr -s "\n " " " | grep -q "without compare, diagnose, grad, monitor, approx, rollout, report"
TARGET=attn-inspect ./scripts/build.sh release >/dev/null
$program help compare >/dev/null
echo "the first look builds, draws and names what it lacks"
