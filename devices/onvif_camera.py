"""What an ONVIF camera says of itself (profile S): who it is, how its clock goes, and where its streams are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from devices.dated_picture import CameraError

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class OnvifStream:
    """One profile: its name, the size of its picture, its coding, and its URL without a login."""

    name: str
    width: int
    height: int
    coding: str
    url: str


@dataclass(frozen=True, slots=True)
class OnvifHealth:
    """What the camera says.

    Attributes:
        model: maker and model.
        firmware: its version.
        clock_off_s: its clock against this box's, seconds; None where it does not say.
    """

    model: str
    firmware: str
    clock_off_s: float | None
    streams: tuple[OnvifStream, ...]


async def look_at_onvif(
    address: str, login: tuple[str, str] | None = None, *, utc_ms: Callable[[], int]
) -> OnvifHealth:
    """Asks a camera.

    Args:
        address: of its device service, or its host.
        login: user and password.
        utc_ms: what this box takes for UTC, in ms.

    Raises:
        CameraError: it does not answer, refuses the login, or speaks no ONVIF; the text says what to do.
    """
    from onvif import ONVIFCamera  # noqa: PLC0415 - it takes a second to load, and few commands need it

    parts = urlsplit(address if "://" in address else f"http://{address}")
    user, password = login or ("", "")
    camera = ONVIFCamera(parts.hostname or "", parts.port or 80, user, password)
    try:
        with _named(address):
            async with asyncio.timeout(PATIENCE_S):
                return await _asked(camera, utc_ms)
    finally:
        await camera.close()


async def _asked(camera: Any, utc_ms: Callable[[], int]) -> OnvifHealth:
    await camera.update_xaddrs()
    device = await camera.create_devicemgmt_service()
    said = await device.GetDeviceInformation()
    clock = _clock_off(await device.GetSystemDateAndTime(), utc_ms)
    media = await camera.create_media_service()
    streams = [await _stream(media, profile) for profile in await media.GetProfiles()]
    return OnvifHealth(f"{said.Manufacturer} {said.Model}", str(said.FirmwareVersion), clock, tuple(streams))


async def _stream(media: Any, profile: Any) -> OnvifStream:
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    found = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profile.token})
    coder = profile.VideoEncoderConfiguration
    size = coder.Resolution if coder is not None else None
    return OnvifStream(
        str(profile.Name),
        int(size.Width) if size is not None else 0,
        int(size.Height) if size is not None else 0,
        str(coder.Encoding) if coder is not None else "",
        str(found.Uri),
    )


def _clock_off(said: Any, utc_ms: Callable[[], int]) -> float | None:
    moment = said.UTCDateTime if said is not None else None
    if moment is None:
        return None
    date, time = moment.Date, moment.Time
    theirs = datetime(date.Year, date.Month, date.Day, time.Hour, time.Minute, time.Second, tzinfo=UTC)
    return round(theirs.timestamp() - utc_ms() / 1_000, 1)


@contextmanager
def _named(address: str) -> Iterator[None]:
    """What the library raises, as one error that says what to do."""
    try:
        yield
    except TimeoutError as problem:
        raise CameraError(
            f"{address} does not answer within {PATIENCE_S:g} s: check its power and address"
        ) from problem
    except Exception as problem:
        text = str(problem) or type(problem).__name__
        refused = "authori" in text.lower() or "401" in text
        remedy = "check its login and its clock" if refused else "check that ONVIF is switched on at the camera"
        raise CameraError(f"{address}: {text[:200]}: {remedy}") from problem
