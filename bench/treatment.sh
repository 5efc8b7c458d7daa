#!/usr/bin/env bash
# How well pages are treated: skew, page edge, orientation, binarization and separators on ../shared/data and on drawn pages
# with exact truth. Builds bench_treatment in build/bench/build (RECTO_BENCH=ON). Result: a table, and
# build/bench/treatment.json.
#
#   bench/treatment.sh [--pages 200] [--seed 51] [--only PART]
#
# Parts: skew_drawn, skew_known, quads, white_beds, targets, orientation, worn_orientation, broken_orientation, binarization, separators.
set -euo pipefail
script_name=treatment
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pages=200 seed=51 part=
while [ $# -gt 0 ]; do
  case $1 in
    --pages) pages=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --only) part=$2; shift 2 ;;
    *) help_or_unknown "$1" ;;
  esac
done
build_bench bench_treatment
broken=$bench_dir/broken-$seed
case $part in
  '' | broken_orientation)
    need_packages python3-numpy python3-pil fonts-noto-cjk fonts-arphic-gbsn00lp fonts-arphic-gkai00mp
    "$python" bench/chinese_pages.py "$broken" --kinds copy,recopied,fax --pages 4 --seed "$seed"
    ;;
esac
exec "$program" --shared ../shared/data --broken "$broken" --pages "$pages" --seed "$seed" --json "$bench_dir/treatment.json" \
  ${part:+--only "$part"}
