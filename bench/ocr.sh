#!/usr/bin/env bash
# Reading by Recto, Tesseract, rapidocr (PyPI, PP-OCRv6 small, and tiny as Recto has it) and OCRmyPDF on the same pages in one run:
# the sets of ../shared/data with text, and generated Chinese pages of fourteen kinds (bench/chinese_pages.py). Result: a table, and
# build/bench/ocr.json.
#
#   bench/ocr.sh [--tessdata DIR] [--each 3] [--pages 4] [--seed 1] [--sets A,B] [--engines A,B] [--ours auto,tesseract] ...
#
# All arguments are those of bench/ocr.py, whose --help says what is measured and how. --tessdata DIR takes Tesseract's models from
# there; without it Debian's packages of them are installed by name when root. RECTO_BINARY=PATH names another binary than
# build/release/recto. The peers come from PyPI into build/bench/ocr (pinned with their digests in bench/ocr_peers.txt) and
# build/bench/venv. Needs python3-venv, python3-numpy, python3-pil, fonts-noto-cjk; all engines and sets take an hour of one processor.
set -euo pipefail
script_name=ocr
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  -h | --help) help_or_unknown "$1" ;;
  --show) exec "$python" bench/ocr.py "$@" ;;
esac
need_recto
need_packages tesseract-ocr qpdf python3-venv python3-numpy python3-pil fonts-noto-cjk fonts-arphic-gbsn00lp fonts-arphic-gkai00mp
case " $* " in
  *" --tessdata"*) ;;
  *) need_packages tesseract-ocr-{eng,deu,frk,script-frak,osd,chi-sim,chi-tra,chi-sim-vert,chi-tra-vert} ;;
esac
need_pinned ocr bench/ocr_peers.txt
peers=$venv
need_ocrmypdf
exec "$python" bench/ocr.py --recto "$recto" --rapidocr "$peers/bin/python" --ocrmypdf "$venv/bin/ocrmypdf" --json "$bench_dir/ocr.json" "$@"
