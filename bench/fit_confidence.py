#!/usr/bin/env python3
"""Fits what stages/reading/calibrate.cpp and vote.cpp make of confidences, on lines of `bench/ocr.py --calibration`.

    bench/fit_confidence.sh                      builds, reads all pages and calls this
    bench/fit_confidence.py LINES.json...        of bench/ocr.py --calibration by a build with RECTO_TRACE_CONFIDENCE

Each character carries what its readers said (stages/reading/confidence_trace.h).

Pages of part "fit" are fitted; what is printed below each fit is how it holds on part "check". A character that lost a vote
counts where the one that won is right; else nobody knows what it was worth.
"""
import collections
import json
import re
import sys

import numpy
from text_measures import wilson

GRAINS = {("S", "letter"): (5e-5, 5e-4)}  # own, line: as in calibrate.cpp; of all others:
USUAL_GRAINS = (2e-4, 2e-3)
FLAT = numpy.array((-4.91, 0.93, 0.65))  # Tesseract's figures there: its letters are worth at least as much
KINDS = {"han": "han", "latin": "letter", "digit": "other", "punct": "mark", "other": "mark"}  # marks: of lines without Chinese
READER = re.compile(r"([TSXOW])/([\d.]+)/([\d.]+)")
BINS = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0001)


def parse(trace):
    """(reader, raw, mean), (a, "&", b) or (a, "|", b), b None where the other side had nothing; and what is left of the text."""
    if not trace.startswith("("):
        found = READER.match(trace)
        return (None, trace[1:]) if not found else ((found[1], float(found[2]), float(found[3])), trace[found.end() :])
    first, rest = parse(trace[1:])
    second, after = parse(rest[1:])
    return (first, rest[0], second), after[1:]


def readings(tree, right):
    """What single readers said of a character, and whether each was right."""
    if tree is None:
        return
    if tree[1] not in ("&", "|"):
        yield tree, right
        return
    yield from readings(tree[0], right)
    if tree[1] == "&" or right:
        yield from readings(tree[2], right and tree[1] == "&")


def logit(p, grain=1e-6):
    p = numpy.clip(p, grain, 1 - grain)
    return numpy.log(p / (1 - p))


def chance(coefficients, x):
    return 1 / (1 + numpy.exp(-(x @ coefficients)))


def fit(x, y):
    """Logistic regression by Newton's method."""
    out = numpy.zeros(x.shape[1])
    for _ in range(60):
        p = chance(out, x)
        step = numpy.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-3 * numpy.eye(len(out)), x.T @ (y - p) - 1e-3 * out)
        out += step
        if abs(step).max() < 1e-9:
            break
    return out


def worth(key, coefficients, x):
    """What calibrate.cpp makes of it."""
    out = chance(coefficients, x)
    return numpy.maximum(out, chance(FLAT, x)) if key in (("X", "letter"), ("O", "letter")) else out


def features(key, raw, mean):
    """Of marks the line's mean is left out: 0."""
    own, line = GRAINS.get(key, USUAL_GRAINS)
    return numpy.column_stack([numpy.ones(len(raw)), logit(raw, own), logit(mean, line) * (key[1] != "mark")])


def show(p, y):
    for low, high in zip(BINS, BINS[1:]):
        here = (p >= low) & (p < high)
        if here.any():
            a, b = wilson(y[here].sum(), here.sum())
            stated = p[here].mean()
            print(f"  {low:<6} {here.sum():>7} stated {stated:.4f} right {y[here].mean():.4f} ({a:.4f} to {b:.4f}){'' if a <= stated <= b else '  *'}")


def main():
    single, pairs = collections.defaultdict(list), []
    for file in sys.argv[1:]:
        for line in json.load(open(file, encoding="utf-8")):
            chinese = any(c[1] == "han" for c in line["characters"])
            for _, kind, _, right, *trace in line["characters"] if line["truth"] else ():
                if not trace or not trace[0]:
                    continue
                kind = "other" if chinese and KINDS[kind] == "mark" else KINDS[kind]
                tree, fitted = parse(trace[0])[0], line["part"] == "fit"
                for (reader, raw, mean), so in readings(tree, right):
                    single[reader, kind].append((raw, mean, so, fitted))
                if tree[1] == "&" and kind == "letter" and all(t[1] not in ("&", "|") for t in (tree[0], tree[2])):
                    pairs.append((tree[0], tree[2], right, fitted))
    found = {}
    for key, rows in sorted(single.items()):
        raw, mean, right, fitted = numpy.array(rows, float).T
        x, fitted = features(key, raw, mean), fitted == 1
        if fitted.sum() < 100:
            continue
        found[key] = fit(x[fitted], right[fitted])
        print(*key, "of", fitted.sum(), "characters: constant, own, line", found[key].round(2))
        show(worth(key, found[key], x[~fitted]), right[~fitted])
    both = []
    for a, b, right, fitted in pairs:
        keys = [((t[0], "letter"), t) for t in (a, b)]
        if all(key in found for key, _ in keys):
            both.append((sum(float(logit(worth(key, found[key], features(key, [t[1]], [t[2]])))[0]) for key, t in keys), right, fitted))
    if both:
        odds, right, fitted = numpy.array(both).T
        fitted = fitted == 1
        share = fit(odds[fitted, None], right[fitted])
        print("two that agree on a letter, of", fitted.sum(), "letters: share", share.round(2))
        show(chance(share, odds[~fitted, None]), right[~fitted])
    return 0


if __name__ == "__main__":
    sys.exit(main())
