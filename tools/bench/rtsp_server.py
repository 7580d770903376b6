"""A camera for measurements: GStreamer's RTSP server, fed with pictures that were encoded before, so that it costs little.

    /usr/bin/python3 tools/bench/rtsp_server.py FILM FPS [USER PASSWORD]

Run by Debian's own Python, which has the bindings (`python3-gi`, `gir1.2-gst-rtsp-server-1.0`,
`gstreamer1.0-plugins-good`, `gstreamer1.0-plugins-bad`); nothing of ours is imported here. FILM holds H.264 access
units, each behind its length (4 bytes, big-endian); it is played in a loop and begins with a key frame. The port is printed as
soon as it listens. Every client sees the same moment of the film. It ends with its standard input.
"""

from __future__ import annotations

import struct
import sys
import threading
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def access_units(film: Path) -> list[bytes]:
    """The pictures of the film, in order."""
    data, at, units = film.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        units.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return units


class Feed:
    """Gives an `appsrc` one picture after the other, stamped as a camera of that rate would."""

    def __init__(self, units: list[bytes], fps: int) -> None:
        self._units, self._fps, self._number = units, fps, 0

    def configure(self, _factory: Any, media: Any) -> None:
        """Called for a new stream (`media-configure`), whose time begins at nought."""
        self._number = 0
        media.get_element().get_child_by_name("film").connect("need-data", self._push)

    def _push(self, source: Any, _wanted: int) -> None:
        buffer = Gst.Buffer.new_wrapped(self._units[self._number % len(self._units)])
        step = Gst.SECOND // self._fps
        buffer.pts = buffer.dts = self._number * step
        buffer.duration = step
        self._number += 1
        source.emit("push-buffer", buffer)


def served(units: list[bytes], fps: int, login: list[str]) -> int:
    """Begins to serve; returns the port."""
    server, factory = GstRtspServer.RTSPServer(), GstRtspServer.RTSPMediaFactory()
    server.set_address("127.0.0.1")
    server.set_service("0")
    caps = f"video/x-h264,stream-format=byte-stream,alignment=au,framerate={fps}/1"
    source = f"appsrc name=film is-live=false format=time block=false max-bytes=2000000 caps={caps}"
    factory.set_launch(f"( {source} ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )")
    factory.set_shared(True)
    factory.connect("media-configure", Feed(units, fps).configure)
    if login:
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(*login), token)
        server.set_auth(auth)
        factory.add_role_from_structure(
            Gst.Structure.new_from_string("viewer, media.factory.access=true, media.factory.construct=true")[0]
        )
    server.get_mount_points().add_factory("/lane", factory)
    server.attach(None)
    return int(server.get_bound_port())


def main() -> None:
    """Serves until standard input ends."""
    Gst.init(None)
    film, fps, login = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    sys.stdout.write(f"{served(access_units(film), fps, login)}\n")
    sys.stdout.flush()
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
