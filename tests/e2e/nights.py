"""Nights: the time window, priority and limits; the log, the metrics and the summary that IT reads in the morning."""

import datetime
import json
import os
import pathlib
import re
import signal
import sys
import time
import zoneinfo

import common
from common import SAMPLES, Case, contents, run, small_batch, start

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")  # what common.run() sets


def clock(**later):
    return (datetime.datetime.now(ZONE) + datetime.timedelta(**later)).strftime("%H:%M")


class Window(Case):
    def prepare(self):
        self.batch = small_batch(self.folder / "in")
        self.archive = self.folder / "archive"

    def run_it(self, *words, **options):
        return run("run", self.batch, "-o", self.archive, "--create", *words, **options)

    def test_outside_nothing_is_started_and_the_opening_is_said(self):
        done = self.run_it("--window", f"{clock(hours=2)}-{clock(hours=3)}")
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(clock(hours=2), done.stderr)
        self.assertFalse(self.archive.exists(), "not even the archive is made")
        chinese = self.run_it("--window", f"{clock(hours=2)}-{clock(hours=3)}", env={"RECTO_LANG": "zh"})
        self.assertIn("不在时段", chinese.stderr)

    def test_a_wrong_window_is_wrong_usage_and_names_the_part(self):
        for window in ("20:00", "25:00-06:00", "Funday 20:00-06:00", "06:00-06:00", ""):
            done = self.run_it("--window", window)
            self.assertEqual(done.returncode, 64 if window else done.returncode, window)
            if window:
                self.assertIn(window.split()[0].lower(), done.stderr)

    def test_wait_waits_for_the_window_and_ends_in_order_when_stopped(self):
        waiting = start("run", self.batch, "-o", self.archive, "--create", "--wait", "--window", f"{clock(hours=2)}-{clock(hours=3)}")
        time.sleep(3)
        self.assertIsNone(waiting.poll())
        self.assertFalse(self.archive.exists(), "an archive is not locked while its window is waited for")
        waiting.send_signal(signal.SIGTERM)
        _, err = waiting.communicate(timeout=30)
        self.assertEqual(waiting.returncode, 75, err)
        self.assertIn("waiting until", err)
        interrupted = start("run", self.batch, "-o", self.archive, "--create", "--wait", "--window", f"{clock(hours=2)}-{clock(hours=3)}")
        time.sleep(3)
        interrupted.send_signal(signal.SIGINT)
        interrupted.communicate(timeout=30)
        self.assertEqual(interrupted.returncode, 130)

    def test_a_stop_finishes_the_pages_in_work(self):
        batch = small_batch(self.folder / "long", items=4, pages=4)
        log = self.folder / "log"
        running = start("run", batch, "-o", self.archive, "--create", "--json", "-j", "1", "--log", log, "--log-format", "json", "--log-level", "debug")

        def events(kind):
            lines = log.read_text("utf-8").splitlines() if log.exists() else []
            return [e for e in map(json.loads, lines) if e["event"] == kind]

        end = time.time() + 120
        while not events("page.done") and time.time() < end:
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 75, err)
        report = json.loads(out)
        self.assertEqual(report["stopped"], "signal")
        self.assertIn("pages in work are finished", err)
        self.assertGreater(report["left"]["pages"] + report["left"]["images"] + report["left"]["items"], 0)
        self.assertEqual(report["errors"], [])
        # What was begun was ended: the next run finds every page that was in work.
        done = len(events("page.done"))
        second = run("run", batch, "-o", self.archive, "--json")
        self.assertIn(second.returncode, (0, 1), second.stderr)
        reading = next(s for s in json.loads(second.stdout)["stages"] if s["name"] == "reading")
        self.assertEqual(reading["cached"], done)

    def test_the_window_closes_with_work_left_and_the_next_night_goes_on(self):
        """With the real clock: a batch that takes longer than what is left of the minute."""
        batch = small_batch(self.folder / "long", items=4, pages=4)
        whole = self.folder / "whole"
        self.assertIn(run("run", batch, "-o", whole, "--create").returncode, (0, 1))
        for _ in range(3):  # on a busy machine the window may have closed before the program is up: then the next minute
            now = datetime.datetime.now(ZONE)
            if now.second < 56:
                time.sleep(56 - now.second)
            first = run("run", batch, "-o", self.archive, "--create", "--json", "-j", "1", "--nice", "10", "--window", f"{clock(minutes=-5)}-{clock(minutes=1)}")
            self.assertEqual(first.returncode, 75, first.stderr)
            if self.archive.exists():
                break
        report = json.loads(first.stdout)
        self.assertEqual(report["stopped"], "window")
        left = report["left"]
        self.assertGreater(sum(left.values()), 0)
        self.assertIn("has closed", first.stderr)
        self.assertRegex(first.stderr, rf"{left['images']} images to treat, {left['pages']} pages to read")
        self.assertLess(len(contents(self.archive)), len(contents(whole)))
        summary = json.loads(run("summary", self.archive, "--last", "--json").stdout)
        self.assertEqual(summary["runs"][0]["left"], left)
        second = run("run", batch, "-o", self.archive, "--json", "--window", "00:00-24:00")
        self.assertIn(second.returncode, (0, 1), second.stderr)
        self.assertEqual(contents(self.archive), contents(whole))


