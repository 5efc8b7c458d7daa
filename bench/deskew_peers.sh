#!/usr/bin/env bash
# Skew found by Recto, Leptonica, jdeskew and deskew (PyPI) on the same pages in one run: drawn pages with exact truth, and the
# scans of ../shared/data/skew_known. Builds bench_deskew_peers in build/bench/build. Result: tables, and
# build/bench/deskew_peers.json.
#
#   bench/deskew_peers.sh [--pages 102] [--seed 51] [--fine] [--jobs 2]
#
# --fine  deskew with steps of 0.1 degrees, too
#
# Needs python3-venv (Debian 12's Python 3.11). The peers come from PyPI into build/bench/peers, pinned with their digests in
# bench/deskew_peers.txt.
set -euo pipefail
script_name=deskew_peers
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pages=102 seed=51
pass=()
while [ $# -gt 0 ]; do
  case $1 in
    --pages) pages=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --jobs) pass+=("$1" "$2"); shift 2 ;;
    --fine) pass+=("$1"); shift ;;
    *) help_or_unknown "$1" ;;
  esac
done
need_pinned peers bench/deskew_peers.txt
build_bench bench_deskew_peers
work=$bench_dir/deskew_peers
"$program" --out "$work" --shared ../shared/data --pages "$pages" --seed "$seed"
exec "$venv/bin/python" bench/deskew_peers.py "$work" --json "$bench_dir/deskew_peers.json" \
  ${pass[@]+"${pass[@]}"}
