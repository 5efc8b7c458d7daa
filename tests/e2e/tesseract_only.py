"""The program built without OpenVINO: Tesseract reads, and everything else is as it is with it."""

import json
import pathlib
import xml.etree.ElementTree as ElementTree

import common
from common import SAMPLES, Case, run

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"


class TesseractOnly(Case):
    def test_a_batch_becomes_a_verified_archive(self):
        archive, packages = self.folder / "archive", self.folder / "packages"
        done = run("run", SAMPLES / "batch", "-o", archive, "--create", "--catalogue", SAMPLES / "catalogue.csv", "--json", timeout=900)
        self.assertEqual(done.returncode, 1, done.stderr)  # the mismatches that the samples hold
        report = json.loads(done.stdout)
        self.assertEqual(report["pages_failed"], 0, report["errors"])
        self.assertGreaterEqual(report["pages"], 24)
        engines, english = set(), ""
        for found in pathlib.Path(archive, "storage").rglob("item.json"):
            item = json.loads(found.read_text("utf-8"))
            engines |= {p["reading"]["engine"].split()[0] for p in item["pages"] if p["reading"]["state"] == "read"}
            if item["provisional_name"] == "box7-english" or item["reference_code"] == "box7-english":
                for alto in sorted(found.parents[1].glob("text/*.alto.xml")):
                    english += " ".join(s.get("CONTENT") for s in ElementTree.parse(alto).getroot().iter(ALTO + "String")) + " "
        self.assertEqual(engines, {"tesseract"})
        truth = " ".join(p.read_text("utf-8") for p in sorted((SAMPLES / "truth").rglob("box7-english*/*.txt"))).split()
        self.assertGreater(len(truth), 100)
        found = sum(word in english for word in truth)
        self.assertGreater(found / len(truth), 0.95, "words of the typed pages that were read")
        made = run("package", archive, "--as", "bag", "-o", packages)
        self.assertEqual(made.returncode, 1, made.stderr)  # the item with a missing page is held back
        checked = run("verify", archive, *sorted(p for p in packages.iterdir() if p.is_dir()), timeout=600)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_the_missing_engine_is_said(self):
        asked = run("run", SAMPLES / "batch", "-o", self.folder / "archive", "--create", "--set", "reading.engine=ppocr")
        self.assertEqual(asked.returncode, 69, asked.stderr)
        self.assertIn("reading.engine=tesseract", asked.stderr)
        self.assertFalse((self.folder / "archive").exists(), "nothing was made")


if __name__ == "__main__":
    common.main()
