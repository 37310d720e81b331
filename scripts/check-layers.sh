#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Data flows in one direction: read -> symbolize -> aggregate -> write; target, load, launch and cli
# stand beside the line. This checks every #include "..." against the table of who may know whom.
# A room always knows itself, user/util and the headers shared with the BPF side.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# room | patterns of headers it may include besides (separated by blanks)
table='
util      |
read      |
symbolize | read/read.h
aggregate | symbolize/symbolize.h symbolize/frametab.h
write     | aggregate/profile.h aggregate/by_thread.h aggregate/tape.h symbolize/frametab.h *.page.h
replay    | aggregate/profile.h aggregate/tape.h symbolize/frametab.h
target    |
load      | tachyon*.skel.h
peek      | bpf/*.bpf.h
launch    |
stop      | target/procinfo.h
cli       |
page      |
'

fails=0
complain() {
  echo "$*" >&2
  fails=$((fails + 1))
}

includes_of() {
  sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1"
}

# allowed HEADER PATTERN...
allowed() {
  local header=$1 pattern
  shift
  for pattern in "$@"; do
    # shellcheck disable=SC2053 # the right side is a pattern
    [[ $header != $pattern ]] || return 0
  done
  return 1
}

rooms=$(cd user && printf '%s\n' */)
for room in ${rooms//\//}; do
  row=$(sed -n "s/^$room *|//p" <<<"$table")
  if ! grep -q "^$room *|" <<<"$table"; then
    complain "user/$room: not in the table of scripts/check-layers.sh"
    continue
  fi
  shared='bpf/tach_*.h'
  [ "$room" != util ] || shared=
  for file in user/"$room"/*.[ch]; do
    [ -e "$file" ] || continue # a room of other languages
    for header in $(includes_of "$file"); do
      # shellcheck disable=SC2086 # the row is a list
      allowed "$header" "$room/*.h" 'util/*.h' $shared $row ||
        complain "$file: may not include \"$header\""
    done
  done
done

# The kernel side knows itself and the kernel's types; what both sides share includes nothing else.
for file in bpf/*.[ch]; do
  for header in $(includes_of "$file"); do
    case $file in
      bpf/tach_*) allowed "$header" 'bpf/tach_*.h' 'tach_*.h' ;;
      *) allowed "$header" 'bpf/*.h' '*.bpf.h' 'tach_*.h' vmlinux.h ;;
    esac || complain "$file: may not include \"$header\""
  done
done

if [ "$fails" -gt 0 ]; then
  echo "check-layers: $fails includes against the table in scripts/check-layers.sh" >&2
  exit 1
fi
