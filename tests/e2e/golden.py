"""Golden test: what the stages make of a few sample pages. A change of output without a raised stage version would leave
old results in users' archives and caches as if they were up to date, so it fails here.

Two looks at each stage: its values within a tolerance (any processor), and, on a processor for which they are recorded, a
digest of the output to the last bit. After a change that is wanted: raise `version` in the stage's StageInfo, then

    tests/e2e/golden.py --update        (adds the digests of this processor; run it where the release is built)
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import common
from common import SAMPLES, TOP, Case, run

GOLDEN = TOP / "tests" / "golden" / "stages.json"
PAGES = [  # a letter skewed on a dark bed, a bi-level page, a typed page, a spread, a stained page, a separator
    "LZ01-WS·2023-D30-0012/001.tif", "LZ01-WS·2023-D30-0012/005.tif", "box7-english/002.png", "0025-WS·2012-Y-BGS-0001/007.jpg",
    "stack-20231106/0002.tif", "stack-20231106/0006.jpg"]
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
# Differences that another instruction set may bring; a page text may differ in one of 200 characters.
TOLERANCE = {"skew_deg": 0.02, "residual_skew_deg": 0.05, "sharpness": 0.02, "contrast": 0.02, "ink_ratio": 0.005, "confidence": 0.05,
             "orientation_confidence": 0.1, "skew_confidence": 0.1, "quad_confidence": 0.1, "quad": 1.5, "matrix": 3.0, "width": 3, "height": 3, "place": 8.0}


def page_text(path):
    lines = ElementTree.parse(path).getroot().iter(ALTO + "TextLine")
    return ["".join(s.get("CONTENT") for s in line.iter(ALTO + "String")) for line in lines]


def without_agent(path, agent):
    """Bytes of a file without the program's own version and the user who ran it."""
    data = path.read_bytes()
    return re.sub(rb"recto [0-9][0-9.]*", b"recto", data.replace(agent.encode(), b"recto"))


def look(archive):
    """({stage: values}, {stage: digest}, {stage: version}, cpu) of an archive."""
    values = {"treatment": [], "grouping": [], "reading": [], "describe": []}
    digests = {"preview": hashlib.sha256(), "encode": hashlib.sha256(), "item-files": hashlib.sha256()}
    versions, cpu = {}, ""
    for found in sorted(pathlib.Path(archive, "storage").rglob("item.json")):
        content = found.parents[1]
        item = json.loads(found.read_text("utf-8"))
        versions, cpu = item["provenance"]["stages"], item["provenance"]["cpu"] + "; " + item["provenance"]["build"]
        for page in item["pages"]:
            values["treatment"].append(page["treatment"])
            lines = page_text(content / f"text/{page['order']:04}.alto.xml")
            values["reading"].append({"text": "\n".join(lines), **{k: page["reading"][k] for k in ("state", "language", "confidence")}})
        values["grouping"].append([item["id"], item["reference_code"], item["provisional_name"], item["counted_pages"],
                                   [[p["id"], p["class"], p["order"], p["printed_number"]] for p in item["pages"]]])
        values["describe"].append(item["fields"])
        for path in sorted(content.rglob("*")):
            if path.is_file() and path.parent.name not in ("master",) and path.name not in ("item.json", "premis.xml", "mets.xml"):
                stage = "encode" if path.parent.name in ("preservation", "images") else "item-files"
                digests[stage].update(path.name.encode() + without_agent(path, item["provenance"]["agent"]))
    # By content: the folders are named by keys, which a new setting changes.
    for data in sorted(path.read_bytes() for path in pathlib.Path(archive, "work").rglob("preview.jpg")):
        digests["preview"].update(data)
    exact = {stage: d.hexdigest() for stage, d in digests.items()}
    for stage, value in values.items():
        exact[stage] = hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return values, exact, versions, cpu


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def differences(want, got, key="", at=""):
    """Where two values differ by more than the tolerance of their key."""
    if isinstance(want, dict) and isinstance(got, dict):
        for k in sorted(want.keys() | got.keys()):
            if k not in want or k not in got:
                yield f"{at}/{k}: only in the {'golden file' if k in want else 'output'}"
            elif k != "signature":  # a perceptual hash: bits on the edge may turn
                yield from differences(want[k], got[k], k, f"{at}/{k}")
    elif isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            yield f"{at}: {len(want)} entries recorded, {len(got)} now"
        for i, (a, b) in enumerate(zip(want, got)):
            yield from differences(a, b, key, f"{at}/{i}")
    elif isinstance(want, (int, float)) and isinstance(got, (int, float)) and not isinstance(want, bool):
        if abs(want - got) > TOLERANCE.get(key, 1e-6):
            yield f"{at}: {want} recorded, {got} now"
    elif key == "text":
        if distance(want, got) > len(want) / 200:
            yield f"{at}: {want!r} recorded, {got!r} now"
    elif want != got:
        yield f"{at}: {want!r} recorded, {got!r} now"


def make(folder):
    batch = pathlib.Path(folder) / "in"
    for name in PAGES:
        target = batch / pathlib.Path(name).parent.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / "batch" / name, target)
    archive = pathlib.Path(folder) / "archive"
    done = run("run", batch, "-o", archive, "--create", "--repository", "450200", "--catalogue", SAMPLES / "catalogue.csv", "-j", "2")
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return look(archive)


class Golden(Case):
    def test_output_changes_only_with_a_stage_version(self):
        golden = json.loads(GOLDEN.read_text("utf-8"))
        values, exact, versions, cpu = make(self.folder)
        how = "then tests/e2e/golden.py --update"
        self.assertEqual(versions, golden["versions"], f"stage versions changed: look at the output, {how}")
        for stage, want in golden["values"].items():
            self.assertEqual(list(differences(want, values[stage])), [], f"the output of '{stage}' changed: raise its version (StageInfo), {how}")
        known = golden["exact"].get(cpu)
        if known is None:
            print(f"golden: no digests recorded for this processor and compiler ({cpu}); values were compared within tolerance", file=sys.stderr)
            return
        changed = [stage for stage in known if known[stage] != exact[stage]]
        self.assertEqual(changed, [], f"the output of these stages changed to the last bit: raise the version of the first that you touched, {how}")

    def test_the_comparison_sees_changes(self):
        golden = json.loads(GOLDEN.read_text("utf-8"))["values"]
        changed = json.loads(json.dumps(golden))
        changed["treatment"][0]["skew_deg"] += 0.05
        changed["reading"][0]["text"] = changed["reading"][0]["text"].replace("的", "地")
        changed["grouping"][0][0] = "another"
        for stage in ("treatment", "reading", "grouping"):
            self.assertTrue(list(differences(golden[stage], changed[stage])), stage)
            self.assertFalse(list(differences(golden[stage], golden[stage])), stage)


def update():
    with tempfile.TemporaryDirectory(prefix="recto-golden-") as folder:
        values, exact, versions, cpu = make(folder)
    golden = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {"exact": {}}
    # Digests of other processors hold only as long as nothing changed here either.
    kept = golden["exact"] if golden.get("versions") == versions and golden["exact"].get(cpu) in (None, exact) else {}
    golden = {"versions": versions, "exact": {**kept, cpu: exact}, "values": values}
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{GOLDEN.relative_to(TOP)} holds the output of the stages {versions} for {', '.join(golden['exact'])}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        common.main()
