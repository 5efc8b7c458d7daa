"""The delivery of samples/batch: what each file is, how it is worn, how it lies, and in which format it comes."""
import csv
import itertools
import shutil

import numpy as np
from PIL import Image, ImageFilter

from . import corpus, forms, output, wear
from .typeset import A4, Sheet

SEED = 20231106
CATALOGUE = [
    ["档号", "全宗号", "题名", "责任者", "文号", "日期", "年度", "保管期限", "密级", "页数", "备注"],
    ["LZ01-WS·2023-D30-0012", "LZ01", "青柳市人民政府关于加强纸质档案数字化工作的通知", "青柳市人民政府", "柳政发〔2023〕12号",
     "20230317", "2023", "30年", "", "5", "含附件2件"],
    ["LZ01-WS·2023-D30-0013", "LZ01", "关于商请协助核对移交目录的函", "青柳市档案馆", "柳档函〔2023〕7号", "20230529", "2023",
     "30年", "", "2", ""],
    ["LZ01-WS·2023-D30-0014", "LZ01", "青柳市志·水利编（第85页至第87页，复制件）", "青柳市地方志办公室", "", "2008", "2023",
     "30年", "", "3", "图书摘录, 原书存馆"],
    ["LZ01-WS·2023-D30-0015", "LZ01", "青柳市水利局关于核对移交目录的复函", "青柳市水利局", "柳水函〔2023〕11号", "20230616",
     "2023", "30年", "", "2", "待扫描"],
    ["0025-WS·2012-Y-BGS-0001", "0025", "关于白石水库除险加固工程的请示、批复及有关材料", "青柳市人民政府办公室", "", "20120306",
     "2012", "永久", "", "3", "案卷"],
    ["0025-WS·2012-Y-BGS-0002", "0025", "关于切实做好2012年防汛抗旱工作的通知", "青柳市人民政府办公室", "柳政办发〔2012〕15号",
     "20120427", "2012", "永久", "", "4", "复印件"],
    ["0025-WS·2012-D30-BGS-0003", "0025", "关于做好农村公路养护工作的通知", "青柳市交通运输局", "柳交字〔2012〕33号", "20120904",
     "2012", "30年", "", "2", ""],
]


class Delivery:
    """Collects files and truth under a root; n-th pages of an item are counted here."""

    def __init__(self, root):
        self.batch, self.truth = root / "batch", root / "truth"
        for folder in (self.batch, self.truth):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.pages = []
        self.count = {}

    def note(self, item, file, image, sheet, picture, page_class, wear_names, kind, region="whole", matrix=None,
             counted=None, dpi=300, **more):
        number = None
        if item is not None:
            number = self.count[item] = self.count.get(item, 0) + 1
            folder = self.truth / item
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.txt").write_text(sheet.text(), encoding="utf-8")
        self.pages.append({
            "item": item, "page": number, "file": file, "image": image, "region": region, "class": page_class,
            "counted": page_class == "body" if counted is None else counted, "kind": kind, "wear": wear_names,
            "dpi": dpi, **more, **output.page_truth(sheet, picture, matrix)})

    def path(self, name):
        path = self.batch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def flat(image, sheet):
    """The paper fills the picture."""
    return wear.Picture(image, quad=[[0, 0], [sheet.width, 0], [sheet.width, sheet.height], [0, sheet.height]])


def size(sheet):
    return sheet.width, sheet.height


def quiet(rng, sheet, tone=(247, 244, 236)):
    """Paper for LZW: two tones only, so that the file stays small."""
    return wear.paper(rng, size(sheet), tone, 3, 1, 4)


def grey_levels(image, step=16, keep=222):
    """Fewer levels between paper and ink, so that LZW files stay small. Paper's tones (above `keep`) and the
    bed's stay as they are."""
    table = [v if v > keep or v < 60 else 240 - round((240 - v) / step) * step for v in range(256)]
    return image.point(table * len(image.getbands()))


