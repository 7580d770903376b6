"""A version, its units, users, rules and scripts as a .deb, by Debian's own `dpkg-deb`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.package.lock import PackageBuildError, system_packages
from tools.package.products import LANE, Architecture, Product
from tools.package.screens import NAME as SCREENS
from tools.package.screens import TAKEN

_SCRIPTS = Path(__file__).parent / "scripts"
LEVEL = 12
"""How hard zstd tries for a package that travels to a site."""
_MAINTAINER = "The ROCARS Lane founders <rocars@invalid>"
_PLACES = (
    (".service", "lib/systemd/system"),
    (".target", "lib/systemd/system"),
    (".sysusers.conf", "usr/lib/sysusers.d"),
    (".tmpfiles.conf", "usr/lib/tmpfiles.d"),
    (".rules", "lib/udev/rules.d"),
)
SHARED_USERS = "rocars-lane.sysusers.conf"
"""The users of all products are in one file; each package brings it under its own name."""


def write_deb(
    root: Path, tree: Path, out: Path, *, product: Product, architecture: Architecture, version: str, level: int = LEVEL
) -> tuple[Path, int]:
    """Writes the package.

    Args:
        root: of the repository.
        tree: made by `tools.package.tree.build_tree`.
        out: an existing folder.
        product: what it is.
        architecture: for which machines.
        version: as Debian compares it.
        level: how hard zstd tries, 1 to 19.

    Returns:
        The file, and the bytes that it takes when it is installed.

    Raises:
        PackageBuildError: `dpkg-deb` refuses it; its own words.
    """
    stage = tree.parent / f"{product.name}-{architecture.value}"
    place = stage / "opt" / product.name / "package"
    place.parent.mkdir(parents=True)
    tree.rename(place)
    _system_files(root, stage, product)
    _documents(root, stage, product)
    link = stage / "usr/bin" / product.name
    link.parent.mkdir(parents=True)
    link.symlink_to(f"/opt/{product.name}/current/bin/{product.name}")
    size = sum(path.lstat().st_size for path in stage.rglob("*") if path.is_file() and not path.is_symlink())
    depends = [
        "python3.11",
        "systemd",
        "udev",
        "systemd-timesyncd | time-daemon",
        *(
            f"{SCREENS} | {name}" if name in TAKEN else name
            for name in system_packages(root / "config/debian-packages.txt", product.role)
        ),
    ]
    voice = system_packages(root / "config/debian-packages.txt", "voice") if product is LANE else []
    suggests = {"Suggests": ", ".join(voice)} if voice else {}
    fields = {
        "Package": product.name,
        "Version": version,
        "Architecture": architecture.value,
        "Maintainer": _MAINTAINER,
        "Installed-Size": str(size // 1024),
        "Depends": ", ".join(depends),
        **suggests,
        "Section": "misc",
        "Priority": "optional",
        "Description": product.says,
    }
    return _deb(stage, out, fields, product.name, level), size


def write_extra_deb(
    stage: Path, out: Path, *, name: str, architecture: Architecture, version: str, lane: str, level: int = LEVEL
) -> Path:
    """Writes the package of an extra, which stands beside the versions of the lane and is seen by all of them.

    Args:
        stage: holds opt/rocars-lane/extras/NAME.
        out: an existing folder.
        name: of the extra.
        architecture: for which machines.
        version: as Debian compares it.
        lane: the version of the lane whose libraries it was resolved with.
        level: how hard zstd tries, 1 to 19.

    Raises:
        PackageBuildError: `dpkg-deb` refuses it.
    """
    size = sum(path.lstat().st_size for path in stage.rglob("*") if path.is_file())
    fields = {
        "Package": f"rocars-lane-{name}",
        "Version": version,
        "Architecture": architecture.value,
        "Maintainer": _MAINTAINER,
        "Installed-Size": str(size // 1024),
        "Depends": f"rocars-lane (>= {lane})",
        "Section": "misc",
        "Priority": "optional",
        "Description": f"the engine {name} for the plate reader of rocars-lane",
    }
    return _deb(stage, out, fields, None, level)


def write_screens_deb(
    stage: Path, out: Path, fields: dict[str, str], *, architecture: Architecture, version: str, level: int = LEVEL
) -> tuple[Path, int]:
    """Writes `rocars-screens`.

    Args:
        stage: its files.
        out: an existing folder.
        fields: what `tools.package.screens.build_screens` says of it.
        architecture: for which machines.
        version: as Debian compares it.
        level: how hard zstd tries, 1 to 19.

    Returns:
        The file, and the bytes that it takes when it is installed.

    Raises:
        PackageBuildError: `dpkg-deb` refuses it.
    """
    size = sum(path.lstat().st_size for path in stage.rglob("*") if path.is_file() and not path.is_symlink())
    own = {
        "Package": SCREENS,
        "Version": version,
        "Architecture": architecture.value,
        "Maintainer": _MAINTAINER,
        "Installed-Size": str(size // 1024),
        "Section": "misc",
        "Priority": "optional",
    }
    control = stage / "DEBIAN"
    control.mkdir()
    (control / "triggers").write_text("activate-noawait ldconfig\n")
    return _deb(stage, out, own | fields, None, level), size


def _deb(stage: Path, out: Path, fields: dict[str, str], scripts: str | None, level: int = LEVEL) -> Path:
    control = stage / "DEBIAN"
    control.mkdir(exist_ok=True)
    (control / "control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
    if scripts is not None:
        for script in sorted(_SCRIPTS.iterdir()):
            text = script.read_text(encoding="utf-8").replace("@PRODUCT@", scripts)
            (control / script.name).write_text(text)
            (control / script.name).chmod(0o755)
    _open_to_all(stage)
    file = out / f"{fields['Package']}_{fields['Version']}_{fields['Architecture']}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", f"-z{level}", "--build", str(stage), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageBuildError(done.stderr.strip())
    shutil.rmtree(stage)
    return file


def _system_files(root: Path, stage: Path, product: Product) -> None:
    files = {file for pattern in product.units for file in (root / "systemd").glob(pattern) if file.is_file()}
    for file in sorted(files | {root / "systemd" / SHARED_USERS}):
        end, place = next((end, place) for end, place in _PLACES if file.name.endswith(end))
        name = f"{product.name}.conf" if end.endswith(".conf") else file.name
        (stage / place).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, stage / place / name)
    catalog = stage / "usr/lib/systemd/catalog"  # what `journalctl -x` says beside a line of ours
    catalog.mkdir(parents=True)
    shutil.copyfile(root / "config/rocars.catalog", catalog / f"{product.name}.catalog")


def _documents(root: Path, stage: Path, product: Product) -> None:
    folder = stage / "usr/share/doc" / product.name
    (folder / "examples").mkdir(parents=True)
    for file in sorted((root / "docs").glob("*.md")):
        shutil.copyfile(file, folder / file.name)
    shutil.copyfile(root / "CHANGELOG.md", folder / "CHANGELOG.md")
    shutil.copyfile(root / "LICENSE", folder / "copyright")
    for name in product.examples:
        shutil.copyfile(root / "config" / name, folder / "examples" / name)


def _open_to_all(stage: Path) -> None:
    """Whatever the builder's umask was: everybody reads, the owner alone writes, what could be run still can be."""
    for path in [stage, *stage.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (path.stat().st_mode & 0o111) else 0o644)
