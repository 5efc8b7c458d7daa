#!/usr/bin/env python3
"""Checks the measuring itself: known work, known memory, known distances. A few seconds; no Recto needed."""
import random
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True

from against_ocrmypdf import distance, plain  # noqa: E402
from measure import measure  # noqa: E402

BURN = "import time\nwhile time.process_time() < {}: pass\n"


def measured(code):
    with tempfile.TemporaryDirectory() as folder:
        return measure([sys.executable, "-c", code], Path(folder, "log"))


class Measure(unittest.TestCase):
    def test_cpu_of_children_and_of_orphans_counts(self):
        start = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', %r])"
        orphan = start % BURN.format(0.6)  # nobody waits for it
        waited = start % BURN.format(0.4) + ".wait()"
        r = measured(waited + "\n" + orphan)
        self.assertEqual(r["exit_code"], 0)
        self.assertGreater(r["cpu_seconds"], 0.98)
        self.assertLess(r["cpu_seconds"], 2.0)  # three interpreters start besides
        self.assertLess(r["user_seconds"], r["cpu_seconds"] + 1e-9)

    def test_memory_of_one_and_of_all(self):
        hold = "import time\nx = bytearray(100 << 20)\ntime.sleep(1.5)\n"
        r = measured(f"import subprocess, sys\np = [subprocess.Popen([sys.executable, '-c', {hold!r}]) for _ in range(2)]\n[q.wait() for q in p]")
        mib = 1 << 20
        self.assertAlmostEqual(r["largest_process_bytes"] / mib, 112, delta=20)
        self.assertLess(r["main_process_bytes"] / mib, 60)
        self.assertAlmostEqual(r["sum_pss_bytes"] / mib, 220, delta=30)

    def test_exit_code(self):
        self.assertEqual(measured("raise SystemExit(3)")["exit_code"], 3)


class Distance(unittest.TestCase):
    def test_against_the_table_method(self):
        def table(a, b):
            row = list(range(len(b) + 1))
            for i, x in enumerate(a, 1):
                below = [i]
                for j, y in enumerate(b, 1):
                    below.append(min(row[j] + 1, below[-1] + 1, row[j - 1] + (x != y)))
                row = below
            return row[-1]
        rng = random.Random(1)
        for _ in range(500):
            a, b = ("".join(rng.choice("柳州市人") for _ in range(rng.randrange(90))) for _ in range(2))
            self.assertEqual(distance(a, b), table(a, b), (a, b))

    def test_plain(self):
        self.assertEqual(plain(" ,A\n 柳 州\u3000市\f"), ",A柳州市")


if __name__ == "__main__":
    unittest.main()
