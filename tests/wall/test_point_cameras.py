"""Further cameras of the point: opened once, while somebody looks, and every look written down; against a camera over real RTSP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import av
import httpx
import pytest

from console.errors import LiveUnavailableError
from console.live import FramedPictures
from console.server import ConsoleServer
from devices.simulated.rtsp_camera import RtspCamera
from runtime.clocks import monotonic_ms
from runtime.live_packets import LivePicture
from simulation.waiting import until
from tests.rigs.films import access_units, number_of
from tests.rigs.wall import WallRig, log_in
from wall.point_cameras import CROWDED, LOGIN, NO_CAMERA, PointCameras
from wall.settings import CameraSection

UNITS = access_units(40, every=10, fps=10)


def overview(camera: RtspCamera, login_file: Path | None = None) -> CameraSection:
    """One camera over both lanes."""
    url = f"rtsp://127.0.0.1:{camera.port}/lane"
    return CameraSection(name="overview", lanes=("A-1", "A-2"), url=url, login_file=login_file)


async def first(stream: AsyncIterator[bytes]) -> LivePicture:
    """The first picture of a stream."""
    (picture,) = FramedPictures().came(await anext(stream), monotonic_ms())
    return picture


async def dated(stream: AsyncIterator[bytes]) -> LivePicture:
    """The first whose age is known."""
    reading = FramedPictures()
    async for chunk in stream:
        for picture in reading.came(chunk, monotonic_ms()):
            if picture.taken_ms:
                return picture
    raise AssertionError("the stream ended")


def decoded(body: bytes) -> list[av.VideoFrame]:
    """What a decoder makes of a picture that is all it gets."""
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    return [*decoder.decode(av.Packet(body)), *decoder.decode(None)]


def test_ten_who_watch_an_overview_of_two_lanes_are_one_connection_which_ends_with_the_last() -> None:
    """Undecoded, beginning with a key frame that a decoder can begin with, and no older than it is."""

    async def look(camera: RtspCamera) -> None:
        cameras = PointCameras([overview(camera)], ticks=monotonic_ms)
        assert camera.played == 0
        lanes = 5 * ["A-1"] + 5 * ["A-2"]
        ten = await asyncio.gather(*(cameras.stream(lane, "overview", lambda: True) for lane in lanes))
        for one in await asyncio.gather(*(first(stream) for stream in ten)):
            assert one.codec.startswith("avc1.")
            (frame,) = decoded(one.body)
            assert number_of(frame.to_ndarray(format="bgr24")) % 10 == 0
        assert monotonic_ms() - (await dated(ten[0])).taken_ms < 2_000
        assert (camera.plays, camera.played) == (1, 1)
        for stream in ten:
            await stream.aclose()  # type: ignore[attr-defined]
        await until(lambda: camera.plays == 0, 10)

    with RtspCamera(UNITS) as camera:
        asyncio.run(look(camera))


def test_a_refused_login_is_told_and_the_camera_is_then_left_alone(tmp_path: Path) -> None:
    """Whoever looks again within a minute is told so without another attempt, which could lock the account."""
    login = tmp_path / "login"
    login.write_text("admin:wrong")

    async def look(camera: RtspCamera) -> None:
        cameras = PointCameras([overview(camera, login)], ticks=monotonic_ms)
        for _ in range(2):
            with pytest.raises(LiveUnavailableError) as told:
                await cameras.stream("A-1", "overview", lambda: True)
            assert told.value.words is LOGIN  # with its Chinese
            assert camera.logins == tried
        login.write_text("admin:p@:ss/w?rd")
        cameras = PointCameras([overview(camera, login)], ticks=monotonic_ms)
        assert (await first(await cameras.stream("A-1", "overview", lambda: True))).codec

    with RtspCamera(UNITS, login=("admin", "p@:ss/w?rd")) as camera:
        tried = 1
        asyncio.run(look(camera))


def test_one_too_many_is_told_so_and_not_to_call_a_technician(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor that single pictures are shown instead: of a further camera there are none."""
    monkeypatch.setattr("wall.point_cameras._MOST_WATCHING", 1)

    async def look(camera: RtspCamera) -> None:
        cameras = PointCameras([overview(camera)], ticks=monotonic_ms)
        watched = await cameras.stream("A-1", "overview", lambda: True)
        assert (await first(watched)).codec
        with pytest.raises(LiveUnavailableError) as told:
            await cameras.stream("A-2", "overview", lambda: True)
        assert told.value.words is CROWDED
        await watched.aclose()  # type: ignore[attr-defined]

    with RtspCamera(UNITS) as camera:
        asyncio.run(look(camera))


def test_a_look_is_written_down_with_lane_and_camera_and_a_camera_of_no_lane_is_refused(tmp_path: Path) -> None:
    """Over HTTP, as a viewer; what is refused shows nothing, and is no look."""

    async def look(camera: RtspCamera) -> None:
        section = overview(camera)
        rig = WallRig(tmp_path, cameras=(section,), lanes=("A-1", "A-2", "A-3"))
        rig.desk.feed.moved()
        tiles = rig.desk.view()["tiles"]
        assert [one["says"].chinese for one in tiles["A-2"]["cameras"]] == ["全景"]
        assert tiles["A-3"]["cameras"] == []
        server = ConsoleServer(rig.routes.app(), rig.routes, rig.settings.page)
        url = server.bind()
        serving = asyncio.create_task(server.serve())
        await server.ready()
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            place = "/lanes/A-1/live?camera=overview"
            assert (await client.get(place)).status_code == 401
            await log_in(client, "view")
            refused = await client.get("/lanes/A-3/live?camera=overview", headers={"X-Lang": "zh-Hant-HK"})
            assert (refused.status_code, refused.json()["words"]) == (409, NO_CAMERA.chinese)
            assert camera.played == 0
            async with client.stream("GET", place) as answer:
                assert answer.status_code == 200
                chunk = await anext(answer.aiter_raw())
                assert b"avc1." in chunk
        looks = [(one.who, one.what, one.lane, one.detail) for one in rig.store.looks()]
        assert looks == [("view", "live", "A-1", "overview")]
        server.stop()
        await serving
        rig.store.close()

    with RtspCamera(UNITS) as camera:
        asyncio.run(look(camera))
