"""Ink on a sheet: fonts, lines of text with their boxes, rules, tables and seals.

A Sheet holds two coverage masks (black ink, red ink; 0 to 255) and the list of printed lines with their boxes in
sheet pixels. Nothing here knows of paper or scanners; wear.py turns a Sheet into a picture.
"""
import functools
import math
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw, ImageFont

DPI = 300
A4 = (2480, 3508)  # pixels at 300 dpi

_FONTS = {  # name -> (file, family name that marks the face within a collection)
    "serif": ("opentype/noto/NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC"),
    "serif-bold": ("opentype/noto/NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC"),
    "sans": ("opentype/noto/NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
    "sans-bold": ("opentype/noto/NotoSansCJK-Bold.ttc", "Noto Sans CJK SC"),
    "kai": ("truetype/arphic-gkai00mp/gkai00mp.ttf", "AR PL KaitiM GB"),
    "song": ("truetype/arphic-gbsn00lp/gbsn00lp.ttf", "AR PL SungtiL GB"),
    "typewriter": ("truetype/gnutypewriter/GNUTypewriter.ttf", "GNUTypewriter"),
    "mono": ("truetype/liberation/LiberationMono-Regular.ttf", "Liberation Mono"),
    "latin": ("truetype/liberation/LiberationSerif-Regular.ttf", "Liberation Serif"),
}

# A line must not begin with these (避头) nor end with those (避尾).
NOT_FIRST = set("，。、；：？！）》」』”’％〕…—")
NOT_LAST = set("（《「『“‘〔")


def mm(value):
    """Millimetres to pixels."""
    return round(value * DPI / 25.4)


def pt(value):
    """Points to pixels."""
    return round(value * DPI / 72)


@functools.lru_cache(maxsize=None)
def font(name, pixels):
    path, family = _FONTS[name]
    path = "/usr/share/fonts/" + path
    for index in range(16):
        try:
            face = ImageFont.truetype(path, pixels, index=index, layout_engine=ImageFont.Layout.BASIC)
        except OSError as error:
            raise SystemExit(f"font {family} is missing ({path}): scripts/setup samples installs it") from error
        if face.getname()[0] == family:
            return face
    raise SystemExit(f"no face {family} in {path}")


@functools.lru_cache(maxsize=None)
def covers(face, character):
    """False where the face has no shape of its own for the character (〇 is younger than GB 2312)."""
    shape = face.getmask(character)
    return shape.getbbox() is not None and bytes(shape) != bytes(face.getmask("\uffff"))


@dataclass
class Line:
    """A printed line: its text and its box (left, top, right, bottom), and the block it belongs to."""
    text: str
    box: tuple
    block: int


@dataclass
class Sheet:
    width: int = A4[0]
    height: int = A4[1]
    lines: list = field(default_factory=list)
    seals: list = field(default_factory=list)
    block: int = 0

    def __post_init__(self):
        self.ink = Image.new("L", (self.width, self.height), 0)
        self.red = Image.new("L", (self.width, self.height), 0)

    def new_block(self):
        self.block += 1

    def text(self):
        """The lines in the order of writing, a blank line between blocks."""
        out, block = [], None
        for line in self.lines:
            if block is not None and line.block != block:
                out.append("")
            out.append(line.text)
            block = line.block
        return "\n".join(out) + ("\n" if out else "")

    # --- lines -----------------------------------------------------------------------------------------------

    def put(self, text, x, y, face, spacing=0, red=False, record=True, jitter=None):
        """One line with its top left at (x, y); `spacing` is added after each character; `jitter(i)` gives
        (dx, dy, strength 0..255) a character. Returns the x after the line."""
        draw = ImageDraw.Draw(self.red if red else self.ink)
        start, box = x, None
        for i, character in enumerate(text):
            dx, dy, strength = jitter(i) if jitter else (0, 0, 255)
            if character.strip():
                where = (round(x + dx), round(y + dy))
                shape = face
                if not covers(face, character):  # set from another face on the same base line
                    shape = font("serif", face.size)
                    where = (where[0], where[1] + face.getmetrics()[0] - shape.getmetrics()[0])
                draw.text(where, character, font=shape, fill=strength)
                ink = shape.getbbox(character)
                ink = (ink[0] + where[0], ink[1] + where[1], ink[2] + where[0], ink[3] + where[1])
                box = ink if box is None else (min(box[0], ink[0]), min(box[1], ink[1]), max(box[2], ink[2]),
                                               max(box[3], ink[3]))
            x += face.getlength(character) + spacing
        if record and box:
            self.lines.append(Line(text.strip(), box, self.block))
        return x if text else start

    def width_of(self, text, face, spacing=0):
        return sum(face.getlength(character) + spacing for character in text) - (spacing if text else 0)

    def centred(self, text, y, face, spacing=0, red=False, centre=None):
        centre = self.width / 2 if centre is None else centre
        self.put(text, centre - self.width_of(text, face, spacing) / 2, y, face, spacing, red)

    def right(self, text, right, y, face, spacing=0):
        self.put(text, right - self.width_of(text, face, spacing), y, face, spacing)

    def paragraph(self, text, x, y, width, face, pitch, indent=2, limit=None, jitter=None):
        """Chinese paragraph, justified by the character grid. Returns (y below it, text left over) - something
        is left over when `limit` (the lowest y a line may start at) is reached."""
        em = face.getlength("国")
        position, first = 0, True
        while position < len(text):
            if limit is not None and y > limit:
                return y, text[position:]
            left = x + (indent * em if first else 0)
            room = x + width - left
            count, used = 0, 0.0
            while position + count < len(text):
                advance = face.getlength(text[position + count])
                if used + advance > room + 1:
                    break
                used += advance
                count += 1
            rest = text[position + count:]
            if rest and rest[0] in NOT_FIRST:  # hang one mark into the margin rather than start a line with it
                count += 1
            rest = text[position + count:]
            while rest and count > 1 and (text[position + count - 1] in NOT_LAST or rest[0] in NOT_FIRST or
                                          (text[position + count - 1].isascii() and rest[0].isascii())):
                count -= 1
                rest = text[position + count:]
            self.put(text[position:position + count], left, y, face, jitter=jitter)
            position += count
            first = False
            y += pitch
        return y, ""

    # --- rules, tables, seals --------------------------------------------------------------------------------

    def rule(self, x0, y0, x1, y1, thickness=4, red=False):
        ImageDraw.Draw(self.red if red else self.ink).line((x0, y0, x1, y1), fill=255, width=thickness)

    def table(self, x, y, widths, rows, face, row_height, head=True, thickness=4):
        """A ruled table; a cell's text is centred, "<" at its start sets it left. Each cell is a line of truth,
        each row a block. Returns y below the table."""
        total = sum(widths)
        for r, row in enumerate(rows):
            self.new_block()
            left = x
            for width, cell in zip(widths, row):
                parts = cell.lstrip("<").split("\n")
                size = face.size
                top = y + (row_height - len(parts) * size * 1.15) / 2
                for part in parts:
                    if cell.startswith("<"):
                        self.put(part, left + size * 0.4, top, face)
                    elif part:
                        self.centred(part, top, face, centre=left + width / 2)
                    top += size * 1.15
                left += width
            weight = thickness + 2 if r == 0 or (head and r == 1) else thickness
            self.rule(x, y, x + total, y, weight)
            y += row_height
        self.rule(x, y, x + total, y, thickness + 2)
        left = x
        for width in [0, *widths]:
            left += width
            self.rule(left, y - row_height * len(rows), left, y, thickness)
        self.new_block()
        return y

    def seal(self, cx, cy, text, radius=None, rng=None):
        """A round red seal: ring, five-pointed star, the organ's name along the upper arc."""
        radius = radius or mm(21)
        draw = ImageDraw.Draw(self.red)
        stroke = mm(1.2)
        draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), outline=235, width=stroke)
        star = []
        for k in range(10):
            r = radius * (0.30 if k % 2 == 0 else 0.115)
            a = math.radians(-90 + 36 * k)
            star.append((cx + r * math.cos(a), cy + r * math.sin(a)))
        draw.polygon(star, fill=235)
        face = font("serif-bold", round(radius * 0.27))
        span = min(250.0, 31.0 * (len(text) - 1))
        tile = round(radius * 0.5)
        for i, character in enumerate(text):
            angle = -span / 2 + (span * i / (len(text) - 1) if len(text) > 1 else 0)
            glyph = Image.new("L", (tile, tile), 0)
            ImageDraw.Draw(glyph).text((tile / 2, tile / 2), character, font=face, fill=235, anchor="mm")
            glyph = glyph.rotate(-angle, resample=Image.BICUBIC)
            r = radius * 0.74
            x = cx + r * math.sin(math.radians(angle)) - tile / 2
            y = cy - r * math.cos(math.radians(angle)) - tile / 2
            self.red.paste(glyph, (round(x), round(y)), glyph)
        if rng is not None:  # a stamp is never inked evenly
            box = tuple(round(v) for v in (cx - radius, cy - radius, cx + radius, cy + radius))
            patch = self.red.crop(box)
            noise = Image.fromarray((rng.random((18, 18)) * 110 + 145).astype("uint8"))
            noise = noise.resize(patch.size, Image.BICUBIC)
            self.red.paste(ImageChops.multiply(patch, noise), box)
        self.seals.append({"text": text, "centre": [round(cx), round(cy)], "radius": round(radius)})
