"""A day in an archive, played through: the catalogue is imported, a station scans into its hot folder (one scan is bad and is
scanned again), the night run reads a box in its window, an operator corrects a line, packages are made, a reader searches and
the archivist reports. Then the same day again, with the process killed at five random moments: the same result."""

import csv
import datetime
import io
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree
import zoneinfo

import common
from common import RECTO, SAMPLES, Case, contents, run, start

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
SCANNED = "LZ01-WS·2023-D30-0012"  # scanned at the station; its third page comes out bad at first
NIGHT = ["box7-english", "0025-WS·2012-D30-BGS-0003.pdf"]
CORRECTED = "Recto corrected this line"


def alto_lines(path):
    for line in ElementTree.parse(path).getroot().iter(ALTO + "TextLine"):
        yield line.get("ID"), "".join(" " if c.tag == ALTO + "SP" else c.get("CONTENT", "") for c in line)


class Day:
    """One day in `folder`. `random`: moments at which processes are killed; None for a quiet day."""

    def __init__(self, case, folder, moments=None):
        self.case, self.folder, self.moments = case, folder, moments
        self.archive, self.hot, self.bags = folder / "archive", folder / "hot", folder / "bags"
        self.kills = 0

    def do(self, *words, expect=(0,), within=2.0, timeout=600):
        """Runs a command; on a restless day it is first killed within so many seconds of its start."""
        if self.moments:
            process = start(*words, start_new_session=True)
            time.sleep(self.moments.uniform(0.05, within))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                self.kills += 1
            process.communicate()
        done = run(*words, timeout=timeout)
        self.case.assertIn(done.returncode, expect, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
        return done

    def morning(self):
        made = run("init", self.archive, "--repository", "450200")
        self.case.assertEqual(made.returncode, 0, made.stderr)
        # As an office's spreadsheet program saves it, and with the number of pages that the item really has.
        table = list(csv.reader((SAMPLES / "catalogue.csv").read_text("utf-8-sig").splitlines()))
        for row in table[1:]:
            if SCANNED in row:
                row[[i for i, heading in enumerate(table[0]) if "页数" in heading][0]] = "4"
        text = io.StringIO()
        csv.writer(text).writerows(table)
        sheet = self.folder / "目录.csv"
        sheet.write_bytes(text.getvalue().encode("gb18030"))
        self.do("catalogue", "import", sheet, "-o", self.archive, within=0.3)

    def watcher(self):
        words = [RECTO, "watch", self.hot, "-o", self.archive, "--progress", "json", "--set", "watch.stable=0.4", "--set", "watch.item_idle=8", "--station", "三号"]
        environment = dict(os.environ, SOURCE_DATE_EPOCH="1760000000", TZ="Asia/Shanghai", LC_ALL="C.UTF-8")
        with open(self.folder / "watch.log", "ab") as log:
            return subprocess.Popen(list(map(str, words)), stdout=log, stderr=log, start_new_session=True, env=environment)

    def put(self, source, data=None):
        (self.hot / SCANNED).mkdir(parents=True, exist_ok=True)
        beside = self.folder / "arriving"
        beside.write_bytes(source.read_bytes() if data is None else data)
        beside.rename(self.hot / SCANNED / source.name)

    def until(self, condition, seconds, what):
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return
            time.sleep(0.1)
        self.case.fail(f"not within {seconds} s: {what}\n" + (self.folder / "watch.log").read_text("utf-8", "replace")[-3000:])

    def at_the_station(self):
        self.hot.mkdir()
        watch = self.watcher()
        scans = sorted((SAMPLES / "batch" / SCANNED).iterdir())
        try:
            for n, scan in enumerate(scans):
                whole = scan.read_bytes()
                self.put(scan, whole[:len(whole) // 3] if n == 2 else None)
                time.sleep(0.5)  # 120 pages a minute
                if self.moments and n == 3:
                    os.killpg(watch.pid, signal.SIGKILL)
                    watch.wait()
                    self.kills += 1
                    watch = self.watcher()
            refused = self.hot / "refused"
            self.until(lambda: any(p.suffix == ".tif" for p in refused.rglob("*")), 60, "the bad scan is set aside")
            self.until(lambda: any(scans[2].name in p.read_text("utf-8", "replace") for p in (self.archive / "rescan").glob("*.csv")), 60, "the bad scan is on the rescan list")
            self.put(scans[2])  # while the paper is at hand
            self.until(lambda: len(list((self.hot / "done").rglob("*.tif"))) == len(scans), 240, "all pages are stored and done")
        finally:
            if watch.poll() is None:
                watch.send_signal(signal.SIGTERM)
                watch.wait(timeout=120)

    def at_night(self):
        zone = zoneinfo.ZoneInfo("Asia/Shanghai")
        clock = lambda hours: (datetime.datetime.now(zone) + datetime.timedelta(hours=hours)).strftime("%H:%M")
        inputs = [SAMPLES / "batch" / name for name in NIGHT]
        early = run("run", *inputs, "-o", self.archive, "--window", f"{clock(2)}-{clock(3)}")
        self.case.assertEqual(early.returncode, 75, early.stderr)
        self.do("run", *inputs, "-o", self.archive, "--window", f"{clock(-2)}-{clock(8)}", expect=(0, 1), within=6)

    def pages(self):
        """(item.json, its folder of files by logical path) of every item's head."""
        for inventory in sorted(pathlib.Path(self.archive, "storage").rglob("inventory.json")):
            if inventory.parent.name.startswith("v"):
                continue
            j = json.loads(inventory.read_text("utf-8"))
            state = j["versions"][j["head"]]["state"]
            files = {p: inventory.parent / j["manifest"][d][0] for d, paths in state.items() for p in paths}
            yield json.loads(files["metadata/item.json"].read_text("utf-8")), files

    def corrections(self):
        item, files = next((i, f) for i, f in self.pages() if i["provisional_name"] == "box7-english" or i["reference_code"] == "box7-english")
        page = item["pages"][0]
        line, text = next((name, t) for name, t in alto_lines(files[f"text/{page['order']:04}.alto.xml"]) if len(t) > 20)
        table = io.StringIO()
        csv.writer(table).writerows([["item", "page id", "line id", "old text", "new text", "who"], [item["id"], page["id"], line, text, CORRECTED, "李四"]])
        sheet = self.folder / "corrections.csv"
        sheet.write_text(table.getvalue(), "utf-8-sig")
        # A command that was killed may have applied it already: then the row is refused, because the line reads so.
        self.do("correct", self.archive, sheet, expect=(0, 1) if self.moments else (0,), within=1.0)

    def hand_over(self):
        self.do("package", self.archive, "--as", "bag", "-o", self.bags, expect=(0, 1), within=0.5)
        bags = sorted(p for p in self.bags.iterdir() if p.is_dir() and not p.name.startswith("."))
        self.case.assertGreaterEqual(len(bags), 2)
        checked = run("verify", self.archive, *bags)
        self.case.assertEqual(checked.returncode, 0, checked.stdout[-3000:] + checked.stderr)

    def find(self, *words):
        found = run("search", self.archive, *words, "--json")
        self.case.assertIn(found.returncode, (0, 1), found.stderr)
        return sorted({(h["item"]["name"], h["page"]["order"]) for h in map(json.loads, found.stdout.splitlines())})

    def play(self):
        self.morning()
        self.at_the_station()
        self.at_night()
        self.corrections()
        self.hand_over()
        return self

    def result(self):
        """What the day left, without times: master and text files of every item, hits of a search, rates of the report."""
        stored = {}
        for item, files in self.pages():
            kept = {p: f.read_bytes() for p, f in files.items() if p.startswith(("master/", "text/", "preservation/"))}
            stored[item["reference_code"] or item["provisional_name"]] = (item["held"], sorted(kept.items()))
        report = run("report", self.archive, "--json")
        self.case.assertIn(report.returncode, (0, 1), report.stderr)
        return stored, self.find("corrected"), self.find("档案"), json.loads(report.stdout)


class DayTest(Case):
    def test_a_day_and_the_same_day_with_five_deaths(self):
        quiet_folder, restless_folder = self.folder / "quiet", self.folder / "restless"
        quiet_folder.mkdir(), restless_folder.mkdir()
        quiet = Day(self, quiet_folder).play()
        stored, corrected, chinese, report = quiet.result()
        self.assertEqual(sorted(stored), sorted(stored.keys() | {SCANNED, "box7-english"}))
        self.assertFalse(stored[SCANNED][0], "the page that was scanned again makes the item complete")
        self.assertEqual(len(corrected), 1, "the corrected word is found, on its page")
        self.assertGreaterEqual(len(chinese), 1)
        seed = int(os.environ.get("RECTO_SEED", "20260101"))
        restless = Day(self, restless_folder, random.Random(seed)).play()
        self.assertGreaterEqual(restless.kills, 3, "deaths that met a process alive")
        again = restless.result()
        for name, (held, files) in stored.items():
            self.assertEqual(again[0][name][0], held, name)
            self.assertEqual([p for p, _ in again[0][name][1]], [p for p, _ in files], name)
            for (path, a), (_, b) in zip(files, again[0][name][1]):
                self.assertEqual(a, b, f"{name}: {path} (seed {seed})")
        self.assertEqual(set(again[0]), set(stored))
        self.assertEqual(again[1:3], (corrected, chinese))
        for j in (report, again[3]):  # when it was made may differ
            for key in ("made", "time", "generated"):
                j.pop(key, None)
        self.assertEqual(again[3], report)


if __name__ == "__main__":
    common.main()
