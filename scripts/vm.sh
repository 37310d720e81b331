#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The program and the tests of its BPF code on another kernel, in a virtual machine.
#
#   scripts/vm.sh build ARCH             cross-build what is to run in it, into build/ARCH
#   scripts/vm.sh run KERNEL ARCH OUT    boot; OUT/results is what tests/vm/init.sh left there, OUT/console
#                                        what the machine said
#
# KERNEL: 6.1, 6.12 or 7.2. ARCH: x86_64 or arm64, built before: in build/ if it is this machine's own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

limit=${VM_LIMIT:-300} # seconds; on a quiet machine a run takes less than one minute

die() {
  printf 'vm: error: %s\n' "$*" >&2
  exit 1
}

# is_native ARCH
is_native() {
  [ "$(uname -m | sed s/aarch64/arm64/)" = "$1" ]
}

# triplet ARCH: its name in compilers and in paths of libraries
triplet() {
  echo "${1/arm64/aarch64}-linux-gnu"
}

# build ARCH
build() {
  local sysroot triplet
  ! is_native "$1" || die "$1 is this machine's own: make vm-programs"
  triplet=$(triplet "$1")
  sysroot=$(scripts/vm-fetch.sh sysroot "$1")
  export PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_LIBDIR=$sysroot/usr/lib/$triplet/pkgconfig
  make --no-print-directory "-j$(nproc)" "B=build/$1" "BPF_ARCH=$1" \
    "CC=$triplet-gcc --sysroot=$sysroot" vm-programs
}

# Copy what programs link and the guest does not have yet.
# add_libraries FROM PROGRAM...
add_libraries() {
  local from=$1 name
  shift
  for name in $(readelf -d "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u); do
    if [ ! -e "$root/$libs/$name" ] && [ ! -e "$guest/$libs/$name" ]; then
      cp -L "$from/$libs/$name" "$guest/$libs/"
      add_libraries "$from" "$guest/$libs/$name"
    fi
  done
}

# What the guest has besides Python.
# make_guest ARCH
make_guest() {
  local from='' build=build bpftool
  bpftool=$(PATH=$PATH:/usr/sbin:/sbin command -v bpftool) || die "no bpftool: make setup"
  if ! is_native "$1"; then
    build=build/$1
    from=$(scripts/vm-fetch.sh sysroot "$1")
    bpftool=$from/usr/sbin/bpftool
  fi
  rm -rf "$guest"
  mkdir -p "$guest/tach/bpf" "$guest/$libs"
  cp tests/vm/init.sh "$guest/init"
  cp tests/targets/{chains,shares,waits,exceptions,receive}.py "$guest/tach"
  cp "$build"/{tachyon-bpf,tests/tools/programs} "$bpftool" "$guest/tach"
  for object in walk switches; do
    cp "$build/tests/bpf/$object.bpf.linked.o" "$guest/tach/$object.bpf.o"
  done
  find "$build/tests/bpf" -name 'test_*' -perm /111 -exec cp -t "$guest/tach/bpf" {} +
  add_libraries "$from" "$guest"/tach/{tachyon-bpf,programs,bpftool} "$guest"/tach/bpf/*
}

# archive FOLDER: as the kernel unpacks it at boot; of two with the same file the later one wins
archive() {
  (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0)
}

# boot KERNEL ARCH
boot() {
  local kernel machine command
  kernel=$(scripts/vm-fetch.sh kernel "$1" "$2")
  # Time is counted in instructions, 8 ns each: whatever else this machine does, a second of the guest
  # holds as many of them, and no tick is late. QEMU 7.2 loses interrupts between CPUs that way, so there
  # is but one. Without icount it is thread=single that matters: with a thread for each CPU it runs stale
  # code after the kernel has patched its own, as it does when a BPF program is attached.
  machine=(-accel 'tcg,thread=single' -icount shift=3 -smp 1 -m 1G -nodefaults -display none
    -no-reboot -serial stdio -kernel "$kernel/vmlinuz" -initrd "$out/initramfs"
    -drive "file=$out/disk,if=none,id=results,format=raw,cache=unsafe"
    -device 'nvme,drive=results,serial=results')
  # A huge page is made by taking the small ones away for a moment; a tick then finds no frames. The
  # kernel's tests of its ciphers take seconds of a CPU this slow.
  command='panic=-1 oops=panic mitigations=off quiet transparent_hugepage=never cryptomgr.notests rdinit=/init'
  case $2 in
    x86_64) machine=(qemu-system-x86_64 -cpu max "${machine[@]}" -append "console=ttyS0 $command") ;;
    arm64)
      machine=(qemu-system-aarch64 -M virt -cpu cortex-a72 "${machine[@]}"
        -append "console=ttyAMA0 $command")
      ;;
  esac
  rm -rf "$out/results"
  mkdir "$out/results"
  rm -f "$out/disk"
  truncate -s 64M "$out/disk"
  nice timeout --foreground --kill-after=5 "$limit" "${machine[@]}" </dev/null >"$out/console" 2>&1 ||
    echo "vm: ended by exit code $?" >>"$out/console"
  tar -x -C "$out/results" -f "$out/disk" 2>/dev/null || true
  if ! grep -q '^vm: .* done' "$out/console"; then
    tail -n 40 "$out/console" >&2
    die "kernel $1 ($2) did not come to the end; all it said is in $out/console"
  fi
}

# run KERNEL ARCH OUT
run() {
  out=$3
  guest=$out/guest
  root=$(scripts/vm-fetch.sh root "$2")
  libs=usr/lib/$(triplet "$2")
  mkdir -p "$out"
  make_guest "$2"
  { archive "$root" && archive "$guest"; } >"$out/initramfs"
  boot "$1" "$2"
  rm -rf "$guest" "$out/initramfs" "$out/disk"
}

case $#:${1:-} in
  2:build) build "$2" ;;
  4:run) run "$2" "$3" "$4" ;;
  *) die "usage: scripts/vm.sh build ARCH | run KERNEL ARCH OUT" ;;
esac
