#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Builds of CPython that Debian has no packages of, made from the archive's source tarballs as targets of
# the tests. Kept next to the lab (scripts/lab.sh), outside the source tree; each takes one to two minutes
# on two cores, once.
#
#   scripts/flavours.sh path NAME   make it if needed, print the path of the interpreter
#   scripts/flavours.sh all         make them all
#   scripts/flavours.sh clean       remove the builds of other recipes
#
# NAME: VERSION-FLAVOUR, one of those in the list `names` below. The static-pie is another link of what was
# compiled for musl.
# Environment: TACHYON_LAB, the folder to keep it in (default /var/cache/tachyon-bpf).
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
# shellcheck source=scripts/mirror.sh
. "${self%/*}/mirror.sh"
lab=${TACHYON_LAB:-/var/cache/tachyon-bpf}
cache=$lab/flavours
args=("$@")

# --- the recipe: a change in these lines builds anew --------------------------------------------------
revision=2 # raise it when a step of build() below changes what comes out
names=(
  {3.13,3.14,3.15}-free-threaded {3.14,3.15}-tail-call 3.15-musl 3.15-static-pie
)
# Not optimized to the end: the compiler's time is what a build costs, and nobody measures speed here.
flags=(CFLAGS=-w OPT="-O1 -DNDEBUG" --without-ensurepip --disable-test-modules)
# Extension modules that programs under test may need, all linked into the interpreter.
modules=(
  _abc _asyncio _bisect _codecs _collections _contextvars _ctypes _datetime _functools _heapq
  _interpchannels _interpqueues _interpreters _io _json _locale _math_integer _multiprocessing _opcode
  _operator _pickle _posixshmem _posixsubprocess _queue _random _sha2 _signal _socket _sre _stat
  _statistics _struct _suggestions _symtable _sysconfig _thread _tracemalloc _types _typing _weakref
  array atexit binascii errno faulthandler fcntl itertools math mmap posix pwd resource select time
)
# musl-gcc does not know -static-pie: this is what gcc makes of it.
static_pie="-static -Wl,-pie,--no-dynamic-linker,-z,text -nostartfiles /usr/lib/*-musl/rcrt1.o"
# What a program under test never imports.
left_out=(ensurepip idlelib lib2to3 pydoc_data test tkinter turtledemo)
# -------------------------------------------------------------------------------------------------------

say() {
  printf 'flavours: %s\n' "$*" >&2
}

die() {
  say "error: $*"
  exit 1
}

# Options of configure, and variables, of a flavour.
options() {
  case $1 in
    free-threaded) printf '%s\n' --disable-gil ;;
    tail-call) printf '%s\n' --with-tail-call-interp CC=clang-19 ;;
    # What pkg-config finds is not for it, except that libffi does without a libc's secrets.
    musl)
      printf '%s\n' CC=musl-gcc PKG_CONFIG=false LIBFFI_CFLAGS=-Iffi \
        LIBFFI_LIBS="$(gcc -print-file-name=libffi.a)"
      ;;
  esac
}

# A mirror's pool does not keep every version that its index names, and the other way round: what may be
# there, newest first. What is in no index has no signed checksum: good enough for a test's target.
candidates() {
  local version=$1 micro
  for micro in {40..0}; do
    echo "$version.$micro"
  done
  for micro in 3 2 1; do
    echo "$version.0~rc$micro"
  done
}