class Figures(Case):
    def test_old_reports_are_removed_when_asked_and_nothing_else(self):
        reports = self.archive / "reports"
        second = run("run", self.batch, "-o", self.archive, "--json")
        self.assertIn(second.returncode, (0, 1, 65), second.stderr)
        names = sorted(p.name for p in reports.iterdir())
        self.assertEqual(len(names), 2)
        old = time.time() - 40 * 86400
        os.utime(reports / names[0], (old, old))
        (reports / "notes.txt").write_text("mine")
        before = contents(self.archive)
        done = run("report", self.archive, "--purge", "30", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["removed"], [names[0]])
        self.assertEqual(sorted(p.name for p in reports.iterdir()), [names[1], "notes.txt"])
        self.assertFalse((self.archive / "rescan" / f"{names[0]}.csv").exists())
        self.assertEqual(json.loads(run("report", self.archive, "--purge", "0", "--json").stdout)["removed"], [names[1]])
        self.assertEqual([p.name for p in reports.iterdir()], ["notes.txt"])
        self.assertEqual(contents(self.archive), before)
        self.assertEqual(run("verify", self.archive).returncode, 0)

    def prepare(self):
        self.batch = small_batch(self.folder / "in", items=2, pages=2)
        (self.batch / "item-1" / "004.tif").write_bytes(b"II*\0 not a picture")
        self.archive, self.log, self.metrics = (self.folder / n for n in ("archive", "run.log", "recto.prom"))
        self.done = run("run", self.batch, "-o", self.archive, "--create", "--repository", "450200", "--json", "--log", self.log, "--log-format", "json",
                        "--metrics", self.metrics)
        self.report = json.loads(self.done.stdout)

    def test_log_names_batch_item_page_stage_and_code_and_no_text(self):
        lines = [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]
        events = [line["event"] for line in lines]
        self.assertEqual((events[0], events[-1]), ("run.begin", "run.end"))
        for line in lines:
            self.assertEqual(line["schema"], 1)
            self.assertEqual(line["batch"], self.report["run"])
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00$")
            self.assertIn(line["level"], ("info", "warning", "error"))
        pages = {line["page"]: line for line in lines if line["event"] == "page.done"}
        for item in self.report["items"]:
            for page in item["pages"]:
                if page["state"] != "error":
                    self.assertEqual(pages[page["id"]]["item"], item["id"])
        failed = next(line for line in lines if line["event"] == "file.failed")
        self.assertTrue(failed["code"].startswith("decode."), failed)
        self.assertTrue(failed["file"].endswith("item-1/004.tif"))
        # Text that was read stands in the archive, never in the log.
        log = self.log.read_text("utf-8")
        texts = [p for p in (self.archive / "storage").rglob("*.txt") if "/text/" in str(p)]
        self.assertGreater(len(texts), 0)
        words = {w for p in texts for w in re.findall(r"[\u4e00-\u9fff]{3,}|[A-Za-z]{7,}", p.read_text("utf-8", "replace"))}
        self.assertGreater(len(words), 10)
        for word in words:
            self.assertNotIn(word, log.replace(str(self.folder), ""))

    def test_metrics_are_as_prometheus_reads_them(self):
        sys.path.append("/usr/lib/python3/dist-packages")  # Debian's modules, whichever Python runs this
        try:
            from prometheus_client.parser import text_string_to_metric_families
        except ImportError:
            self.skipTest("python3-prometheus-client is not installed (scripts/packages.txt, section test)")
        text = self.metrics.read_text("utf-8")
        families = {f.name: f for f in text_string_to_metric_families(text)}
        names = re.findall(r"(?m)^# TYPE (\S+)", text)
        self.assertEqual(len(names), len(set(names)), "each family once")
        value = lambda name, **labels: next(s.value for s in families[name].samples if s.name == name and s.labels == labels)
        self.assertEqual(value("recto_run_pages", progress="done"), self.report["pages"])
        self.assertEqual(value("recto_run_active"), 0)
        self.assertEqual(value("recto_run_exit_code"), self.report["exit_code"])
        self.assertEqual(value("recto_run_errors", code=self.report["errors"][0]["code"]), 1)
        self.assertGreater(value("recto_run_stage_seconds", stage="reading", kind="cpu"), 0)
        self.assertGreater(value("recto_disk_free_bytes", folder="work"), 0)
        self.assertGreater(value("recto_last_success_timestamp_seconds"), 1.6e9)
        histogram = {s.labels.get("le"): s.value for s in families["recto_run_page_confidence"].samples if s.name.endswith("_bucket")}
        counts = list(histogram.values())
        self.assertEqual(counts, sorted(counts))
        read = sum(p["state"] == "read" for i in self.report["items"] for p in i["pages"])
        self.assertEqual(histogram["+Inf"], read)
        for name, family in families.items():
            self.assertTrue(family.documentation, name)

    def test_metrics_that_cannot_be_written_cost_nothing(self):
        done = run("run", self.batch, "-o", self.archive, "--metrics", "/proc/nowhere/recto.prom", "--log", "/proc/nowhere/log")
        self.assertEqual(done.returncode, 74, done.stderr)  # a log that was asked for and cannot be had is refused at once
        done = run("run", self.batch, "-o", self.archive, "--metrics", "/proc/nowhere/recto.prom")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("/proc/nowhere/recto.prom", done.stderr)

    def test_summary_for_people_programs_and_mail(self):
        text = run("summary", self.archive).stdout
        self.assertIn("Failures by code", text)
        self.assertIn("1 items held", text)
        self.assertIn("暂缓", run("summary", self.archive, "--ui-lang", "zh").stdout)
        j = json.loads(run("summary", self.archive, "--json").stdout)
        self.assertEqual(j["runs"][0]["run"], self.report["run"])
        self.assertEqual(len(j["held"]), 1)
        import email
        import email.policy
        message = email.message_from_string(run("summary", self.archive, "--mail", "it@example.org", "--ui-lang", "zh").stdout, policy=email.policy.default)
        self.assertEqual(message["To"], "it@example.org")
        self.assertIn("暂缓", message["Subject"])

    def test_doctor_says_what_is_wrong_with_an_archive(self):
        good = run("doctor", self.archive, "--json")
        self.assertIn(good.returncode, (0, 1))
        checks = {c["id"]: c for c in json.loads(good.stdout)["checks"]}
        self.assertIn("work-file-system", checks)
        os.chmod(self.archive / "work", 0o755)
        (self.archive / "lock.json").write_text(json.dumps({"what": "recto run", "pid": 999999999, "host": os.uname().nodename, "since": "x", "lease_until": 0}))
        bad = run("doctor", self.archive, "--json", env={"LC_ALL": "C", "TZ": "Asia/Liuzhou"})
        self.assertEqual(bad.returncode, 1)
        checks = {c["id"]: c for c in json.loads(bad.stdout)["checks"]}
        self.assertEqual(checks["work-mode"]["state"], "warning")
        self.assertIn("chmod", checks["work-mode"]["remedy"])
        self.assertEqual(checks["lock"]["state"], "note")
        self.assertEqual(checks["locale"]["state"], "warning")
        self.assertEqual(checks["time-zone"]["state"], "error")
        for c in checks.values():
            self.assertNotIn("{", c["message"] + c["message_zh"])
            if c["state"] not in ("good", "note"):
                self.assertTrue(c["remedy"], c)
        missing = run("doctor", "--json", env={"RECTO_MODELS": str(self.folder / "none")})
        self.assertEqual(missing.returncode, 69)
        self.assertEqual(run("doctor", self.folder / "no-archive").returncode, run("status", self.folder / "no-archive").returncode)


if __name__ == "__main__":
    common.main()
