"""What two bodies carry inside, as far as the other side reads it: the journal entry of an event, the facts of a state.

Rules of this file:
- Both are open: a writer may add names, a reader passes over what it does not know. Nothing is decided from them by a
  lane; a core that does not understand an entry stores it all the same.
- The lane's own form of an entry (`lane_agent.codec`) has more in it; that is the lane's and its replay's affair.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class When(Struct, frozen=True, kw_only=True):
    """When the lane wrote it: its UTC milliseconds, and how far to believe them ("proven" by the core, or not)."""

    utc_ms: int
    quality: str = ""


class AlarmRaised(Struct, frozen=True, kw_only=True, tag_field="type", tag="Alarm"):
    """People are to be told. `visit` is 0 where no vehicle is concerned; a refused message is kind "MessageRefused".

    `cause` tells it from others of its kind. Raised again while it stands, it is the same alarm.
    """

    kind: str
    visit: int = 0
    detail: str = ""
    cause: str = ""


class AlarmOver(Struct, frozen=True, kw_only=True, tag_field="type", tag="AlarmEnded"):
    """The cause of the alarm of this kind, visit and cause is gone."""

    kind: str
    visit: int = 0
    cause: str = ""


class FactRecorded(Struct, frozen=True, kw_only=True, tag_field="type", tag="Record"):
    """A fact of a visit; `facts` are (name, value) pairs. "VisitEnded" carries the visit's base record."""

    kind: str
    visit: int
    facts: tuple[tuple[str, str], ...] = ()


class BundlesUsed(Struct, frozen=True, kw_only=True, tag_field="type", tag="Consume"):
    """The visit has consumed these bundles, by UBR; the core marks them used."""

    visit: int
    ubrs: tuple[str, ...]


class BundlesGivenBack(Struct, frozen=True, kw_only=True, tag_field="type", tag="GiveBack"):
    """The visit will not use these bundles: its claim `claim`, and every earlier one of it, is over."""

    visit: int
    claim: int
    ubrs: tuple[str, ...]


class Entry(Struct, frozen=True, kw_only=True):
    """The body of an event: a journal entry, UTF-8 JSON. Effects of other types are the lane's own affair.

    Attributes:
        at: when.
        event: what happened, as the lane has it. Four are read by the core: "ClaimAnswered" (`visit`, `claim`, `ubrs`,
            `refusal`), by which a core that was restored learns of its grants; "PlateSettled" (`visit`, `read.vrn`) and
            "OfficerCorrected" (`visit`, `vrn`), which give a visit the mark without which its uses do not count; "LinkChanged"
            (`link`: fresh, stale, offline), by which times without a link are counted.
        effects: what came of it, in order; those whose "type" is Alarm, AlarmEnded, Record, Consume or GiveBack are read by the
            core.
    """

    at: When
    event: dict[str, Any]
    effects: tuple[dict[str, Any], ...] = ()


class Facts(Struct, frozen=True, kw_only=True):
    """The facts of `up/state` that the wall of lanes and the conformance kit read; each may be missing.

    Attributes:
        open: whether the lane takes vehicles.
        manual: why the lane is in manual mode, a word each; empty means automatic.
        faults: standing faults, a word each.
        row: the row of the decision table the lane is in.
        help: state of the help call.
        visit: number of the visit under way, 0 if none.
        vrn: as read, "" while unread.
        outcome: of the visit, "" while undecided.
        core_keys: the core's keys that the lane believes, each by its name, a dot, and the first eight hexadecimal
            digits of the SHA-256 of the raw public key. A core shows which lanes lack a key before it signs with it.
        alarms: the alarms that stand, each as kind, visit, cause, UTC milliseconds of the first raising, and who took it
            ("" for nobody); at most 40, and `alarms_more` others.
        alarms_of, alarms_at: the journal, and its last row that says something about alarms. A core that has read up to
            that row has the same alarms; where it has others, the lane is right.
        status: RSMP's aggregated status, eight of "0" and "1", bit 1 first.
    """

    open: bool = False
    manual: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    row: str = ""
    help: str = ""
    visit: int = 0
    vrn: str = ""
    outcome: str = ""
    core_keys: tuple[str, ...] = ()
    alarms: tuple[tuple[str, int, str, int, str], ...] = ()
    alarms_of: str = ""
    alarms_at: int = 0
    alarms_more: int = 0
    status: str = ""
