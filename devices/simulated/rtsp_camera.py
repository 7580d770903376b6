"""A network camera: RTSP with RTP over the same connection, with a login where one is given, and the ailments of real ones.

    with RtspCamera(units, fps=10, login=("admin", "12345")) as camera:
        ...                                  # rtsp://127.0.0.1:{camera.port}/lane
        camera.logins                        # how often somebody gave a wrong one
        camera.sent                          # the moment of the newest picture, in pictures
        camera.plays, camera.played          # how many watch now; how many have ever

It speaks as much of RFC 2326 and RFC 6184 as FFmpeg asks for. Pictures are H.264 access units that were coded before.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from enum import Enum
from typing import Self

_MOST = 1_300  # bytes of one RTP packet
_REALM, _NONCE = "camera", "5ccc069c403ebaf9f0171e9517f40e41"


class CameraRefusal(Enum):
    """What a camera may answer instead of its stream."""

    NONE = "none"
    UDP_ONLY = "461 Unsupported Transport"
    NO_STREAM = "404 Not Found"


def nal_units(unit: bytes) -> list[bytes]:
    """The parts of an access unit."""
    return [part for part in re.split(rb"\x00\x00\x00\x01|\x00\x00\x01", unit) if part]


class RtspCamera:
    """The camera, from `with` to the end of it.

    Args:
        units: H.264 access units with start codes, played in a loop; the first is a key frame with its parameter sets.
        fps: pictures a second.
        login: user and password; None for a camera that asks for none.
        digest: it wants the password hashed, as cameras do since about 2015; else as it is.
        refusal: what it answers instead of its stream.
    """

    def __init__(
        self,
        units: list[bytes],
        *,
        fps: int = 10,
        login: tuple[str, str] | None = None,
        digest: bool = True,
        refusal: CameraRefusal = CameraRefusal.NONE,
    ) -> None:
        self._pictures = [nal_units(unit) for unit in units]
        self._fps, self._login, self._digest, self._refusal = fps, login, digest, refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.logins = 0
        self.sent = 0
        self.plays = self.played = 0
        self._counting = threading.Lock()
        self.paths: list[str] = []

    def show(self, units: list[bytes]) -> None:
        """From the next picture on it plays these; they are coded with the same parameter sets."""
        self._pictures = [nal_units(unit) for unit in units]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="rtsp camera", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            for head in self._requests(peer):
                verb, url = head.split()[:2]
                status, fields, body = self._answer(verb, url, head)
                number = re.search(r"CSeq: *(\d+)", head)
                fields = f"CSeq: {number[1] if number else 0}\r\nContent-Length: {len(body)}\r\n{fields}"
                peer.sendall(f"RTSP/1.0 {status}\r\n{fields}\r\n".encode() + body)
                if verb == "PLAY" and status.startswith("200"):
                    self._count(1)
                    try:
                        self._play(peer)
                    finally:
                        self._count(-1)

    def _count(self, more: int) -> None:
        with self._counting:
            self.plays += more
            self.played += max(more, 0)

    def _requests(self, peer: socket.socket) -> Iterator[str]:
        waiting = b""
        while data := peer.recv(4_096):
            waiting += data
            while b"\r\n\r\n" in waiting:
                head, waiting = waiting.split(b"\r\n\r\n", 1)
                yield head.decode("latin-1")

    def _answer(self, verb: str, url: str, head: str) -> tuple[str, str, bytes]:
        if verb == "OPTIONS":
            return "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", b""
        if self._login is not None and not self._let_in(verb, head):
            kind = f'Digest realm="{_REALM}", nonce="{_NONCE}"' if self._digest else f'Basic realm="{_REALM}"'
            return "401 Unauthorized", f"WWW-Authenticate: {kind}\r\n", b""
        self.paths.append(url)
        if verb == "DESCRIBE":
            if self._refusal is CameraRefusal.NO_STREAM:
                return self._refusal.value, "", b""
            base = f"Content-Base: rtsp://127.0.0.1:{self.port}/lane/\r\nContent-Type: application/sdp\r\n"
            return "200 OK", base, self._described()
        if verb == "SETUP" and self._refusal is CameraRefusal.UDP_ONLY:
            return self._refusal.value, "", b""
        return "200 OK", "Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", b""

    def _let_in(self, verb: str, head: str) -> bool:
        given = re.search(r"Authorization: *(.*)", head)
        if given is None or self._login is None:
            return False
        user, password = self._login
        if self._digest:
            said = dict(re.findall(r'(\w+)="([^"]*)"', given[1]))
            first, second = f"{user}:{_REALM}:{password}", f"{verb}:{said.get('uri')}"
            right = said.get("response") == _md5(f"{_md5(first)}:{_NONCE}:{_md5(second)}")
        else:
            right = given[1].strip() == "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.logins += not right
        return right

    def _described(self) -> bytes:
        sets = [base64.b64encode(next(n for n in self._pictures[0] if n[0] & 31 == kind)).decode() for kind in (7, 8)]
        lines = ("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=lane", "t=0 0", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000")
        form = f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={','.join(sets)}"
        return "\r\n".join((*lines, form, "a=control:track1", "")).encode()

    def _play(self, peer: socket.socket) -> None:
        began, number, sequence = time.monotonic(), 0, 0
        while not self._over.wait(max(0.0, began + number / self._fps - time.monotonic())):
            parts = list(_packets(self._pictures[number % len(self._pictures)]))
            for place, part in enumerate(parts):
                last = 0x80 if place == len(parts) - 1 else 0
                stamp = self._stamp(number) * 90_000 // self._fps & 0xFFFFFFFF
                packet = struct.pack(">BBHII", 0x80, 96 | last, sequence & 0xFFFF, stamp, 1) + part
                peer.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
                sequence += 1
            number += 1
            self.sent = self._stamp(number)

    def _stamp(self, number: int) -> int:
        """The moment of picture `number`, in pictures; a camera that loses some is made of it."""
        return number


def _packets(parts: list[bytes]) -> Iterator[bytes]:
    """The payloads of one picture: each part by itself, or cut into fragments (RFC 6184 §5.8)."""
    for part in parts:
        if len(part) <= _MOST:
            yield part
            continue
        head, body = part[0], part[1:]
        for at in range(0, len(body), _MOST):
            first, last = 0x80 if at == 0 else 0, 0x40 if at + _MOST >= len(body) else 0
            yield bytes([head & 0x60 | 28, first | last | head & 31]) + body[at : at + _MOST]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
