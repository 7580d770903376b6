"""One further camera of the point, received and passed on undecoded: `python -m wall.camera_child`, started by `wall.point_cameras`.

    python -m wall.camera_child --url rtsp://... --socket PATH [--login-file FILE] [--end-with PID]

Rules of this file:
- Nothing is decoded: the stream's packets go to a Unix socket as they come (`runtime.live_tap`), as a lane's reader offers its own.
- A process of its own: what a camera sends goes through FFmpeg's parsers, and what goes wrong there must cost a picture, never the wall.
- The login is read here, from its file. No message has it: FFmpeg's errors name the address that it was given, and are not quoted.

It says `open` on standard output once the socket is there, and ends with the stream: exit status `REFUSED` where the camera refuses the
login, `FAILED` for anything else.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Final
from urllib.parse import quote

import av
import av.error

from runtime.camera_address import read_login, with_login
from runtime.children import end_with_parent
from runtime.clocks import monotonic_ms
from runtime.journald import log_for_people
from runtime.live_tap import LiveTap
from runtime.picture_age import LEAST_MS, StampedAge
from wall.camera_words import FAILED, OPEN, REFUSED

log = logging.getLogger("rocars.wall.camera")

_TIMEOUTS: Final = (3.0, 2.0)
"""Seconds to open and to wait for more; the library's own are up to 90."""
_OPTIONS: Final = {"analyzeduration": "100000", "rtsp_transport": "tcp", "allowed_media_types": "video"}
"""Over TCP, where a lost piece is told; without sound, whose first report of the clock would shift the pictures' stamps."""


def pass_on(opened: str, place: Path, over: threading.Event) -> None:
    """Offers the camera's stream at that socket until `over`, or until it ends.

    Args:
        opened: the stream's address, with its login.
        place: of the socket.
        over: looked at with every packet.

    Raises:
        av.FFmpegError: the camera does not open, or gives nothing more; its text may have the login in it.
        OSError: likewise, or it is no place for a socket.
    """
    with av.open(opened, options=_OPTIONS, timeout=_TIMEOUTS) as camera:
        video, age = camera.streams.video[0], StampedAge()
        tap = LiveTap(place)
        try:
            tap.opened(video.codec_context.name, video.codec_context.extradata or b"")
            sys.stdout.write(f"{OPEN}\n")
            sys.stdout.flush()
            for packet in camera.demux(video):
                if over.is_set() or not packet.size:
                    return
                now = monotonic_ms()
                lag = age.lag_ms(None if packet.pts is None else float(packet.pts * packet.time_base * 1_000), now)
                taken = None if lag is None else now - lag - LEAST_MS
                tap.came(packet, taken, key=packet.is_keyframe, damaged=packet.is_corrupt)
        finally:
            tap.close()


def address(url: str, login_file: Path | None) -> str:
    """The address as FFmpeg takes it.

    Raises:
        OSError: the file has no login.
    """
    if login_file is None:
        return url
    user, password = read_login(login_file)
    return with_login(url, quote(user, safe=""), quote(password, safe=""))


def main(arguments: list[str] | None = None) -> int:
    """Receives until it is told to end (SIGTERM), or the stream ends."""
    parser = argparse.ArgumentParser(prog="python -m wall.camera_child", description="One further camera of the wall.")
    parser.add_argument("--url", required=True, help="the stream, without its login")
    parser.add_argument("--login-file", type=Path, metavar="FILE", help="USER:PASSWORD of the camera")
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="where it is offered")
    parser.add_argument("--end-with", type=int, default=0, metavar="PID", help="end when this parent does")
    options = parser.parse_args(arguments)
    if options.end_with:
        end_with_parent(signal.SIGTERM, parent=options.end_with)
    log_for_people("rocars-wall-camera")
    av.logging.set_level(None)  # its own lines name the address with the login
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        pass_on(address(options.url, options.login_file), options.socket, over)
    except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError):
        log.warning("%s: the camera refuses the login: correct the file that login_file names", options.url)
        return REFUSED
    except IndexError:
        log.warning("%s: has no video: choose another stream of it", options.url)
    except av.FFmpegError as error:
        log.warning("%s: %s: check the address, the cable and the power", options.url, error.strerror)
    except OSError as error:
        log.warning("%s: %s", options.url, error)
    return 0 if over.is_set() else FAILED


if __name__ == "__main__":
    sys.exit(main())
