"""From ink to picture: paper, age, copying, and the scanner's bed. Every function is given its random generator.

A Picture is the image with the map from sheet pixels to its own: `matrix` (3x3, applied to column vectors), so
that boxes and paper corners can be written down exactly. Skew is positive where the content is turned clockwise.
"""
import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

INK = (38, 36, 40)
RED = (206, 34, 40)


@dataclass
class Picture:
    image: Image.Image
    matrix: np.ndarray = field(default_factory=lambda: np.eye(3))
    quad: list = field(default_factory=list)   # paper corners from the content's top left clockwise; [] = whole image
    skew: float = 0.0
    orientation: int = 0                       # clockwise turn that makes it upright

    def map_box(self, box):
        """The four corners of a sheet box in the picture, from the content's top left clockwise."""
        x0, y0, x1, y1 = box
        points = np.array([[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]], float).T
        mapped = self.matrix @ points
        return [[round(float(x)), round(float(y))] for x, y in zip(mapped[0], mapped[1])]


def cloud(rng, size, cells, low, high, step=1):
    """A smooth random field (mode L) with values from low to high, in steps: few values keep LZW files small."""
    width, height = size
    grid = rng.random((max(2, round(cells * height / max(size))), max(2, round(cells * width / max(size)))))
    field_ = Image.fromarray((grid * 255).astype("uint8")).resize(size, Image.BICUBIC)
    table = [round((low + (high - low) * v / 255) / step) * step for v in range(256)]
    return field_.point(table)


def paper(rng, size, tone=(247, 244, 236), amplitude=6, step=3, cells=9):
    """Paper of one tone that varies slowly by `amplitude` levels, in steps."""
    shade = cloud(rng, size, cells, 0, amplitude, step)
    return Image.merge("RGB", [shade.point([max(0, t - v) for v in range(256)]) for t in tone])


def print_on(sheet, base, rng, strength=1.0, ink=INK, red=RED, uneven=0.12, blur=0.7):
    """Prints a sheet on paper: ink of uneven strength, red multiplied (a seal lets black text through)."""
    mask = sheet.ink
    if uneven > 0 or strength < 1:
        low = 255 * strength * (1 - uneven)
        mask = ImageChops.multiply(mask, cloud(rng, mask.size, 60, low, 255 * strength))
    image = Image.composite(Image.new("RGB", base.size, ink), base, mask)
    if sheet.red.getbbox():
        white = Image.new("RGB", base.size, (255, 255, 255))
        mask = sheet.red if strength >= 1 else sheet.red.point([round(v * strength) for v in range(256)])
        image = ImageChops.multiply(image, Image.composite(Image.new("RGB", base.size, red), white, mask))
    return image.filter(ImageFilter.GaussianBlur(blur)) if blur else image


def show_through(base, verso, amount=0.14, colour=(120, 112, 104), blur=3.0, shift=(18, -12)):
    """The other side's ink, mirrored and soft."""
    mask = ImageChops.lighter(verso.ink, verso.red).transpose(Image.FLIP_LEFT_RIGHT)
    mask = ImageChops.offset(mask, *shift).filter(ImageFilter.GaussianBlur(blur))
    mask = mask.point([round(v * amount) for v in range(256)])
    return Image.composite(Image.new("RGB", base.size, colour), base, mask)


