#!/usr/bin/env python3
"""Pictures of the compact form beside its source, at the places where they differ most: the sheet in docs/FORMATS.md.

    bench/compact.sh --layers --out DIR FILE...
    bench/compact_pictures.py DIR SHEET.jpg [--names A,B] [--places 2]

Each row is a page: at each place the source, the layers drawn over each other, and the mask."""
import argparse
import pathlib

import numpy
from PIL import Image

SIDE, SQUARE = 240, 32  # pixels of a picture, and of the squares that are compared


def lab(image):
    values = numpy.asarray(image.convert("LAB")).astype(int)
    return numpy.dstack([values[..., 0] / 2.55, values[..., 1] ^ 128, values[..., 2] ^ 128])


def rows_of(folder, name, places):
    source = Image.open(folder / f"{name}.src.png").convert("RGB")
    inks = [(Image.open(folder / f"{name}.{k}.mask.png").convert("L"), Image.open(folder / f"{name}.{k}.jpg").convert("RGB"))
            for k in range(2) if (folder / f"{name}.{k}.jpg").exists()]
    size = inks[0][0].size if inks else source.size
    seen = Image.open(folder / f"{name}.bg.jpg").convert("RGB").resize(size, Image.BILINEAR)
    mask = Image.new("L", size, 255)
    for paper, colours in inks:
        ink = paper.point(lambda v: 255 - v)
        seen.paste(colours.resize(size, Image.BILINEAR), (0, 0), ink)
        mask.paste(0, (0, 0), ink)
    seen, mask = seen.resize(source.size, Image.BOX), mask.resize(source.size, Image.BOX)
    difference = numpy.sqrt(((lab(source) - lab(seen)) ** 2).sum(2))
    height, width = (n // SQUARE for n in difference.shape)
    squares = difference[:height * SQUARE, :width * SQUARE].reshape(height, SQUARE, width, SQUARE).mean((1, 3))
    out = []
    for _ in range(places):
        y, x = numpy.unravel_index(squares.argmax(), squares.shape)
        squares[max(0, y - 8):y + 9, max(0, x - 8):x + 9] = -1  # the next one elsewhere
        left = min(max(0, x * SQUARE + SQUARE // 2 - SIDE // 2), source.width - SIDE)
        top = min(max(0, y * SQUARE + SQUARE // 2 - SIDE // 2), source.height - SIDE)
        out += [(image.convert("RGB").crop((left, top, left + SIDE, top + SIDE))) for image in (source, seen, mask)]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("sheet", type=pathlib.Path)
    parser.add_argument("--names")
    parser.add_argument("--places", type=int, default=2)
    options = parser.parse_args()
    names = options.names.split(",") if options.names else sorted(p.name.removesuffix(".src.png") for p in options.folder.glob("*.src.png"))
    pictures = [rows_of(options.folder, name, options.places) for name in names]
    sheet = Image.new("RGB", (SIDE * 3 * options.places, SIDE * len(names)), "white")
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row):
            sheet.paste(picture, (SIDE * x, SIDE * y))
    sheet.save(options.sheet, quality=75)


if __name__ == "__main__":
    main()