def notice(delivery, rng):
    """LZW TIFF, one file a page: two pages on the bed, one straight, a blank verso, an annex upside down (G4)."""
    item = "LZ01-WS·2023-D30-0012"
    first, second, third = forms.notice_2023(rng)
    for n, (sheet, skew) in enumerate(((first, 2.3), (second, -1.1)), 1):
        picture = wear.on_bed(wear.print_on(sheet, quiet(rng, sheet), rng), rng, skew, step=6)
        picture.image = grey_levels(picture.image)
        name = f"{item}/{n:03}.tif"
        output.tiff(delivery.path(name), picture.image)
        delivery.note(item, name, 1, sheet, picture, "body", ["skew", "dark bed"], "letter")
    picture = flat(grey_levels(wear.print_on(third, quiet(rng, third), rng)), third)
    output.tiff(delivery.path(f"{item}/003.tif"), picture.image)
    delivery.note(item, f"{item}/003.tif", 1, third, picture, "body", [], "letter, seal over the date")
    blank = Sheet()
    picture = flat(wear.show_through(quiet(rng, blank), third, 0.10), blank)
    output.tiff(delivery.path(f"{item}/004.tif"), picture.image)
    delivery.note(item, f"{item}/004.tif", 1, blank, picture, "blank_verso", ["show-through"], "blank")
    annex = forms.schedule_2023(6)
    bilevel = annex.ink.filter(ImageFilter.GaussianBlur(0.8)).point([255] * 110 + [0] * 146).convert("1")
    picture = wear.turn(flat(bilevel, annex), 180)
    output.tiff(delivery.path(f"{item}/005.tif"), picture.image, "group4", model="Sheet feeder")
    delivery.note(item, f"{item}/005.tif", 1, annex, picture, "body", ["upside down"], "ruled table")


def volume(delivery, rng):
    """JPEG, a file a page: cover, contents, stained, blank verso, faded, sideways, skewed by 3.8 degrees, 备考表."""
    item = "0025-WS·2012-Y-BGS-0001"
    aged = (232, 221, 196)

    def shoot(n, sheet, image, page_class, names, kind, skew=None, turned=0):
        if skew is None:
            picture = flat(image, sheet)
        else:
            picture = wear.on_bed(image, rng, skew, step=1)
        if turned:
            picture = wear.turn(picture, turned)
        picture.image = wear.noise(picture.image, rng, 1.1)
        name = f"{item}/{n:03}.jpg"
        output.jpeg(delivery.path(name), picture.image)
        delivery.note(item, name, 1, sheet, picture, page_class, names, kind)

    cover = forms.cover(corpus.VOLUME_2012)
    shoot(1, cover, wear.foxing(wear.print_on(cover, wear.paper(rng, size(cover), (214, 190, 150), 12, 1), rng), rng),
          "cover", ["foxing", "dark bed"], "volume cover", skew=0.6)
    contents = forms.contents(corpus.VOLUME_2012)
    shoot(2, contents, wear.print_on(contents, wear.paper(rng, size(contents), aged, 10, 1), rng), "contents", [],
          "contents list")
    request, = forms.letter(corpus.REQUEST_2012, rng, "song", pitch=100, first_number=1)
    minutes, = forms.letter(corpus.MINUTES_2012, rng, "serif", pitch=100, first_number=1)
    base = wear.show_through(wear.paper(rng, size(request), aged, 14, 1), minutes, 0.26, blur=2.2)
    shoot(3, request, wear.stain(wear.foxing(wear.print_on(request, base, rng), rng), rng), "body",
          ["stains", "bleed-through", "foxing"], "letter, seal over the date")
    blank = Sheet()
    shoot(4, blank, wear.show_through(wear.paper(rng, size(blank), aged, 10, 1), request, 0.10), "blank_verso",
          ["show-through"], "blank")
    reply, = forms.letter(corpus.REPLY_2012, rng, "kai", pitch=100, first_number=2)
    faded = wear.print_on(reply, wear.paper(rng, size(reply), (236, 228, 208), 10, 1), rng, 0.50, (100, 92, 96),
                          uneven=0.35)
    shoot(5, reply, faded, "body", ["faded", "dark bed"], "letter, seal over the date", skew=-1.7)
    table = forms.estimate_2012()
    shoot(6, table, wear.print_on(table, wear.paper(rng, size(table), aged, 8, 1), rng), "body", ["sideways"],
          "ruled table", turned=90)
    shoot(7, minutes, wear.print_on(minutes, wear.paper(rng, size(minutes), (240, 234, 218), 8, 1), rng), "body",
          ["skew", "dark bed"], "letter, seal over the date", skew=3.8)
    remarks = forms.remarks(corpus.VOLUME_2012)
    shoot(8, remarks, wear.print_on(remarks, wear.paper(rng, size(remarks), aged, 10, 1), rng), "remarks", [],
          "备考表")


