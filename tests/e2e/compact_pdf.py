"""The compact form of the access PDF: smaller, the same to look at and to search, read by software that is not ours."""

import json
import os
import shutil
import subprocess

import common
from common import Case, main, run
from PIL import Image, ImageChops, ImageStat

FORMS = ("faithful", "compact")


def output(*words, **options):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=True, **options).stdout


class CompactPdf(Case):
    def prepare(self):
        batch = self.folder / "in"
        # Print, a letterhead, a typed page.
        for item, names in (("item-1", ("Y-BGS-0001-004", "Y-BGS-0001-007", "Y-BGS-0001-008")), ("item-2", ("Y-BGS-0001-006", "box7-english-002"))):
            (batch / item).mkdir(parents=True)
            for half in common.halves():
                if half.stem.endswith(names):
                    shutil.copy(half, batch / item)
        with Image.open(common.SAMPLES / "batch/0025-WS·2012-Y-BGS-0001/001.jpg") as scan:  # a colour page in bi-level, too
            scan.convert("L").point(lambda v: 255 if v > 150 else 0).convert("1").save(batch / "item-2/zz.tif", compression="group4", dpi=(300, 300))
        for form in FORMS:
            done = run("run", batch, "-o", self.folder / form, "--create", "--set", f"pdf.images={form}", "--progress", "none")
            self.assertIn(done.returncode, (0, 1), done.stderr)
            self.assertNotIn("newer Recto", done.stderr)

    def pdfs(self, form):
        found = sorted((self.folder / form).glob("storage/**/v1/content/access/*.pdf"), key=lambda p: p.name)
        self.assertEqual(len(found), 2)
        return found

    def test_half_the_bytes_the_same_text_and_pages(self):
        sizes = {form: sum(p.stat().st_size for p in self.pdfs(form)) for form in FORMS}
        self.assertLess(2 * sizes["compact"], sizes["faithful"], sizes)
        for faithful, compact in zip(self.pdfs("faithful"), self.pdfs("compact")):
            for mode in ([], ["-raw"], ["-bbox"]):
                self.assertEqual(output("pdftotext", *mode, compact, "-"), output("pdftotext", *mode, faithful, "-"), mode)

    def test_the_same_to_look_at(self):
        for k, pair in enumerate(zip(self.pdfs("faithful"), self.pdfs("compact"))):
            for form, pdf in zip(FORMS, pair):
                output("pdftoppm", "-r", "72", "-png", pdf, self.folder / f"{k}-{form}")
            pages = sorted(self.folder.glob(f"{k}-faithful-*.png"))
            self.assertGreater(len(pages), 1)
            for page in pages:
                with Image.open(page) as a, Image.open(str(page).replace("faithful", "compact")) as b:
                    self.assertEqual(a.size, b.size)
                    # Within what poppler's coarse drawing of bi-level pictures makes: at most 4.9 measured, of 255.
                    self.assertLess(max(ImageStat.Stat(ImageChops.difference(a.convert("RGB"), b.convert("RGB"))).mean), 8, page)

    def test_masks_in_another_decoder(self):
        """Pulled out by poppler as they are, read by jbig2dec, against poppler's own decoder."""
        seen = 0
        for k, pdf in enumerate(self.pdfs("compact")):
            for name, option in (("raw", "-jbig2"), ("png", "-png")):
                (self.folder / f"{k}{name}").mkdir()
                output("pdfimages", option, pdf, self.folder / f"{k}{name}/i")
            for raw in sorted((self.folder / f"{k}raw").glob("*.jb2e")):
                decoded = raw.with_suffix(".pbm")
                output("jbig2dec", "-e", "-t", "pbm", "-o", decoded, raw)
                with Image.open(decoded) as ours, Image.open(self.folder / f"{k}png" / f"{raw.stem}.png") as theirs:
                    difference = ImageChops.difference(ours.convert("L"), theirs.convert("L")).getextrema()
                    self.assertIn(difference, ((0, 0), (255, 255)), raw)  # poppler writes masks inverted
                    seen += 1
        self.assertGreaterEqual(seen, 4)

    def test_good_by_verify_and_taken_in_again_at_its_own_resolution(self):
        checked = run("verify", self.folder / "compact")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        rebuilt = run("catalogue", "rebuild", self.folder / "compact")
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stderr)
        inspected = run("inspect", self.pdfs("compact")[0])
        for line in inspected.stdout.splitlines():
            self.assertGreater(json.loads(line)["dpi"]["x"], 190, line)

    def test_validators(self):
        bin = self.need_shared("validators", "bin")
        if not os.environ.get("VALIDATORS_HOME"):
            self.skipTest("shared data absent: VALIDATORS_HOME is not set (scripts/test sets the validators up)")
        check = lambda *words: subprocess.run([str(bin / words[0]), *map(str, words[1:])], capture_output=True, text=True, cwd=self.folder)
        passed = check("check-pdfa", self.pdfs("compact")[0], "2u")
        self.assertEqual(passed.returncode, 0, passed.stdout + passed.stderr)

    def test_other_packages_of_an_archive_that_keeps_nothing_but_the_compact_pdf(self):
        made = run("run", self.folder / "in/item-1", "-o", self.folder / "bare", "--create", "--set", "pdf.images=compact", "--set", "encode.preservation=none", "--progress", "none")
        self.assertIn(made.returncode, (0, 1), made.stderr)
        packed = run("package", self.folder / "bare", "--as", "ofd", "-o", self.folder / "ofd")
        files = sorted((self.folder / "ofd").glob("*.ofd"))
        self.assertGreaterEqual(len(files), 1, packed.stderr)
        checked = run("verify", *files)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


if __name__ == "__main__":
    main()
