"""Kinds of pages, each a function that returns Sheets: letters with red heads, covers, lists, typescript, book
pages, separator sheets. Sizes follow GB/T 9704 where they matter for looks (三号 body, 22 lines of 28 characters)."""
from PIL import ImageDraw

from . import barcode, corpus
from .typeset import A4, Line, Sheet, font, mm, pt

BODY = pt(16)       # 三号
PITCH = 118         # pixels between lines of the body
LEFT = mm(28)
WIDTH = mm(156)
BOTTOM = A4[1] - mm(38)


def page_number(sheet, number, odd=True):
    face = font("song", pt(14))
    text = f"— {number} —"
    y = A4[1] - mm(28)
    sheet.new_block()
    if odd:
        sheet.right(text, LEFT + WIDTH - BODY, y, face)
    else:
        sheet.put(text, LEFT + BODY, y, face)


def _head(sheet, letter, body_font):
    name = letter["letterhead"]
    big = font("serif-bold", min(mm(17), round(WIDTH / (len(name) + 0.4))))
    spacing = min(mm(6), (WIDTH - sheet.width_of(name, big)) / max(1, len(name) - 1))
    sheet.centred(name, mm(38), big, spacing, red=True)
    sheet.new_block()
    face = font(body_font, BODY)
    sheet.centred(letter["number"], mm(72), face)
    y = mm(82)
    sheet.rule(LEFT, y, LEFT + WIDTH, y, 9, red=True)
    sheet.new_block()
    y += mm(14)
    for line in letter["title"]:
        sheet.centred(line, y, font("serif-bold", pt(22)))
        y += pt(34)
    sheet.new_block()
    y += mm(8)
    if letter["to"]:
        sheet.put(letter["to"], LEFT, y, face)
        sheet.new_block()
        y += PITCH
    return y


def _sign(sheet, letter, y, body_font, rng, seal=True):
    face = font(body_font, BODY)
    sheet.new_block()
    right = LEFT + WIDTH - 4 * BODY
    centre = right - sheet.width_of(letter["date"], face) / 2
    sheet.centred(letter["signature"], y, face, centre=centre)
    sheet.right(letter["date"], right, y + PITCH, face)
    sheet.new_block()
    if seal:
        sheet.seal(centre + mm(3), y + PITCH * 0.75, letter["signature"], rng=rng)
    return y + 2 * PITCH


def _fill(sheet, paragraphs, y, body_font, limit=BOTTOM, indent=2, pitch=PITCH):
    """Sets paragraphs until the sheet is full; returns (y, what is left over as [(text, indent)])."""
    face = font(body_font, BODY)
    todo = [p if isinstance(p, tuple) else (p, indent) for p in paragraphs]
    while todo:
        text, first = todo.pop(0)
        y, rest = sheet.paragraph(text, LEFT, y, WIDTH, face, pitch, first, limit)
        if rest:
            return y, [(rest, 0), *todo]
        sheet.new_block()
    return y, []


def letter(letter, rng, body_font="serif", number_pages=True, first_number=1, seal=True, pitch=PITCH):
    """A letter of as many pages as it takes."""
    sheets = [Sheet()]
    y = _head(sheets[0], letter, body_font)
    rest = letter["body"]
    while True:
        sheet = sheets[-1]
        y, rest = _fill(sheet, rest, y, body_font, pitch=pitch)
        if not rest and y < BOTTOM - 2 * pitch:
            _sign(sheet, letter, y + min(2 * pitch, max(pitch * 0.6, BOTTOM - 2 * pitch - y)), body_font, rng, seal)
            break
        sheets.append(Sheet())
        y = mm(37)
    if number_pages:
        for i, sheet in enumerate(sheets):
            page_number(sheet, first_number + i, (first_number + i) % 2 == 1)
    return sheets