def photocopies(delivery, rng):
    """One multi-page G4 TIFF: copies of copies, skewed a little, strokes broken more and more."""
    item = "0025-WS·2012-Y-BGS-0002"
    text = {"letterhead": "青柳市人民政府办公室文件", "number": "柳政办发〔2012〕15号",
            "title": ["关于切实做好2012年", "防汛抗旱工作的通知"], "to": "各县（区）人民政府，市直各单位：",
            "body": corpus.paragraphs(np.random.default_rng([SEED, 77]), 12, 3, 5),
            "signature": "青柳市人民政府办公室", "date": corpus.chinese_date(2012, 4, 27)}
    sheets = forms.letter(text, rng, "serif")[:4]
    assert len(sheets) == 4, len(sheets)
    images, name = [], f"{item}.tif"
    for n, (sheet, skew, dropout) in enumerate(zip(sheets, (0.9, -0.5, 1.6, 0.0), (0.18, 0.26, 0.34, 0.22)), 1):
        picture = flat(sheet.ink, sheet)
        if skew:  # the original lay crooked on the copier; the copy's paper is straight and white
            turned = [wear.Picture(mask.rotate(-skew, Image.BICUBIC)) for mask in (sheet.ink, sheet.red)]
            angle = np.radians(skew)
            c, s = np.cos(angle), np.sin(angle)
            x, y = sheet.width / 2, sheet.height / 2
            picture.matrix = np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1]])
            picture.skew = skew
            sheet_copy = Sheet(sheet.width, sheet.height)
            sheet_copy.ink, sheet_copy.red = turned[0].image, turned[1].image
        else:
            sheet_copy = sheet
        picture.image = wear.photocopy(sheet_copy, rng, 1, dropout, specks=1500 + 900 * n)
        images.append(picture.image)
        delivery.note(item, name, n, sheet, picture, "body", ["photocopy"] + (["skew"] if skew else []), "letter")
        # The paper's corners are those of the copy, not of the crooked original.
        delivery.pages[-1]["quad"] = [[0, 0], [sheet.width, 0], [sheet.width, sheet.height], [0, sheet.height]]
    output.tiff(delivery.path(name), images, "group4", model="Sheet feeder")


def scanned_pdf(delivery, rng):
    """A PDF of three JPEG pages: two of text, the last a blank verso."""
    item = "0025-WS·2012-D30-BGS-0003"
    text = {"letterhead": "青柳市交通运输局文件", "number": "柳交字〔2012〕33号",
            "title": ["关于做好农村公路养护工作的通知"], "to": "各县（区）交通运输局，局属各单位：",
            "body": corpus.paragraphs(np.random.default_rng([SEED, 78]), 5, 3, 5),
            "signature": "青柳市交通运输局", "date": corpus.chinese_date(2012, 9, 4)}
    sheets = forms.letter(text, rng, "serif")
    assert len(sheets) == 2, len(sheets)
    images, name = [], f"{item}.pdf"
    for n, sheet in enumerate([*sheets, Sheet()], 1):
        base = wear.paper(rng, size(sheet), (244, 240, 230), 6, 1)
        if n == 3:
            base = wear.show_through(base, sheets[1], 0.09)
        picture = flat(wear.noise(wear.print_on(sheet, base, rng), rng, 0.8), sheet)
        images.append(picture.image)
        delivery.note(item, name, n, sheet, picture, "body" if n < 3 else "blank_verso",
                      [] if n < 3 else ["show-through"], "letter" if n < 3 else "blank")
    output.pdf(delivery.path(name), images)


def typescript(delivery, rng):
    """Grey PNG, no 档号: a typed English letter; the second page lies crooked and tells no resolution."""
    item = "box7-english"
    for n, text in enumerate((corpus.TYPED_1, corpus.TYPED_2, ""), 1):
        sheet = forms.typed(text, rng) if text else Sheet()
        base = wear.paper(rng, size(sheet), (240, 236, 228), 5, 1)
        image = wear.print_on(sheet, base, rng, 0.95, (44, 42, 52), uneven=0.25, blur=0.8).convert("L")
        picture = wear.on_bed(image, rng, -3.4, step=2) if n == 2 else flat(image, sheet)
        picture.image = grey_levels(picture.image)
        name = f"{item}/{n:03}.png"
        output.png(delivery.path(name), picture.image, None if n == 2 else 300)
        delivery.note(item, name, 1, sheet, picture, "body" if text else "blank_verso",
                      ["skew", "dark bed", "no resolution in the file"] if n == 2 else [],
                      "typescript" if text else "blank")


