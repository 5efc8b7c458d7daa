#!/usr/bin/env bash
# How well pages are treated: skew, page edge, orientation, binarization and separators on ../shared/data and on drawn pages
# with exact truth. Builds bench_treatment in build/bench/build (RECTO_BENCH=ON). Result: a table, and
# build/bench/treatment.json.
#
#   bench/treatment.sh [--pages 200] [--seed 51]
set -euo pipefail
script_name=treatment
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pages=200 seed=51
while [ $# -gt 0 ]; do
  case $1 in
    --pages) pages=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | grep -v '^set '; exit 0 ;;
    *) die 64 "unknown argument '$1' (see --help)" ;;
  esac
done
mkdir -p "$bench_dir"
build=$bench_dir/build
cmake --preset release -B "$build" -DRECTO_BENCH=ON -DRECTO_TESTS=OFF "-DRECTO_PPOCR=$(ppocr_state)" >"$bench_dir/configure.log" 2>&1 ||
  { cat "$bench_dir/configure.log" >&2; exit 69; }
cmake --build "$build" --target bench_treatment --parallel "$(jobs)"
exec "$build/bench/bench_treatment" --shared ../shared/data --pages "$pages" --seed "$seed" --json "$bench_dir/treatment.json"
