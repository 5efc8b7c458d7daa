"""Replays scans into a hot folder at a scanner's pace and measures the time from rename to the line with the findings."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recto", required=True)
    parser.add_argument("--pages", type=int, default=240)
    parser.add_argument("--pace", type=float, default=120, help="pages a minute")
    parser.add_argument("--item", type=int, default=12, help="pages an item")
    parser.add_argument("--scans", default="samples/batch")
    parser.add_argument("--limit", type=float, default=2.0, help="seconds that 95 %% of the pages may take")
    args = parser.parse_args()
    scans = sorted(p for p in pathlib.Path(args.scans).rglob("*") if p.suffix.lower() in (".tif", ".jpg", ".jpeg", ".png"))
    if not scans:
        raise SystemExit(f"no scans in {args.scans}")
    top = pathlib.Path(tempfile.mkdtemp(prefix="recto-pace-"))
    hot, stage = top / "hot", top / "stage"
    hot.mkdir()
    stage.mkdir()
    words = [args.recto, "watch", str(hot), "-o", str(top / "archive"), "--create", "--progress", "json", "--set", "watch.item_idle=20"]
    watcher = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    sent, took, stored, reading_began = {}, {}, [], []

    def listen():
        for line in watcher.stdout:
            now = time.monotonic()
            event = json.loads(line)
            if event["event"] == "page" and event["image"] == 1:
                took.setdefault((event["item"], event["file"]), now)
            if event["event"] == "refused":
                took.setdefault((event["item"], event["file"]), now)
            if event["event"] == "reading":
                reading_began.append(now)
            if event["event"] == "stored":
                stored.append(event["name"])

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    time.sleep(3)
    began = time.monotonic()
    for n in range(args.pages):
        scan = scans[n % len(scans)]
        item, name = f"item-{n // args.item:04}", f"{n:05}{scan.suffix.lower()}"
        (hot / item).mkdir(exist_ok=True)
        # A tail makes each page its own file, as each scan is; readers of TIFF and JPEG pass over it.
        (stage / name).write_bytes(scan.read_bytes() + f"recto {n}".encode())
        wait = began + n * 60 / args.pace - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sent[(item, name)] = time.monotonic()
        os.rename(stage / name, hot / item / name)
    end = time.monotonic() + 60
    while len(took) < len(sent) and time.monotonic() < end:
        time.sleep(0.1)
    seconds = [took[k] - sent[k] for k in sent if k in took]
    behind = sum(1 for k in sent if reading_began and sent[k] > reading_began[0])
    watcher.send_signal(signal.SIGTERM)
    watcher.wait(timeout=120)
    result = {"pages": len(sent), "answered": len(seconds), "pace_per_minute": args.pace, "sent_while_reading_had_begun": behind,
              "items_stored_meanwhile": len(stored), "p50_s": round(percentile(seconds, 0.50), 3), "p95_s": round(percentile(seconds, 0.95), 3),
              "max_s": round(max(seconds, default=float("nan")), 3), "load": os.getloadavg()[0]}
    print(json.dumps(result, indent=1))
    shutil.rmtree(top, ignore_errors=True)
    return 0 if len(seconds) == len(sent) and result["p95_s"] <= args.limit else 1


if __name__ == "__main__":
    raise SystemExit(main())
