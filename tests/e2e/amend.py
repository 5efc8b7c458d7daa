"""Stored items are changed: a page scanned again, a page inserted, a release, corrected text. Later runs keep it."""

import csv
import hashlib
import json
import pathlib
import shutil
import xml.etree.ElementTree as E

import common
from common import SAMPLES, Case, contents, halves, run, small_batch, start

NS = "{http://www.loc.gov/standards/alto/ns-v4#}"


def scans():
    return halves(leave_out=("0007.jpg", "0005.tif"))[::-1]  # an open book, a separator sheet


def head(archive, item):
    """item.json and {logical path: file} of an item's newest version."""
    for inventory in pathlib.Path(archive, "storage").rglob("inventory.json"):
        if inventory.parent.name.startswith("v"):
            continue
        j = json.loads(inventory.read_text("utf-8"))
        if j["id"] != "urn:uuid:" + item:
            continue
        state = j["versions"][j["head"]]["state"]
        files = {p: inventory.parent / j["manifest"][d][0] for d, paths in state.items() for p in paths}
        return json.loads(files["metadata/item.json"].read_text("utf-8")), files, j
    raise KeyError(item)


def lines(alto):
    """[(id, text, box)] of an ALTO file."""
    out = []
    for line in E.parse(alto).getroot().iter(NS + "TextLine"):
        text = "".join(" " if c.tag == NS + "SP" else c.get("CONTENT", "") for c in line)
        out.append((line.get("ID"), text, tuple(float(line.get(k)) for k in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))))
    return out


