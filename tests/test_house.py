"""The house itself: every package is named by the import law, and documents are where the README says."""

from __future__ import annotations

import re
import tomllib

from tests.rigs.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}


def test_every_package_is_under_the_import_law() -> None:
    """A package that import-linter does not know could import anything."""
    assert set(PROJECT["importlinter"]["root_packages"]) == PACKAGES
    layers = " | ".join(PROJECT["importlinter"]["contracts"][0]["layers"])
    assert set(layers.split(" | ")) == PACKAGES


def test_the_import_law_has_one_exception() -> None:
    """The lane's shell may run a loop; nothing else is excused."""
    excused = [pair for contract in PROJECT["importlinter"]["contracts"] for pair in contract.get("ignore_imports", ())]
    assert excused == ["lane_agent.agent -> asyncio"]


def test_every_package_is_type_checked_and_shipped() -> None:
    """A package that mypy does not know is checked by nobody; one the wheel does not know is missing on the box."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "packages"
    ]
    assert set(PROJECT["mypy"]["packages"]) == PACKAGES
    assert set(wheel) >= PACKAGES


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
    """A missing install step cannot hide: both targets depend on the same script."""
    makefile = (ROOT / "Makefile").read_text()
    assert "demo: install" in makefile
    assert "test: install" in makefile
    assert "debian-packages.txt" in (ROOT / "config" / "install").read_text()
