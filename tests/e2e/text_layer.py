"""PDFs that bring their text along: kept, compared or left aside by a whole run and by recto text."""

import json
import pathlib
import re
import struct
import subprocess
import zlib

from common import Case, main, run

FONT = "/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf"
ENGLISH = ["Record of the commission for bridges and roads",
           "The commission has met four times in the course of the year.",
           "It has read the report of the engineers on the northern bridge",
           "and finds that two of the piers must be built anew in spring.",
           "The cost is 12450 crowns, of which the province bears a third."]
CHINESE = ["关于做好今年防汛工作的通知", "各县、区人民政府,市直各部门:",
           "今年入汛以来,全市先后出现三次较强降雨过程,部分河段水位上涨较快,",
           "防汛形势十分严峻。为切实做好今年的防汛工作,现将有关事项通知如下:",
           "一、提高认识,加强领导。各级各部门要把防汛工作摆在重要位置。",
           "二、落实责任,严明纪律。实行行政首长负责制,分级分部门负责。"]


def glyphs_of(path):
    """Glyph of each code point of the plane that a TrueType font's cmap of format 4 has."""
    data = pathlib.Path(path).read_bytes()
    tables = {data[12 + 16 * i:16 + 16 * i]: struct.unpack(">II", data[20 + 16 * i:28 + 16 * i]) for i in range(struct.unpack(">H", data[4:6])[0])}
    cmap = tables[b"cmap"][0]
    for i in range(struct.unpack(">H", data[cmap + 2:cmap + 4])[0]):
        at = cmap + struct.unpack(">I", data[cmap + 8 + 8 * i:cmap + 12 + 8 * i])[0]
        if struct.unpack(">H", data[at:at + 2])[0] != 4:
            continue
        n = struct.unpack(">H", data[at + 6:at + 8])[0] // 2
        word = lambda p: struct.unpack(">H", data[p:p + 2])[0]
        glyphs = {}
        for k in range(n):
            end, start = word(at + 14 + 2 * k), word(at + 16 + 2 * n + 2 * k)
            delta, offset = word(at + 16 + 4 * n + 2 * k), at + 16 + 6 * n + 2 * k
            for c in range(start, min(end, 0xFFFE) + 1):
                glyph = (c + delta) & 0xFFFF if word(offset) == 0 else word(offset + word(offset) + 2 * (c - start))
                glyphs[c] = glyph if word(offset) == 0 or glyph == 0 else (glyph + delta) & 0xFFFF
        return data, glyphs
    raise ValueError("no cmap of format 4")


