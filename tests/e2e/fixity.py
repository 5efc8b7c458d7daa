"""recto fixity: stored bytes checked again beside a second copy; damage named, repaired, recorded."""

import fcntl
import hashlib
import json
import pathlib
import signal
import time

from common import Case, main, run, small_batch, start


class Fixity(Case):
    def prepare(self):
        self.archive = self.folder / "archive"
        # What the pages say is of no account here: no reading, no PDF text to compare.
        done = run("run", small_batch(self.folder / "in", items=2, pages=1), "-o", self.archive, "--create", "--profile", "quick")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.copy = self.folder / "copy"
        done = run("fixity", self.archive, "--copy", self.copy, "--add-missing")
        self.assertEqual(done.returncode, 66, "a disk that is not there is not filled up: " + done.stderr)
        self.assertFalse(self.copy.exists())
        done = run("fixity", self.archive, "--copy", self.copy, "--add-missing", "--create")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(self.digest_tree(self.copy), self.digest_tree(self.archive / "storage"))

    def events(self, kind):
        lines = [json.loads(l) for p in sorted((self.archive / "events").iterdir()) for l in p.read_text("utf-8").splitlines()]
        return [e for e in lines if e["event"] == kind]

    def master(self):
        return sorted((self.archive / "storage").rglob("master/*"))[0]

    def flip(self, path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)

    def test_damage_is_named_repaired_and_recorded(self):
        whole = self.digest_tree(self.archive / "storage")
        path = self.master()
        self.flip(path)
        changed = hashlib.sha256(path.read_bytes()).hexdigest()

        done = run("fixity", self.archive)
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertIn(f"{path}: ", done.stdout)
        self.assertIn("(fixity.changed)", done.stdout)
        chinese = run("fixity", self.archive, "--ui-lang", "zh")
        self.assertIn("内容已不是入库时的字节", chinese.stdout)
        self.assertEqual(len(self.events("fixity.damage")), 2)

        dry = run("fixity", self.archive, "--copy", self.copy, "--repair", "--dry-run", "--json")
        self.assertEqual(dry.returncode, 65)
        self.assertEqual([d["outcome"] for d in json.loads(dry.stdout)["damage"]], ["would_mend"])
        self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(), changed)

        done = run("fixity", self.archive, "--copy", self.copy, "--repair", "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["exit_code"], 1)
        self.assertEqual([d["outcome"] for d in report["damage"]], ["mended"])
        aside = report["damage"][0]["set_aside"]
        self.assertTrue(aside.startswith(str(self.archive / "quarantine")))
        self.assertEqual(hashlib.sha256(pathlib.Path(aside).read_bytes()).hexdigest(), changed)
        self.assertEqual(self.digest_tree(self.archive / "storage"), whole)
        self.assertEqual(len(self.events("repair")), 1)
        last = self.events("fixity")[-1]
        self.assertEqual((last["errors"], last["mended"], last["stay"]), (1, 1, 0))

        self.assertEqual(run("fixity", self.archive, "--copy", self.copy).returncode, 0)
        verified = run("verify", self.archive, self.copy)
        self.assertEqual(verified.returncode, 0, verified.stdout)
        status = json.loads(run("status", self.archive, "--json").stdout)
        self.assertTrue(status["events_good"], "the chain holds")

    def test_both_damaged_nothing_is_touched(self):
        path = self.master()
        for p in (path, self.copy / path.relative_to(self.archive / "storage")):
            self.flip(p)
        before = self.digest_tree(self.archive / "storage"), self.digest_tree(self.copy)
        done = run("fixity", self.archive, "--copy", self.copy, "--repair", "--repair-copy")
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertIn("nothing was touched", done.stdout)
        self.assertEqual((self.digest_tree(self.archive / "storage"), self.digest_tree(self.copy)), before)
        self.assertFalse((self.archive / "quarantine").exists())

    def test_beside_a_run_and_the_lock(self):
        # Another program holds the archive: looking is allowed, writing is not.
        with open(self.archive / "lock.json", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(run("fixity", self.archive, "--share", "1/2").returncode, 0)
            for option in ("--repair", "--repair-copy", "--add-missing"):
                self.assertEqual(run("fixity", self.archive, "--copy", self.copy, option).returncode, 75, option)

    def test_rate_window_and_stop(self):
        slow = start("fixity", self.archive, "--rate", "20k", "--progress", "json", "--json")
        time.sleep(1.5)
        slow.send_signal(signal.SIGTERM)
        out, err = slow.communicate(timeout=20)
        self.assertEqual(slow.returncode, 75, err)
        report = json.loads(out)
        self.assertEqual(report["stopped"], "signal")
        self.assertEqual(report["totals"]["left"], 1, "the object in work is finished, the next is not begun")
        progress = [json.loads(l) for l in err.splitlines() if l.startswith("{")]
        self.assertIn("bytes_per_second", progress[0])
        rest = json.loads(run("fixity", self.archive, "--json").stdout)
        self.assertTrue(rest["went_on"])
        self.assertEqual(rest["totals"]["objects"], 1)
        interrupted = start("fixity", self.archive, "--rate", "20k")
        time.sleep(1)
        interrupted.send_signal(signal.SIGINT)
        _, err = interrupted.communicate(timeout=20)
        self.assertEqual(interrupted.returncode, 130, err)
        hour = (time.gmtime(time.time() + 8 * 3600).tm_hour + 3) % 24
        closed = run("fixity", self.archive, "--window", f"{hour:02}:00-{hour:02}:30")
        self.assertEqual(closed.returncode, 75)
        for words in (["--share", "2"], ["--rate", "fast"], ["--copy", self.archive], ["--repair"]):
            self.assertEqual(run("fixity", self.archive, *words).returncode, 64, words)


if __name__ == "__main__":
    main()
