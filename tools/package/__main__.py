"""`python -m tools.package`: builds the Debian packages into build/deb. Needs a network for wheels not yet in uv's cache."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from tools.package import screens
from tools.package.archive import LEVEL, write_deb, write_extra_deb, write_screens_deb
from tools.package.extra import build_extra
from tools.package.lock import PackageBuildError
from tools.package.products import PRODUCTS, Architecture, Product
from tools.package.tree import EXTRAS, build_tree

ROOT = Path(__file__).resolve().parents[2]
_LOOSE = 1


def version() -> str:
    """The project's number; between two releases with the number of commits and the commit, so that newer is higher."""
    number = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
    if f"v{number}" in _git("tag", "--points-at", "HEAD").split():
        return number
    count, commit = _git("rev-list", "--count", "HEAD").strip(), _git("rev-parse", "--short=8", "HEAD").strip()
    return f"{number}+git{count}.{commit}" if count else number


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False).stdout


def main(arguments: list[str]) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__)
    parser.add_argument("--arch", choices=[each.value for each in Architecture], action="append")
    parser.add_argument("--product", choices=[*(each.name for each in PRODUCTS), screens.NAME], action="append")
    parser.add_argument("--extra", choices=EXTRAS, help="build the package of this extra instead")
    parser.add_argument("--version", default="", help="instead of the project's own")
    parser.add_argument(
        "--quick", action="store_true", help="pack loosely: for packages that are tried and thrown away"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build/deb")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    number = asked.version or version()
    level = _LOOSE if asked.quick else LEVEL
    try:
        for architecture in [Architecture(each) for each in asked.arch or ["amd64", "arm64"]]:
            if asked.extra:
                _extra(asked.extra, asked.out, architecture, number, level)
                continue
            for product in PRODUCTS:
                if not asked.product or product.name in asked.product:
                    _package(product, asked.out, architecture, number, level)
            if not asked.product or screens.NAME in asked.product:
                _screens(asked.out, architecture, number, level)
    except PackageBuildError as error:
        sys.stderr.write(f"package: {error}\n")
        return 1
    return 0


def _package(product: Product, out: Path, architecture: Architecture, number: str, level: int) -> None:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as work:
        tree = Path(work) / "tree"
        build_tree(ROOT, tree, product, architecture, number)
        file, size = write_deb(ROOT, tree, out, product=product, architecture=architecture, version=number, level=level)
    _say(file, size, begun)


def _extra(name: str, out: Path, architecture: Architecture, number: str, level: int) -> None:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as work:
        stage = Path(work) / "stage"
        size = build_extra(ROOT, stage, name, architecture)
        file = write_extra_deb(
            stage, out, name=name, architecture=architecture, version=number, lane=number, level=level
        )
    _say(file, size, begun)


def _screens(out: Path, architecture: Architecture, number: str, level: int) -> None:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as work:
        stage = Path(work) / "stage"
        fields = screens.build_screens(stage, ROOT / "build/debian", architecture)
        file, size = write_screens_deb(stage, out, fields, architecture=architecture, version=number, level=level)
    _say(file, size, begun)


def _say(file: Path, size: int, begun: float) -> None:
    packed = file.stat().st_size / 1e6
    took = time.monotonic() - begun
    sys.stdout.write(f"package: {file} {packed:.0f} MB, installed {size / 1e6:.0f} MB, {took:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
