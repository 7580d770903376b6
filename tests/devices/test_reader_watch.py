"""What a visit's pictures add up to: no process, no camera, no networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.look import A_PLATE, FindKind
from devices.anpr.plate_read import PlateRead, Region
from devices.anpr.plate_reader import PlateReader
from devices.camera import Frame
from devices.evidence import EvidenceStore
from devices.reader_protocol import Doubted, ReaderSetup, Report, SettledRead, TwoVehicles, Unread
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from devices.visit_reader import PATIENCE, VisitReader, is_alone, read_region
from devices.zone import Zone
from simulation.drawn.trucks import CameraView, DrawnTruck
from tests.rigs.plates import plate

AFTER = 1000


HK = plate("LT3482")
CN = plate("粤ZR12A港", Region.CROSS_BORDER, y=140)


class Visit:
    """A watch of visit 5, with pictures 100 ms apart."""

    def __init__(self, folder: Path, **settings: object) -> None:
        camera = CameraSettings(kind=CameraKind.FOLDER, path=Path("none"))
        made = ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=folder, **settings)  # type: ignore[arg-type]
        self.folder = folder
        self.watch = VisitReader(5, AFTER, made, EvidenceStore(folder))
        self.now = AFTER

    def see(self, *reads: PlateRead, times: int = 1) -> list[Report]:
        """So many pictures of the same plates."""
        reports: list[Report] = []
        for _ in range(times):
            self.now += 100
            picture = np.full((270, 480, 3), self.now // 100 % 251, np.uint8)
            reports += self.watch.look(Frame(picture, self.now, self.now // 100), reads)
        return reports


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    """A visit with the default settings."""
    return Visit(tmp_path)


def test_three_agreeing_pictures_settle_with_evidence(visit: Visit) -> None:
    """Not two; and the pictures are on the disk when the report comes."""
    assert visit.see(HK, CN, times=2) == []
    (report,) = visit.see(HK, CN)
    assert isinstance(report, SettledRead)
    assert (report.visit, report.vrn, report.mainland) == (5, "LT3482", "粤ZR12A港")
    assert len(report.evidence) == 2
    assert all((visit.folder / name).stat().st_size for name in report.evidence)


def test_pictures_taken_before_the_visit_are_never_used(visit: Visit) -> None:
    """A late picture shows the truck before."""
    visit.now = AFTER - 1000
    assert visit.see(plate("AB1"), times=10) == []
    (report,) = visit.see(HK, times=3)
    assert isinstance(report, SettledRead)
    assert report.vrn == "LT3482"


def test_the_mainland_plate_is_waited_for_a_little_and_then_done_without(visit: Visit) -> None:
    """Seen but not sure: a few more pictures, then the read goes out without the witness."""
    dim = plate("粤ZR12A港", Region.CROSS_BORDER, y=140, sure=0.3)
    assert visit.see(HK, dim, times=2 + PATIENCE) == []
    (report,) = visit.see(HK, dim)
    assert isinstance(report, SettledRead)
    assert report.mainland is None


def test_a_settled_read_is_told_once_and_a_different_one_again(visit: Visit) -> None:
    """The lane must learn that the plate in front of it has become another."""
    assert len(visit.see(HK, times=10)) == 1
    (report,) = (one for one in visit.see(plate("AB1"), times=30) if isinstance(one, SettledRead))
    assert isinstance(report, SettledRead)
    assert report.vrn == "AB1"


def test_a_plate_too_far_away_does_not_count(visit: Visit) -> None:
    """A far 8 is a confident 6."""
    assert visit.see(plate("LT3482", wide=40), times=20) == []


def test_a_visit_is_given_up_after_the_limit_and_a_later_read_still_told(tmp_path: Path) -> None:
    """The officer gets the candidates; reading goes on."""
    visit = Visit(tmp_path, limit_ms=1000)
    (report,) = visit.see(plate("LT3482", sure=0.5), times=15)
    assert isinstance(report, Unread)
    assert report.candidates == ("LT3482",)
    assert "0 of 3 needed frames are sure of LT3482" in report.reason
    assert report.evidence
    assert visit.watch.waited(visit.now + 5000) == []
    assert any(isinstance(r, SettledRead) for r in visit.see(HK, times=24))


def test_half_a_plate_goes_to_the_officer_with_the_reason(tmp_path: Path) -> None:
    """Two letters, sure in every picture, whose lower row nobody saw."""
    visit = Visit(tmp_path, limit_ms=1000)
    (report,) = visit.see(plate("SD", wide=70), times=24)
    assert isinstance(report, Unread)
    assert report.candidates == ("SD",)
    assert report.reason == "SD may be the upper row of a plate whose lower one is not seen"


def test_lettering_above_a_trucks_plate_is_neither_its_mark_nor_a_second_vehicle(visit: Visit) -> None:
    """A container's label, larger than the plate below it; below the plate it would hang on what is nearer."""
    label = plate("96H1GH", y=20, wide=200, sure=0.99)
    (report,) = visit.see(label, HK, CN, times=24)
    assert isinstance(report, SettledRead)
    assert report.vrn == "LT3482"


