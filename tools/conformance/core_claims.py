"""A core's clauses: whose a bundle is before anybody is released on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.conformance.clauses import Chapter, Unseen, must
from tools.conformance.fake_lane import FakeJournal, LanePlayed, spoilt
from wire.codec import encode
from wire.messages import ClaimAnswer, ClaimWanted
from wire.records import BundleRecord

chapter: Chapter[LanePlayed] = Chapter("Claims")


def _free(lane: LanePlayed) -> BundleRecord:
    """A bundle of the core's list that nobody has used.

    Raises:
        Unseen: there is none, and none comes when the list grows.
    """
    for _ in range(2):
        lane.follow()
        rows = [row for row in lane.held.rows.values() if isinstance(row, BundleRecord)]
        found = [row for row in rows if not row.deleted and not row.used_by and row.ubr not in lane.spent]
        if found:
            return found[0]
        lane.grow()
    raise Unseen("needs a bundle in the core's list that nobody has used; let the command of --grow make one")


def _claim(lane: LanePlayed, *ubrs: str, visit: int = 1, claim: int = 1) -> ClaimWanted:
    """A claim of a visit of this clause's journal; not sent."""
    return ClaimWanted(lane=lane.lane, journal=lane.journal.name, visit=visit, claim=claim, ubrs=ubrs)


def _asked(lane: LanePlayed, wanted: ClaimWanted) -> ClaimAnswer:
    """Sends it, and waits for the answer to it."""
    start = lane.mark()
    lane.say(lane.topics.claim, wanted)
    lane.until(lambda: _answers(lane, wanted, start), "a claim is not answered")
    return _answers(lane, wanted, start)[-1]


def _answers(lane: LanePlayed, wanted: ClaimWanted, since: int) -> list[ClaimAnswer]:
    asked = (wanted.journal, wanted.visit, wanted.claim, wanted.ubrs)
    return [one for one in lane.all_of(ClaimAnswer, since) if (one.journal, one.visit, one.claim, one.ubrs) == asked]


def _granted(lane: LanePlayed, wanted: ClaimWanted, what: str) -> ClaimAnswer:
    answer = _asked(lane, wanted)
    must(answer.state == "granted", f"{what} is not granted: {answer.state}, {answer.detail}")
    return answer


def _refused(lane: LanePlayed, wanted: ClaimWanted, what: str) -> None:
    answer = _asked(lane, wanted)
    must(answer.state == "refused", f"{what} is {answer.state}, not refused")
    must(answer.detail.strip(), f"{what} is refused without a reason in words")


def _tells(lane: LanePlayed, journal: FakeJournal, *effects: dict[str, Any], **event: Any) -> None:
    """A journal says this, and it is acknowledged."""
    entry = {"at": {"quality": "", "utc_ms": 1}, "effects": effects, "event": event or {"type": "ConformanceKit"}}
    kept, lane.journal = lane.journal, journal
    row = journal.write(json.dumps(entry, sort_keys=True).encode())
    lane.send_rows([row])
    lane.acknowledged([row])
    lane.journal = kept


@contextmanager
def _given_back(lane: LanePlayed, *visits: int) -> Iterator[None]:
    """Afterwards nothing of this clause's visits is claimed any more."""
    journal = lane.journal
    try:
        yield
    finally:
        for visit in visits or (1,):
            _tells(lane, journal, _returns(visit))


def _returns(visit: int, claim: int = 1_000) -> dict[str, Any]:
    return {"type": "GiveBack", "visit": visit, "claim": claim, "ubrs": []}


@chapter("C80", "A claim of a free bundle is granted; the answer names it whole, in the epoch of the list.")
def granted(lane: LanePlayed) -> None:
    """Lane, journal, visit, claim and bundles are how `_asked` finds it."""
    bundle = _free(lane)
    with _given_back(lane):
        answer = _granted(lane, _claim(lane, bundle.ubr), "a claim of a free bundle")
        must(answer.epoch == lane.held.epoch, f"a claim is answered in epoch {answer.epoch}, not {lane.held.epoch}")
        must(answer.version >= lane.held.version, "a claim is answered from an older version than the list's")


