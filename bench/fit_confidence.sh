#!/usr/bin/env bash
# Fits what confidences are worth (stages/reading/calibrate.cpp, vote.cpp) and prints how the fit holds on pages that it has not seen: builds
# recto with RECTO_TRACE_CONFIDENCE in build/bench/trace, reads pages with known text, and calls bench/fit_confidence.py.
#
#   bench/fit_confidence.sh [--sets A,B] [--each 0] [--pages 2] [--seed 51]
#
# Arguments are those of bench/ocr.py; by default all pages of the shared sets in English, and generated Chinese ones. Lines with what was said of them
# are left in build/bench/confidence.json. A build and eight minutes. Needs what bench/ocr.sh needs, without the peers.
set -euo pipefail
script_name=fit_confidence
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  -h | --help) help_or_unknown "$1" ;;
esac
need_packages python3-numpy python3-pil fonts-noto-cjk fonts-arphic-gbsn00lp fonts-arphic-gkai00mp tesseract-ocr-eng
build=$bench_dir/trace
mkdir -p "$bench_dir"
cmake --preset release -B "$build" -DRECTO_TRACE_CONFIDENCE=ON -DRECTO_TESTS=OFF "-DRECTO_PPOCR=$(ppocr_state)" >"$bench_dir/configure.log" 2>&1 ||
  { cat "$bench_dir/configure.log" >&2; exit 69; }
cmake --build "$build" --target recto --parallel "$(jobs)" >&2
lines=$bench_dir/confidence.json
"$python" bench/ocr.py --recto "$build/recto" --engines recto --each 0 --pages 2 --seed 51 \
  --sets ehri_en_a,oldbooks_a,tess_test,sroie_a,ocrmypdf,clean,paper,copy,carbon,mimeograph,skewed,vertical,traditional,table,seal,columns,cnocr \
  --calibration "$lines" "$@" >&2
exec "$python" bench/fit_confidence.py "$lines"
