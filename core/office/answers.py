"""What the core answers on the operators' interface, where the answer is not a value of its own part: see `requests`."""

from __future__ import annotations

from typing import Any

import msgspec

from core.model.people import Role
from core.model.refusals import CentreRefusal


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who a connection is now.

    Attributes:
        token: by which another connection of the same login may be the same person; "" where the kernel's login says it.
    """

    account: str
    shown: str
    roles: tuple[Role, ...]
    party: str = ""
    token: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A kept draft or template."""

    name: str
    template: bool
    form: dict[str, Any]
    saved_ms: int


class CommandState(msgspec.Struct, frozen=True, kw_only=True):
    """A command and what became of it; `outcome` is "" until the lane replied."""

    id: str
    lane: str
    issuer: str
    name: str
    visit: str
    text: str
    issued_ms: int
    expires_ms: int
    outcome: str
    detail: str


class JournalView(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's journal at the core: acknowledged up to `seq`, whose row has this hash (hex).

    Attributes:
        again: rows that came again since the core's start and were the same as those here.
    """

    journal: str
    seq: int
    hash: str
    again: int


class LaneStatusView(msgspec.Struct, frozen=True, kw_only=True):
    """A lane as the core sees it; times in UTC ms, 0 for never. See `link.LaneStatus`."""

    lane: str
    presence: str
    software: str
    proved_ms: int
    epoch: str
    version: int
    level: bool
    journals: tuple[JournalView, ...]
    facts: dict[str, Any] = {}
    core_keys: tuple[str, ...] | None = None
    sampled_ms: int = 0
    telemetry: dict[str, int | float | str] = {}
    samples: int = 0
    shed: int = 0
    missed: int = 0


class EnquiryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an enquiry found, as plain data.

    Attributes:
        rows: the rows of the log, a vehicle's or the one bundle.
        cargo: the consignment, if one was asked for.
        visits: of a vehicle, its latest visits to any lane as `projection.Crossing`, newest first.
    """

    rows: tuple[Any, ...]
    cargo: tuple[Any, ...]
    visits: tuple[Any, ...] = ()


class CoreStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the core is: the head of its log (hashes in hex), its brokers, and what it has taken in and refused.

    Attributes:
        brokers: "host:port" to whether it is connected.
        rows: of the list.
        events: rows of every lane's journal that are committed.
        refused: messages refused, by reason.
        signing: the key it signs with, by name and digits.
        profiles: how many profiles are in force.
        profiles_problem: why an edit of their file does not count; "" where it does.
    """

    epoch: str
    version: int
    log_hash: str
    state_hash: str
    now_ms: int
    brokers: dict[str, bool]
    events: int
    refused: dict[str, int]
    signing: str = ""
    profiles: int = 0
    profiles_problem: str = ""
    rows: int = 0


class AdminAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The line that answers a request: a result, or the problems for which it was refused.

    Attributes:
        problems: in English.
        refusals: the same for programs and for people of other languages (`model.refusals`).
    """

    result: msgspec.Raw = msgspec.Raw(b"null")
    problems: tuple[str, ...] = ()
    refusals: tuple[CentreRefusal | str, ...] = ()
