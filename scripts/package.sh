#!/usr/bin/env bash
# Makes a Debian package of the program, its manual pages and completions: build/attn-inspect_VERSION_ARCH.deb
# usage: package.sh
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh dpkg-dev
TARGET="attn-inspect manual" ./scripts/build.sh release -DATTN_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr
(cd build/release && cpack -B .. >/dev/null)
rm -rf build/_CPack_Packages
ls build/attn-inspect_*.deb
