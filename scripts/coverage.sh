#!/usr/bin/env bash
# Which lines of app and lib the tests run: a figure for each room. The lines that none runs are listed, file by
# file, in build/coverage/uncovered.txt.
# usage: coverage.sh [arguments for ctest]      e.g. coverage.sh -E 'every pair of mistakes'
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh gcovr
cmake -S . -B build/coverage -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DATTN_COVERAGE=ON \
  -DATTN_UNITY=ON -DATTN_UNITY_ROOMS=ON -DATTN_TESTS_BY_FILE=ON >/dev/null
cmake --build build/coverage
find build/coverage -name '*.gcda' -delete
# What it says of its files belongs to no test.
export GCOV_ERROR_FILE=$PWD/build/coverage/gcov_errors.txt
ctest --test-dir build/coverage --parallel "$(nproc)" --output-on-failure "$@" >build/coverage/tests.txt ||
  { tail -40 build/coverage/tests.txt >&2; echo "coverage.sh: tests fail; the figures are those of what ran" >&2; }

gcovr --root . --filter 'app/' --filter 'lib/' -j "$(nproc)" \
  --csv build/coverage/files.csv --txt build/coverage/uncovered.txt build/coverage
# The columns of the CSV are named in its first line.
awk -F, '
  NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
  {
    split($column["filename"], part, "/")
    room = part[1] == "lib" ? "lib/" part[2] : part[1]
    all[room] += $column["line_total"]; run[room] += $column["line_covered"]
    all["all"] += $column["line_total"]; run["all"] += $column["line_covered"]
  }
  END { for (room in all) printf "%-14s %6d lines %7.1f %%\n", room, all[room], 100 * run[room] / all[room] }
' build/coverage/files.csv | LC_ALL=C sort
echo "Lines that no test runs: build/coverage/uncovered.txt"
