#!/usr/bin/env python3
"""Is the text the same on other processors, and what does reading.precision=bf16 change? The same pages read by `recto text` as it is
(f32), by f32 as a processor without AVX-512 (avx2), or without AVX (sse42), would compute it (as_older_cpu.c), and by bf16.

    bench/precision.py [--recto FILE] [--engines auto,ppocr] [--ways f32,avx2,bf16,sse42] [--sets A,B] [--each N] [--pages N] [--seed N]
                       [--shared DIR] [--keep DIR] [--json FILE]

Sets: those of ../shared/data with text and the kinds of chinese_pages.py, as in ocr.py. "equal" is the share of lines that are
the same in the same order, of the larger number of lines of the two; "other" are the characters that differ (edits, of those
of the first way). CPU seconds a page are those of one process a page, without its start (as in ocr.py); "CPU" is their ratio to
the first way's. CER as in ocr.py. --keep leaves pages and texts there and takes the pages that are there. Needs a processor
with CPUID faulting and a C compiler for avx2 and sse42; bf16 says nothing where the processor lacks it (avx512_bf16 or amx_bf16).
"""
import argparse
import difflib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import chinese_pages  # noqa: E402
import no_harm  # noqa: E402
import ocr  # noqa: E402
from against_ocrmypdf import distance, plain  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
OLDER = ("avx2", "sse42")


def equal_lines(one, two):
    """(lines that are the same in the same order, the larger number of lines)."""
    same = difflib.SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return sum(block.size for block in same), max(len(one), len(two))


def read(options, library, path, language, engine, way):
    """Lines of a page, and CPU seconds."""
    command = [options.recto, "text", path, "--lang", language, "--set", f"reading.engine={engine}"]
    environment = dict(os.environ, OMP_THREAD_LIMIT="1")
    if way == "bf16":
        command += ["--set", "reading.precision=bf16"]
    elif way in OLDER:
        environment.update(LD_PRELOAD=str(library), RECTO_CPU=way)
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(list(map(str, command)), stdout=out, stdin=subprocess.DEVNULL, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            sys.exit(f"{way}: {path} ended with {child.returncode}")
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.strip()], used.ru_utime + used.ru_stime


def show(rows, ways):
    print(f"{'set':<15}{'engine':<8}{'way':<7}{'pages':>6}{'lines':>7}{'equal %':>9}{'differ':>8}{'other %':>9}{'CER %':>8}{'CPU':>7}{'s/page':>8}")
    engines = list(dict.fromkeys(r["engine"] for r in rows))
    for name in [*dict.fromkeys(r["set"] for r in rows), "all"]:
        for engine in engines:
            for way in ways:
                some = [r for r in rows if name in ("all", r["set"]) and r["engine"] == engine and r["way"] == way]
                if not some:
                    continue
                total = {key: sum(r[key] for r in some) for key in ("equal", "lines", "other", "read", "edits", "characters", "cpu")}
                first = sum(r["cpu"] for r in rows if name in ("all", r["set"]) and r["engine"] == engine and r["way"] == ways[0])
                print(f"{name:<15}{engine:<8}{way:<7}{len(some):>6}{total['lines']:>7}{100 * total['equal'] / max(1, total['lines']):>9.2f}"
                      f"{total['lines'] - total['equal']:>8}{100 * total['other'] / max(1, total['read']):>9.3f}"
                      f"{100 * total['edits'] / max(1, total['characters']):>8.2f}{total['cpu'] / max(0.01, first):>7.2f}{total['cpu'] / len(some):>8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default="build/release/recto", type=pathlib.Path)
    parser.add_argument("--engines", default="auto,ppocr")
    parser.add_argument("--ways", default="f32,avx2,bf16")
    parser.add_argument("--sets", default=",".join([*(s for s in ocr.SHARED if s != "grenzboten_de"), *chinese_pages.KINDS]))
    parser.add_argument("--each", default=4, type=int, help="at most so many pages of a shared set (default 4; 0: all)")
    parser.add_argument("--pages", default=3, type=int, help="generated pages of each kind (default 3)")
    parser.add_argument("--seed", default=5, type=int)
    parser.add_argument("--shared", default="../shared/data", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--json", default="build/bench/precision.json", type=pathlib.Path)
    options = parser.parse_args()
    ways = options.ways.split(",")
    rows = []
    options.json.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recto-precision-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        library = (folder / "as_older_cpu.so").resolve()
        if set(ways) & set(OLDER):
            subprocess.run(["cc", "-O1", "-shared", "-fPIC", HERE / "as_older_cpu.c", "-o", library], check=True)
        small = folder / "start.png"
        ocr.draw_start(small)
        starts = {}
        for name in options.sets.split(","):
            if name in ocr.SHARED:
                paths, language = no_harm.pages_of(options.shared, name, options.each), ocr.SHARED[name][-1]
            else:
                made = folder / "pages"
                if len(list(made.glob(f"{name}-{options.seed}-*.txt"))) < options.pages:
                    subprocess.run([sys.executable, HERE / "chinese_pages.py", made, "--kinds", name, "--pages", str(options.pages), "--seed", str(options.seed)],
                                   check=True)
                paths, language = sorted(made.glob(f"{name}-{options.seed}-*.png"))[: options.pages], "chi_sim"
            # Tesseract, which auto adds, is asked about no page that is in Chinese alone: read once.
            for engine in options.engines.split(",") if language != "chi_sim" else options.engines.split(",")[:1]:
                fresh = []
                for path in paths:
                    truth = plain(path.with_suffix(".txt").read_text("utf-8", "replace"))
                    first = None
                    for way in ways:
                        key = engine, language, way
                        if key not in starts:
                            starts[key] = statistics.median(read(options, library, small, language, engine, way)[1] for _ in range(3))
                        lines, cpu = read(options, library, path, language, engine, way)
                        first = lines if first is None else first
                        equal, count = equal_lines(first, lines)
                        one, two = plain("".join(first)), plain("".join(lines))
                        fresh.append({"set": name, "page": path.name, "engine": engine, "way": way, "lines": count, "equal": equal,
                                      "other": distance(one, two), "read": len(one), "edits": distance(truth, two), "characters": len(truth),
                                      "cpu": max(0.0, cpu - starts[key])})
                        if options.keep:
                            kept = folder / "texts" / engine / way / f"{name}-{path.stem}.txt"
                            kept.parent.mkdir(parents=True, exist_ok=True)
                            kept.write_text("\n".join(lines) + "\n", "utf-8")
                rows += fresh
                options.json.write_text(json.dumps(rows, indent=1))
                print(f"{name} {engine}: " + ", ".join(f"{w} {sum(r['lines'] - r['equal'] for r in fresh if r['way'] == w)}" for w in ways[1:]) +
                      f" of {sum(r['lines'] for r in fresh if r['way'] == ways[0])} lines differ", file=sys.stderr, flush=True)
    if not rows:
        return 66
    show(rows, ways)
    return 0


if __name__ == "__main__":
    sys.exit(main())
