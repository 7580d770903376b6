"""`rocars-conformance`: files and options in, a line a clause and an exit status out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.conformance.cli import app
from wire.envelope import Signer, public_to_pem

COMMAND = [sys.executable, "-m", "tools.conformance"]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def files(tmp_path: Path, territory: Any) -> Path:
    """A folder with the keys of both sides, as files."""
    (tmp_path / "core-1.key").write_bytes(territory.CORE_KEY.to_pem())
    (tmp_path / "lane.pub").write_bytes(public_to_pem(territory.LANE_KEY.public))
    (tmp_path / "other.pub").write_bytes(public_to_pem(Signer.generate("other").public))
    return tmp_path


def test_a_lane_is_tested_and_what_was_found_is_written(territory: Any, files: Path) -> None:
    """One holds, one needs what was not given, which --all does not let pass; and with a wrong key all is broken."""
    with territory.own_lane() as (broker, _):
        (files / "password").write_text(broker.password("core"), encoding="utf-8")
        common = ["lane", "--broker", f"127.0.0.1:{broker.port}", "--lane", territory.LANE]
        common += ["--core-key", f"{files}/core-1.key=core-1", "--password-file", files / "password"]
        report = files / "report.json"
        held = run(*common, "--lane-pub", files / "lane.pub", "--only", "L10,L02", "--json", report, "--all")
        assert (held.returncode, held.stderr) == (1, "")
        plain = json.loads(report.read_text())
        assert {one["number"]: one["verdict"] for one in plain["clauses"]} == {"L10": "holds", "L02": "not observed"}
        assert (plain["side"], plain["counts"]["BROKEN"]) == ("lane", 0)
        assert "--through" in held.stdout
        wrong = run(*common, "--lane-pub", files / "other.pub", "--only", "L10", "--patience", 2)
        assert wrong.returncode == 1
        assert "broken: L10" in wrong.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lane",), "--lane, --core-key, --lane-pub must be given"),
        (("core", "--lane", "x"), "--lane-key, --core-pub must be given"),
    ],
)
def test_what_is_missing_is_named(words: tuple[str, ...], said: str) -> None:
    """Exit status 2, and one line."""
    found = run(*words)
    assert found.returncode == 2
    assert said in found.stderr


def test_files_brokers_and_numbers_that_are_wrong_are_named(files: Path) -> None:
    """Exit status 2, and what to look at."""
    good = ["lane", "--lane", "x", "--core-key", files / "core-1.key", "--lane-pub", files / "lane.pub"]
    for words, said in (
        ([*good, "--broker", "nowhere"], "not HOST:PORT"),
        ([*good, "--broker", "127.0.0.1:1"], "is it running"),
        ([*good, "--only", "L999"], "no clause L999"),
        ([*good, "--password-file", files / "none"], "none"),
        (["lane", "--lane", "x", "--core-key", files / "lane.pub", "--lane-pub", files / "lane.pub"], "lane.pub"),
    ):
        found = run(*words)
        assert (found.returncode, said in found.stderr) == (2, True), found


def test_the_clauses_can_be_listed_without_anything_else() -> None:
    """Number and sentence."""
    found = run("core", "--list")
    assert found.returncode == 0
    assert "C31  Over a gap nothing is acknowledged" in found.stdout
    assert app.info.help
