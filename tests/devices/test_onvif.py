"""ONVIF cameras found and asked, through onvif-zeep-async, against a peer over HTTP; and cameras that read plates themselves."""

from __future__ import annotations

import asyncio
import json

import pytest

from devices.camera_metadata import MetadataFeed, marks_of
from devices.dated_picture import CameraError
from devices.onvif_camera import OnvifHealth, look_at_onvif
from devices.onvif_discovery import FoundCamera, camera_of, discover
from devices.simulated.onvif_peer import OnvifPeer
from runtime.clocks import utc_ms

STREAM = "rtsp://127.0.0.1:8554/lane"
NOW_MS = 1_800_000_000_000


def looked_at(peer: OnvifPeer, login: tuple[str, str] | None = None) -> OnvifHealth:
    """What the camera says."""
    return asyncio.run(look_at_onvif(peer.address, login, utc_ms=utc_ms))


def test_a_camera_says_who_it_is_and_where_its_stream_is() -> None:
    """Model, version, clock, and each profile with its size, coding and URL."""
    with OnvifPeer(stream=STREAM, clock_off_s=3_600) as peer:
        found = looked_at(peer)
    assert (found.model, found.firmware) == ("Maker LC-1", "2.4")
    assert found.clock_off_s == pytest.approx(3_600, abs=5)
    (stream,) = found.streams
    assert (stream.name, stream.width, stream.height, stream.coding, stream.url) == ("main", 1920, 1080, "H264", STREAM)


def test_a_login_that_is_refused_and_a_stranger_are_told_apart() -> None:
    """A technician does two different things."""
    with OnvifPeer(stream=STREAM, user="lane") as peer:
        assert looked_at(peer, ("lane", "secret")).streams
        with pytest.raises(CameraError, match="check its login"):
            looked_at(peer, ("other", "secret"))
        peer.broken = True
        with pytest.raises(CameraError, match="ONVIF is switched on"):
            looked_at(peer, ("lane", "secret"))


def test_cameras_of_the_network_are_found_and_rubbish_is_not_one() -> None:
    """One question, and whoever answers."""
    with OnvifPeer(stream=STREAM) as peer:
        found = asyncio.run(discover(0.6, to=("127.0.0.1", peer.discovery_port)))
        assert found == [FoundCamera(peer.address, "Lane Camera")]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<x/>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a><XAddrs>http://10.0.0.1/</XAddrs></a>',
        b"<a><XAddrs>file:///etc/passwd</XAddrs></a>",
        b"<a><XAddrs>http://10.0.0.1:99999/</XAddrs></a>",
    ],
)
def test_what_is_no_answer_of_a_camera_is_none(answer: bytes) -> None:
    """It comes from anybody on the network."""
    assert camera_of(answer) is None


PROFILE_M = {
    "UtcTime": "2027-01-15T08:00:00Z",
    "Data": {"tt:LicensePlateInfo": {"tt:PlateNumber": {"Value": "AB 1234", "Likelihood": 0.93}}},
}


def test_the_mark_of_a_profile_m_message_is_found_however_it_is_nested() -> None:
    """Makers nest it differently; what is no Hong Kong mark names nobody."""
    assert marks_of(json.dumps(PROFILE_M).encode()) == (("AB1234",), NOW_MS)
    assert marks_of(b'{"time": "2027-01-15T08:00:00+00:00", "objects": [{"plate": "xy77"}]}') == (("XY77",), NOW_MS)
    assert marks_of(b'{"UtcTime": "2027-01-15T08:00:00Z", "plate": "????"}') == ((), NOW_MS)
    assert marks_of(b"[" * 100_000) == ((), None)
    assert marks_of(b"null") == ((), None)


def test_only_what_is_of_now_counts() -> None:
    """Retained, undated and old frames are counted and refused; a fresh one names its mark with its age taken off."""
    feed = MetadataFeed(now_ms=lambda: 50_000, utc_ms=lambda: NOW_MS + 400)
    seen: list[tuple[str, int]] = []

    async def story() -> None:
        running = asyncio.ensure_future(feed.run(lambda mark, at: seen.append((mark, at)), lambda: None))
        await asyncio.sleep(0)
        feed.on_message(json.dumps(PROFILE_M).encode(), retained=True)
        feed.on_message(b'{"plate": "AB1234"}', retained=False)
        feed.on_message(b'{"UtcTime": "2027-01-15T07:59:00Z", "plate": "AB1234"}', retained=False)
        feed.on_message(json.dumps(PROFILE_M).encode(), retained=False)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
    assert seen == [("AB1234", 49_600)]
    assert feed.refused == {"camera_retained": 1, "camera_undated": 1, "camera_not_of_now": 1}
