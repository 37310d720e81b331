#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What virtual machines are made of: Debian packages of other releases and architectures, unpacked, not
# installed. They come from this machine's own mirror and are kept outside the source tree, next to the
# lab (scripts/lab.sh); each step prints a path and is quick if it is there already.
#
#   scripts/vm-fetch.sh kernel SERIES ARCH   a folder with vmlinuz and the file "version"
#   scripts/vm-fetch.sh root ARCH            a root file system: busybox, python3.13 and python3.15
#   scripts/vm-fetch.sh sysroot ARCH         libraries to link against, those of bookworm; its bpftool
#   scripts/vm-fetch.sh clean                remove everything that was fetched
#
# SERIES: 6.1, 6.12 or 7.2. ARCH: x86_64 or arm64.
# Environment: TACHYON_LAB, the folder to keep it in (default /var/cache/tachyon-bpf).
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
# shellcheck source=scripts/mirror.sh
. "${self%/*}/mirror.sh"
lab=${TACHYON_LAB:-/var/cache/tachyon-bpf}
cache=$lab/vm
args=("$@")

# --- the recipe: a change in these lines fetches anew -----------------------------------------------
revision=2 # raise it when a step of root() or sysroot() changes what comes out
# As in the lab, what both suites have comes from the first.
python_suites=(testing unstable)
python_packages=(busybox-static)
for version in 3.13 3.15; do
  python_packages+=("python$version-minimal" "libpython$version-stdlib")
done
# Libraries and headers of the release that the project is built on.
build_suites=(bookworm)
build_packages=(
  bpftool libbpf-dev libc6-dev libcap-dev libcmocka-dev libelf-dev libzstd-dev linux-libc-dev
  uthash-dev zlib1g-dev
)
# -----------------------------------------------------------------------------------------------

say() {
  printf 'vm: %s\n' "$*" >&2
}

die() {
  say "error: $*"
  exit 1
}

# Debian's name of an architecture.
debian_arch() {
  case $1 in
    x86_64) echo amd64 ;;
    arm64) echo arm64 ;;
    *) die "architecture '$1': x86_64 or arm64" ;;
  esac
}

kernel_suites() {
  case $1 in
    6.1) echo bookworm bookworm-security ;;
    6.12) echo trixie trixie-security ;;
    7.2) echo forky sid ;;
    *) die "kernel '$1': 6.1, 6.12 or 7.2" ;;
  esac
}

# Source lines of suites, for one architecture.
sources() {
  local arch=$1 suite prefix
  shift
  for suite; do
    case $suite in
      *-security) prefix=$(mirror -security) ;;
      *) prefix=$(mirror) ;;
    esac
    [ -n "$prefix" ] || continue
    case $prefix in
      'deb ['*) prefix="deb [arch=$arch ${prefix#deb [}" ;;
      *) prefix="deb [arch=$arch] ${prefix#deb }" ;;
    esac
    printf '%s %s main\n' "$prefix" "$suite"
  done
}

# Make $temp an apt of its own, which knows nothing of this machine but its settings and keys.
# apt_start ARCH SUITE...
apt_start() {
  local arch=$1
  mkdir -p "$temp/state/lists/partial" "$temp/archives/partial"
  : >"$temp/state/status"
  sources "$@" >"$temp/sources.list"
  [ -s "$temp/sources.list" ] || die "apt has no Debian mirror (apt-get indextargets)"
  apt=(
    -qq
    -o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
    -o "APT::Default-Release=$2"
    -o APT::Sandbox::User=root
    -o APT::Install-Recommends=false
    # Mirrors that serve a frozen state have expired Release files; their signatures still count.
    -o Acquire::Check-Valid-Until=false
    -o Acquire::Languages=none
    -o "Dir::State=$temp/state" -o "Dir::State::status=$temp/state/status"
    -o "Dir::Cache=$temp" -o "Dir::Cache::archives=$temp/archives"
    -o "Dir::Etc::SourceList=$temp/sources.list" -o Dir::Etc::SourceParts=/dev/null
  )
  apt-get "${apt[@]}" update >&2
}

# Fetch packages with all they depend on.
apt_fetch() {
  apt-get "${apt[@]}" install -y --download-only "$@" >&2
}

