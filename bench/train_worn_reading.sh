#!/usr/bin/env bash
# Teaches the recognizer to read worn lines (stages/reading/worn_network.h), in PyTorch on the processor. Fonts come from Debian packages,
# PyTorch from PyPI (pinned, 5 GB unpacked, in build/bench/torch), the network and the words from build/deps/models (scripts/setup);
# what was learnt is part of the source.
#
#   bench/train_worn_reading.sh train [--minutes 60] [--seed 1] [--rate 1] [--from FILE]   on two idle cores; writes
#                                                    build/bench/worn_reading.pt and stages/reading/worn_weights.inc
#   bench/train_worn_reading.sh show                 build/bench/worn_lines.png: what it learns from, to look at
#
# --from goes on from build/bench/worn_reading.pt or stages/reading/worn_weights.inc. What the source has was learnt in 60 minutes (27,500 lines). Judge it by
# bench/ocr.sh --engines recto --sets copy,recopied,fax,carbon,mimeograph --pages 4, and fit its confidence anew (bench/fit_confidence.sh).
#
# Environment: FONT_ROOT, a folder with the packages' contents (dpkg -x) where they are not installed.
set -euo pipefail
script_name=train_worn_reading
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

task=${1:-}
case $task in
  train | show) shift ;;
  *) help_or_unknown "${task:---help}" ;;
esac
[ -f build/deps/models/ppocrv6_small_rec.onnx ] || die 69 "no build/deps/models: run scripts/setup"
need_training
if [ "$task" = train ]; then
  "$venv/bin/python" bench/train_worn_reading.py train "$bench_dir/worn_reading.pt" --fonts "$fonts" "$@"
  exec "$venv/bin/python" bench/train_worn_reading.py write "$bench_dir/worn_reading.pt" stages/reading/worn_weights.inc
fi
exec "$venv/bin/python" bench/train_worn_reading.py show "$bench_dir/worn_lines.png" --fonts "$fonts"
