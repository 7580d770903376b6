"""Evidence pictures: on the medium under the hash of their bytes, kept as long as the policy says and no row needs them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.store_errors import StoreDamagedError, StoreFullError, StoreMediumError
from sync.evidence import Evidence, Pruned, Retention, named

DAY = 24 * 3_600_000
HOUR = 3_600_000


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        """UTC milliseconds."""
        return self.ms


@pytest.fixture
def clock() -> Clock:
    """Some day in 2027."""
    return Clock()


@pytest.fixture
def evidence(tmp_path: Path, clock: Clock) -> Evidence:
    """Ordinary visits a day and 1,000 bytes, those sent to the compound ten days."""
    classes = {"ordinary": Retention(DAY, 1_000), "examined": Retention(10 * DAY, 100_000)}
    return Evidence(tmp_path / "evidence", classes, now_ms=clock)


def none() -> frozenset[str]:
    """Everything is acknowledged."""
    return frozenset()


def test_a_picture_is_named_by_its_bytes(evidence: Evidence) -> None:
    """The name is the SHA-256, and brings the same bytes back; nothing unfinished is left."""
    name = evidence.put(b"picture", kind="ordinary")
    assert name == hashlib.sha256(b"picture").hexdigest()
    assert evidence.get(name) == b"picture"
    place = evidence.path(name)
    assert place is not None
    assert [file.name for file in place.parent.iterdir()] == [name]
    assert evidence.size("ordinary") == 7


def test_pictures_outlive_a_restart(evidence: Evidence, clock: Clock) -> None:
    """Opening the folder again finds them."""
    name = evidence.put(b"picture", kind="ordinary")
    again = Evidence(evidence.folder, {"ordinary": Retention(DAY, 1_000)}, now_ms=clock)
    assert again.get(name) == b"picture"


def test_an_unknown_class_is_refused(evidence: Evidence) -> None:
    """A picture without a policy would be kept for ever."""
    with pytest.raises(KeyError):
        evidence.put(b"picture", kind="unheard of")
    with pytest.raises(KeyError):
        evidence.reclass(evidence.put(b"picture", kind="ordinary"), "unheard of")


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "0" * 64, "A" * 64, "0" * 64 + "\n"])
def test_a_name_from_outside_leads_nowhere_else(evidence: Evidence, name: str) -> None:
    """Only a hash is looked for, and only in the folder."""
    assert evidence.path(name) is None
    with pytest.raises(FileNotFoundError, match="pruned"):
        evidence.get(name)


def test_a_changed_picture_is_not_shown_as_evidence(evidence: Evidence) -> None:
    """Reading checks the bytes against the name; writing the picture again puts it right."""
    name = evidence.put(b"picture", kind="ordinary")
    place = evidence.path(name)
    assert place is not None
    place.write_bytes(b"pictura")
    with pytest.raises(StoreDamagedError, match="keep it"):
        evidence.get(name)
    evidence.put(b"picture", kind="ordinary")
    assert evidence.get(name) == b"picture"


def test_a_picture_may_move_to_a_class_that_keeps_it_longer(evidence: Evidence, clock: Clock) -> None:
    """When the visit turns out to matter; put again later, it stays there."""
    name = evidence.put(b"picture", kind="ordinary")
    evidence.reclass(name, "examined")
    evidence.put(b"picture", kind="ordinary")
    assert (evidence.size("ordinary"), evidence.size("examined")) == (0, 7)
    clock.ms += 5 * DAY
    assert evidence.prune(none) == Pruned(0, 0, ())
    assert evidence.get(name) == b"picture"
    with pytest.raises(FileNotFoundError):
        evidence.reclass("0" * 64, "examined")


def test_pictures_go_by_age(evidence: Evidence, clock: Clock) -> None:
    """Each class by its own policy; one that was put again counts from then."""
    old = [evidence.put(bytes([n]), kind="ordinary") for n in range(3)]
    kept = evidence.put(b"examined", kind="examined")
    clock.ms += DAY - HOUR
    evidence.put(bytes([0]), kind="ordinary")
    clock.ms += 2 * HOUR
    assert evidence.prune(none) == Pruned(2, 2, ())
    assert [evidence.path(name) is not None for name in (*old, kept)] == [True, False, False, True]


def test_pictures_go_by_budget_oldest_first(evidence: Evidence, clock: Clock) -> None:
    """As many as it takes to come under the budget, and no more."""
    names = []
    for n in range(6):
        names.append(evidence.put(bytes([n]) * 300, kind="ordinary"))
        clock.ms += HOUR
    assert evidence.prune(none) == Pruned(3, 900, ())
    assert [evidence.path(name) is not None for name in names] == [False, False, False, True, True, True]


def test_what_the_core_does_not_have_yet_is_kept(evidence: Evidence, clock: Clock) -> None:
    """Pictures named by unacknowledged rows stay, past age and budget; that they do is said."""
    names = [evidence.put(bytes([n]) * 600, kind="ordinary") for n in range(3)]
    clock.ms += 2 * DAY
    bodies = [f'{{"evidence":["{names[0]}","{names[1]}"]}}'.encode(), b"{}"]
    assert evidence.prune(lambda: named(bodies)) == Pruned(1, 600, ("ordinary",))
    assert [evidence.path(name) is not None for name in names] == [True, True, False]
    assert evidence.prune(none) == Pruned(2, 1_200, ())


def test_a_picture_put_again_while_pruning_stays(evidence: Evidence, clock: Clock) -> None:
    """Between choosing and taking away another visit may bring the very same bytes, or move them: they are kept."""
    again, moved = evidence.put(b"again", kind="ordinary"), evidence.put(b"moved", kind="ordinary")
    clock.ms += 2 * DAY

    def meanwhile() -> frozenset[str]:
        evidence.put(b"again", kind="ordinary")
        evidence.reclass(moved, "examined")
        return frozenset()

    assert evidence.prune(meanwhile) == Pruned(0, 0, ())
    assert (evidence.get(again), evidence.get(moved)) == (b"again", b"moved")


def test_names_are_found_in_any_body() -> None:
    """Every 64 hexadecimal digits that stand alone; a longer string is something else."""
    one, two = "ab" * 32, "01" * 32
    assert named([f'["{one}",{{"x":"{two}"}}]'.encode(), f'"{one}0"'.encode()]) == {one, two}


def test_a_picture_whose_row_is_on_its_way_is_kept(evidence: Evidence, clock: Clock) -> None:
    """Just written, it is not pruned, however tight the budget; nor does a clock set back make it old."""
    name = evidence.put(bytes(5_000), kind="ordinary")
    assert evidence.prune(none) == Pruned(0, 0, ("ordinary",))
    clock.ms -= 30 * DAY
    other = evidence.put(b"later", kind="ordinary")
    assert evidence.path(name) is not None
    clock.ms += 2 * HOUR
    evidence.prune(none)
    assert evidence.path(other) is None


def test_nobody_is_asked_where_nothing_goes(evidence: Evidence) -> None:
    """The unacknowledged rows are read only where a picture would go."""
    evidence.put(b"picture", kind="ordinary")

    def asked() -> frozenset[str]:
        pytest.fail("nothing was to go")

    evidence.prune(asked)


def test_what_a_crash_left_half_written_goes_with_age(evidence: Evidence, clock: Clock) -> None:
    """It never had a name, so no row has it."""
    left = evidence.folder / "ordinary" / ".unfinished-1"
    left.write_bytes(b"half")
    os.utime(left, (clock.ms / 1000, clock.ms / 1000))
    clock.ms += 2 * DAY
    assert evidence.prune(none).files == 1
    assert not left.exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, clock: Clock) -> None:
    """A file in the way, or a missing parent, with the path."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreMediumError, match="file"):
        Evidence(tmp_path / "file" / "evidence", {}, now_ms=clock)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount], check=True)
    yield mount
    subprocess.run(["umount", mount], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_said_and_leaves_nothing_half(small_disk: Path, clock: Clock) -> None:
    """The picture is not there, nor is a piece of it; the next smaller one is written."""
    evidence = Evidence(small_disk / "evidence", {"ordinary": Retention(DAY, 1_000)}, now_ms=clock)
    with pytest.raises(StoreFullError, match="free some room"):
        evidence.put(bytes(100_000), kind="ordinary")
    assert list((small_disk / "evidence" / "ordinary").iterdir()) == []
    assert evidence.get(evidence.put(b"small", kind="ordinary")) == b"small"
