#!/usr/bin/python3
"""Makes Recto's sample pages.

    generate.py                                   samples/batch, samples/truth and samples/catalogue.csv again
    generate.py --out DIR                         the same delivery elsewhere
    generate.py --out DIR --kind KIND --pages N [--seed S] [--jobs J] [--noise SIGMA]
                                                  N pages of one kind in a flat folder: 0001.tif with 0001.txt beside
                                                  it, and truth.json; for benches and tests

KIND  chinese    A4, 300 dpi, colour, LZW TIFF: official text, one in four clean, skewed on a dark bed, stained with
                 bleed-through, faded
      clean      the same, all clean
      photocopy  bi-level G4 TIFF: broken strokes, specks
      english    typescript, grey LZW TIFF

Output depends on the seed and the versions of Pillow and the fonts only (Debian 12: python3-pil, python3-numpy,
python3-qrcode, the fonts of scripts/packages.txt), never on the clock or on --jobs. --noise adds sensor noise of that
many grey levels, as scanners have: the LZW files then take about 20 MB each instead of 1.
"""
import argparse
import multiprocessing
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402

from generator import batch, corpus, forms, output, wear  # noqa: E402

WEAR = ("clean", "skewed", "stained", "faded")


def one_page(job):
    """Makes page `number` of a bench folder; returns its truth. Runs in a worker process."""
    folder, kind, number, seed, noise = job
    rng = np.random.default_rng([seed, number])
    compression = "tiff_lzw"
    worn = "clean" if kind != "chinese" else WEAR[(number - 1) % 4]
    if kind == "english":
        text = corpus.TYPED_1 if number % 2 else corpus.TYPED_2
        sheet = forms.typed(text, rng)
        image = wear.print_on(sheet, wear.paper(rng, batch.size(sheet), (238, 232, 214), 6, 2), rng, 0.95).convert("L")
        picture = batch.flat(image, sheet)
    else:
        sheet = forms.running_text(rng, number, red_head=number % 6 == 1)
        tone = tuple(int(v) for v in np.array((248, 245, 238)) - rng.integers(0, 22) * np.array((0.6, 0.9, 1.6)))
        base = wear.paper(rng, batch.size(sheet), tone, 4, 1, 5)
        if kind == "photocopy":
            picture, compression = batch.flat(wear.photocopy(sheet, rng, 1, 0.25), sheet), "group4"
        elif worn == "skewed":
            skew = round(float(rng.uniform(-4, 4)), 2)
            picture = wear.on_bed(wear.print_on(sheet, base, rng), rng, skew)
        elif worn == "stained":
            verso = forms.running_text(rng, number + 1)
            base = wear.show_through(base, verso, float(rng.uniform(0.14, 0.28)))
            picture = batch.flat(wear.stain(wear.print_on(sheet, base, rng), rng), sheet)
        elif worn == "faded":
            image = wear.print_on(sheet, base, rng, float(rng.uniform(0.45, 0.65)), (104, 96, 100), uneven=0.3)
            picture = batch.flat(image, sheet)
        else:
            picture = batch.flat(wear.print_on(sheet, base, rng), sheet)
    if kind != "photocopy":
        picture.image = batch.grey_levels(picture.image, 8, 186) if noise <= 0 else \
            wear.noise(picture.image.convert("RGB"), rng, noise)
    name = f"{number:04}.tif"
    output.tiff(folder / name, picture.image, compression)
    (folder / f"{number:04}.txt").write_text(sheet.text(), encoding="utf-8")
    return {"file": name, "page": number, "kind": kind, "wear": [worn], **output.page_truth(sheet, picture)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--kind", choices=("chinese", "clean", "photocopy", "english"))
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--noise", type=float, default=0.0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.kind is None:
        pages = batch.make(options.out)
        print(f"{len({p['file'] for p in pages})} files, {len(pages)} pages in {options.out / 'batch'}")
        return
    jobs = [(options.out, options.kind, n, options.seed, options.noise) for n in range(1, options.pages + 1)]
    if options.jobs > 1:
        with multiprocessing.Pool(options.jobs) as pool:
            pages = pool.map(one_page, jobs, chunksize=1)
    else:
        pages = [one_page(job) for job in jobs]
    output.write_json(options.out / "truth.json", {"schema": 1, "seed": options.seed, "pages": pages})
    print(f"{len(pages)} pages in {options.out}")


if __name__ == "__main__":
    main()
