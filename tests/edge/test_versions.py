"""`rocars-lane slots`: the versions of a box, and the way back with everything that was recorded."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.settings.load import parse
from runtime.slots import SlotError, SlotRoot
from runtime.versions import StoreForm, go_back, print_versions
from sync.schema import LANE_SCHEMA
from sync.store import LaneStore

NEWEST = len(LANE_SCHEMA.migrations)


def brought(folder: Path, version: str, *, schema: int) -> Path:
    """A version as a package brings it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    (folder / "slot.json").write_text(
        json.dumps({"version": version, "build": version, "schema": schema, "trial": ["json"]})
    )
    return folder


@pytest.fixture
def root(tmp_path: Path) -> SlotRoot:
    """A box that was upgraded once; the older version knows one form of the store less."""
    slots = SlotRoot(tmp_path / "opt")
    slots.install(brought(tmp_path / "old", "1.0", schema=NEWEST))
    slots.install(brought(tmp_path / "new", "2.0", schema=NEWEST + 1))
    return slots


def written_by_newer(store: Path, *, least: int) -> None:
    """The store as a version with one more migration leaves it."""
    LaneStore(store).close()
    with sqlite3.connect(store) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
        connection.execute("UPDATE opens_from SET schema = ?", (least,))
    connection.close()


def told(root: SlotRoot, lane_folder: object, **options: object) -> list[str]:
    """What the way back says."""
    said = list[str]()
    given = {"to": "", "restart": False} | options
    store = StoreForm.of_file(parse(lane_folder.file).lane.store)  # type: ignore[attr-defined]
    go_back(root, store, service="rocars-lane", say=said.append, **given)  # type: ignore[arg-type]
    return said


def test_the_way_back_takes_the_store_along(root: SlotRoot, lane_folder: object) -> None:
    """The newer version only added: the older one opens the very same file."""
    store = lane_folder.folder / "demo/lane.db"  # type: ignore[attr-defined]
    written_by_newer(store, least=NEWEST)
    assert "version 1.0 is current" in told(root, lane_folder)[0]
    assert root.current == "1.0"
    with LaneStore(store) as opened:
        assert opened.journal_id
    assert "version 2.0 is current" in told(root, lane_folder)[0]


def test_there_is_no_way_back_to_what_cannot_read_the_store(root: SlotRoot, lane_folder: object) -> None:
    """Said before anything is switched: a lane that cannot open its store would stand in manual mode."""
    written_by_newer(lane_folder.folder / "demo/lane.db", least=NEWEST + 1)  # type: ignore[attr-defined]
    with pytest.raises(SlotError, match=r"version 1\.0 knows the store's form .* Nothing was switched"):
        told(root, lane_folder)
    assert root.current == "2.0"


def test_a_box_with_one_version_has_no_way_back(tmp_path: Path, lane_folder: object) -> None:
    """And a version that is not there, or current already, is named."""
    slots = SlotRoot(tmp_path / "one")
    slots.install(brought(tmp_path / "only", "1.0", schema=NEWEST))
    with pytest.raises(SlotError, match="no version before this one"):
        told(slots, lane_folder)
    with pytest.raises(SlotError, match="is the current one already"):
        told(slots, lane_folder, to="1.0")
    with pytest.raises(SlotError, match="no version of this software is there"):
        told(slots, lane_folder, to="0.9")


def test_the_list_says_which_is_which(root: SlotRoot) -> None:
    """One line each."""
    said = list[str]()
    print_versions(root, said.append)
    assert said == ["1.0  previous", "2.0  current"]


def test_a_checkout_says_so(lane_folder: object) -> None:
    """Both commands; in development there is one version."""
    for words in (["slots"], ["slots", "back", "--config", str(lane_folder.file)]):  # type: ignore[attr-defined]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 1
        assert "no version that a package put in place" in result.output
