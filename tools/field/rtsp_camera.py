"""An RTSP camera: `python3 rtsp_camera.py ADDRESS PORT SOCKET WIDTH HEIGHT FPS` (Debian's gst-rtsp-server and python3-gi).

Pictures come in over a Unix socket, each with a header of three numbers (`devices.camera.PUSH`: magic, width, height),
blue-green-red; they go out as H.264 with a key frame every second, at rtsp://ADDRESS:PORT/lane, for as many clients as
come. With no new picture the last is sent again, as a camera does.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

_HEADER = struct.Struct(">4sII")


class Sensor:
    """The newest picture."""

    def __init__(self, place: Path, size: tuple[int, int]) -> None:
        self.picture = bytes(size[0] * size[1] * 3)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        place.unlink(missing_ok=True)
        self._server.bind(str(place))
        self._server.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            link, _ = self._server.accept()
            with contextlib.suppress(OSError, EOFError), link:
                while True:
                    _, width, height = _HEADER.unpack(_exactly(link, _HEADER.size))
                    self.picture = _exactly(link, width * height * 3)


def _exactly(link: socket.socket, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        piece = link.recv(min(count - len(got), 1 << 20))
        if not piece:
            raise EOFError
        got += piece
    return bytes(got)


def main(address: str, port: str, place: str, width: str, height: str, fps: str) -> None:
    """Serves for ever."""
    Gst.init(None)
    sensor = Sensor(Path(place), (int(width), int(height)))
    step = Gst.SECOND // int(fps)

    def feed(source: Any, _wanted: int) -> None:
        buffer = Gst.Buffer.new_wrapped(sensor.picture)
        buffer.pts = buffer.dts = source.fed * step
        buffer.duration = step
        source.fed += 1
        source.emit("push-buffer", buffer)

    def configure(_factory: Any, media: Any) -> None:
        source = media.get_element().get_child_by_name("sensor")
        source.fed = 0
        source.connect("need-data", feed)

    factory = GstRtspServer.RTSPMediaFactory()
    caps = f"video/x-raw,format=BGR,width={width},height={height},framerate={fps}/1"
    factory.set_launch(
        f"( appsrc name=sensor is-live=true format=time block=true max-buffers=1 caps={caps} "
        f"! identity sync=true ! videoconvert ! video/x-raw,format=I420 "
        f"! x264enc tune=zerolatency speed-preset=ultrafast bitrate=4000 key-int-max={fps} "
        "! rtph264pay name=pay0 pt=96 config-interval=1 )"
    )
    factory.set_shared(True)
    factory.connect("media-configure", configure)
    server = GstRtspServer.RTSPServer()
    server.set_address(address)
    server.set_service(port)
    server.get_mount_points().add_factory("/lane", factory)
    server.attach(None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