def stain(image, rng, count=3):
    """Water stains: brown pools with a darker rim."""
    small = (image.width // 8, image.height // 8)
    yy, xx = np.mgrid[0:small[1], 0:small[0]].astype(np.float32)
    shade = np.zeros((small[1], small[0]), np.float32)
    for _ in range(count):
        cx, cy = rng.random() * small[0], rng.random() * small[1]
        radius = (0.12 + 0.16 * rng.random()) * small[0]
        wobble = np.asarray(cloud(rng, small, 12, 0, 255), np.float32) / 255 - 0.5
        distance = np.hypot(xx - cx, (yy - cy) * (0.7 + 0.6 * rng.random())) / radius + 0.5 * wobble
        pool = np.clip(1 - distance, 0, 1) ** 0.5 * 0.55
        rim = np.exp(-((distance - 0.97) / 0.035) ** 2) * 0.55
        shade = np.maximum(shade, np.where(distance < 1, pool, 0) * 0.6 + rim)
    mask = Image.fromarray((np.clip(shade, 0, 1) * 255).astype("uint8")).resize(image.size, Image.BICUBIC)
    white = Image.new("RGB", image.size, (255, 255, 255))
    return ImageChops.multiply(image, Image.composite(Image.new("RGB", image.size, (176, 138, 84)), white, mask))


def foxing(image, rng, count=60):
    """Small brown spots of age."""
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y, r = rng.random() * image.width, rng.random() * image.height, 2 + 9 * rng.random() ** 3
        draw.ellipse((x - r, y - r, x + r, y + r), fill=int(60 + 120 * rng.random()))
    mask = mask.filter(ImageFilter.GaussianBlur(2))
    return Image.composite(Image.new("RGB", image.size, (160, 122, 80)), image, mask)


def noise(image, rng, sigma):
    """Sensor noise, the same in all channels and slightly correlated, as after a camera's own filter."""
    half = rng.standard_normal((image.height // 2 + 1, image.width // 2 + 1)).astype(np.float32) * sigma
    grain = np.repeat(np.repeat(half, 2, 0), 2, 1)[:image.height, :image.width]
    data = np.asarray(image, np.int16) + np.rint(grain).astype(np.int16)[..., None]
    return Image.fromarray(np.clip(data, 0, 255).astype("uint8"))


def photocopy(sheet, rng, generations=2, dropout=0.45, specks=2600, lines=True):
    """A copy of a copy: strokes broken where toner failed, specks, a dark edge. Returns a mode-1 image."""
    data = np.asarray(sheet.ink.filter(ImageFilter.GaussianBlur(1.1 * generations)), np.float32) / 255
    size = sheet.ink.size
    fail = np.asarray(cloud(rng, size, 300, 0, 255), np.float32) / 255
    patch = np.asarray(cloud(rng, size, 14, 0, 255), np.float32) / 255
    dark = data > 0.36 + dropout * (fail * 0.62 + patch * 0.34)
    red = np.asarray(sheet.red, np.uint8) > 110
    dark |= red & (fail > 0.35)
    n = int(specks)
    ys, xs = rng.integers(0, size[1], n), rng.integers(0, size[0], n)
    radii = rng.integers(1, 4, n)
    for y, x, r in zip(ys, xs, radii):
        dark[y:y + r, x:x + r] = True
    if lines:  # a scratch on the drum
        x = int(size[0] * (0.2 + 0.6 * rng.random()))
        for y in range(0, size[1]):
            if rng.random() < 0.55:
                dark[y, x + (y // 700):x + (y // 700) + 2] = True
    edge = np.asarray(cloud(rng, (size[1], 8), 40, 0, 22), np.uint8)[0]
    for y in range(size[1]):
        dark[y, size[0] - int(edge[y]):] = True
    return Image.fromarray(~dark)


def on_bed(image, rng, skew=0.0, margin=(110, 120, 150, 140), bed=(41, 42, 45), step=3):
    """Lays the paper on a dark scanner bed, turned by `skew` degrees clockwise. margin: left, top, right, bottom,
    between the paper's bounding box and the picture's edge."""
    a = math.radians(skew)
    w, h = image.size
    corners = [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)]
    turned = [(x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a)) for x, y in corners]
    left, top = min(x for x, _ in turned), min(y for _, y in turned)
    width = round(max(x for x, _ in turned) - left + margin[0] + margin[2])
    height = round(max(y for _, y in turned) - top + margin[1] + margin[3])
    cx, cy = margin[0] - left, margin[1] - top
    matrix = np.array([[math.cos(a), -math.sin(a), cx - math.cos(a) * w / 2 + math.sin(a) * h / 2],
                       [math.sin(a), math.cos(a), cy - math.sin(a) * w / 2 - math.cos(a) * h / 2], [0, 0, 1]])
    inverse = np.linalg.inv(matrix)
    base = paper(rng, (width, height), bed, 9, step, 5)
    bands = "L" if image.mode == "L" else "RGB"
    if bands == "L":
        base = base.convert("L")
    coefficients = tuple(inverse[:2].reshape(-1))
    flat = image.transform((width, height), Image.AFFINE, coefficients, Image.BICUBIC)
    cover = Image.new("L", image.size, 255).transform((width, height), Image.AFFINE, coefficients, Image.BICUBIC)
    # Paper lifts from the glass a little: a soft shadow on the bed to the right and below.
    shadow = ImageChops.offset(cover.resize((width // 4, height // 4)), 3, 3).filter(ImageFilter.GaussianBlur(4))
    shadow = shadow.resize((width, height)).point([round(v * 0.5) for v in range(256)])
    base = Image.composite(Image.new(bands, base.size, 12 if bands == "L" else (12, 12, 13)), base, shadow)
    picture = Picture(Image.composite(flat, base, cover), matrix, skew=skew)
    picture.quad = picture.map_box((0, 0, w, h))
    return picture


def turn(picture, clockwise):
    """Turns a picture so that it needs `clockwise` degrees (90, 180, 270) to be upright again."""
    image = picture.image
    w, h = image.size
    if clockwise == 180:
        turned, step = image.transpose(Image.ROTATE_180), np.array([[-1, 0, w], [0, -1, h], [0, 0, 1]])
    elif clockwise == 90:  # lies counter-clockwise: its top is at the left
        turned, step = image.transpose(Image.ROTATE_90), np.array([[0, 1, 0], [-1, 0, w], [0, 0, 1]])
    else:
        turned, step = image.transpose(Image.ROTATE_270), np.array([[0, -1, h], [1, 0, 0], [0, 0, 1]])
    result = Picture(turned, step @ picture.matrix, [], picture.skew, clockwise)
    if picture.quad:
        points = np.array([[x, y, 1] for x, y in picture.quad], float).T
        mapped = step @ points
        result.quad = [[round(float(x)), round(float(y))] for x, y in zip(mapped[0], mapped[1])]
    return result


def gutter(image, centre, reach=230, depth=0.55):
    """The shadow where an open book sinks into its spine."""
    x = np.arange(image.width, dtype=np.float32)
    shade = 1 - depth * np.exp(-np.abs(x - centre) / (reach * 0.42))
    line = np.abs(x - centre) < 3
    shade[line] *= 0.55
    strip = Image.fromarray((shade * 255).astype("uint8")[None, :]).resize(image.size)
    return ImageChops.multiply(image, Image.merge("RGB", [strip] * 3))
