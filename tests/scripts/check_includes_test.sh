#!/usr/bin/env bash
# Takes away what two sources include, in a copy of them, and looks whether scripts/check_includes.py names them.
# usage: check_includes_test.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r CMakeLists.txt LICENSE README.md CHANGELOG.md app lib scripts "$copy"
cd "$copy"

# A neighbour's include would do in a build of whole rooms; and that one reads <optional> before every file.
sed -i '/core\/error.hpp/d' lib/core/index_list.cpp
echo 'static const std::optional<int> planted;' >>lib/core/dtype.cpp

status=0
said=$(./scripts/check_includes.py lib/core/index_list.cpp lib/core/shape.cpp 2>&1) || status=$?
for wanted in "lib/core/index_list.cpp" "lib/core/dtype.cpp: uses std::optional and does not include <optional>" \
  "2 sources by themselves, 2 complaints"; do
  if [ "$status" -ne 1 ] || ! grep -qF "$wanted" <<<"$said"; then
    printf 'expected exit code 1 and: %s\nfound (exit code %s):\n%s\n\n' "$wanted" "$status" "$said"
    exit 1
  fi
done
