"""A control point in a folder: keys of lanes that play in processes of their own, and the settings of a wall over them."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import msgspec

from console.officers import OfficerBook, OfficerRole
from core.enrolment.authority import Authority
from runtime.clocks import utc_ms
from runtime.files import PRIVATE, write_whole
from simulation.broker import PrivateBroker
from simulation.point import PAGE_CERTIFICATE, PAGE_KEY, PointSettings
from wire import certificates
from wire.envelope import Signer, public_to_pem
from wire.topics import WALL

_WALL = """\
[wall]
point = "Shenzhen Bay"
point_chinese = "深圳灣"
store = "wall.db"
lane_keys = "lane-keys"
{key}
[page]
officers = "officers.json"
port = {port}

[[broker]]
host = "127.0.0.1"
port = {broker}
user_name = "{name}"
password_file = "wall.password"
"""
_KEY = """\
page_key = "wall.key"
pages_authority = "authority/authority.pem"
"""
_LANE = """
[[lane]]
id = "{lane}"
group = "{group}"
group_chinese = "{group_chinese}"
"""


def _free_ports() -> Iterator[int]:
    """Ports of loopback on which nobody listens, below those that the kernel gives to connections meanwhile."""
    for port in range(secrets.randbelow(8_000) + 12_000, 32_000):
        if not _answers(port):
            yield port


def lane_names(number: int) -> list[str]:
    """Names of so many lanes, half of them inbound."""
    inbound = (number + 1) // 2
    return [f"SZB-{'IN' if place < inbound else 'OUT'}-{place % inbound + 1:02}" for place in range(number)]


def _answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _certify_pages(folder: Path) -> None:
    """An authority, and one certificate for all pages of the point: on loopback they have one address."""
    authority, key = Authority.make(folder / "authority", utc_ms), certificates.new_key()
    write_whole(folder / PAGE_CERTIFICATE, authority.for_page("lanes", ["127.0.0.1"], key.public_key(), days=2))
    write_whole(folder / PAGE_KEY, certificates.key_to_pem(key), mode=PRIVATE)


class PrivatePoint:
    """A control point with a wall.

    Args:
        folder: made if missing.
        broker: which its lanes and the wall use; it was made with these lanes.
        lanes: their names.
        port: of the wall's page.
        pictures: the lanes have pages of their own, from which the wall fetches pictures.

    Attributes:
        config: the wall's settings file.
        passwords: of the wall's people, by login: chan and wong (officers), lee (supervisor), view (viewer), tech.
    """

    PEOPLE = (
        ("chan", OfficerRole.OFFICER, "Chan T. M."),
        ("wong", OfficerRole.OFFICER, "Wong K. Y."),
        ("lee", OfficerRole.SUPERVISOR, "Lee S. K."),
        ("view", OfficerRole.VIEWER, "Screen 1"),
        ("tech", OfficerRole.TECHNICIAN, "Ho M."),
    )

    def __init__(
        self, folder: Path, broker: PrivateBroker, lanes: Iterable[str], *, port: int, pictures: bool = False
    ) -> None:
        self.folder, self._broker, self.lanes = folder, broker, list(lanes)
        self.config = folder / "wall.toml"
        self._keys = folder / "keys"
        self._pages = dict(zip(self.lanes, _free_ports(), strict=False)) if pictures else {}
        self._children: list[subprocess.Popen[bytes]] = []
        for place in (folder, self._keys, folder / "lane-keys"):
            place.mkdir(parents=True, exist_ok=True)
        for lane in self.lanes:
            signer = Signer.generate(lane)
            (self._keys / f"{lane}.key").write_bytes(signer.to_pem())
            (folder / "lane-keys" / f"{lane}.pub").write_bytes(public_to_pem(signer.public))
        if pictures:
            wall = Signer.generate(WALL)
            write_whole(folder / "wall.key", wall.to_pem(), mode=PRIVATE)
            (folder / "walls").mkdir(exist_ok=True)
            (folder / "walls" / f"{WALL}.pub").write_bytes(public_to_pem(wall.public))
            _certify_pages(folder)
        (folder / "wall.password").write_text(broker.password(WALL), encoding="ascii")
        self.config.write_text(self._settings(port), encoding="utf-8")
        self.passwords = {name: secrets.token_urlsafe(12) for name, _, _ in self.PEOPLE}
        book = OfficerBook(folder / "officers.json")
        for name, role, shown in self.PEOPLE:
            book.add(name, self.passwords[name], shown=shown, role=role)

    def _settings(self, port: int) -> str:
        key = _KEY if self._pages else ""
        text = _WALL.format(port=port, broker=self._broker.port, name=WALL, key=key)
        for lane in self.lanes:
            group, chinese = ("Inbound", "入境") if "-IN-" in lane else ("Outbound", "出境")
            text += _LANE.format(lane=lane, group=group, group_chinese=chinese)
            text += f'page = "https://127.0.0.1:{self._pages[lane]}"\n' if lane in self._pages else ""
        return text

    def point(self, lanes: Iterable[str], **busy: float) -> PointSettings:
        """How some of its lanes play."""
        passwords = {lane: self._broker.password(lane) for lane in lanes}
        pages = {lane: self._pages[lane] for lane in passwords if lane in self._pages}
        log = str(self.folder / f"told-{len(self._children)}.log")
        usual = PointSettings(port=self._broker.port, passwords=passwords, keys=str(self._keys), log=log, pages=pages)
        return msgspec.structs.replace(usual, **busy)

    def play(self, processes: int, **busy: float) -> list[Path]:
        """Starts the lanes, shared out over so many processes; returns their logs."""
        logs = []
        for place in range(processes):
            settings = self.point(self.lanes[place::processes], **busy)
            file = self.folder / f"point-{place}.json"
            file.write_bytes(msgspec.json.encode(settings))
            said = (self.folder / f"point-{place}.log").open("wb")
            child = subprocess.Popen(
                [sys.executable, "-m", "simulation.point", str(file)], stdin=subprocess.PIPE, stdout=said, stderr=said
            )
            said.close()
            self._children.append(child)
            logs.append(Path(settings.log))
        return logs

    @property
    def pids(self) -> list[int]:
        """The processes that the lanes play in."""
        return [child.pid for child in self._children]

    def wait_for_pages(self, *, patience_s: float = 120.0) -> None:
        """Waits until every lane's own page answers; returns at once where they have none.

        Raises:
            TimeoutError: one does not.
        """
        end = time.monotonic() + patience_s
        for lane, port in self._pages.items():
            while not _answers(port):
                if time.monotonic() > end:
                    raise TimeoutError(f"the page of {lane} does not answer")
                time.sleep(0.1)

    def ready(self, url: str, *, patience_s: float = 120.0) -> None:
        """Waits until the wall's page answers.

        Raises:
            TimeoutError: it does not.
        """
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}login").status_code == 200:
                    return
            time.sleep(0.2)
        raise TimeoutError(f"{url} does not answer")

    def stop(self) -> None:
        """Ends the lanes."""
        for child in self._children:
            assert child.stdin is not None
            child.stdin.close()
        for child in self._children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()