def test_a_text_below_the_plate_is_a_second_vehicle_whatever_it_says(visit: Visit) -> None:
    """What is lower in the picture is nearer: a nearer vehicle is never overlooked."""
    reports = visit.see(plate("22G1", y=220, wide=110), HK, times=12)
    assert any(isinstance(report, TwoVehicles) for report in reports)


def test_a_personalised_mark_settles_only_beside_a_mainland_plate(visit: Visit) -> None:
    """Six pictures of it; without that plate it may be lettering."""
    assert visit.see(plate("MYPR1NCE", sure=0.99), times=24) == []
    reports = visit.see(plate("MYPR1NCE", sure=0.99), CN, times=6)
    assert [report.vrn for report in reports if isinstance(report, SettledRead)] == ["MYPR1NCE"]


def test_a_name_beside_a_mainland_plate_settles_only_where_the_second_look_is_sure_of_a_plate(visit: Visit) -> None:
    """A company's name stands there too, above a Hong Kong plate that dirt hides."""
    name = plate("TRANS0", sure=0.99)
    assert visit.see(replace(name, explained=A_PLATE - 0.01), CN, times=24) == []
    reports = visit.see(replace(name, explained=A_PLATE), CN, times=6)
    assert [report.vrn for report in reports if isinstance(report, SettledRead)] == ["TRANS0"]


def test_time_alone_gives_a_visit_up(tmp_path: Path) -> None:
    """A camera that shows nothing does not keep the lane waiting."""
    visit = Visit(tmp_path, limit_ms=1000)
    assert visit.watch.waited(AFTER + 999) == []
    assert visit.watch.waited(AFTER + 1000) == [Unread(5, "no plate seen", (), ())]


def test_two_vehicles_are_told_once(visit: Visit) -> None:
    """Two different sure marks, both near, in three pictures."""
    behind = plate("GC507", x=300, wide=70)
    reports = visit.see(HK, behind, times=12)
    assert [r for r in reports if isinstance(r, TwoVehicles)] == [TwoVehicles(5, ("LT3482", "GC507"))]


@pytest.mark.parametrize(
    "other",
    [
        plate("LT34B2", x=300, wide=100),  # a neighbour of the first: the same plate read twice
        plate("GC507", x=300, wide=30),  # far behind
        plate("GC507", x=300, wide=100, sure=0.5),
        plate("粤ZE96F港", Region.CROSS_BORDER, x=300, wide=100),
    ],
)
def test_what_is_no_second_vehicle(visit: Visit, other: PlateRead) -> None:
    """Doubles, distance, doubt and Mainland plates are no tailgating."""
    assert not [r for r in visit.see(HK, other, times=12) if isinstance(r, TwoVehicles)]


def test_a_mainland_plate_of_another_vehicle_is_a_second_vehicle_and_no_witness(visit: Visit) -> None:
    """Far smaller than the plate in front, so not on the same bumper: the mark of the lorry behind may be dirty."""
    behind = plate("粤ZE96F港", Region.CROSS_BORDER, x=300, wide=60)
    reports = visit.see(HK, behind, times=12)
    assert [r for r in reports if isinstance(r, TwoVehicles)] == [TwoVehicles(5, ("LT3482", "粤ZE96F港"))]
    assert [r.mainland for r in reports if isinstance(r, SettledRead)] == [None]


