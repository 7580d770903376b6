"""The site's wires: a switch, the lane's box, the centre, and the yard where camera and contact board are.

Network namespaces only; nothing of the outside machine's own network is touched, and nothing leads out of it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LANE_ADDRESS = "10.20.7.7"
CENTRE_ADDRESS = "10.20.0.5"
CAMERA_ADDRESS = "10.20.7.21"
BOARD_ADDRESS = "10.20.7.22"
SHADOW_ADDRESS = "10.20.7.17"
GLASS_ADDRESS = "10.20.7.23"
_NET = 0x40000000  # CLONE_NEWNET (setns(2))


class Wires:
    """A switch in a namespace of its own, with a cable to each machine.

    Args:
        tag: begins the namespaces' names, so that two runs do not meet.
    """

    def __init__(self, tag: str) -> None:
        self.yard, self.lane, self.centre = f"{tag}-yard", f"{tag}-lane", f"{tag}-centre"
        self.shadow = f"{tag}-shadow"

    def lay(self) -> None:
        """Lays them."""
        for name in (self.yard, self.lane, self.centre, self.shadow):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", self.yard, "link", "add", "switch", "type", "bridge")
        _ip("-n", self.yard, "link", "set", "switch", "up")
        for address in (CAMERA_ADDRESS, BOARD_ADDRESS, GLASS_ADDRESS):
            _ip("-n", self.yard, "addr", "add", f"{address}/16", "dev", "switch")
        for name, port, address in (
            (self.lane, "lane", LANE_ADDRESS),
            (self.centre, "centre", CENTRE_ADDRESS),
            (self.shadow, "shadow", SHADOW_ADDRESS),
        ):
            _ip("-n", self.yard, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("-n", self.yard, "link", "set", port, "master", "switch", "up")
            _ip("-n", name, "addr", "add", f"{address}/16", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")

    def cut(self) -> None:
        """The cable between the switch and the centre is pulled."""
        _ip("-n", self.yard, "link", "set", "centre", "down")

    def mend(self) -> None:
        """It is put back."""
        _ip("-n", self.yard, "link", "set", "centre", "up")

    def take_up(self) -> None:
        """Removes them all."""
        for name in (self.yard, self.lane, self.centre, self.shadow):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _enter(descriptor: int, name: str) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


def in_network(name: str, act: Callable[[], T]) -> T:
    """Does something (opens a socket) inside a network namespace; what is opened stays in there.

    Raises:
        OSError: there is no such namespace, or it may not be entered.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def inside() -> None:
        try:
            with Path(f"/run/netns/{name}").open("rb") as place:
                _enter(place.fileno(), name)
            done.append(act())
        except BaseException as problem:  # noqa: BLE001 - handed to the caller
            failed.append(problem)

    thread = threading.Thread(target=inside, name=f"in {name}")  # of its own: a thread stays where it went
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
