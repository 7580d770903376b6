"""A cable pulled out at the switch: no side is told anything. Needs root and network namespaces.

Two machines, each in a network namespace of its own, on a bridge in a third: taking a port off the bridge drops every
frame in both directions and changes nothing that either side can see, its carrier included.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.broker import PrivateBroker

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and the command ip (iproute2)"
)
PATIENCE = 60.0
NEAR, FAR = "198.18.0.1", "198.18.0.2"

# A client as the lane is one: it says something each second. It prints when it is up and when, and why, it is down.
CLIENT = """
import asyncio, sys, time
from runtime.mqtt import Broker, Connection, Options

async def lane():
    over = asyncio.Event()
    def down(why):
        print("down", why.cause.value, flush=True)
        over.set()
    options = Options(
        brokers=(Broker(sys.argv[1], int(sys.argv[2])),), client_id="lane-1", subscriptions=(("rocars/v1/log", 1),),
        user_name="lane-1", password=sys.argv[3], keepalive=int(sys.argv[4]),
    )
    link = Connection(
        options, will=lambda: None, on_up=lambda: print("up", flush=True), on_down=down, on_message=lambda _: None
    )
    link.start()
    while not over.is_set():
        link.publish("rocars/v1/lane/lane-1/up/nonce", b"n")
        await asyncio.sleep(1.0)

asyncio.run(lane())
"""


def ip(*words: str) -> None:
    """Runs `ip`."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Switch:
    """Two namespaces on one bridge."""

    def __init__(self) -> None:
        tag = f"rl{os.getpid()}"
        self.middle, self.near, self.far = (f"{tag}{each}" for each in "mnf")

    def build(self) -> None:
        """Makes it all."""
        for name in (self.middle, self.near, self.far):
            ip("netns", "add", name)
        ip("-n", self.middle, "link", "add", "br0", "type", "bridge")
        ip("-n", self.middle, "link", "set", "br0", "up")
        for port, (name, address) in enumerate(((self.near, NEAR), (self.far, FAR))):
            ip("-n", self.middle, "link", "add", f"p{port}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", self.middle, "link", "set", f"p{port}", "master", "br0", "up")
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def pull(self) -> None:
        """Takes the near machine's cable out."""
        ip("-n", self.middle, "link", "set", "p0", "nomaster")

    def plug(self) -> None:
        """Puts it back."""
        ip("-n", self.middle, "link", "set", "p0", "master", "br0")

    def remove(self) -> None:
        """Takes down whatever was made."""
        for name in (self.near, self.far, self.middle):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A switch with two machines; skipped where the kernel lets nobody make one."""
    made = Switch()
    try:
        made.build()
    except subprocess.CalledProcessError as error:
        made.remove()
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    yield made
    made.remove()


def test_a_pulled_cable_is_noticed_long_before_the_keepalive(switch: Switch, tmp_path: Path) -> None:
    """Unacknowledged data ends the connection, though the keepalive, of which it takes two, is twenty seconds here."""

    async def story() -> float:
        command = [sys.executable, "-c", CLIENT, FAR, str(broker.port), broker.password("lane-1"), "20"]
        client = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", switch.near, *command, stdout=asyncio.subprocess.PIPE
        )
        assert client.stdout is not None
        assert await asyncio.wait_for(client.stdout.readline(), PATIENCE) == b"up\n"
        switch.pull()
        cut = time.monotonic()
        assert await asyncio.wait_for(client.stdout.readline(), PATIENCE) == b"down lost\n"
        taken = time.monotonic() - cut
        await client.wait()
        return taken

    broker = PrivateBroker(
        tmp_path, lanes=["lane-1"], port=18830, address=FAR, wrap=("ip", "netns", "exec", switch.far)
    )
    with broker:
        taken = asyncio.run(story())
    assert taken < 20, f"{taken:.1f} s"
