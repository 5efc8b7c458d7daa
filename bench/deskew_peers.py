#!/usr/bin/env python3
"""Finds the skew of the pages in pages.json with jdeskew and deskew (PyPI), one thread, and prints all of them in one table.

    deskew_peers.py DIR [--json FILE] [--fine] [--jobs 2]

DIR/pages.json comes from bench_deskew_peers, which has put our answers and Leptonica's there. Angles are of the content, clockwise
positive. Times are CPU milliseconds from grey pixels in memory to the angle; no answer counts as "straight".
"""
import argparse
import collections
import functools
import json
import multiprocessing
import os
import pathlib
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import cv2
import numpy
from deskew import determine_skew
from jdeskew.estimator import get_angle

cv2.setNumThreads(1)

PEERS = {
    "jdeskew 0.4.2": lambda grey: get_angle(grey),
    "deskew 1.6.1": lambda grey: float(determine_skew(grey, min_angle=-20, max_angle=20) or 0),
}
FINE = {  # Ten times the angles: five times the time.
    "deskew 1.6.1, steps of 0.1": lambda grey: float(
        determine_skew(grey, min_angle=-20, max_angle=20, min_deviation=0.1) or 0),
}


def ask_peers(page, fine=False):
    grey = cv2.imread(page["file"], cv2.IMREAD_GRAYSCALE)
    for name, find in (PEERS | FINE if fine else PEERS).items():
        start = time.process_time()
        angle = find(grey)
        page["found"][name] = {"angle": angle, "ms": (time.process_time() - start) * 1000}
    return page


def row(pages, name):
    errors = numpy.array([abs(p["found"][name]["angle"] - p["truth"]) for p in pages])
    return {
        "mean": float(errors.mean()), "median": float(numpy.median(errors)),
        "p95": float(numpy.sort(errors)[min(len(errors) - 1, int(0.95 * len(errors)))]), "worst": float(errors.max()),
        "within_0.1": float((errors <= 0.1).mean()), "ms": float(numpy.mean([p["found"][name]["ms"] for p in pages])),
    }


def without_lean(pages):
    """The same pages with each source's own lean, the median of its signed errors, taken off: the truth of skew_known is the
    angle by which a scan was turned, and some scans leaned before. What is left is the method's own scatter."""
    out = []
    for name in pages[0]["found"]:
        leans = collections.defaultdict(list)
        for p in pages:
            leans[p["source"]].append(p["found"][name]["angle"] - p["truth"])
        errors = numpy.array([abs(e - numpy.median(v)) for v in leans.values() for e in v])
        out.append((name, float(errors.mean()), float(numpy.sort(errors)[int(0.95 * len(errors))]), float(errors.max())))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--fine", action="store_true", help="deskew with steps of 0.1 degrees, too")
    parser.add_argument("--jobs", type=int, default=2, help="processes; times are of each process")
    arguments = parser.parse_args()
    pages = json.loads((arguments.folder / "pages.json").read_text())
    with multiprocessing.Pool(arguments.jobs) as pool:
        pages = pool.map(functools.partial(ask_peers, fine=arguments.fine), pages, chunksize=1)
    sets = {"drawn": [p for p in pages if p["set"] == "drawn"],
            "drawn, up to 7 degrees": [p for p in pages if p["set"] == "drawn" and abs(p["truth"]) <= 7],
            "skew_known": [p for p in pages if p["set"] == "skew_known"]}
    result = {}
    for title, chosen in sets.items():
        if not chosen:
            print(f"\n{title}: absent")
            continue
        print(f"\n| {title}, {len(chosen)} pages | mean | median | 95 % | worst | within 0.1° | CPU ms |\n|---|---|---|---|---|---|---|")
        result[title] = {name: row(chosen, name) for name in chosen[0]["found"]}
        for name, v in result[title].items():
            print(f"| {name} | {v['mean']:.3f} | {v['median']:.3f} | {v['p95']:.3f} | {v['worst']:.2f} "
                  f"| {v['within_0.1']:.0%} | {v['ms']:.0f} |")
    if sets["skew_known"]:
        print("\n| skew_known without each source's own lean | mean | 95 % | worst |\n|---|---|---|---|")
        for name, mean, p95, worst in without_lean(sets["skew_known"]):
            print(f"| {name} | {mean:.3f} | {p95:.3f} | {worst:.2f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
