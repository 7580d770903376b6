"""Hostile messages by senders who hold a valid key, a short run; `rocars-bench fuzz --signed` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.signed_fuzz import fuzz_signed, is_sound

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", [1, 2])
def test_a_lane_or_a_core_that_says_anything_ends_nobody(tmp_path: Path, seed: int) -> None:
    """Rows that cannot be read are kept, the other lane is answered all the while, the lane's journal is whole."""
    found = fuzz_signed(tmp_path, messages=6_000, seed=seed)
    assert found["troubles"] == []
    assert is_sound(found)
    assert found["quarantined"] > 300
    assert {"malformed", "foreign"} <= found["refused"]["core"].keys()
    assert {"malformed", "command_replayed"} <= found["refused"]["lane"].keys()


def test_what_went_wrong_is_told(tmp_path: Path) -> None:
    """A lane that was not answered, memory that grows."""
    good = fuzz_signed(tmp_path, messages=200, seed=3)
    grown = {"resident_mib": {"before": 80.0, "after": 200.0}}
    assert not is_sound(good | grown)
    assert not is_sound(good | {"troubles": ["the other lane was not answered"]})
