#!/usr/bin/env bash
# Time of each kernel of a page (decode, treat, read, render, encode, digest, PDF and ALTO, store) against its budget, for
# generated A4 pages at 300 dpi in colour, LZW TIFF: once as drawn, once with a scanner's noise (7 to 10 MB a file).
# Builds bench_kernels in build/bench/build (RECTO_BENCH=ON). Result: tables, and build/bench/kernels.json.
#
#   bench/kernels.sh [--repeat 3] [--pages 24] [--noise 3]
set -euo pipefail
script_name=kernels
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

repeat=3 count=24 noise=3
while [ $# -gt 0 ]; do
  case $1 in
    --repeat) repeat=$2; shift 2 ;;
    --pages) count=$2; shift 2 ;;
    --noise) noise=$2; shift 2 ;;
    *) help_or_unknown "$1" ;;
  esac
done
build_bench bench_kernels
make_pages chinese "$count" 7 0
folders=("$pages")
if [ "$noise" != 0 ]; then
  make_pages chinese 4 7 "$noise"
  folders+=("$pages")
fi
exec "$program" --repeat "$repeat" --json "$bench_dir/kernels.json" "${folders[@]}"
