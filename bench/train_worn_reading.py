#!/usr/bin/env python3
"""Teaches the recognizer to read worn lines (stages/reading/worn_network.h): lines of many typefaces are worn by computation, and
it is shown three pictures of each at once, as the reader makes them. See bench/train_worn_reading.sh, which installs what this needs.

    train_worn_reading.py train FILE.pt [--minutes N] [--from FILE] [--fonts FOLDER]      learns; FILE.pt is kept every 50 steps
    train_worn_reading.py write FILE.pt FILE.inc                                          what was learnt as int8, for the source
    train_worn_reading.py show FILE.png [--fonts FOLDER]                                  such lines, to look at

Nothing here knows the generator of bench/chinese_pages.py, by which the reading of worn pages is judged: the text is words of the
word list in any order, figures and single characters, and wear and typefaces are those of train_restoration.py.
"""
import argparse
import hashlib
import math
import os
import pathlib
import random
import re
import sys
import time
from multiprocessing import Process, Queue

import cv2
import numpy
import torch
import torch.nn.functional as F
import train_restoration as restoration
from onnx_in_torch import OnnxInTorch
from PIL import Image, ImageDraw, ImageFont

SIDE = restoration.SIDE
MODELS = pathlib.Path("build/deps/models")
NETWORK, DICTIONARY, WORDS = MODELS / "ppocrv6_small_rec.onnx", MODELS / "ppocrv6_small_dict.txt", MODELS / "chinese_words.txt"
RESTORE = pathlib.Path("stages/reading/restore_weights.inc")
SKIPPED = 24  # tables of fewer weights are sizes and axes


def blurred(x, sigma):
    """As restoration.blurred; of one picture OpenCV makes it in a tenth of the time."""
    if sigma < 0.2:
        return x
    side = 2 * max(1, int(3 * sigma + 0.5)) + 1
    return torch.from_numpy(cv2.GaussianBlur(x[0, 0].numpy(), (side, side), sigma, borderType=cv2.BORDER_REPLICATE))[None, None]


restoration.blurred = blurred

# --- text ----------------------------------------------------------------------------------------------------


class Text:
    def __init__(self):
        self.words, shares = [], []
        for row in WORDS.read_text("utf-8").splitlines():
            word, count = row.split(" ")[:2]
            if len(word) <= 4 and all("\u4e00" <= c <= "\u9fff" for c in word):
                self.words.append(word)
                shares.append(int(count) ** 0.75)  # rare ones more often than in print
        self.below = numpy.cumsum(shares) / sum(shares)

    @staticmethod
    def figures(rng):
        dice = rng.random()
        if dice < 0.3:
            return str(rng.randint(0, 10 ** rng.randint(1, 5)))
        if dice < 0.5:
            return f"{rng.randint(1950, 2024)}年{rng.randint(1, 12)}月{rng.randint(1, 31)}日"
        if dice < 0.6:
            return f"〔{rng.randint(1950, 2024)}〕{rng.randint(1, 300)}号"
        if dice < 0.75:
            return "".join(rng.choice("一二三四五六七八九十") for _ in range(rng.randint(1, 3))) + rng.choice("、、、月日年条章是个")
        if dice < 0.9:
            return f"{rng.randint(0, 999)}.{rng.randint(0, 99)}" + rng.choice(["", "%", "万元", "吨", "亩"])
        return "".join(rng.choice("〇一二三四五六七八九") for _ in range(4)) + "年"

    def line(self, rng, writing, length):
        if writing != "simplified" or rng.random() < 0.2:
            return restoration.words(rng, writing, length)
        out = ""
        while len(out) < length:
            dice = rng.random()
            if dice < 0.10:
                out += rng.choice("，，，。。、、、；：（）《》“”〔〕")
            elif dice < 0.18:
                out += self.figures(rng)
            elif dice < 0.22:
                out += rng.choice("的了和在是为对与及一不")
            elif dice < 0.25:
                out += rng.choice(restoration.FIRST_LEVEL)
            else:
                out += self.words[int(numpy.searchsorted(self.below, rng.random()))]
        return out


# --- lines, clean and worn -------------------------------------------------------------------------------------


