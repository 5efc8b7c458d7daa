#!/usr/bin/env python3
"""Does treatment ever harm a page? Reads each page of the sets with known text twice, as it is (recto text --no-geometry) and
treated, and the same pages turned, laid askew on a dark bed, stained, and bordered as a photocopy of a punched sheet. The
measure is the bag of words (of characters for Chinese): the share of the true words that were read, as often as they are there.

    bench/no_harm.py [--recto FILE] [--shared DIR] [--each N] [--sets A,B] [--kinds A,B] [--draws N] [--all-draws] [--json FILE] [--keep DIR]

--each: at most so many pages of a set, evenly chosen (default 6; 0 = all). --keep: leaves the degraded pages there. --draws: what
small print gives is a draw: the same scan with a few rows and columns of its rim laid on twice reads up to three points better or worse, treated or
not. An untouched page that loses more than a point is read so often in all (default 32), each time laid some pixels elsewhere, and
means are compared; --all-draws: so is every untouched page, and each draw is printed. Exit code 1 when an untouched page loses more than a point (or one word of a page with fewer than a hundred), or a
degraded kind is worse on average; 66 when there is not one page.
"""
import argparse
import collections
import concurrent.futures
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

import numpy
from PIL import Image, ImageDraw

SETS = {"ehri_en_a": "eng", "oldbooks_a": "eng", "grenzboten_de": "deu+frk", "cnocr": "chi_sim", "tess_test": "eng", "sroie_a": "eng", "ocrmypdf": "eng"}
KINDS = ("as it is", "turned", "askew on a bed", "stained", "bordered")
MOST_LOST = 0.01  # of an untouched page: one point
# Columns and rows laid on: every place within eight pixels, each once, neighbours far apart.
LAID = tuple((k * 3 % 8, (k * 5 + k // 8) % 8) for k in range(64))
USUAL_DRAWS = 32  # the mean of a page's loss is then known to a third of a point


def words(text):
    text = unicodedata.normalize("NFKC", text)
    return collections.Counter(re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", text.lower()))


def bag(truth, text):
    want, got = words(truth), words(text)
    total = sum(want.values())
    return sum((want & got).values()) / total if total else 1.0


def harmed(row):
    """A page of fewer than a hundred words cannot lose one without losing more than a point: one word is the measure's grain."""
    return row["as_it_is"] - row["treated"] > max(MOST_LOST, 1 / max(1, row["words"])) + 1e-9


def askew(page, rng):
    angle = rng.choice((-1, 1)) * rng.uniform(1.5, 6)
    bed = 30 if page.mode == "L" else (30,) * 3
    margin = max(page.size) // 20
    canvas = Image.new(page.mode, (page.width + 2 * margin, page.height + 2 * margin), bed)
    canvas.paste(page, (margin, margin))
    return canvas.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=bed)


def stained(page, rng):
    pixels = numpy.asarray(page, dtype=numpy.float32)
    height, width = pixels.shape[:2]
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
    shade = 1 - 0.25 * (x / width) * rng.random()
    for _ in range(rng.randint(3, 7)):  # damp: a pale brown area with a darker rim
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.05, 0.2) * width
        d = numpy.sqrt((x - cx) ** 2 + (y - cy) ** 2 * rng.uniform(0.6, 1.6)) / r
        shade = shade * (1 - 0.18 * (d < 1) - 0.2 * numpy.exp(-(((d - 1) * 12) ** 2)))
    shaded = pixels * (shade if page.mode == "L" else shade[..., None] * numpy.array([1, 0.96, 0.86], numpy.float32))
    return Image.fromarray(shaded.clip(0, 255).astype(numpy.uint8), page.mode)


def bordered(page, rng):
    """A photocopy of a punched sheet: a filing margin with holes, black ragged bands where the lid stood open, specks."""
    width, height = page.size
    paper = int(numpy.percentile(numpy.asarray(page.convert("L")), 90))
    unit = max(page.size) / 297  # a millimetre of A4
    left, band = int(14 * unit), int(8 * unit)
    grey = numpy.full((height + 2 * band, width + left + 2 * band), paper, numpy.float32)
    # Each side has a band of its own depth, or none; its inner rim wanders.
    for side in range(4):
        if rng.random() < 0.25:
            continue
        rows = numpy.rot90(grey, side)  # a view: this side is on top
        phase, depth, level = rng.uniform(0, 6), band * rng.uniform(0.25, 0.85), rng.uniform(4, 30)
        for i in range(rows.shape[1]):
            rows[: int(depth * (1 + 0.12 * math.sin(phase + i / rows.shape[1] * 9) + 0.05 * rng.uniform(-1, 1))), i] = level
    canvas = Image.fromarray(grey.astype(numpy.uint8), "L").convert(page.mode)
    canvas.paste(page, (left + band, band))
    draw = ImageDraw.Draw(canvas)
    dark = 16 if page.mode == "L" else (16,) * 3
    x, r = band + left / 2, 3 * unit  # two holes 80 mm apart, 6 mm wide
    for y in (canvas.height / 2 - 40 * unit, canvas.height / 2 + 40 * unit):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=dark)
    for _ in range(60):  # dust
        x, y, r = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height), rng.uniform(0.1, 0.25) * unit
        draw.ellipse((x - r, y - r, x + r, y + r), fill=dark)
    return canvas


