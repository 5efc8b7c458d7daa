"""The hot folder: every page once and nothing lost, whatever happens to the watcher, the folder or the files."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading
import time

import common
from common import RECTO, Case, contents, halves, run

SCANS = halves(leave_out=("0007.jpg", "0005.tif"))


def page(n):
    """Bytes of a page of its own: a scan with a tail that readers pass over."""
    scan = SCANS[n % len(SCANS)]
    return scan.suffix, scan.read_bytes() + f"recto {n}".encode()


def masters(archive):
    import hashlib  # digests of all stored masters, of all objects
    out = []
    for item in contents(archive).values():
        out += [d for p, d in item.items() if p.startswith("master/")]
    return sorted(out)


def sha(data):
    import hashlib
    return hashlib.sha512(data).hexdigest()


class Watcher:
    def __init__(self, hot, archive, *words):
        command = [RECTO, "watch", str(hot), "-o", str(archive), "--create", "--progress", "json", "--set", "watch.stable=0.4", "--set", "watch.item_idle=2", *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=dict(os.environ, LC_ALL="C.UTF-8"))
        self.events = []
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def of(self, kind):
        return [e for e in list(self.events) if e["event"] == kind]

    def wait(self, condition, seconds=120):
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def kill(self, sig=signal.SIGKILL):
        if self.process.poll() is None:
            os.killpg(self.process.pid, sig) if sig == signal.SIGKILL else self.process.send_signal(sig)
        self.process.wait(timeout=120)
        self.thread.join(timeout=10)
        return self.process.returncode


class Watch(Case):
    def setUp(self):
        super().setUp()
        self.hot, self.archive = self.folder / "hot", self.folder / "a"
        self.hot.mkdir()

    def put(self, item, count, first=0, station=None):
        """Pages into the hot folder, by rename; returns their digests."""
        folder = self.hot / station / item if station else self.hot / item
        folder.mkdir(parents=True, exist_ok=True)
        out = []
        for n in range(first, first + count):
            suffix, data = page(n)
            (self.folder / "x").write_bytes(data)
            (self.folder / "x").rename(folder / f"{n:04}{suffix}")
            out.append(sha(data))
        return out

    def left(self):
        return [p for p in self.hot.rglob("*") if p.is_file() and ".recto" not in p.parts and p.relative_to(self.hot).parts[0] not in ("done", "refused")]

    def finished(self, words=(), expect=(0,)):
        r = run("watch", self.hot, "-o", self.archive, "--create", "--once", "--progress", "json", "--set", "watch.stable=0.4", "--set", "watch.empty_wait=1", *words, timeout=500)
        self.assertIn(r.returncode, expect, r.stdout[-2000:] + r.stderr[-2000:])
        return [json.loads(line) for line in r.stdout.splitlines()]

    def test_pages_go_to_the_archive_and_then_to_done(self):
        (self.hot / "st1").mkdir()
        (self.hot / "st1" / "station.yaml").write_text("operator: 李四\ndevice: fi-7600\nstation: 三号\n", "utf-8")
        want = self.put("box-1", 2, 0, "st1") + self.put("box-2", 2, 2)
        events = self.finished()
        self.assertEqual(masters(self.archive), sorted(want))
        self.assertEqual(self.left(), [self.hot / "st1" / "station.yaml"])
        self.assertEqual(len(list((self.hot / "done" / "st1" / "box-1").iterdir())), 2)
        self.assertEqual(len([e for e in events if e["event"] == "page"]), 4)
        item = next(p for p in (self.archive / "storage").rglob("item.json") if "box-1" in p.read_text("utf-8"))
        capture = json.loads(item.read_text("utf-8"))["sources"][0]["capture"]
        self.assertEqual((capture["operator"], capture["station"], capture["device"]), ("李四", "三号", "fi-7600"))
        self.assertEqual(list((self.hot / ".recto" / "claims").iterdir()), [])
        # The treatments were found by the run behind.
        self.assertRegex((self.archive / "work" / "watch").glob("*.log").__next__().read_text("utf-8"), r"treatment +0 +[1-9]")
        self.assertEqual(run("verify", self.archive).returncode, 0)
        # The same pages again are not taken twice.
        self.put("again", 2, 0)
        events = self.finished(expect=(1,))
        self.assertEqual([e["code"] for e in events if e["event"] == "refused"], ["watch.twice"] * 2)
        self.assertEqual(masters(self.archive), sorted(want))

    def test_outside_its_window_pages_are_looked_at_and_items_wait(self):
        import datetime
        import zoneinfo

        from prometheus_client.parser import text_string_to_metric_families
        now = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))  # what common.run() sets
        closed = "-".join((now + datetime.timedelta(hours=h)).strftime("%H:%M") for h in (2, 3))
        figures, log = self.folder / "watch.prom", self.folder / "watch.log"
        words = ("--metrics", figures, "--log", log, "--log-format", "json")
        want = self.put("box", 3)
        events = self.finished(("--window", closed, *words), expect=(75,))
        self.assertEqual(len([e for e in events if e["event"] == "page"]), 3)
        self.assertEqual([e["open"] for e in events if e["event"] == "window"], [False])
        self.assertEqual(masters(self.archive), [])

        def families(path):
            return {f.name: f for f in text_string_to_metric_families(path.read_text("utf-8"))}

        found = families(figures)
        self.assertEqual(found["recto_watch_pages"].samples[0].value, 3)
        self.assertEqual({s.labels["state"]: s.value for s in found["recto_watch_items"].samples}, {"open": 0, "complete": 1, "stuck": 0})
        self.assertEqual(found["recto_watch_window_open"].samples[0].value, 0)
        self.assertEqual(found["recto_watch_look_seconds"].samples[-1].value, 3)
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        self.assertEqual(len([e for e in lines if e["event"] == "watch.page" and e["item"] == "box"]), 3)
        # Once the window is open they are read, by a run with a log and figures of its own.
        self.finished(("--window", "00:00-24:00", *words))
        self.assertEqual(masters(self.archive), sorted(want))
        self.assertEqual(families(figures)["recto_watch_pages_read"].samples[0].value, 3)
        self.assertIn("run.end", (self.folder / "watch-run.log").read_text("utf-8"))

    def test_what_is_no_page_is_set_aside_by_name(self):
        folder = self.hot / "box"
        want = self.put("box", 1)
        for n in range(200):
            (folder / f"zero-{n:03}.tif").touch()
        (folder / "letter.tif").write_text("no picture")
        os.close(os.open(os.fsencode(folder) + b"/\xff\xfe.tif", os.O_CREAT | os.O_WRONLY))
        (folder / "link.tif").symlink_to("/etc/hostname")
        events = self.finished(expect=(1,))
        codes = sorted(e["code"] for e in events if e["event"] == "refused")
        self.assertEqual(codes, sorted(["watch.empty"] * 200 + ["decode.unknown_format", "watch.name", "watch.link"]))
        self.assertEqual(masters(self.archive), want)
        names = {os.fsencode(p.name) for p in (self.hot / "refused" / "box").iterdir()}
        for name in (b"zero-000.tif", b"letter.tif", b"\xff\xfe.tif", b"link.tif"):
            self.assertIn(name, names)
            self.assertIn(name + b".reason.txt", names)
        self.assertIn("letter.tif", (self.archive / "rescan" / "station.csv").read_text("utf-8-sig"))
        self.assertEqual(self.left(), [])

    def test_a_file_that_grows_for_ever_is_set_aside_and_no_half_page_is_taken(self):
        watcher = Watcher(self.hot, self.archive, "--set", "watch.grow_limit=3", "--set", "watch.stable=1")
        self.addCleanup(watcher.kill)
        (self.hot / "box").mkdir()
        suffix, data = page(1)
        slow = open(self.hot / "box" / ("slow" + suffix), "wb")
        for part in range(4):  # in parts, with pauses shorter than watch.stable: whole only at the end
            slow.write(data[part * len(data) // 4:(part + 1) * len(data) // 4])
            slow.flush()
            time.sleep(0.3)
            self.assertEqual(watcher.of("page"), [])
        slow.close()
        with open(self.hot / "box" / "endless.tif", "wb") as endless:
            self.assertTrue(watcher.wait(lambda: endless.write(b"x" * 100) and endless.flush() is None and watcher.of("refused"), 30))
        self.assertEqual([(e["file"], e["code"]) for e in watcher.of("refused")], [("endless.tif", "watch.grows")])
        self.assertTrue(watcher.wait(lambda: watcher.of("stored"), 120))
        self.assertEqual(watcher.kill(signal.SIGTERM), 0)
        self.assertEqual(masters(self.archive), [sha(data)])

    def test_killed_at_random_moments_every_page_comes_once(self):
        rng = random.Random(20261122)
        want = []
        for i in range(6):
            want += self.put(f"item-{i}", 2, 2 * i)
            watcher = Watcher(self.hot, self.archive)
            time.sleep(rng.uniform(0.1, 6))
            watcher.kill()
        events = self.finished()
        self.assertEqual(masters(self.archive), sorted(want))
        self.assertEqual(self.left(), [])
        self.assertEqual(sorted(sha(p.read_bytes()) for p in (self.hot / "done").rglob("*") if p.is_file()), sorted(want))
        self.assertEqual([p for p in (self.hot / "refused").rglob("*")], [])
        self.assertEqual(run("verify", self.archive).returncode, 0)
        self.assertEqual(len(contents(self.archive)), 6, "and every item is one item")

    def test_two_watchers_share_a_folder(self):
        watchers = [Watcher(self.hot, self.archive) for _ in range(2)]
        for w in watchers:
            self.addCleanup(w.kill)
        want = []
        for i in range(6):
            want += self.put(f"item-{i}", 3, 3 * i)
            time.sleep(0.2)
        done = lambda: len([p for p in (self.hot / "done").rglob("*") if p.is_file()]) == len(want)
        self.assertTrue(watchers[0].wait(done, 300), [w.events[-5:] for w in watchers])
        pages = [(e["file"], e["image"]) for w in watchers for e in w.of("page")]
        self.assertEqual(len(pages), len(set(pages)), "no page was looked at twice")
        for w in watchers:
            w.kill(signal.SIGTERM)
        self.assertEqual(masters(self.archive), sorted(want))
        self.assertEqual(len(contents(self.archive)), 6)

    def test_a_share_that_vanishes_and_comes_back(self):
        watcher = Watcher(self.hot, self.archive, "--poll", "0.3")
        self.addCleanup(watcher.kill)
        want = self.put("item-0", 2)
        self.assertTrue(watcher.wait(lambda: len(watcher.of("page")) == 2))
        self.hot.rename(self.folder / "elsewhere")
        self.assertTrue(watcher.wait(lambda: watcher.of("vanished"), 20))
        time.sleep(1)
        self.assertIsNone(watcher.process.poll())
        self.assertFalse(self.hot.exists(), "nothing is made where the share was")
        (self.folder / "elsewhere").rename(self.hot)
        self.assertTrue(watcher.wait(lambda: watcher.of("back"), 20))
        want += self.put("item-1", 2, 2)
        self.assertTrue(watcher.wait(lambda: len([p for p in (self.hot / "done").rglob("*") if p.is_file()]) == 4, 200), watcher.events[-5:])
        self.assertEqual(watcher.kill(signal.SIGTERM), 0)
        self.assertEqual(masters(self.archive), sorted(want))

    def test_markers(self):
        words = ["--set", "watch.marker_only=true", "--set", "watch.item_idle=3600"]
        watcher = Watcher(self.hot, self.archive, *words)
        self.addCleanup(watcher.kill)
        want = self.put("box", 2)
        time.sleep(2)
        self.assertEqual(watcher.of("page"), [])
        for p in list((self.hot / "box").iterdir()):
            (p.parent / (p.name + ".done")).touch()
        self.assertTrue(watcher.wait(lambda: len(watcher.of("page")) == 2, 30))
        (self.hot / "box.done").touch()
        self.assertTrue(watcher.wait(lambda: watcher.of("stored"), 120), watcher.events[-4:])
        watcher.kill(signal.SIGTERM)
        self.assertEqual(masters(self.archive), sorted(want))

    def test_a_wrong_station_file_is_named_and_its_pages_wait(self):
        (self.hot / "st1").mkdir()
        (self.hot / "st1" / "station.yaml").write_text("operater: x\n")
        want = self.put("box", 1, 0, "st1")
        r = run("watch", self.hot, "-o", self.archive, "--create", "--once", "--set", "watch.stable=0.4")
        self.assertIn("operater", r.stderr)
        self.assertEqual(len(self.left()), 2)
        (self.hot / "st1" / "station.yaml").write_text("operator: x\n")
        self.finished()
        self.assertEqual(masters(self.archive), want)

    def test_a_sheet_routes_the_page_behind_it(self):
        self.put("box", 2)
        events = self.finished()
        item = next(e["id"] for e in events if e["event"] == "stored")
        j = json.loads(run("run", self.hot / "done" / "box", "-o", self.archive, "--json").stdout)["items"][0]
        self.assertEqual(j["id"], item, "the same files, the same item")
        pages = [p["id"] for p in j["pages"]]
        for words, name in ((["--page", pages[0]], "1-page.png"), ([], "3-item.png")):
            r = run("separator", self.archive, "--item", item, *words, "-o", self.folder / name)
            self.assertEqual(r.returncode, 0, r.stderr)
            inspected = json.loads(run("inspect", self.folder / name).stdout.splitlines()[0])
            self.assertIn("RECTO1-" + item, inspected["separator"]["value"])
        r = run("separator", self.archive, "--item", item, "-o", self.folder / "sheet.pdf")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(run("separator", self.archive, "--item", "nobody", "-o", self.folder / "x.png").returncode, 66)
        folder = self.hot / "rescans"
        folder.mkdir()
        (self.folder / "1-page.png").rename(folder / "1-page.png")
        (self.folder / "3-item.png").rename(folder / "3-item.png")
        new = []
        single = [n for n in range(2, 40) if page(n)[0] == ".jpg"]
        for k, n in zip((2, 4), single):
            suffix, data = page(n)
            (folder / f"{k}-scan{suffix}").write_bytes(data)
            new.append(sha(data))
        events = self.finished()
        self.assertEqual(len([e for e in events if e["event"] == "routed"]), 2, events[-6:])
        self.assertEqual(len(contents(self.archive)), 1, "no item was made of the sheets and scans")
        stored = contents(self.archive)["urn:uuid:" + item]
        for digest in new:
            self.assertIn(digest, stored.values())
        self.assertEqual(len([p for p in stored if p.startswith("text/") and p.endswith(".xml")]), len(pages) + 1)
        self.assertEqual(self.left(), [])
        self.assertEqual(run("verify", self.archive).returncode, 0)


if __name__ == "__main__":
    common.main()
