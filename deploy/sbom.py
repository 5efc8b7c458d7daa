#!/usr/bin/env python3
"""Bill of materials of a bundle as SPDX 2.3 JSON: Recto's package, each Debian package with its source and version, and
what Recto's package carries beside them (OpenVINO, models, schemas). The same bundle gives the same file."""

import argparse
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def control(deb):
    """The fields of a Debian package."""
    text = subprocess.run(["dpkg-deb", "-f", str(deb), "Package", "Version", "Source", "Maintainer", "Architecture",
                           "Homepage"], capture_output=True, text=True, check=True).stdout
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(" "))


def spdx_id(*words):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(words))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", required=True, type=Path)
    parser.add_argument("--deps", required=True, type=Path)
    parser.add_argument("--models", required=True, type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", required=True, type=Path)
    options = parser.parse_args()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    packages, relations, own = [], [], None
    for deb in sorted((options.bundle / "packages").glob("*.deb")):
        fields = control(deb)
        name, version = fields["Package"], fields["Version"]
        identity = spdx_id("Package", name, fields["Architecture"])
        purl = f"pkg:deb/debian/{name}@{version.replace(':', '%3A')}?arch={fields['Architecture']}&distro=bookworm"
        packages.append({
            "SPDXID": identity, "name": name, "versionInfo": version, "packageFileName": f"packages/{deb.name}",
            "supplier": "Organization: " + ("Recto" if name == "recto" else "Debian"),
            "originator": "Person: " + fields.get("Maintainer", "unknown"),
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "checksums": [{"algorithm": "SHA256", "checksumValue": sha256(deb)}],
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
            "sourceInfo": f"source package {fields.get('Source', name)}; licence in /usr/share/doc/{name}/copyright",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]})
        if name == "recto":
            own = identity
        relations.append(identity)
    if own is None:
        sys.exit("sbom: no package of Recto in the bundle")
    contained = []
    for line in options.deps.read_text(encoding="utf-8").splitlines():
        if line.startswith("# group:"):
            group = line.split(":", 1)[1].strip()
        match = re.match(r"([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})", line)
        if not match or group == "tools":
            continue
        name, version, digest = match.groups()
        identity = spdx_id("Registry", name)
        packages.append({
            "SPDXID": identity, "name": name, "versionInfo": version, "downloadLocation": f"https://pypi.org/project/{name}/{version}/",
            "filesAnalyzed": False, "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "Apache-2.0" if group == "ppocr" else "NOASSERTION",
            "copyrightText": "NOASSERTION", "comment": "parts of it are in the package of Recto",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:pypi/{name}@{version}"}]})
        contained.append(identity)
    if options.models.exists():
        for model in json.loads(options.models.read_text(encoding="utf-8"))["models"]:
            identity = spdx_id("Model", model["name"])
            packages.append({
                "SPDXID": identity, "name": model["name"], "versionInfo": model["sha256"][:12], "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False, "checksums": [{"algorithm": "SHA256", "checksumValue": model["sha256"]}],
                "licenseConcluded": model["license"], "licenseDeclared": model["license"], "copyrightText": "NOASSERTION",
                "comment": "from " + model["source"]})
            contained.append(identity)
    content = hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"recto-{options.version}",
        "documentNamespace": f"https://recto.invalid/spdx/{options.version}/{content}",
        "creationInfo": {"created": datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: recto-make-bundle"]},
        "packages": packages,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own}]
        + [{"spdxElementId": own, "relationshipType": "DEPENDS_ON", "relatedSpdxElement": r} for r in relations if r != own]
        + [{"spdxElementId": own, "relationshipType": "CONTAINS", "relatedSpdxElement": c} for c in contained]}
    options.output.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"make-bundle: {len(packages)} parts in {options.output.name}")


if __name__ == "__main__":
    main()
