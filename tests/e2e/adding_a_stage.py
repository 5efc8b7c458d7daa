"""Follows docs/ADDING_A_STAGE.md to the letter in a copy of the tree, builds the stage and runs it.

What the document changes is compiled in the copy. The other libraries are those of the build that runs this test
(RECTO_BUILD_DIR), which has the same sources and flags; with RECTO_FULL_TOY=1 everything is built in the copy and the
whole program is run on a scan as well (minutes more)."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

from common import SAMPLES, TOP, Case, main

DOCUMENT = TOP / "docs/ADDING_A_STAGE.md"
BUILD = pathlib.Path(os.environ.get("RECTO_BUILD_DIR", TOP / "build/release"))
FULL = os.environ.get("RECTO_FULL_TOY") == "1"

# What the document promises of the list of stages and settings; linked with the document's own test.
REGISTRY_TEST = r"""
#include "stages/registry.h"
#include <algorithm>
#include <gtest/gtest.h>
using namespace recto;
TEST(Registry, HasTheNewStageAndItsSettings) {
    const StageList list = make_stages();
    ASSERT_GE(list.pages.size(), 2U);
    EXPECT_EQ(list.pages[0]->info().name, "preview");
    EXPECT_EQ(list.pages[1]->info().name, "inkshare");
    int found = 0;
    for (const SettingBase* s : stage_settings()) found += s->key == "inkshare.dark_below" || s->key == "inkshare.most";
    EXPECT_EQ(found, 2);
}
"""

# Read by the copy's CMakeLists.txt at its end, so that the copy needs no change beyond the document.
TOY_CMAKE = r"""
function(recto_toy)
  find_package(GTest REQUIRED)
  add_executable(toy "${RECTO_TOY_SOURCE}" "${CMAKE_SOURCE_DIR}/tests/inkshare/inkshare_test.cpp")
  target_link_libraries(toy PRIVATE recto_options recto_stages GTest::gtest_main)
  if(RECTO_PPOCR)
    set_target_properties(toy PROPERTIES BUILD_RPATH "${RECTO_DEPS_DIR}/openvino/libs")
  endif()
