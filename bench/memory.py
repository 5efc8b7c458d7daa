#!/usr/bin/env python3
"""Peak memory of a long run against a short one; started by memory.sh."""
import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from measure import measure

MIB = 1 << 20


def make_input(folder, pages, count, item):
    """`count` pages in items of `item`. A mark behind the end of the TIFF makes every digest its own, not the pixels."""
    for n in range(count):
        target = folder / f"item-{n // item + 1:04}"
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{n % item + 1:04}.tif").write_bytes(pages[n % len(pages)].read_bytes() + b"page %08d" % n)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--recto", "--pages", "--work"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=400)
    parser.add_argument("--item", type=int, default=25)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--within", type=float, default=0.10)
    parser.add_argument("--limit-mib", type=float, default=8e8 / MIB)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    sources = sorted(options.pages.glob("*.tif"))
    need = 3 * options.large * max(p.stat().st_size for p in sources)
    if shutil.disk_usage(options.work).free < need:
        sys.exit(f"needs {need / 1e9:.1f} GB on the disk of {options.work}")

    results = {}
    folder = options.work / "run-memory"
    for count in (options.small, options.large):
        shutil.rmtree(folder, ignore_errors=True)
        make_input(folder / "in", sources, count, options.item)
        os.sync()
        result = measure([options.recto.resolve(), "run", folder / "in", "-o", folder / "archive", "--create", "-j", options.jobs,
                          "--json", "--progress", "none"], folder / "log")
        if result["exit_code"] != 0:
            sys.exit(f"recto ended with {result['exit_code']}; see {folder}/log.err")
        done = json.loads((folder / "log.out").read_text())
        if done["pages"] != count:
            sys.exit(f"{done['pages']} pages came out of {count}")
        results[count] = result
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)

    small, large = results[options.small], results[options.large]
    print(f"{'':26}{f'{options.small} pages':>12}{f'{options.large} pages':>12}{'ratio':>8}")
    for label, key in (("main process, MiB", "main_process_bytes"), ("all processes (PSS), MiB", "sum_pss_bytes"),
                       ("largest process, MiB", "largest_process_bytes")):
        print(f"{label:26}{small[key] / MIB:12.0f}{large[key] / MIB:12.0f}{large[key] / small[key]:8.3f}")
    for label, key in (("CPU seconds a page", "cpu_seconds"), ("wall seconds a page", "wall_seconds")):
        print(f"{label:26}{small[key] / options.small:12.2f}{large[key] / options.large:12.2f}")
    met = {"growth": all(large[k] <= small[k] * (1 + options.within) for k in ("main_process_bytes", "sum_pss_bytes")),
           "limit": large["sum_pss_bytes"] <= options.limit_mib * MIB}
    print("goals: " + ", ".join(f"{name} {'met' if is_met else 'NOT MET'}" for name, is_met in met.items()))
    out = options.work / "memory.json"
    out.write_text(json.dumps({"schema": 1, "jobs": options.jobs, "goals": met, "runs": results}, indent=1))
    print(f"all figures: {out}")
    if not all(met.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
