#!/usr/bin/env python3
"""Trains the network that makes broken print whole (stages/reading/restore.h): print of many typefaces is worn by computation, and
the network learns to give back what it was. See bench/train_restoration.sh, which installs what this needs.

    train_restoration.py train FILE.pt [--steps N] [--from FILE.pt] [--fonts FOLDER]   learns; FILE.pt is kept every 250 steps
    train_restoration.py write FILE.pt FILE.inc                                        the weights as int8, for the source
    train_restoration.py show FILE.pt FILE.png [--fonts FOLDER]                        worn, clean and restored pieces, to look at

Nothing here knows the generator of bench/chinese_pages.py, by which the reading of worn pages is judged: the text is random, and
wear is drawn from wider and other families.
"""
import argparse
import math
import pathlib
import random
import sys
import time
from multiprocessing import Pool

import numpy
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import nn

NOTO = "opentype/noto/Noto"
FONTS = (  # below /usr/share/fonts: file, number in the collection, writing, how often
    (NOTO + "SerifCJK-Regular.ttc", 2, "simplified", 5), (NOTO + "SerifCJK-Medium.ttc", 2, "simplified", 2),
    (NOTO + "SerifCJK-Bold.ttc", 2, "simplified", 3), (NOTO + "SerifCJK-Light.ttc", 2, "simplified", 2),
    (NOTO + "SerifCJK-Regular.ttc", 3, "traditional", 3), (NOTO + "SerifCJK-Bold.ttc", 3, "traditional", 1),
    (NOTO + "SansCJK-Regular.ttc", 2, "simplified", 2), (NOTO + "SansCJK-Bold.ttc", 2, "simplified", 1),
    (NOTO + "SansCJK-Light.ttc", 2, "simplified", 1), (NOTO + "SansCJK-Regular.ttc", 3, "traditional", 1),
    ("truetype/arphic-gbsn00lp/gbsn00lp.ttf", 0, "simplified", 4), ("truetype/arphic-gkai00mp/gkai00mp.ttf", 0, "simplified", 3),
    ("truetype/arphic-bsmi00lp/bsmi00lp.ttf", 0, "traditional", 2), ("truetype/arphic-bkai00mp/bkai00mp.ttf", 0, "traditional", 1),
    ("truetype/cwtex/cwming.ttf", 0, "traditional", 1), ("truetype/cwtex/cwkai.ttf", 0, "traditional", 1),
    ("truetype/cwtex/cwheib.ttf", 0, "traditional", 1), ("truetype/cns11643/TW-Kai-98_1.ttf", 0, "simplified", 2),
    ("truetype/wqy/wqy-zenhei.ttc", 0, "simplified", 2), ("truetype/hanazono/HanaMinA.ttf", 0, "simplified", 3),
    ("truetype/liberation/LiberationSerif-Regular.ttf", 0, "latin", 1), ("truetype/liberation/LiberationSans-Regular.ttf", 0, "latin", 1),
    ("truetype/liberation/LiberationMono-Regular.ttf", 0, "latin", 1), ("truetype/gnutypewriter/GNUTypewriter.ttf", 0, "latin", 1),
)

# --- text: it has no meaning, so that the network learns characters, not phrases ------------------------------------

COMMON = (  # every second character is one of them
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期"
    "它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门利海受"
    "听表德少克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候民岁往何度山觉路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢社县区党政府"
    "级局科处室员会委革干群众队厂矿产量吨粮食棉油钢铁煤电农业工商财税银行税务计划统计报告请示批复通知决定指示意见办法规定条例章程总结汇报检查调查研究讨论会议纪要记录档案卷宗目录编号页次备注签名盖章"
)


def characters(encoding, high, low):
    """All of those two-byte codes that stand for a Chinese character."""
    out = []
    for h in high:
        for l in low:
            try:
                c = bytes((h, l)).decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\u4e00" <= c <= "\u9fff":
                out.append(c)
    return out


