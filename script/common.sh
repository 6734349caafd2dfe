# Sourced by the scripts beside it: where we are, progress lines, root.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '==> %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The comment block under the shebang is the script's --help.
print_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$root/script/$(basename "$0")"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs root to run '$1': run as root, or install sudo"
  fi
}
