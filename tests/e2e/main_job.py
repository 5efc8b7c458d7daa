"""The main job on the samples, as a newcomer runs it, and what is in the archive and the packages afterwards."""

import csv
import json
import os
import pathlib
import re
import subprocess
import unicodedata
import zipfile

from PIL import Image, ImageChops, ImageStat

import common
from common import SAMPLES, Case, contents, run


def squeezed(text):
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


class MainJob(Case):
    """One run over samples/, shared by all checks."""

    @classmethod
    def setUpClass(cls):
        import tempfile, shutil
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="recto-main-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.archive, cls.packages = cls.root / "archive", cls.root / "packages"
        cls.before = Case.digest_tree(None, SAMPLES / "batch")
        cls.first = run("run", SAMPLES / "batch", "-o", cls.archive, "--create", "--repository", "450200", "--catalogue", SAMPLES / "catalogue.csv", "--json", "--operator", "李四", timeout=900)
        cls.report = json.loads(cls.first.stdout) if cls.first.stdout.startswith("{") else None
        cls.package = run("package", cls.archive, "--as", "bag", "-o", cls.packages)

    def setUp(self):
        self.assertIsNotNone(self.report, self.first.stderr)

    def test_exit_code_says_that_something_was_found(self):
        self.assertEqual(self.first.returncode, 1, self.first.stderr)
        self.assertEqual(self.report["exit_code"], 1)
        self.assertEqual(self.report["pages_failed"], 0, self.report["errors"])
        self.assertGreaterEqual(self.report["pages"], 24)

    def test_a_dry_run_estimates_what_is_stored(self):
        words = ("run", SAMPLES / "batch", "-o", self.root / "none", "--dry-run")
        said = json.loads(run(*words, "--json").stdout)
        true = {r["representation"]: r["bytes"] for r in json.loads(run("package", self.archive, "--dry-run", "--json").stdout)["representations"]}
        estimate = {r["representation"]: r["bytes"] for r in said["representations"]}
        self.assertEqual(estimate.keys(), true.keys())
        self.assertEqual(estimate["master"], true["master"], "these are known")
        for name, bytes_ in true.items():  # measured: .9 to 1.2
            self.assertTrue(0.67 * bytes_ < estimate[name] < 1.5 * bytes_, f"{name}: {estimate[name]} estimated, {bytes_} stored")
        self.assertTrue(0.9 * sum(true.values()) < said["bytes"] < 1.1 * sum(true.values()), said)
        self.assertTrue(said["estimate"])
        told = run(*words, "--progress", "json")
        self.assertIn("An estimate", told.stdout)
        events = [json.loads(line) for line in told.stderr.splitlines() if line.startswith("{")]
        self.assertTrue(all(e["event"] == "progress" and 0 < e["done"] < e["of"] for e in events), events)
        self.assertFalse((self.root / "none").exists())

    def test_the_scans_are_untouched_and_kept_byte_for_byte(self):
        self.assertEqual(self.digest_tree(SAMPLES / "batch"), self.before)
        kept = set()
        for item in contents(self.archive).values():
            kept |= {d for path, d in item.items() if path.startswith("master/")}
        import hashlib
        for name in self.before:
            self.assertIn(hashlib.sha512((SAMPLES / "batch" / name).read_bytes()).hexdigest(), kept, name)

    def test_the_deliberate_mismatches_are_found(self):
        rows = list(csv.reader((pathlib.Path(self.report["report"]).parent / "errata.csv").read_text("utf-8-sig").splitlines()))
        text = "\n".join(",".join(r) for r in rows)
        self.assertGreaterEqual(len(rows) - 1, 3, text)
        self.assertRegex(self.first.stderr, r"not scanned yet")
        self.assertRegex(self.first.stderr, r"look for the missing pages")
        self.assertRegex(self.first.stderr, r"extra pages")
        self.assertTrue(any(i["state"] == "held" for i in self.report["items"]), "the item with a missing page is held")

    def test_archive_and_packages_verify(self):
        bags = sorted(p for p in self.packages.iterdir() if p.is_dir())
        stored = [i for i in self.report["items"] if i["state"] == "stored"]
        self.assertEqual(len(bags), len(stored), self.package.stderr)
        checked = run("verify", self.archive, *bags)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_the_four_properties(self):
        book = self.root / "four.xlsx"
        checked = run("verify", self.archive, "--four-properties", "--stage", "归档", "--json", "--xlsx", book)
        self.assertEqual(checked.returncode, 1, checked.stderr)
        report = json.loads(checked.stdout)["reports"][0]
        rules = {r["code"]: r for r in report["rules"]}
        self.assertEqual(report["items"], len([i for i in self.report["items"] if i["state"] in ("stored", "held")]))
        self.assertEqual([c for c in rules if rules[c]["verdict"] == "failed"], ["WZ-01", "WZ-03"], "an item without 档号; pages that differ from the catalogue")
        self.assertEqual({r["place"] for r in rules["WZ-03"]["reasons"]}, {"0025-WS·2012-Y-BGS-0001", "LZ01-WS·2023-D30-0012"})
        self.assertTrue(zipfile.is_zipfile(book))
        bag = self.packages / "0025-WS·2012-Y-BGS-0002"
        self.assertEqual(run("verify", bag, "--four-properties").returncode, 0)
        zh = run("verify", bag, "--four-properties", "--stage", "preservation", env={"RECTO_LANG": "zh"}).stdout
        self.assertIn("ZS-01  真实性  通过  固化信息有效", zh)

    def test_verify_sees_damage(self):
        import shutil
        copy = self.root / "damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(next(p for p in self.packages.iterdir() if p.is_dir()), copy)
        master = next((copy / "data" / "master").iterdir())
        data = bytearray(master.read_bytes())
        data[len(data) // 2] ^= 1
        master.write_bytes(data)
        checked = run("verify", copy)
        self.assertEqual(checked.returncode, 1)
        self.assertIn(master.name, checked.stdout)

    def test_a_second_run_changes_nothing(self):
        before = contents(self.archive)
        again = run("run", SAMPLES / "batch", "-o", self.archive, "--catalogue", SAMPLES / "catalogue.csv", "--json", "--operator", "李四")
        report = json.loads(again.stdout)
        self.assertEqual(contents(self.archive), before)
        self.assertEqual(report["pages_reused"], report["pages"])
        counted = lambda r: {i["name"]: (i["state"].replace("unchanged", "stored"), i["counted_pages"], len(i["findings"])) for i in r["items"]}
        self.assertEqual(counted(report), counted(self.report), "and the report says the same")
        self.assertEqual(again.returncode, 1, "what was found is still to be said")

    def test_the_text_is_that_of_the_truth(self):
        """Each page's ALTO against samples/truth by source file and image; bound: median of readable pages."""
        truth = json.loads((SAMPLES / "truth" / "truth.json").read_text("utf-8"))
        texts = {}
        for obj in pathlib.Path(self.archive, "storage").rglob("item.json"):
            item = json.loads(obj.read_text("utf-8"))
            names = {}
            inventory = json.loads((obj.parents[3] / "inventory.json").read_text("utf-8")) if (obj.parents[3] / "inventory.json").exists() else None
            if inventory is None:
                continue
            state = inventory["versions"][inventory["head"]]["state"]
            for digest, paths in state.items():
                for p in paths:
                    names[p] = obj.parents[3] / inventory["manifest"][digest][0]
            for page in item["pages"]:
                alto = names.get(f"text/{page['order']:04}.alto.xml")
                if alto is None:
                    continue
                import xml.etree.ElementTree as E
                lines = []
                root = E.parse(alto).getroot()
                for line in root.iter("{http://www.loc.gov/standards/alto/ns-v4#}TextLine"):
                    lines.append("".join(s.get("CONTENT") for s in line.iter("{http://www.loc.gov/standards/alto/ns-v4#}String")))
                source = item["sources"][page["image"]["source"]]["original_name"] if isinstance(page["image"], dict) else ""
                texts[(item["reference_code"] or item["provisional_name"], page["order"])] = "".join(lines)
        self.assertGreaterEqual(len(texts), 20)
        # Order-free comparison: every truth text must be found among the pages with few errors.
        errors = []
        for file in sorted((SAMPLES / "truth").rglob("*.txt")):
            want = squeezed(file.read_text("utf-8"))
            if len(want) < 40:
                continue
            best = min(distance(want, squeezed(t)) / len(want) for t in texts.values() if abs(len(squeezed(t)) - len(want)) < 0.5 * len(want) + 20) if texts else 1
            errors.append((best, str(file.relative_to(SAMPLES))))
        errors.sort()
        median = errors[len(errors) // 2][0]
        self.assertLess(median, 0.04, errors)

    def test_report_opens_without_a_server(self):
        report = pathlib.Path(self.report["report"]).parent
        figures = 0
        for page in sorted(report.rglob("*.html")):
            html = page.read_text("utf-8")
            for target in re.findall(r'(?:src|href)="([^"#]+)[^"]*"', html) + re.findall(r"url\('([^']+)'\)", html):
                self.assertTrue((page.parent / target).resolve().is_file(), f"{page.name}: {target}")
            self.assertNotIn("http://", html)
            self.assertNotIn("https://", html)
            if page.parent.name == "items":
                figures += html.count("<figure")
                self.assertEqual(html.count("-scan.jpg"), html.count('class="pair"'), "every page has its scan beside it")
        self.assertEqual(figures, self.report["pages"])
        self.assertEqual(oct(pathlib.Path(self.archive, "reports").stat().st_mode & 0o777), "0o750")

    def test_the_corrections_file_names_lines_of_the_archive(self):
        rows = list(csv.reader((pathlib.Path(self.report["report"]).parent / "corrections.csv").read_text("utf-8-sig").splitlines()))
        self.assertIn("new text", rows[0][4])
        self.assertGreaterEqual(len(rows), 3, "the samples hold worn pages")
        lines = {}
        for found in pathlib.Path(self.archive, "storage").rglob("item.json"):
            item = json.loads(found.read_text("utf-8"))
            for page in item["pages"]:
                alto = found.parents[1] / f"text/{page['order']:04}.alto.xml"
                if not alto.exists():
                    continue
                import xml.etree.ElementTree as E
                root = E.parse(alto).getroot()
                for place in root.iter("{http://www.loc.gov/standards/alto/ns-v4#}Illustration"):
                    if place.get("TYPE") == "unread":
                        lines[(item["reference_code"] or item["id"], page["id"], place.get("ID"))] = ""
                for line in root.iter("{http://www.loc.gov/standards/alto/ns-v4#}TextLine"):
                    text = "".join(s.get("CONTENT") if s.tag.endswith("String") else " " if s.tag.endswith("SP") else "" for s in line)
                    lines[(item["reference_code"] or item["id"], page["id"], line.get("ID"))] = text
        for row in rows[1:]:
            text = row[3][1:] if row[3].startswith("'") else row[3]  # the mark that keeps spreadsheets from running a cell
            self.assertEqual(lines.get(tuple(row[:3])), text, row)

    def test_status_and_index(self):
        status = json.loads(run("status", self.archive, "--json").stdout)
        self.assertEqual(status["items"], len(self.report["items"]))
        self.assertTrue(status["events_good"])
        rows = list(csv.reader((self.archive / "index.csv").read_text("utf-8-sig").splitlines()))
        for row in rows[1:]:
            self.assertTrue((self.archive / row[2]).is_dir(), row)

    def test_the_table_of_faults(self):
        """Each fault of docs/OPERATIONS.md made on a real item, as a bag whose manifests are made right again (so that only what is
        said of the content can tell), and on the archive itself: found by recto verify under the code of the table."""
        import hashlib, shutil
        good = self.packages / "LZ01-WS·2023-D30-0014"
        other = next(p for p in self.packages.iterdir() if p.is_dir() and p != good)

        def edit(path, change):
            text = path.read_text("utf-8")
            changed = change(text)
            self.assertNotEqual(changed, text, path)
            path.write_text(changed, "utf-8")

        def item(bag, change):
            def changed(text):
                value = json.loads(text)
                change(value)
                return json.dumps(value, ensure_ascii=False)
            edit(bag / "data" / "metadata" / "item.json", changed)

        def exchange(a, b):
            x, y = a.read_bytes(), b.read_bytes()
            a.write_bytes(y)
            b.write_bytes(x)

        def flip(path):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)

        def forge(bag, *paths):
            """What item.json, METS and PREMIS say of these files, made right: a forger who knows the format."""
            for path in paths:
                data = (bag / "data" / path).read_bytes()
                entry = {}
                def change(value):
                    entry.update(next(f for f in value["files"] if f["path"] == path))
                    next(f for f in value["files"] if f["path"] == path).update(size=len(data), sha512=hashlib.sha512(data).hexdigest())
                before = (bag / "data" / "metadata" / "item.json").read_bytes()
                item(bag, change)
                after = (bag / "data" / "metadata" / "item.json").read_bytes()
                def record(text):
                    head, tail = text.split(f'xlink:href="{path}"')[0], text.split(f'xlink:href="{path}"')[1]
                    i = head.rindex("<file ")
                    own = head[i:].replace(entry["sha512"], hashlib.sha512(data).hexdigest()).replace(f'SIZE="{entry["size"]}"', f'SIZE="{len(data)}"')
                    text = head[:i] + own + f'xlink:href="{path}"' + tail
                    text = text.replace(hashlib.sha512(before).hexdigest(), hashlib.sha512(after).hexdigest())
                    return text.replace(f'SIZE="{len(before)}"', f'SIZE="{len(after)}"')
                edit(bag / "data" / "mets.xml", record)

        data = lambda bag, name: bag / "data" / name
        page2, page3, alto2, alto3 = "preservation/0002.jpg", "preservation/0003.jpg", "text/0002.alto.xml", "text/0003.alto.xml"

        def truncated(bag):
            data(bag, page2).write_bytes(data(bag, page2).read_bytes()[:-20000])
            forge(bag, page2)

        def text_of_another(bag):
            exchange(data(bag, alto2), data(bag, alto3))
            forge(bag, alto2, alto3)

        def text_of_another_item(bag):
            shutil.copy(next(data(other, "text").glob("*.alto.xml")), data(bag, alto2))
            forge(bag, alto2)

        bags = {  # fault: what makes it, whether the manifests are made right again
            "flipped byte": (lambda b: flip(data(b, page2)), False, "bag.digest"),
            "missing file": (lambda b: data(b, alto2).unlink(), False, "bag.missing"),
            "missing file, manifests made right": (lambda b: data(b, alto2).unlink(), True, "item.missing_file"),
            "extra file": (lambda b: data(b, "extra.txt").write_text("x"), False, "bag.unlisted"),
            "extra file, manifests made right": (lambda b: data(b, "extra.txt").write_text("x"), True, "item.unlisted"),
            "wrong digest": (lambda b: edit(b / "manifest-sha256.txt", lambda t: ("0" if t[0] != "0" else "1") + t[1:]), False, "bag.digest"),
            "wrong page count": (lambda b: item(b, lambda i: i.update(counted_pages=i["counted_pages"] + 1)), True, "item.counted"),
            "a page taken out of item.json": (lambda b: item(b, lambda i: i["pages"].pop()), True, "item.pages_pdf"),
            "dangling reference": (lambda b: edit(data(b, "mets.xml"), lambda t: t.replace('FILEID="', 'FILEID="x', 1)), True, "mets.reference"),
            "truncated image": (truncated, True, "image.damaged"),
            "swapped pages": (lambda b: exchange(data(b, page2), data(b, page3)), True, "item.digest"),
            "text of another page": (text_of_another, True, "item.alto_text"),
            "text of another item": (text_of_another_item, True, "item.alto_text"),
            "edited item.json": (lambda b: item(b, lambda i: i["fields"][0].update(value="改")), True, "mets.digest"),
            "unrecorded renaming of a file": (lambda b: data(b, page2).rename(data(b, "preservation/0009.jpg")), True, "item.missing_file"),
            "unrecorded renaming of the item": (lambda b: item(b, lambda i: i.update(reference_code="0025-WS·2012-Y-BGS-0099")), True, "mets.digest"),
            "added script": (lambda b: data(b, "access/run.js").write_text("alert(1)"), True, "item.unlisted"),
        }
        found = {}
        copy = self.root / "fault"
        for fault, (make, right, code) in bags.items():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(good, copy)
            make(copy)
            if right:
                for kind in ("sha256", "sha512"):
                    names = sorted((str(p.relative_to(copy)) for p in (copy / "data").rglob("*") if p.is_file()), key=str.encode)
                    (copy / f"manifest-{kind}.txt").write_text("".join(f"{hashlib.new(kind, (copy / n).read_bytes()).hexdigest()}  {n}\n" for n in names), "utf-8")
                    (copy / f"tagmanifest-{kind}.txt").unlink()
                edit(copy / "bag-info.txt", lambda t: "".join(line for line in t.splitlines(True) if not line.startswith("Payload-Oxum")))
            checked = run("verify", "--json", copy)
            self.assertEqual(checked.returncode, 1, fault)
            codes = {i["code"] for i in json.loads(checked.stdout)["reports"][0]["issues"]}
            self.assertIn(code, codes, fault)
            found[fault] = code
        # In the archive: a version that a later one has replaced.
        archive = self.root / "fault-archive"
        shutil.copytree(self.archive, archive)
        named = run("catalogue", "assign", archive, "box7-english", "0025-WS·2012-Y-BGS-0077", "--who", "李四", "--reason", "整理")
        self.assertEqual(named.returncode, 0, named.stderr)
        old = next(p for p in archive.glob("storage/**/v1/content/metadata/item.json") if (p.parents[3] / "v2").exists())
        flip(old)
        checked = run("verify", "--json", archive)
        self.assertEqual(checked.returncode, 1)
        issues = json.loads(checked.stdout)["reports"][0]["issues"]
        self.assertIn(("ocfl.E092", str(old.relative_to(archive))), {(i["code"], i["path"]) for i in issues})
        found["older version changed"] = "ocfl.E092"
        table = (pathlib.Path(__file__).parents[2] / "docs" / "OPERATIONS.md").read_text("utf-8")
        for fault, code in found.items():
            rows = [line for line in table.splitlines() if line.startswith(f"| {fault}") and f"`{code}` |" in line]
            self.assertTrue(rows, f"no row of docs/OPERATIONS.md has '{fault}' with {code}")

    def test_packages_for_other_systems(self):
        """folder and handover: read back with Python's own ZIP, XML and digests, and by recto verify."""
        import hashlib, zipfile
        import xml.etree.ElementTree as E
        folder, carriers = self.root / "folder", self.root / "carriers"
        self.assertIn(run("package", self.archive, "--as", "folder", "-o", folder).returncode, (0, 1))
        small = run("package", self.archive, "--as", "handover", "-o", carriers, "--set", "handover.carrier_mb=6")  # its largest item has 7.1
        self.assertEqual(small.returncode, 65, small.stderr)
        self.assertRegex(small.stderr, r"0025-WS·2012-Y-BGS-0001: .*package\.carrier")
        self.assertEqual(list(carriers.glob("*")), [])
        made = run("package", self.archive, "--as", "handover", "-o", carriers, "--json", "--set", "handover.carrier_mb=9",
                   "--set", "handover.name=青柳市 2026 年移交", "--set", "handover.charset=GB18030")
        self.assertEqual(made.returncode, 1, made.stderr)  # an item is held, another has no 档号
        report = json.loads(made.stdout)
        self.assertEqual(sorted(i["error"] for i in report["left_out"]), ["package.held", "package.provisional"])
        self.assertGreaterEqual(len(report["packages"]), 2)
        numbers, records = [], 0
        for package in report["packages"]:
            carrier = pathlib.Path(package["path"])
            self.assertEqual(run("verify", carrier).returncode, 0, carrier)
            self.assertIn("〔2012〕7号", (carrier / "说明文件.TXT").read_text("gb18030"))
            for line in (carrier / "其他" / "digests-sha256.txt").read_text("utf-8").splitlines():
                digest, name = line.split("  ", 1)
                self.assertEqual(hashlib.sha256((carrier / name).read_bytes()).hexdigest(), digest, name)
            catalogue = (carrier / "文件目录.XML").read_bytes().decode("gb18030")
            for row in E.fromstring(catalogue.split("?>", 1)[1]).findall("文件"):
                numbers.append(int(row.find("顺序号").text))
                self.assertGreaterEqual(len(list((carrier / row.find("电子档案名称").text).iterdir())), 2)
            records += sum(1 for p in (carrier / "电子档案").rglob("*") if p.is_file())
            with zipfile.ZipFile(carrier / "其他" / "电子档案移交与接收登记表.xlsx") as book:
                self.assertIsNone(book.testzip())
                self.assertIn("青柳市 2026 年移交", "".join(book.read(n).decode("utf-8") for n in book.namelist()))
        self.assertEqual(numbers, list(range(1, report["items"] + 1)))
        self.assertEqual(records, sum(p["files"] for p in report["packages"]))
        self.assertEqual(run("verify", folder).returncode, 0)

    def validator(self):
        home = os.environ.get("VALIDATORS_HOME")
        bin = common.SHARED / "validators" / "bin"
        if not bin.exists():
            self.skipTest("shared data absent: validators")
        if not home:
            self.skipTest("shared data absent: VALIDATORS_HOME is not set (scripts/test sets the validators up)")
        def check(*words, **env):
            p = subprocess.run([str(bin / words[0]), *map(str, words[1:])], capture_output=True, text=True, env=dict(os.environ, **env), cwd=self.root)  # some leave a log there
            self.assertEqual(p.returncode, 0, f"{words}: {p.stdout[-2000:]}{p.stderr[-2000:]}")
        return check

    def stored_files(self):
        """{name: {logical path: file}} of the head version of each item."""
        out = {}
        for inventory in (self.archive / "storage").glob("*/*/*/*/inventory.json"):
            j = json.loads(inventory.read_text("utf-8"))
            state = j["versions"][j["head"]]["state"]
            files = {path: inventory.parent / j["manifest"][digest][0] for digest, paths in state.items() for path in paths}
            item = json.loads(files["metadata/item.json"].read_text("utf-8"))
            out[item["reference_code"] or item["provisional_name"]] = files
        return out

    def test_ofd_in_another_reader(self):
        """What ofdrw reads is the item's text; what it draws are the page images and nothing of the text."""
        check = self.validator()
        made = run("package", self.archive, "--as", "ofd", "-o", self.root / "ofd")
        files = sorted((self.root / "ofd").glob("*.ofd"))
        self.assertEqual(len(files), len([i for i in self.report["items"] if i["state"] == "stored"]), made.stderr)
        checked = run("verify", *files)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        stored = self.stored_files()
        without_space = lambda text: re.sub(r"\s", "", text)
        for ofd in files:
            drawn = self.root / "drawn" / ofd.stem
            check("check-ofd", ofd, drawn)
            item = stored[ofd.stem]
            text = next(f for path, f in item.items() if path.startswith("text/") and path.endswith(".txt"))
            self.assertEqual(without_space((drawn / "text.txt").read_text("utf-8")), without_space(text.read_text("utf-8")), ofd.stem)
            pages = sorted(path for path in item if path.startswith("preservation/"))
            self.assertEqual(len(list(drawn.glob("*.png"))), len(pages))
            for i, path in enumerate(pages):
                with Image.open(item[path]) as page, Image.open(drawn / f"{i}.png") as picture:
                    # Drawn at 127 dpi by the reader's own resampling, which is coarse where pages are black and white.
                    bound = 6 if page.mode == "1" else 3
                    small = page.convert("RGB").resize(picture.size, Image.BOX)
                    difference = ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), small)).mean
                    self.assertLess(max(difference), bound, f"{ofd.stem} {path}")
        # The same file without its text is drawn the same, to the pixel.
        ofd = max(files, key=lambda f: f.stat().st_size)
        blank = self.root / "without-text.ofd"
        with zipfile.ZipFile(ofd) as whole, zipfile.ZipFile(blank, "w") as bare:
            for entry in whole.infolist():
                bare.writestr(entry, re.sub(rb"<ofd:TextObject.*?</ofd:TextObject>", b"", whole.read(entry), flags=re.S))
        check("check-ofd", blank, self.root / "drawn" / "bare")
        for picture in sorted((self.root / "drawn" / ofd.stem).glob("*.png")):
            with Image.open(picture) as a, Image.open(self.root / "drawn" / "bare" / picture.name) as b:
                self.assertIsNone(ImageChops.difference(a.convert("RGB"), b.convert("RGB")).getbbox(), picture)
        again = run("package", self.archive, "--as", "ofd", "-o", self.root / "ofd-again")
        self.assertEqual(again.returncode, made.returncode)
        self.assertEqual(self.digest_tree(self.root / "ofd"), self.digest_tree(self.root / "ofd-again"), "the same bytes")

    def test_independent_validators(self):
        check = self.validator()
        check("check-ocfl", self.archive / "storage")
        sm3 = self.root / "sm3"
        run("package", self.archive, "--as", "bag", "-o", sm3, "--set", "bag.sm3=true")
        bag = next(p for p in sm3.iterdir() if p.is_dir())
        self.assertTrue((bag / "sm3.txt").is_file())
        check("check-bag", bag)
        eark = self.root / "eark"
        run("package", self.archive, "--as", "eark", "-o", eark)
        earks = sorted(p for p in eark.iterdir() if p.is_dir())
        self.assertEqual(len(earks), len([p for p in self.packages.iterdir() if p.is_dir()]))
        for package in earks[:3]:  # Java starts for each
            check("check-eark", package)
            check("check-eark-py", package)
            check("check-xml", *package.rglob("METS.xml"), *(package / "metadata" / "preservation").glob("*.xml"), package / "metadata" / "descriptive" / "ead3.xml")
            check("check-xml", package / "metadata" / "descriptive" / "dc.xml", XSD="qualifieddc.xsd")
        self.assertEqual(run("verify", *earks).returncode, 0)
        for bag in sorted(p for p in self.packages.iterdir() if p.is_dir()):
            check("check-bag", bag)
            check("check-mets-files", bag / "data" / "mets.xml")
            check("check-xml", bag / "data" / "mets.xml", bag / "data" / "metadata" / "premis.xml", *sorted((bag / "data" / "text").glob("*.xml")))
            check("check-xml", bag / "data" / "metadata" / "dc.xml", XSD="qualifieddc.xsd")
            for pdf in (bag / "data" / "access").glob("*.pdf"):
                check("check-pdfa", pdf, "2u")
            for image in sorted((bag / "data" / "preservation").glob("*"))[:2]:
                check("check-image", image)


if __name__ == "__main__":
    common.main()
