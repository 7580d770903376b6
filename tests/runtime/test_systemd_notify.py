"""What the unit hears: on a real datagram socket, as systemd's own."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.sd_notify import Systemd, feed_on_progress


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        yield listening


def heard(unit: socket.socket) -> list[str]:
    """Everything said so far, one entry a datagram."""
    said = []
    unit.setblocking(False)
    while True:
        try:
            said.append(unit.recv(4_096).decode())
        except BlockingIOError:
            return said


def test_ready_status_extension_and_stopping_are_said_as_systemd_reads_them(unit: socket.socket) -> None:
    """The words of sd_notify(3); a status is one line, whatever it contains."""
    systemd = Systemd(unit.getsockname())
    systemd.extend(12.5)
    systemd.ready("lane sbc-in-07\nin automatic")
    systemd.status("manual: link")
    systemd.stopping()
    systemd.give_up("the store does not answer")
    assert heard(unit) == [
        "EXTEND_TIMEOUT_USEC=12500000",
        "READY=1\nSTATUS=lane sbc-in-07 in automatic",
        "STATUS=manual: link",
        "STOPPING=1",
        "STATUS=the store does not answer\nWATCHDOG=trigger",
    ]


def test_an_abstract_socket_is_reached_too() -> None:
    """Systemd may name its socket with a leading @."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # the kernel chooses a free abstract name
        name = listening.getsockname()
        Systemd("@" + name[1:].decode()).feed()
        assert heard(listening) == ["WATCHDOG=1"]


def test_without_systemd_nothing_is_said_and_nothing_breaks(tmp_path: Path) -> None:
    """A lane also runs in a terminal, and does not die with PID 1's socket."""
    Systemd().ready("fine")
    Systemd(str(tmp_path / "gone")).ready("fine")


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "77"}, 20.0),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "78"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_only_if_systemd_says_so(environment: dict[str, str], watchdog_s: float | None) -> None:
    """A watchdog meant for a parent is not fed by its child."""
    found = Systemd.from_environment({"NOTIFY_SOCKET": "/run/n", **environment}, pid=77)
    assert found == Systemd("/run/n", watchdog_s)


def feeding(unit: socket.socket, progress: Iterator[int], looks: int) -> list[str]:
    """What is said while the agent's progress was looked at so many times."""

    async def run() -> None:
        seen = 0
        done = asyncio.Event()

        def look() -> int:
            nonlocal seen
            seen += 1
            if seen > looks:
                done.set()
            return next(progress)

        task = asyncio.create_task(feed_on_progress(Systemd(unit.getsockname(), 0.008), look, fastest_s=0.002))
        await asyncio.wait_for(done.wait(), 10)
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(run())
    return heard(unit)


def test_an_agent_that_gets_on_feeds_the_watchdog(unit: socket.socket) -> None:
    """One feeding at the start and one for each look at which it has got on."""
    said = feeding(unit, itertools.count(), looks=4)
    assert said[:5] == ["WATCHDOG=1"] * 5 or said[:4] == ["WATCHDOG=1"] * 4


def test_an_agent_that_is_stuck_starves_it_and_says_why_once(unit: socket.socket) -> None:
    """The event loop may turn; without progress of the agent the watchdog runs out."""
    said = feeding(unit, itertools.repeat(7), looks=5)
    assert said == ["WATCHDOG=1", "STATUS=the agent made no progress for 0.002 s; the watchdog is not fed"]


def test_an_agent_that_comes_back_feeds_again(unit: socket.socket) -> None:
    """A slow disk is not a death."""
    said = feeding(unit, itertools.chain([1, 1, 1], itertools.count(2)), looks=4)
    assert [line.split("=")[0] for line in said][:3] == ["WATCHDOG", "STATUS", "WATCHDOG"]


def test_a_unit_without_watchdog_is_left_alone(unit: socket.socket) -> None:
    """The feeder ends at once."""
    asyncio.run(asyncio.wait_for(feed_on_progress(Systemd(unit.getsockname()), lambda: 1), 10))
    assert heard(unit) == []
