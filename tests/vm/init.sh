#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=dash
#
# The first and only program of the virtual machine: runs everything there is to run and writes what came
# out to the disk, as a tar archive. scripts/vm.sh makes the machine; the judges (tests/vm/test_kernels.py)
# sit outside.
#
# Of step NAME there is NAME.code, its exit code, NAME.out and NAME.err.

/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mkdir -p /dev /proc /sys /tmp /var/tmp /results
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
ifconfig lo up
exec </dev/null >/dev/console 2>&1
cd /tach || exit

# step NAME COMMAND...
step() {
  local name=$1
  shift
  echo "vm: $(cut -d ' ' -f 1 /proc/uptime) s: $name"
  "$@" >"/results/$name.out" 2>"/results/$name.err"
  echo $? >"/results/$name.code"
}

# profile_chains VERSION: attach to a program whose possible stacks are known
profile_chains() {
  local target out=/results/ready.$1
  "python$1" chains.py 600 >"$out" &
  target=$!
  until grep -q ready "$out"; do
    kill -0 $target || return
    sleep 0.1
  done
  step "chains-$1" ./tachyon-bpf attach $target --mode cpu --verbose --sampling-rate 1khz --duration 3 \
    --collapsed -o "/results/chains-$1.txt"
  kill $target
}

step uname uname -srvm
step programs ./programs
step btf cat /sys/kernel/btf/vmlinux
profile_chains 3.13
profile_chains 3.15
step source python3.15 chains.py --source
# A program that knows its shares of the CPU.
step shares ./tachyon-bpf run --mode cpu --verbose --sampling-rate 1khz --collapsed -o /results/shares.txt \
  --python /usr/bin/python3.15 shares.py 6 /results/truth.json
# And one that knows where it waits.
step waits ./tachyon-bpf run --mode wall --verbose --sampling-rate 1khz --collapsed -o /results/waits.txt \
  --python /usr/bin/python3.15 waits.py 6 /results/waits.json
# And one that knows when it has an exception.
step exceptions ./tachyon-bpf run --mode exception --verbose --sampling-rate 1khz --collapsed \
  -o /results/exceptions.txt --python /usr/bin/python3.15 exceptions.py 3 /results/exceptions.json
# And one that knows for whom it waits.
step sockets ./tachyon-bpf run --mode wall --verbose --sampling-rate 1khz --gecko -o /results/sockets.json \
  --python /usr/bin/python3.15 receive.py 20 /results/peers.json

# A machine this slow runs each test on one layout, and does not read all kernel types for each.
step types ./bpftool gen min_core_btf /sys/kernel/btf/vmlinux /tmp/types.btf walk.bpf.o switches.bpf.o
export RIG_BTF=/tmp/types.btf RIG_TESTS='*/315' CMOCKA_MESSAGE_OUTPUT=tap
for test in bpf/*; do
  step "${test##*/}" "$test"
done
step dmesg dmesg

tar -c -f /dev/nvme0n1 -C /results .
sync
echo "vm: $(cut -d ' ' -f 1 /proc/uptime) s: done"
poweroff -f
