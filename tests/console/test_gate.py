"""A stranger may connect as often as he likes: the lane works, and an officer gets in."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import socket
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from console.gate import MOST, OF_ADDRESS, REQUEST_S, origin
from tests.rigs.page_client import log_in

T = TypeVar("T")
HALVES = 2_000
HALF = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"


def stand(port: int, standing: Event, over: Event) -> None:
    """Opens so many half requests, and again each that is ended, until told that it is over."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, HALVES + 100), hard))
    sockets: list[socket.socket] = []
    while not over.is_set():
        for _ in range(50):
            if len(sockets) < HALVES:
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
                sockets.append(one)
        for one in list(sockets[-200:]):
            try:
                one.send(HALF)
            except BlockingIOError:
                continue
            except OSError:
                sockets.remove(one)
                one.close()
        if len(sockets) >= HALVES:
            standing.set()
            sockets[0].close()
            del sockets[0]
        time.sleep(0.01)


def at_last(ask: Callable[[], T]) -> T:
    """The answer, asked for again for some seconds where the connection was ended in the crush, as a browser does."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            return ask()
        time.sleep(0.2)
    return ask()


def streams(officer: httpx.Client) -> bool:
    """Whether the page's stream brings a view."""
    with officer.stream("GET", "/events") as stream:
        return any(line.startswith("data: ") for line in stream.iter_lines())


@pytest.fixture
def besieged(serve: Callable[..., Any]) -> Iterator[Any]:
    """A page before which two thousand half requests stand."""
    served = serve()
    context = multiprocessing.get_context("spawn")
    standing, over = context.Event(), context.Event()
    port = int(served.url.rsplit(":", 1)[1])
    stranger = context.Process(target=stand, args=(port, standing, over))
    stranger.start()
    try:
        assert standing.wait(60)
        yield served
    finally:
        over.set()
        stranger.join(20)


def test_a_vehicle_is_noticed_and_an_officer_gets_in_while_half_requests_stand(besieged: Any) -> None:
    """The loop's edge within seconds, on one loop with the page even; descriptors enough; a login; the page and its stream."""
    held = len(list(Path("/proc/self/fd").iterdir()))
    assert held < 2 * MOST
    began = time.monotonic()
    besieged.drive(besieged.lane.arrives)
    took = time.monotonic() - began
    assert took < 5
    with httpx.Client(base_url=besieged.url, transport=httpx.HTTPTransport(retries=5), timeout=10) as officer:
        assert at_last(lambda: log_in(officer)).status_code == 303
        assert "CHAN Tai-man" in at_last(lambda: officer.get("/")).text
        assert at_last(lambda: streams(officer))


def test_a_request_that_never_ends_is_ended(serve: Callable[..., Any]) -> None:
    """Headers or body: what is not whole in time is given up; so is a connection that says nothing."""
    port = int(serve().url.rsplit(":", 1)[1])
    for said in (b"", b"GET / HT", HALF, HALF + b"\r\nname=ch"):
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(said)
            half.settimeout(REQUEST_S + 3)
            began = time.monotonic()
            with contextlib.suppress(ConnectionResetError):
                while half.recv(4096):
                    pass
            assert time.monotonic() - began < REQUEST_S + 2


def test_a_stream_is_no_half_request(serve: Callable[..., Any]) -> None:
    """It goes on for as long as its page is open."""
    served = serve(view_without_login=True)
    with httpx.stream("GET", f"{served.url}/events", timeout=10) as stream:
        began = time.monotonic()
        for line in stream.iter_lines():
            if line.startswith("data: ") and time.monotonic() - began > REQUEST_S + 1:
                return
    raise AssertionError("the stream was ended")


def test_a_thousand_idle_streams_of_one_officer_that_nobody_reads(serve: Callable[..., Any]) -> None:
    """A page left open in a thousand tabs, none of which takes anything in: a few are kept, and the lane and the newest page live."""
    served = serve()
    port = int(served.url.rsplit(":", 1)[1])
    with httpx.Client(base_url=served.url, timeout=10) as officer, contextlib.ExitStack() as stack:
        assert log_in(officer).status_code == 303
        cookies = "; ".join(f"{one.name}={one.value}" for one in officer.cookies.jar)
        asked = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n\r\n".encode()
        for _ in range(1_000):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            with contextlib.suppress(OSError):
                idle.sendall(asked)
        assert len(list(Path("/proc/self/fd").iterdir())) < 1_000 + 2 * MOST  # ours, and what the server keeps of them
        served.drive(served.lane.arrives)
        assert at_last(lambda: streams(officer))


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_who_owns_many_addresses_is_counted_once(address: str, counted: str) -> None:
    """Of IPv6 a subscriber has a network."""
    assert origin(address) == counted
    assert OF_ADDRESS < MOST
