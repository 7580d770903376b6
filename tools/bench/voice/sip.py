"""A call over SIP: the kiosk in one network namespace, the officer's telephone (another baresip) in a second.

baresip refuses loopback, so each has an end of a cable. Root, and Debian's baresip-core; nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from devices.voice import sip_config
from devices.voice.netstring import Netstrings, framed
from devices.voice.settings import Echo, SipSettings
from devices.voice.sound import SoundServer, end_child, spawn_child

LANE, OFFICE = "10.77.7.1", "10.77.7.2"
PASSWORD = "of-all-telephones"  # noqa: S105 -- in a namespace of this machine, for as long as a bench runs
"""Of every account at the exchange."""

_NEWNET = 0x4000_0000


def missing(*programs: str) -> str:
    """What this machine or user lacks for two ends with a cable between them; "" if nothing.

    Args:
        programs: paths that are needed besides the sound server's.
    """
    wanted = ("/usr/bin/pulseaudio", "/usr/bin/parec", "/sbin/ip", "/sbin/iptables", *programs)
    lacking = [Path(one).name for one in wanted if not Path(one).exists()]
    if lacking:
        return f"not installed: {', '.join(lacking)} (docs/voice.md)"
    return "" if os.geteuid() == 0 else "network namespaces need root"


@contextlib.contextmanager
def cable(name: str) -> Iterator[tuple[str, str]]:
    """Two namespaces and a cable between them: the lane's and the office's."""
    lane, office = f"{name}-lane", f"{name}-office"
    ends = (("vl0", lane, LANE), ("vo0", office, OFFICE))
    try:
        for _, space, _ in ends:
            _ip("netns", "add", space)
        _ip("-n", lane, "link", "add", "vl0", "type", "veth", "peer", "name", "vo0", "netns", office)
        for end, space, address in ends:
            _ip("-n", space, "addr", "add", f"{address}/24", "dev", end)
            # No address of its own making: a browser starts anew with each that comes.
            _ip("-n", space, "link", "set", end, "addrgenmode", "none", "up")
            _ip("-n", space, "link", "set", "lo", "up")
        yield lane, office
    finally:
        for _, space, _ in ends:
            subprocess.run(("ip", "netns", "del", space), check=False, capture_output=True)


def cut(space: str, *, off: bool) -> None:
    """Pulls the cable, or puts it back."""
    _ip("-n", space, "link", "set", "vo0" if space.endswith("office") else "vl0", "down" if off else "up")


@contextlib.contextmanager
def muted(space: str) -> Iterator[None]:
    """Drops the sound that leaves there (RTP's first two bits, RFC 3550 §5.1) and nothing else, for as long as the block runs."""
    rule = ("OUTPUT", "-p", "udp", "-m", "u32", "--u32", "28&0xC0000000=0x80000000", "-j", "DROP")
    _ip("netns", "exec", space, "iptables", "-A", *rule)
    try:
        yield
    finally:
        _ip("netns", "exec", space, "iptables", "-D", *rule)


def _ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True)


@contextlib.contextmanager
def inside(space: str) -> Iterator[None]:
    """What this thread opens in the block is there; "" is where we are."""
    if not space:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    own, other = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{space}", os.O_RDONLY)
    try:
        if libc.setns(other, _NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {space}")
        yield
    finally:
        libc.setns(own, _NEWNET)
        os.close(own)
        os.close(other)


class OfficerPhone:
    """A telephone on an officer's desk.

    Attributes:
        heard: events of its control socket, with their moments.
        environment: of its own sound server, whose `room` its microphone hears.
    """

    def __init__(
        self, space: str, folder: Path, number: str = "sip:100@" + OFFICE, port: int = 5060, registrar: str = ""
    ) -> None:
        self._space = space
        self._folder = folder
        self._settings = SipSettings(
            address=number, numbers=("sip:nobody@" + LANE,), port=port, registrar=registrar, register_s=10.0
        )
        self._sound = SoundServer(folder / "sound", microphone="null", loudspeaker="null", echo=Echo.NONE)
        self.environment = self._sound.environment
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Plugs it in."""
        await self._sound.start()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        sip_config.write(
            self._folder / "sip", self._settings, control_port=port, sound_socket=self._sound.socket,
            password=PASSWORD if self._settings.registrar else "",
        )  # fmt: skip
        environment = self.environment | {"ALSA_CONFIG_PATH": str(self._folder / "sip" / "asound.conf")}
        self._process = await spawn_child(
            "ip", "netns", "exec", self._space, "baresip", "-f", str(self._folder / "sip"),
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(15):
            while True:
                with inside(self._space):
                    end = socket.socket()
                end.setblocking(False)
                try:
                    await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", port))
                    break
                except OSError:
                    end.close()
                    await asyncio.sleep(0.05)
        reader, self._writer = await asyncio.open_connection(sock=end)
        self._reading = asyncio.create_task(self._read(reader))

    async def stop(self) -> None:
        """Unplugs it, whatever it does."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
        await end_child(self._process)
        await self._sound.stop()

    def does(self, command: str, params: str = "") -> None:
        """`accept`, `hangup`, `sndcode 5`, ..."""
        assert self._writer is not None
        self._writer.write(framed({"command": command, "params": params, "token": "-"}))

    async def hears(self, kind: str, within_s: float = 15.0, since: int = 0) -> float:
        """Waits for an event; its moment.

        Raises:
            TimeoutError: it does not come.
        """
        async with asyncio.timeout(within_s):
            while True:
                for moment, event in self.heard[since:]:
                    if event.get("type") == kind:
                        return moment
                await asyncio.sleep(0.005)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        strings = Netstrings()
        while chunk := await reader.read(65_536):
            for message in strings.take(chunk):
                self.heard.append((time.monotonic(), message))


@contextlib.asynccontextmanager
async def officer_phone(
    space: str, folder: Path, number: str = "sip:100@" + OFFICE, port: int = 5060, registrar: str = ""
) -> AsyncIterator[OfficerPhone]:
    """A telephone for as long as the block runs; with a registrar it is reached through it (`tools.bench.voice.exchange`)."""
    one = OfficerPhone(space, folder, number, port, registrar)
    try:
        await one.start()
        yield one
    finally:
        await one.stop()
