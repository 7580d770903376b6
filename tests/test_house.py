"""The house itself: every package is named by the import law, and documents are where the README says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def known_packages() -> set[str]:
    """The packages that the import law names: the product."""
    return set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"])


def test_all_of_the_product_is_type_checked() -> None:
    """A package that mypy does not know is checked by nobody."""
    checked = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"])
    assert known_packages() <= checked


def test_every_package_is_under_the_import_law() -> None:
    """A package that import-linter does not know could import anything."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - known_packages() == {
        "bench",
        "training",
    }  # not part of the product; nothing of it may import them


def test_the_product_imports_neither_bench_nor_training() -> None:
    """What measures and what trains stays outside the box."""
    product = [path for name in known_packages() for path in (ROOT / name).rglob("*.py")]
    guilty = [
        str(path)
        for path in product
        if re.search(r"^\s*(from|import) (bench|training)\b", path.read_text(), re.MULTILINE)
    ]
    assert guilty == []


def test_links_of_the_documents_lead_somewhere() -> None:
    """A stranger who follows a link finds a file."""
    documents = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
    broken = [
        f"{document.name}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def test_both_readme_commands_use_the_one_list_of_system_packages() -> None:
    """A missing install step can not hide: both targets depend on the same script."""
    makefile = (ROOT / "Makefile").read_text()
    assert "demo: install" in makefile
    assert "test: install" in makefile
    assert "debian-packages.txt" in (ROOT / "config" / "install").read_text()
