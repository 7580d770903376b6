"""The camera's stream for people who watch: at once, undecoded, and of no consequence to the reader."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from devices.camera import open_camera
from devices.settings import CameraKind, CameraSettings
from runtime.annex_b import whole_picture
from runtime.live_packets import LiveNews, LivePicture, NoLive, live_news_of
from runtime.live_tap import LiveTap
from runtime.packets import LENGTH
from tests.devices.test_stream_camera import STEP, coded, jpegs, served
from tests.rigs.filmed import FilmPacket
from tests.rigs.films import access_units, number_of


class Watching:
    """A client of the tap."""

    def __init__(self, place: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(place))
        self._file = self.socket.makefile("rb")

    def __iter__(self) -> Iterator[LiveNews]:
        while head := self._file.read(LENGTH.size):
            yield live_news_of(self._file.read(LENGTH.unpack(head)[0]))

    def pictures(self, count: int) -> list[LivePicture]:
        """The next ones."""
        found = [news for _, news in zip(range(count), self, strict=False)]
        return [one for one in found if isinstance(one, LivePicture)]

    def close(self) -> None:
        """Leaves."""
        self._file.close()
        self.socket.close()


@pytest.fixture
def tap(tmp_path: Path) -> Iterator[LiveTap]:
    """Of a camera that was opened."""
    made = LiveTap(tmp_path / "page.live")
    made.opened("h264", b"")
    yield made
    made.close()


@pytest.fixture
def watch(tap: LiveTap, tmp_path: Path) -> Iterator[Callable[[], Watching]]:
    """Connects a client."""
    del tap
    clients: list[Watching] = []

    def connect() -> Watching:
        clients.append(Watching(tmp_path / "page.live"))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def give(tap: LiveTap, units: list[bytes], *, every: int, begin: int = 0) -> None:
    """As the camera's thread."""
    for number, unit in enumerate(units, begin):
        tap.came(FilmPacket(unit), 1_000 + number, key=number % every == 0, damaged=False)


def numbers(pictures: list[LivePicture]) -> list[int]:
    """What the pictures show."""
    codec = av.CodecContext.create("h264", "r")
    frames = [frame for one in pictures for frame in codec.decode(av.Packet(one.body))]
    return [number_of(frame.to_ndarray(format="bgr24")) for frame in [*frames, *codec.decode(None)]]  # type: ignore[union-attr]


def test_who_connects_gets_the_pictures_since_the_last_key_frame_and_then_each_one(
    tap: LiveTap, watch: Callable[[], Watching]
) -> None:
    """As the camera made them, with what browsers call the coding, and when each was taken."""
    units = access_units(16, every=6, fps=20)
    give(tap, units[:8], every=6)
    client = watch()
    first = client.pictures(2)
    give(tap, units[8:], every=6, begin=8)
    found = first + client.pictures(8)
    assert [one.body for one in found] == units[6:]
    assert [one.taken_ms for one in found] == list(range(1_006, 1_016))
    assert [bool(one.codec) for one in found] == [number % 6 == 0 for number in range(6, 16)]
    assert found[0].codec.startswith("avc1.")
    assert numbers(found) == list(range(6, 16))


def test_a_client_that_never_reads_is_cut_off_and_the_camera_never_waits_for_it(
    tap: LiveTap, watch: Callable[[], Watching]
) -> None:
    """Beside it another one gets everything."""
    key = access_units(1, every=1, fps=20)[0]
    give(tap, [key], every=1)
    deaf, client = watch(), watch()
    assert deaf.pictures(1) == client.pictures(1)
    for number in range(120):
        tap.came(FilmPacket(key + bytes(100_000)), number + 1, key=True, damaged=False)
        client.pictures(1)
    left = 0
    with contextlib.suppress(ConnectionResetError):
        while got := len(deaf.socket.recv(1 << 20)):
            left += got
    assert left < 12_000_000


def test_after_a_damaged_picture_nothing_is_given_before_the_next_key_frame(
    tap: LiveTap, watch: Callable[[], Watching]
) -> None:
    """What a decoder would make of the differences to it was never seen."""
    units = access_units(12, every=6, fps=20)
    give(tap, units[:1], every=6)
    client = watch()
    found = client.pictures(1)
    for number, unit in enumerate(units[1:], 1):
        tap.came(FilmPacket(unit), 1_000 + number, key=number % 6 == 0, damaged=number == 2)
    found += client.pictures(7)
    assert [one.taken_ms - 1_000 for one in found] == [0, 1, 6, 7, 8, 9, 10, 11]


def test_a_camera_without_h264_says_so(tap: LiveTap, watch: Callable[[], Watching]) -> None:
    """At once, and to those who were there before."""
    give(tap, access_units(1, every=1, fps=20), every=1)
    early = watch()
    early.pictures(1)
    tap.opened("mjpeg", b"")
    late = watch()
    assert [next(iter(one)) for one in (early, late)] == [NoLive("mjpeg")] * 2


def test_parameter_sets_that_came_beside_the_stream_go_before_each_key_frame() -> None:
    """A decoder that begins there has nothing else; of a picture that no decoder can begin with, no coding is told."""
    unit = access_units(1, every=1, fps=20)[0]
    at = unit.index(b"\0\0\1\x65")
    sets, bare = unit[:at], unit[at:]
    assert whole_picture(bare, sets) == whole_picture(unit, b"")
    assert whole_picture(bare, b"") == ("", bare)
    assert whole_picture(b"\0\0\1", b"") == ("", b"\0\0\1")


def test_of_a_network_camera_the_same_connection_feeds_reader_and_watchers(
    tap: LiveTap, watch: Callable[[], Watching]
) -> None:
    """Pictures whose age is not known yet say so; later ones are dated as the reader dates them."""
    with served(coded(60, every=10), "video/mp2t", lambda n: n * STEP) as (url, began):
        camera = open_camera(CameraSettings(kind=CameraKind.HTTP, url=url), tap=tap)
        client = watch()
        shots = [camera.read() for _ in range(10)]
        found = client.pictures(20)
        camera.close()
        assert len(began) == 1
    assert found[0].codec
    dated = {one.taken_ms for one in found if one.taken_ms}
    assert {shot.taken_ms for shot in shots} & dated


def test_of_a_camera_that_sends_jpegs_nothing_is_passed_on(tap: LiveTap, watch: Callable[[], Watching]) -> None:
    """The page stays with its own pictures."""
    with served(jpegs(40), "multipart/x-mixed-replace; boundary=b", lambda n: n * STEP) as (url, _):
        camera = open_camera(CameraSettings(kind=CameraKind.HTTP, url=url), tap=tap)
        camera.read()
        camera.close()
        client = watch()
        assert next(iter(client)) == NoLive("mjpeg")
