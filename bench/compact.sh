#!/usr/bin/env bash
# Compact PDFs (pdf.images=compact) beside faithful ones, ocrmypdf and recode_pdf (mixed raster content of the Internet Archive's
# archive-pdf-tools): bytes a page, CPU-seconds, and what is read from the pages drawn again from the PDF, on the same generated Chinese
# pages (bench/chinese_pages.py) and pages of ../shared/data. Result: a table, and build/bench/compact.json.
#
#   bench/compact.sh [--pages 2] [--seed 31] [--kinds A,B] [--sets A,B] [--each 3] [--no-peers]
#   bench/compact.sh --layers [--out DIR] FILE...    bytes and losses of single images, with pictures of the layers in DIR
#
# RECTO_BINARY=PATH names another binary than build/release/recto. The peers come from PyPI (pinned) into build/bench/venv and
# build/bench/recode. Needs poppler-utils, qpdf, ghostscript, tesseract-ocr, python3-numpy, python3-pil and fonts (installed by name
# when root).
set -euo pipefail
script_name=compact
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  -h | --help) help_or_unknown "$1" ;;
  --layers)
    shift
    build_bench bench_compact >/dev/null
    exec "$program" "$@"
    ;;
esac
need_recto
need_packages poppler-utils qpdf python3-venv python3-numpy python3-pil fonts-noto-cjk fonts-arphic-gbsn00lp fonts-arphic-gkai00mp
peers=()
case " $* " in
  *" --no-peers "*) ;;
  *)
    need_packages ghostscript tesseract-ocr tesseract-ocr-chi-sim tesseract-ocr-osd
    need_ocrmypdf
    recode=$bench_dir/recode recode_version=1.5.6
    if [ "$(cat "$recode/version" 2>/dev/null)" != "$recode_version" ]; then
      say "installing archive-pdf-tools $recode_version from PyPI into $recode"
      "$python" -m venv --clear "$recode"
      "$recode/bin/pip" install -q "archive-pdf-tools==$recode_version" || die 69 "could not install archive-pdf-tools from PyPI"
      echo "$recode_version" >"$recode/version"
    fi
    peers=(--ocrmypdf "$venv/bin/ocrmypdf" --img2pdf "$venv/bin/img2pdf" --recode "$recode/bin/recode_pdf")
    ;;
esac
exec "$python" bench/compact.py --recto "$recto" --json "$bench_dir/compact.json" "${peers[@]}" "$@"
