"""The virus rule of the four properties with a real ClamAV: signatures of our own, for one of the stored files."""

import hashlib
import json
import os
import shutil
import subprocess
import time

from common import Case, main, run, small_batch


class Viruses(Case):
    def prepare(self):
        self.archive = self.folder / "archive"
        done = run("run", small_batch(self.folder / "in", items=1, pages=1), "-o", self.archive, "--create", "--profile", "quick", "--progress", "none")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.master = next((self.archive / "storage").glob("**/v1/content/master/*"))

    def setUp(self):
        super().setUp()
        for program in ("clamscan", "clamd", "clamdscan", "clamconf"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
                self.skipTest(f"{program} is not installed (scripts/setup test)")
        self.bin, self.clean, self.infected = (self.folder / name for name in ("bin", "clean", "infected"))
        for folder in (self.bin, self.clean, self.infected):
            folder.mkdir()
        (self.clean / "t.hdb").write_text(f"{'0' * 32}:1:Test.Nothing\n")
        (self.infected / "t.hdb").write_text(f"{hashlib.md5(self.master.read_bytes()).hexdigest()}:{self.master.stat().st_size}:Test.Virus\n")

    def program(self, name, *words):
        """`name` in PATH: the real program with these words before its own."""
        path = self.bin / name
        path.write_text("#!/bin/sh\n" + (f'exec {" ".join(map(str, words))} "$@"\n' if words else "exit 127\n"))
        path.chmod(0o755)

    def verdict(self):
        checked = run("verify", self.archive, "--four-properties", "--json", env={"PATH": f"{self.bin}:{os.environ['PATH']}"})
        report = json.loads(checked.stdout)
        report = report["reports"][0] if "reports" in report else report
        rules = [r for r in report["rules"] if r["code"] == "AQ-01"]
        self.assertEqual(len(rules), 1, checked.stdout)
        return rules[0]

    def test_clamscan(self):
        self.program("clamdscan")
        self.program("clamscan", "/usr/bin/clamscan", "-d", self.clean)
        self.assertEqual(self.verdict()["verdict"], "passed")
        self.program("clamscan", "/usr/bin/clamscan", "-d", self.infected)
        rule = self.verdict()
        self.assertEqual(rule["verdict"], "failed")
        self.assertIn("Test.Virus", json.dumps(rule))
        self.assertIn(self.master.name, json.dumps(rule))

    def serve(self, name, signatures, *settings):
        folder = self.folder / name
        folder.mkdir()
        (folder / "clamd.conf").write_text("\n".join(["Foreground yes", f"LocalSocket {folder}/socket", f"DatabaseDirectory {signatures}", *settings, ""]))
        (folder / "freshclam.conf").write_text("DatabaseMirror localhost\n")
        service = subprocess.Popen([shutil.which("clamd", path="/usr/sbin:/usr/bin"), "-c", str(folder / "clamd.conf")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(service.stdout.close)
        self.addCleanup(service.wait)
        self.addCleanup(service.kill)
        for _ in range(300):
            if (folder / "socket").exists():
                break
            self.assertIsNone(service.poll(), "clamd ended")
            time.sleep(0.1)
        self.program("clamdscan", "/usr/bin/clamdscan", f"--config-file={folder}/clamd.conf")
        self.program("clamconf", "/usr/bin/clamconf", f"--config-dir={folder}")

    def test_clamd(self):
        self.program("clamscan")  # not this one
        self.serve("found", self.infected, "AlertExceedsMax yes")
        rule = self.verdict()
        self.assertEqual(rule["verdict"], "failed")
        self.assertIn("Test.Virus", json.dumps(rule))
        self.serve("sound", self.clean, "AlertExceedsMax yes")
        self.assertEqual(self.verdict()["verdict"], "passed")
        # What is passed over is never passed: told of by the service, or kept from us by it.
        self.serve("small", self.clean, "AlertExceedsMax yes", "MaxFileSize 1K")
        rule = self.verdict()
        self.assertEqual(rule["verdict"], "not_checked")
        self.assertIn("Heuristics.Limits.Exceeded", json.dumps(rule))
        self.serve("silent", self.clean, "MaxFileSize 1K")
        rule = self.verdict()
        self.assertEqual(rule["verdict"], "not_checked")
        self.assertIn("AlertExceedsMax", json.dumps(rule))


if __name__ == "__main__":
    main()