endfunction()
cmake_language(DEFER CALL recto_toy)
"""


def steps(text):
    """[(kind, path, line, code)] in the order of the document: kind is "new", "end" or "after"."""
    out = []
    pattern = re.compile(
        r"^(?:New file `(?P<new>[^`]+)`|At the end of `(?P<end>[^`]+)`|In `(?P<into>[^`]+)`, after the line `(?P<line>[^`]+)`):\n\n```cpp\n(?P<code>.*?)^```$",
        re.MULTILINE | re.DOTALL,
    )
    for m in pattern.finditer(text):
        kind = "new" if m["new"] else "end" if m["end"] else "after"
        out.append((kind, m["new"] or m["end"] or m["into"], m["line"], m["code"]))
    return out


class AddingAStage(Case):
    def copy_tree(self):
        tree = self.folder / "tree"
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, capture_output=True)
        if listed.returncode == 0:
            names = [n for n in listed.stdout.decode("utf-8", "surrogateescape").split("\0") if n]
        else:  # not a git checkout: a released archive
            names = [str(p.relative_to(TOP)) for p in TOP.rglob("*") if p.is_file() and p.relative_to(TOP).parts[0] not in ("build", "out")]
        for name in names:
            if name.startswith(("samples/", "bench/", "docs/")) or not (TOP / name).is_file():
                continue
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, target)
        return tree

    def apply_document(self, tree):
        """Does what the document says and nothing else; returns the paths it touched."""
        text = DOCUMENT.read_text("utf-8")
        found = steps(text)
        self.assertEqual(text.count("```cpp\n"), len(found), "a code block has no line that says where it goes")
        self.assertGreaterEqual(len(found), 6)
        for kind, path, line, code in found:
            target = tree / path
            if kind == "new":
                self.assertFalse(target.exists(), f"{path} is there already")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(code, "utf-8")
                continue
            old = target.read_text("utf-8")
            if kind == "end":
                target.write_text(old + code, "utf-8")
                continue
            self.assertEqual(old.count(line + "\n"), 1, f"{path} must have this line once: {line}")
            target.write_text(old.replace(line + "\n", line + "\n" + code), "utf-8")
        return [path for _, path, _, _ in found]

    def cached(self, *names):
        """Values of the running build's CMake cache, as -D arguments."""
        cache = {}
        for row in (BUILD / "CMakeCache.txt").read_text("utf-8").splitlines():
            if m := re.match(r"([A-Za-z0-9_]+):[A-Z]+=(.*)", row):
                cache[m[1]] = m[2]
        return [f"-D{n}={cache[n]}" for n in names if n in cache]

    def call(self, *words, **options):
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=self.environment, **options)
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, words))}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def test_the_document_works_as_written(self):
        if not (BUILD / "CMakeCache.txt").is_file():
            self.fail(f"{BUILD} is no build folder")
        tree, build = self.copy_tree(), self.folder / "build"
        touched = self.apply_document(tree)
        self.assertEqual({p for p in touched if not p.startswith(("stages/inkshare/", "tests/inkshare/"))}, {"pipeline/core/messages.def", "stages/registry.cpp"})
        self.environment = dict(os.environ, CCACHE_BASEDIR=str(self.folder), CCACHE_NOHASHDIR="1")
        toy_source, toy_cmake = self.folder / "registry_test.cpp", self.folder / "toy.cmake"
        toy_source.write_text(REGISTRY_TEST, "utf-8")
        toy_cmake.write_text(TOY_CMAKE, "utf-8")
        options = self.cached("CMAKE_BUILD_TYPE", "CMAKE_CXX_FLAGS", "CMAKE_CXX_FLAGS_RELEASE", "CMAKE_CXX_FLAGS_DEBUG", "CMAKE_CXX_FLAGS_RELWITHDEBINFO", "CMAKE_CXX_COMPILER",
                              "RECTO_DEPS_DIR", "RECTO_PPOCR", "RECTO_ASAN", "RECTO_TSAN", "RECTO_COVERAGE", "OpenVINO_DIR")
        # Static libraries need not wait for those they are linked with: only what the document changed is compiled.
        self.call("cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DRECTO_TESTS=OFF", "-DCMAKE_OPTIMIZE_DEPENDENCIES=ON", f"-DCMAKE_PROJECT_recto_INCLUDE={toy_cmake}", f"-DRECTO_TOY_SOURCE={toy_source}", *options)
        jobs = f"-j{os.cpu_count() or 1}"
        if FULL:
            self.call("ninja", "-C", build, jobs, "toy", "recto")
        else:
            changed = ["recto_core", "recto_inkshare", "recto_stages"]
            objects = re.findall(r"^build (CMakeFiles/toy\.dir/\S+\.o):", (build / "build.ninja").read_text("utf-8"), re.MULTILINE)
            self.assertEqual(len(objects), 2)
            self.call("ninja", "-C", build, jobs, *changed, *objects)
            link = self.call("ninja", "-C", build, "-t", "commands", "toy").splitlines()[-1]
            words = []
            for word in shlex.split(link):
                library = re.fullmatch(r"lib(recto_\w+)\.a", word)
                words.append(str(BUILD / word) if library and library[1] not in changed else word)
            self.assertTrue(any(w == "librecto_inkshare.a" for w in words), link)
            self.call("/bin/sh", "-c", " ".join(w if w in ("&&", ":") else shlex.quote(w) for w in words), cwd=build)
        said = self.call(build / "toy")
        self.assertIn("[  PASSED  ] 3 tests.", said)
        if FULL:
            self.run_the_program(build / "recto")

    def run_the_program(self, recto):
        """What the document lists as true when done, on one scan."""
        self.assertIn("inkshare.most", self.call(recto, "config", "--list"))
        scans = self.folder / "scans"
        scans.mkdir()
        shutil.copy(sorted((SAMPLES / "batch").rglob("*.png"))[0], scans / "001.png")
        archive = self.folder / "archive"
        self.call(recto, "run", scans, "-o", archive, "--create", "--set", "reading.engine=tesseract")
        records = [json.loads(p.read_text("utf-8")) for p in (archive / "storage").rglob("item.json")]
        self.assertEqual(len(records), 1)
        for page in records[0]["pages"]:
            self.assertGreater(page["stage_data"]["inkshare"]["share"], 0)
        refused = subprocess.run([recto, "run", scans, "-o", archive, "--set", "inkshare.most=2"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 78, refused.stderr)


if __name__ == "__main__":
    main()
