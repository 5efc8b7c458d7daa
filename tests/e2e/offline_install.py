"""The offline bundle, as an administrator uses it: made on this machine, installed in a minimal Debian 12 without network and
without compiler, used by the service user, upgraded, removed and purged; archives stay what they were.

Needs root (chroot, network namespaces) and debootstrap. The minimal system is made once and kept in the cache."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import common
from common import SAMPLES, TOP, Case

CACHE = pathlib.Path(os.environ.get("RECTO_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "recto")
MIRROR = os.environ.get("RECTO_DEBIAN_MIRROR", "http://deb.debian.org/debian")
USER = "recto"


def why_not():
    """The reason why this cannot be tried here, or None."""
    if os.geteuid() != 0:
        return "needs root: it installs packages into a system of its own (chroot, network namespace)"
    for tool in ("debootstrap", "unshare", "cpack", "dpkg-scanpackages", "dpkg-shlibdeps", "file"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed (scripts/packages.txt, section test)"
    if subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
        return "network namespaces are not allowed here"
    if not (TOP / "build/release/recto").exists():
        return "nothing is built in build/release"
    return None


def base_system():
    """A tar of a minimal Debian 12, from the cache or made now."""
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    tar = CACHE / f"minimal-bookworm-{arch}.tar"
    if tar.exists():
        return tar
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recto-minimal-") as folder:
        made = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", f"{folder}/system", MIRROR], capture_output=True, text=True)
        if made.returncode != 0:
            raise unittest.SkipTest("debootstrap could not fetch a minimal system: " + made.stdout[-300:])
        shutil.rmtree(f"{folder}/system/var/cache/apt/archives", ignore_errors=True)
        fresh = tar.with_suffix(f".tar.{os.getpid()}")
        subprocess.run(["tar", "-C", f"{folder}/system", "--numeric-owner", "--exclude=./dev/*", "--exclude=./proc/*", "-cf", fresh, "."], check=True)
        os.replace(fresh, tar)
    return tar


@unittest.skipIf(why_not(), why_not())
class OfflineInstall(Case):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="recto-offline-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.root = cls.work / "root"
        cls.root.mkdir()
        subprocess.run(["tar", "-C", cls.root, "--numeric-owner", "-xf", base_system()], check=True)
        for name, number in (("null", "3"), ("zero", "5"), ("urandom", "9")):
            subprocess.run(["mknod", "-m", "666", cls.root / "dev" / name, "c", "1", number], check=True)
        # The disk of a test may be lost in a power cut.
        (cls.root / "etc/dpkg/dpkg.cfg.d/test").write_text("force-unsafe-io\n")
        shutil.copytree(SAMPLES / "batch", cls.root / "var/spool/scans/batch")
        shutil.copy(SAMPLES / "catalogue.csv", cls.root / "var/spool/scans/catalogue.csv")

    def bundle(self, version=None):
        words = [TOP / "deploy/make-bundle", "--no-build", "--no-tar", "-o", self.work / "bundles"] + (["--version", version] if version else [])
        made = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=900, cwd=TOP)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        folder = max((self.work / "bundles").iterdir(), key=lambda p: p.stat().st_mtime)
        inside = self.root / "media" / folder.name
        shutil.move(folder, inside)
        return inside

    def inside(self, *words, user=None, code=0, timeout=900, **environment):
        """Runs a command in the system, without network; checks its exit code."""
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", **environment}
        if user:
            words = ("setpriv", "--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all") + words
            env["HOME"] = "/var/lib/recto"
        command = ["unshare", "--net", "--mount", "--pid", "--fork", f"--mount-proc={self.root}/proc", "chroot", self.root, *words]
        done = subprocess.run([str(w) for w in command], capture_output=True, text=True, timeout=timeout, env=env)
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(done.returncode, codes, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def archive_digests(self):
        archive = self.root / "var/lib/recto/archive"
        return {k: v for k, v in self.digest_tree(archive).items() if k.split("/")[0] in ("storage", "events", "archive.yaml")}

    def test_from_bundle_to_purge(self):
        # -- the bundle, and what it says of itself
        first = self.bundle()
        sums = subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=first, capture_output=True, text=True)
        self.assertEqual(sums.returncode, 0, sums.stdout + sums.stderr)
        sbom = json.loads((first / "recto.spdx.json").read_text("utf-8"))
        named = {p.get("packageFileName") for p in sbom["packages"]}
        for deb in (first / "packages").glob("*.deb"):
            self.assertIn(f"packages/{deb.name}", named)
        self.assertTrue({"openvino", "ppocrv6_tiny_rec.onnx", "recto", "libtesseract5"} <= {p["name"] for p in sbom["packages"]})

        # -- a damaged copy is refused before anything is touched
        victim = next((first / "packages").glob("poppler-utils_*.deb"))
        whole = victim.read_bytes()
        victim.unlink()  # its bytes may be shared with the cache
        victim.write_bytes(whole[:1000] + b"\0" + whole[1001:])
        refused = self.inside("sh", f"/media/{first.name}/install", code=1)
        self.assertIn("damaged", refused.stderr)
        self.assertFalse((self.root / "usr/bin/recto").exists())
        victim.write_bytes(whole)

        # -- installed without network and without compiler
        self.inside("sh", f"/media/{first.name}/install")
        self.inside("sh", "-c", "command -v gcc cc c++ make cmake", code=(1, 127))
        self.inside("sh", "-c", "grep -qv lo: /proc/net/dev && ! ip route get 1.1.1.1 2>/dev/null", code=0)
        for path in ("usr/share/man/man1/recto.1.gz", "usr/share/man/man1/recto-run.1.gz", "usr/share/man/zh_CN/man1/recto-run.1.gz",
                     "usr/share/bash-completion/completions/recto", "usr/share/zsh/vendor-completions/_recto", "etc/recto/recto.env",
                     "usr/share/doc/recto/copyright", "usr/lib/systemd/system/recto-night.service", "usr/lib/systemd/system/recto-night.timer"):
            self.assertTrue((self.root / path).exists(), path)
        self.inside("bash", "-n", "/usr/share/bash-completion/completions/recto")
        home = (self.root / "var/lib/recto").stat()
        self.assertNotEqual(home.st_uid, 0)
        self.assertEqual(home.st_mode & 0o777, 0o750)

        # -- fit for work: every part is there, no second libtbb
        doctor = self.inside("recto", "doctor", "--json", user=USER, code=(0, 1))
        checks = json.loads(doctor.stdout)["checks"]
        states = {c["id"]: c["state"] for c in checks}
        for part in ("models", "libraries", "tesseract", "programs"):
            self.assertEqual(states.get(part), "good", checks)
        self.assertEqual([c for c in checks if c["state"] in ("error", "missing")], [])
        self.assertIn("/usr/lib/recto", next(c["message"] for c in checks if c["id"] == "libraries"))

        # -- the sample batch, as the service user
        run = ("recto", "run", "/var/spool/scans/batch", "-o", "/var/lib/recto/archive", "--create", "--repository", "450200",
               "--catalogue", "/var/spool/scans/catalogue.csv", "--json", "--log", "/var/log/recto/recto.log")
        ran = json.loads(self.inside(*run, user=USER, code=1).stdout)
        self.assertEqual(ran["pages_failed"], 0)
        self.assertGreaterEqual(ran["pages"], 24)
        self.inside("recto", "verify", "/var/lib/recto/archive", user=USER)
        self.inside("recto", "doctor", "/var/lib/recto/archive", user=USER, code=(0, 1))
        summary = self.inside("recto", "summary", "/var/lib/recto/archive", "--last", user=USER, RECTO_LANG="zh").stdout
        self.assertIn("档案库中", summary)

        # -- the night's script: outside its window it tries again later, inside it finds everything done
        night = {"RECTO_ARCHIVE": "/var/lib/recto/archive", "RECTO_INPUT": "/var/spool/scans/batch", "RECTO_PROFILE": ""}
        self.inside("/usr/lib/recto/recto-night", user=USER, code=1, RECTO_WINDOW="00:00-24:00", **night)
        self.assertIn("recto_run_exit_code 1", (self.root / "var/lib/recto/metrics/recto.prom").read_text())
        self.inside("/usr/lib/recto/recto-night", user=USER, code=78, **{**night, "RECTO_ARCHIVE": "/var/lib/recto/none"})

        # -- the hot folder of the package, looked at once
        station = self.root / "var/spool/recto/stations/3/box"
        station.mkdir(parents=True)
        shutil.copy(next(p for p in sorted((SAMPLES / "batch").rglob("*.jpg"))), station / "001.jpg")
        for path in (station.parent, station, station / "001.jpg"):
            os.chown(path, home.st_uid, home.st_gid)
        self.inside("recto", "watch", "/var/spool/recto/stations", "-o", "/var/lib/recto/archive", "--once", user=USER, code=(0, 1))
        self.inside("recto", "verify", "/var/lib/recto/archive", user=USER)

        # -- upgrade: the archive is the same, settings that were changed stay, and a run does nothing again
        before = self.archive_digests()
        env = self.root / "etc/recto/recto.env"
        env.write_text(env.read_text().replace("RECTO_REPOSITORY=", "RECTO_REPOSITORY=450200"))
        second = self.bundle("0.99.0")
        self.inside("sh", f"/media/{second.name}/install")
        self.assertIn("0.99.0", self.inside("dpkg-query", "-W", "recto").stdout)
        self.assertIn("RECTO_REPOSITORY=450200", env.read_text())
        self.assertEqual(self.archive_digests(), before)
        again = json.loads(self.inside(*run, user=USER, code=1).stdout)
        self.assertEqual(again["pages_reused"], again["pages"])
        self.inside("recto", "verify", "/var/lib/recto/archive", user=USER)

        # -- removed, then purged: archives and their owner stay
        before = self.archive_digests()
        self.inside("dpkg", "--remove", "recto")
        self.assertFalse((self.root / "usr/bin/recto").exists())
        self.assertEqual([p for p in (self.root / "usr/lib/recto").rglob("*")] if (self.root / "usr/lib/recto").exists() else [], [])
        self.assertTrue(env.exists(), "settings stay until purge")
        purged = self.inside("dpkg", "--purge", "recto")
        self.assertIn("kept", purged.stderr)
        self.assertFalse(env.exists())
        self.assertFalse((self.root / "var/log/recto").exists())
        self.assertEqual(self.archive_digests(), before)
        self.inside("getent", "passwd", USER)


class Units(Case):
    """The units of systemd, as its own checker sees them once everything is in its place."""

    def test_systemd_finds_nothing_to_say(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        for name in ("usr/lib/recto/recto-night", "usr/bin/recto", "bin/sh", "usr/sbin/sendmail"):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\n")
            path.chmod(0o755)
        for name in ("recto-night", "recto-watch", "recto-summary", "recto-fixity"):
            # The programs named are not installed on this machine: a copy of the unit points at stand-ins.
            text = (TOP / f"deploy/systemd/{name}.service").read_text()
            text = re.sub(r"(?m)^(ExecStart(?:Post)?=)/", rf"\1{self.folder}/", text)
            text = re.sub(r"(?m)^Documentation=.*\n", "", text)
            (self.folder / f"{name}.service").write_text(text)
        for name in ("recto-night", "recto-summary", "recto-fixity"):
            shutil.copy(TOP / f"deploy/systemd/{name}.timer", self.folder)
        units = sorted([*self.folder.glob("recto-*.service"), *self.folder.glob("recto-*.timer")])
        self.assertEqual({u.name for u in units}, {u.name for u in (TOP / "deploy/systemd").iterdir()})
        checked = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, units)], capture_output=True, text=True)
        said = [line for line in (checked.stdout + checked.stderr).splitlines() if "recto" in line]
        self.assertEqual(said, [])
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_services_are_hardened_and_know_the_exit_codes(self):
        for name in ("recto-night", "recto-watch", "recto-fixity"):
            text = (TOP / f"deploy/systemd/{name}.service").read_text()
            for line in ("User=recto", "ProtectSystem=strict", "NoNewPrivileges=yes", "MemoryMax=", "CPUQuota=", "Nice=", "KillMode=mixed" if "watch" in name else "KillSignal="):
                self.assertIn(line, text, name)
            self.assertRegex(text, r"SuccessExitStatus=.*75")

    def test_the_check_of_stored_bytes_starts_as_its_unit_says(self):
        """With the settings as they are shipped, and with those of a file that is older than the unit."""
        archive = self.folder / "archive"
        common.run("init", archive, "--repository", "450200")
        text = (TOP / "deploy/systemd/recto-fixity.service").read_text().replace("\\\n", "")
        line = re.search(r"(?m)^ExecStart=/usr/bin/recto (.*)$", text)[1]
        defaults = dict(word.split("=", 1) for word in re.search(r"(?m)^Environment=(.*)$", text)[1].split())
        shipped = dict(l.split("=", 1) for l in (TOP / "deploy/etc/recto.env").read_text("utf-8").splitlines() if "=" in l and not l.startswith("#"))
        for env in (defaults | shipped, defaults, defaults | shipped | {"RECTO_FIXITY_OPTIONS": f"--copy {self.folder}/none"}):
            env |= {"RECTO_ARCHIVE": str(archive), "RECTO_WINDOW": "00:00-24:00"}
            words = []
            for word in line.split():  # as systemd does it: ${NAME} is one word, $NAME any number
                if re.fullmatch(r"\$\w+", word):
                    words += env.get(word[1:], "").split()
                else:
                    words.append(re.sub(r"\$\{(\w+)\}", lambda m: env[m[1]], word))
            done = common.run(*words)
            self.assertEqual(done.returncode, 66 if "--copy" in words else 0, done.stderr)


if __name__ == "__main__":
    common.main()
