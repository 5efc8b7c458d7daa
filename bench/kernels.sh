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
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | grep -v '^set '; exit 0 ;;
    *) die 64 "unknown argument '$1' (see --help)" ;;
  esac
done
mkdir -p "$bench_dir"
build=$bench_dir/build
cmake --preset release -B "$build" -DRECTO_BENCH=ON -DRECTO_TESTS=OFF "-DRECTO_PPOCR=$(ppocr_state)" >"$bench_dir/configure.log" 2>&1 ||
  { cat "$bench_dir/configure.log" >&2; exit 69; }
cmake --build "$build" --target bench_kernels --parallel "$(jobs)"
make_pages chinese "$count" 7 0
folders=("$pages")
if [ "$noise" != 0 ]; then
  make_pages chinese 4 7 "$noise"
  folders+=("$pages")
fi
exec "$build/bench/bench_kernels" --repeat "$repeat" --json "$bench_dir/kernels.json" "${folders[@]}"
