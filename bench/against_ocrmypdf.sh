#!/usr/bin/env bash
# Pairs `recto run` with ocrmypdf on the same generated Chinese pages (A4, 300 dpi, colour; one in four each clean,
# skewed on a dark bed, stained with bleed-through, faded): CPU seconds and wall a page, memory, bytes a page, and
# the character error rate of the PDF's text. Result: a table, and build/bench/against_ocrmypdf.json.
#
#   bench/against_ocrmypdf.sh [--pages 24] [--seed 7] [--noise 0] [--jobs 2] [--repeat 1] [--check] [--keep]
#
# --check    exit 1 unless Recto needs at most a third of the CPU seconds and less wall time, at half the error rate
# --repeat   runs the pair so often, in turns, and takes medians
# --noise    sensor noise, grey levels: 3 gives files of 7 to 10 MB a page, as scanners make them
# RECTO_BINARY=PATH  another binary than build/release/recto
#
# Needs ghostscript, tesseract-ocr with chi-sim and osd, poppler-utils, qpdf, python3-venv (installed by name when
# root). ocrmypdf comes from PyPI, pinned, into build/bench/venv.
set -euo pipefail
script_name=against_ocrmypdf
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

count=24 seed=7 noise=0
pass=()
while [ $# -gt 0 ]; do
  case $1 in
    --pages) count=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --noise) noise=$2; shift 2 ;;
    --jobs | --repeat) pass+=("$1" "$2"); shift 2 ;;
    --check | --keep) pass+=("$1"); shift ;;
    *) help_or_unknown "$1" ;;
  esac
done

need_recto
need_packages ghostscript tesseract-ocr tesseract-ocr-chi-sim tesseract-ocr-osd poppler-utils qpdf python3-venv
need_ocrmypdf
make_pages chinese "$count" "$seed" "$noise"
exec "$venv/bin/python" bench/against_ocrmypdf.py --recto "$recto" --pages "$pages" --venv "$venv" --work "$bench_dir" \
  ${pass[@]+"${pass[@]}"}