class Amended(Case):
    def prepare(self):
        self.batch = small_batch(self.folder / "in", items=2, pages=3)
        self.archive = self.folder / "a"
        first = run("run", self.batch, "-o", self.archive, "--create", "--json", "--repository", "450200")
        self.assertIn(first.returncode, (0, 1), first.stderr)
        self.items = {i["name"]: i for i in json.loads(first.stdout)["items"]}
        self.item = self.items["item-1"]
        self.id = self.item["id"]
        self.pages = [p["id"] for p in self.item["pages"]]
        used = {hashlib.sha512(p.read_bytes()).hexdigest() for p in self.batch.rglob("*.*")}
        self.fresh = [p for p in scans() if hashlib.sha512(p.read_bytes()).hexdigest() not in used]

    def verified(self):
        checked = run("verify", self.archive)
        self.assertEqual(checked.returncode, 0, checked.stdout[-3000:] + checked.stderr)

    def test_replace_keeps_the_page_and_no_run_undoes_it(self):
        before, old_files, _ = head(self.archive, self.id)
        others = {p: d for p, d in contents(self.archive)["urn:uuid:" + self.id].items() if p.startswith("text/") and p.endswith(".xml")}
        r = run("replace", self.archive, self.id, "--page", self.pages[1], self.fresh[0], "--who", "李四", "--reason", "模糊", "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        out = json.loads(r.stdout)
        self.assertEqual(out["pages"], [self.pages[1]])
        after, files, inventory = head(self.archive, self.id)
        self.assertEqual(inventory["head"], "v2")
        self.assertEqual([p["id"] for p in after["pages"]], self.pages, "identities stay")
        self.assertEqual([p["order"] for p in after["pages"]], [1, 2, 3])
        self.assertEqual([p["serial"] for p in after["pages"]], [1, 4, 3], "the new scan was captured last")
        digest = hashlib.sha512(self.fresh[0].read_bytes()).hexdigest()
        self.assertEqual(after["sources"][after["pages"][1]["image"]["source"]]["sha512"], digest)
        old = before["sources"][1]["sha512"]
        self.assertIn(old, inventory["manifest"], "the old scan stays in history")
        self.assertNotIn(old, inventory["versions"]["v2"]["state"])
        words = lambda f, n: [(i, t, b) for i, t, b in lines(f[f"text/{n:04}.alto.xml"])]
        for n in (1, 3):
            self.assertEqual(words(files, n), words(old_files, n), "pages that did not change were not read again")
        self.assertEqual([p["treatment"] for p in after["pages"]][0], before["pages"][0]["treatment"])
        premis = files["metadata/premis.xml"].read_text("utf-8")
        for word in ("modification", "李四", "模糊", digest, old, self.pages[1]):
            self.assertIn(word, premis)
        self.verified()
        # The same command again is no second version, and neither is the delivery run again.
        again = run("replace", self.archive, self.id, "--page", "2", self.fresh[0])
        self.assertEqual(again.returncode, 0, again.stderr)
        stored = contents(self.archive)
        r = run("run", self.batch, "-o", self.archive, "--json")
        report = json.loads(r.stdout)
        self.assertEqual({i["state"] for i in report["items"]}, {"unchanged"}, r.stderr)
        self.assertEqual(contents(self.archive), stored)
        # Other settings make everything anew, with the new scan in its place.
        r = run("run", self.batch, "-o", self.archive, "--json", "--set", "encode.jpeg_quality=70")
        self.assertIn(r.returncode, (0, 1), r.stderr)
        last, files, inventory = head(self.archive, self.id)
        self.assertEqual(inventory["head"], "v3")
        self.assertEqual([p["id"] for p in last["pages"]], self.pages)
        self.assertEqual(last["sources"][last["pages"][1]["image"]["source"]]["sha512"], digest)
        self.assertNotIn(old, inventory["versions"]["v3"]["state"])
        self.assertEqual([t for _, t, _ in words(files, 2)], [t for _, t, _ in lines(files["text/0002.alto.xml"])])
        self.assertEqual(len(last["edits"]), 1)
        self.verified()

    def test_insert_gives_a_new_page_and_renumbers_nothing(self):
        before, _, _ = head(self.archive, self.id)
        r = run("insert", self.archive, self.id, "--page", self.pages[0], "--after", self.fresh[0], "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        new = json.loads(r.stdout)["pages"][0]
        after, files, _ = head(self.archive, self.id)
        self.assertEqual([p["id"] for p in after["pages"]], [self.pages[0], new, *self.pages[1:]])
        serials = {p["id"]: p["serial"] for p in after["pages"]}
        for p in before["pages"]:
            self.assertEqual(serials[p["id"]], p["serial"])
        self.assertEqual(serials[new], 4)
        self.assertNotIn(new, self.pages)
        r = run("insert", self.archive, self.id, "--page", self.pages[0], "--before", self.fresh[1], "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        first = json.loads(r.stdout)["pages"][0]
        self.assertEqual(run("insert", self.archive, self.id, self.fresh[1]).returncode, 0, "asked for again: done already")
        want = [first, self.pages[0], new, *self.pages[1:]]
        self.assertEqual([p["id"] for p in head(self.archive, self.id)[0]["pages"]], want)
        self.assertEqual(len(lines(files["text/0003.alto.xml"])), len(lines(head(self.archive, self.id)[1]["text/0004.alto.xml"])))
        self.verified()
        r = run("run", self.batch, "-o", self.archive, "--json", "--set", "encode.jpeg_quality=70")
        report = {i["name"]: i for i in json.loads(r.stdout)["items"]}
        self.assertEqual([p["id"] for p in report["item-1"]["pages"]], want)
        self.assertEqual([p["id"] for p in head(self.archive, self.id)[0]["pages"]], want)
        self.verified()
        bag = run("package", self.archive, "--as", "bag", "-o", self.folder / "bags")
        self.assertEqual(bag.returncode, 0, bag.stderr)
        self.assertEqual(run("verify", *sorted((self.folder / "bags").iterdir())).returncode, 0)

    def test_a_damaged_page_holds_the_item_until_it_is_scanned_again(self):
        batch = self.folder / "bad"
        shutil.copytree(self.batch / "item-2", batch / "damaged")
        (batch / "damaged" / "002.jpg").write_bytes((batch / "damaged" / "002.jpg").read_bytes()[:300])
        r = run("run", batch, "-o", self.archive, "--json")
        item = json.loads(r.stdout)["items"][0]
        self.assertEqual(item["state"], "held", r.stderr)
        refused = run("package", self.archive, item["id"], "--as", "bag", "-o", self.folder / "bags")
        self.assertEqual(refused.returncode, 1)
        r = run("replace", self.archive, item["id"], "--page", item["pages"][1]["id"], self.fresh[0], "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertFalse(json.loads(r.stdout)["held"], r.stderr)
        for words in ([], ["--set", "encode.jpeg_quality=70"]):
            r = run("run", batch, "-o", self.archive, "--json", *words)
            report = json.loads(r.stdout)
            self.assertIn(report["items"][0]["state"], ("stored", "unchanged"), r.stderr)
            j, _, _ = head(self.archive, item["id"])
            self.assertFalse(j["held"])
            self.assertIsNone(j["pages"][1]["error"])
        self.assertEqual(run("package", self.archive, item["id"], "--as", "bag", "-o", self.folder / "bags").returncode, 0)
        self.verified()

    def test_release(self):
        batch = self.folder / "bad"
        shutil.copytree(self.batch / "item-2", batch / "damaged")
        (batch / "damaged" / "002.jpg").write_bytes((batch / "damaged" / "002.jpg").read_bytes()[:300])
        item = json.loads(run("run", batch, "-o", self.archive, "--json").stdout)["items"][0]["id"]
        self.assertEqual(run("release", self.archive, item).returncode, 64, "who and why are needed")
        r = run("release", self.archive, item, "--who", "王五", "--reason", "原件已损毁")
        self.assertEqual(r.returncode, 0, r.stderr)
        j, files, inventory = head(self.archive, item)
        self.assertFalse(j["held"])
        self.assertIn("原件已损毁", files["metadata/premis.xml"].read_text("utf-8"))
        self.assertIn("policy assignment", files["metadata/premis.xml"].read_text("utf-8"))
        self.assertIn('"release"', "".join(p.read_text("utf-8") for p in (self.archive / "events").iterdir()))
        self.assertEqual(json.loads(run("status", self.archive, "--json").stdout)["held"], 0)
        self.assertEqual(run("package", self.archive, item, "--as", "bag", "-o", self.folder / "bags").returncode, 0)
        for words in ([], ["--set", "encode.jpeg_quality=70"]):
            report = json.loads(run("run", batch, "-o", self.archive, "--json", *words).stdout)
            self.assertNotEqual(report["items"][0]["state"], "held", report["items"][0])
        self.assertEqual(run("release", self.archive, item, "--who", "王五", "--reason", "x").returncode, 0, "released already")
        self.assertEqual(run("release", self.archive, self.id, "--who", "王五", "--reason", "x").returncode, 65, "was never held")
        # Another scan in it: it is held again, because that is not what was released.
        (self.folder / "worse.jpg").write_bytes(b"x")
        r = run("insert", self.archive, item, self.fresh[0], "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertTrue(json.loads(r.stdout)["held"])
        self.verified()

    def test_wrong_input_is_named_and_changes_nothing(self):
        stored = contents(self.archive)
        (self.folder / "text.jpg").write_text("no picture")
        page = self.pages[0]
        for words, code, said in (
            (["replace", self.archive, "0025-nobody", "--page", "1", self.fresh[0]], 66, "0025-nobody"),
            (["replace", self.archive, self.id, "--page", "99", self.fresh[0]], 65, "99"),
            (["replace", self.archive, self.id, "--page", page, self.folder / "text.jpg"], 65, "text.jpg"),
            (["replace", self.archive, self.id, "--page", page, self.folder / "none.jpg"], 66, "none.jpg"),
            (["replace", self.archive, self.id, "--page", page, self.batch / "item-1" / "002.jpg"], 65, "page 2"),
            (["replace", self.folder / "nowhere", self.id, "--page", page, self.fresh[0]], None, "nowhere"),
        ):
            r = run(*words)
            self.assertNotEqual(r.returncode, 0, words)
            if code:
                self.assertEqual(r.returncode, code, r.stderr)
            self.assertIn(said, r.stderr)
        self.assertEqual(contents(self.archive), stored)

    def test_killed_at_any_moment_it_is_done_or_not(self):
        import random, time
        rng = random.Random(4)
        began = time.time()
        run("replace", self.archive, self.id, "--page", "3", self.fresh[1])
        took = time.time() - began
        for _ in range(4):
            p = start("replace", self.archive, self.id, "--page", "1", self.fresh[0])
            time.sleep(rng.uniform(0.05, 1.0) * took)
            p.kill()
            p.communicate()
        r = run("replace", self.archive, self.id, "--page", "1", self.fresh[0])
        self.assertEqual(r.returncode, 0, r.stderr)
        _, _, inventory = head(self.archive, self.id)
        self.assertEqual(inventory["head"], "v3", "one version a replaced page, however often it was killed")
        self.verified()


class TreatedByHand(Case):
    """One book spread and two single pages; values set by hand, runs, another scan."""

    def prepare(self):
        self.batch = self.folder / "in"
        item = self.batch / "book"
        item.mkdir(parents=True)
        stack = SAMPLES / "batch" / "stack-20231106"
        for n, name in enumerate(("0007.jpg", "0002.tif", "0003.tif"), 1):
            shutil.copy(stack / name, item / f"{n:03}{pathlib.Path(name).suffix}")
        self.archive = self.folder / "a"
        first = run("run", self.batch, "-o", self.archive, "--create", "--json")
        self.assertIn(first.returncode, (0, 1), first.stderr)
        report = json.loads(first.stdout)
        self.report = pathlib.Path(report["report"]).parent
        self.id = report["items"][0]["id"]
        self.first = head(self.archive, self.id)[0]["pages"]
        self.assertEqual([p["treatment"]["split"] for p in self.first], ["left", "right", "", ""])

    def pages(self):
        return head(self.archive, self.id)[0]["pages"]

    def treat(self, *words, code=0):
        r = run("treat", self.archive, "--item", self.id, *words)
        self.assertEqual(r.returncode, code, r.stderr)
        return r

    def again(self, quality):
        r = run("run", self.batch, "-o", self.archive, "--json", "--set", f"encode.jpeg_quality={quality}")
        self.assertIn(r.returncode, (0, 1), r.stderr)

    def verified(self):
        checked = run("verify", self.archive)
        self.assertEqual(checked.returncode, 0, checked.stdout[-3000:] + checked.stderr)

    def test_an_angle_outlives_runs_and_goes_back(self):
        page = self.first[2]["id"]
        self.treat("--page", page, "--angle", "3.5", "--who", "王五", "--reason", "表格倾斜")
        now = self.pages()[2]
        self.assertEqual((now["id"], now["treatment"]["skew_deg"], now["treatment"]["deskewed"]), (page, 3.5, True))
        self.assertNotEqual(now["treatment"]["transform"], self.first[2]["treatment"]["transform"])
        _, files, inventory = head(self.archive, self.id)
        self.assertEqual(inventory["head"], "v2")
        premis = files["metadata/premis.xml"].read_text("utf-8")
        for word in ("王五", "treatment set by hand", "3.5", page, "表格倾斜"):
            self.assertIn(word, premis)
        # ALTO has the page as it is shown now: its words lie level no more.
        self.verified()
        self.assertIn("nothing to do", self.treat("--page", page, "--angle", "3.5").stderr)
        r = run("run", self.batch, "-o", self.archive, "--json")
        self.assertEqual({i["state"] for i in json.loads(r.stdout)["items"]}, {"unchanged"}, r.stderr)
        self.again(70)
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v3")
        self.assertEqual(self.pages()[2]["treatment"]["skew_deg"], 3.5)
        self.assertEqual([p["id"] for p in self.pages()], [p["id"] for p in self.first])
        self.verified()
        self.treat("--page", page, "--auto")
        self.assertEqual(self.pages()[2]["treatment"]["transform"], self.first[2]["treatment"]["transform"])
        self.again(71)
        self.assertEqual(self.pages()[2]["treatment"]["transform"], self.first[2]["treatment"]["transform"])

    def test_a_spread_is_joined_cut_elsewhere_and_its_halves_set_one_by_one(self):
        left, right, third, fourth = (p["id"] for p in self.first)
        self.treat("--page", right, "--split", "none")
        self.assertEqual([p["id"] for p in self.pages()], [left, third, fourth])
        self.assertEqual(self.pages()[0]["treatment"]["split"], "")
        self.assertEqual([p["order"] for p in self.pages()], [1, 2, 3])
        self.again(70)
        self.assertEqual([p["id"] for p in self.pages()], [left, third, fourth], "a run finds two pages there, the person said one")
        self.verified()
        self.treat("--page", left, "--split", "46%")
        self.assertEqual([p["treatment"]["split"] for p in self.pages()], ["left", "right", "", ""])
        further = self.pages()[1]["id"]
        self.assertEqual([p["id"] for p in self.pages()], [left, further, third, fourth])
        self.treat("--page", further, "--angle", "-2")
        self.again(71)
        now = self.pages()
        self.assertEqual([p["id"] for p in now], [left, further, third, fourth])
        self.assertEqual(now[1]["treatment"]["skew_deg"], -2)
        self.assertLess(now[0]["treatment"]["transform"]["width"], now[1]["treatment"]["transform"]["width"], "cut left of the middle")
        self.verified()
        bag = run("package", self.archive, "--as", "bag", "-o", self.folder / "bags")
        self.assertEqual(bag.returncode, 0, bag.stderr)
        self.assertEqual(run("verify", *sorted((self.folder / "bags").iterdir())).returncode, 0)

    def test_the_file_of_a_report_is_filled_in_and_applied(self):
        path = self.folder / "values.csv"
        heading = ["件 / item", "页标识 / page id", "设定转向 / set turn", "设定角度 / set angle", "设定四角 / set corners", "设定拆页 / set split", "保持原样 / set keep", "修改人 / who"]
        given = next(csv.reader((self.report / "treatments.csv").read_text("utf-8-sig").splitlines()))
        self.assertEqual(given[:8], heading)
        self.assertEqual(given[-2:], ["文件 / file", "图像 / image"], "so that it can be given with a delivery, too")
        rows = [[self.id, self.first[2]["id"], "180", "", "", "", "", "王五"],
                [self.id, self.first[3]["id"], "", "", "10%,10% 90%,10% 90%,90% 10%,90%", "", "", "王五"],
                [self.id, self.first[0]["id"], "", "", "", "", "", ""]]
        def write(rows):
            with open(path, "w", encoding="gb18030", newline="") as f:
                csv.writer(f).writerows([heading, *rows])
        write([*rows, [self.id, self.first[0]["id"], "", "99", "", "", "", "王五"]])
        r = run("treat", self.archive, path)
        self.assertEqual(r.returncode, 1)
        self.assertIn("Row 5", r.stderr)
        self.assertIn("-45 to 45", r.stderr)
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v1", "all or nothing for an item")
        write(rows)
        r = run("treat", self.archive, path, "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(json.loads(r.stdout)["not_filled_in"], 1)
        now = self.pages()
        self.assertEqual(now[2]["treatment"]["orientation_deg"], 180)
        image = head(self.archive, self.id)[0]["sources"][now[3]["image"]["source"]]["images"][0]
        self.assertAlmostEqual(now[3]["treatment"]["transform"]["width"] / image["width"], 0.8, delta=0.04)
        self.verified()

    def test_values_come_with_the_delivery(self):
        path, other = self.folder / "given.csv", self.folder / "b"
        heading = ["文件 / file", "图像 / image", "设定转向 / set turn", "设定角度 / set angle", "设定四角 / set corners", "设定拆页 / set split", "保持原样 / set keep", "修改人 / who"]
        rows = [["book/002.tif", "1", "", "3.5", "", "", "", "王五"], ["003.tif", "", "", "", "10%,10% 90%,10% 90%,90% 10%,90%", "", "", "王五"],
                ["001.jpg", "1 right", "", "-2", "", "", "", ""], ["001.jpg", "1", "", "", "", "", "", ""]]
        def write(rows):
            with open(path, "w", encoding="gb18030", newline="") as f:
                csv.writer(f).writerows([heading, *rows])
        write([*rows, ["nobody.tif", "1", "90", "", "", "", "", ""], ["002.tif", "2", "90", "", "", "", "", ""], ["003.tif", "1", "", "99", "", "", "", ""], ["003.tif", "x", "", "1", "", "", "", ""]])
        r = run("run", self.batch, "-o", other, "--create", "--treatments", path)
        self.assertEqual(r.returncode, 65, r.stderr)
        for told in ("Row 6: the delivery has no file 'nobody.tif'", "Row 7: '2' is no image", "Row 8: image 1 of '003.tif' has a row already", "Row 9: 'x' is no image", str(path)):
            self.assertIn(told, r.stderr)
        self.assertFalse(other.exists(), "nothing was done")
        write(rows)
        r = run("run", self.batch, "-o", other, "--create", "--treatments", path, "--json", "--operator", "李四")
        self.assertIn(r.returncode, (0, 1), r.stderr)
        self.assertNotIn("Row", r.stderr)
        item, files, inventory = head(other, self.id)
        self.assertEqual(inventory["head"], "v1", "from the first version on")
        pages = item["pages"]
        self.assertEqual([p["id"] for p in pages], [p["id"] for p in self.first])
        self.assertEqual([p["treatment"]["skew_deg"] for p in pages[1:3]], [-2, 3.5])
        self.assertEqual(pages[0]["treatment"], self.first[0]["treatment"], "what is not given stays automatic")
        image = item["sources"][pages[3]["image"]["source"]]["images"][0]
        self.assertAlmostEqual(pages[3]["treatment"]["transform"]["width"] / image["width"], 0.8, delta=0.04)
        self.assertEqual([e["edit"] for e in item["edits"]], ["treat"])
        for word in ("王五", "李四"):
            self.assertIn(word, item["edits"][0]["who"])
        self.assertIn("treatment set by hand", files["metadata/premis.xml"].read_text("utf-8"))
        self.assertEqual(run("verify", other).returncode, 0)
        for words in (("--treatments", path), ()):  # with the file or without it: nothing to do
            r = run("run", self.batch, "-o", other, "--json", "--operator", "李四", *words)
            self.assertEqual({i["state"] for i in json.loads(r.stdout)["items"]}, {"unchanged"}, r.stderr)
        # What is set later stands, though the file says something else.
        later = run("treat", other, "--item", self.id, "--page", self.first[2]["id"], "--angle", "1")
        self.assertEqual(later.returncode, 0, later.stderr)
        run("run", self.batch, "-o", other, "--treatments", path, "--set", "encode.jpeg_quality=70")
        self.assertEqual(head(other, self.id)[0]["pages"][2]["treatment"]["skew_deg"], 1)
        # An item that is stored already gets them too, as a new version.
        run("run", self.batch, "-o", self.archive, "--treatments", path)
        item, _, inventory = head(self.archive, self.id)
        self.assertEqual((inventory["head"], item["pages"][2]["treatment"]["skew_deg"]), ("v2", 3.5))
        self.verified()

    def test_a_new_scan_drops_the_values_and_says_so(self):
        page = self.first[2]["id"]
        self.treat("--page", page, "--keep")
        self.assertEqual(run("replace", self.archive, self.id, "--page", page, SAMPLES / "batch" / "LZ01-WS·2023-D30-0012" / "002.tif").returncode, 0)
        self.assertIn("amend.values_dropped", [f["code"] for f in self.pages()[2]["findings"]])
        self.again(70)
        self.assertIn("amend.values_dropped", [f["code"] for f in self.pages()[2]["findings"]])
        self.treat("--page", page, "--angle", "1")
        self.again(71)
        now = self.pages()[2]
        self.assertEqual(now["treatment"]["skew_deg"], 1)
        self.assertNotIn("amend.values_dropped", [f["code"] for f in now["findings"]])
        self.verified()

    def test_wrong_input_is_named(self):
        page = self.first[2]["id"]
        self.assertEqual(run("treat", self.archive).returncode, 64)
        self.treat("--page", page, code=64)
        for words, told in ((("--corners", "0,0 99999,0 99999,9 0,9"), "Option --corners '0,0 99999,0 99999,9 0,9': 99999,0 is outside the scan"), (("--turn", "90", "--angle", "99"), "Option --angle '99'"),
                            (("--split", "99%"), "Option --split"), (("--keep", "--angle", "1"), "Option --keep")):
            wrong = self.treat("--page", page, *words, code=1).stderr
            self.assertIn(told, wrong)
            self.assertNotIn("Row", wrong)
        self.assertIn("Option --page: the item has no page 77", self.treat("--page", "77", "--keep", code=1).stderr)
        self.assertIn("joins its pages", self.treat("--page", self.first[0]["id"], "--corners", "whole", code=1).stderr)
        self.assertIn("选项 --item:档案中没有“nobody”", run("treat", self.archive, "--item", "nobody", "--page", "1", "--keep", "--ui-lang", "zh").stderr)
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v1")


class Corrected(Case):
    def prepare(self):
        self.batch = small_batch(self.folder / "in", items=2, pages=2)
        self.archive = self.folder / "a"
        first = run("run", self.batch, "-o", self.archive, "--create", "--json")
        self.assertIn(first.returncode, (0, 1), first.stderr)
        self.items = json.loads(first.stdout)["items"]
        self.id = self.items[0]["id"]
        self.page = self.items[0]["pages"][0]["id"]

    def write(self, rows, encoding="utf-8-sig", heading=("item", "page id", "line id", "old text", "new text", "who")):
        path = self.folder / "corrections.csv"
        with open(path, "w", encoding=encoding, newline="") as f:
            csv.writer(f).writerows([heading, *rows])
        return path

    def lines(self, n=1):
        return lines(head(self.archive, self.id)[1][f"text/{n:04}.alto.xml"])

    def test_lines_change_in_alto_text_and_pdf_and_stay(self):
        import subprocess
        was = [l for l in self.lines() if len(l[1]) > 4]
        (a, old, box), (b, gone, _) = was[0], was[1]
        new = old[:2] + "勘误" + old[3:]
        name, _, _ = head(self.archive, self.id)
        path = self.write([[self.id, self.page, a, old, new, "王五"], [self.id, self.page, b, gone, "[delete]", "王五"], [self.id, self.page, was[2][0], was[2][1], "", ""]])
        r = run("correct", self.archive, path, "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(json.loads(r.stdout)["not_filled_in"], 1)
        now = {i: (t, x) for i, t, x in self.lines()}
        self.assertEqual(now[a][0], new)
        self.assertEqual(now[a][1], box)
        self.assertNotIn(b, now)
        self.assertEqual(now[was[2][0]], (was[2][1], was[2][2]), "the other lines keep name, text and place")
        j, files, inventory = head(self.archive, self.id)
        self.assertEqual(inventory["head"], "v2")
        text = next(v for k, v in files.items() if k.endswith(".txt")).read_text("utf-8")
        self.assertIn(new, text)
        pdf = next(v for k, v in files.items() if k.endswith(".pdf"))
        shown = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, text=True).stdout
        self.assertIn("勘误", shown)
        premis = files["metadata/premis.xml"].read_text("utf-8")
        for word in ("王五", "text corrected", f"line {a}"):
            self.assertIn(word, premis)
        self.assertEqual(run("verify", self.archive).returncode, 0)
        self.assertEqual(run("correct", self.archive, path).returncode, 0, "given again: nothing to do")
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v2")
        # A later run, unchanged or with other settings, keeps what the person wrote.
        run("run", self.batch, "-o", self.archive)
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v2")
        r = run("run", self.batch, "-o", self.archive, "--set", "encode.jpeg_quality=70", "--fresh")
        self.assertIn(r.returncode, (0, 1), r.stderr)
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v3")
        texts = [t for _, t, _ in self.lines()]
        self.assertIn(new, texts)
        self.assertNotIn(gone, texts)
        self.assertEqual(run("verify", self.archive).returncode, 0)
        # The page scanned again: the old correction is not put on the new scan, and a row for it is refused.
        used = {hashlib.sha512(p.read_bytes()).hexdigest() for p in self.batch.rglob("*.*")}
        fresh = next(p for p in scans() if hashlib.sha512(p.read_bytes()).hexdigest() not in used)
        self.assertEqual(run("replace", self.archive, self.id, "--page", self.page, fresh).returncode, 0)
        self.assertNotIn(new, [t for _, t, _ in self.lines()])
        r = run("correct", self.archive, path)
        self.assertEqual(r.returncode, 1)
        self.assertIn("scanned again", r.stderr)

    def test_a_row_that_no_longer_fits_is_refused_by_name_and_its_item_left_alone(self):
        a, b = [l for l in self.lines() if len(l[1]) > 3][:2]
        other = self.items[1]
        o = next(l for l in lines(head(self.archive, other["id"])[1]["text/0001.alto.xml"]) if len(l[1]) > 3)
        path = self.write([[self.id, self.page, a[0], a[1], "改", "王五"],
                           [self.id, self.page, b[0], "not what is there", "改", "王五"],
                           [other["id"], other["pages"][0]["id"], o[0], o[1], "=1+1", "王五"],
                           ["0025-nobody", self.page, a[0], a[1], "改", "王五"]])
        r = run("correct", self.archive, path)
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn("Row 3", r.stderr)
        self.assertIn(b[1], r.stderr, "what is there now is said")
        self.assertIn("Row 5", r.stderr)
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v1", "all or nothing for an item")
        self.assertEqual(head(self.archive, other["id"])[2]["head"], "v2")
        self.assertIn("=1+1", [t for _, t, _ in lines(head(self.archive, other["id"])[1]["text/0001.alto.xml"])])

    def test_files_as_excel_saves_them(self):
        a = next(l for l in self.lines() if len(l[1]) > 3)
        path = self.write([[self.id, self.page, a[0], a[1], "国标编码", ""]], "gb18030", ("件", "页标识", "行标识", "原文", "改为", "修改人"))
        r = run("correct", self.archive, path)
        self.assertEqual(r.returncode, 1)
        self.assertIn("Row 2", r.stderr)
        r = run("correct", self.archive, path, "--who", "赵六")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("国标编码", [t for _, t, _ in self.lines()])
        bad = self.write([["x"]], heading=("item", "page id"))
        r = run("correct", self.archive, bad)
        self.assertEqual(r.returncode, 65)
        self.assertIn("line id", r.stderr)

    def test_what_a_line_cannot_mean_is_proposed_never_written(self):
        was = max(self.lines(), key=lambda l: len(l[1]))
        wrong = "身份证号:11O105194912310O2X"
        path = self.write([[self.id, self.page, was[0], was[1], wrong, "王五"]])
        self.assertEqual(run("correct", self.archive, path).returncode, 0)
        j, _, _ = head(self.archive, self.id)
        found = [f for p in j["pages"] if p["id"] == self.page for f in p["findings"] if f["code"] == "check.id_number"]
        self.assertEqual([f["args"] for f in found], [[was[0], "11O105194912310O2X", "11010519491231002X", wrong]])
        self.assertIn(wrong, [t for _, t, _ in self.lines()], "the text stays")
        r = run("report", self.archive, "--html", self.folder / "r", self.id)
        self.assertEqual(r.returncode, 0, r.stderr)
        shown = "".join(p.read_text("utf-8") for p in (self.folder / "r").glob("doubts*.html"))
        self.assertIn("11010519491231002X", shown)
        self.assertIn(wrong, (self.folder / "r" / "corrections.csv").read_text("utf-8-sig"))
        # Put right, it is no finding any more.
        path = self.write([[self.id, self.page, was[0], wrong, "身份证号:11010519491231002X", "王五"]])
        self.assertEqual(run("correct", self.archive, path).returncode, 0)
        self.assertNotIn("check.id_number", json.dumps(head(self.archive, self.id)[0]))
        self.assertEqual(run("verify", self.archive).returncode, 0)

    def test_a_second_process_gets_75(self):
        import fcntl
        with open(self.archive / "lock.json", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            a = self.lines()[0]
            r = run("correct", self.archive, self.write([[self.id, self.page, a[0], a[1], "改", "王五"]]))
        self.assertEqual(r.returncode, 75, r.stderr)


class ReadAgain(Case):
    """`recto ocr`: a batch read by one engine, then by another language or engine."""

    def prepare(self):
        self.batch = small_batch(self.folder / "in", items=2, pages=2)
        self.archive = self.folder / "a"
        # Latin only: Chinese pages come out as nonsense or as not machine-readable.
        first = run("run", self.batch, "-o", self.archive, "--create", "--json", "--set", "reading.engine=tesseract", "--lang", "eng", "--set", "reading.min_confidence=0.3")
        self.assertIn(first.returncode, (0, 1), first.stderr)
        self.items = json.loads(first.stdout)["items"]
        self.id = self.items[0]["id"]

    def ocr(self, *words, code=0):
        r = run("ocr", self.archive, "--json", *words)
        self.assertEqual(r.returncode, code, r.stderr)
        return json.loads(r.stdout), r.stderr

    def test_pages_are_read_again_and_the_former_text_is_kept(self):
        old = {i["id"]: head(self.archive, i["id"]) for i in self.items}
        plan, _ = self.ocr("--dry-run")
        self.assertEqual(plan["pages"], sum(len(i["pages"]) for i in plan["items"]))
        self.assertTrue(all(p["engine"].startswith("tesseract") for i in plan["items"] for p in i["pages"]))
        self.assertEqual(head(self.archive, self.id)[2]["head"], "v1", "a dry run changes nothing")
        out, said = self.ocr("--who", "王五", "--reason", "新模型", "-j", "2")
        self.assertGreater(out["totals"]["changed"], 0, said)
        self.assertEqual(out["totals"]["failed"], 0)
        self.assertEqual(out["pages_left"], 0)
        self.assertIn("pages/min", said)
        rows = list(csv.reader(pathlib.Path(out["report"]).read_text("utf-8-sig").splitlines()))
        self.assertEqual(len(rows) - 1, out["totals"]["pages"])
        changed = 0
        for item in out["items"]:
            before, old_files, _ = old[item["id"]]
            after, files, inventory = head(self.archive, item["id"])
            some = [p for p in item["readings"] if p["outcome"] == "changed"]
            self.assertEqual(inventory["head"], "v2" if some else "v1")
            self.assertEqual([p["treatment"] for p in after["pages"]], [p["treatment"] for p in before["pages"]], "never a new treatment")
            for name in old_files:
                if name.startswith(("master/", "preservation/")):
                    self.assertEqual(old_files[name].read_bytes(), files[name].read_bytes())
            if not some:
                continue
            changed += 1
            premis = files["metadata/premis.xml"].read_text("utf-8")
            for word in ("text read again by", "before by tesseract", "eventOutcomeDetailNote", "王五", "新模型", some[0]["page"]):
                self.assertIn(word, premis)
            for p in some:
                page = next(x for x in after["pages"] if x["id"] == p["page"])
                self.assertEqual(page["reading"]["engine"], p["after"]["engine"])
                self.assertEqual(page["reading"]["language"], "chi_sim+eng")
                self.assertGreaterEqual(p["after"]["confidence"], 0)
            self.assertTrue(all(f.exists() for f in old_files.values()), "the former version is whole")
        self.assertGreater(changed, 0)
        checked = run("verify", self.archive)
        self.assertEqual(checked.returncode, 0, checked.stdout[-3000:] + checked.stderr)
        # Again: nothing says anything else, so nothing is written, and the readings are remembered.
        stored = contents(self.archive)
        again, _ = self.ocr()
        self.assertEqual(again["totals"]["changed"], 0)
        self.assertEqual(contents(self.archive), stored)
        # The delivery again changes nothing either: the item's key is of the delivery.
        r = run("run", self.batch, "-o", self.archive, "--json", "--set", "reading.engine=tesseract", "--lang", "eng", "--set", "reading.min_confidence=0.3")
        self.assertEqual({i["state"] for i in json.loads(r.stdout)["items"]}, {"unchanged"}, r.stderr)
        self.assertEqual(contents(self.archive), stored)
        # The search finds what is there now.
        text = next(v for k, v in head(self.archive, out["items"][0]["id"])[1].items() if k.endswith(".txt")).read_text("utf-8")
        word = next((w for w in text.split() if len(w) >= 4 and all("\u4e00" <= c <= "\u9fff" for c in w)), None)
        self.assertIsNotNone(word, text[:200])
        found = run("search", self.archive, f'"{word[:4]}"', "--json")
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertTrue(found.stdout.strip())

    def test_a_corrected_line_outlives_it(self):
        first, files, _ = head(self.archive, self.id)
        n, page = next((p["order"], p["id"]) for p in first["pages"] if len(lines(files[f"text/{p['order']:04}.alto.xml"])) > 2)
        line, old, _ = max(lines(files[f"text/{n:04}.alto.xml"]), key=lambda l: len(l[1]))
        path = self.folder / "c.csv"
        with open(path, "w", encoding="utf-8-sig", newline="") as f:
            csv.writer(f).writerows([("item", "page id", "line id", "old text", "new text", "who"), (self.id, page, line, old, "人工更正过的一行", "王五")])
        self.assertEqual(run("correct", self.archive, path).returncode, 0)
        out, said = self.ocr("--item", self.id)
        self.assertEqual([i["id"] for i in out["items"]], [self.id])
        row = next(p for p in out["items"][0]["readings"] if p["page"] == page)
        self.assertIn(row["outcome"], ("changed", "kept"), said)
        now = head(self.archive, self.id)[1]
        self.assertIn("人工更正过的一行", [t for _, t, _ in lines(now[f"text/{n:04}.alto.xml"])])
        self.assertEqual(run("verify", self.archive).returncode, 0)

    def test_only_missing_and_wrong_input(self):
        missing = [p["id"] for i in self.items for p in head(self.archive, i["id"])[0]["pages"] if p["reading"]["state"] == "not-machine-readable" and p["treatment"]["blank"] is False]
        plan, _ = self.ocr("--dry-run", "--only-missing")
        self.assertEqual(sorted(p["page"] for i in plan["items"] for p in i["pages"]), sorted(missing))
        self.assertEqual(run("ocr", self.archive, "--item", "nobody").returncode, 66)
        self.assertNotEqual(run("ocr", self.folder / "nowhere").returncode, 0)
        self.assertEqual(run("ocr", self.archive, "--set", "reading.engine=none").returncode, 78)

    def test_killed_and_stopped_it_goes_on(self):
        import signal, time
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            p = start("ocr", self.archive, "-j", "1")
            time.sleep(1.5)
            p.send_signal(how)
            p.communicate(timeout=120)
            self.assertIn(p.returncode, (0, 75, 130, -9))
        out, said = self.ocr()
        self.assertEqual(out["pages_left"], 0)
        for i in self.items:
            self.assertIn(head(self.archive, i["id"])[2]["head"], ("v1", "v2"), "one version, however often it was stopped")
        self.assertEqual(run("verify", self.archive).returncode, 0)


class SmallPrint(Case):
    """A page of small print, a little askew, is read from a larger picture of the scan, by whichever command reads it."""

    def test_a_run_a_single_page_and_a_second_reading_say_the_same(self):
        page = self.need_shared("data", "sroie_a", "030.jpg")
        (self.folder / "in").mkdir()
        shutil.copy(page, self.folder / "in" / page.name)
        archive = self.folder / "a"
        first = run("run", self.folder / "in", "-o", archive, "--create", "--json", "--lang", "eng")
        self.assertIn(first.returncode, (0, 1), first.stderr)
        stored = lines(head(archive, json.loads(first.stdout)["items"][0]["id"])[1]["text/0001.alto.xml"])
        self.assertGreater(len(stored), 15)

        def alone(*words):
            r = run("text", page, "--lang", "eng", "--format", "alto", *words)
            self.assertEqual(r.returncode, 0, r.stderr)
            path = self.folder / "alone.xml"
            path.write_text(r.stdout, "utf-8")
            return lines(path)

        single, plain = alone(), alone("--set", "reading.clean=off")
        self.assertEqual([text for _, text, _ in single], [text for _, text, _ in stored])
        for (_, text, a), (_, _, b) in zip(single, stored):
            for x, y in zip(a, b):
                self.assertAlmostEqual(x, y, delta=1.01, msg=text)
        self.assertNotEqual([text for _, text, _ in plain], [text for _, text, _ in stored], "read from the page itself it says something else")
        # Lines that both readings have lie on the page's pixels, not on those of the larger picture.
        places = {text: box for _, text, box in plain}
        both = [(box, places[text]) for _, text, box in stored if text in places]
        self.assertGreater(len(both), 5)
        for a, b in both:
            for x, y in zip(a, b):
                self.assertAlmostEqual(x, y, delta=5)
        again = run("ocr", archive, "--json", "--lang", "eng")
        self.assertEqual(again.returncode, 0, again.stderr)
        reading = json.loads(again.stdout)["items"][0]["readings"][0]
        self.assertEqual((reading["outcome"], reading["before"]["confidence"]), ("unchanged", reading["after"]["confidence"]))


if __name__ == "__main__":
    common.main()
