#!/usr/bin/env bash
# All treatment of a page together, without reading: LZW TIFF (and JPEG) of an A4 page at 300 dpi in colour to a bi-level G4
# TIFF and a JPEG of quality 85 with SHA-256 of each, on one thread, beside the bare kernels of the libraries in the same run.
# Builds bench_chain in build/bench/build (RECTO_BENCH=ON). Result: tables, and build/bench/chain.json.
#
#   bench/chain.sh [--repeat 3] [--pages 24] [--noise 0]
set -euo pipefail
script_name=chain
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

repeat=3 count=24 noise=0
while [ $# -gt 0 ]; do
  case $1 in
    --repeat) repeat=$2; shift 2 ;;
    --pages) count=$2; shift 2 ;;
    --noise) noise=$2; shift 2 ;;
    *) help_or_unknown "$1" ;;
  esac
done
build_bench bench_chain
make_pages chinese "$count" 7 "$noise"
exec "$program" --repeat "$repeat" --json "$bench_dir/chain.json" "$pages"
