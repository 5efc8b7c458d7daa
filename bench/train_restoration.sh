#!/usr/bin/env bash
# Trains the network that makes broken print whole (stages/reading/restore.h), in PyTorch on the processor. Fonts come from Debian
# packages, PyTorch from PyPI (pinned, 5 GB unpacked, in build/bench/torch); both are needed only here: the weights are part of the
# source.
#
#   bench/train_restoration.sh train [--steps 14000] [--from FILE]   an hour on two idle cores; writes build/bench/restore.pt and
#                                                                    stages/reading/restore_weights.inc
#   bench/train_restoration.sh show                                  build/bench/restore.png: worn, clean and restored, to look at
#
# --from goes on from weights that are there, of build/bench/restore.pt or of the source. The weights of the source took 2,500 steps, and 11,600 more from there (--from). Judge them by
# bench/ocr.sh --engines recto --sets copy,recopied,fax,carbon,mimeograph --pages 4.
#
# Environment: FONT_ROOT, a folder with the packages' contents (dpkg -x) where they are not installed.
set -euo pipefail
script_name=train_restoration
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

task=${1:-}
case $task in
  train | show) shift ;;
  *) help_or_unknown "${task:---help}" ;;
esac
need_training
if [ "$task" = train ]; then
  "$venv/bin/python" bench/train_restoration.py train "$bench_dir/restore.pt" --fonts "$fonts" "$@"
  exec "$venv/bin/python" bench/train_restoration.py write "$bench_dir/restore.pt" stages/reading/restore_weights.inc
fi
exec "$venv/bin/python" bench/train_restoration.py show stages/reading/restore_weights.inc "$bench_dir/restore.png" --fonts "$fonts"
