#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Checks of the tree that no compiler makes: licence lines, file sizes, paths in comments and documents
# that point nowhere, and things that must not be in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Tracked files and new ones; without git (a source archive) everything but build/.
mapfile -t files < <(
  git ls-files --cached --others --exclude-standard 2>/dev/null ||
    find . -path ./build -prune -o -type f -printf '%P\n'
)
mapfile -t files < <(for file in "${files[@]}"; do [ ! -f "$file" ] || echo "$file"; done | sort)
mapfile -t code < <(printf '%s\n' "${files[@]}" | grep -E '(\.([ch]|py|sh|mk|mjs|css)|^Makefile|^\.ci/run)$')
mapfile -t texts < <(printf '%s\n' "${files[@]}" | grep -vE '^(LICENSE|scripts/check-tree\.sh)$')

fails=0
complain() {
  echo "$*" >&2
  fails=$((fails + 1))
}

for file in "${code[@]}"; do
  head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only' ||
    complain "$file: no SPDX line at its start"
  lines=$(wc -l <"$file")
  [ "$lines" -le 400 ] || complain "$file: $lines lines; a file has at most 400"
done

# forbid WHAT REGEX FILE...
forbid() {
  local what=$1 regex=$2 hit
  shift 2
  while IFS= read -r hit; do
    complain "$what: $hit"
  done < <(grep -nEI -- "$regex" "$@" /dev/null)
}
forbid 'path of one machine' '(^|[^A-Za-z0-9_.])/(home|root|work|Users)/[A-Za-z0-9]' "${texts[@]}"
forbid 'address of a package registry' \
  '(deb|security|snapshot|ftp[.a-z]*)\.debian\.org|pypi\.org|pythonhosted|npmjs\.|golang\.org|crates\.io|nodesource|apt\.llvm' \
  "${texts[@]}"
forbid 'unfinished' '\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b' "${code[@]}"

# Paths of this repository, as comments and documents name them: not behind "<" or "/" (system
# headers, other projects), without placeholders. The tests of this script name what they make.
mapfile -t naming < <(printf '%s\n' "${texts[@]}" | grep -v '^tests/scripts/')
while IFS=: read -r file line path; do
  [ -e "$path" ] || complain "$file:$line: names $path, which is not there"
done < <(grep -noPI \
  '(?<![\w/<.*-])(bpf|user|vmlinux|scripts|tests|docs)/[a-z0-9_./-]*\.(c|h|py|sh|md|mjs|1)\b(?![*<])' "${naming[@]}")

if [ "$fails" -gt 0 ]; then
  echo "check-tree: $fails complaints" >&2
  exit 1
fi
