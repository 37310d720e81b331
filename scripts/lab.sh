#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The lab: one root file system with Debian's python3.13, python3.14 and python3.15, for tests and for
# the demo on machines whose own Python is older. It lies outside the source tree and is made again
# when it is missing or when the recipe below changed.
#
#   scripts/lab.sh [path]    make it if needed, print its path
#   scripts/lab.sh run CMD   run CMD in it as root, with /proc, /sys and /dev, in a private mount
#                            namespace; pid namespace and network are the machine's own
#   scripts/lab.sh clean     remove the labs of other recipes
#
# Environment: TACHYON_LAB, the folder to keep it in (default /var/cache/tachyon-bpf).
# As a user without root the privileged steps go through sudo.
set -euo pipefail

cache=${TACHYON_LAB:-/var/cache/tachyon-bpf}
self=$(readlink -f "${BASH_SOURCE[0]}")
# shellcheck source=scripts/mirror.sh
. "${self%/*}/mirror.sh"

# --- the recipe: a change in these lines makes a new lab ---------------------------------------
revision=1 # raise it when a step of build() below changes what comes out
pythons=(3.13 3.14 3.15)
# python3.13 is in testing, 3.14 and 3.15 are on their way from unstable to testing. What is in both
# comes from testing. No versions are pinned: the tests ask each interpreter what it is.
suites=(testing unstable)
# uwsgi embeds Debian's own Python, one of these; greenlet is for those that it supports.
packages=(procps python3-greenlet uwsgi uwsgi-plugin-python3)
for version in "${pythons[@]}"; do
  # libpythonX-stdlib is the whole standard library; 3.15's holds profiling.sampling, the
  # reference profiler. libpythonX is the interpreter as a library, for programs that embed it, and
  # libpythonX-dbg its debug build.
  packages+=("python$version" "libpython$version-stdlib" "libpython$version" "libpython$version-dbg")
done
options=(
  --variant=essential
  --aptopt='APT::Default-Release "testing"'
  # Mirrors that serve a frozen state have expired Release files; their signatures still count.
  --aptopt='Acquire::Check-Valid-Until "false"'
  --dpkgopt='path-exclude=/usr/share/doc/*'
  --dpkgopt='path-exclude=/usr/share/man/*'
  --dpkgopt='path-exclude=/usr/share/info/*'
  --dpkgopt='path-exclude=/usr/share/locale/*'
  --dpkgopt='path-exclude=/usr/lib/debug/*'
  --dpkgopt='path-exclude=/usr/lib/python3*/config-*.a'
)
# -----------------------------------------------------------------------------------------------

recipe="$revision ${pythons[*]} ${suites[*]} ${packages[*]} ${options[*]}"
sum=$(sha256sum <<<"$recipe")
lab=$cache/lab/${sum:0:12}

say() {
  printf 'lab: %s\n' "$*" >&2
}

die() {
  say "error: $*"
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this step needs root: run it as root or install sudo"
  fi
}

# Every interpreter must start in the lab and have what the tests use.
verify() {
  local root=$1 version
  for version in "${pythons[@]}"; do
    chroot "$root" "/usr/bin/python$version" -c 'import json, re, sqlite3, sys, threading
print("lab:", sys.version.split()[0], file=sys.stderr)' || die "python$version does not run"
  done
  chroot "$root" /usr/bin/python3.15 -c 'import profiling.sampling' ||
    die "python3.15 has no profiling.sampling"
}

# As root: make the lab, unless another run did so while we waited for the lock.
build() {
  local deb suite lines=() extra=() proxy
  command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: run 'make setup'"
  umask 022
  mkdir -p "$cache/lab"
  exec 9>"$cache/lab/.lock"
  flock 9
  [ ! -e "$lab" ] || return 0

  # We hold the lock: what has such a name is left from a run that was killed.
  rm -rf --one-file-system "$cache"/lab/building.*
  temp=$(mktemp -d "$cache/lab/building.XXXXXX")
  trap 'rm -rf --one-file-system "$temp"' EXIT
  trap 'exit 1' INT TERM HUP

  deb=$(mirror "")
  [ -n "$deb" ] || die "apt has no mirror of this Debian release (apt-get indextargets)"
  for suite in "${suites[@]}"; do
    lines+=("$deb $suite main")
  done
  proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
  [ -z "$proxy" ] || extra+=(--aptopt="Acquire::http::Proxy \"$proxy\"")

  say "making $lab (about a minute, once)"
  if ! mmdebstrap --mode=root "${options[@]}" ${extra[0]+"${extra[@]}"} \
    --include="$(IFS=,; echo "${packages[*]}")" \
    "${suites[0]}" "$temp/root" "${lines[@]}" 9>&- >"$temp/log" 2>&1; then
    tail -n 20 "$temp/log" >&2
    die "mmdebstrap failed"
  fi
  verify "$temp/root"
  mkdir -p "$temp/root$lab"
  mv -T "$temp/root" "$lab"
  ln -sfn "${lab##*/}" "$cache/lab/current"
  say "done"
}

ensure() {
  if [ ! -e "$lab" ]; then
    if [ "$(id -u)" -eq 0 ]; then
      (build)
    else
      as_root env TACHYON_LAB="$cache" "$self" path >/dev/null
    fi
  fi
}

case ${1:-path} in
  path)
    ensure
    echo "$lab"
    ;;
  run)
    shift
    [ $# -gt 0 ] || die "run: which command?"
    ensure
    # A process started by a plain chroot has its files on the mount outside: /proc shows them in here
    # with their path outside, and the reference profiler opens that path. So the path exists inside too.
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_root unshare --mount --propagation private sh -euc '
      mount --bind "$0" "$0$0"
      for dir in proc sys dev; do
        mount --rbind "/$dir" "$0/$dir"
      done
      exec chroot "$0" "$@"' "$lab" "$@"
    ;;
  clean)
    for old in "$cache"/lab/????????????; do
      [ "$old" = "$lab" ] || [ ! -d "$old" ] || as_root rm -rf --one-file-system "$old"
    done
    ;;
  *)
    die "usage: scripts/lab.sh [path | run COMMAND... | clean]"
    ;;
esac
