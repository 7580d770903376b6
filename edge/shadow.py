"""A lane in the shadow of another: it reads and decides beside the people who clear the vehicles, and drives nothing.

For the weeks before a lane goes live (`lane.mode = "shadow"`). It has a camera, the loops' and buttons' wires beside the live
ones, the core's list, and an id of its own. What it does not have:

- **Nothing of it reaches the core as a crossing.** Its link has a store of its own with a journal that no row is ever written
  into, so there is nothing to send: no use, no visit, no picture, no state. The core sees a lane that is connected and asks for
  proofs. Orders from afar are refused.
- **It moves nothing.** Outputs are not wired, resistors of the inputs are not switched, no screen process is started; the
  screens in its place confirm whatever they are told at once.

What it would have done is in its journal; `edge.shadow_report` holds it against what the officers did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from devices.settings import ContactsSettings, Pull
from edge.settings.load import Settings
from lane_agent.effects import Claim, GiveBack, Show
from lane_agent.events import ClaimAnswered, Event
from lane_agent.model import Codes, Screen
from lane_agent.ports import CodeBook
from lane_agent.wording import Scene
from sync.journal import Journal
from sync.store import LaneStore

log = logging.getLogger("rocars.lane")


def shadow_settings(settings: Settings) -> Settings:
    """The settings without whatever would move something, or send something away."""
    inputs = {name: msgspec.structs.replace(each, pull=Pull.NONE) for name, each in settings.contacts.inputs.items()}
    contacts: ContactsSettings = msgspec.structs.replace(settings.contacts, inputs=inputs, outputs={})
    return msgspec.structs.replace(
        settings, contacts=contacts, evidence=msgspec.structs.replace(settings.evidence, send=())
    )


class ShadowLink:
    """What the link has in place of the lane's own store.

    Args:
        settings: of the lane.
        boot, software: as for the lane's journal.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, settings: Settings, *, boot: str, software: str) -> None:
        self.store = LaneStore(link_store(settings.lane.store))
        self.journal = Journal(self.store, boot=boot, software=software)

    def order(self, _event: Event, answer: Callable[[str], None]) -> None:
        """From afar."""
        answer("this lane is a shadow: it takes no orders")


class ShadowCodes:
    """`lane_agent.ports.CodeBook` of a shadow: the list is looked up, and nothing is asked of the core about a vehicle.

    Args:
        codes: the link, of which nothing but the lookup is passed on.
        tell: takes the answers to claims. The core hears of none; the shadow grants itself what the lane beside it asks for.
    """

    def __init__(self, codes: CodeBook, tell: Callable[[Event], None]) -> None:
        self._codes, self._tell = codes, tell
        self._epoch, self._version = "", 0

    def look_up(self, vrn: str) -> Codes:
        """As the link."""
        found = self._codes.look_up(vrn)
        self._epoch, self._version = found.epoch, found.version
        return found

    def claim(self, order: Claim) -> None:
        """Granted at once."""
        self._tell(ClaimAnswered(order.visit, order.claim, order.ubrs, self._epoch, self._version))

    def give_back(self, order: GiveBack) -> None:
        """Nothing: nobody was asked."""


def link_store(store: Path) -> Path:
    """Where the codes of a shadow are."""
    return store.with_name(f"{store.stem}-link{store.suffix}")


class ShadowScreens:
    """In the place of `display.feed.ScreenFeed`: nobody sees anything, and everything is confirmed.

    Args:
        on_painted: as there.
    """

    def __init__(self, on_painted: Callable[[Screen, Scene, int], None]) -> None:
        self._on_painted = on_painted

    def notice(self, notice: str) -> None:
        """Nobody reads it."""

    def listening(self, on: bool) -> None:
        """Nobody reads it, and nobody listens: a shadow has no voice."""

    async def start(self) -> None:
        """Nothing to start."""
        log.warning("this lane is a shadow: it drives nothing, and its vehicles are not the core's")

    async def stop(self) -> None:
        """Nothing to stop."""

    def show(self, order: Show) -> None:
        """Confirmed."""
        self._on_painted(Screen.XDB, order.xdb, order.serial)
        self._on_painted(Screen.AIOP, order.aiop, order.serial)
