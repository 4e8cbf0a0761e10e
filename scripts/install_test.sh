#!/usr/bin/env bash
# Installs the program into an empty root, once by CMake and once from the Debian package, and uses it there.
# usage: install_test.sh
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/package.sh
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cmake --install build/release --prefix "$root/cmake/usr" --strip >/dev/null
dpkg-deb -x build/attn-inspect_*.deb "$root/deb"
for usr in "$root/cmake/usr" "$root/deb/usr"; do
  "$usr/bin/attn-inspect" run -w data/induction/model.json -o "$root/out" --save weights --quiet
  "$usr/bin/attn-inspect" check "$root/out" --quiet
  rm -r "$root/out"
  for command in "" $("$usr/bin/attn-inspect" help | sed -n 's/^  \([a-z]\+\) .*/-\1/p'); do
    test -s "$usr/share/man/man1/attn-inspect$command.1"
  done
  test -s "$usr/share/bash-completion/completions/attn-inspect"
  test -s "$usr/share/zsh/site-functions/_attn-inspect"
  test -s "$usr/share/fish/vendor_completions.d/attn-inspect.fish"
  test -s "$usr/share/doc/attn-inspect/LICENSE"
  test ! -e "$usr/include"
done
for library in libopenblas0 libdeflate0 libzip4; do
  dpkg-deb -f build/attn-inspect_*.deb Depends | grep -q "$library"
done
echo "installs, and works where it was installed"