@chapter("C81", "The same claim again gets the same answer.")
def again(lane: LanePlayed) -> None:
    """As from a lane that has not heard the answer."""
    wanted = _claim(lane, _free(lane).ubr)
    with _given_back(lane):
        _granted(lane, wanted, "a claim of a free bundle")
        _granted(lane, wanted, "the same claim again")


@chapter("C82", "A bundle that a visit has claimed is refused to every other visit, with the reason in words.")
def once(lane: LanePlayed) -> None:
    """A visit of another journal, as of another lane."""
    bundle = _free(lane)
    with _given_back(lane):
        _granted(lane, _claim(lane, bundle.ubr), "a claim of a free bundle")
        lane.journal = FakeJournal(lane.lane)
        _refused(lane, _claim(lane, bundle.ubr), "a bundle that another visit has claimed")


@chapter("C83", "What the journal gives back is free for others, and that claim is never granted again.")
def given_back(lane: LanePlayed) -> None:
    """First the old message once more, then another visit."""
    first = _claim(lane, _free(lane).ubr)
    _granted(lane, first, "a claim of a free bundle")
    _tells(lane, lane.journal, _returns(1, first.claim))
    _refused(lane, first, "a claim that was given back")
    lane.journal = FakeJournal(lane.lane)
    with _given_back(lane):
        _granted(lane, _claim(lane, *first.ubrs), "what was given back")


@chapter(
    "C84", "A claim by a key that is not this lane's, or that names another lane, is not answered and takes nothing."
)
def forged(lane: LanePlayed) -> None:
    """Afterwards the bundle is still free."""
    bundle, topic, start = _free(lane), lane.topics.claim, lane.mark()
    other = spoilt(_claim(lane, bundle.ubr, claim=2), journal="kit-forged")
    lane.send(topic, lane.stranger.seal(topic, encode(other)))
    lane.send(topic, lane.signer.seal(lane.topics.reply, encode(other)))
    lane.say(topic, spoilt(other, lane="kit-other-lane"))
    lane.quiet()
    must(not lane.all_of(ClaimAnswer, start), "a forged claim is answered")
    with _given_back(lane):
        _granted(lane, _claim(lane, bundle.ubr), "a bundle that only forged claims name")


@chapter("C85", "A bundle that is not in the list is refused, and with it every other bundle of the claim.")
def unknown(lane: LanePlayed) -> None:
    """The other one stays free."""
    bundle = _free(lane)
    _refused(lane, _claim(lane, bundle.ubr, "K-unknown"), "a bundle that is not in the list")
    lane.journal = FakeJournal(lane.lane)
    with _given_back(lane):
        _granted(lane, _claim(lane, bundle.ubr), "a bundle of a claim that was refused")


@chapter("C86", "Until the journal has told what became of a visit's claim, a later visit of the journal waits.")
def one_vehicle(lane: LanePlayed) -> None:
    """Then it is granted."""
    bundle = _free(lane)
    with _given_back(lane, 1, 2):
        _granted(lane, _claim(lane, bundle.ubr), "a claim of a free bundle")
        later = _claim(lane, bundle.ubr, visit=2, claim=2)
        answer = _asked(lane, later)
        must(answer.state == "wait", f"while an earlier visit has a claim, the next one's is {answer.state}")
        _tells(lane, lane.journal, _returns(1))
        _granted(lane, later, "the later visit's claim, once the earlier one has ended")


@chapter("C87", "The journal's row of the use ends a claim, and the bundle is refused to every other visit.")
def used(lane: LanePlayed) -> None:
    """The vehicle was read, and released."""
    bundle = _free(lane)
    _granted(lane, _claim(lane, bundle.ubr), "a claim of a free bundle")
    lane.spent.add(bundle.ubr)
    _tells(lane, lane.journal, type="PlateSettled", visit=1, read={"type": "Read", "vrn": bundle.vrn})
    _tells(lane, lane.journal, {"type": "Consume", "visit": 1, "ubrs": [bundle.ubr]})
    lane.journal = FakeJournal(lane.lane)
    _refused(lane, _claim(lane, bundle.ubr), "a bundle that was used")
