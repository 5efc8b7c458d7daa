#!/usr/bin/env bash
# Peak memory of a long run against a short one: memory must not grow with the number of pages.
# Result: a table, and build/bench/memory.json; exit 1 when a bound is broken.
#
#   bench/memory.sh [--small 100] [--large 400] [--item 25] [--jobs 2] [--within 0.10] [--limit-mib 763] [--distinct 24] [--keep]
#
# --item       pages an item        --distinct   different pages; the rest are copies told apart by a trailing mark
# --within     the large run's peak may be larger by this share        --limit-mib   of all processes together
# A short form for tests: --small 8 --large 32 --item 4 --distinct 4 --within 0.25
# RECTO_BINARY=PATH  another binary than build/release/recto
set -euo pipefail
script_name=memory
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

distinct=24
pass=()
while [ $# -gt 0 ]; do
  case $1 in
    --distinct) distinct=$2; shift 2 ;;
    --small | --large | --item | --jobs | --within | --limit-mib) pass+=("$1" "$2"); shift 2 ;;
    --keep) pass+=("$1"); shift ;;
    *) help_or_unknown "$1" ;;
  esac
done
need_recto
make_pages chinese "$distinct" 7 0
exec "$python" bench/memory.py --recto "$recto" --pages "$pages" --work "$bench_dir" ${pass[@]+"${pass[@]}"}
