"""Commands that look at pages without an archive: recto inspect, as JSON Lines and as a report for people."""

import csv
import html.parser
import io
import json
import shutil

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


if __name__ == "__main__":
    main()