def stack(delivery, rng):
    """A flat folder: separator sheet (Code 128), a letter; separator sheet (QR), a book spread and a book page."""
    folder = "stack-20231106"
    numbers = itertools.count(1)

    def name(extension):
        return f"{folder}/{next(numbers):04}.{extension}"

    def separate(value, kind):
        sheet, box = forms.separator(value, kind)
        picture = flat(sheet.ink.point([255] * 128 + [0] * 128).convert("1"), sheet)
        file = name("tif")
        output.tiff(delivery.path(file), picture.image, "group4", model="Sheet feeder")
        delivery.note(None, file, 1, sheet, picture, "separator", [], kind, separator={"kind": kind, "value": value},
                      code_box=list(box))

    item = "LZ01-WS·2023-D30-0013"
    separate(item, "code128")
    sheets = forms.letter(corpus.LETTER_2023, rng, "serif")
    assert len(sheets) == 2, len(sheets)
    for sheet, form in zip([*sheets, Sheet()], ("grey", "bi-level", "blank")):
        file = name("tif")
        if form == "bi-level":
            ink = wear.ImageChops.lighter(sheet.ink, sheet.red).filter(ImageFilter.GaussianBlur(0.9))
            picture = flat(ink.point([255] * 110 + [0] * 146).convert("1"), sheet)
            output.tiff(delivery.path(file), picture.image, "group4", model="Sheet feeder")
        else:
            picture = flat(grey_levels(wear.print_on(sheet, quiet(rng, sheet), rng).convert("L")), sheet)
            output.tiff(delivery.path(file), picture.image, model="Sheet feeder")
        delivery.note(item, file, 1, sheet, picture, "blank_verso" if form == "blank" else "body", [],
                      "blank" if form == "blank" else f"letter, {form}")

    item = "LZ01-WS·2023-D30-0014"
    separate(item, "qr")
    width, height = 1720, 2420
    left = forms.book_page(corpus.BOOK[1], width, height, False)
    right = forms.book_page((corpus.BOOK_SINGLE[0], *corpus.BOOK_SINGLE[1:]), width, height, True)
    opener = forms.book_page(corpus.BOOK[0], width, height, True)
    tone = (235, 228, 209)

    file = name("jpg")
    picture = wear.on_bed(wear.print_on(opener, wear.paper(rng, size(opener), tone, 8, 1), rng), rng, -0.8, step=1,
                          margin=(160, 150, 220, 260))
    picture.image = wear.noise(picture.image, rng, 1.1)
    output.jpeg(delivery.path(file), picture.image)
    delivery.note(item, file, 1, opener, picture, "body", ["dark bed"], "book page")

    file = name("jpg")
    spread = Image.new("RGB", (2 * width, height))
    for k, sheet in enumerate((left, right)):
        spread.paste(wear.print_on(sheet, wear.paper(rng, size(sheet), tone, 8, 1), rng), (k * width, 0))
    picture = wear.on_bed(wear.gutter(spread, width), rng, 0.7, step=1, margin=(150, 170, 160, 190))
    picture.image = wear.noise(picture.image, rng, 1.1)
    output.jpeg(delivery.path(file), picture.image)
    for k, (sheet, region) in enumerate(((left, "left"), (right, "right"))):
        shift = np.array([[1, 0, k * width], [0, 1, 0], [0, 0, 1]], float)
        delivery.note(item, file, 1, sheet, picture, "body", ["gutter shadow", "dark bed"], "book spread", region,
                      picture.matrix @ shift)


def make(root):
    """Writes batch/, truth/ and catalogue.csv below `root`. Returns the pages' records."""
    delivery = Delivery(root)
    for n, part in enumerate((notice, volume, photocopies, scanned_pdf, typescript, stack)):
        part(delivery, np.random.default_rng([SEED, n]))
    delivery.pages.sort(key=lambda page: (page["file"], page["image"]))
    output.write_json(delivery.truth / "truth.json", {"schema": 1, "seed": SEED, "pages": delivery.pages})
    with open(root / "catalogue.csv", "w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(CATALOGUE)
    assert A4 == (2480, 3508)
    return delivery.pages
