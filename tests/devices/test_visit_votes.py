"""What counts in a visit's pictures and what does not, bound by bound: no camera, no networks (`devices.visit_reader`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.anpr.pairing import LEGIBLE
from devices.anpr.plate_read import PlateRead, Region
from devices.anpr.plate_reader import PlateReader
from devices.camera import Frame
from devices.dated_picture import Picture
from devices.evidence import EvidenceStore
from devices.reader_protocol import Doubted, ReaderSetup, Report, SettledRead, TwoVehicles, Unread
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from devices.visit_reader import SINCE, WINDOW, VisitReader, is_alone, read_region
from devices.zone import Zone
from tests.rigs.plates import plate

AFTER = 1_000
SURE = ReaderSettings().release_threshold


HK = plate("LT3482")
CN = plate("粤ZR12A港", Region.CROSS_BORDER, y=140)
BEHIND = plate("GC507", x=300, wide=70)


class Pictures:
    """The pictures of visit 5, each of one grey of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        camera = CameraSettings(kind=CameraKind.FOLDER, path=Path("none"))
        made = ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=folder, **settings)  # type: ignore[arg-type]
        self.folder = folder
        self.watch = VisitReader(5, AFTER, made, EvidenceStore(folder))
        self.grey = 0

    def see(self, *reads: PlateRead, times: int = 1) -> list[Report]:
        """So many more pictures of these plates, 100 ms apart."""
        reports: list[Report] = []
        for _ in range(times):
            self.grey += 1
            picture = np.full((270, 480, 3), self.grey % 251, np.uint8)
            reports += self.watch.look(Frame(picture, AFTER + 100 * self.grey, self.grey), reads)
        return reports

    def settled(self, *reads: PlateRead, times: int) -> list[str]:
        """The marks that so many more pictures settle."""
        return [one.vrn for one in self.see(*reads, times=times) if isinstance(one, SettledRead)]

    def doubles(self, *reads: PlateRead, times: int = 12) -> list[tuple[str, ...]]:
        """The marks of second vehicles that so many more pictures tell of."""
        return [one.marks for one in self.see(*reads, times=times) if isinstance(one, TwoVehicles)]

    def grey_of(self, name: str) -> int:
        """Which picture that file shows."""
        kept = cv2.imread(str(self.folder / name))
        assert kept is not None
        return round(float(kept.mean()))


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    """A visit with the default settings."""
    return Pictures(tmp_path)


def test_pictures_in_which_nothing_has_been_seen_yet_do_not_count_against_the_first_plate(pictures: Pictures) -> None:
    """A vehicle rolls into view; afterwards each picture without its plate counts."""
    pictures.see(times=10)
    assert pictures.settled(HK, times=3) == ["LT3482"]


def test_a_plate_found_and_not_legible_counts_neither_for_nor_against(pictures: Pictures) -> None:
    """Dirt, or the far end of the lane: before the first legible one, and between two."""
    pictures.see(plate(""), times=10)
    pictures.see(HK)
    pictures.see(plate("LT3482", wide=40), times=10)
    assert pictures.settled(HK, times=2) == ["LT3482"]


def test_a_plate_just_large_enough_counts(tmp_path: Path) -> None:
    """Rows of 30 pixels."""
    assert Pictures(tmp_path / "a", row_px=30.0).settled(HK, times=3) == ["LT3482"]
    assert Pictures(tmp_path / "b", row_px=30.1).settled(HK, times=3) == []


def test_a_mainland_plate_too_small_to_be_read_is_no_witness(tmp_path: Path) -> None:
    """It is not waited for either."""
    pictures = Pictures(tmp_path, row_px=29.0)
    small = plate("粤ZR12A港", Region.CROSS_BORDER, y=140, wide=112)
    (settled,) = pictures.see(HK, small, times=3)
    assert isinstance(settled, SettledRead)
    assert settled.mainland is None


@pytest.mark.parametrize(("sure", "settles"), [(LEGIBLE, True), (LEGIBLE - 0.01, False)])
def test_a_name_hangs_only_with_a_mainland_plate_that_is_legible(
    pictures: Pictures, sure: float, settles: bool
) -> None:
    """Painted letters beside a lamp that passes for a Mainland plate are no mark."""
    reports = pictures.see(plate("MYPR1NCE", sure=0.99), replace(CN, confidence=sure), times=WINDOW)
    assert any(isinstance(one, SettledRead) for one in reports) is settles


@pytest.mark.parametrize(("sure", "told"), [(SURE, True), (SURE - 0.01, False)])
def test_a_second_vehicle_is_told_by_what_is_sure(pictures: Pictures, sure: float, told: bool) -> None:
    """By its mark, or by a Mainland plate that cannot hang in front."""
    assert bool(pictures.doubles(HK, replace(BEHIND, confidence=sure))) is told


@pytest.mark.parametrize(("sure", "told"), [(SURE, True), (SURE - 0.01, False)])
def test_a_strange_mainland_plate_is_a_second_vehicle_where_it_is_sure(
    pictures: Pictures, sure: float, told: bool
) -> None:
    """A badge is not."""
    behind = replace(plate("粤ZE96F港", Region.CROSS_BORDER, x=300, wide=60), confidence=sure)
    assert bool(pictures.doubles(HK, behind)) is told


def test_a_strange_mainland_plate_far_away_is_no_second_vehicle(pictures: Pictures) -> None:
    """In the queue behind the lane."""
    assert pictures.doubles(HK, plate("粤ZE96F港", Region.CROSS_BORDER, x=300, wide=30)) == []