FIRST_LEVEL = characters("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
SECOND_LEVEL = characters("gb2312", range(0xD8, 0xF8), range(0xA1, 0xFF))
TRADITIONAL = characters("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
MARKS = "，。、；：（）《》〔〕“”"


def words(rng, writing, length):
    out = ""
    while len(out) < length:
        dice = rng.random()
        if writing == "latin":
            word = "".join(rng.choice("etaoinshrdlucmfwypvbgkjqxz") for _ in range(rng.randint(1, 9)))
            word = word.capitalize() if dice < 0.15 else str(rng.randint(0, 9999)) if dice < 0.22 else word
            out += word + ("," if dice > 0.95 else "." if dice > 0.9 else "") + " "
        elif dice < 0.06:
            out += rng.choice(MARKS)
        elif dice < 0.10:
            out += str(rng.randint(0, 10 ** rng.randint(1, 5)))
        elif dice < 0.115:
            out += "".join(rng.choice("ABCDEFGHIKLMNPRSTVWXYZabcdefghiklmnoprstuvxyz") for _ in range(rng.randint(1, 6)))
        elif writing == "traditional":
            out += rng.choice(TRADITIONAL)
        else:
            out += rng.choice(COMMON if dice < 0.5 else SECOND_LEVEL if dice > 0.93 else FIRST_LEVEL)
    return out[: length + 20]


# --- clean print ---------------------------------------------------------------------------------------------

SIDE = 768


def page_piece(job):
    """Ink (uint8, SIDE square) in one typeface, and the size of its characters in pixels. `job`: seed, folder of fonts."""
    rng = random.Random(job[0])
    file, index, writing, _ = rng.choices(FONTS, [f[3] for f in FONTS])[0]
    size = rng.randint(48, 68)
    font = ImageFont.truetype(job[1] + "/" + file, size, index=index)
    image = Image.new("L", (SIDE, SIDE), 0)
    pen = ImageDraw.Draw(image)
    if rng.random() < 0.06:
        return numpy.asarray(image), size  # nothing but paper
    vertical = rng.random() < 0.15 and writing != "latin"
    lead, spacing = size * rng.uniform(1.15, 2.3), size * rng.choice((0, 0, 0, 0, 0.05, 0.1, 0.2, 0.5))
    y = -rng.uniform(0, size)
    while y < SIDE:
        text = words(rng, writing, 60 if writing == "latin" else 30)
        x = -rng.uniform(0, size)
        if rng.random() < 0.25:
            x += rng.uniform(0, SIDE * 0.6)
        end = SIDE if rng.random() < 0.75 else rng.uniform(0.2, 1) * SIDE
        if vertical:  # `y` is where the column stands, `x` how far down it begins
            for c in text:
                if x > end:
                    break
                pen.text((y, x), c, 255, font)
                x += size + spacing
        elif spacing or rng.random() < 0.2:
            for c in text:
                if x > end:
                    break
                pen.text((x, y), c, 255, font)
                x += font.getlength(c) + spacing
        else:
            while text and x + font.getlength(text) > end + size:
                text = text[:-1]
            pen.text((x, y), text, 255, font)
        if rng.random() < 0.04:
            pen.line((0, y + size * 1.15, SIDE, y + size * 1.15), 255, rng.randint(2, 5))
        y += lead
    if rng.random() < 0.05:
        x = rng.randint(0, SIDE)
        pen.line((x, 0, x, SIDE), 255, rng.randint(2, 5))
    return numpy.asarray(image), size


def page_pieces(count, fonts):
    with Pool() as pool:
        return pool.map(page_piece, [(seed, fonts) for seed in range(1, count + 1)], 16)


# --- wear ----------------------------------------------------------------------------------------------------


def between(n, low, high):
    return torch.empty(n, 1, 1, 1).uniform_(low, high)


def evened(x):
    return (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True).clamp_min(1e-4)


def field(n, side, cell, stretch=1.0, mode="bicubic"):
    """Smooth noise of mean 0 and deviation 1 with details of about `cell` pixels, `stretch` times as wide."""
    coarse = torch.randn(n, 1, max(2, int(side / cell) + 2), max(2, int(side / (cell * stretch)) + 2))
    return evened(F.interpolate(coarse, size=(side, side), mode=mode, align_corners=None if mode == "nearest" else False))


def blurred(x, sigma):
    if sigma < 0.2:
        return x
    reach = max(1, int(3 * sigma + 0.5))
    kernel = torch.exp(-torch.arange(-reach, reach + 1).float() ** 2 / (2 * sigma * sigma))
    kernel /= kernel.sum()
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    return F.conv2d(F.pad(x, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))


def resized(x, side):
    if x.shape[-1] >= side:
        return F.interpolate(x, size=(side, side), mode="area")
    return F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False)


def quantile(share):
    """Of noise of mean 0 and deviation 1."""
    return math.sqrt(2) * torch.erfinv(2 * share - 1)


def specks(n, side):
    density, size = 10 ** between(n, -3.6, -1.8), random.choice((1, 1, 2, 2, 3))
    coarse = (side + size - 1) // size
    out = (torch.rand(n, 1, coarse, coarse) < density).float()
    out = out.repeat_interleave(size, 2).repeat_interleave(size, 3)[:, :, :side, :side]
    return out * (torch.rand(n, 1, side, side) < 0.7) if random.random() < 0.5 else out


def worn(clean, side):
    """`clean`: n x 1 x D x D, ink from 0 to 1, of at least the resolution of a scan -> n x 1 x side x side, as the network sees it.
    Two levels (photocopies) or grey (carbon copies, stencils, faint print); strokes broken, thinned or run together; grain,
    specks, streaks."""
    n, fine = clean.shape[0], clean.shape[-1]
    reduction = fine / side
    kind = random.random()
    ink = blurred(clean, random.uniform(0.2, 1.6) * max(0.6, reduction / 1.6))
    if random.random() < 0.5:
        ink = ink + field(n, fine, random.uniform(1, 3)) * between(n, 0, 0.25) * (ink > 0.02)
    cut = between(n, 0.3, 0.62)
    cell = math.exp(random.uniform(math.log(1.5), math.log(5.0))) * reduction
    holes = field(n, fine, cell, random.choice((1, 1, 1, 1, 0.4, 2.5)), random.choice(("bicubic", "bicubic", "bilinear", "nearest")))
    if random.random() < 0.4:
        holes = holes + between(n, 0.2, 0.8) * field(n, fine, cell * random.uniform(1.6, 3))
    if random.random() < 0.7:
        holes = holes + between(n, 0, 0.6) * field(n, fine, fine * random.uniform(0.3, 1))
    holes = evened(holes)
    lost = quantile(between(n, 0.05, 0.68) if random.random() < 0.85 else between(n, 0, 0.1))
    if kind < 0.72:
        if random.random() < 0.75:
            out = ((ink > cut) & (holes > lost)).float()
        else:  # strokes get thin before they break
            out = (ink + between(n, 0.15, 0.5) * (holes - lost).clamp(max=0.5) > cut).float()
        if random.random() < 0.5:
            out = torch.maximum(out, specks(n, fine))
        if random.random() < 0.2:
            out = out * (torch.rand(n, 1, fine, fine) > between(n, 0, 0.25)).float()
    else:
        kept = torch.sigmoid((holes - lost) * math.exp(random.uniform(0.3, 3)))
        out = ink * (kept if random.random() < 0.7 else 1 - between(n, 0, 0.5) * (1 - kept))
        out = blurred(out, random.uniform(0.2, 2.0) * reduction / 1.6)
        out = out * between(n, 0.25, 1.1) + torch.randn(n, 1, fine, fine) * between(n, 0, 0.2)
        if random.random() < 0.5:
            out = out + 0.08 * field(n, fine, random.uniform(2, 8)) * between(n, 0, 1)
    for i in range(n):
        if random.random() < 0.06:
            at, wide = random.randrange(fine), random.randint(1, 4)
            if random.random() < 0.6:
                out[i, :, :, at : at + wide] = 1
            else:
                out[i, :, at : at + wide, :] = 1
    out = resized(out, side)
    if random.random() < 0.4:
        out = blurred(out, random.uniform(0.2, 0.7))
    if random.random() < 0.3:
        out = out * between(n, 0.5, 1.2)
    return out.clamp(0, 1)


def batch(pieces, n, side=96):
    """n pieces as seen, and clean. Characters are 22 to 44 pixels high, the scan one to 2.2 times as fine."""
    fine, size = int(side * random.uniform(1.0, 2.2) / 2) * 2, random.uniform(22, 44)
    out = []
    for _ in range(n):
        ink, own = pieces[random.randrange(len(pieces))]
        wide = min(SIDE, int(side * own / (size * random.uniform(0.93, 1.07))))
        x, y = random.randint(0, SIDE - wide), random.randint(0, SIDE - wide)
        part = torch.from_numpy(ink[y : y + wide, x : x + wide].astype(numpy.float32) / 255)[None, None]
        out.append(F.interpolate(part, size=(fine, fine), mode="bilinear", antialias=True, align_corners=False))
    clean = torch.cat(out).clamp(0, 1)
    return worn(clean, side), resized(clean, side)


# --- the network: as in stages/reading/restore_network.cpp --------------------------------------------------------


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.c = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + F.relu(self.c(x))


class Net(nn.Module):
    def __init__(self, one=16, two=32, four=64, eight=96):
        super().__init__()
        blocks = lambda channels, count: nn.Sequential(*[Block(channels) for _ in range(count)])
        self.s0 = nn.Conv2d(1, one, 3, padding=1)
        self.d1, self.b1 = nn.Conv2d(one, two, 3, 2, 1), Block(two)
        self.d2, self.b2 = nn.Conv2d(two, four, 3, 2, 1), blocks(four, 2)
        self.d3, self.b3 = nn.Conv2d(four, eight, 3, 2, 1), blocks(eight, 4)
        self.p2, self.u2 = nn.Conv2d(eight, four, 1), blocks(four, 2)
        self.p1, self.u1 = nn.Conv2d(four, two, 1), Block(two)
        self.p0, self.u0 = nn.Conv2d(two, one, 1), Block(one)
        self.out = nn.Conv2d(one, 1, 3, padding=1)

    def forward(self, x):
        twice = lambda t: F.interpolate(t, scale_factor=2, mode="nearest")
        one = F.relu(self.s0(x))
        two = self.b1(F.relu(self.d1(one)))
        four = self.b2(F.relu(self.d2(two)))
        eight = self.b3(F.relu(self.d3(four)))
        four = self.u2(F.relu(four + twice(self.p2(eight))))
        two = self.u1(F.relu(two + twice(self.p1(four))))
        one = self.u0(F.relu(one + twice(self.p0(two))))
        return self.out(one)

    def filters(self):
        """In the order of their use."""
        return [self.s0, self.d1, self.b1.c, self.d2, *[b.c for b in self.b2], self.d3, *[b.c for b in self.b3], self.p2,
                *[b.c for b in self.u2], self.p1, self.u1.c, self.p0, self.u0.c, self.out]


def load(path):
    """From what training keeps, or from the source's weights."""
    net = Net()
    if path.suffix != ".inc":
        net.load_state_dict(torch.load(path))
        return net
    tables = [t.split("}")[0].replace("F", "") for t in path.read_text("ascii").split("[] = {")[2:]]  # weights, scales, biases
    weights, scales, biases = (torch.tensor([float(v) for v in t.replace("\n", "").split(",") if v]) for t in tables)
    for f in net.filters():
        count, out = f.weight.numel(), f.weight.shape[0]
        f.weight.data = (weights[:count].view(out, -1) * scales[:out, None]).view(f.weight.shape)
        f.bias.data = biases[:out].clone()
        weights, scales, biases = weights[count:], scales[out:], biases[out:]
    return net


def train(options):
    seed = 2 if options.start else 1
    torch.manual_seed(seed)
    random.seed(seed)
    pieces = page_pieces(1600, options.fonts)
    net = (load(options.start) if options.start else Net()).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-4)
    peak, begun, total = 1.5e-3 if options.start else 2e-3, time.time(), 0.0
    for step in range(options.steps):
        rate = peak * min(1, (step + 1) / 200) * (0.51 + 0.49 * math.cos(math.pi * step / options.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        seen, clean = batch(pieces, 24)
        loss = F.binary_cross_entropy_with_logits(net(seen.contiguous(memory_format=torch.channels_last)), clean)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
        if (step + 1) % 250 == 0 or step + 1 == options.steps:
            done = (step + 1) / options.steps
            left = (time.time() - begun) * (1 / done - 1) / 60
            print(f"step {step + 1} of {options.steps}: loss {total / (step % 250 + 1):.4f}, {left:.0f} minutes left", file=sys.stderr, flush=True)
            total = 0.0
            torch.save(net.state_dict(), options.file)


def write(options):
    layers, weights, scales, biases = [], [], [], []
    for f in load(options.file).filters():
        w = f.weight.detach().numpy()
        scale = numpy.maximum(numpy.abs(w).reshape(len(w), -1).max(1) / 127, 1e-12)
        layers.append("{%d,%d,%d}" % (w.shape[1], w.shape[0], w.shape[2]))
        weights += [str(int(q)) for q in numpy.rint(w / scale[:, None, None, None]).flat]
        scales += [f"{v:.7e}F" for v in scale]
        biases += [f"{v:.7e}F" for v in f.bias.detach().numpy()]
    with open(options.target, "w", encoding="ascii") as out:
        out.write("// Made by bench/train_restoration.py; do not edit.\n")
        tables = ("Filters", "Layers", layers), ("std::int8_t", "Weights", weights), ("float", "Scales", scales), ("float", "Biases", biases)
        write_tables(out, [(kind, "kRestore" + name, values) for kind, name, values in tables])


def write_tables(out, tables):
    """Arrays of C++: type, name and values of each."""
    for kind, name, values in tables:
        out.write(f"inline constexpr {kind} {name}[] = {{\n")
        line = ""
        for v in values:
            if len(line) + len(v) > 140:
                out.write(line + "\n")
                line = ""
            line += v + ","
        out.write(line + "\n};\n")


def show(options):
    random.seed(5)
    torch.manual_seed(5)
    pieces, net, rows = page_pieces(60, options.fonts), load(options.file), []
    for _ in range(8):
        seen, clean = batch(pieces, 6)
        with torch.no_grad():
            rows += [torch.cat(list(v[:, 0]), 1) for v in (seen, clean, torch.sigmoid(net(seen)))]
    image = Image.fromarray((255 - 255 * torch.cat(rows, 0).numpy()).astype(numpy.uint8))
    image.resize((image.width * 2, image.height * 2)).save(options.target)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task", required=True)
    for name in ("train", "write", "show"):
        task = tasks.add_parser(name)
        task.add_argument("file", type=pathlib.Path)
        if name != "train":
            task.add_argument("target", type=pathlib.Path)
        if name != "write":
            task.add_argument("--fonts", default="/usr/share/fonts")
        if name == "train":
            task.add_argument("--steps", type=int, default=14000)
            task.add_argument("--from", dest="start", type=pathlib.Path, help="weights to go on from (also the .inc of the source), with other draws and a lower peak of the rate")
    options = parser.parse_args()
    {"train": train, "write": write, "show": show}[options.task](options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
