#!/usr/bin/env python3
"""An item of 100,000 files and a copy of hundreds of items: time and peak memory of recto package, verify and fixity.

    bench/many_files.py [--recto build/release/recto] [--files 10000,100000] [--objects 400]

Nothing is scanned: items of small files, a master and an ALTO file a page, are written into an archive as the store has them, with
item.json and METS that name every file. A table in Markdown goes to standard output.
"""

import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
from packages import measured  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[1]


ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page ID="p" PHYSICAL_IMG_NR="1" WIDTH="40" HEIGHT="60"><PrintSpace
HPOS="0" VPOS="0" WIDTH="40" HEIGHT="60"><TextBlock ID="b" HPOS="1" VPOS="1" WIDTH="20" HEIGHT="9"><TextLine ID="l" HPOS="1" VPOS="1"
WIDTH="20" HEIGHT="9"><String ID="s" CONTENT="{}" HPOS="1" VPOS="1" WIDTH="20" HEIGHT="9"/></TextLine></TextBlock></PrintSpace></Page></Layout></alto>
"""


def sha512(data):
    return hashlib.sha512(data).hexdigest()


def put_item(archive, number, count):
    """An OCFL object of one version with `count` small files beside its records; its row of the index."""
    id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, f"many-files-{number}"))
    name = f"urn%3auuid%3a{id_}"
    digest = hashlib.sha256(f"urn:uuid:{id_}".encode()).hexdigest()
    place = f"storage/{digest[:3]}/{digest[3:6]}/{digest[6:9]}/{name}"
    content = archive / place / "v1/content"
    masters = {f"master/{n:06}.txt": f"page {n} of item {number}\n".encode() for n in range(1, count // 2 + 1)}
    altos = {f"text/{n:06}.alto.xml": ALTO.format(n).encode() for n in range(1, count // 2 + 1)}
    text = {"text/text.txt": "".join(f"{n}\n\f" for n in range(1, count // 2 + 1)).encode()}
    entry = lambda path, data, role, media, **more: {"path": path, "size": len(data), "sha512": sha512(data), "role": role, "media_type": media, **more}
    item = {"schema": 1, "type": "recto-item", "id": id_, "reference_code": f"0025-WS·2012-Y-BGS-{number:04}", "held": False,
            "counted_pages": len(masters),
            "pages": [{"id": str(n), "order": n, "class": "body", "image": {"source": n - 1, "index": 0}, "error": None,
                       "reading": {"width": 40, "height": 60}} for n in range(1, len(masters) + 1)],
            "files": [entry(path, data, "alto", "application/xml", page=n) for n, (path, data) in enumerate(altos.items(), 1)]
            + [entry(path, data, "text", "text/plain") for path, data in text.items()],
            "sources": [{"master": path, "size": len(data), "sha512": sha512(data), "images": []} for path, data in masters.items()]}
    files = masters | altos | text
    mets = ['<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"><fileSec><fileGrp>']
    for n, (path, data) in enumerate(files.items()):
        mets.append(f'<file ID="f{n}" SIZE="{len(data)}" CHECKSUM="{sha512(data)}" CHECKSUMTYPE="SHA-512">'
                    f'<FLocat LOCTYPE="URL" xlink:href="{path}"/></file>')
    mets.append("</fileGrp></fileSec><structMap><div>")
    mets += [f'<div TYPE="page"><fptr FILEID="f{n}"/></div>' for n in range(len(masters))]
    mets.append("</div></structMap></mets>")
    files["metadata/item.json"] = json.dumps(item, ensure_ascii=False).encode()
    files["metadata/dc.xml"] = (b'<qualifieddc xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
                                b"<dc:title>x</dc:title></qualifieddc>")
    premis = '<premis xmlns="http://www.loc.gov/premis/v3" version="3.0"><object xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    premis += 'xsi:type="intellectualEntity"><objectIdentifier><objectIdentifierType>UUID</objectIdentifierType>'
    files["metadata/premis.xml"] = (premis + f"<objectIdentifierValue>{id_}</objectIdentifierValue></objectIdentifier></object></premis>").encode()
    files["mets.xml"] = "\n".join(mets).encode()
    manifest, state = {}, {}
    for path, data in files.items():
        target = content / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        manifest.setdefault(sha512(data), []).append(f"v1/content/{path}")
        state.setdefault(sha512(data), []).append(path)
    inventory = json.dumps({"id": f"urn:uuid:{id_}", "type": "https://ocfl.io/1.1/spec/#inventory", "digestAlgorithm": "sha512", "head": "v1",
                            "manifest": manifest, "versions": {"v1": {"created": "2026-01-01T00:00:00Z", "message": "m", "state": state,
                                                                      "user": {"name": "x", "address": "https://example.org"}}}}).encode()
    for folder in (archive / place, archive / place / "v1"):
        (folder / "inventory.json").write_bytes(inventory)
        (folder / "inventory.json.sha512").write_text(f"{sha512(inventory)} inventory.json\n")
    (archive / place / "0=ocfl_object_1.1").write_text("ocfl_object_1.1\n")
    return f"{item['reference_code']},{id_},{place},stored,0\n"


def archive_of(recto, folder, items, files):
    subprocess.run([recto, "init", folder, "--repository", "450200"], check=True, capture_output=True)
    rows = [put_item(folder, n, files) for n in range(items)]
    (folder / "index.csv").write_text("reference_code,id,object_path,state,pages\n" + "".join(rows), "utf-8")
    subprocess.run(["sync"], check=True)
    return folder


def row(what, files, figures):
    cpu, wall, peak, _ = figures
    print(f"| {what} | {files:,} | {cpu:.1f} | {wall:.1f} | {peak:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default=TOP / "build/release/recto", type=pathlib.Path)
    parser.add_argument("--files", default="10000,100000")
    parser.add_argument("--objects", default=400, type=int)
    options = parser.parse_args()
    print("| | files | CPU s | wall s | peak MiB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="recto-many-") as folder:
        folder = pathlib.Path(folder)
        for count in map(int, filter(None, options.files.split(","))):
            archive = archive_of(options.recto, folder / f"archive-{count}", 1, count)
            bags = folder / f"bags-{count}"
            row("package --as bag", count, measured(options.recto, "package", archive, "--as", "bag", "-o", bags))
            figures = measured(options.recto, "verify", next(bags.iterdir()), "--json")
            row("verify of the bag", count, figures)
            row("verify of the archive", count, measured(options.recto, "verify", archive))
            report = json.loads(figures[3])["reports"][0]
            if not report["good"] or report["counts"]["files"] < count:
                sys.exit(f"the bag of {count} files is not good: {report['issues'][:5]}")
            shutil.rmtree(archive)
            shutil.rmtree(bags)
        if options.objects:
            archive = archive_of(options.recto, folder / "archive", options.objects, 12)
            copy = folder / "copy"
            figures = measured(options.recto, "fixity", archive, "--copy", copy, "--add-missing", "--create", "--progress", "none")
            row(f"fixity --add-missing, {options.objects} objects", options.objects * 19, figures)
            if subprocess.run([options.recto, "verify", copy], capture_output=True).returncode != 0:
                sys.exit("the copy is not good")


if __name__ == "__main__":
    main()