def notice_2023(rng):
    """Three pages: head and text; table; end with seal and 版记."""
    text = corpus.NOTICE_2023
    face = font("serif", BODY)
    first = Sheet()
    y = _head(first, text, "serif")
    y, rest = _fill(first, text["body"], y, "serif")
    second = Sheet()
    y, rest = _fill(second, rest, mm(37), "serif")
    y = second.table(LEFT, y + 30, [WIDTH * 28 // 100, WIDTH * 24 // 100, WIDTH * 24 // 100, WIDTH * 24 // 100],
                     text["table"], font("serif", pt(13)), 104)
    y, rest = _fill(second, text["after"], y + 60, "serif")
    third = Sheet()
    y, _ = _fill(third, rest, mm(37), "serif")
    for line in text["annex"]:
        third.put(line, LEFT + 2 * BODY, y + 30, face)
        y += PITCH
    _sign(third, text, y + 4 * PITCH, "serif", rng)
    small = font("serif", pt(14))
    y = A4[1] - mm(62)
    third.rule(LEFT, y, LEFT + WIDTH, y, 4)
    third.put(text["copy"], LEFT + pt(14), y + 22, small)
    third.rule(LEFT, y + 110, LEFT + WIDTH, y + 110, 4)
    third.new_block()
    third.put(text["printed"][0], LEFT + pt(14), y + 132, small)
    third.right(text["printed"][1], LEFT + WIDTH - pt(14), y + 132, small)
    third.rule(LEFT, y + 220, LEFT + WIDTH, y + 220, 4)
    for i, sheet in enumerate((first, second, third), 1):
        page_number(sheet, i, i % 2 == 1)
    return [first, second, third]


def schedule_2023(number):
    text = corpus.SCHEDULE_2023
    sheet = Sheet()
    sheet.put("附件2", LEFT, mm(34), font("sans-bold", BODY))
    sheet.new_block()
    sheet.centred(text["title"], mm(48), font("serif-bold", pt(20)))
    y = sheet.table(LEFT, mm(66), [WIDTH * p // 100 for p in (14, 27, 36, 23)], text["rows"], font("serif", pt(14)),
                    150)
    _fill(sheet, [text["note"]], y + 60, "serif")
    page_number(sheet, number, number % 2 == 1)
    return sheet


def cover(volume):
    sheet = Sheet()
    kai = font("kai", pt(22))
    sheet.centred("案　卷　封　面", mm(30), font("serif-bold", pt(30)))
    sheet.new_block()
    sheet.centred(volume["fonds"], mm(60), font("kai", pt(28)))
    sheet.rule(mm(45), mm(74), mm(165), mm(74), 4)
    sheet.new_block()
    y = mm(92)
    for line in volume["title"]:
        sheet.centred(line, y, font("kai", pt(30)))
        sheet.rule(mm(40), y + pt(40), mm(170), y + pt(40), 3)
        y += pt(62)
    y += mm(14)
    for label, value in volume["cover"]:
        sheet.new_block()
        sheet.put(label, mm(50), y, font("serif", pt(18)))
        sheet.put(value, mm(88), y, kai)
        sheet.rule(mm(84), y + pt(28), mm(160), y + pt(28), 3)
        y += pt(44)
    y = mm(248)
    width = mm(40)
    sheet.table(mm(45), y, [width] * 3, [[n for n, _ in volume["numbers"]], [v for _, v in volume["numbers"]]],
                font("serif", pt(16)), mm(13))
    return sheet


def contents(volume):
    sheet = Sheet()
    sheet.centred("卷　内　目　录", mm(26), font("serif-bold", pt(26)))
    rows = [*volume["contents"], *([[""] * 7] * 6)]
    sheet.table(mm(18), mm(46), [mm(w) for w in (16, 32, 26, 48, 24, 13, 15)], rows, font("serif", pt(11)), mm(19))
    return sheet


def remarks(volume):
    """备考表"""
    sheet = Sheet()
    sheet.centred("备　考　表", mm(30), font("serif-bold", pt(28)))
    sheet.new_block()
    face = font("kai", pt(17))
    sheet.rule(mm(25), mm(50), mm(185), mm(50), 5)
    sheet.put("本卷情况说明：", mm(32), mm(58), font("serif", pt(16)))
    y = mm(74)
    for line in volume["note"]:
        sheet.put(line, mm(40), y, face)
        y += mm(15)
    y = mm(205)
    for label, value in volume["signed"]:
        sheet.new_block()
        sheet.put(label + "：", mm(100), y, font("serif", pt(16)))
        sheet.put(value, mm(132), y, face)
        y += mm(15)
    for x in (mm(25), mm(185)):
        sheet.rule(x, mm(50), x, mm(262), 5)
    sheet.rule(mm(25), mm(262), mm(185), mm(262), 5)
    return sheet


def estimate_2012():
    """A landscape table on a landscape sheet."""
    text = corpus.ESTIMATE_2012
    sheet = Sheet(A4[1], A4[0])
    sheet.centred(text["title"], mm(24), font("serif-bold", pt(22)))
    sheet.new_block()
    sheet.right(text["unit"], mm(278), mm(40), font("serif", pt(12)))
    y = sheet.table(mm(20), mm(48), [mm(w) for w in (16, 54, 34, 34, 28, 32, 34, 26)], text["rows"],
                    font("serif", pt(13)), mm(14))
    sheet.put(text["foot"], mm(24), y + 40, font("serif", pt(13)))
    return sheet


def typed(text, rng, face_name="typewriter", size=48, top=mm(28), left=mm(30)):
    """Typescript: one advance for all letters, uneven stroke and height."""
    sheet = Sheet()
    face = font(face_name, size)
    advance = 30  # ten letters an inch
    y = top
    for row in text.split("\n"):
        if not row.strip():
            sheet.new_block()
            y += 72
            continue
        start = len(row) - len(row.lstrip())
        boxes = []
        for i, character in enumerate(row):
            if character == " ":
                continue
            x = left + i * advance + rng.normal(0, 0.8)
            strength = int(min(255, max(120, rng.normal(222, 22))))
            down = rng.normal(0, 1.4) + (3 if character.isupper() and rng.random() < 0.12 else 0)
            ImageDraw.Draw(sheet.ink).text((round(x), round(y + down)), character, font=face, fill=strength)
            box = face.getbbox(character)
            boxes.append((box[0] + x, box[1] + y, box[2] + x, box[3] + y))
        sheet.lines.append(Line(row[start:].rstrip(), (min(b[0] for b in boxes), min(b[1] for b in boxes),
                                                       max(b[2] for b in boxes), max(b[3] for b in boxes)),
                                sheet.block))
        y += 72
    return sheet


def book_page(content, width, height, right_hand):
    head, title, paragraphs, number = content
    sheet = Sheet(width, height)
    face, size = font("song", pt(11.5)), pt(11.5)
    inner, outer = mm(22), mm(16)
    left = inner if right_hand else outer
    text_width = width - inner - outer
    small = font("song", pt(9))
    if right_hand:
        sheet.right(head, left + text_width, mm(14), small)
    else:
        sheet.put(head, left, mm(14), small)
    sheet.rule(left, mm(19), left + text_width, mm(19), 3)
    sheet.new_block()
    y = mm(28)
    sheet.centred(title, y, font("serif-bold", pt(14)), centre=left + text_width / 2)
    sheet.new_block()
    y += mm(14)
    for paragraph in paragraphs:
        y, _ = sheet.paragraph(paragraph, left, y, text_width, face, round(size * 1.62))
        sheet.new_block()
    sheet.centred(number, height - mm(16), small, centre=left + text_width / 2)
    return sheet


def separator(value, kind):
    """A separator sheet: the value as Code 128 or QR, and in print for people."""
    sheet = Sheet()
    sheet.centred("分　隔　页", mm(40), font("sans-bold", pt(40)))
    sheet.new_block()
    if kind == "code128":
        box = barcode.draw_code128(sheet, value, sheet.width / 2, mm(95), module=5, height=mm(32))
    else:
        box = barcode.draw_qr(sheet, value, sheet.width / 2, mm(85), module=24)
    sheet.centred(value, box[3] + mm(10), font("mono", pt(22)) if kind == "code128" else font("sans", pt(22)))
    sheet.new_block()
    sheet.centred("下一页起为新的一件，本页不归档", box[3] + mm(34), font("sans", pt(18)))
    return sheet, box


def running_text(rng, number=None, body_font=None, red_head=False):
    """A page of invented official text for benches: with a red head or a plain continuation page."""
    body_font = body_font or ["serif", "song", "kai", "serif"][int(rng.integers(4))]
    sheet = Sheet()
    if red_head:
        topic = corpus.TOPICS[int(rng.integers(len(corpus.TOPICS)))]
        year = int(rng.integers(1985, 2024))
        y = _head(sheet, {"letterhead": "青柳市人民政府文件", "number": f"柳政发〔{year}〕{int(rng.integers(1, 90))}号",
                          "title": [f"关于做好{topic}工作的通知"], "to": "各县（区）人民政府，市直各单位："}, body_font)
    else:
        y = mm(37)
    _fill(sheet, corpus.paragraphs(rng, 9), y, body_font)
    if number is not None:
        page_number(sheet, number, number % 2 == 1)
    return sheet
