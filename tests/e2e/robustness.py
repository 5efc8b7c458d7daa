"""Killed, interrupted, out of space, fed with damaged files: nothing lost, everything named."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import common
from common import Case, contents, run, small_batch, start

KILLS = int(os.environ.get("RECTO_KILLS", "6"))


class Killed(Case):
    def test_sigkill_at_seeded_moments_then_the_same_content(self):
        batch = small_batch(self.folder / "in")
        began = time.time()
        whole = run("run", batch, "-o", self.folder / "whole", "--create", "-j", "2")
        took = time.time() - began
        self.assertIn(whole.returncode, (0, 1), whole.stderr)
        rng = random.Random(20260317)
        killed = 0
        for n in range(KILLS):
            p = start("run", batch, "-o", self.folder / "killed", "--create", "-j", "2", start_new_session=True)
            time.sleep(rng.uniform(0.02, 0.95) * took / (1 if n < KILLS // 2 else 2))
            in_work = p.poll() is None
            killed += in_work
            p.kill()
            p.communicate()
            if not in_work:  # it had less of the machine to wait for than the first run: begun anew, and sooner
                shutil.rmtree(self.folder / "killed")
                took /= 2
        self.assertGreater(killed, 0)
        last = run("run", batch, "-o", self.folder / "killed", "--create", "-j", "2", "--json")
        self.assertEqual(last.returncode, whole.returncode, last.stderr)
        self.assertEqual(contents(self.folder / "killed"), contents(self.folder / "whole"))
        report = json.loads(last.stdout)
        self.assertEqual(report["pages_failed"], 0, report["errors"])
        self.assertEqual(run("verify", self.folder / "killed").returncode, 0)

    def test_the_same_content_from_one_worker_and_two(self):
        batch = small_batch(self.folder / "in", items=2, pages=2)
        for name, words in (("serial", ["--serial"]), ("two", ["-j", "2", "--memory", "900M"])):
            self.assertIn(run("run", batch, "-o", self.folder / name, "--create", *words).returncode, (0, 1))
        self.assertEqual(contents(self.folder / "serial"), contents(self.folder / "two"))


class Interrupted(Case):
    def test_ctrl_c_ends_within_a_second_and_the_next_run_goes_on(self):
        batch = small_batch(self.folder / "in")
        for delay in (0.3, 1.5, 3.0):
            p = start("run", batch, "-o", self.folder / "a", "--create", "-j", "2")
            time.sleep(delay)
            if p.poll() is not None:
                p.communicate()
                continue
            p.send_signal(signal.SIGINT)
            began = time.time()
            _, err = p.communicate(timeout=20)
            self.assertLess(time.time() - began, 1.0)
            if p.returncode != 0:
                self.assertIn(p.returncode, (130, -signal.SIGINT), err)
        last = run("run", batch, "-o", self.folder / "a", "--create", "--json")
        self.assertIn(last.returncode, (0, 1), last.stderr)
        whole = run("run", batch, "-o", self.folder / "whole", "--create")
        self.assertEqual(last.returncode, whole.returncode)
        self.assertEqual(contents(self.folder / "a"), contents(self.folder / "whole"))

    def test_sigterm_finishes_pages_in_work_and_says_75(self):
        batch = small_batch(self.folder / "in", items=4, pages=4)
        p = start("run", batch, "-o", self.folder / "a", "--create", "-j", "2")
        time.sleep(2.5)
        p.send_signal(signal.SIGTERM)
        _, err = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 75, err)

    def test_a_second_run_answers_75(self):
        batch = small_batch(self.folder / "in")
        p = start("run", batch, "-o", self.folder / "a", "--create", "-j", "2")
        while not (self.folder / "a" / "lock.json").exists() or not (self.folder / "a" / "lock.json").read_text():
            time.sleep(0.01)
        second = run("run", batch, "-o", self.folder / "a")
        p.kill()
        p.communicate()
        self.assertEqual(second.returncode, 75, second.stderr)
        self.assertIn("recto run, process", second.stderr)


class ArchiveSettings(Case):
    def test_work_folder_and_profile_of_archive_yaml_are_obeyed(self):
        batch = small_batch(self.folder / "in", items=1, pages=1)
        archive, work = self.folder / "a", self.folder / "elsewhere"
        self.assertEqual(run("init", archive).returncode, 0)
        settings = archive / "archive.yaml"
        text = settings.read_text("utf-8").replace('profile: ""', "profile: small")
        settings.write_text(text + f"work: {work}\n", "utf-8")
        r = run("run", batch, "-o", archive)
        self.assertIn(r.returncode, (0, 1), r.stderr)
        self.assertTrue((work / "journal.db").is_file())
        self.assertEqual([p for p in (archive / "work").rglob("*") if p.is_file()] if (archive / "work").exists() else [], [])
        paths = [path for item in contents(archive).values() for path in item]
        self.assertFalse([p for p in paths if p.startswith("preservation/")], "the profile small keeps none")
        settings.write_text(text + "database: mysql://x\n", "utf-8")
        self.assertEqual(run("run", batch, "-o", archive).returncode, 78)
        settings.write_text(text + "database: postgresql://x@/x?host=/nonexistent\n", "utf-8")
        gone = run("run", batch, "-o", archive)
        self.assertEqual(gone.returncode, 74, gone.stderr)
        settings.write_text(text + f"database: {self.folder}/elsewhere.db\n", "utf-8")
        self.assertIn(run("run", batch, "-o", archive).returncode, (0, 1))
        self.assertTrue((self.folder / "elsewhere.db").is_file())


class FullDisk(Case):
    def test_pause_then_75_then_on(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, or user namespaces, to mount a small tmpfs")
        disk = self.folder / "disk"
        disk.mkdir()
        batch = small_batch(self.folder / "in", items=3, pages=3)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(disk)], capture_output=True, text=True)
        self.assertEqual(mount.returncode, 0, mount.stderr)
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        small = ["--set", "engine.min_free=2", "--set", "engine.disk_wait=2"]
        full = run("run", batch, "-o", disk / "a", "--create", "-j", "2", *small)
        self.assertEqual(full.returncode, 75, full.stderr)
        self.assertIn("disk is full", full.stderr)
        checked = run("verify", disk / "a")
        self.assertEqual(checked.returncode, 0, checked.stdout)
        subprocess.run(["mount", "-o", "remount,size=400m", str(disk)], check=True)
        rest = run("run", batch, "-o", disk / "a", "-j", "2", "--json", *small)
        self.assertIn(rest.returncode, (0, 1), rest.stderr)
        self.assertEqual(json.loads(rest.stdout)["pages_failed"], 0)
        reference = run("run", batch, "-o", self.folder / "whole", "--create", "-j", "2", *small)
        self.assertIn(reference.returncode, (0, 1))
        self.assertEqual(contents(disk / "a"), contents(self.folder / "whole"))


class BadFiles(Case):
    def check(self, name, paths):
        batch = self.folder / "in" / name
        batch.mkdir(parents=True)
        for p in paths:
            shutil.copy(p, batch / p.name)
        before = self.digest_tree(batch)
        r = run("run", batch, "-o", self.folder / "archive", "--create", "--json", "-j", "2", "--set", "engine.page_time_limit=60", timeout=1500)
        self.assertIn(r.returncode, (0, 1, 65), r.stderr[-3000:])
        self.assertEqual(self.digest_tree(batch), before)
        report = json.loads(r.stdout)
        self.assertEqual(report["files"] + len(report["skipped"]) + 0, len(paths), "every file is in a delivery or skipped with a reason")
        spoken = {pathlib.Path(e["file"]).name for e in report["errors"]} | {p["source"] for i in report["items"] for p in i["pages"]}
        for s in report["skipped"]:
            spoken |= {pathlib.Path(a).name for a in s.get("args", [])}
        self.assertEqual(sorted(p.name for p in paths if p.name not in spoken), [], "files without a page or a reason")
        for e in report["errors"]:
            self.assertTrue(e["code"] and e["reason"], e)
        return report

    def test_pillow_corpus(self):
        folder = self.need_shared("data", "bad_pillow")
        self.check("pillow", [p for p in sorted(folder.iterdir()) if p.name != "ORIGIN.md"])

    def test_imagetiff_corpus(self):
        folder = self.need_shared("data", "bad_imagetiff")
        self.check("imagetiff", [p for p in sorted(folder.iterdir()) if p.name != "ORIGIN.md"])

    def test_odd_pdfs(self):
        folder = self.need_shared("data", "sep_paperless")
        report = self.check("pdfs", [p for p in sorted(folder.iterdir()) if p.name in ("encrypted.pdf", "invalid_pdf.pdf", "password-is-test.pdf", "simple-no-dpi.png", "no-text-alpha.png", "rotated.pdf")]
                            + [p for p in sorted(self.need_shared("data", "ocrmypdf").iterdir()) if p.name in ("blank.pdf", "invalid.pdf", "masks.pdf", "no_contents.pdf", "jbig2.pdf", "ccitt.pdf", "livecycle.pdf")])
        codes = {pathlib.Path(e["file"]).name: e["code"] for e in report["errors"]}
        self.assertEqual(codes.get("encrypted.pdf"), "decode.encrypted")
        self.assertEqual(codes.get("password-is-test.pdf"), "decode.encrypted")


if __name__ == "__main__":
    # Without root, a user namespace of our own may mount the small disk.
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    if os.geteuid() != 0 and "FullDisk" in sys.argv and subprocess.run([*alone, "true"], capture_output=True).returncode == 0:
        os.execvp(alone[0], [*alone, sys.executable, *sys.argv])
    common.main()
