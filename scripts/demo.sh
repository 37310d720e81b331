#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Profile scripts/demo.py: with the machine's own Python if tachyon-bpf supports it, else with one of the
# lab. Prints the table, leaves collapsed stacks in build/demo.collapsed.txt. Called by `make demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tachyon=build/tachyon-bpf
collapsed=build/demo.collapsed.txt
seconds=5

say() {
  if [ -t 1 ]; then
    printf '\n\033[1m%s\033[0m\n' "$*"
  else
    printf '\n%s\n' "$*"
  fi
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# The python3 of this user, if it is one to profile.
own_python() {
  python3 -c '
import sys, sysconfig
ok = (3, 13) <= sys.version_info[:2] <= (3, 15) and sys.implementation.name == "cpython"
print(sys.executable) if ok and not sysconfig.get_config_var("Py_GIL_DISABLED") else sys.exit(1)
' 2>/dev/null
}

profile_own() {
  local options=(--mode cpu -a --python "$1")
  say "\$ sudo $tachyon run --mode cpu -a scripts/demo.py $seconds"
  as_root "$tachyon" run "${options[@]}" scripts/demo.py "$seconds"
  say "\$ sudo $tachyon run --mode cpu -a --collapsed -o $collapsed scripts/demo.py $seconds"
  as_root "$tachyon" run "${options[@]}" --collapsed -o "$collapsed" scripts/demo.py "$seconds"
}

profile_lab() {
  local lab program pid
  lab=$(scripts/lab.sh)
  program=$(mktemp -d "$lab/tmp/demo.XXXXXX")
  # shellcheck disable=SC2064 # the value of now
  trap "rm -rf '$program'" EXIT
  chmod 755 "$program"
  cp scripts/demo.py "$program/demo.py"

  as_root true # ask for a password now, not in the background
  say "\$ python3.15 demo.py &      # in the lab: this machine's own Python is older than 3.13"
  # As the user who called, even where only root may change the root directory. It lives as long as the
  # two profiles and their start-up take.
  exec 3< <(as_root chroot --userspec="$(id -u):$(id -g)" "$lab" \
    /usr/bin/python3.15 "${program#"$lab"}/demo.py" "$((2 * seconds + 2))")
  read -r pid <&3
  case $pid in
    '' | *[!0-9]*)
      echo "demo: the program did not start: $pid" >&2
      cat <&3 >&2
      exit 1
      ;;
  esac

  say "\$ sudo $tachyon attach $pid --mode cpu -a -d $seconds"
  as_root "$tachyon" attach "$pid" --mode cpu -a -d "$seconds"
  say "\$ sudo $tachyon attach $pid --mode cpu -a -d $seconds --collapsed -o $collapsed"
  as_root "$tachyon" attach "$pid" --mode cpu -a -d "$seconds" --collapsed -o "$collapsed"
  say "What the program says itself:"
  cat <&3
}

if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
  echo "demo: loading BPF programs needs root or sudo" >&2
  exit 1
fi
if python=$(own_python); then
  profile_own "$python"
else
  profile_lab
fi

[ -s "$collapsed" ] || { echo "demo: $collapsed is empty" >&2; exit 1; }
say "The stacks of $collapsed that were seen most often:"
awk '{ print $NF, $0 }' "$collapsed" | sort -rn | sed -n '1,3p' |
  sed -E 's/^([0-9]+) (.*) [0-9]+$/  \1 x \2/' | cut -c 1-160

say "What to try next"
cat <<END
  sudo $tachyon attach PID --mode cpu            any running Python 3.13, 3.14 or 3.15
  sudo $tachyon run --mode cpu -m MODULE args    a program from its first bytecode
  sudo $tachyon attach PID --mode cpu --sort cumtime -l 30
  $tachyon --help
  $collapsed is input for flamegraph.pl, speedscope and other viewers of collapsed stacks.
END