def page_piece(rng, text, fonts):
    """Ink (uint8, SIDE square) in one typeface, the size of its characters in pixels, and its lines: left, top, right, bottom, text."""
    file, index, writing, _ = rng.choices(restoration.FONTS, [f[3] * (0.35 if f[2] == "latin" else 1) for f in restoration.FONTS])[0]
    size = rng.randint(40, 62)
    font = ImageFont.truetype(fonts + "/" + file, size, index=index)
    image = Image.new("L", (SIDE, SIDE), 0)
    pen = ImageDraw.Draw(image)
    lead, spacing = size * rng.uniform(1.3, 2.3), size * rng.choice((0, 0, 0, 0, 0.05, 0.1, 0.2, 0.4))
    if writing == "latin":
        spacing = 0
    y, lines = rng.uniform(0.1, 0.6) * size, []
    while y + size * 1.2 < SIDE:
        left = x = rng.uniform(0.2, 1.0) * size
        kept = ""
        for c in text.line(rng, writing, rng.randint(5, 20)):
            wide = font.getlength(c)
            if x + wide > SIDE - 0.3 * size:
                break
            if writing != "latin":
                pen.text((x, y), c, 255, font)
            kept += c
            x += wide + spacing
        if writing == "latin":
            pen.text((left, y), kept, 255, font)
        if kept.strip():
            _, top, _, bottom = font.getbbox(kept)
            if writing != "latin" or bottom - top < 0.3 * size:
                top, bottom = (top + bottom - size) / 2, (top + bottom + size) / 2
            lines.append((left, y + top, x - spacing, y + bottom, kept.strip()))
        if rng.random() < 0.03:
            pen.line((0, y + size * 1.25, SIDE, y + size * 1.25), 255, rng.randint(2, 4))
        y += lead
    return numpy.asarray(image), size, lines


