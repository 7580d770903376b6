"""What a package holds: all that its rooms import, nothing that is for development, and it runs from wherever it stands."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from runtime.slots import main as install_slot
from tests.rigs.places import ROOT
from tools.package import screens
from tools.package.archive import write_deb, write_extra_deb
from tools.package.lock import INSTALLERS, PackageBuildError, locked, system_packages
from tools.package.products import CORE, LANE, PRODUCTS, Architecture, Product
from tools.package.tree import MODULE, build_tree, extra_paths

LOCK = (ROOT / "config/requirements.lock").read_text()
CHOSEN_BY_NAME = {"opencv-python-headless", "onnxruntime", "lgpio"}
"""Imported inside functions, or by the name of an engine."""
ROLES = {"lane", "core", "wall", "work", "voice", "long"}


def imported(product: Product) -> set[str]:
    """Distributions that the modules of its rooms import, at whatever depth."""
    names = set[str]()
    for room in product.rooms:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.split(".")[0])
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    of = packages_distributions()
    stray = names - set(sys.stdlib_module_names) - ours
    return {dist.lower().replace("_", "-") for name in stray for dist in of.get(name, ())}


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_the_package_has_the_libraries_that_its_rooms_import(product: Product) -> None:
    """A missing one is an import error at the lane; an idle one is room and attack surface."""
    needed = imported(product) - {"easyocr", "torch", "onnx", "protobuf"}
    assert needed <= set(product.libraries)
    # multipart is loaded by starlette for the page's forms, jinja2 for its templates
    assert set(product.libraries) - needed <= {"python-multipart", "jinja2", "uvicorn", *CHOSEN_BY_NAME}


def test_together_they_use_every_library_of_the_project() -> None:
    """What pyproject.toml names and no package brings is missing, or should not be named."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {line.split(">")[0].split("=")[0].split("[")[0].strip() for line in project["dependencies"]}
    assert {library for product in PRODUCTS for library in product.libraries} == named


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_the_rooms_of_a_package_import_no_room_outside_it(product: Product) -> None:
    """The import law says so for layers; here it is held for the box."""
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    for room in product.rooms:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module and (top := node.module.split(".")[0]) in ours:
                    assert top in product.rooms, f"{file}: {node.module}"


def test_nothing_for_development_comes_along() -> None:
    """Browser, compiler, linter and tests stay at home; the lane has the driver of its pins."""
    lane, core = locked(LOCK, LANE.libraries), locked(LOCK, CORE.libraries)
    brought = "".join(f"\n{locked(LOCK, product.libraries)}" for product in PRODUCTS)
    for name in ("pytest", "ruff", "mypy", "playwright", "hypothesis", *INSTALLERS):
        assert f"\n{name}==" not in brought, name
    assert "\nlgpio==0.2" in lane
    assert "\nlgpio==" not in core
    assert "--hash=sha256:" in lane


def test_a_library_that_the_lock_lacks_is_named() -> None:
    """Before anything is fetched."""
    with pytest.raises(PackageBuildError, match="not in the lock: no-such-library"):
        locked(LOCK, ["typer", "no-such-library"])


def test_every_system_package_says_who_needs_it() -> None:
    """A line without a word would be in no package and missing at every lane."""
    for line in (ROOT / "config/debian-packages.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        assert not words or set(words[1:]) & ROLES, f"add lane, core, wall, work, voice or long: {line}"
        assert set(words[1:]) <= ROLES, line
    assert "fonts-noto-cjk" in system_packages(ROOT / "config/debian-packages.txt", "lane")
    for idle in ("chromium", "mosquitto"):
        assert idle not in system_packages(ROOT / "config/debian-packages.txt", "lane")


def test_our_package_of_the_screens_or_debians_own(tmp_path: Path) -> None:
    """A box has one or the other; both could not be installed, having the same files."""
    (tmp_path / "tree").mkdir()
    file, _ = write_deb(ROOT, tmp_path / "tree", tmp_path, product=LANE, architecture=Architecture.AMD64, version="7.1")
    depends = subprocess.run(["dpkg-deb", "-f", file, "Depends"], capture_output=True, text=True, check=True).stdout
    for name in ("weston", "fonts-noto-cjk", "fonts-unifont"):
        assert f"{screens.NAME} | {name}" in depends
    assert set(screens.TAKEN) == {"libweston-10-0", "weston", "fonts-noto-cjk", "fonts-unifont"}


def _installed(*words: str) -> set[str]:
    """What config/install looks for, by its own line."""
    text = (ROOT / "config/install").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("mapfile -t wanted"))
    script = f"{line}; echo ${{wanted[@]}}"
    ran = subprocess.run(
        ["bash", "-c", script, "install", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_a_sound_server_comes_with_no_lane_that_has_no_voice(tmp_path: Path) -> None:
    """What a voice needs is suggested; apt installs suggestions of nobody's accord, and config/install leaves them out too."""
    (tmp_path / "tree").mkdir()
    file, _ = write_deb(ROOT, tmp_path / "tree", tmp_path, product=LANE, architecture=Architecture.AMD64, version="7.1")
    fields = {
        name: subprocess.run(["dpkg-deb", "-f", file, name], capture_output=True, text=True, check=True).stdout
        for name in ("Depends", "Recommends", "Suggests")
    }
    voice = system_packages(ROOT / "config/debian-packages.txt", "voice")
    assert "pulseaudio" in voice
    assert fields["Suggests"].strip() == ", ".join(voice)
    assert not [name for name in voice if name in fields["Depends"] + fields["Recommends"]]
    only_long = system_packages(ROOT / "config/debian-packages.txt", "long")
    assert "weston" in _installed()
    assert not {*voice, *only_long} & _installed()
    assert _installed("long") == _installed() | {*voice, *only_long}


def test_what_the_screens_do_not_use_is_not_depended_on() -> None:
    """Each idle name takes others along: FreeRDP alone brings FFmpeg, and EGL a compiler."""
    kept = screens.needed(
        ["libc6 (>= 2.33), libegl1, libdrm2 (>= 2)", "", "libc6 (>= 2.33), libfreerdp2-2 (>= 2.1), xkb | y"]
    )
    assert kept == ["libc6 (>= 2.33)", "libdrm2 (>= 2)", "xkb | y"]


def test_files_that_debian_has_no_more_are_an_error_and_not_a_smaller_package(tmp_path: Path) -> None:
    """A compositor without its shell would start, and show nothing."""
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/weston").touch()
    screens.take(tmp_path, tmp_path / "stage", ("usr/bin/weston",))
    assert (tmp_path / "stage/usr/bin/weston").is_file()
    with pytest.raises(PackageBuildError, match=r"no usr/lib/\*/weston/desktop-shell\.so any more"):
        screens.take(tmp_path, tmp_path / "stage", ("usr/lib/*/weston/desktop-shell.so",))


@pytest.mark.long  # the field test installs and runs it
def test_the_package_of_the_core_is_built_and_runs_from_where_it_was_put(tmp_path: Path) -> None:
    """For real: libraries by their hashes, dpkg-deb, a folder that nobody knew when it was built, and its command."""
    build_tree(ROOT, tmp_path / "tree", CORE, Architecture.AMD64, "7.1+test")
    file, size = write_deb(
        ROOT, tmp_path / "tree", tmp_path, product=CORE, architecture=Architecture.AMD64, version="7.1+test"
    )
    assert file.name == "rocars-core_7.1+test_amd64.deb"
    assert size < 80_000_000
    box = tmp_path / "box"
    subprocess.run(["dpkg-deb", "-x", file, box], check=True)
    brought = box / "opt/rocars-core/package"
    facts = json.loads((brought / "slot.json").read_text())
    assert facts["version"] == "7.1+test"
    interpreter = brought / "bin/python"
    if not interpreter.exists():  # this machine's own python is not Debian's
        interpreter.unlink()
        interpreter.symlink_to(sys.executable)
        (brought / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    assert install_slot([str(tmp_path / "elsewhere"), str(brought)]) == 0
    command = tmp_path / "elsewhere/current/bin/rocars-core"
    told = subprocess.run([command, "--help"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "rocars-core" in told.stdout, told.stderr
    missing = subprocess.run([command, "check", "--config", "none.toml"], capture_output=True, text=True, check=False)
    assert "does not exist" in missing.stderr + missing.stdout
    for place in ("lib/systemd/system/rocars-core.service", "usr/lib/sysusers.d/rocars-core.conf"):
        assert (box / place).is_file()
    assert (box / "usr/bin/rocars-core").readlink() == Path("/opt/rocars-core/current/bin/rocars-core")
    site = brought / "lib/python3.11/site-packages"
    assert "simulation" not in {path.name for path in site.iterdir()}
    libraries = [str(path) for path in site.rglob("*.so*")]
    told = subprocess.run(["readelf", "--wide", "--sections", *libraries], capture_output=True, text=True, check=True)
    assert ".dynsym" in told.stdout
    assert ".symtab" not in told.stdout


@pytest.mark.parametrize("unit", sorted((ROOT / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_the_units_start_what_the_packages_bring(unit: Path) -> None:
    """By a launcher that keeps a process at its version: the commands below /usr/bin, or `rocars-module`."""
    started = [line.split("=", 1)[1].split()[0] for line in unit.read_text().splitlines() if line.startswith("Exec")]
    ours = {program for program in started if "rocars" in program}
    names = [product.name for product in PRODUCTS]
    assert ours <= {f"/usr/bin/{name}" for name in names} | {f"/opt/{name}/current/bin/{MODULE}" for name in names}


def test_an_extra_lies_where_every_version_looks_for_it(tmp_path: Path) -> None:
    """A package beside the lane's: no version need be built anew for it, and removing it leaves none broken."""
    site = tmp_path / "site"
    site.mkdir()
    extra_paths(site)
    stage = tmp_path / "stage"
    (stage / "opt/rocars-lane/extras/easyocr").mkdir(parents=True)
    (stage / "opt/rocars-lane/extras/easyocr/an_engine.py").write_text("KIND = 'extra'\n")
    file = write_extra_deb(stage, tmp_path, name="easyocr", architecture=Architecture.ARM64, version="7.1", lane="7.0")
    listed = subprocess.run(["dpkg-deb", "-c", file], capture_output=True, text=True, check=True).stdout
    told = subprocess.run(
        ["dpkg-deb", "-f", file, "Depends", "Architecture"], capture_output=True, text=True, check=True
    )
    (place,) = (site / "rocars-extras.pth").read_text().split()
    assert f".{place}/an_engine.py" in listed
    assert "Depends: rocars-lane (>= 7.0)" in told.stdout
    assert "Architecture: arm64" in told.stdout
