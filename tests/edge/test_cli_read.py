"""`rocars-lane read`: drawn trucks as picture files, records for programs, a table for people."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge.cli import app
from edge.read import json_line
from simulation.drawn.trucks import CameraView, DrawnTruck

RECORD = {"file", "vrn", "reason", "plates"}
PLATE = {"text", "region", "rows", "corners", "confidence", "characters"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trucks, an empty lane, a torn picture and something that is no picture at all."""
    folder = tmp_path_factory.mktemp("pictures")
    view = CameraView(seed=4)
    for name, truck in (
        ("1-one-row.png", DrawnTruck("LT3482", mainland="粤ZR12A港", rows=1, seed=3)),
        ("2-two-rows.png", DrawnTruck("EV2033", rows=2, seed=5)),
        ("3-empty.png", None),
    ):
        cv2.imwrite(str(folder / name), view.picture(truck).image)
    whole = (folder / "1-one-row.png").read_bytes()
    (folder / "4-torn.png").write_bytes(whole[:200])
    (folder / "notes.txt").write_text("not a picture")
    return folder


def read(*arguments: object) -> Result:
    """Runs the command."""
    return CliRunner().invoke(app, ["read", *(str(each) for each in arguments)])


@pytest.fixture(scope="module")
def records(folder: Path) -> list[dict[str, Any]]:
    """One record a picture of the folder."""
    result = read(folder, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_folder_gives_one_record_a_picture_in_the_order_of_their_names(
    records: list[dict[str, Any]], folder: Path
) -> None:
    """And one for what is no picture at all."""
    names = ["1-one-row.png", "2-two-rows.png", "3-empty.png", "4-torn.png", "notes.txt"]
    assert [each["file"] for each in records] == [str(folder / name) for name in names]


def test_a_record_has_exactly_the_promised_fields(records: list[dict[str, Any]]) -> None:
    """Programs read them; a mark or the reason why there is none, never both."""
    assert all(set(each) == RECORD for each in records)
    assert all((each["vrn"] is None) != (each["reason"] is None) for each in records)
    plates = [plate for each in records for plate in each["plates"]]
    assert plates
    for plate in plates:
        assert set(plate) == PLATE
        assert plate["region"] in {"HK", "CN-crossborder", "CN", "MO", "unknown"}
        assert plate["rows"] in {1, 2}
        assert [len(corner) for corner in plate["corners"]] == [2, 2, 2, 2]
        assert "".join(char for char, _ in plate["characters"]) == plate["text"]
        assert plate["confidence"] == min(chance for _, chance in plate["characters"])


def test_the_drawn_marks_are_read(records: list[dict[str, Any]]) -> None:
    """One row and two; corners lie in the picture, clockwise from the top left."""
    first, second = records[:2]
    assert (first["vrn"], second["vrn"]) == ("LT3482", "EV2033")
    (plate,) = [each for each in first["plates"] if each["region"] == "HK"]
    assert plate["rows"] == 1
    left, right, below, _ = plate["corners"]
    assert 0 <= left[0] < right[0] < 960
    assert 0 <= right[1] < below[1] < 540
    assert [each["rows"] for each in second["plates"] if each["region"] == "HK"] == [2]


def test_the_mainland_plate_is_listed_and_is_never_the_mark(records: list[dict[str, Any]]) -> None:
    """Two fields: the Hong Kong mark is the key, the other a witness."""
    assert any(plate["region"] == "CN-crossborder" for plate in records[0]["plates"])
    assert not any("粤" in (each["vrn"] or "") for each in records)


def test_an_empty_lane_and_a_torn_picture_have_a_record_with_a_reason(records: list[dict[str, Any]]) -> None:
    """Nothing is passed over in silence."""
    empty, torn, notes = records[2:]
    assert empty == {"file": empty["file"], "vrn": None, "reason": "no plate found", "plates": []}
    assert torn == {"file": torn["file"], "vrn": None, "reason": "not a picture, or cut short", "plates": []}
    assert notes["reason"].startswith("neither a picture nor a video that can be read")


def png(width: int, height: int) -> bytes:
    """The beginning of a picture of that size, whatever follows."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 0, 0, 0, 0) + bytes(200)


@pytest.fixture(scope="module")
def lumber(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever lies about in folders, a good picture last."""
    lumber = tmp_path_factory.mktemp("lumber")
    good = (folder / "1-one-row.png").read_bytes()
    for name, data in {
        "a-40000.png": png(40_000, 40_000),
        "b-1x3000.png": cv2.imencode(".png", np.zeros((3000, 1, 3), np.uint8))[1].tobytes(),
        "c-8x9000.png": cv2.imencode(".png", np.zeros((9000, 8, 3), np.uint8))[1].tobytes(),
        "d-empty.jpg": b"",
        "e-web.jpg": b"<html>404</html>",
        "f-phone.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        "g-list.m3u8": b"#EXTM3U\n#EXTINF:1\nhttp://127.0.0.1:9/x.ts\n",
        "h-named.txt": good,
        "i[copy].png": good,
        "j-\udcb5\udca5.png": good,
        "z-good.png": good,
    }.items():
        (lumber / name).write_bytes(data)
    (lumber / "k.jpg").mkdir()
    os.mkfifo(lumber / "l-pipe.jpg")
    (lumber / "m-nowhere.jpg").symlink_to("nowhere")
    (lumber / "n-loop").symlink_to(lumber)
    return lumber


def test_every_file_of_a_folder_has_one_record_whatever_it_is(lumber: Path) -> None:
    """Too large to be decoded, too thin, empty, a web page, a pipe, a loop: the batch goes on to its last picture."""
    result = read(lumber, "--json")
    assert result.exit_code == 0, result.output
    found = {Path(each["file"]).name: each for each in map(json.loads, result.stdout.splitlines())}
    assert len(found) == len(result.stdout.splitlines()) == 14
    reasons = {name: each["reason"] or each["vrn"] for name, each in found.items()}
    assert reasons.pop("g-list.m3u8").startswith("neither a picture nor a video that can be read")
    assert reasons == {
        "a-40000.png": "too large: 40000 x 40000 pixels, at most 100 million are read",
        "b-1x3000.png": "too small: 1 x 3000 pixels, needed are 8 each way",
        "c-8x9000.png": "no plate found",
        "d-empty.jpg": "not a picture, or cut short",
        "e-web.jpg": "not a picture, or cut short",
        "f-phone.jpg": "a HEIC picture, which is not read: convert it to JPEG",
        "l-pipe.jpg": "no file with pictures in it",
        "m-nowhere.jpg": "no such file",
        "n-loop": "a link to a folder: name that folder",
        **dict.fromkeys(("h-named.txt", "i[copy].png", "j-\udcb5\udca5.png", "z-good.png"), "LT3482"),
    }


def test_a_name_is_shown_as_it_is_and_what_cannot_be_written_is_escaped(lumber: Path) -> None:
    """Brackets are no markup; bytes that are no UTF-8 end nothing."""
    table = read(lumber / "i[copy].png", lumber / "j-\udcb5\udca5.png")
    assert table.exit_code == 0, table.output
    assert "i[copy].png" in table.stdout
    assert r"\udcb5" in table.stdout


def test_a_plate_that_the_terminal_cannot_show_ends_nothing() -> None:
    """粤 is not in Big5; the JSON stays JSON, and says the same."""
    one = {"file": "a.jpg", "plates": [{"text": "粤ZR12A港"}]}
    assert "粤" in json_line(one, "utf-8")
    line = json_line(one, "big5")
    assert json.loads(line.encode("big5")) == one


@pytest.fixture(scope="module")
def film(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures of a truck, turned to the left, with the note to turn them back that telephones write."""
    image = np.ascontiguousarray(np.rot90(cv2.imread(str(folder / "1-one-row.png"))))
    file = tmp_path_factory.mktemp("film") / "12:30.mp4"
    with file.open("wb") as out, av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in (image, image):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    data = bytearray(file.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    file.write_bytes(data)
    return file


def test_a_telephones_film_is_turned_upright_and_may_be_called_after_the_time(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colon in a name is no protocol, and the way the telephone was held is in the film."""
    monkeypatch.chdir(film.parent)
    result = read(film.name, "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["file"], each["vrn"]) for each in found] == [("12:30.mp4#0", "LT3482"), ("12:30.mp4#1", "LT3482")]


def test_a_film_without_pictures_says_so(tmp_path: Path) -> None:
    """Sound alone."""
    file = tmp_path / "a.mp4"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), format="fltp", layout="mono")
        frame.rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (line,) = read(file, "--json").stdout.splitlines()
    assert json.loads(line)["reason"] == "a video without pictures: it has sound alone"


def test_people_get_a_table(folder: Path) -> None:
    """With the mark, and a file that is not there named as such."""
    result = read(folder / "1-one-row.png", folder / "gone.png")
    assert result.exit_code == 0
    assert "LT3482" in result.stdout
    assert "no such file" in " ".join(result.stdout.split())


def test_both_engines_read_the_same_mark(folder: Path) -> None:
    """They differ in whose arithmetic it is."""
    result = read(folder / "1-one-row.png", "--json", "--engine", "opencv")
    assert json.loads(result.stdout)["vrn"] == "LT3482"


def test_an_engine_that_does_not_exist_is_refused_with_the_list(folder: Path) -> None:
    """In one line."""
    result = read(folder, "--engine", "abacus")
    assert result.exit_code == 1
    assert "it is one of onnxruntime, opencv, easyocr" in result.stderr
