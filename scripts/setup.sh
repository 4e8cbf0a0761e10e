#!/usr/bin/env bash
# Installs what the build needs and is missing: with apt on Debian and Ubuntu; names the Homebrew packages
# elsewhere. Says nothing when all is there.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config
  libcli11-dev libxtensor-dev libxtensor-blas-dev libxsimd-dev libopenblas-dev
  nlohmann-json3-dev libstb-dev libtbb-dev libdeflate-dev libxxhash-dev libzip-dev nettle-dev libhpdf-dev
  libharfbuzz-dev libfribidi-dev liblemon-dev
  catch2 fonts-dejavu-core
  "$@"
)

if ! command -v dpkg-query >/dev/null; then
  echo "This system has no apt. With Homebrew: brew install cmake ninja pkg-config cli11 xtensor xtensor-blas xsimd openblas nlohmann-json tbb libdeflate xxhash libzip nettle libharu harfbuzz fribidi lemon-graph catch2@2 font-dejavu; and the stb headers." >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
