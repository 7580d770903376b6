"""The clean Debian 12 that every machine of the field starts from, and what this machine must have for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "config" / "field-packages.txt"
INCLUDED = ("systemd", "systemd-sysv", "dbus", "udev", "iproute2", "ca-certificates", "libpam-systemd")
"""Above Debian's smallest variant, so that a dependency which the package forgets is missing and not there by chance."""
_MIRROR = "http://deb.debian.org/debian"
_CERTIFICATES = Path("/usr/local/share/ca-certificates")


class CannotHere(Exception):  # noqa: N818 - a condition of this machine, not an error of the lane
    """This machine cannot run the field test; the text is the reason that the report gives."""


def wanted_packages(text: str) -> list[str]:
    """The names in a list of packages: one a line, remarks after #."""
    return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]


def install_tools(listed: Path = PACKAGES) -> None:
    """Installs what the outside machine lacks.

    Args:
        listed: the list of packages.

    Raises:
        CannotHere: they cannot be installed.
    """
    missing = [name for name in wanted_packages(listed.read_text(encoding="utf-8")) if not _installed(name)]
    if not missing:
        return
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=400", "-qq", "-y"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["--no-install-recommends", "install", *missing]):
        ran = subprocess.run([*apt, *words], capture_output=True, text=True, check=False, env=environment)
        if ran.returncode:
            raise CannotHere(f"missing Debian packages ({' '.join(missing)}): {ran.stderr.strip()[-300:]}")


def _installed(name: str) -> bool:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == "installed"


def check_permissions() -> None:
    """Tries what the machines need: root, mounts, an overlay, network namespaces.

    Raises:
        CannotHere: one is refused here.
    """
    if os.geteuid() != 0:
        raise CannotHere("not root: mounts and network namespaces need it")
    name = f"rocars-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        raise CannotHere(f"no network namespaces: {made.stderr.strip()}")
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    with tempfile.TemporaryDirectory(prefix=name, dir=_scratch()) as spare:
        parts = [Path(spare, part) for part in ("lower", "upper", "work", "root")]
        for part in parts:
            part.mkdir()
        layers = f"lowerdir={parts[0]},upperdir={parts[1]},workdir={parts[2]}"
        mounted = subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", layers, parts[3]], capture_output=True, text=True, check=False
        )
        if mounted.returncode:
            raise CannotHere(f"no overlay mounts: {mounted.stderr.strip()}")
        subprocess.run(["umount", parts[3]], check=True)


def _scratch() -> Path:
    folder = ROOT / "build" / "field"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache() -> Path:
    """Where the clean root is kept between runs, as a tar file: `ROCARS_FIELD_CACHE`, or build/field."""
    return Path(os.environ.get("ROCARS_FIELD_CACHE", _scratch()))


def clean_root(into: Path) -> bool:
    """Puts the clean Debian into the folder `into`; whether it came out of the cache.

    Raises:
        CannotHere: Debian's mirror cannot be reached and nothing is cached.
    """
    kept = cache() / f"debian-12-{'-'.join(INCLUDED)}.tar"
    fresh = kept.exists() and kept.stat().st_size > 0
    into.mkdir(parents=True)
    if fresh:
        subprocess.run(["tar", "-C", into, "--numeric-owner", "-xf", kept], check=True)
        return True
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(INCLUDED)}", "bookworm", into, _MIRROR],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise CannotHere(f"debootstrap: {made.stdout.strip()[-300:]} {made.stderr.strip()[-300:]}")
    for package in (into / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    subprocess.run(["tar", "-C", into, "--numeric-owner", "--xattrs", "-cf", part, "."], check=True)
    part.replace(kept)
    return False


def lend_mirror(root: Path) -> None:
    """Gives a root what it needs to reach the mirror as this machine does: name server, sources, own authorities.

    And for a test that is thrown away, dpkg waits for no disk.
    """
    (root / "etc/dpkg/dpkg.cfg.d/field").write_text("force-unsafe-io\n", encoding="ascii")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    sources = f"deb {_MIRROR} bookworm main\ndeb {_MIRROR} bookworm-updates main\n"
    sources += "deb http://deb.debian.org/debian-security bookworm-security main\n"
    (root / "etc/apt/sources.list").write_text(sources, encoding="ascii")
    if _CERTIFICATES.is_dir():
        shutil.copytree(_CERTIFICATES, root / "usr/local/share/ca-certificates", dirs_exist_ok=True)
