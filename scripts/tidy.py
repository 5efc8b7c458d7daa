#!/usr/bin/env python3
"""Runs clang-tidy over the product's sources, several at once, and remembers what passed.

Called by scripts/lint. The key of a pass is the digest of the tool's version, .clang-tidy, the compile command
(wherever the project lies), the source, and every project file it includes, directly or not: nothing else can change the result but the
system's headers. In a unity build, which release is, some sources of a folder are one unit of checking, as they are one of
compiling. A finding is what a check of .clang-tidy reports in a file of the project. Clang's own errors within system headers are not: GCC is this project's compiler, and Clang in C++20 mode stumbles over a header of qpdf (a
std::vector of a class not yet complete) that GCC accepts. Exit codes: 0 clean, 1 findings.
"""
import argparse
import concurrent.futures
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

FOLDERS = ("pipeline", "stages", "catalogue", "config", "cli", "review", "station", "amend", "fixity")
FINDING = re.compile(r"^(?P<path>/\S+?):\d+:\d+: (?:error|warning): .*\[(?!clang-diagnostic)[a-z0-9.,-]+\]$", re.MULTILINE)
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def closure(source, root, memo):
    """The project files that a source includes, directly or not, with itself."""
    todo, seen = [source], set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        if path not in memo:
            content = path.read_bytes()
            found = []
            for name in INCLUDE.findall(content):
                for base in (root, path.parent):
                    candidate = (base / name.decode()).resolve()
                    if candidate.is_file():
                        found.append(candidate)
                        break
            memo[path] = (hashlib.sha256(content).hexdigest(), found)
        todo.extend(memo[path][1])
    return sorted(seen)


def sources_of(unit, root):
    """The project's sources in a unit of compiling: itself, or what a file of the unity build includes."""
    if unit.is_relative_to(root) and "Unity" not in unit.parts:
        return [unit]
    if not unit.exists():
        return []
    return [Path(name.decode()) for name in INCLUDE.findall(unit.read_bytes()) if name.endswith(b".cpp")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clang-tidy", required=True)
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    root = Path.cwd().resolve()
    database = options.build / "compile_commands.json"
    if not database.exists():
        print(f"lint: no {database}: configure with `cmake --preset release` first; clang-tidy left out")
        return 0
    version = subprocess.run([options.clang_tidy, "--version"], capture_output=True, text=True, check=True).stdout
    settings = (root / ".clang-tidy").read_bytes()
    options.cache.mkdir(parents=True, exist_ok=True)
    memo, work = {}, []
    total = 0
    for entry in json.loads(database.read_text(encoding="utf-8")):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        members = [m for m in sources_of(source, root) if m.is_relative_to(root) and m.relative_to(root).parts[0] in FOLDERS]
        if not members or not source.exists():
            continue
        total += len(members)
        digest = hashlib.sha256(version.encode() + settings + entry.get("command", "").replace(str(root), ".").encode())
        for path in closure(source, root, memo):
            digest.update(memo[path][0].encode())
        stamp = options.cache / digest.hexdigest()
        if not stamp.exists():
            work.append((source, stamp, len(members)))

    def check(job):
        source, stamp, _ = job
        command = [options.clang_tidy, "--quiet", "-p", str(options.build), "--extra-arg=-w", str(source)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        found = [match.group(0) for match in FINDING.finditer(result.stdout)
                 if Path(match.group("path")).resolve().is_relative_to(root)]
        if result.returncode < 0 or (result.returncode != 0 and not result.stdout):
            found.append(f"{source}: clang-tidy itself failed ({result.returncode}): {result.stderr.strip()[-300:]}")
        if not found:
            stamp.write_text(str(source.relative_to(root)) + "\n", encoding="utf-8")
        return found

    bad, seen = 0, set()
    with concurrent.futures.ThreadPoolExecutor(max_workers=options.jobs) as pool:
        for found in pool.map(check, work):
            bad += bool(found)
            for line in found:
                if line not in seen:  # a header's finding appears once, not with every source that includes it
                    print(line, flush=True)
                seen.add(line)
    now = sum(count for _, _, count in work)
    print(f"lint: clang-tidy: {total} sources, {now} checked now, {total - now} unchanged since they passed, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
