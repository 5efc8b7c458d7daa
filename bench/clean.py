#!/usr/bin/env python3
"""What cleaning for OCR gains: pages with known text drawn by this script, one defect each (punch holes, staples, black borders,
scanner streaks, speckle of a bad photocopy, rules that touch the text, boxes of a form that cut through it, red seals of three
strengths over it, coffee stains, the shadow of a book, the faintness of a carbon copy), read with reading.clean=off and auto.
The measure is that of no_harm.py; "without" is the same page without its defect, which a perfect cleaning would reach; "loss" is
the worst page's, the columns with + are words that are not there.

    bench/clean.py [--recto FILE] [--pages N] [--seed N] [--languages eng,chi_sim] [--defects A,B] [--keep DIR]

Exit code 1 when auto reads any kind worse on average by half a point or more.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy
from PIL import Image, ImageDraw, ImageFilter, ImageFont

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import no_harm  # noqa: E402

WIDTH, HEIGHT, DPI = 1654, 2339, 200  # A4
MM = DPI / 25.4
ENGLISH = (
    "the committee of trade met in session and heard report from district officers who had been sent to inspect roads bridges "
    "harbour works during spring each officer gave account about money spent labour hired material bought for repairs council "
    "resolved that further sums should not be granted until ledger was examined by clerk treasurer letters received from "
    "minister concerning grain prices were read aloud ordered printed copies distributed among members present absent without "
    "leave motion carried adjourned monday morning nine signed chairman secretary witness village school teacher water"
).split()
CHINESE = (
    "关于加强档案管理工作的通知各县市人民政府省直单位为进一步做好文书立卷归保存利用根据国家有规定结合我实际情况现将事项如下一提高认识切领导"
    "要把列入重要议日程定期研究解决问题二健全制度明确责任指专人负收集整鉴统计第三章年月会记录经讨论同意印发请遵照执行特此报告生产任务完成良好"
)
FONTS = {
    "eng": ("/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf", 31),
    "chi_sim": ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 38),
}
PAPER, INK = (236, 233, 224), (42, 40, 44)


def text_page(language, rng):
    """A page with its text and the places of its lines."""
    page = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(page)
    path, size = FONTS[language]
    font = ImageFont.truetype(path, size)
    left, right, lines = int(27 * MM), WIDTH - int(20 * MM), []
    for n in range(rng.randint(24, 30)):
        y = int(28 * MM) + n * int(size * 1.9)
        text, limit = "", left + (right - left) * (rng.uniform(0.3, 0.8) if n % 6 == 5 else 1)
        while True:
            piece = rng.choice(CHINESE) if language == "chi_sim" else (" " if text else "") + rng.choice(ENGLISH)
            if left + draw.textlength(text + piece, font) > limit:
                break
            text += piece
        draw.text((left, y), text, INK, font)
        lines.append((text, draw.textbbox((left, y), text, font)))
    return page, lines


def holes(page, lines, rng):
    draw = ImageDraw.Draw(page)
    x, r = 11 * MM, 3 * MM
    for k in (-3, -1, 1, 3) if rng.random() < 0.5 else (-1, 1):
        y = HEIGHT / 2 + k * 40 * MM
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(rng.randint(5, 40),) * 3)


def staples(page, lines, rng):
    draw = ImageDraw.Draw(page)
    for _ in range(2):
        x, y = rng.uniform(6, 24) * MM, rng.uniform(6, 24) * MM
        draw.line((x, y, x + 9 * MM, y - rng.uniform(0, 7) * MM), (70, 70, 75), 7)


def border(page, lines, rng):
    draw = ImageDraw.Draw(page)
    for side in range(4):
        d = rng.uniform(2, 8) * MM
        box = ((0, 0, WIDTH, d), (0, 0, d, HEIGHT), (0, HEIGHT - d, WIDTH, HEIGHT), (WIDTH - d, 0, WIDTH, HEIGHT))[side]
        draw.rectangle(box, (rng.randint(5, 30),) * 3)


def streaks(page, lines, rng):
    draw = ImageDraw.Draw(page)
    for _ in range(3):
        x = rng.uniform(30 * MM, WIDTH - 25 * MM)
        draw.line((x, 0, x, HEIGHT), tuple(rng.randint(60, 150) for _ in range(3)), rng.randint(1, 3))


def speckle(page, lines, rng, share=0.012):
    pixels = numpy.array(page)
    noise = numpy.random.default_rng(rng.randint(0, 1 << 30))
    spots = noise.random((HEIGHT // 2, WIDTH // 2)) < share
    # Spots of one to three pixels, as toner leaves them, and worn strokes.
    big = numpy.array(Image.fromarray((spots * 255).astype(numpy.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)) > 0
    pixels[big] = noise.integers(10, 60)
    pixels[noise.random((HEIGHT, WIDTH)) < 0.05] = PAPER
    page.paste(Image.fromarray(pixels))


def rules(page, lines, rng):
    """A form: a rule under each line that cuts its descenders, uprights between the columns, a frame."""
    draw = ImageDraw.Draw(page)
    left, right = int(24 * MM), WIDTH - int(17 * MM)
    for _, (x0, y0, x1, y1) in lines:
        y = y1 - rng.randint(1, 5)
        draw.line((left, y, right, y), INK, rng.choice((2, 3, 4)))
    for x in (left, right):
        draw.line((x, lines[0][1][1] - 20, x, lines[-1][1][3]), INK, 4)


def boxes(page, lines, rng):
    """A form filled in carelessly: rules run through the lower half of every second line, uprights through characters."""
    draw = ImageDraw.Draw(page)
    left, right = int(24 * MM), WIDTH - int(17 * MM)
    for n, (_, (x0, y0, x1, y1)) in enumerate(lines):
        if n % 2 == 0:
            y = y0 + (y1 - y0) * rng.uniform(0.55, 0.9)
            draw.line((left, y, right, y), INK, rng.choice((2, 3)))
    for k in range(5):
        x = left + (right - left) * (k + rng.uniform(0.2, 0.8)) / 5
        draw.line((x, lines[0][1][1] - 20, x, lines[-1][1][3]), INK, rng.choice((2, 3)))


def seals(page, lines, rng, red=(208, 40, 48), count=1):
    for _ in range(count):
        cx, cy, r = WIDTH * rng.uniform(0.3, 0.7), HEIGHT * rng.uniform(0.2, 0.6), 21 * MM
        over = Image.new("RGB", page.size, (255, 255, 255))
        pen = ImageDraw.Draw(over)
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), outline=red, width=int(1.3 * MM))
        font = ImageFont.truetype(FONTS["chi_sim"][0], int(7 * MM))
        for k, c in enumerate("某某县人民政府"):
            pen.text((cx - r * 0.75 + k * r * 0.22, cy - r * 0.6 + abs(k - 3) * r * 0.08), c, red, font)
        pen.regular_polygon((cx, cy + r * 0.2, r * 0.3), 5, fill=red)
        page.paste(Image.fromarray((numpy.asarray(page).astype(numpy.uint16) * numpy.asarray(over) // 255).astype(numpy.uint8)))


def seal(page, lines, rng):
    seals(page, lines, rng)


def paleseals(page, lines, rng):
    seals(page, lines, rng, (240, 150, 150), 3)


def darkseals(page, lines, rng):
    seals(page, lines, rng, (150, 14, 26), 3)


def weigh(page, share):
    """Multiplies the page by `share` (height x width x 3)."""
    page.paste(Image.fromarray((numpy.asarray(page) * share).clip(0, 255).astype(numpy.uint8)))


def stains(page, lines, rng):
    """Coffee: brown spots with a darker rim."""
    yy, xx = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    share = numpy.ones((HEIGHT, WIDTH, 3))
    for _ in range(4):
        cx, cy, r = WIDTH * rng.uniform(0.2, 0.8), HEIGHT * rng.uniform(0.15, 0.6), rng.uniform(14, 38) * MM
        d = numpy.hypot(xx - cx, (yy - cy) * rng.uniform(0.8, 1.25)) / r
        depth = numpy.where(d < 1, rng.uniform(0.2, 0.45), 0) + 0.25 * numpy.exp(-(((d - 0.97) / 0.04) ** 2))
        share *= 1 - depth[..., None] * numpy.array([0.55, 0.8, 1.1])
    weigh(page, share)


def shadow(page, lines, rng):
    """The shadow beside the gutter of a thick book, and light that falls off towards the corner."""
    x = numpy.arange(WIDTH) / MM
    y = numpy.arange(HEIGHT) / MM
    gutter = 1 - rng.uniform(0.72, 0.85) * numpy.exp(-x / rng.uniform(14, 24))
    corner = 1 - 0.35 * (x[None, :] / x[-1]) * (y[:, None] / y[-1])
    weigh(page, (gutter[None, :] * corner)[..., None])


def carbon(page, lines, rng):
    """A carbon copy of the third sheet: pale, soft, uneven."""
    pixels = numpy.asarray(page.filter(ImageFilter.GaussianBlur(1.3))).astype(float)
    noise = numpy.random.default_rng(rng.randint(0, 1 << 30)).normal(0, 1, (HEIGHT // 8 + 1, WIDTH // 8 + 1))
    uneven = numpy.array(Image.fromarray(noise.astype(numpy.float32)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    keep = (rng.uniform(0.22, 0.34) * (1 + 0.35 * uneven)).clip(0.05, 0.8)[..., None]
    paper = numpy.array(PAPER)
    page.paste(Image.fromarray((paper - (paper - pixels) * keep).clip(0, 255).astype(numpy.uint8)))


DEFECTS = {"clean": None, "holes": holes, "staples": staples, "border": border, "streaks": streaks, "speckle": speckle, "rules": rules,
           "boxes": boxes, "seal": seal, "paleseals": paleseals, "darkseals": darkseals, "stains": stains, "shadow": shadow, "carbon": carbon}


def make(folder, language, defect, seed):
    rng = random.Random(seed)
    page, lines = text_page(language, rng)
    if DEFECTS[defect]:
        DEFECTS[defect](page, lines, rng)
    page = page.filter(ImageFilter.GaussianBlur(0.7))
    grain = numpy.random.default_rng(seed).normal(0, 3, (HEIGHT, WIDTH, 1))
    page = Image.fromarray((numpy.asarray(page) + grain).clip(0, 255).astype(numpy.uint8))
    if "seal" not in defect and seed % 2:
        page = page.convert("L")
    path = pathlib.Path(folder) / f"{language}-{defect}-{seed}.png"
    page.save(path, dpi=(DPI, DPI))
    return path, "\n".join(text for text, _ in lines)


def read(recto, path, language, clean):
    command = [recto, "text", str(path), "--lang", language] + ([] if clean is None else ["--set", f"reading.clean={clean}"])
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C.UTF-8")).stdout


def invented(truth, text):
    """Words read that are not there, as a share of those that are."""
    want = no_harm.words(truth)
    return (no_harm.words(text) - want).total() / max(1, want.total())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default="build/release/recto")
    parser.add_argument("--pages", default=4, type=int)
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--languages", default="eng,chi_sim")
    parser.add_argument("--defects", default=",".join(DEFECTS))
    parser.add_argument("--ways", default="off,auto", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    ways = [w if w != "as-is" else None for w in options.ways.split(",")]
    failed = False
    with tempfile.TemporaryDirectory(prefix="recto-clean-") as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)

        def one(job):
            language, defect, seed = job
            path, truth = make(options.keep or folder, language, defect, seed)
            texts = [read(options.recto, path, language, way) for way in ways]
            return [no_harm.bag(truth, text) for text in texts] + [invented(truth, text) for text in texts]

        ideal = {}  # by language: pages without a defect, which come first
        print(f"{'language':<10}{'defect':<10}{'pages':>6}{'without':>9}" + "".join(f"{w or 'as is':>9}" for w in ways) + f"{'loss':>9}" + "".join(f"{'+' + (w or 'as is'):>9}" for w in ways))
        for language in options.languages.split(","):
            for defect in options.defects.split(","):
                out = list(pool.map(one, [(language, defect, options.seed + k) for k in range(options.pages)]))
                means = [sum(row[k] for row in out) / len(out) for k in range(2 * len(ways))]
                right, more = means[: len(ways)], means[len(ways) :]
                worst = max(row[0] - row[len(ways) - 1] for row in out)
                if defect == "clean":
                    ideal[language] = right[-1]
                columns = "".join(f"{m:>9.4f}" for m in (ideal.get(language, float("nan")), *right, worst, *more))
                print(f"{language:<10}{defect:<10}{len(out):>6}{columns}", flush=True)
                failed |= right[-1] < right[0] - 0.005
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
