"""`rocars-lane cameras`: ONVIF cameras of the network, who they are, and the URLs of their streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from devices.dated_picture import CameraError
from devices.onvif_camera import OnvifHealth, look_at_onvif
from devices.onvif_discovery import FoundCamera, discover
from runtime.camera_address import read_login
from runtime.clocks import utc_ms

CLOCK_OFF_S = 5.0
"""A camera whose clock is further off dates its own records wrongly; the lane's pictures are dated by their arrival."""


def cameras_command(address: str, login_file: Path | None, seconds: float, *, say: Callable[[str], None]) -> int:
    """The whole command; status 1 where a camera that was named does not answer, or none was found.

    Raises:
        OSError: the login cannot be read, or there is no network.
    """
    login = read_login(login_file) if login_file is not None else None
    found = [FoundCamera(address)] if address else asyncio.run(discover(seconds))
    if not found:
        say("no camera answered: they may be on another network, or ONVIF discovery is off; name its address instead")
        return 1
    failed = 0
    for camera in found:
        say(f"{camera.address}  {camera.name}".rstrip())
        try:
            _tell(asyncio.run(look_at_onvif(camera.address, login, utc_ms=utc_ms)), say)
        except CameraError as problem:
            failed += 1
            say(f"    {problem}")
    return int(bool(address and failed))


def _tell(health: OnvifHealth, say: Callable[[str], None]) -> None:
    say(f"    {health.model}, version {health.firmware}")
    if health.clock_off_s is not None and abs(health.clock_off_s) > CLOCK_OFF_S:
        say(f"    its clock is {health.clock_off_s:g} s off: give it the site's time server")
    for stream in health.streams:
        say(f'    {stream.name}: {stream.width} x {stream.height} {stream.coding}: url = "{stream.url}"')
