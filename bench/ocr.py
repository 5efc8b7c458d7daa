#!/usr/bin/env python3
"""Reading, beside others: the same pages read by Recto, Tesseract, rapidocr and OCRmyPDF, with one thread each.

    bench/ocr.py [--recto FILE] [--ours auto,ppocr,tesseract] [--engines A,B] [--sets A,B] [--each N] [--pages N] [--seed N] [--face FILE]
                 [--models DIR] [--tessdata DIR] [--json FILE] [--keep DIR] [--calibration FILE]
    bench/ocr.py --show FILE [FILE...]

bench/ocr.sh fetches the peers and starts this. Sets: those of ../shared/data with text, and the kinds of chinese_pages.py, which are
drawn for the run. Engines: tesseract (`tesseract IMG - -l LANG`, nothing else), rapidocr (PP-OCRv6 small, as it comes),
rapidocr-tiny (the same with the models that Recto uses), ocrmypdf (the text of its sidecar, --deskew --rotate-pages), and
recto-WAY for each of --ours, which is `recto text` with reading.engine=WAY, or WAY+key=value+... for further settings.

What is measured:

CER      edits (Levenshtein) from what was read to the true text, by its length, after NFKC and without white space; of all pages
         of a set together. "median" is that of the pages.
bag      share of the true words (characters for Chinese) that were read, as often as they are there: blind to the order.
order    the part of the CER that is due to a wrong order. Each true line, longest first, is looked for anywhere in what was read;
         it takes the place that fits best, which no other line may use then. Edits of the lines at their places and characters
         that no line took are the errors of an ideally ordered text; what the CER has above that is the order's. It is a lower
         bound: noise between lines may make the second sum the larger one, then nothing is laid to the order.
CPU      seconds of user and system time a page, of all processes, without the start.
start    CPU seconds of the same command on a picture with one line of text, median of three (rapidocr, which reads all sets in
         one process: loading the models and that picture). Networks that Recto compiles for a page's shapes count as work of
         that page, since every page is a process of its own here; "one process" tells what is left when they are shared.
MiB      resident set of the largest process, peak over the set (rapidocr: over all sets up to this one).

--calibration: reads JSON from Recto, lays each line read to the true text as above (longest first, each place once) and asks of
each character whether the true one stands there. Letterheads, stamps and notes that the true text leaves out say nothing about
characters: a line counts where it is at least twice as close to its place as its letters from back to front are to any place, which
lines of fewer than about seven characters never are, be they right or wrong. Lines of which a third or more is misread fall out
with them; how many characters are in such lines is printed. Several letters side by side of which only the case differs are right
(small capitals). Prints by language, part and bins of confidence how many there are, the mean confidence, and the share that is
right with its 95 % Wilson interval; writes the lines with {engine, set, language, page, part, text, truth (empty: no certain
place), confidence, characters: [[character, class, confidence, right]]}, class latin, han, digit, punct or other; part "fit" for odd
pages of a set and "check" for even ones, so that a fit is not judged by its own pages.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import chinese_pages  # noqa: E402
import no_harm  # noqa: E402
from against_ocrmypdf import plain  # noqa: E402
from text_measures import class_of, errors, lay, right_ones, wilson  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# Set -> languages by Tesseract's names, the first of which all parts are installed.
SHARED = {"ehri_en_a": ("eng",), "oldbooks_a": ("eng",), "grenzboten_de": ("deu+frk", "script/Fraktur", "Fraktur", "frk", "deu", "eng"), "cnocr": ("chi_sim",),
          "tess_test": ("eng",), "sroie_a": ("eng",), "ocrmypdf": ("eng",)}
DRAWN = {"traditional": ("chi_tra", "chi_sim"), "vertical": ("chi_sim_vert+chi_tra_vert", "chi_sim_vert", "chi_sim")}
UPPER = ("sroie_a",)  # its text is in capitals, whatever the picture says: case is no error there
BINS = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0001)


# --- engines -------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", OMP_NUM_THREADS="1", OMP_THREAD_LIMIT="1", OPENBLAS_NUM_THREADS="1")
        if options.tessdata:
            self.environment["TESSDATA_PREFIX"] = str(options.tessdata)
        listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True, env=self.environment).stdout
        self.languages = set(listed.splitlines()[1:])
        self.small = folder / "start.png"
        in_child(draw_start, self.small)
        self.starts, self.read_at_once, self.all_paths = {}, {}, []

    def language(self, wanted):
        return next((w for w in wanted if set(w.split("+")) <= self.languages), wanted[-1])

    def run(self, command):
        """Output, CPU seconds and largest resident set of a command and all it started."""
        with tempfile.TemporaryFile() as out, open(self.folder / "last.err", "wb") as err:
            child = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=self.environment)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            text = out.read().decode("utf-8", "replace")
        if child.returncode:
            last = (self.folder / "last.err").read_text("utf-8", "replace").strip().splitlines()[-1:]
            print(f"{' '.join(map(str, command))} ended with {child.returncode}: {''.join(last)}", file=sys.stderr)
        return text, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024

    def one_by_one(self, name, paths, language, read):
        """`read` gives (text, CPU, memory) of a file; the start is measured once for an engine and a language."""
        key = name, language
        if key not in self.starts:
            self.starts[key] = statistics.median(read(self.small)[1] for _ in range(3))
        for path in paths:
            text, cpu, memory = read(path)
            yield {"text": text, "cpu": max(0.0, cpu - self.starts[key]), "start": self.starts[key], "memory": memory}

    def tesseract(self, name, paths, language):
        return self.one_by_one(name, paths, language, lambda path: self.run(["tesseract", path, "-", "-l", language]))

    def ocrmypdf(self, name, paths, language):
        def read(path):
            side, pdf = self.folder / "side.txt", self.folder / "out.pdf"
            side.unlink(missing_ok=True)
            # A file that states no resolution, or that of a screen, is refused otherwise.
            dpi = [] if chinese_pages.Image.open(path).info.get("dpi", (0,))[0] > 96 else ["--image-dpi", 300]
            _, cpu, memory = self.run([self.options.ocrmypdf, "-q", "--jobs", 1, "--deskew", "--rotate-pages", "--output-type", "pdf", *dpi,
                                       "--sidecar", side, "-l", language, path, pdf])
            return side.read_text("utf-8", "replace") if side.exists() else "", cpu, memory

        return self.one_by_one(name, paths, language, read)

    def rapidocr(self, name, paths, language):
        if name not in self.read_at_once:
            self.read_at_once[name] = self.all_by_rapidocr(name)
        start, pages = self.read_at_once[name]
        for path in paths:
            yield {**pages[path], "start": start}

    def all_by_rapidocr(self, name):
        """Loading takes several seconds, so one process reads the pages of all sets."""
        params = {}
        if name == "rapidocr-tiny":
            models = self.options.models.resolve()
            params = {"Det.model_path": str(models / "ppocrv6_tiny_det.onnx"), "Rec.model_path": str(models / "ppocrv6_tiny_rec.onnx"),
                      "Rec.rec_keys_path": str(models / "ppocrv6_tiny_dict.txt")}
        job, out = self.folder / "job.json", self.folder / "job.out"
        out.unlink(missing_ok=True)
        job.write_text(json.dumps({"images": [str(p) for p in (self.small, *self.all_paths)], "out": str(out), "params": params}))
        self.run([self.options.rapidocr, HERE / "ocr_rapidocr.py", job])
        if not out.exists():
            sys.exit(f"{name} failed: see {self.folder}/last.err (kept with --keep)")
        first, *pages = json.loads(out.read_text("utf-8"))
        return first["cpu"], dict(zip(self.all_paths, pages))

    def ours_command(self, name, path, language):
        way, *settings = name.removeprefix("recto-").split("+")
        if self.options.tessdata:
            settings.append(f"reading.tessdata={self.options.tessdata}")
        command = [self.options.recto, "text", path, "--lang", language, "--set", f"reading.engine={way}"]
        for setting in settings:
            command += ["--set", setting]
        return command + (["--json"] if self.options.calibration else [])

    def ours(self, name, paths, language):
        documents = []

        def read(path):
            text, cpu, memory = self.run(self.ours_command(name, path, language))
            if self.options.calibration:
                documents[:] = [json.loads(line) for line in text.splitlines()]
                text = "\n".join(line["text"] for d in documents for block in d.get("blocks", ()) for line in block.get("lines", ()))
            return text, cpu, memory

        for page in self.one_by_one(name, paths, language, read):
            yield {**page, "documents": list(documents)}

    def engine(self, name):
        if name.startswith("recto-"):
            return self.ours
        return {"tesseract": self.tesseract, "ocrmypdf": self.ocrmypdf, "rapidocr": self.rapidocr, "rapidocr-tiny": self.rapidocr}[name]


def in_child(function, *arguments):
    """Pictures are handled in children: the peak memory of a program that is started counts what its parent holds."""
    child = multiprocessing.Process(target=function, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(70)


def draw_start(path):
    image = chinese_pages.Image.new("L", (700, 160), 245)
    file, index = chinese_pages.FACES["serif"][0]
    chinese_pages.ImageDraw.Draw(image).text((40, 50), "2024 ABC 档案", 30, chinese_pages.ImageFont.truetype(file, 60, index=index))
    image.save(path, dpi=(300, 300))


def bind(paths, path):
    first, *rest = (chinese_pages.Image.open(p) for p in paths)
    first.save(path, save_all=True, append_images=rest, compression="tiff_lzw", dpi=(300, 300))


# --- calibration ---------------------------------------------------------------------------------------------


def judged(documents, truth, case):
    """Lines that were read, each character with class, confidence and whether it is right."""
    out = []
    for document in documents:
        for block in document.get("blocks", ()):
            for line in block.get("lines", ()):
                glyphs = [glyph for word in line.get("words", ()) for glyph in word.get("glyphs", ())]
                characters = [(c, glyph[2], *glyph[4:]) for glyph in glyphs for c in plain(glyph[0])]  # 4: of builds with RECTO_TRACE_CONFIDENCE
                if characters:
                    out.append({"engine": document["engine"], "text": line["text"], "confidence": line["confidence"], "characters": characters})
    want = case(plain(truth))
    found, _ = lay(["".join(case(c) for c, *_ in line["characters"]) for line in out], want, certain=True)
    for line, (_, start, end) in zip(out, found):
        right = right_ones([case(c) for c, *_ in line["characters"]], want[start:end])
        line["characters"] = [[c, class_of(c), confidence, int(r), *trace] for (c, confidence, *trace), r in zip(line["characters"], right)]
        line["truth"] = want[start:end]
    return out


def show_calibration(lines):
    for engine, language, part in sorted({(line["engine"], line["language"], line["part"]) for line in lines}):
        some = [line for line in lines if (line["engine"], line["language"], line["part"]) == (engine, language, part)]
        of = [c for line in some for c in line["characters"] if line["truth"]]
        out = [c for line in some for c in line["characters"] if not line["truth"]]
        print(f"\n{engine}, {language}, part {part}: {len(of)} characters" + (f", mean confidence {statistics.fmean(c[2] for c in of):.4f}, right {statistics.fmean(c[3] for c in of):.4f}" if of else "")
              + f"; in lines without a certain place: {len(out)}" + (f", mean confidence {statistics.fmean(c[2] for c in out):.4f}" if out else ""))
        print(f"{'class':<8}{'confidence':<16}{'characters':>11}{'stated':>9}{'right':>9}{'95 % interval':>18}")
        for kind in ("all", "han", "latin", "digit", "punct", "other"):
            for low, high in zip(BINS, BINS[1:]):
                some = [c for c in of if low <= c[2] < high and kind in ("all", c[1])]
                if some:
                    right = sum(c[3] for c in some)
                    a, b = wilson(right, len(some))
                    print(f"{kind:<8}{f'{low} to {min(high, 1.0):g}':<16}{len(some):>11}{statistics.fmean(c[2] for c in some):>9.4f}{right / len(some):>9.4f}"
                          f"{f'{a:.4f} to {b:.4f}':>18}")


# --- tables --------------------------------------------------------------------------------------------------


def summary(rows):
    """The figures of one engine on one set."""
    total = sum(r["characters"] for r in rows)
    edits, ordered = sum(r["edits"] for r in rows), sum(r["edits_in_order"] for r in rows)
    return {"pages": len(rows), "cer": edits / total, "median": statistics.median(r["edits"] / max(1, r["characters"]) for r in rows),
            "bag": statistics.fmean(r["bag"] for r in rows), "order": (edits - ordered) / total, "cpu": statistics.fmean(r["cpu"] for r in rows),
            "start": rows[0]["start"], "mib": max(r["memory"] for r in rows) / (1 << 20)}


def show(rows):
    print(f"{'set':<15}{'engine':<28}{'pages':>6}{'CER %':>8}{'median':>8}{'bag':>8}{'order %':>9}{'CPU':>7}{'start':>7}{'MiB':>7}")
    for name in dict.fromkeys(r["set"] for r in rows):
        for engine in dict.fromkeys(r["engine"] for r in rows if r["set"] == name):
            s = summary([r for r in rows if r["set"] == name and r["engine"] == engine])
            print(f"{name:<15}{engine:<28}{s['pages']:>6}{100 * s['cer']:>8.2f}{100 * s['median']:>8.2f}{s['bag']:>8.4f}{100 * s['order']:>9.2f}"
                  f"{s['cpu']:>7.2f}{s['start']:>7.2f}{s['mib']:>7.0f}")
    clean = {e: summary([r for r in rows if r["set"] == "clean" and r["engine"] == e])["cpu"] for e in {r["engine"] for r in rows if r["set"] == "clean"}}
    for engine in sorted(clean):
        if engine.startswith("recto-") and "rapidocr-tiny" in clean:
            print(f"clean pages: {engine} needs {clean[engine] / clean['rapidocr-tiny']:.2f} of the CPU seconds of rapidocr-tiny")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default="build/release/recto")
    parser.add_argument("--ours", default="auto")
    parser.add_argument("--engines", default="tesseract,rapidocr,rapidocr-tiny,ocrmypdf,recto")
    parser.add_argument("--sets", default=",".join([*SHARED, *chinese_pages.KINDS]))
    parser.add_argument("--each", default=3, type=int, help="at most so many pages of a shared set (default 3; 0: all)")
    parser.add_argument("--pages", default=4, type=int, help="generated pages of each kind (default 4)")
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--face", help="of generated pages, as in chinese_pages.py")
    parser.add_argument("--shared", default="../shared/data", type=pathlib.Path)
    parser.add_argument("--models", default="build/deps/models", type=pathlib.Path)
    parser.add_argument("--tessdata", type=pathlib.Path, help="folder with Tesseract's models, for Tesseract, ocrmypdf and Recto")
    parser.add_argument("--rapidocr", default="build/bench/ocr/bin/python", type=pathlib.Path, help="Python of the venv with rapidocr")
    parser.add_argument("--ocrmypdf", default="build/bench/venv/bin/ocrmypdf", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path, help="all rows, rewritten after each engine")
    parser.add_argument("--keep", type=pathlib.Path, help="leaves generated pages and all texts there, and takes the pages that are there")
    parser.add_argument("--calibration", type=pathlib.Path, help="write lines with confidences there")
    parser.add_argument("--show", type=pathlib.Path, nargs="+", help="print kept rows and end")
    options = parser.parse_args()
    if options.show:
        show([row for file in options.show for row in json.loads(file.read_text("utf-8"))])
        return 0
    engines = []
    for name in options.engines.split(","):
        engines += [f"recto-{way}" for way in options.ours.split(",")] if name == "recto" else [name]
    if "rapidocr-tiny" in engines and not (options.models / "ppocrv6_tiny_det.onnx").exists():
        print(f"no PP-OCR models in {options.models}: rapidocr-tiny is left out", file=sys.stderr)
        engines.remove("rapidocr-tiny")
    rows, lines = [], []
    with tempfile.TemporaryDirectory(prefix="recto-ocr-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(options, folder)
        sets = {}
        for name in options.sets.split(","):
            if name in SHARED:
                sets[name] = no_harm.pages_of(options.shared, name, options.each)
            else:
                made = folder / "pages"
                if len(list(made.glob(f"{name}-{options.seed}-*.txt"))) < options.pages:
                    subprocess.run([sys.executable, HERE / "chinese_pages.py", made, "--kinds", name, "--pages", str(options.pages), "--seed", str(options.seed),
                                    *(["--face", options.face] if options.face else [])],
                                   check=True)
                sets[name] = sorted(made.glob(f"{name}-{options.seed}-*.png"))[: options.pages]
            bench.all_paths += sets[name]
        for name, paths in sets.items():
            if not paths:
                print(f"{name}: absent", file=sys.stderr)
                continue
            for engine in engines:
                language = bench.language(SHARED.get(name) or DRAWN.get(name, ("chi_sim",)))
                if engine.startswith("recto-") and not engine.startswith("recto-tesseract") and name not in SHARED:
                    language = "chi_sim"  # PP-OCR has one model for all of Chinese
                fresh = []
                for number, (path, page) in enumerate(zip(paths, bench.engine(engine)(engine, paths, language)), 1):
                    truth = path.with_suffix(".txt").read_text("utf-8", "replace")
                    case = str.upper if name in UPPER else str
                    edits, ordered, characters = errors(case(truth), case(page["text"]))
                    fresh.append({"set": name, "engine": engine, "page": path.name, "language": language, "characters": characters, "edits": edits,
                                  "edits_in_order": ordered, "bag": no_harm.bag(truth, page["text"]), **{k: page[k] for k in ("cpu", "start", "memory")}})
                    if options.keep:
                        kept = folder / "texts" / engine / f"{name}-{path.stem}.txt"
                        kept.parent.mkdir(parents=True, exist_ok=True)
                        kept.write_text(page["text"], "utf-8")
                    for line in judged(page.get("documents", ()), truth, case) if options.calibration else ():
                        lines.append({**line, "set": name, "language": language, "page": path.name, "part": "fit" if number % 2 else "check"})
                rows += fresh
                print(f"{name} {engine}: CER {100 * summary(fresh)['cer']:.2f} %", file=sys.stderr, flush=True)
                if options.json:
                    options.json.write_text(json.dumps(rows, indent=1))
                if engine.startswith("recto-") and name == "clean" and not options.calibration:
                    bound = folder / "clean.tif"
                    in_child(bind, paths, bound)
                    _, cpu, memory = bench.run(bench.ours_command(engine, bound, language))
                    each = (cpu - fresh[0]["start"]) / len(paths)
                    rows += [{**row, "engine": engine + ", one process", "cpu": each, "memory": memory} for row in fresh]
    if not rows:
        return 66
    show(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    if options.calibration:
        options.calibration.write_text(json.dumps(lines, ensure_ascii=False))
        show_calibration(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
