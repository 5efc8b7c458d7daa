"""Commands that look at pages without an archive: recto inspect, as JSON Lines and as a report for people."""

import csv
import html.parser
import io
import json
import shutil
import xml.etree.ElementTree as E

from PIL import Image, ImageDraw, ImageFont

from common import SAMPLES, Case, main, run


class Links(html.parser.HTMLParser):
    """Addresses that a page leads to, ids that it has."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.ids, self.figures = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("src", "href"):
                self.addresses.append(value)
            if name == "id":
                self.ids.append(value)
        self.figures += tag == "figure"


class Pages(Case):
    def test_inspect_shows_pages_before_and_after(self):
        scans, out, empty = self.folder / "scans", self.folder / "look", self.folder / "cwd"
        for folder in ("stack-20231106", "LZ01-WS·2023-D30-0012"):
            shutil.copytree(SAMPLES / "batch" / folder, scans / folder)
        (scans / "broken.tif").write_bytes(b"II*\0 and nothing more")
        empty.mkdir()
        files = sorted(p for p in scans.rglob("*") if p.is_file())
        before = self.digest_tree(scans)
        done = run("inspect", "--html", out, *files, cwd=empty)
        self.assertEqual(done.returncode, 1, "one file could not be read")
        self.assertEqual(done.stdout, "")
        self.assertIn(str(out / "index.html"), done.stderr)
        self.assertEqual(self.digest_tree(scans), before)
        self.assertEqual(list(empty.iterdir()), [], "nothing is written but the folder")
        self.assertEqual({p.name for p in out.iterdir()}, {"index.html", "pictures"})
        text = (out / "index.html").read_text("utf-8")
        links = Links(text)
        self.assertEqual(len(links.ids), len(set(links.ids)))
        for address in links.addresses:
            path, _, anchor = address.partition("#")
            self.assertTrue(not path or (out / path).exists(), address)
            self.assertTrue(not anchor or anchor in links.ids, address)
        for file in files:
            self.assertIn(file.name, text)
        images = sum(len(run("inspect", f).stdout.splitlines()) for f in files if f.name != "broken.tif")
        self.assertGreaterEqual(links.figures, images + 1, "the open book is two pages")
        self.assertGreaterEqual(len(list((out / "pictures").iterdir())), 2 * images)
        self.assertNotIn("confidence", text, "nothing was read")
        chinese = run("inspect", "--html", out, *files[:3], "--ui-lang", "zh", cwd=empty)
        self.assertEqual(chinese.returncode, 0, chinese.stderr)
        self.assertIn("页面处理前后对照", (out / "index.html").read_text("utf-8"))

    def test_inspect_says_the_same_in_json_lines(self):
        done = run("inspect", SAMPLES / "batch" / "stack-20231106" / "0001.tif")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["class"], "separator")

    def test_text_gives_tables_as_csv_and_running_text(self):
        page = Image.new("L", (2480, 1800), 244)
        draw = ImageDraw.Draw(page)
        font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf", 46)
        for row, line in enumerate(["The commission has met four times and has read the re-", "port of the engineers on bridges."]):
            draw.text((300, 250 + 80 * row), line, font=font, fill=20)
        cells = [["Road", "Length", "Bridges"], ["North", "1250", "14"], ["South", "980", "32"], ["Harbour", "45", "7"]]
        xs, ys = [300, 900, 1500, 2100], [600, 720, 840, 960, 1080]
        for y in ys:
            draw.line((xs[0], y, xs[-1], y), fill=30, width=4)
        for x in xs:
            draw.line((x, ys[0], x, ys[-1]), fill=30, width=4)
        for r, row in enumerate(cells):
            for c, cell in enumerate(row):
                draw.text((xs[c] + 30, ys[r] + 32), cell, font=font, fill=20)
        file, folder = self.folder / "page.png", self.folder / "tables"
        page.save(file, dpi=(300, 300))
        done = run("text", file, "--lang", "eng", "--paragraphs", "--tables", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("read the report of the engineers", done.stdout)
        self.assertIn("North\t1250\t14\n", done.stdout)
        self.assertEqual([p.name for p in folder.iterdir()], ["0001.table1.csv"])
        data = (folder / "0001.table1.csv").read_bytes()
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        self.assertEqual(list(csv.reader(io.StringIO(data.decode("utf-8-sig")))), cells)
        self.assertEqual(run("text", file, "--json", "--paragraphs").returncode, 64, "one or the other")


class TextFormats(Case):
    """The text of a page in every format says the same; stored ones are listed and verified."""

    X = "{http://www.w3.org/1999/xhtml}"

    def words_of(self, document):
        root = E.fromstring(document)
        return ["".join(w.itertext()) for w in root.iter(self.X + "span") if w.get("class") == "ocrx_word"]

    def test_text_says_the_same_in_every_format(self):
        page = SAMPLES / "batch" / "stack-20231106" / "0002.tif"
        out = {f: run("text", page, "--format", f) for f in ("text", "hocr", "tsv", "alto", "json")}
        for f, r in out.items():
            self.assertEqual(r.returncode, 0, f + r.stderr)
        self.assertEqual(run("text", page, "--json").stdout, out["json"].stdout)
        self.assertEqual(run("text", page, "--format", "doc").returncode, 64)
        self.assertEqual(run("text", page, "--format", "tsv", "--json").returncode, 64)
        squeezed = lambda words: "".join("".join(words).split())
        plain = squeezed(out["text"].stdout)
        self.assertGreater(len(plain), 50)
        words = self.words_of(out["hocr"].stdout)
        self.assertEqual(squeezed(words), plain)
        for line in E.fromstring(out["hocr"].stdout).iter(self.X + "span"):
            if line.get("class") != "ocr_line":
                continue
            x0, y0, x1, y1 = map(int, line.get("title").split(";")[0].split()[1:])
            self.assertTrue(x0 < x1 and y0 < y1, line.get("title"))
        rows = [r.split("\t") for r in out["tsv"].stdout.splitlines()]
        self.assertEqual(rows[0], "level page_num block_num par_num line_num word_num left top width height conf text".split())
        self.assertEqual({len(r) for r in rows}, {12})
        self.assertEqual(squeezed(r[11] for r in rows if r[0] == "5"), plain)
        alto = E.fromstring(out["alto"].stdout.encode())
        self.assertEqual(squeezed(s.get("CONTENT") for s in alto.iter("{http://www.loc.gov/standards/alto/ns-v4#}String")), plain)

    def test_stored_formats_are_listed_and_agree_with_alto(self):
        batch, archive = self.folder / "in", self.folder / "a"
        (batch / "one").mkdir(parents=True)
        for n in (2, 3):
            shutil.copy(SAMPLES / "batch" / "stack-20231106" / f"000{n}.tif", batch / "one")
        self.assertEqual(run("run", batch, "-o", archive, "--create", "--set", "encode.text_formats=pdf").returncode, 78)
        r = run("run", batch, "-o", archive, "--create", "--json", "--set", "encode.text_formats=hocr+tsv")
        self.assertIn(r.returncode, (0, 1), r.stderr)
        item = json.loads(r.stdout)["items"][0]
        root = archive / item["object_path"] / item["version"] / "content" if (archive / item["object_path"]).exists() else archive / "storage" / item["object_path"] / item["version"] / "content"
        j = json.loads((root / "metadata" / "item.json").read_text("utf-8"))
        listed = {f["path"]: f for f in j["files"]}
        for n in (1, 2):
            for name, role in (("hocr.html", "hocr"), ("tsv", "tsv")):
                f = listed[f"text/{n:04}.{name}"]
                self.assertEqual((f["role"], f["page"]), (role, n))
                for record in ("mets.xml", "metadata/premis.xml"):
                    self.assertIn(f["path"], (root / record).read_text("utf-8"))
            alto = E.parse(root / "text" / f"{n:04}.alto.xml").getroot()
            strings = list(alto.iter("{http://www.loc.gov/standards/alto/ns-v4#}String"))
            hocr = (root / "text" / f"{n:04}.hocr.html").read_text("utf-8")
            self.assertEqual(self.words_of(hocr), [s.get("CONTENT") for s in strings])
            places = [tuple(map(int, w.get("title").split(";")[0].split()[1:])) for w in E.fromstring(hocr).iter(self.X + "span") if w.get("class") == "ocrx_word"]
            self.assertEqual(places, [(int(s.get("HPOS")), int(s.get("VPOS")), int(s.get("HPOS")) + int(s.get("WIDTH")), int(s.get("VPOS")) + int(s.get("HEIGHT"))) for s in strings])
        checked = run("verify", archive)
        self.assertEqual(checked.returncode, 0, checked.stdout[-2000:])


if __name__ == "__main__":
    main()
