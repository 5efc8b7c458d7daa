#!/usr/bin/env bash
# Speed and exactness of `recto search`: an index of generated pages, queries of every form, every answer compared with a plain
# scan. Builds bench_search in build/bench/build (RECTO_BENCH=ON). Result: a table, and build/bench/search.json.
#
#   bench/search.sh [--pages 100000] [--queries 60] [--seed 1] [--database postgresql://...]
set -euo pipefail
script_name=search
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pages=100000 queries=60 seed=1 database=$bench_dir/search.db
while [ $# -gt 0 ]; do
  case $1 in
    --pages) pages=$2; shift 2 ;;
    --queries) queries=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --database) database=$2; shift 2 ;;
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | grep -v '^set '; exit 0 ;;
    *) die 64 "unknown argument '$1' (see --help)" ;;
  esac
done
mkdir -p "$bench_dir"
build=$bench_dir/build
cmake --preset release -B "$build" -DRECTO_BENCH=ON -DRECTO_TESTS=OFF "-DRECTO_PPOCR=$(ppocr_state)" >"$bench_dir/configure.log" 2>&1 ||
  { cat "$bench_dir/configure.log" >&2; exit 69; }
cmake --build "$build" --target bench_search --parallel "$(jobs)"
exec "$build/bench/bench_search" "$database" --pages "$pages" --queries "$queries" --seed "$seed" --json "$bench_dir/search.json"
