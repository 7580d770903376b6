"""The link's benchmarks, tiny: what they measure is what they say, and the floors do the same work."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sync.link import Limits
from sync.store import LaneStore
from tools.bench.cli import app
from tools.bench.fuzz import fuzz, is_well
from tools.bench.link.cuts import KINDS, measure_cuts
from tools.bench.link.delta import measure_delta
from tools.bench.link.lists import bare, measure_curve, measure_snapshot, plain_curve
from tools.bench.storm import measure
from wire.envelope import KeyRing

pytestmark = pytest.mark.long


def test_a_snapshot_stands_beside_a_bare_insert(tmp_path: Path) -> None:
    """Loaded, inserted and hashed as often; the list is in the store afterwards."""
    lines, once = measure_snapshot(tmp_path, 200, 2)
    assert [line.measured.samples for line in lines] == [2, 2]
    assert all(line.measured.p50_us > 0 and line.floor.p50_us > 0 for line in lines)
    assert once["longest_part_ms"] > 0
    with LaneStore(tmp_path / "ours-1.db") as store:
        assert store.connection.execute("SELECT count(*) FROM codes").fetchone()[0] == 200


def test_the_floor_has_the_table_of_the_store(tmp_path: Path) -> None:
    """Same columns, key and index, so that both write the same pages."""
    sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_info('codes')"
    index = "SELECT name FROM pragma_index_info('codes_by_mark')"
    with LaneStore(tmp_path / "ours.db") as store, bare(tmp_path / "bare.db") as floor:
        assert store.connection.execute(sql).fetchall() == floor.execute(sql).fetchall()
        assert store.connection.execute(index).fetchall() == floor.execute(index).fetchall()


def test_a_delta_is_measured_for_every_length_of_the_list(tmp_path: Path) -> None:
    """One figure a size, each beside the floor."""
    floor, curve = measure_curve(tmp_path, (10, 100))
    found = plain_curve(floor, curve)
    assert list(found["by_codes"]) == ["10", "100"]
    assert all(each["x_floor"] > 0 for each in found["by_codes"].values())


def test_a_delta_is_usable_at_a_real_lane(tmp_path: Path) -> None:
    """Through a broker, into the store, to the lookup; the floor over the same broker."""
    line, before = measure_delta(tmp_path, 50, 5)
    assert line.measured.samples == line.floor.samples == before.samples == 5


def test_cuts_lead_to_manual_mode_and_back(tmp_path: Path) -> None:
    """One of each kind; manual comes after freshness was lost, and the lane comes back."""
    limits = Limits(nonce_ms=150, fresh_ms=600, offline_ms=1_000, silence_ms=500)
    found = measure_cuts(tmp_path, cuts=1, lanes=1, limits=limits)
    assert set(found["kinds"]) == set(KINDS)
    for kind in found["kinds"].values():
        assert kind["cuts"] == 1
        assert 0 < kind["not_fresh_ms"]["min"] <= kind["manual_ms"]["min"]
        assert kind["back_ms"]["min"] > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_messages_are_all_refused_and_counted(tmp_path: Path, seed: int) -> None:
    """20,000 of them in all; nothing is done, nothing crashes, memory stays flat."""
    found = fuzz(tmp_path, messages=10_000, seed=seed)
    assert found["acted"] == []
    assert found["refused"] == 10_000
    assert {"bad_signature", "malformed", "not_an_envelope", "unknown_key"} <= set(found["reasons"]["core"])
    assert {"command_from_before_start", "proof_unasked", "ack_beyond"} <= set(found["reasons"]["lane"])
    assert is_well(found)


def test_readers_that_believe_any_signature_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lane and core, spoilt so: the run tells what each of them did."""
    monkeypatch.setattr(KeyRing, "check", lambda *_, **__: None)
    found = fuzz(tmp_path, messages=2_000, seed=1)
    assert not is_well(found)
    assert {what.partition(":")[0] for what in found["acted"]} >= {"lane", "core"}


def test_what_was_not_refused_or_was_acted_on_is_not_well() -> None:
    """The verdict of a run."""
    good = {"messages": 2, "refused": 2, "acted": [], "resident_mib": {"before": 50, "after": 51}}
    assert is_well(good)
    for spoilt in ({"refused": 1}, {"acted": ["told"]}, {"resident_mib": {"before": 50, "after": 90}}):
        assert not is_well(good | spoilt)


def test_lanes_come_back_after_their_broker(tmp_path: Path) -> None:
    """All are fresh again by new proofs, and what they cost is told apart."""
    found = asyncio.run(measure(tmp_path, lanes=4, point=2, seconds=0.5, patience_s=60))
    assert found["point_at_rest"]["lanes"] == found["point_connects"]["fresh"] == 2
    assert found["all_come_back"]["fresh"] == 4
    assert found["all_come_back"]["late"] == 0
    assert found["all_at_rest"]["lanes_ms_a_second_a_lane"] > 0


def test_the_command_writes_its_figures(tmp_path: Path) -> None:
    """`--only` says what is measured, `--json` where it is written; another word is refused."""
    out = tmp_path / "figures.json"
    options = ["link", "--only", "snapshot", "--codes", "50", "--rounds", "1", "--folder", str(tmp_path)]
    assert CliRunner().invoke(app, [*options, "--json", str(out)]).exit_code == 0
    assert set(json.loads(out.read_text(encoding="utf-8"))) == {"snapshot", "machine"}
    assert CliRunner().invoke(app, ["link", "--only", "weather"]).exit_code == 2
