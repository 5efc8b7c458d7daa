#!/usr/bin/env python3
"""Measures compact PDFs against faithful ones and peers; started by compact.sh, which says what it is about.

Every page is an item of its own, so that a PDF's bytes are those of one page with its text layer. What a reader gets is judged by
reading the page again as poppler draws it at 300 dpi (recto text): the character error rate against the truth, beside that of the
source."""
import argparse
import json
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

from against_ocrmypdf import distance, plain

TOP = pathlib.Path(__file__).resolve().parents[1]
KINDS = "clean,seal,table,traditional,vertical,columns,paper,faded,carbon,copy"
SETS = "ehri_en_a:*DR*,oldbooks_a:*"
IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def run(*words, **options):
    """Runs a program; CPU-seconds of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.source_errors = {}

    def read(self, image, language):
        return run(self.options.recto, "text", image, "--lang", language)[1]

    def errors(self, image, truth, language):
        return distance(plain(truth), plain(self.read(image, language)))

    def drawn(self, pdf):
        """The page as poppler draws it; none when it complains, for then parts are missing."""
        out = self.work / "drawn"
        done = subprocess.run(["pdftoppm", "-r", "300", "-png", "-singlefile", pdf, out], capture_output=True, text=True, check=True)
        return None if "Error" in done.stderr else out.with_suffix(".png")

    def recto_pdfs(self, pages, form):
        """Runs Recto on all pages; PDFs by name of page, and the encode stage's CPU-seconds a page."""
        folder = self.work / form
        for image, _, _ in pages:
            item = folder / "in" / image.stem
            item.mkdir(parents=True)
            shutil.copy(image, item)
        _, out = run(self.options.recto, "run", folder / "in", "-o", folder / "archive", "--create", "--json", "--progress", "none",
                     "--set", f"pdf.images={form}", "--lang", pages[0][2])
        encode = sum(s["cpu_seconds"] for s in json.loads(out)["stages"] if s["name"] == "encode")
        pdfs = {p.stem: p for p in folder.glob("archive/storage/**/v1/content/access/*.pdf")}
        return pdfs, encode / len(pages)

    def peers(self, image, language):
        """PDFs by peer, with CPU-seconds."""
        out = {}
        o = self.options
        if o.ocrmypdf:
            source, pdf = self.work / "scan.pdf", self.work / "ocrmypdf.pdf"
            run(o.img2pdf, image, "-o", source)
            cpu, _ = run(o.ocrmypdf, "-q", "--jobs", 1, "--output-type", "pdfa-2", "-l", "chi_sim" if "chi" in language else "eng", source, pdf)
            out["ocrmypdf"] = (pdf, cpu)
        if o.recode:
            hocr, pdf, stack = self.work / "page.hocr", self.work / "recode.pdf", self.work / "stack"
            hocr.write_text(run(o.recto, "text", image, "--lang", language, "--format", "hocr")[1], "utf-8")
            shutil.rmtree(stack, ignore_errors=True)
            stack.mkdir()
            shutil.copy(image, stack)
            cpu, _ = run(o.recode, "-I", f"{stack}/*{image.suffix}", "-T", hocr, "-J", "pillow", "--mask-compression", "ccitt", "-D", 300, "-o", pdf)
            out["recode_pdf"] = (pdf, cpu)
        return out

    def measure(self, pages):
        """Rows of (page, form) to figures."""
        rows = []
        compact, compact_cpu = self.recto_pdfs(pages, "compact")
        faithful, faithful_cpu = self.recto_pdfs(pages, "faithful")
        for image, truth, language in pages:
            length = max(1, len(plain(truth)))
            row = {"page": image.stem, "characters": length, "source": self.errors(image, truth, language) / length,
                   "source_bytes": image.stat().st_size}
            pdfs = {"faithful": (faithful[image.stem], faithful_cpu), "compact": (compact[image.stem], compact_cpu), **self.peers(image, language)}
            for name, (pdf, cpu) in pdfs.items():
                page = self.drawn(pdf)
                row[name] = {"bytes": pdf.stat().st_size, "cpu_s": cpu, "cer": self.errors(page, truth, language) / length if page else None}
            layers = run("pdfimages", "-list", compact[image.stem])[1]
            row["layers"] = layers.count(" mask ")
            print(json.dumps(row, ensure_ascii=False), file=sys.stderr)
            rows.append(row)
        shutil.rmtree(self.work)
        self.work.mkdir()
        return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", type=pathlib.Path, default=TOP / "build/release/recto")
    parser.add_argument("--pages", type=int, default=2, help="of each kind")
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--kinds", default=KINDS)
    parser.add_argument("--sets", default=SETS, help="folders of ../shared/data, with a pattern of names")
    parser.add_argument("--each", type=int, default=3, help="pages of a set")
    parser.add_argument("--shared", type=pathlib.Path, default=TOP / "../shared")
    parser.add_argument("--ocrmypdf")
    parser.add_argument("--img2pdf")
    parser.add_argument("--recode")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.recto = options.recto.resolve()
    result = {}
    with tempfile.TemporaryDirectory(prefix="recto-compact-") as folder:
        folder = pathlib.Path(folder)
        (folder / "work").mkdir()
        bench = Bench(options, folder / "work")
        kinds = [k for k in options.kinds.split(",") if k]
        if kinds:
            run(sys.executable, TOP / "bench/chinese_pages.py", folder / "pages", "--pages", options.pages, "--seed", options.seed, "--kinds", ",".join(kinds))
        for kind in kinds:
            images = sorted((folder / "pages").glob(f"{kind}-*.png"))
            result[kind] = bench.measure([(p, p.with_suffix(".txt").read_text("utf-8"), "chi_sim+eng") for p in images])
        for entry in filter(None, options.sets.split(",")):
            name, _, pattern = entry.partition(":")
            images = sorted(p for p in (options.shared / "data" / name).glob(pattern or "*") if p.suffix.lower() in IMAGES)
            images = images[::max(1, len(images) // max(1, options.each))][:options.each]
            if not images:
                print(f"{name}: not there, left out", file=sys.stderr)
                continue
            result[name] = bench.measure([(p, p.with_suffix(".txt").read_text("utf-8"), "eng") for p in images])
    forms = [f for f in ("faithful", "compact", "ocrmypdf", "recode_pdf") if any(f in r for rows in result.values() for r in rows)]
    print("| pages | in layers | " + " | ".join(f"{f} KB" for f in forms) + " | CER % source | " + " | ".join(f"{f}" for f in forms) + " | CPU s " + " | ".join(forms) + " |")
    print("|---" * (3 + 3 * len(forms)) + "|")
    for kind, rows in result.items():
        def mean(value):
            return sum(value(r) for r in rows) / len(rows)
        cells = [f"{mean(lambda r, f=f: r[f]['bytes']) / 1000:.0f}" for f in forms] + [f"{100 * mean(lambda r: r['source']):.2f}"]
        cells += ["not drawn" if any(r[f]["cer"] is None for r in rows) else f"{100 * mean(lambda r, f=f: r[f]['cer']):.2f}" for f in forms]
        cells += [f"{mean(lambda r, f=f: r[f]['cpu_s']):.2f}" for f in forms]
        print(f"| {kind} | {sum(r['layers'] > 0 for r in rows)} of {len(rows)} | " + " | ".join(cells) + " |")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
