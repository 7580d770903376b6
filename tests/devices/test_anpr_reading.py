"""The shipped networks on drawn pictures, and on files of all kinds."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.anpr import files
from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.plate_read import Region
from devices.anpr.plate_reader import PlateReader
from simulation.drawn.trucks import CameraView, DrawnTruck

TRUCKS = (
    DrawnTruck("LT3482", "粤ZR12A港", 1, "FH460", "", 3),
    DrawnTruck("GC507", "粤ZE96F港", 2, "C250", "HKLTD", 5),
    DrawnTruck("KX9", "", 1, "", "23456789", 8),
)


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    """The shipped reader."""
    return PlateReader(OnnxRuntimeEngine())


@pytest.mark.parametrize("truck", TRUCKS, ids=lambda truck: truck.vrn)
def test_a_drawn_truck_at_the_stop_line_is_read(reader: PlateReader, truck: DrawnTruck) -> None:
    """Both plates, with their corners where they were drawn."""
    shown = CameraView(seed=1).picture(truck, 1.0)
    record = files.record("drawn", reader.read(shown.image))
    assert (record["vrn"], record["reason"]) == (truck.vrn, None)
    for plate in shown.plates:
        near = [p for p in record["plates"] if np.abs(np.array(p["corners"]) - plate.corners).max() < 12]
        assert [p["rows"] for p in near] == [plate.rows]


def test_an_empty_lane_has_no_plates_to_act_on(reader: PlateReader) -> None:
    """Booths and road are no plates."""
    assert files.record("drawn", reader.read(CameraView().picture().image))["vrn"] is None


def test_pictures_folders_and_what_is_none_give_one_record_each(reader: PlateReader, tmp_path: Path) -> None:
    """A cut-short picture and a missing file are records with a reason, not the end of the run."""
    image = CameraView(seed=1).picture(TRUCKS[0], 1.0).image
    cv2.imwrite(str(tmp_path / "a.png"), image)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8nothing")
    (tmp_path / "c.jpg").write_bytes(b"")
    (tmp_path / "d.txt").write_text("no picture")
    records = list(files.read_paths([tmp_path, tmp_path / "none.jpg"], reader=reader))
    assert [record["vrn"] for record in records] == ["LT3482", None, None, None, None]
    reasons = [record["reason"] for record in records[1:]]
    assert reasons[:2] == ["not a picture, or cut short"] * 2
    assert reasons[2].startswith("neither a picture nor a video that can be read")
    assert reasons[3] == "no such file"
    assert files.count([tmp_path, tmp_path / "none.jpg"]) == 5
    assert set(records[0]) == {"file", "vrn", "reason", "plates"}
    plate = next(p for p in records[0]["plates"] if p["region"] == Region.HONG_KONG.value)
    assert set(plate) == {"text", "region", "rows", "corners", "confidence", "characters"}
    assert plate["confidence"] == min(chance for _, chance in plate["characters"])
    json.dumps(records)


def test_a_video_gives_one_record_a_frame(reader: PlateReader, tmp_path: Path) -> None:
    """Frames are named by number; a file that is no video says so."""
    file = tmp_path / "lane.avi"
    view = CameraView(seed=1)
    out = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 8, view.size)
    for shown in view.approach(TRUCKS[0], 2):
        out.write(shown.image)
    out.release()
    (tmp_path / "no.mp4").write_bytes(b"no video")
    records = list(files.read_paths([file, tmp_path / "no.mp4"], reader=reader))
    assert [record["file"] for record in records] == [f"{file}#0", f"{file}#1", str(tmp_path / "no.mp4")]
    assert records[1]["vrn"] == "LT3482"
    assert records[2]["reason"].startswith("not a video that can be read")
