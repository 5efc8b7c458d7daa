#!/usr/bin/env python3
"""What packages cost: CPU-seconds a page, and the most memory, for each kind, at several numbers of pages.

    bench/packages.py [--recto build/release/recto] [--pages 10,100,1000] [--page FILE] [--kinds bag,folder,eark,ofd,handover]

One item of N pages is stored (the same JPEG page again and again), then packaged as each kind; verify is
measured on what was made. A table in Markdown goes to standard output.
"""

import argparse
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[1]


def measured(*words):
    """CPU-seconds, wall seconds, peak memory in MiB of one program and its children; its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        try:
            for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]))
        except (OSError, IndexError):
            pass
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            pass
    out, err = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, words))}: {process.returncode}\n{err}")
    return cpu, time.monotonic() - start, peak / 1024, out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default=TOP / "build/release/recto", type=pathlib.Path)
    parser.add_argument("--pages", default="10,100,1000")
    parser.add_argument("--page", default=TOP / "samples/batch/0025-WS·2012-Y-BGS-0001/003.jpg", type=pathlib.Path)
    parser.add_argument("--kinds", default="bag,folder,eark,ofd,handover")
    options = parser.parse_args()
    scan = options.page.read_bytes()
    print("| kind | pages | MB | CPU s a page | of it verify | wall s | peak MiB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="recto-packages-") as folder:
        folder = pathlib.Path(folder)
        for pages in map(int, options.pages.split(",")):
            item = folder / f"in-{pages}" / f"0025-WS·2012-Y-BGS-{pages:04}"
            item.mkdir(parents=True)
            for n in range(pages):
                # Bytes behind a picture's end change no pixel, but the same scan twice would be taken in once.
                (item / f"{n + 1:05}.jpg").write_bytes(scan + str(n).encode())
            archive = folder / f"archive-{pages}"
            cpu, wall, peak, _ = measured(options.recto, "run", item.parent, "-o", archive, "--create", "--progress", "none")
            size = sum(p.stat().st_size for p in archive.glob("storage/**/*") if p.is_file())
            print(f"| (run) | {pages} | {size / 1e6:.0f} | {cpu / pages:.3f} | | {wall:.1f} | {peak:.0f} |", flush=True)
            for kind in options.kinds.split(","):
                out = folder / f"{kind}-{pages}"
                cpu, wall, peak, _ = measured(options.recto, "package", archive, "--as", kind, "-o", out)
                made = next(out.iterdir()) if kind != "folder" else out
                size = sum(p.stat().st_size for p in (made.rglob("*") if made.is_dir() else [made]) if p.is_file())
                checked, _, verify_peak, _ = measured(options.recto, "verify", made)
                print(f"| {kind} | {pages} | {size / 1e6:.0f} | {cpu / pages:.4f} | {checked / pages:.4f} | {wall:.1f} | {max(peak, verify_peak):.0f} |", flush=True)
                shutil.rmtree(out)
            shutil.rmtree(archive)


if __name__ == "__main__":
    main()
