"""Cameras: each source gives pictures, each failure says what to do, only the newest picture is kept."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.camera import PUSH, Newest, open_camera
from devices.dated_picture import Camera, CameraError, DatedPicture, Picture
from devices.settings import CameraKind, CameraSettings
from simulation.drawn.camera import Ailment, DrawnCamera
from simulation.drawn.trucks import CameraView, DrawnTruck

VIEW = CameraView((320, 192))


def grey(level: int) -> Picture:
    """A plain picture."""
    return np.full((48, 64, 3), level, np.uint8)


def settings(kind: CameraKind, place: Path | str, fps: float = 200.0) -> CameraSettings:
    """A camera that does not make the test wait."""
    where = {"url": place} if isinstance(place, str) else {"path": place}
    return CameraSettings(kind=kind, fps=fps, **where)  # type: ignore[arg-type]


def test_a_folder_gives_its_pictures_by_name_again_and_again(tmp_path: Path) -> None:
    """Sorted, looped, other files left alone."""
    for name, level in (("b.png", 20), ("a.png", 10)):
        cv2.imwrite(str(tmp_path / name), grey(level))
    (tmp_path / "note.txt").write_text("no picture")
    camera = open_camera(settings(CameraKind.FOLDER, tmp_path))
    assert [int(camera.read().picture[0, 0, 0]) for _ in range(5)] == [10, 20, 10, 20, 10]


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    """The technician is told where pictures should be."""
    with pytest.raises(CameraError, match="no pictures"):
        open_camera(settings(CameraKind.FOLDER, tmp_path))


def test_a_picture_cut_short_is_named(tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(CameraError, match=r"a\.png: not a picture, or cut short: remove it"):
        open_camera(settings(CameraKind.FOLDER, tmp_path)).read()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three pictures as a video file."""
    file = tmp_path / "film.avi"
    out = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 8, (64, 48))
    for level in (40, 120, 200):
        out.write(grey(level))
    out.release()
    return file


def test_a_video_file_is_looped(film: Path) -> None:
    """After its end it begins again."""
    camera = open_camera(settings(CameraKind.VIDEO, film))
    levels = [round(float(camera.read().picture.mean()) / 40) for _ in range(6)]
    camera.close()
    assert levels == [1, 3, 5, 1, 3, 5]


@pytest.mark.parametrize("kind", [CameraKind.VIDEO, CameraKind.V4L2, CameraKind.HTTP])
def test_a_camera_that_is_not_there_says_what_to_check(tmp_path: Path, kind: CameraKind) -> None:
    """No traceback from inside FFmpeg."""
    with pytest.raises(CameraError, match="check the address, the cable and the power"):
        open_camera(settings(kind, tmp_path / "nothing"))


def drain(camera: Camera) -> None:
    """Takes pictures until there are none."""
    while True:
        camera.read()


@contextmanager
def web_camera(pictures: int) -> Iterator[str]:
    """An HTTP camera on loopback that sends so many pictures and then nothing more, line kept open."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        peer, _ = listener.accept()
        peer.recv(4096)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n")
        for number in range(pictures):
            data = cv2.imencode(".jpg", grey(40 + number))[1].tobytes()
            head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            peer.sendall(head + data + b"\r\n")
        done.wait(20)
        peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        done.set()
        thread.join()
        listener.close()


def test_a_network_camera_that_stalls_ends_in_an_error_not_in_waiting_for_ever() -> None:
    """Lessons 15: the library's own time-out is 90 s, ours is two."""
    with web_camera(pictures=6) as url:
        camera = open_camera(settings(CameraKind.HTTP, url))
        begun = time.monotonic()
        with pytest.raises(CameraError, match="check the address"):
            drain(camera)
        assert time.monotonic() - begun < 15
        camera.close()


def test_the_simulated_camera_shows_the_drawn_lane(tmp_path: Path) -> None:
    """The world connects to the reader's socket, again after its cable was cut."""
    place = tmp_path / "camera.sock"
    newest = Newest(settings(CameraKind.SIMULATED, place))
    world = DrawnCamera(place, view=VIEW, fps=60)
    world.start()
    world.show(DrawnTruck("LT3482"), seconds=0.1)
    try:
        frame = newest.after(0, timeout=10)
        assert frame is not None
        assert frame.picture.shape == (192, 320, 3)
        world.ailment = Ailment.GONE
        while (later := newest.after(frame.number, timeout=0.4)) is not None:
            frame = later
        world.ailment = Ailment.NONE
        assert newest.after(frame.number, timeout=10) is not None
    finally:
        newest.close()
        world.stop()


def test_the_simulated_camera_freezes_and_hangs_on_demand(tmp_path: Path) -> None:
    """Frozen: the same picture; otherwise every picture differs, as a sensor's do."""
    world = DrawnCamera(tmp_path / "none", view=VIEW)
    assert (world.draw().image != world.draw().image).any()
    world.freeze(frozen=True)
    assert world.ailment is Ailment.FROZEN
    assert (world.draw().image == world.draw().image).all()
    world.freeze(frozen=False)
    assert (world.draw().image != world.draw().image).any()


def test_a_truck_drives_up_and_stands_and_a_second_one_leaves_it_there(tmp_path: Path) -> None:
    """The demonstration's levers: who is in the lane, who is behind him, and the empty lane again."""
    world = DrawnCamera(tmp_path / "none", view=VIEW, seconds=0.001)
    first, second = DrawnTruck("LT3482", seed=3), DrawnTruck("GC507", seed=8)
    world.show(first)
    time.sleep(0.01)
    stood = world.draw().plates[0].corners
    world.show(first, second)
    plates = {plate.text: plate.corners for plate in world.draw().plates}
    assert abs(plates["LT3482"] - stood).max() < 5
    assert "GC507" in plates
    world.show(None)
    assert world.draw().plates == ()


def test_something_else_on_the_simulated_cameras_socket_is_refused(tmp_path: Path) -> None:
    """A stranger's bytes are no picture."""
    camera = open_camera(settings(CameraKind.SIMULATED, tmp_path / "s"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(tmp_path / "s"))
        link.sendall(PUSH.pack(b"http", 1, 1))
        with pytest.raises(CameraError, match="something else than pictures"):
            camera.read()
    camera.close()


def test_the_socket_of_a_simulated_camera_needs_a_folder(tmp_path: Path) -> None:
    """A configuration mistake, in words."""
    with pytest.raises(CameraError, match="name a socket in a folder that exists"):
        open_camera(settings(CameraKind.SIMULATED, tmp_path / "no" / "s"))


class Quick:
    """A camera that gives a hundred pictures as fast as they are taken, then fails once."""

    def __init__(self) -> None:
        self.given = 0

    def read(self) -> DatedPicture:
        """The next picture."""
        self.given += 1
        if self.given > 100:
            raise CameraError("cable")
        return DatedPicture.now(grey(self.given))

    def close(self) -> None:
        """Nothing to close."""


def test_only_the_newest_picture_is_kept_and_a_failed_camera_is_opened_again(tmp_path: Path) -> None:
    """Whoever looks late sees the present, not a queue of the past."""
    with Newest(settings(CameraKind.FOLDER, tmp_path), opener=lambda *_: Quick()) as newest:
        frame = newest.after(99, timeout=10)
        assert frame is not None
        assert frame.number == 100
        assert int(frame.picture[0, 0, 0]) == 100
        assert newest.after(100, timeout=10) is not None
