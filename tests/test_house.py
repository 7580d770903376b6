"""The house itself: every package is named by the import law, and documents are where the README says."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
ROOMS = sorted(path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py"))
AT_A_GLANCE = 15
"""Modules that a folder may have before a stranger needs a table of them."""


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
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
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
    assert "test: lint" in makefile
    assert "lint: install" in makefile
    assert "debian-packages.txt" in (ROOT / "config" / "install").read_text()


def named_in_table(docstring: str) -> list[str]:
    """The names in the first column of a docstring's table, in order."""
    cells = re.findall(r"^\|([^|]+)\|", docstring, re.MULTILINE)
    return [name.removesuffix("/") for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def contents(room: Path) -> set[str]:
    """The modules and packages right under a package."""
    modules = {path.stem for path in room.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in room.glob("*/__init__.py")}


def docstring_of(room: Path) -> str:
    """What a package says of itself."""
    return ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_table_of_a_package_names_each_of_its_modules_once(room: Path) -> None:
    """A stranger finds a file by what it does, and no name is stale. A large package has such a table."""
    named = named_in_table(docstring_of(room))
    if named or len(contents(room)) >= AT_A_GLANCE:
        assert sorted(named) == sorted(contents(room))


def definitions(path: Path) -> set[str]:
    """The functions, classes and constants of a file; what is in a class as `Class.name`."""
    return set(_definitions(ast.parse(path.read_text()).body, ""))


def _definitions(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield within + name
            case ast.ClassDef(name=name):
                yield within + name
                yield from _definitions(node.body, f"{within}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield within + name
            case _:
                pass


FILE = r"(?:[\w.-]+/)+[\w.-]+\.(?:py|md|json|yaml|toml|html|js|css|conf|service|rules|example)"
PLACE = re.compile(rf"`({FILE})(?::([\w.]+))?`")
PAIR = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.py)`(?:, | \()`([A-Za-z_][\w.]*)`")
FOLDER = re.compile(rf"`((?:{'|'.join((*sorted(PACKAGES), 'tests', 'docs', 'config', 'systemd'))})(?:/[\w-]+)+)/?`")
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"))
)
WALKED = ("docs/architecture.md", "docs/changes.md", "CONTRIBUTING.md")
"""Documents that lead a reader through the code by names of files."""


def astray(text: str, beside: Path = ROOT) -> list[str]:
    """The files, and what is said to be in them, that do not exist; a file is named from the root or from the document."""
    places = [*PLACE.findall(text), *PAIR.findall(text)]
    lost = [f"{file}:{name}" if name else file for file, name in places if not _there(file, name, beside)]
    return lost + [folder for folder in FOLDER.findall(text) if not (ROOT / folder).exists()]


def _there(file: str, name: str, beside: Path) -> bool:
    found = next((place / file for place in (ROOT, beside) if (place / file).is_file()), None)
    return found is not None and (not name or name in definitions(found))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_place_named_in_a_document_exists(document: str) -> None:
    """Whoever follows a truck, or a recipe, through the code arrives."""
    text = (ROOT / document).read_text(encoding="utf-8")
    assert astray(text, (ROOT / document).parent) == []
    assert PLACE.search(text) or document not in WALKED


def test_a_place_that_does_not_exist_is_found() -> None:
    """A file that is gone, a function that was renamed, a method that is another class' own, and a pair of file and name."""
    walk = "`edge/nowhere.py`, `lane_agent/step.py:stride`, `lane_agent/agent.py:Agent.step`, `lane_agent/step.py:step`"
    assert astray(walk) == ["edge/nowhere.py", "lane_agent/step.py:stride", "lane_agent/agent.py:Agent.step"]
    assert astray("`docs/asyncapi.yaml`, `schemas/plate.json`", ROOT / "docs") == ["docs/asyncapi.yaml"]
    assert astray("`tests/torture`, `tests/tools/torture`, `docs/schemas/`, `lane/sbc-in-07`") == ["tests/torture"]
    assert astray("`wire/topics.py`, `LOG` and `edge/settings/rules.py`, `_optional_contacts`") == [
        "edge/settings/rules.py:_optional_contacts"
    ]


ANCHORED = re.compile(r"\]\(([^)#]*)#([^)]+)\)")


def test_links_into_a_document_lead_to_a_heading() -> None:
    """A heading that was renamed is found by nobody who follows the link."""
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        for file, anchor in ANCHORED.findall(text):
            target = (ROOT / document).parent / file if file else ROOT / document
            if target.suffix == ".md":
                assert anchor in anchors(target.read_text(encoding="utf-8")), f"{document}: {file}#{anchor}"


def anchors(text: str) -> set[str]:
    """The anchors of a text's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


MIRRORED = {"OfficerCorrected", "PlateSettled", "When"}
"""What one side writes and another reads that must not know it: a row of a lane's journal at the core, and in the contract."""


def test_no_public_class_name_stands_twice() -> None:
    """A name that has two meanings must be looked up each time it is read."""
    found: dict[str, list[str]] = {}
    for file in sorted(ROOT.glob("*/**/*.py")):
        if file.relative_to(ROOT).parts[0] in {"tests", ".venv", ".venvs", "build"}:
            continue
        for name in re.findall(r"^class ([A-Z]\w*)", file.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(name, []).append(file.relative_to(ROOT).as_posix())
    assert {name: files for name, files in found.items() if len(files) > 1 and name not in MIRRORED} == {}