class Pdf:
    """A PDF with two fonts, Helvetica (F1) and an embedded Chinese one (F2)."""

    def __init__(self):
        data, self.glyphs = glyphs_of(FONT)
        self.objects, self.pages = [None, None], []
        used = sorted({ord(c) for line in CHINESE for c in line})
        pairs = "\n".join(f"<{self.glyphs[c]:04X}> <{c:04X}>" for c in used)
        cmap = self.stream(("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
                            "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
                            f"{len(used)} beginbfchar\n{pairs}\nendbfchar\nendcmap end end").encode())
        file = self.stream(data, f"/Length1 {len(data)}")
        descriptor = self.add(f"<< /Type /FontDescriptor /FontName /Song /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 860 /Descent -140 /CapHeight 860 /StemV 80 /FontFile2 {file} 0 R >>")
        below = self.add(f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /CIDToGIDMap /Identity /FontDescriptor {descriptor} 0 R >>")
        song = self.add(f"<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H /DescendantFonts [{below} 0 R] /ToUnicode {cmap} 0 R >>")
        plain = self.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
        self.resources = self.add(f"<< /Font << /F1 {plain} 0 R /F2 {song} 0 R >> >>")

    def add(self, text):
        self.objects.append(text.encode() if isinstance(text, str) else text)
        return len(self.objects)

    def stream(self, data, more=""):
        packed = zlib.compress(data)
        return self.add(f"<< /Filter /FlateDecode /Length {len(packed)} {more} >>\nstream\n".encode() + packed + b"\nendstream")

    def page(self, lines, hidden=(), box="/MediaBox [0 0 595 842]"):
        content = []
        for mode, texts in ((0, lines), (3, hidden)):
            for i, line in enumerate(texts):
                chinese = any(ord(c) > 255 for c in line)
                shown = "<" + "".join(f"{self.glyphs[ord(c)]:04X}" for c in line) + ">" if chinese else f"({line})"
                content.append(f"BT {mode} Tr /{'F2' if chinese else 'F1'} 14 Tf 60 {740 - 30 * i} Td {shown} Tj ET")
        stream = self.stream("\n".join(content).encode())
        self.pages.append(self.add(f"<< /Type /Page /Parent 2 0 R {box} /Resources {self.resources} 0 R /Contents {stream} 0 R >>"))

    def write(self, path):
        self.objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
        self.objects[1] = f"<< /Type /Pages /Count {len(self.pages)} /Kids [{' '.join(f'{p} 0 R' for p in self.pages)}] >>".encode()
        out, places = b"%PDF-1.7\n", []
        for i, text in enumerate(self.objects):
            places.append(len(out))
            out += f"{i + 1} 0 obj\n".encode() + text + b"\nendobj\n"
        table = len(out)
        out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode() + b"".join(b"%010d 00000 n \n" % p for p in places)
        out += f"trailer << /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
        pathlib.Path(path).write_bytes(out)


def letters(text):
    return re.sub(r"\s", "", text)


class TextLayer(Case):
    def setUp(self):
        super().setUp()
        self.scans = self.folder / "scans"
        self.scans.mkdir()
        self.file = self.scans / "born.pdf"

    def stored(self, wanted):
        """(item.json, plain text) of the one item of a run with that setting."""
        archive = self.folder / f"archive-{wanted}"
        done = run("run", self.scans, "-o", archive, "--create", "--set", f"reading.text_layer={wanted}")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        found = list(archive.rglob("item.json"))
        self.assertEqual(len(found), 1)
        item = json.loads(found[0].read_text("utf-8"))
        text, = found[0].parents[1].glob("text/*.txt")
        verified = run("verify", archive)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        return item, text.read_text("utf-8")

    def test_a_born_digital_document_is_kept_to_the_letter(self):
        pdf = Pdf()
        pdf.page(ENGLISH)
        pdf.page(CHINESE, box="/MediaBox [0 0 595 842] /CropBox [20 500 580 800] /Rotate 90")
        pdf.write(self.file)
        truth = subprocess.run(["pdftotext", "-layout", self.file, "-"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(letters(truth), letters("".join(ENGLISH + CHINESE)), "the file is what it is meant to be")
        item, text = self.stored("keep")
        self.assertEqual(letters(text), letters(truth))
        for line in ENGLISH + CHINESE:
            self.assertIn(line + "\n", text)
        for page in item["pages"]:
            self.assertTrue(page["reading"]["layer"]["kept"], page["reading"])
            self.assertTrue(page["reading"]["engine"].startswith("text layer of the PDF"))
            self.assertFalse([f for f in page["findings"] if f["code"].startswith("read.")])
        shown = run("text", self.file, "--set", "reading.text_layer=keep")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(letters(shown.stdout), letters(truth))
        compared, _ = self.stored("compare")
        for page in compared["pages"]:
            self.assertFalse(page["reading"]["layer"]["kept"])
            self.assertGreater(page["reading"]["layer"]["likeness"], 0.9)
            self.assertFalse([f for f in page["findings"] if f["code"].startswith("read.")])
        replaced, _ = self.stored("replace")
        self.assertNotIn("layer", replaced["pages"][0]["reading"])

    def test_hidden_text_that_the_page_does_not_show_is_reported(self):
        pdf = Pdf()
        pdf.page(CHINESE, hidden=[line[::-1] for line in ENGLISH * 3])
        pdf.write(self.file)
        item, text = self.stored("compare")
        self.assertEqual([f["code"] for f in item["pages"][0]["findings"] if f["code"].startswith("read.")], ["read.layer_differs"])
        self.assertIn("防汛", text)
        self.assertNotIn("noissimmoc", text)
        kept, text = self.stored("keep")
        self.assertNotIn("noissimmoc", text)
        self.assertFalse(kept["pages"][0]["reading"]["layer"]["kept"])


if __name__ == "__main__":
    main()
