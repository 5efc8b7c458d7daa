#!/usr/bin/env python3
"""Time of importing a catalogue of 100,000 rows (or --rows N) into SQLite and PostgreSQL, and of rates from it."""

import argparse
import csv
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
RECTO = os.environ.get("RECTO_BINARY", str(TOP / "build/release/recto"))
HEADINGS = "档号,全宗号,题名,责任者,文号,日期,年度,保管期限,密级,页数,备注"
PERIODS = (("Y", "永久"), ("D30", "30年"), ("D10", "10年"))


def write_list(path, rows):
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS.split(","))
        for i in range(rows):
            year, (code, period) = 1990 + i % 30, PERIODS[i % 3]
            out.writerow([f"0025-WS·{year}-{code}-BGS-{i:06}", "0025", f"关于做好第{i}号防汛抗旱工作的通知", "青柳市人民政府办公室", f"柳政办发〔{year}〕{i % 300}号", f"{year}{i % 12 + 1:02}{i % 28 + 1:02}", year, period, "公开", i % 30 + 1, ""])


def timed(name, *words):
    begin = time.monotonic()
    done = subprocess.run([RECTO, *map(str, words)], capture_output=True, text=True)
    print(f"{name:28} {time.monotonic() - begin:8.2f} s")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}")


class Server:
    """A PostgreSQL of its own: a Unix socket in a temporary folder, as an unprivileged user."""

    def __init__(self, folder):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise FileNotFoundError("PostgreSQL is not installed")
        self.bin, self.folder = found[-1], folder
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(folder, "postgres")
            os.chmod(folder.parent, 0o755)
        self.call("initdb", "-D", folder / "data", "-U", "recto", "-E", "UTF8", "--no-locale", "-A", "trust")
        self.call("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", f"-k {folder} -c listen_addresses=", "start")
        self.call("createdb", "-h", folder, "-U", "recto", "recto")
        self.url = f"postgresql://recto@/recto?host={folder}"

    def call(self, program, *words):
        subprocess.run([*self.user, f"{self.bin}/{program}", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def stop(self):
        self.call("pg_ctl", "-D", self.folder / "data", "-m", "fast", "stop")


def measure(kind, folder, sheet, *options):
    archive = folder / kind
    subprocess.run([RECTO, "init", str(archive), *options], check=True, capture_output=True)
    timed(f"{kind}: import", "catalogue", "import", sheet, archive)
    timed(f"{kind}: the same again", "catalogue", "import", sheet, archive)
    timed(f"{kind}: rebuild", "catalogue", "rebuild", archive)
    timed(f"{kind}: report", "report", archive)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    rows = options.parse_args().rows
    folder = pathlib.Path(tempfile.mkdtemp(prefix="recto-bench-"))
    server = None
    try:
        sheet = folder / "list.csv"
        write_list(sheet, rows)
        print(f"{rows} rows, {sheet.stat().st_size / 1e6:.1f} MB, {os.cpu_count()} processors")
        measure("sqlite", folder, sheet)
        try:
            (folder / "pg").mkdir()
            server = Server(folder / "pg")
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            print(f"postgresql: not measured ({error})")
        else:
            measure("postgresql", folder, sheet, "--database", server.url)
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
