#!/usr/bin/env bash
# How well pages are treated: skew, page edge, orientation, binarization and separators on ../shared/data and on drawn pages
# with exact truth. Builds bench_treatment in build/bench/build (RECTO_BENCH=ON). Result: a table, and
# build/bench/treatment.json.
#
#   bench/treatment.sh [--pages 200] [--seed 51] [--only PART]
#
# Parts: skew_drawn, skew_known, quads, white_beds, targets, orientation, worn_orientation, binarization, separators.
set -euo pipefail
script_name=treatment
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pages=200 seed=51 only=()
while [ $# -gt 0 ]; do
  case $1 in
    --pages) pages=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --only) only=(--only "$2"); shift 2 ;;
    *) help_or_unknown "$1" ;;
  esac
done
build_bench bench_treatment
exec "$program" --shared ../shared/data --pages "$pages" --seed "$seed" --json "$bench_dir/treatment.json" "${only[@]}"