# Make the file source-VERSION.tar.xz of the cache, the newest that the pool has.
fetch_source() {
  local version=$1 prefix pool full
  [ ! -e "$cache/source-$version.tar.xz" ] || return 0
  prefix=$(mirror "")
  [ -n "$prefix" ] || die "apt has no Debian mirror (apt-get indextargets)"
  pool=${prefix##* }
  pool=${pool%/}/pool/main/p/python$version
  while read -r full; do
    if /usr/lib/apt/apt-helper download-file "$pool/python${version}_$full.orig.tar.xz" \
      "$temp/source.tar.xz" >/dev/null 2>&1; then
      say "fetched the source of Python $full"
      mv "$temp/source.tar.xz" "$cache/source-$version.tar.xz" # whole, or not there
      return
    fi
  done < <(candidates "$version")
  die "the mirror has no source of Python $version"
}

# Modules of this source that are not to be built, as variables of configure.
without() {
  grep -o 'py_cv_module_[a-z0-9_]*' configure | sort -u |
    grep -vxF "$(printf 'py_cv_module_%s\n' "${modules[@]}")" | sed 's/$/=n\/a/'
}

# In the source folder: make the interpreter, and put it with its library into the folder $temp/out,
# which will be $3.
compile() {
  local version=$1 flavour=$2 prefix=$3 jobs settings
  jobs=$(nproc)
  mapfile -t settings < <(options "$flavour"; without)
  if [ "$flavour" = musl ]; then
    # It takes what gcc says for what musl-gcc says.
    sed -i 's/--print-multiarch/--not-asked-for/' configure
    mkdir ffi
    cp "/usr/include/$(gcc -print-multiarch)"/ffi*.h ffi
  fi
  ./configure --prefix="$prefix" MODULE_BUILDTYPE=static "${flags[@]}" "${settings[@]}"
  # Its archive of objects would only be copied.
  make -j"$jobs" python platform
  mkdir -p "$temp/out/bin" "$temp/out/lib"
  cp python "$temp/out/bin/python"
  if [ "$flavour" = musl ]; then
    make BUILDPYTHON=python-static LINKFORSHARED="$static_pie" python-static
    cp python-static "$temp/out/bin"
  fi
  [ "$flavour" != free-threaded ] || version+=t
  cp -r Lib "$temp/out/lib/python$version"
  cp "$(cat pybuilddir.txt)"/_sysconfigdata* "$temp/out/lib/python$version"
  mkdir "$temp/out/lib/python$version/lib-dynload"
  (cd "$temp/out/lib/python$version" && rm -rf "${left_out[@]}")
}

# It runs, with its library, and what is imported most is compiled.
verify() {
  local python
  for python in "$temp"/out/bin/*; do
    "$python" -c 'import array, asyncio, bisect, collections, contextlib, ctypes, fcntl, functools
import heapq, json, math, mmap, multiprocessing, pathlib, pickle, queue, random, re, select, shutil
import signal, socket, statistics, string, struct, subprocess, sys, tempfile, threading, types
import _interpreters
print("flavours:", sys.version, file=sys.stderr)' || die "${python##*/} does not run"
  done
}

# build NAME: as whoever may write to the cache.
build() {
  local name=$1 version=${1%%-*} flavour=${1#*-}
  fetch_source "$version"
  say "building $name (some two minutes, once)"
  mkdir "$temp/source"
  tar -xJf "$cache/source-$version.tar.xz" -C "$temp/source" --strip-components=1 --exclude='Lib/test/?*'
  # Not in a condition: there bash goes on after errors.
  (cd "$temp/source" && compile "$version" "$flavour" "$(folder "$name")") 9>&- >"$temp/log" 2>&1 &
  if ! wait $!; then
    tail -n 20 "$temp/log" >&2
    die "the build of $name failed"
  fi
  verify
  say "done"
}

# Where a build is kept.
folder() {
  local sum
  sum=$(sha256sum <<<"$revision ${flags[*]} ${modules[*]} ${left_out[*]} $(options "${1#*-}")")
  echo "$cache/$1-${sum:0:12}"
}

# Make a build if it is missing. Never in a condition: errors must end it.
ensure() {
  local target
  target=$(folder "$1")
  [ ! -e "$target" ] || return 0
  umask 022
  if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
    if [ "$(id -u)" -eq 0 ] || ! command -v sudo >/dev/null; then
      die "cannot write to $cache"
    fi
    exec sudo env "TACHYON_LAB=$lab" "$self" "${args[@]}"
  fi
  exec 9>"$cache/.lock-$1"
  flock 9
  [ ! -e "$target" ] || return 0
  # We hold the lock: what has this name is left from a run that was killed.
  temp=$cache/building-$1
  rm -rf "$temp"
  mkdir "$temp"
  trap 'rm -rf "$temp"' EXIT
  trap 'exit 1' INT TERM HUP
  build "$1"
  mv -T "$temp/out" "$target"
}

case ${1:-} in
  path)
    name=${2:-}
    [[ " ${names[*]} " = *" $name "* ]] || die "no flavour '$name': ${names[*]}"
    case $name in
      *-static-pie)
        name=${name%-static-pie}-musl
        ensure "$name"
        echo "$(folder "$name")/bin/python-static"
        ;;
      *)
        ensure "$name"
        echo "$(folder "$name")/bin/python"
        ;;
    esac
    ;;
  all)
    # Two at a time: configure, a third of the time, keeps one core busy.
    printf '%s\n' "${names[@]}" | grep -v static-pie | xargs -n 1 -P 2 "$self" path >/dev/null
    ;;
  clean)
    for old in "$cache"/3.*; do
      name=${old##*/}
      [ "$old" = "$(folder "${name%-*}")" ] || rm -rf "$old"
    done
    ;;
  *)
    die "usage: scripts/flavours.sh path NAME | all | clean"
    ;;
esac
