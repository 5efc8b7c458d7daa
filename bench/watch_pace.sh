#!/usr/bin/env bash
# How soon `recto watch` says what it thinks of a page: pages are renamed into a hot folder at a scanner's pace while
# earlier items are read behind.
#
#   bench/watch_pace.sh [pages] [pages a minute] [folder with scans]        default: 240 120 samples/batch
set -euo pipefail
script_name=watch_pace
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_recto
exec "$python" bench/watch_pace.py --recto "$recto" --pages "${1:-240}" --pace "${2:-120}" --scans "${3:-samples/batch}"
