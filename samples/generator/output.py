"""Files as a scanning station delivers them: TIFF (LZW, G4, multi-page), JPEG, PNG, a scanned PDF; and the ground
truth beside them. All bytes depend on the pictures only: times are given, never taken from the clock."""
import io
import json
import re
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin

MAKER = "Recto sample generator"
TIME = "2023:11:06 09:12:00"


def _tiff_facts(model, predictor):
    facts = TiffImagePlugin.ImageFileDirectory_v2()
    facts[271], facts[272], facts[305], facts[306] = MAKER, model, "samples/generate.py", TIME
    if predictor:
        facts[317] = 2
    return facts


def tiff(path, images, compression="tiff_lzw", dpi=300, model="Flatbed A3"):
    """One or more pages. compression: tiff_lzw, group4 (mode 1 only), or any other that libtiff writes."""
    def save(image, target):
        facts = _tiff_facts(model, compression == "tiff_lzw" and image.mode != "1")
        image.save(target, format="TIFF", compression=compression, dpi=(dpi, dpi), tiffinfo=facts)

    if not isinstance(images, list):
        save(images, path)
        return
    # Pages are made as files of their own and joined: Pillow's own way through memory leaves bytes between the
    # parts undefined, and two runs would differ in them.
    with tempfile.TemporaryDirectory() as folder, TiffImagePlugin.AppendingTiffWriter(str(path), True) as joined:
        for n, image in enumerate(images):
            part = Path(folder) / f"{n}.tif"
            save(image, part)
            joined.write(part.read_bytes())
            joined.newFrame()


def jpeg(path, image, quality=66, dpi=300, model="Overhead camera"):
    exif = Image.Exif()
    exif[271], exif[272], exif[305], exif[306] = MAKER, model, "samples/generate.py", TIME
    image.save(path, format="JPEG", quality=quality, dpi=(dpi, dpi), exif=exif, subsampling="4:2:0", optimize=True)


def png(path, image, dpi=300):
    """dpi None: the file says nothing of its resolution."""
    image.save(path, format="PNG", optimize=True, **({"dpi": (dpi, dpi)} if dpi else {}))


def pdf(path, images, quality=62, dpi=300):
    """A scanned PDF: one JPEG a page, nothing else."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", None]
    kids = []
    for image in images:
        buffer = io.BytesIO()
        image.save(buffer, format="JPEG", quality=quality, dpi=(dpi, dpi), optimize=True)
        data = buffer.getvalue()
        first = len(objects) + 1
        width, height = image.width * 72 / dpi, image.height * 72 / dpi
        space = b"/DeviceGray" if image.mode == "L" else b"/DeviceRGB"
        content = b"q %.2f 0 0 %.2f 0 0 cm /Im0 Do Q" % (width, height)
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << "
                       b"/XObject << /Im0 %d 0 R >> >> >>" % (width, height, first + 1, first + 2))
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace %s "
                       b"/Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream"
                       % (image.width, image.height, space, len(data), data))
        kids.append(b"%d 0 R" % first)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    objects.append(b"<< /Producer (%s) /CreationDate (D:20231106091200+08'00') >>" % MAKER.encode())
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, len(objects), start)
    Path(path).write_bytes(bytes(out))


def _map(matrix, box):
    x0, y0, x1, y1 = box
    mapped = matrix @ np.array([[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]], float).T
    return [[round(float(x)), round(float(y))] for x, y in zip(mapped[0], mapped[1])]


def page_truth(sheet, picture, matrix=None):
    """What is known of one page: geometry, lines and seals in pixels of the delivered image."""
    matrix = picture.matrix if matrix is None else matrix
    return {
        "width": picture.image.width, "height": picture.image.height,
        "skew_deg": picture.skew, "orientation_deg": picture.orientation,
        "quad": _map(matrix, (0, 0, sheet.width, sheet.height)),
        "seals": [{"text": seal["text"], "quad": _map(matrix, (
            seal["centre"][0] - seal["radius"], seal["centre"][1] - seal["radius"],
            seal["centre"][0] + seal["radius"], seal["centre"][1] + seal["radius"]))} for seal in sheet.seals],
        "lines": [{"text": line.text, "block": line.block, "quad": _map(matrix, line.box)} for line in sheet.lines],
    }


def write_json(path, value):
    """Indented, but each line record and each quad on one line."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    text = re.sub(r"\[\s+(-?\d+),\s+(-?\d+)\s+\]", r"[\1, \2]", text)
    text = re.sub(r"\[\s+((?:\[-?\d+, -?\d+\],?\s*)+)\]", lambda m: "[" + re.sub(r"\s+\[", " [", m.group(1)).strip() + "]",
                  text)
    text = re.sub(r"\{\s+(\"text\": [^\n]+)\s+(\"(?:block|quad)\": [^\n]+)\s+(\"quad\": [^\n]+\s+)?\}",
                  lambda m: "{" + " ".join(g.strip() for g in m.groups() if g) + "}", text)
    Path(path).write_text(text + "\n", encoding="utf-8")
