#!/usr/bin/env bash
# What it is worth to read several lines at once: CPU time a line and memory of the recognition networks, by width, lines at once, and
# networks for any size or one. One thread. Builds bench_batches in build/bench/build (RECTO_BENCH=ON).
#
#   bench/batches.sh
set -euo pipefail
script_name=batches
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -eq 0 ] || help_or_unknown "$1"
build_bench bench_batches
exec "$program" build/deps/models/ppocrv6_{tiny,small}_rec.onnx
