"""Names under `rocars/v1/`: who writes them and whom they address (design §3).

A lane's name is its certificate's, its user name and its client id. The signature covers the whole
name, so that a message for one lane, or of one kind, cannot be passed off as another.
"""

from __future__ import annotations

import re

ROOT = "rocars/v1"

CORE = "core"
"""The core's user name at every broker; no lane can have it."""

IMMIGRATION = "immigration"
"""The user name of Immigration's plate reader; no lane can have it."""

MONITOR = "monitor"
"""The user name of whoever watches the boxes: it reads presence and telemetry, and writes nothing; no lane can have it."""

WALL = "wall"
"""The user name of a control point's wall of lanes: it reads presence, state and telemetry, and writes nothing. A second
wall is `wall-` and a word; no lane can have such a name."""

LOG = f"{ROOT}/log"
"""Deltas to all lanes. Written by the core, QoS 1."""

_LANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_UP = re.compile(re.escape(ROOT) + r"/lane/([A-Za-z0-9][A-Za-z0-9_-]{0,31})/up/([a-z]+)")


def is_wall(name: str) -> bool:
    """Whether this is the user name of a wall.

    >>> is_wall("wall"), is_wall("wall-szb"), is_wall("wallflower")
    (True, True, False)
    """
    return name == WALL or name.startswith(f"{WALL}-")


def check_lane(lane: str) -> str:
    """Returns `lane` if it can be a lane's name.

    Raises:
        ValueError: it cannot.
    """
    if not _LANE.fullmatch(lane):
        raise ValueError(
            f"lane name {lane!r}: use 1 to 32 letters, digits, '-' or '_', beginning with a letter or digit"
        )
    return lane


class LaneTopics:
    """The names of one lane's topics.

    >>> LaneTopics("mkt-in-03").heartbeat
    'rocars/v1/lane/mkt-in-03/down/heartbeat'
    """

    def __init__(self, lane: str) -> None:
        """Raises ValueError where `lane` cannot be a lane's name."""
        self.lane = check_lane(lane)
        self.presence = self._up("presence")
        self.nonce = self._up("nonce")
        self.event = self._up("event")
        self.state = self._up("state")
        self.request = self._up("request")
        self.shown = self._up("shown")
        self.reply = self._up("reply")
        self.telemetry = self._up("telemetry")
        self.picture = self._up("picture")
        self.claim = self._up("claim")
        self.heartbeat = self._down("heartbeat")
        self.ack = self._down("ack")
        self.log = self._down("log")
        self.command = self._down("command")
        self.plate = self._down("plate")
        self.picture_held = self._down("picture")
        self.claim_answer = self._down("claim")

    def _up(self, name: str) -> str:
        return f"{ROOT}/lane/{self.lane}/up/{name}"

    def _down(self, name: str) -> str:
        return f"{ROOT}/lane/{self.lane}/down/{name}"

    @property
    def all_up(self) -> str:
        """The filter for what the lane writes."""
        return self._up("#")

    @property
    def all_down(self) -> str:
        """The filter for what the lane reads besides `LOG`."""
        return self._down("#")


ALL_PLATES = f"{ROOT}/lane/+/down/plate"
"""What another authority's plate reader may write, and nothing else (`plate`)."""

ALL_UP = f"{ROOT}/lane/+/up/#"
"""The filter by which the core reads every lane."""


def read_up(topic: str) -> tuple[str, str] | None:
    """(lane, "presence" | "nonce" | "event" | "request" | …) of a topic lanes write, else None."""
    found = _UP.fullmatch(topic)
    return (found[1], found[2]) if found else None
