"""The camera, looked through once for `rocars-lane check`; and whether the lane itself runs."""

from __future__ import annotations

import socket

from devices.camera import Newest
from devices.settings import CameraSettings
from edge.settings.load import Settings

_PATIENCE_S = 6.0


def look_through_camera(camera: CameraSettings) -> str:
    """Opens the camera and waits for one picture; returns its size in words.

    Raises:
        OSError: there is none; says what to do.
    """
    with Newest(camera) as newest:
        frame = newest.after(0, _PATIENCE_S)
        if frame is None:
            raise OSError(
                newest.error or f"{camera.place}: no picture within {_PATIENCE_S:g} s: check cable, power and address"
            )
    height, width = frame.picture.shape[:2]
    return f"gives pictures of {width} x {height}"


def lane_runs(settings: Settings) -> bool:
    """Whether the lane runs, by its page: a port, a board or a name at the broker that two use is lost to both."""
    page = settings.console
    try:
        with socket.create_connection((page.host, page.port), timeout=1):
            return True
    except OSError:
        return False