# Unpack all fetched packages into a folder in which /bin, /lib and /sbin are in /usr.
unpack() {
  local deb
  mkdir -p "$1"/usr/{bin,lib,lib64,sbin}
  ln -s usr/bin usr/lib usr/lib64 usr/sbin "$1"
  for deb in "$temp"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$1"
  done
}

# Take the newest kernel of the series that the suites have. Since 7.2 linux-image-* is empty and
# linux-binary-* holds the kernel. The flavour for clouds is a third of the size.
kernel() {
  local series=$1 arch=$2 suites package file
  read -ra suites < <(kernel_suites "$series")
  apt_start "$arch" "${suites[@]}"
  package=$(apt-cache "${apt[@]}" search --names-only \
    "^linux-(binary|image)-${series/./\\.}\.[0-9]+[^-]*(-[0-9]+)?-cloud-$arch\$" |
    cut -d' ' -f1 | sort -t- -k3V -k2,2 | awk -F- '
      { version = $0; sub(/^linux-[a-z]*-/, "", version) }
      version != last { last = version; found = $0 }
      END { print found }')
  [ -n "$package" ] || die "no kernel $series for $arch in ${suites[*]}"
  say "fetching $package"
  (cd "$temp/archives" && apt-get "${apt[@]}" download "$package" >&2)
  unpack "$temp/root"
  file=$(find "$temp/root/boot" "$temp/root/usr/lib/modules" -name 'vmlinuz*' 2>/dev/null) || true
  [ -f "$file" ] || die "no kernel in $package: '$file'"
  mkdir "$temp/out"
  cp "$file" "$temp/out/vmlinuz"
  echo "$package" >"$temp/out/version"
}

# Everything a guest needs but our own programs.
root() {
  apt_start "$1" "${python_suites[@]}"
  say "fetching ${python_packages[*]} for $1"
  apt_fetch "${python_packages[@]}"
  unpack "$temp/out"
  # The whole root lies in the guest's memory.
  rm -rf "$temp/out"/usr/share "$temp/out"/usr/lib/*/gconv "$temp/out"/usr/lib/locale \
    "$temp/out"/usr/lib/python3*/{ensurepip,idlelib,lib2to3,pydoc_data,tkinter,turtledemo}
}

sysroot() {
  apt_start "$1" "${build_suites[@]}"
  say "fetching ${build_packages[*]} for $1"
  apt_fetch "${build_packages[@]}"
  unpack "$temp/out"
  rm -rf "$temp/out/usr/share"
}

# ensure NAME STEP ARGUMENT...: the folder NAME of the cache, made by the step if it is missing.
ensure() {
  local name=$1
  shift
  if [ ! -e "$cache/$name" ]; then
    umask 022
    if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
      if [ "$(id -u)" -eq 0 ] || ! command -v sudo >/dev/null; then
        die "cannot write to $cache"
      fi
      exec sudo env "TACHYON_LAB=$lab" "$self" "${args[@]}"
    fi
    exec 9>"$cache/.lock"
    flock 9
    if [ ! -e "$cache/$name" ]; then
      # We hold the lock: what has such a name is left from a run that was killed.
      rm -rf "$cache"/fetching.*
      temp=$(mktemp -d "$cache/fetching.XXXXXX")
      trap 'rm -rf "$temp"' EXIT
      trap 'exit 1' INT TERM HUP
      "$@"
      mv -T "$temp/out" "$cache/$name"
    fi
  fi
  echo "$cache/$name"
}

# recipe WORD...: a short sum of them
recipe() {
  sha256sum <<<"$revision $*" | cut -c 1-12
}

case ${1:-} in
  kernel)
    arch=$(debian_arch "${3:?ARCH}")
    ensure "kernel-${2:?SERIES}-$3" kernel "$2" "$arch"
    ;;
  root)
    arch=$(debian_arch "${2:?ARCH}")
    ensure "root-$2-$(recipe "${python_suites[@]}" "${python_packages[@]}")" root "$arch"
    ;;
  sysroot)
    arch=$(debian_arch "${2:?ARCH}")
    ensure "sysroot-$2-$(recipe "${build_suites[@]}" "${build_packages[@]}")" sysroot "$arch"
    ;;
  clean)
    rm -rf --one-file-system "$cache"
    ;;
  *)
    die "usage: scripts/vm-fetch.sh kernel SERIES ARCH | root ARCH | sysroot ARCH | clean"
    ;;
esac
