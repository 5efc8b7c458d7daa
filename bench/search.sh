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
    *) help_or_unknown "$1" ;;
  esac
done
build_bench bench_search
exec "$program" "$database" --pages "$pages" --queries "$queries" --seed "$seed" --json "$bench_dir/search.json"