def test_rows_counted_wrong_make_no_second_vehicle(visit: Visit) -> None:
    """One row taken for two: the Mainland plate below then seems too small, which costs a witness and nothing more."""
    reports = visit.see(replace(HK, rows=2), CN, times=12)
    assert not [r for r in reports if isinstance(r, TwoVehicles)]


def test_the_witness_hangs_with_the_mark_that_counts(visit: Visit) -> None:
    """Two vehicles side by side, each with both plates: each Mainland plate is its own vehicle's."""
    other = plate("GC507", x=300, wide=100), plate("粤ZE96F港", Region.CROSS_BORDER, x=300, y=130, wide=90)
    (report,) = (r for r in visit.see(HK, CN, *other, times=8) if isinstance(r, SettledRead))
    assert (report.vrn, report.mainland) == ("LT3482", "粤ZR12A港")


def test_with_two_vehicles_in_the_lane_giving_up_says_so(tmp_path: Path) -> None:
    """Not that frames disagree: the officer needs the cause."""
    visit = Visit(tmp_path, limit_ms=1000, row_px=31.0)
    reports = visit.see(HK, plate("GC507", x=300, wide=100), times=15)
    assert [r.reason for r in reports if isinstance(r, Unread)] == ["more than one vehicle: LT3482, GC507"]


def test_a_plate_outside_the_lane_never_counts(visit: Visit) -> None:
    """Neither as the mark, nor as the witness, nor as a second vehicle, however near it is."""
    next_lane = [replace(p, inside=False) for p in (plate("GC507", x=300, wide=200), CN)]
    (report,) = visit.see(HK, *next_lane, times=8)
    assert isinstance(report, SettledRead)
    assert (report.vrn, report.mainland) == ("LT3482", None)


def test_the_next_lanes_truck_is_seen_and_said_to_be_outside() -> None:
    """The whole picture is looked at, so that the officer sees what the reader sees."""
    shown = CameraView(seed=1).picture(DrawnTruck("KX9"), 1.0)
    reader = PlateReader(OnnxRuntimeEngine())
    for region, inside in (((0.25, 0.5, 0.75, 1.0), True), ((0.0, 0.0, 0.25, 1.0), False)):
        reads = read_region(reader, Frame(shown.image, 0, 0), region)
        (read,) = (r for r in reads if r.region is Region.HONG_KONG)
        assert np.abs(read.corners - shown.plates[0].corners).max() < 12
        assert read.inside is inside


class Trusting:
    """The shipped networks, but a second look that takes every find for a whole plate of one row."""

    def __init__(self) -> None:
        self._shipped = OnnxRuntimeEngine()

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        said = self._shipped.run(name, array)
        return said if name != "look" else np.eye(len(FindKind), dtype=np.float32)[[FindKind.ONE_ROW] * len(said)]


def leaving(share: float) -> Frame:
    """A vehicle of which that share of the plate has left the picture on the right."""
    shown = CameraView(seed=1).picture(DrawnTruck("JD7669"), 1.0)
    height, width = shown.image.shape[:2]
    corners = shown.plates[0].corners
    gone = width - corners[1, 0] + share * (corners[1, 0] - corners[0, 0])
    moved = cv2.warpAffine(shown.image, np.array([[1, 0, gone], [0, 1, 0]], np.float64), (width, height))
    return Frame(np.asarray(moved, np.uint8), 0, 0)


@pytest.mark.parametrize("share", [0.2, 0.35])
def test_a_plate_cut_off_by_the_pictures_edge_never_counts(share: float) -> None:
    """What is left is read with confidence, without its last characters; no second look is needed to refuse it."""
    reads = read_region(PlateReader(Trusting()), leaving(share), (0.0, 0.0, 1.0, 1.0))
    assert [read.text for read in reads if read.confidence > 0.9]
    assert not [read for read in reads if read.inside and read.confidence > 0.5]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.35, 0.5])
def test_a_leaving_plate_does_not_count_with_the_shipped_networks_either(share: float) -> None:
    """Whatever the second look makes of the part that is left."""
    reads = read_region(PlateReader(OnnxRuntimeEngine()), leaving(share), (0.0, 0.0, 1.0, 1.0))
    assert not [read for read in reads if read.inside and read.confidence > 0.5]


