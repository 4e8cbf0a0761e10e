#!/usr/bin/env bash
# Plants each kind of violation in a copy of the sources and looks whether scripts/check_structure.sh names it.
# usage: check_structure_test.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
check=$PWD/scripts/check_structure.sh
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
failed=0

# The sources as they are, without what was planted before.
fresh() {
  rm -rf "${copy:?}"/*
  find app lib tests -name '*.cpp' -o -name '*.hpp' | tar -cf - -T - | tar -xf - -C "$copy"
}

# What is wrong with the sources themselves is for .ci/run to say, not for this test.
said_of() { "$check" "$copy" 2>&1; }
fresh
before=$(said_of || true)
if [ -z "$before" ] && ! "$check" "$copy"; then echo "fails and says nothing"; failed=1; fi

# expect TEXT...: the check fails, and says these lines more than before, and no others.
expect() {
  local said status=0
  said=$(said_of) || status=$?
  said=$(grep -vxF "${before:-nothing}" <<<"$said" || true)
  local wanted
  wanted=$(printf '%s\n' "$@")
  if [ "$status" -ne 1 ] || [ "$said" != "$wanted" ]; then
    printf 'expected:\n%s\nfound (exit code %s):\n%s\n\n' "$wanted" "$status" "$said"
    failed=1
  fi
}

include() { sed -i "1i #include \"$2\"" "$copy/$1"; }

fresh
include lib/core/dtype.cpp io/npy.hpp
expect 'lib/core/dtype.cpp:1: arrows run down only: core must not include io ("io/npy.hpp")'

fresh
include lib/kernels/kernels.cpp attention/mask.hpp
expect 'lib/kernels/kernels.cpp:1: arrows run down only: kernels must not include attention ("attention/mask.hpp")'

# MPI is one room's business.
fresh
sed -i '1i #include <mpi.h>' "$copy/lib/io/npy.cpp"
expect 'lib/io/npy.cpp:1: only lib/cluster includes mpi.h'

# Rooms of one line do not know each other.
fresh
include lib/analysis/entropy_map.hpp render/axis.hpp
expect 'lib/analysis/entropy_map.hpp:1: arrows run down only: analysis must not include render ("render/axis.hpp")'

fresh
include lib/render/axis.cpp help.hpp
include lib/render/axis.cpp utils/strings.hpp
expect 'lib/render/axis.cpp:1: "utils/strings.hpp" is in no room of the list'

fresh
mkdir -p "$copy/lib/utils" "$copy/tests/utils"
echo '#include "core/span.hpp"' | tee "$copy/lib/utils/strings.cpp" >"$copy/tests/utils/strings_test.cpp"
expect 'lib/utils/strings.cpp:1: room utils is not in the list of rooms'

# Three headers, of which no two include each other.
fresh
mkdir -p "$copy/lib/source"
echo '#include "source/b.hpp"' >"$copy/lib/source/a.hpp"
printf '// b\n#include "source/c.hpp"\n' >"$copy/lib/source/b.hpp"
printf '// c\n\n#include "source/a.hpp"\n' >"$copy/lib/source/c.hpp"
expect 'lib/source/c.hpp:3: headers include each other in a circle: lib/source/a.hpp -> lib/source/b.hpp -> lib/source/c.hpp -> lib/source/a.hpp'

fresh
include app/catalogue.hpp help.hpp
expect "app/help.hpp:$(grep -n '"catalogue.hpp"' "$copy/app/help.hpp" | cut -d: -f1): headers include each other in a circle: app/catalogue.hpp -> app/help.hpp -> app/catalogue.hpp"

fresh
seq -f '// %g' 600 >"$copy/tests/core/dtype_test.cpp"
expect 'tests/core/dtype_test.cpp:501: a file has at most 500 lines'
seq -f '// %g' 500 >"$copy/tests/core/dtype_test.cpp"
if said_of | grep 'dtype_test'; then failed=1; fi

fresh
rm "$copy/tests/core/dtype_test.cpp"
expect 'lib/core/dtype.cpp:1: every source has a test of its own: tests/core/dtype_test.cpp is missing'

# The list of those without a test tells no lies.
fresh
touch "$copy/tests/kernels/avx2_test.cpp"
rm "$copy/lib/kernels/avx512.cpp"
expect 'lib/kernels/avx512.cpp:1: is listed as untested in scripts/check_structure.sh, but does not exist' \
  'lib/kernels/avx2.cpp:1: has a test; take it off the list in scripts/check_structure.sh'

exit "$failed"
