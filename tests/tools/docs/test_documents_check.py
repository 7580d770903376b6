"""`python -m tools.docs.pages`: pages that differ are named, and a contract is not changed without a new version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.rigs.places import ROOT
from tools.docs import pages as documents


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed pages, in a folder of its own."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("pictures", "screens"))
    (tmp_path / "config").mkdir()
    shutil.copy(ROOT / "config/rocars.catalog", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "docs"


def test_the_committed_pages_are_what_the_source_gives(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said, and status 0."""
    assert docs.is_dir()
    assert documents.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_page_that_was_changed_by_hand_is_named(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And so is a schema that belongs to no message."""
    (docs / "conformance.md").write_text("by hand")
    (docs / "../config/rocars.catalog").write_text("by hand")
    (docs / "schemas/wish.json").write_text("{}")
    assert documents.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "docs/conformance.md differs from what the source makes" in said
    assert "docs/schemas/wish.json differs" in said
    assert "config/rocars.catalog differs" in said


def test_a_change_of_the_contract_without_a_new_version_is_not_written(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The committed contract had a field less: the types have grown one, and the number is the same."""
    path = docs / "schemas/heartbeat.json"
    schema = json.loads(path.read_text())
    del schema["properties"]["core_ms"]
    path.write_text(json.dumps(schema))
    before = path.read_text()
    assert documents.main([]) == 1
    said = capsys.readouterr().out
    assert "heartbeat.core_ms: is new" in said
    assert "P2" in said
    assert "raise the middle number" in said
    assert path.read_text() == before


@pytest.mark.long
def test_without_a_committed_contract_it_is_written_whole(docs: Path) -> None:
    """The first time."""
    shutil.rmtree(docs / "schemas")
    (docs / "asyncapi.json").unlink()
    assert documents.main([]) == 0
    assert documents.main(["--check"]) == 0
