"""The archivist's commands as a person gives them: import, report, run with the store's rows, assign, rebuild."""

import csv
import io
import json
import pathlib
import shutil
import signal
import time

from common import SAMPLES, Case, contents, main, run, small_batch, start

LIST = "档号,题名,日期,页数,保管期限\nA-1,关于防汛的通知,20120317,3,永久\nA-2,批复,2012.5.1,2,30年\nA-3,不存在的日期,20230230,2,10年\n"


class Catalogue(Case):
    def archive(self):
        archive = self.folder / "a"
        self.assertEqual(run("init", archive, "--repository", "450200").returncode, 0)
        return archive

    def test_import_lists_every_row(self):
        archive = self.archive()
        sheet = self.folder / "目录.csv"
        sheet.write_bytes(LIST.encode("gb18030"))
        before = self.digest_tree(archive)
        dry = run("catalogue", "import", sheet, archive, "--dry-run", "--json")
        self.assertEqual(dry.returncode, 1, dry.stderr)
        plan = json.loads(dry.stdout)["files"][0]
        self.assertEqual(plan["counts"], {"rows": 3, "imported": 2, "merged": 0, "updated": 0, "refused": 1})
        self.assertEqual(plan["sheets"][0]["columns"][1], {"heading": "题名", "id": "title", "by": "known"})
        self.assertEqual(self.digest_tree(archive), before, "a dry run writes nothing")

        done = run("catalogue", "import", sheet, "-o", archive, "--result", self.folder / "r.csv")
        self.assertEqual(done.returncode, 1, done.stderr)
        rows = list(csv.reader(io.StringIO((self.folder / "r.csv").read_text("utf-8-sig"))))
        self.assertEqual(rows[1][1:3] + [rows[1][5]], ["4", "A-3", "catalogue.impossible_date"])
        self.assertEqual((archive / "catalogue/0001/sheet.csv").read_bytes(), sheet.read_bytes(), "kept byte for byte")
        again = run("catalogue", "import", sheet, archive, "--ui-lang", "zh")
        self.assertIn("此前已导入", again.stderr)
        self.assertEqual(len(list((archive / "catalogue").iterdir())), 1)

        for name, content, code in (("x.xlsx", b"PK\x03\x04 nothing", 65), ("x.xls", b"\xd0\xcf\x11\xe0", 65), ("x.csv", b"", 65), ("y.csv", b"a,b\n1,2\n", 65)):
            (self.folder / name).write_bytes(content)
            bad = run("catalogue", "import", self.folder / name, archive)
            self.assertEqual(bad.returncode, code, bad.stderr)
            self.assertIn(name, bad.stderr)
        self.assertEqual(run("catalogue", "import", self.folder / "none.csv", archive).returncode, 66)
        self.assertEqual(run("catalogue", "import", sheet).returncode, 64)
        self.assertEqual(len(list((archive / "catalogue").iterdir())), 1, "nothing half-imported")

    def test_from_the_inventory_to_the_report(self):
        archive = self.archive()
        empty = json.loads(run("report", archive, "--json").stdout)
        self.assertEqual(empty["total"]["items"]["reason"], "rates.no_inventory")
        self.assertIn("无法计算", run("report", archive, "--ui-lang", "zh").stdout)
        batch = small_batch(self.folder / "in", items=2, pages=2)
        (batch / "item-1").rename(batch / "A-1")
        sheet = self.folder / "l.csv"
        sheet.write_text(LIST.replace("20230230", "20230228"), "utf-8")
        self.assertEqual(run("catalogue", "import", sheet, archive).returncode, 0)
        first = run("run", batch, "-o", archive)
        self.assertIn(first.returncode, (0, 1), first.stderr)
        report = json.loads(run("report", archive, "--json", "--by", "retention").stdout)
        self.assertEqual(report["total"]["items"]["of"], 3)
        self.assertEqual([r["key"] for r in report["rows"]], ["永久", "30年", "10年"])
        self.assertEqual(report["provisional"], 1)
        for by in ("volume", "item", "page", "fonds", "year"):
            self.assertEqual(run("report", archive, "--by", by).returncode, 0)
        self.assertEqual(run("report", archive, "--csv", "--xlsx", self.folder / "r.xlsx").returncode, 0)
        self.assertTrue((self.folder / "r.xlsx").read_bytes().startswith(b"PK"))

        # The provisional item gets its 档号: a new version, the rest of it untouched, found by both names, and the report knows.
        given = run("catalogue", "assign", archive, "item-2", "A-2", "--who", "李四", "--reason", "整理")
        self.assertEqual(given.returncode, 0, given.stderr)
        self.assertEqual(run("catalogue", "assign", archive, "item-2", "A-1").returncode, 65, "taken")
        self.assertEqual(run("catalogue", "assign", archive, "A-2", "A-2b", "--reason", "改号").returncode, 0)
        self.assertEqual(run("catalogue", "assign", archive, "A-2", "A-2").returncode, 0, "the former 档号 still finds it")
        item = [files for files in contents(archive).values() if "access/A-2.pdf" in files]
        self.assertEqual(len(item), 1)
        self.assertEqual(run("verify", archive).returncode, 0, run("verify", archive).stdout)
        report = json.loads(run("report", archive, "--json").stdout)
        self.assertEqual(report["provisional"], 0)
        # A run of the same delivery keeps what a person gave.
        again = run("run", batch, "-o", archive)
        self.assertIn(again.returncode, (0, 1), again.stderr)
        self.assertEqual(len([f for f in contents(archive).values() if "access/A-2.pdf" in f]), 1)
        # The store can go: it is made again.
        before = run("report", archive, "--json", "--by", "item").stdout
        for part in archive.glob("catalogue.db*"):
            part.unlink()
        self.assertEqual(run("report", archive, "--json", "--by", "item").stdout, before)
        (archive / "catalogue.db").write_bytes(b"x" * 4096)
        self.assertEqual(run("report", archive, "--json", "--by", "item").stdout, before)
        rebuilt = run("catalogue", "rebuild", archive, "--json")
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stderr)
        self.assertEqual(json.loads(rebuilt.stdout)["items"], 2)

    def test_a_lost_separator_sheet_is_told_with_its_place(self):
        sheet = self.folder / "box.csv"
        rows = (SAMPLES / "catalogue.csv").read_text("utf-8-sig").splitlines()
        sheet.write_text("\n".join([rows[0], *(r for r in rows if "-D30-0013" in r or "-D30-0014" in r)]) + "\n", "utf-8")
        stack = self.folder / "in" / "stack"
        shutil.copytree(SAMPLES / "batch" / "stack-20231106", stack)
        whole = run("run", self.folder / "in", "-o", self.folder / "whole", "--create", "--catalogue", sheet, "--profile", "quick")
        self.assertIn(whole.returncode, (0, 1), whole.stderr)
        self.assertNotIn("separator sheet", whole.stderr)

        (stack / "0005.tif").unlink()  # the sheet of ...0014
        done = run("run", self.folder / "in", "-o", self.folder / "lost", "--create", "--catalogue", sheet, "--profile", "quick", "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        told = [line for line in done.stderr.splitlines() if "No separator sheet of LZ01-WS·2023-D30-0014" in line]
        self.assertEqual(len(told), 1, done.stderr)
        self.assertIn("behind page 3 (0003.tif)", told[0])
        self.assertRegex(done.stderr, r"1 separator sheets were found, the catalogue has 2 items")
        self.assertNotIn("LZ01-WS·2023-D30-0014: in the catalogue, not scanned", done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual([f["code"] for i in report["items"] for f in i["findings"] if f["code"].startswith("reconcile.sheet")], ["reconcile.sheet_hidden"])
        folder = pathlib.Path(report["report"]).parent
        self.assertIn("0003.tif", (folder / "index.html").read_text("utf-8"))
        self.assertIn("未找到", (folder / "errata.csv").read_text("utf-8-sig"))
        zh = run("run", self.folder / "in", "-o", self.folder / "lost", "--catalogue", sheet, "--profile", "quick", "--ui-lang", "zh")
        self.assertIn("中未找到 LZ01-WS·2023-D30-0014 的分隔页", zh.stderr)
        self.assertEqual(zh.returncode, 1)
        silent = run("run", self.folder / "in", "-o", self.folder / "none", "--create", "--profile", "quick")
        self.assertNotIn("separator sheet", silent.stderr, "no catalogue, nothing to compare with")

    def test_killed_in_mid_import(self):
        sheet = self.folder / "big.csv"
        sheet.write_text("档号,题名,页数\n" + "".join(f"B-{i},题名{i},3\n" for i in range(30000)), "utf-8")
        archive = self.archive()
        for delay in (0.05, 0.15, 0.3, 0.5, 0.8):
            process = start("catalogue", "import", sheet, archive)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        done = run("catalogue", "import", sheet, archive, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["files"][0]["counts"]["imported"], 30000)
        self.assertEqual(json.loads(run("catalogue", "rebuild", archive, "--json").stdout)["inventory"], 30000)
        self.assertEqual(len(list((archive / "catalogue").iterdir())), 1)


if __name__ == "__main__":
    main()
