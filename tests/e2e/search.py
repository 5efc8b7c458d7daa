"""recto search on an archive made from samples: words, fields, boxes, counts; a page with a 密级 that the catalogue lacks."""

import json
import pathlib
import shutil
import tempfile

import common
from common import SAMPLES, Case, run

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


def classified_page(path):
    """An A4 letter whose head bears 机密★1年."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (1654, 2339), 255)  # 200 dpi
    draw = ImageDraw.Draw(page)
    draw.text((180, 190), "机密★1年", font=ImageFont.truetype(FONT, 52), fill=0)
    font = ImageFont.truetype(FONT, 44)
    for n, line in enumerate(["关于开展专项检查工作的通知", "", "各县区人民政府,市直各部门:", "现将专项检查工作有关事项通知如下,请认真贯彻执行。", "一、检查范围为全市各级机关和企业事业单位。", "二、检查时间为本年三月至六月。", "", "青柳市人民政府办公室", "2012年3月6日"]):
        draw.text((220, 420 + 110 * n), line, font=font, fill=0)
    page.save(path, dpi=(200, 200))


class Search(Case):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="recto-search-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.archive = cls.root / "archive"
        batch = cls.root / "batch"
        batch.mkdir()
        for name in ("LZ01-WS·2023-D30-0012", "box7-english"):
            shutil.copytree(SAMPLES / "batch" / name, batch / name)
        shutil.copy(SAMPLES / "batch" / "0025-WS·2012-Y-BGS-0002.tif", batch)
        cls.secret = False
        try:
            (batch / "secret").mkdir()
            classified_page(batch / "secret" / "001.png")
            cls.secret = True
        except (ImportError, OSError):
            shutil.rmtree(batch / "secret")
        cls.first = run("run", batch, "-o", cls.archive, "--create", "--repository", "450200", "--catalogue", SAMPLES / "catalogue.csv", timeout=1200)

    def search(self, *words):
        done = run("search", self.archive, *words, "--json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        hits = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0 if hits else 1)
        self.assertIn("machine-readable", done.stderr, "every answer says what it cannot know")
        return hits

    def codes(self, *words):
        return {h["item"]["reference_code"] or h["item"]["name"] for h in self.search(*words)}

    def test_words_phrases_fields(self):
        self.assertIn(self.first.returncode, (0, 1), self.first.stderr)
        self.assertIn("LZ01-WS·2023-D30-0012", self.codes("档案"))
        self.assertEqual(self.codes("檔案", "數字化"), self.codes("档案", "数字化"), "traditional finds simplified")
        self.assertIn("LZ01-WS·2023-D30-0012", self.codes("档"))
        self.assertIn("0025-WS·2012-Y-BGS-0002", self.codes("防汛"))
        self.assertIn("0025-WS·2012-Y-BGS-0002", self.codes("防汛抗旱"))
        self.assertNotIn("0025-WS·2012-Y-BGS-0002", self.codes("通知", "-防汛"))
        self.assertEqual(self.codes("题名:防汛"), {"0025-WS·2012-Y-BGS-0002"})
        self.assertEqual(self.codes("柳政发[2023]12号", "--field", "title=数字化"), {"LZ01-WS·2023-D30-0012"})
        self.assertEqual(self.codes("通知", "--year", "2012", "--from", "2012-04", "--to", "2012-05"), {"0025-WS·2012-Y-BGS-0002"})
        self.assertEqual(self.codes("the"), {"box7-english"})
        self.assertEqual(self.search("不存在的词语"), [])

    def test_a_hit_says_where_it_stands(self):
        hits = [h for h in self.search("防汛") if h["page"]]
        self.assertTrue(hits)
        for h in hits:
            page = h["page"]
            self.assertTrue(h["boxes"], h)
            self.assertTrue(page["image"])
            for box in h["boxes"]:
                self.assertGreater(box["width"], 0)
                self.assertGreaterEqual(box["x"], 0)
                self.assertLessEqual(box["x"] + box["width"], page["width"] + 1)
                self.assertLessEqual(box["y"] + box["height"], page["height"] + 1)
            for start, length in h["highlights"]:
                self.assertEqual(h["snippet"][start:start + length].replace(" ", ""), "防汛")

    def test_for_people(self):
        done = run("search", self.archive, "防汛", "--ui-lang", "zh")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("【防汛】", done.stdout)
        self.assertIn("第 1 页", done.stdout)
        self.assertIn("机读", done.stderr)
        count = run("search", self.archive, "防汛", "--count")
        self.assertEqual(int(count.stdout), len(self.search("防汛")))

    def test_mistakes_are_named(self):
        for words, said in ((["\"防汛"], "quotation"), (["titel:a"], "title"), (["，"], "word"), ([], "look for"), (["a", "--from", "gestern"], "date")):
            done = run("search", self.archive, *words)
            self.assertEqual(done.returncode, 64, words)
            self.assertIn(said, done.stderr)
        self.assertEqual(run("search", self.root / "nothing", "a").returncode, run("status", self.root / "nothing").returncode)

    def test_rebuild_gives_the_same_answers(self):
        before = self.search("通知")
        rebuilt = run("catalogue", "rebuild", self.archive)
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stderr)
        self.assertEqual(self.search("通知"), before)
        (self.archive / "catalogue.db").unlink()
        for rest in ("catalogue.db-wal", "catalogue.db-shm"):
            (self.archive / rest).unlink(missing_ok=True)
        self.assertEqual(self.search("通知"), before, "a lost database is made again")

    def test_classified_stays_out_until_released(self):
        if not self.secret:
            self.skipTest("python3-pil or fonts-noto-cjk absent")
        archive = self.root / "copy"
        shutil.copytree(self.archive, archive)
        counts = json.loads(run("search", archive, "专项检查", "--count", "--json").stdout)
        self.assertEqual((counts["pages"], counts["held_items"], counts["held_pages"]), (0, 1, 1), counts)
        self.assertIn("密级", run("search", archive, "专项检查").stderr)
        for page in pathlib.Path(archive, "reports").rglob("*.html"):
            self.assertNotIn("专项检查", page.read_text("utf-8"), page)
        released = run("release", archive, "secret", "--who", "李四", "--reason", "已解密")
        self.assertIn(released.returncode, (0, 1), released.stderr)
        counts = json.loads(run("search", archive, "专项检查", "--count", "--json").stdout)
        self.assertEqual((counts["pages"], counts["held_items"]), (1, 0), counts)


if __name__ == "__main__":
    common.main()