def test_a_second_mainland_plate_beside_the_first_is_another_vehicles(pictures: Pictures) -> None:
    """A vehicle has one; the mark of the one that stands close up is hidden."""
    other = plate("粤ZE96F港", Region.CROSS_BORDER, x=190, y=150, wide=110)
    assert pictures.doubles(HK, CN, other) == [("LT3482", "粤ZE96F港")]


def test_a_second_vehicle_is_told_once_also_where_it_is_gone_in_the_next_picture(pictures: Pictures) -> None:
    """And not as a second vehicle of the same mark."""
    assert pictures.doubles(HK, BEHIND, times=3) == [("LT3482", "GC507")]
    assert pictures.doubles(HK, times=5) == []


def test_what_was_seen_before_the_mark_settled_does_not_contradict_it(pictures: Pictures) -> None:
    """Further away it was read wrongly, for longer than votes count."""
    pictures.see(plate("AB1", sure=0.8), times=WINDOW)
    reports = pictures.see(HK, times=WINDOW)
    assert [type(one) for one in reports] == [SettledRead]


def test_a_mark_is_contradicted_for_so_many_pictures_and_then_no_more(pictures: Pictures) -> None:
    """25 s at eight a second; what is read later is told as a read of its own."""
    pictures.see(HK, times=3 + SINCE)
    reports = pictures.see(plate("AB1"), times=80)
    assert not [one for one in reports if isinstance(one, Doubted)]
    assert [one.vrn for one in reports if isinstance(one, SettledRead)] == ["AB1"]


def test_it_is_the_first_mark_that_is_doubted_though_another_has_settled_since(pictures: Pictures) -> None:
    """The lane latched the first."""
    pictures.see(HK, times=3)
    reports = pictures.see(plate("AB1"), times=10)
    assert [(one.vrn, one.candidates) for one in reports if isinstance(one, Doubted)] == [("LT3482", ("AB1",))]


def test_a_visit_whose_mark_has_settled_is_not_given_up(tmp_path: Path) -> None:
    """However long it stands there."""
    pictures = Pictures(tmp_path, limit_ms=1_000)
    assert [type(one) for one in pictures.see(HK, times=3)] == [SettledRead]
    assert pictures.watch.waited(AFTER + 60_000) == []


def test_a_visit_that_is_given_up_tells_what_was_read_last_where_it_would_have_settled(tmp_path: Path) -> None:
    """It still waited for the Mainland plate."""
    pictures = Pictures(tmp_path, limit_ms=300)
    dim = plate("粤ZR12A港", Region.CROSS_BORDER, y=140, sure=0.3)
    (given_up,) = pictures.see(HK, dim, times=3)
    assert isinstance(given_up, Unread)
    assert (given_up.reason, given_up.candidates) == ("", ("LT3482",))


def test_the_evidence_is_the_surest_picture_and_of_equal_ones_the_latest(pictures: Pictures) -> None:
    """That one is the nearest."""
    for sure in (0.94, 0.96, 0.96, 0.93):
        reports = pictures.see(plate("LT3482", sure=sure), plate("粤ZR12A港", Region.CROSS_BORDER, y=140, sure=0.3))
        assert reports == []
    (settled,) = pictures.see(HK, times=1 + 24)
    assert isinstance(settled, SettledRead)
    assert pictures.grey_of(settled.evidence[0]) == 3


def test_a_plate_at_which_nothing_can_be_cut_out_leaves_the_picture(pictures: Pictures) -> None:
    """The networks put it beyond the edge."""
    (settled,) = pictures.see(plate("LT3482", x=2_000), times=3)
    assert isinstance(settled, SettledRead)
    assert len(settled.evidence) == 1


def test_a_plate_is_seen_again_where_it_is_just_sure_enough() -> None:
    """3 goes on for it."""
    assert is_alone("LT3482", (replace(HK, confidence=SURE),), SURE)
    assert not is_alone("LT3482", (replace(HK, confidence=SURE - 0.01),), SURE)


def test_a_neighbour_of_the_mark_is_not_that_mark_seen_again() -> None:
    """One reading of the plate may be wrong by a character; only the mark itself lets 3 stand."""
    assert not is_alone("LT3482", (plate("LT348"),), SURE)


def test_a_mainland_plate_that_only_seems_too_far_is_no_second_vehicle(pictures: Pictures) -> None:
    """Two rows taken for one make the mark's plate seem nearer than it is: that costs the witness, and stops nobody."""
    reports = pictures.see(HK, plate("粤ZR12A港", Region.CROSS_BORDER, y=140, wide=91), times=12)
    assert [one.mainland for one in reports if isinstance(one, SettledRead)] == [None]
    assert not [one for one in reports if isinstance(one, TwoVehicles)]


class TwoFinds(PlateReader):
    """A reader that finds the same two plates in every picture."""

    def __init__(self) -> None:
        pass

    def read(self, picture: Picture, *, turn: int = 0) -> tuple[PlateRead, ...]:  # noqa: ARG002
        """One on the left, one on the right."""
        return (plate("LT3482", x=10), plate("GC507", x=300))


@pytest.mark.parametrize("zone", [(0.5, 0.0, 1.0, 1.0), Zone((0.5, 0.0, 1.0, 1.0))])
def test_the_lanes_part_may_be_given_by_its_corners_or_as_it_is(zone: Zone | tuple[float, ...]) -> None:
    """What is outside is shown, and never counts."""
    reads = read_region(TwoFinds(), Frame(np.zeros((270, 480, 3), np.uint8), 0, 0), zone)
    assert [(one.text, one.inside) for one in reads] == [("LT3482", False), ("GC507", True)]