def test_a_polygon_follows_the_lane() -> None:
    """A triangle whose box would hold both plates holds one."""
    triangle = Zone((0.0, 1.0, 1.0, 1.0, 1.0, 0.0))
    near, far = triangle.marked((plate("LT3482", x=600, y=600), plate("GC507", x=20, y=20)), 1000, 1000)
    assert (near.inside, far.inside) == (True, False)


@pytest.mark.parametrize("shares", [(0.1, 0.2, 0.3), (0.5, 0.0, 0.2, 1.0), (0.0, 0.0, 0.5, 0.5, 1.0, 1.0)])
def test_a_region_that_is_none_is_refused(shares: tuple[float, ...]) -> None:
    """Too few numbers, right of left, corners on a line: the technician is told what to give."""
    with pytest.raises(ValueError, match="region"):
        Zone(shares)


def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    """Evidence is named by its content; no half-written file is left."""
    store = EvidenceStore(tmp_path / "evidence")
    picture = np.full((20, 20, 3), 9, np.uint8)
    name = store.keep(picture)
    assert store.keep(picture) == name
    assert [file.name for file in store.folder.iterdir()] == [name]


def test_pictures_that_contradict_the_read_take_it_back_once(visit: Visit) -> None:
    """It settled while a drop hid the last digit; what is seen since goes along for the officer."""
    visit.see(plate("LT348"), times=3)
    reports = visit.see(plate("LT3482", sure=0.8), times=10)
    (doubted,) = (report for report in reports if isinstance(report, Doubted))
    assert (doubted.visit, doubted.vrn, doubted.candidates) == (5, "LT348", ("LT3482",))
    assert all((visit.folder / name).stat().st_size for name in doubted.evidence)


@pytest.mark.parametrize(
    "since",
    [
        (HK,) * 20,
        (plate("LT348"),) * 2 + (HK,) * 20,
        (HK,) * 20 + (plate("LT348"),) * 3,
        (plate("LT348", sure=0.4),) * 20,
        (),
    ],
    ids=["agreement", "two", "three among twenty", "hardly legible", "nothing"],
)
def test_what_does_not_contradict_a_read(visit: Visit, since: tuple[PlateRead, ...]) -> None:
    """A few bad pictures, as a vehicle moves off, are no reason to stop it."""
    visit.see(HK, times=3)
    reports = [report for read in since for report in visit.see(read)]
    assert not [report for report in (*reports, *visit.see(times=10)) if isinstance(report, Doubted)]


def test_a_badge_found_now_and_then_never_settles(visit: Visit) -> None:
    """The cab has no plate; its model name passes for one in every third picture."""
    badge = plate("FH460")
    reports = [report for _ in range(8) for report in (*visit.see(badge), *visit.see(times=2))]
    assert not [report for report in reports if isinstance(report, SettledRead)]


def test_the_mark_of_the_vehicle_behind_never_settles_for_the_one_in_front(visit: Visit) -> None:
    """In front only the Mainland plate is there, nearer than the mark: the officer's, told as two vehicles."""
    behind = plate("DX5247", x=420, wide=90), plate("粤ZR709港", Region.CROSS_BORDER, x=420, y=125, wide=90)
    reports = visit.see(CN, *behind, times=12)
    assert not [report for report in reports if isinstance(report, SettledRead)]
    assert [r.marks for r in reports if isinstance(r, TwoVehicles)] == [("DX5247", "粤ZR12A港")]


def test_a_plate_is_seen_again_only_when_it_is_sure_inside_and_alone() -> None:
    """3 stands over its time on this answer: another mark beside it, a doubtful or an outlying one, is a no."""
    outside, unsure = replace(HK, inside=False), plate("LT3482", sure=0.6)
    assert is_alone("LT3482", (HK, CN), 0.9)
    assert is_alone("LT3482", (HK, plate("LT348", y=180)), 0.9)  # a second reading of the same plate
    for reads in ((), (CN,), (outside,), (unsure,), (plate("AB1234"),), (HK, plate("AB1234", y=180))):
        assert not is_alone("LT3482", reads, 0.9), reads
