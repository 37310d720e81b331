#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Install the Debian packages that are missing. Quick and without effect when none is.
#
#   scripts/setup.sh               install what is missing
#   scripts/setup.sh vm            also what virtual machines need (make vm)
#   scripts/setup.sh vm-arm64      also what those of the other architecture need
#   scripts/setup.sh --check-docs  compare the lists below with docs/dependencies.md
#
# Debian 12. As a user without root apt-get, and only that, goes through sudo.
set -euo pipefail

# Why each of them: docs/dependencies.md.
packages=(
  # build
  bpftool clang-19 gcc libbpf-dev libcap-dev libelf-dev libzstd-dev linux-libc-dev nodejs pkg-config
  uthash-dev zlib1g-dev
  # the lab, tests, checks
  bash-completion chromium clang-format-19 clang-tidy-19 fish golang-go libclang-rt-19-dev
  libcmocka-dev libffi-dev mmdebstrap mount musl-tools pyprof2calltree python3
  python3-pyflakes python3-pytest python3-pytest-rerunfailures runc shellcheck xz-utils zsh
)
# Part of other vendors' nodejs, which Debian's cannot be installed beside.
npm_packages=(npm)
vm_packages=(cpio qemu-system-x86)
vm_arm64_packages=(gcc-aarch64-linux-gnu qemu-system-arm)

say() {
  printf 'setup: %s\n' "$*" >&2
}

check_docs() {
  local doc
  doc=$(dirname "${BASH_SOURCE[0]}")/../docs/dependencies.md
  # shellcheck disable=SC2016 # the quotes are Markdown's
  diff <(printf '%s\n' "${packages[@]}" "${npm_packages[@]}" "${vm_packages[@]}" \
    "${vm_arm64_packages[@]}" | sort) \
    <(sed -n 's/^| `\([a-z0-9.+-]*\)` |.*/\1/p' "$doc" | sort) || {
    say "error: the package lists of scripts/setup.sh (<) and docs/dependencies.md (>) differ"
    return 1
  }
}

missing() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "${packages[@]}" | sort) <(sort <<<"$installed")
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

case ${1:-} in
  '') ;;
  vm) packages+=("${vm_packages[@]}") ;;
  vm-arm64) packages+=("${vm_packages[@]}" "${vm_arm64_packages[@]}") ;;
  --check-docs)
    check_docs
    exit
    ;;
  *)
    say "usage: scripts/setup.sh [vm | vm-arm64 | --check-docs]"
    exit 2
    ;;
esac

command -v npm >/dev/null || packages+=("${npm_packages[@]}")
mapfile -t wanted < <(missing)
[ ${#wanted[@]} -gt 0 ] || exit 0

say "installing ${wanted[*]}"
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
  say "error: packages are missing, and installing them needs root or sudo"
  exit 1
fi
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
# One broken source among several (another vendor's, say) must not keep Debian's packages away.
as_root "${apt[@]}" update </dev/null >&2 || say "warning: apt-get update had errors; going on"
as_root "${apt[@]}" install -y --no-install-recommends "${wanted[@]}" </dev/null >&2

mapfile -t wanted < <(missing)
if [ ${#wanted[@]} -gt 0 ]; then
  say "error: still missing: ${wanted[*]}"
  exit 1
fi