def even_contrast(grey, height):
    """As stages/reading/even_contrast.cpp."""
    rows, columns = grey.shape
    small = cv2.resize(grey, (max(1, columns // 4), max(1, rows // 4)), interpolation=cv2.INTER_AREA)
    reach = max(3, round(1.2 * height / 4) | 1)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, numpy.ones((reach, reach), numpy.uint8)), (0, 0), reach / 2)
    depth = numpy.maximum(paper.astype("f") - small.astype("f"), 0)
    strength = numpy.maximum(numpy.sqrt(cv2.GaussianBlur(depth * depth, (0, 0), 1.2 * height / 4)), 6)
    whole = lambda m: cv2.resize(m.astype("f"), (columns, rows), interpolation=cv2.INTER_LINEAR)
    return numpy.clip(255 - numpy.maximum(0, whole(paper) - grey) * whole(70 / strength), 0, 255).astype(numpy.uint8)


def with_broader_strokes(grey, height):
    """As stages/reading/even_contrast.cpp."""
    if ((grey >= 40) & (grey <= 215)).mean() > 0.02:
        return grey
    side = max(3, round(0.05 * height) | 1)
    return cv2.erode(grey, numpy.ones((side, side), numpy.uint8))


def restored(net, even, height):
    """As stages/reading/restore.cpp."""
    scale, (rows, columns) = min(1.0, 25 / height), even.shape
    small = cv2.resize(even, (round(columns * scale), round(rows * scale)), interpolation=cv2.INTER_AREA)
    x = numpy.pad(small, ((0, -small.shape[0] % 8), (0, -small.shape[1] % 8)), constant_values=255).astype("f")
    with torch.no_grad():
        chance = torch.sigmoid(net((1 - torch.from_numpy(x) / 255)[None, None].contiguous(memory_format=torch.channels_last)))
    out = numpy.rint(255 - 255 * chance[0, 0, : small.shape[0], : small.shape[1]].numpy()).astype(numpy.uint8)
    return cv2.resize(out, (columns, rows), interpolation=cv2.INTER_CUBIC)


# As stages/reading/ppocr_recognize.h.
STRIP_WIDTHS, STRIP_HEIGHT, CONDENSE = (64, 112, 176, 272, 400, 560, 752), 48, 0.85


def cut(picture, left, top, width, height, strip_width, bucket, skew):
    """A part of a picture as the recognizer is shown it."""
    matrix = numpy.array([[width / strip_width, 0, left], [skew * width / strip_width, height / STRIP_HEIGHT, top - skew * width / 2]], "f")
    while height / STRIP_HEIGHT > 2:
        picture = cv2.resize(picture, ((picture.shape[1] + 1) // 2, (picture.shape[0] + 1) // 2), interpolation=cv2.INTER_AREA)
        matrix, height = matrix / 2, height / 2
    out = numpy.full((STRIP_HEIGHT, bucket), 128, numpy.uint8)
    out[:, :strip_width] = cv2.warpAffine(picture, matrix, (strip_width, STRIP_HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                                          borderMode=cv2.BORDER_REPLICATE)
    return out


def worn_lines(seed, text, net, fonts):
    """Of one piece of a page: [(3 x 48 x width uint8: as it is, made whole, evened; text)]."""
    random.seed(seed)
    torch.manual_seed(seed)
    ink, size, lines = page_piece(random, text, fonts)
    seen = random.uniform(24, 50)
    scale = int(SIDE * seen / size / 2) * 2 / SIDE
    side = round(SIDE * scale)
    fine = max(side, min(int(side * random.uniform(1, 2.2) / 2) * 2, 1100))
    clean = F.interpolate(torch.from_numpy(ink.astype("f") / 255)[None, None], size=(fine, fine), mode="bilinear", antialias=True, align_corners=False)
    clean = clean.clamp(0, 1)
    whole = restoration.resized(clean, side)[0, 0].numpy()
    x = restoration.worn(clean, side)[0, 0].numpy() if random.random() < 0.96 else whole
    two_levels = random.random() < 0.5 and ((x > 0.1) & (x < 0.9)).mean() < 0.2
    if two_levels:
        x = (x > random.uniform(0.3, 0.6)).astype("f")
    paper = 255 if two_levels or random.random() < 0.4 else random.uniform(190, 255)
    grey = numpy.clip(paper - x * paper * (1 if two_levels else random.uniform(0.6, 1)), 0, 255).astype(numpy.uint8)
    height = seen * random.uniform(0.85, 1.1)
    even = even_contrast(grey, height)
    pictures = grey, restored(net, even, height), even_contrast(with_broader_strokes(grey, height), height)
    out = []
    for x0, y0, x1, y1, line in lines:
        own = numpy.s_[max(0, int(y0 * scale)) : int(y1 * scale) + 1, max(0, int(x0 * scale)) : int(x1 * scale) + 1]
        if numpy.maximum(x[own] - 0.15, 0).sum() < 0.15 * whole[own].sum():
            continue  # nothing that could be read
        one = (y1 - y0) * scale
        tall = one * random.uniform(1.1, 1.6)
        top = (y0 + y1) / 2 * scale + random.gauss(0, 0.04) * one - tall / 2
        left = x0 * scale - random.uniform(0, 0.45) * one
        width = x1 * scale + random.uniform(0, 0.45) * one - left
        natural = width * STRIP_HEIGHT * CONDENSE / tall
        bucket = next((w for w in STRIP_WIDTHS if w >= natural * 0.9), None)
        if bucket is None:
            continue
        strip_width = bucket if bucket <= natural * 1.12 else math.ceil(natural)
        skew = random.gauss(0, 0.006)
        out.append((numpy.stack([cut(p, left, top, width, tall, strip_width, bucket, skew) for p in pictures]), line))
    return out


# --- the network ---------------------------------------------------------------------------------------------


class Learnt(torch.nn.Module):
    """What is added to the weights: to small tables as many values; to large ones the product of two narrow ones, and each output is scaled. What
    says which character it is stays: some ten thousand of them are never seen here."""

    def __init__(self, recognizer, rank=16):
        super().__init__()
        self.weights = recognizer.weights
        measured = {i for kind, inputs, _, _ in recognizer.layers if kind == "BatchNormalization" for i in inputs[3:]}
        head = max(recognizer.weights, key=lambda name: recognizer.weights[name].numel())
        classes = max(recognizer.weights[head].shape)
        self.tables = torch.nn.ParameterDict()
        for name, w in recognizer.weights.items():
            if not w.is_floating_point() or w.numel() < SKIPPED or classes in w.shape or name in measured:
                continue
            outputs = w.shape[1] if w.dim() == 2 else w.shape[0]
            inputs = w.numel() // outputs
            if w.dim() >= 2 and min(outputs, inputs) > 24 and w.numel() > 9000:
                self.tables[self.key(name, "Right")] = torch.randn(rank, inputs) / math.sqrt(inputs)
                self.tables[self.key(name, "Left")] = torch.zeros(outputs, rank)
                self.tables[self.key(name, "Scale")] = torch.zeros(outputs)
            else:
                self.tables[self.key(name, "Sum")] = torch.zeros_like(w)

    @staticmethod
    def key(name, way):
        return f"{name.replace('.', '/')} {way}"

    def changed(self):
        """All weights that differ."""
        out = {}
        for key in self.tables:
            name, way = key.replace("/", ".").split(" ")
            w = self.weights[name]
            if way == "Sum":
                out[name] = w + self.tables[key]
            elif way == "Scale":
                product = self.tables[self.key(name, "Left")] @ self.tables[self.key(name, "Right")]
                scale = 1 + self.tables[key]
                out[name] = (w + product.T) * scale if w.dim() == 2 else (w + product.view(w.shape)) * scale.view(-1, *[1] * (w.dim() - 1))
        return out


def load(learnt, path):
    """From what learning keeps, or from the source's tables."""
    if path.suffix != ".inc":
        learnt.load_state_dict(torch.load(path))
        return
    text = path.read_text("ascii")
    rows = [(name, way, int(r)) for name, way, r in re.findall(r'"([^"]+)",Way::(\w+),(\d+),', text)]
    values, scales = [numpy.fromstring(t.split("}")[0].replace("F", ""), sep=",", dtype="f") for t in text.split("[] = {")[2:]]
    for name, way, count in rows:
        table = learnt.tables[learnt.key(name, way)]
        each = table.numel() // count
        table.data = torch.from_numpy(values[: table.numel()].reshape(count, each) * scales[:count, None]).view(table.shape)
        values, scales = values[table.numel() :], scales[count:]


# --- learning ------------------------------------------------------------------------------------------------


def make_lines(queue, seed, fonts):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    os.nice(1)
    text, net = Text(), restoration.load(RESTORE).eval().to(memory_format=torch.channels_last)
    labels = {c: i + 1 for i, c in enumerate([*DICTIONARY.read_text("utf-8").split("\n")[:-1], " "])}
    while True:
        seed += 1
        for pictures, line in worn_lines(seed, text, net, fonts):
            wanted = [labels.get(c, 0) for c in line]
            if all(wanted):
                queue.put((pictures, wanted))


def batches(queue, size):
    """Lines of one width, of about as many pixels together."""
    waiting = {}
    while True:
        pictures, wanted = queue.get()
        lines = waiting.setdefault(pictures.shape[2], [])
        lines.append((pictures, wanted))
        if len(lines) >= max(4, round(size * 400 / pictures.shape[2])):
            yield torch.from_numpy(numpy.stack([p for p, _ in lines])).float() / 127.5 - 1, [w for _, w in lines]
            lines.clear()


def loss_of(logits, wanted):
    """A character's share of what a line is off by."""
    chances = torch.log_softmax(logits, -1).transpose(0, 1)
    steps = torch.full((len(wanted),), chances.shape[0])
    lengths = torch.tensor([len(w) for w in wanted])
    return F.ctc_loss(chances, torch.tensor([c for w in wanted for c in w]), steps, lengths, reduction="none", zero_infinity=True) / lengths


def train(options):
    torch.manual_seed(1)
    recognizer = OnnxInTorch(NETWORK)
    learnt = Learnt(recognizer)
    if options.start:
        load(learnt, options.start)
    queue = Queue(60)
    maker = Process(target=make_lines, args=(queue, options.seed * 10**6, options.fonts), daemon=True)
    maker.start()
    products = [p for key, p in learnt.tables.items() if key.endswith(("Left", "Right"))]
    others = [p for key, p in learnt.tables.items() if not key.endswith(("Left", "Right"))]
    optimizer = torch.optim.AdamW([{"params": products}, {"params": others}], weight_decay=1e-4, betas=(0.9, 0.98))
    begun, total, lines, step = time.time(), 0.0, 0, 0
    for pictures, wanted in batches(queue, 16):
        done = (time.time() - begun) / 60 / options.minutes
        if done >= 1:
            break
        rate = options.rate * min(1, (step + 1) / 60) * (0.51 + 0.49 * math.cos(math.pi * done))
        for group, peak in zip(optimizer.param_groups, (2e-3, 4e-4)):
            group["lr"] = rate * peak
        loss = loss_of(recognizer(pictures, learnt.changed()), wanted).clamp(max=6)  # of a line that is gone nothing can be learnt
        optimizer.zero_grad(set_to_none=True)
        loss.mean().backward()
        torch.nn.utils.clip_grad_norm_(learnt.parameters(), 1.0)
        optimizer.step()
        total, lines, step = total + loss.detach().sum().item(), lines + len(wanted), step + 1
        if step % 50 == 0:
            print(f"step {step}: loss {total / lines:.4f} of {lines} lines, {options.minutes * (1 - done):.0f} minutes left", file=sys.stderr, flush=True)
            total, lines = 0.0, 0
            torch.save(learnt.state_dict(), options.file)
    torch.save(learnt.state_dict(), options.file)
    maker.terminate()


def write(options):
    recognizer = OnnxInTorch(NETWORK)
    learnt = Learnt(recognizer)
    load(learnt, options.file)
    tables, values, scales = [], [], []
    for key, table in learnt.tables.items():
        name, way = key.replace("/", ".").split(" ")
        t = table.detach().numpy()
        t = t.reshape(1, -1) if t.ndim < 2 or t[0].size == 1 or t.shape[0] == 1 else t.reshape(t.shape[0], -1)
        scale = numpy.maximum(numpy.abs(t).max(1) / 127, 1e-12)
        tables.append('{"%s",Way::%s,%d,%d}' % (name, way, *t.shape))
        values += [str(int(q)) for q in numpy.rint(t / scale[:, None]).flat]
        scales += [f"{v:.7e}F" for v in scale]
    with open(options.target, "w", encoding="ascii") as out:
        out.write("// Made by bench/train_worn_reading.py; do not edit.\n")
        out.write(f'inline constexpr std::string_view kWornOf =\n    "{hashlib.sha256(NETWORK.read_bytes()).hexdigest()}";\n')
        restoration.write_tables(out, (("Learnt", "kWornTables", tables), ("std::int8_t", "kWornValues", values), ("float", "kWornScales", scales)))


def show(options):
    text, net, rows = Text(), restoration.load(RESTORE).eval().to(memory_format=torch.channels_last), []
    for seed in range(12):
        for pictures, line in worn_lines(seed, text, net, options.fonts)[::4]:
            print(line)
            row = numpy.full((3 * STRIP_HEIGHT + 12, STRIP_WIDTHS[-1]), 200, numpy.uint8)
            for i, p in enumerate(pictures):
                row[i * (STRIP_HEIGHT + 2) : i * (STRIP_HEIGHT + 2) + STRIP_HEIGHT, : p.shape[1]] = p
            rows.append(row)
    Image.fromarray(numpy.concatenate(rows)).save(options.file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task", required=True)
    for name in ("train", "write", "show"):
        task = tasks.add_parser(name)
        task.add_argument("file", type=pathlib.Path)
        if name == "write":
            task.add_argument("target", type=pathlib.Path)
        else:
            task.add_argument("--fonts", default="/usr/share/fonts")
        if name == "train":
            task.add_argument("--minutes", type=float, default=60)
            task.add_argument("--seed", type=int, default=1, help="other lines")
            task.add_argument("--rate", type=float, default=1.0, help="how fast, beside the usual")
            task.add_argument("--from", dest="start", type=pathlib.Path, help="goes on from what was learnt (also the .inc of the source)")
    options = parser.parse_args()
    {"train": train, "write": write, "show": show}[options.task](options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
