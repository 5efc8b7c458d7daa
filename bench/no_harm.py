#!/usr/bin/env python3
"""Does treatment ever harm a page? Reads each page of the sets with known text twice, as it is (recto text --no-geometry) and
treated, and the same pages turned, laid askew on a dark bed, and stained. The measure is the bag of words (of characters
for Chinese): the share of the true words that were read, as often as they are there.

    bench/no_harm.py [--recto FILE] [--shared DIR] [--each N] [--json FILE]

--each: at most so many pages of a set, evenly chosen (default 6; 0 = all). Exit code 1 when an untouched page loses more
than a point, or a degraded kind is worse on average.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

import numpy
from PIL import Image

SETS = {"ehri_en_a": "eng", "oldbooks_a": "eng", "grenzboten_de": "deu", "cnocr": "chi_sim", "tess_test": "eng", "sroie_a": "eng", "ocrmypdf": "eng"}
KINDS = ("as it is", "turned", "askew on a bed", "stained")


def words(text):
    text = unicodedata.normalize("NFKC", text)
    return collections.Counter(re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", text.lower()))


def bag(truth, text):
    want, got = words(truth), words(text)
    total = sum(want.values())
    return sum((want & got).values()) / total if total else 1.0


def degraded(image, kind, seed):
    """A version of the page with a truth that stays the same; None when there is nothing to change."""
    rng = random.Random(seed)
    grey = image.mode in ("1", "L", "I;16")
    page = image.convert("L" if grey else "RGB")
    if kind == "turned":
        return page.transpose(rng.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)))
    if kind == "askew on a bed":
        angle = rng.choice((-1, 1)) * rng.uniform(1.5, 6)
        bed = 30
        margin = max(page.size) // 20
        canvas = Image.new(page.mode, (page.width + 2 * margin, page.height + 2 * margin), bed if grey else (bed,) * 3)
        canvas.paste(page, (margin, margin))
        return canvas.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=bed if grey else (bed,) * 3)
    pixels = numpy.asarray(page, dtype=numpy.float32)
    height, width = pixels.shape[:2]
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
    shade = 1 - 0.25 * (x / width) * rng.random()
    for _ in range(rng.randint(3, 7)):  # damp: a pale brown area with a darker rim
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.05, 0.2) * width
        d = numpy.sqrt((x - cx) ** 2 + (y - cy) ** 2 * rng.uniform(0.6, 1.6)) / r
        shade = shade * (1 - 0.18 * (d < 1) - 0.2 * numpy.exp(-((d - 1) * 12) ** 2))
    shaded = pixels * (shade if grey else shade[..., None] * numpy.array([1, 0.96, 0.86], numpy.float32))
    return Image.fromarray(shaded.clip(0, 255).astype(numpy.uint8), page.mode)


def read(recto, path, language, plain):
    command = [recto, "text", str(path), "--lang", language] + (["--no-geometry"] if plain else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default="build/release/recto")
    parser.add_argument("--shared", default="../shared/data", type=pathlib.Path)
    parser.add_argument("--each", default=6, type=int)
    parser.add_argument("--json")
    options = parser.parse_args()
    work = []
    for name, language in SETS.items():
        pages = [p for p in sorted((options.shared / name).glob("*")) if p.suffix in (".jpg", ".png", ".tif", ".tiff") and p.with_suffix(".txt").exists()]
        if not pages:
            print(f"{name}: absent", file=sys.stderr)
        step = max(1, len(pages) // options.each) if options.each else 1
        work += [(name, language, p) for p in pages[::step][: options.each or None]]
    rows = []
    with tempfile.TemporaryDirectory(prefix="recto-harm-") as folder:

        def one(job):
            number, (name, language, path) = job
            truth = path.with_suffix(".txt").read_text("utf-8", "replace")
            out = []
            for kind in KINDS:
                if kind == "as it is":
                    file = path
                else:
                    with Image.open(path) as image:
                        dpi = image.info.get("dpi", (300, 300))
                        file = pathlib.Path(folder) / f"{number}-{KINDS.index(kind)}.png"
                        degraded(image, kind, number).save(file, dpi=dpi)
                plain, treated = (bag(truth, read(options.recto, file, language, p)) for p in (True, False))
                out.append({"set": name, "page": path.name, "kind": kind, "as_it_is": plain, "treated": treated})
            return out

        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for out in pool.map(one, enumerate(work)):
                rows += out
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    failed = False
    print(f"{'kind':<16}{'set':<16}{'pages':>6}{'as it is':>10}{'treated':>10}{'worst loss':>12}")
    for kind in KINDS:
        for name in list(SETS) + [""]:
            of = [r for r in rows if r["kind"] == kind and name in ("", r["set"])]
            if not of:
                continue
            worst = max(of, key=lambda r: r["as_it_is"] - r["treated"])
            loss = worst["as_it_is"] - worst["treated"]
            before, after = (sum(r[k] for r in of) / len(of) for k in ("as_it_is", "treated"))
            print(f"{kind:<16}{name or 'all':<16}{len(of):>6}{before:>10.4f}{after:>10.4f}{loss:>12.4f}  {worst['page'] if loss > 0.01 else ''}")
            failed |= (kind == "as it is" and loss > 0.01) or (name == "" and after < before - 0.0005)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
