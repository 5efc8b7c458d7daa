#!/usr/bin/env bash
# Separator sheets: share of drawn ones that are read (five kinds, turned, skewed, blurred, faint, speckled, 150 to 600 dpi),
# how many damaged matrix codes are reported, what is found in ../shared/data/sep_paperless, false alarms on all other sets,
# and the time of looking.
#
#   bench/separators.sh [--every 1] [--pages 1000]
set -euo pipefail
script_name=separators
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

every=1 pages=1000
while [ $# -gt 0 ]; do
  case $1 in
    --every) every=$2; shift 2 ;;
    --pages) pages=$2; shift 2 ;;
    *) help_or_unknown "$1" ;;
  esac
done
build_bench bench_separators
exec "$program" --shared ../shared/data --every "$every" --pages "$pages"
