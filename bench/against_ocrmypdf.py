#!/usr/bin/env python3
"""Measures `recto run` and ocrmypdf on one folder of pages with truth; started by against_ocrmypdf.sh."""
import argparse
import json
import shutil
import statistics
import subprocess
import sys
import unicodedata
from pathlib import Path

from measure import measure

MIB = 1 << 20


def distance(a, b):
    """Levenshtein distance, bit-parallel (Hyyro 2003): one word of len(a) bits a character of b."""
    if not a or not b:
        return len(a) + len(b)
    places = {}
    for i, c in enumerate(a):
        places[c] = places.get(c, 0) | 1 << i
    mask, top = (1 << len(a)) - 1, 1 << len(a) - 1
    plus, minus, score = mask, 0, len(a)
    for c in b:
        equal = places.get(c, 0)
        vertical = equal | minus
        horizontal = (((equal & plus) + plus) ^ plus) | equal
        up = minus | ~(horizontal | plus)
        down = plus & horizontal
        score += bool(up & top) - bool(down & top)
        up, down = up << 1 | 1, down << 1
        plus = (down | ~(vertical | up)) & mask
        minus = up & vertical & mask
    return score


def plain(text):
    """What the error rate compares: compatibility forms folded, white space dropped."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def page_count(pdf):
    return int(subprocess.run(["qpdf", "--show-npages", pdf], check=True, capture_output=True, text=True).stdout)


def page_texts(pdf, *options):
    text = subprocess.run(["pdftotext", "-enc", "UTF-8", *options, pdf, "-"], check=True, capture_output=True).stdout
    return text.decode("utf-8", "replace").split("\f")[:-1]


def error_rates(pdf, truths):
    """Character error rate in both modes of pdftotext, and a page each in the default mode."""
    out = {}
    for name, options in (("cer", ()), ("cer_raw", ("-raw",))):
        texts = [plain(t) for t in page_texts(pdf, *options)]
        if len(texts) != len(truths):  # pages left out or added: the whole text at once
            errors = [distance("".join(truths), "".join(texts))]
        else:
            errors = [distance(t, r) for t, r in zip(truths, texts)]
        out[name] = sum(errors) / sum(map(len, truths))
        if name == "cer" and len(errors) == len(truths):
            out["cer_of_pages"] = [round(e / len(t), 5) for e, t in zip(errors, truths)]
    return out


def run_recto(options, folder):
    shutil.rmtree(folder, ignore_errors=True)
    item = folder / "in" / "item"
    item.mkdir(parents=True)
    for page in sorted(options.pages.glob("*.tif")):
        shutil.copy(page, item / page.name)
    result = measure([options.recto, "run", folder / "in", "-o", folder / "archive", "--create", "-j", options.jobs, "--json",
                      "--progress", "none"], folder / "log")
    pdfs = sorted(folder.glob("archive/storage/**/access/*.pdf"))
    if result["exit_code"] != 0 or len(pdfs) != 1:
        sys.exit(f"recto ended with {result['exit_code']} and {len(pdfs)} PDF files; see {folder}/log.err")
    report = json.loads((folder / "log.out").read_text())
    result["stages"] = report.get("stages", [])
    object_folder = next(p for p in pdfs[0].parents if (p / "inventory.json").exists() and (p / "v1").exists())
    result["derived_bytes"] = sum(p.stat().st_size for p in object_folder.rglob("*") if p.is_file() and "master" not in p.parts)
    return result, pdfs[0]


def run_ocrmypdf(options, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source, pdf = folder / "scans.pdf", folder / "out.pdf"
    subprocess.run([options.venv / "bin/img2pdf", *sorted(options.pages.glob("*.tif")), "-o", source], check=True)
    result = measure([options.venv / "bin/ocrmypdf", "--jobs", options.jobs, "--deskew", "--rotate-pages", "--output-type", "pdfa-2",
                      "-l", "chi_sim", source, pdf], folder / "log")
    if result["exit_code"] != 0:
        sys.exit(f"ocrmypdf ended with {result['exit_code']}; see {folder}/log.err")
    return result, pdf


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--recto", "--pages", "--venv", "--work"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the archive and the PDF files")
    options = parser.parse_args()
    options.recto = options.recto.resolve()

    truths = [plain(p.read_text("utf-8")) for p in sorted(options.pages.glob("*.txt"))]
    folders = {"recto": options.work / "run-recto", "ocrmypdf": options.work / "run-ocrmypdf"}
    runs = {name: [] for name in folders}
    summary = {}
    for _ in range(options.repeat):
        for name, start in (("recto", run_recto), ("ocrmypdf", run_ocrmypdf)):
            result, pdf = start(options, folders[name])
            pages = page_count(pdf)
            runs[name].append({**result, "pages": pages, "pdf_bytes": pdf.stat().st_size, **error_rates(pdf, truths)})
    for name, several in runs.items():
        n = len(truths)
        median = {key: statistics.median(r[key] for r in several) for key, value in several[0].items() if isinstance(value, (int, float))}
        summary[name] = {
            "pages": several[0]["pages"], "cpu_seconds_a_page": median["cpu_seconds"] / n, "user_seconds_a_page": median["user_seconds"] / n,
            "wall_seconds_a_page": median["wall_seconds"] / n, "largest_process_mib": median["largest_process_bytes"] / MIB,
            "main_process_mib": median["main_process_bytes"] / MIB, "sum_pss_mib": median["sum_pss_bytes"] / MIB,
            "pdf_bytes_a_page": median["pdf_bytes"] / n, "cer": median["cer"], "cer_raw": median["cer_raw"]}
    a, b = summary["recto"], summary["ocrmypdf"]
    rows = (("CPU seconds a page", "cpu_seconds_a_page", "{:.2f}"), ("  of these user", "user_seconds_a_page", "{:.2f}"),
            ("wall seconds a page", "wall_seconds_a_page", "{:.2f}"), ("largest process, MiB", "largest_process_mib", "{:.0f}"),
            ("main process, MiB", "main_process_mib", "{:.0f}"), ("all processes (PSS), MiB", "sum_pss_mib", "{:.0f}"),
            ("PDF bytes a page", "pdf_bytes_a_page", "{:.0f}"), ("CER, pdftotext", "cer", "{:.3%}"), ("CER, pdftotext -raw", "cer_raw", "{:.3%}"))
    print(f"{len(truths)} pages, {options.jobs} workers, load before {runs['recto'][0]['load'][0]:.1f} and {runs['ocrmypdf'][0]['load'][0]:.1f}")
    print(f"{'':26}{'recto':>12}{'ocrmypdf':>12}{'ratio':>8}")
    for label, key, form in rows:
        ratio = f"{b[key] / a[key]:8.1f}" if a[key] else "       -"
        print(f"{label:26}{form.format(a[key]):>12}{form.format(b[key]):>12}{ratio}")
    verdict = {"cpu": b["cpu_seconds_a_page"] >= 3 * a["cpu_seconds_a_page"], "wall": b["wall_seconds_a_page"] > a["wall_seconds_a_page"],
               "cer": 2 * a["cer"] < b["cer"] and 2 * a["cer_raw"] < b["cer_raw"], "pages": a["pages"] == b["pages"] == len(truths)}
    print("goals: " + ", ".join(f"{name} {'met' if met else 'NOT MET'}" for name, met in verdict.items()))
    out = options.work / "against_ocrmypdf.json"
    out.write_text(json.dumps({"schema": 1, "summary": summary, "goals": verdict, "runs": runs}, indent=1))
    print(f"all figures: {out}")
    if not options.keep:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)
    if options.check and not all(verdict.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