def laid_elsewhere(image, columns, rows):
    """The same pixels, further from the left and upper edge: no pixel is computed anew."""
    pixels = numpy.asarray(image)
    return Image.fromarray(numpy.pad(pixels, [(rows, 0), (columns, 0)] + [(0, 0)] * (pixels.ndim - 2), mode="edge"))


def degraded(image, kind, seed):
    """A version of the page with a truth that stays the same."""
    rng = random.Random(seed)
    page = image.convert("L" if image.mode in ("1", "L", "I;16") else "RGB")
    if kind == "turned":
        return page.transpose(rng.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)))
    return {"askew on a bed": askew, "stained": stained, "bordered": bordered}[kind](page, rng)


def read(recto, path, language, plain):
    # What is judged is the text, on a machine that may be busy.
    command = [recto, "text", str(path), "--lang", language, "--set", "engine.page_time_limit=3600"] + (["--no-geometry"] if plain else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
    if done.returncode != 0:  # no text is a finding, a failure is none
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def pages_of(shared, name, each):
    """At most `each` pages of a set that have a text, evenly chosen (0: all)."""
    pages = [p for p in sorted((shared / name).glob("*")) if p.suffix in (".jpg", ".png", ".tif", ".tiff") and p.with_suffix(".txt").exists()]
    count = min(each or len(pages), len(pages))
    return [pages[i * len(pages) // count] for i in range(count)]


def all_draws(recto, path, language, truth, first, folder, draws):
    """(as it is, treated) for as many ways of laying the page; `first`: what it gave as it lies."""
    got = [first]
    for number, (columns, rows) in enumerate(LAID[1:draws], 1):
        file = pathlib.Path(folder) / f"{path.stem}-draw-{number}.png"
        with Image.open(path) as image:
            laid_elsewhere(image, columns, rows).save(file, dpi=image.info.get("dpi", (300, 300)))
        got.append(tuple(bag(truth, read(recto, file, language, p)) for p in (True, False)))
        file.unlink()
    return got


def measure(recto, work, kinds, folder, draws=1, every=False):
    """Rows of {set, page, kind, as_it_is, treated} for the (number, set, page)s of `work`; degraded pages go to `folder`."""

    def one(job):
        number, name, path = job
        truth = path.with_suffix(".txt").read_text("utf-8", "replace")
        out = []
        for kind in kinds:
            file = path
            if kind != "as it is":
                with Image.open(path) as image:
                    dpi = image.info.get("dpi", (300, 300))
                    file = pathlib.Path(folder) / f"{path.stem}-{kind.replace(' ', '-')}.png"
                    degraded(image, kind, number).save(file, dpi=dpi)
            plain, treated = (bag(truth, read(recto, file, SETS[name], p)) for p in (True, False))
            row = {"set": name, "page": path.name, "kind": kind, "words": words(truth).total(), "as_it_is": plain, "treated": treated}
            if kind == "as it is" and draws > 1 and (every or harmed(row)):
                got = all_draws(recto, path, SETS[name], truth, (plain, treated), folder, draws)
                plain, treated = (sum(side) / len(got) for side in zip(*got))
                row = {**row, "draws": got, "as_it_is": plain, "treated": treated}
            out.append(row)
        return out

    rows = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for out in pool.map(one, work):
            rows += out
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows


def means(rows, kind):
    of = [r for r in rows if r["kind"] == kind]
    return tuple(sum(r[k] for r in of) / len(of) for k in ("as_it_is", "treated"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default="build/release/recto")
    parser.add_argument("--shared", default="../shared/data", type=pathlib.Path)
    parser.add_argument("--each", default=6, type=int)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--draws", default=USUAL_DRAWS, type=int, choices=range(1, len(LAID) + 1), metavar=f"1..{len(LAID)}")
    parser.add_argument("--all-draws", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    sets, kinds = options.sets.split(","), options.kinds.split(",")
    work = []
    for name in sets:
        pages = pages_of(options.shared, name, options.each)
        if not pages:
            print(f"{name}: absent", file=sys.stderr)
        work += [(name, p) for p in pages]
    if not work:
        return 66
    work = [(number, *w) for number, w in enumerate(work)]
    with tempfile.TemporaryDirectory(prefix="recto-harm-") as folder:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
        rows = measure(options.recto, work, kinds, options.keep or folder, options.draws, options.all_draws)
    failed = False
    print(f"{'kind':<16}{'set':<16}{'pages':>6}{'as it is':>10}{'treated':>10}{'worst loss':>12}")
    for kind in kinds:
        for name in [*sets, ""]:
            of = [r for r in rows if r["kind"] == kind and name in ("", r["set"])]
            if not of:
                continue
            worst = max(of, key=lambda r: r["as_it_is"] - r["treated"])
            loss = worst["as_it_is"] - worst["treated"]
            before, after = means(of, kind)
            print(f"{kind:<16}{name or 'all':<16}{len(of):>6}{before:>10.4f}{after:>10.4f}{loss:>12.4f}  {worst['page'] if harmed(worst) else ''}")
            failed |= (kind == "as it is" and any(map(harmed, of))) or (name == "" and after < before - 0.0005)
    for r in rows:
        if "draws" in r:
            print(f"{r['set']} {r['page']}: mean {r['as_it_is']:.4f} and {r['treated']:.4f} of " + ", ".join(f"{a:.3f}/{b:.3f}" for a, b in r["draws"]))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
