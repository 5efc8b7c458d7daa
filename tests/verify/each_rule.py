#!/usr/bin/env python3
"""Each rule of the verifier is switched off in turn, and a test must fail: what no test would miss is not tested.

A rule is a code of pipeline/core/messages.def ("verify.bag.digest"): an issue of recto verify or a reason of the four properties. A
first run of test_verify tells which tests made the verifier say which codes; then, code by code, those tests run again with the code
silenced (silenced_support.cpp). Tests of the verifier itself only; those of the whole program find much of it again.
"""

import csv
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
TESTS = os.environ.get("RECTO_TEST_VERIFY", str(TOP / "build/release/tests/test_verify"))
NO_RULE = re.compile(r"severity\.|summary_")  # rows that are no issue
# Rules that no test can provoke, with the reason.
NOT_PROVOKED = {}


def rules():
    text = (TOP / "pipeline/core/messages.def").read_text("utf-8")
    codes = re.findall(r'^RECTO_MESSAGE\("verify\.([^"]+)"', text, re.M)
    return [c for c in codes if not NO_RULE.match(c)]


def in_four_properties():
    """Whether a rule of the four properties takes an error of this code."""
    table = (TOP / "config/four_properties.csv").read_text("utf-8-sig").splitlines()
    rows = [row[6].split() for row in csv.reader(table) if row[5] == "issues"]
    hit = lambda patterns, code: any(fnmatch.fnmatchcase(code, p) for p in patterns)
    return lambda code: any(hit([p for p in row if p[0] != "!"], code) and not hit([p[1:] for p in row if p[0] == "!"], code) for row in rows)


def tests(filter_, **environment):
    """Whether the tests pass, and what was printed."""
    done = subprocess.run([TESTS, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={filter_}"], capture_output=True, text=True,
                          errors="replace", timeout=600, env=os.environ | environment)
    return done.returncode == 0, done.stdout + done.stderr


class EachRule(unittest.TestCase):
    def test_a_test_fails_without_it(self):
        if not (TOP.parent / "shared/data/ocfl_fixtures").exists():
            self.skipTest("shared data absent: the tests of OCFL's rules are skipped")
        with tempfile.TemporaryDirectory() as folder:
            said, times = pathlib.Path(folder, "codes"), pathlib.Path(folder, "times.json")
            done = subprocess.run([TESTS, "--gtest_brief=1", f"--gtest_output=json:{times}"], capture_output=True, text=True, errors="replace",
                                  timeout=600, env=os.environ | {"RECTO_TEST_CODES": str(said)})
            self.assertEqual(done.returncode, 0, "the tests fail with every rule in place:\n" + done.stdout[-3000:])
            makers, errors = {}, set()
            for line in said.read_text("utf-8").splitlines():
                test, what, code = line.rsplit(" ", 2)
                makers.setdefault(code, []).append(test)
                errors |= {code} if what == "error" else set()
            seconds = {f"{s['name']}.{t['name']}": float(t["time"].rstrip("s"))
                       for s in json.loads(times.read_text("utf-8"))["testsuites"] for t in s["testsuite"]}

        codes = rules()
        self.assertGreater(len(codes), 150)
        self.assertEqual(sorted(set(makers) - set(codes)), [], "said, but without a sentence in messages.def")
        self.assertEqual(sorted(set(NOT_PROVOKED) - set(codes)), [], "named as not to be provoked, but there is no such rule")
        self.assertEqual(sorted(errors - set(filter(in_four_properties(), errors)) - {"no_input"}), [],
                         "errors that are in no rule of config/four_properties.csv: its verdict would be that all is well")
        survived = []
        for code in codes:
            by_cost = sorted(makers.get(code, []), key=lambda t: seconds[t])
            quick = [t for t in by_cost if seconds[t] < 0.2]
            slow = [[t] for t in by_cost if seconds[t] >= 0.2]
            killed = any(not tests(":".join(group), RECTO_TEST_SILENCED=code)[0] for group in [quick, *slow] if group)
            if not killed and code not in NOT_PROVOKED:
                survived.append(code + ("" if by_cost else " (no test makes the verifier say it)"))
            if killed and code in NOT_PROVOKED:
                survived.append(code + " is tested: take it out of NOT_PROVOKED")
        self.assertFalse(survived, f"{len(survived)} of {len(codes)} rules could be switched off and no test would fail:\n" + "\n".join(survived))
        print(f"{len(codes)} rules, each missed by a test when it is switched off")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
