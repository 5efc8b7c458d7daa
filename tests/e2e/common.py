"""Shared by the whole-program tests: starting the built binary, small batches, the content of an archive."""

import copy
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from PIL import Image

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


def halves(leave_out=()):
    """Upper halves of the sample pages that a batch can consist of, as files: A5 where the page is A4, through every stage at half
    the cost. What a page says is of no account where what happens to it is tested."""
    folder = TOP / "build/e2e-halves"
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for scan in sorted(p for p in (SAMPLES / "batch").rglob("*") if p.suffix in (".tif", ".jpg", ".png") and p.stat().st_size < 900_000 and p.name not in leave_out):
        half = folder / f"{scan.parent.name}-{scan.name}"
        if not half.exists() or half.stat().st_mtime < scan.stat().st_mtime:
            with tempfile.NamedTemporaryFile(dir=folder, suffix=scan.suffix, delete=False) as fresh:
                pass
            with Image.open(scan) as image:
                pages = []
                for n in range(getattr(image, "n_frames", 1)):
                    image.seek(n)
                    pages.append(image.crop((0, 0, image.width, image.height // 2)))
                words = {"quality": 85} if scan.suffix == ".jpg" else {"compression": image.info["compression"]} if scan.suffix == ".tif" else {}
                if scan.suffix == ".tif":
                    words |= {"save_all": True, "append_images": pages[1:]}
                pages[0].save(fresh.name, dpi=image.info.get("dpi", (300, 300)), **words)
            os.replace(fresh.name, half)  # tests run side by side
        out.append(half)
    return out


def small_batch(folder, items=3, pages=3):
    """A few pages as items of their own."""
    scans = halves()
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
    """Each test has a folder of its own. What prepare() of a class leaves in it, and in the object, each test of the class begins
    with; it is made once, and put back at the same place for the next test, because archives know where their sources lay."""

    maxDiff = 4000

    def prepare(self):
        """For classes to say what their tests begin with."""

    def setUp(self):
        cls = type(self)
        if "prepared" in vars(cls):
            self.folder, kept, values = cls.prepared
            shutil.copytree(kept, self.folder, symlinks=True)
            vars(self).update(copy.deepcopy(values))
        else:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recto-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        if "prepared" not in vars(cls) and cls.prepare is not Case.prepare:
            before = set(vars(self))
            self.prepare()
            kept = self.folder.with_name(self.folder.name + "-prepared")
            shutil.copytree(self.folder, kept, symlinks=True)
            cls.addClassCleanup(shutil.rmtree, kept, ignore_errors=True)
            cls.prepared = (self.folder, kept, copy.deepcopy({k: v for k, v in vars(self).items() if k not in before}))

    def need_shared(self, *parts):
        path = SHARED.joinpath(*parts)
        if not path.exists():
            self.skipTest(f"shared data absent: {'/'.join(parts)}")
        return path

    def digest_tree(self, folder):
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
