"""Shared by the whole-program tests: starting the built binary, small batches, the content of an archive."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
RECTO = os.environ.get("RECTO_BINARY", str(TOP / "build/release/recto"))
SAMPLES = TOP / "samples"
SHARED = TOP.parent / "shared"


def run(*words, timeout=600, env=None, **options):
    """Runs recto; returns the finished process with text output."""
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1760000000", TZ="Asia/Shanghai", LC_ALL="C.UTF-8")
    environment.pop("RECTO_LANG", None)
    environment.update(env or {})
    return subprocess.run([RECTO, *map(str, words)], capture_output=True, text=True, timeout=timeout, env=environment, **options)


def start(*words, **options):
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1760000000", TZ="Asia/Shanghai", LC_ALL="C.UTF-8")
    return subprocess.Popen([RECTO, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options)


def small_batch(folder, items=3, pages=3):
    """A few sample pages as items of their own: quick, but real scans through every stage."""
    scans = sorted(p for p in (SAMPLES / "batch").rglob("*") if p.suffix in (".tif", ".jpg", ".png") and p.stat().st_size < 900_000)
    folder = pathlib.Path(folder)
    n = 0
    for i in range(items):
        target = folder / f"item-{i + 1}"
        target.mkdir(parents=True)
        for k in range(pages):
            scan = scans[n % len(scans)]
            shutil.copy(scan, target / f"{k + 1:03}{scan.suffix}")
            n += 1
    return folder


def contents(archive):
    """{object id: {logical path: digest}} of all head versions."""
    out = {}
    for inventory in pathlib.Path(archive, "storage").rglob("inventory.json"):
        if inventory.parent.name.startswith("v") and inventory.parent.name[1:].isdigit():
            continue
        j = json.loads(inventory.read_text("utf-8"))
        state = j["versions"][j["head"]]["state"]
        out[j["id"]] = {path: digest for digest, paths in state.items() for path in paths}
    return out


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recto-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def need_shared(self, *parts):
        path = SHARED.joinpath(*parts)
        if not path.exists():
            self.skipTest(f"shared data absent: {'/'.join(parts)}")
        return path

    def digest_tree(self, folder):
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
