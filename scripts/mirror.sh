# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# To be sourced. Where this machine gets its Debian packages from; no address is written down.

# Print the prefix of an apt source line, "deb [options] URI", of the mirror that serves the release of
# this machine, or that release with a suffix: mirror -security. Nothing, if apt has none.
mirror() {
  local codename uri entry file line key
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  read -r uri entry < <(
    apt-get indextargets --format "\$(REPO_URI) \$(SOURCESENTRY)" \
      'Created-By: Packages' 'Component: main' "Release: $codename${1:-}"
  ) || true
  [ -n "${uri:-}" ] || return 0
  file=${entry%:*}
  line=${entry##*:}
  # A key named in the source entry is not among apt's general ones: hand it on. The entry is one
  # line in a .list, and a paragraph that starts at that line in a .sources file.
  key=$(awk -v start="$line" '
    NR < start { next }
    FILENAME ~ /\.sources$/ && /^[[:space:]]*$/ { exit }
    FILENAME ~ /\.sources$/ && tolower($1) == "signed-by:" { print $2; exit }
    FILENAME ~ /\.list$/ && match($0, /signed-by=[^] ]+/) {
      print substr($0, RSTART + 10, RLENGTH - 10)
    }
    FILENAME ~ /\.list$/ { exit }' "$file")
  case $key in
    /*) printf 'deb [signed-by=%s] %s\n' "$key" "$uri" ;;
    *) printf 'deb %s\n' "$uri" ;;
  esac
}
