#!/usr/bin/env python3
"""Runs a command and measures all of it: CPU time, wall time and memory, its children and theirs included.

    measure.py RESULT.json [--log PREFIX] -- COMMAND...

Result (JSON): exit_code; user_seconds, sys_seconds, cpu_seconds (getrusage(RUSAGE_CHILDREN) after every descendant was
waited for: orphans come to this process, which is their subreaper); wall_seconds; largest_process_bytes (ru_maxrss: the
largest of all processes); main_process_bytes (peak resident set of the command's own process, sampled from VmHWM);
sum_pss_bytes (largest sampled sum over all processes of the proportional set size, in which shared pages count once);
load (load average before). Memory is sampled by this process, whose own time is in no figure.
"""
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLE_SECONDS = 0.1  # process list and resident sizes
PSS_EVERY = 4  # samples between two sums of proportional sizes, which cost a page-table walk of each process


def descendants(root):
    """Process ids below `root`, which is left out."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            # The name in parentheses may hold anything; the parent is the second field after it.
            children.setdefault(int(stat[stat.rindex(")") + 2:].split()[1]), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def field_bytes(pid, name, field):
    """A field of /proc/PID/NAME that is given in kB, in bytes; 0 when the process is gone."""
    try:
        for line in Path("/proc", str(pid), name).read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def run(command, log):
    """Runs the command here and measures it; this process must have no other children."""
    prctl_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(prctl_set_child_subreaper, 1, 0, 0, 0)
    load = os.getloadavg()
    with open(f"{log}.out", "wb") as out, open(f"{log}.err", "wb") as err:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    main_peak = sum_peak = 0
    series, exit_code, wall, n = [], None, 0.0, 0
    while True:
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == child.pid:
                    exit_code, wall = os.waitstatus_to_exitcode(status), time.monotonic() - start
        except ChildProcessError:
            break
        main_peak = max(main_peak, field_bytes(child.pid, "status", "VmHWM"))
        if n % PSS_EVERY == 0:
            total = sum(field_bytes(pid, "smaps_rollup", "Pss") for pid in descendants(os.getpid()))
            sum_peak = max(sum_peak, total)
            series.append((round(time.monotonic() - start, 1), total >> 20))
        n += 1
        time.sleep(SAMPLE_SECONDS)
    child.returncode = exit_code
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "command": [str(c) for c in command], "exit_code": exit_code, "load": load,
        "user_seconds": used.ru_utime, "sys_seconds": used.ru_stime, "cpu_seconds": used.ru_utime + used.ru_stime,
        "wall_seconds": wall, "largest_process_bytes": used.ru_maxrss * 1024, "main_process_bytes": main_peak,
        "sum_pss_bytes": sum_peak, "pss_series_mib": series[::max(1, len(series) // 200)],
    }


def measure(command, log):
    """As run(), in a process of its own, so that one measurement knows nothing of those before it."""
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        subprocess.run([sys.executable, __file__, result.name, "--log", str(log), "--", *map(str, command)], check=True)
        return json.loads(Path(result.name).read_text())


def main():
    words = sys.argv[1:]
    if "--" not in words or words.index("--") == 0 or words[-1] == "--":
        sys.exit(__doc__)
    split = words.index("--")
    options, command = words[:split], words[split + 1:]
    log = options[options.index("--log") + 1] if "--log" in options else options[0].removesuffix(".json")
    Path(options[0]).write_text(json.dumps(run(command, log), indent=1))


if __name__ == "__main__":
    main()
