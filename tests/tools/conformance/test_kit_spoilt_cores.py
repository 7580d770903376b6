"""The kit can fail: a core of our own, spoilt in one point each time, is caught by the clause that is meant for it.

That core is the one the kit plays, made whole: honest it keeps every clause, and so is a second implementation.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tools.conformance.clauses import ClauseTimes, ClauseVerdict, chosen, tried
from tools.conformance.connection import HeardMessage
from tools.conformance.core import CHAPTERS
from tools.conformance.fake_claims import ClaimLedger
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_log import bundle
from tools.conformance.fake_pictures import Album, held
from tools.conformance.keys import Trust
from wire.errors import Reason, WireRefusedError
from wire.messages import (
    ClaimAnswer,
    ClaimWanted,
    Command,
    DeltasAsked,
    EventMessage,
    Nonce,
    PictureHeld,
    PictureOffered,
    PicturePart,
)
from wire.records import BundleRecord, HoldRecord
from wire.topics import ALL_UP

PACE = ClauseTimes(nonce=0.2, patience=15.0, quiet=0.3)
IMPATIENT = ClauseTimes(nonce=0.2, patience=4.0, quiet=0.3)
LANE = "szb-in-01"


class Honest(CorePlayed):
    """The played core, and what only a core that is itself tested has to do."""

    def _take(self, next_: Any) -> None:
        allowed = (self.topics.presence, self.topics.state)
        if not isinstance(next_, HeardMessage) or not next_.retained or next_.topic in allowed:
            super()._take(next_)

    def react(self, body: Any) -> None:
        """Asks, besides, for rows that a nonce says were acknowledged, and for deltas that it says were signed."""
        if isinstance(body, Nonce) and self.is_behind(body):
            asked = DeltasAsked(lane=self.lane, request="r", epoch=body.epoch, version=self.log.version)
            self.say(self.topics.log, asked)
            return
        super().react(body)
        if isinstance(body, Nonce) and body.acknowledged > len(self.journals.get(body.journal, ())):
            self.want(body.journal, len(self.journals.get(body.journal, ())) + 1, body.acknowledged)

    def is_behind(self, nonce: Nonce) -> bool:
        """Whether a lane names a later version; it is proved nothing then."""
        return nonce.epoch == self.log.epoch and nonce.version > self.log.version

    def has_keys(self, keys: tuple[Ed25519PublicKey, ...]) -> None:
        """The lane's keys are these from now on."""
        if type(self._trust) is Trust:
            self._trust = Trust(keys)


class Beyond(Honest):
    """Acknowledges what it does not have."""

    def ack(self, journal: str, /, **changes: Any) -> Any:
        """One row further than the last."""
        good = super().ack(journal, **changes)
        return msgspec.structs.replace(good, seq=good.seq + 1)


class OverGaps(Honest):
    """Acknowledges the furthest row it has seen."""

    furthest = 0

    def react(self, body: Any) -> None:
        """Remembers it."""
        if isinstance(body, EventMessage):
            self.furthest = max(self.furthest, body.seq)
        super().react(body)

    def ack(self, journal: str, /, **changes: Any) -> Any:
        """As far as that."""
        good = super().ack(journal, **changes)
        return msgspec.structs.replace(good, seq=max(good.seq, self.furthest))


class NeverAsks(Honest):
    """Does not ask for what is missing."""

    def want(self, journal: str, first: int, last: int) -> None:
        """Silence."""


class OtherHash(Honest):
    """Acknowledges with a hash of its own."""

    def ack(self, journal: str, /, **changes: Any) -> Any:
        """Zeros."""
        return msgspec.structs.replace(super().ack(journal, **changes), hash=bytes(32))


class Unlinked(Honest):
    """Does not look at the chain."""

    def _chains(self, row: EventMessage, previous: bytes) -> bool:
        del row, previous
        return True


class ProvesOthers(Honest):
    """Signs another version than it has."""

    def beat(self, nonce: Nonce, **changes: Any) -> Any:
        """One ahead."""
        return super().beat(nonce, **{"version": self.log.version + 1, **changes})


class BelievesClaims(Honest):
    """Proves whatever version a lane names."""

    def is_behind(self, nonce: Nonce) -> bool:
        """It never is."""
        del nonce
        return False


class NamesNoRow(Honest):
    """Says nothing of the lane's journal in its proofs."""

    def beat(self, nonce: Nonce, **changes: Any) -> Any:
        """As for an empty journal."""
        return super().beat(nonce, **{"committed": 0, "committed_hash": bytes(32), **changes})


class ProvesTwice(Honest):
    """Answers each nonce twice."""

    def prove(self, nonce: Nonce) -> None:
        """And again."""
        super().prove(nonce)
        super().prove(nonce)


class Retains(Honest):
    """Sets the retain flag."""

    def send(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Always."""
        super().send(topic, payload, qos=qos, retain=retain or True)


class Frozen(Honest):
    """Its clock stands."""

    def beat(self, nonce: Nonce, **changes: Any) -> Any:
        """At noon of some day."""
        return super().beat(nonce, **{"core_ms": 1_795_305_600_000, **changes})


class Deltas(Honest):
    """Gives deltas to whoever asks."""

    def _follows(self, request: Any) -> bool:
        del request
        return True

    def serve(self, request: Any) -> None:
        """From the version named, if there is such a one."""
        if hasattr(request, "version"):
            request = msgspec.structs.replace(request, version=min(request.version, self.log.version))
        super().serve(request)


class Shortened(Honest):
    """Leaves a row out of its snapshots."""

    def serve(self, request: Any) -> None:
        """All but one."""
        parts = self.log.snapshot(self.lane, request.request)
        for part in parts:
            fewer = part.records[1:] if part.part == 0 else part.records
            self.say(self.topics.log, msgspec.structs.replace(part, records=fewer))


class ForgetsHolds(Honest):
    """Lets a hold go instead of lifting it."""

    def grow(self, *records: Any) -> Any:
        """Held, and a moment later forgotten."""
        delta = super().grow(*records)
        self.publish(self.log.forget(records[0].key, core_ms=self.clock()))
        return delta


class Skips(Honest):
    """Publishes every second delta."""

    def grow(self, *records: Any) -> Any:
        """One silently, one aloud."""
        self.log.grow(bundle(self.number()))
        return super().grow(*records)


class EndlessOrders(Honest):
    """Its commands never expire."""

    def command(self, name: str, **changes: Any) -> Command:
        """Good for a day."""
        return super().command(name, **{"expires_ms": self.clock() + 86_400_000, **changes})


class SameOrder(Honest):
    """Its commands have one identifier."""

    def command(self, name: str, **changes: Any) -> Command:
        """Always the same."""
        return super().command(name, **{"command": "order", **changes})


class NoFurtherKey(Honest):
    """Believes the key that it began with, for ever."""

    def has_keys(self, keys: tuple[Ed25519PublicKey, ...]) -> None:
        """Does not listen."""


class EveryKey(Honest):
    """Believes each key that a lane ever had."""

    def has_keys(self, keys: tuple[Ed25519PublicKey, ...]) -> None:
        """One more, or none."""
        super().has_keys((*self._trust._keys, *keys))


class AnyBytes(Album):
    """Does not look at hashes."""

    def _finished(self, offer: PictureOffered, picture: bytes) -> PictureHeld:
        self.whole[offer.picture] = picture
        return held(offer, offer.size, "whole")


class BeginsAnew(Album):
    """Each offer begins at the first byte."""

    def offered(self, offer: PictureOffered) -> PictureHeld:
        """Nothing is held."""
        if offer.picture not in self.whole:
            self.put_back(offer.picture)
        return super().offered(offer)


class Forgetful(Album):
    """Says `whole`, and keeps nothing."""

    def _finished(self, offer: PictureOffered, picture: bytes) -> PictureHeld:
        said = super()._finished(offer, picture)
        self.put_back(offer.picture)
        return said


class Anywhere(Album):
    """Puts each part behind what it has."""

    def part(self, part: PicturePart) -> PictureHeld | None:
        """Wherever it belongs."""
        here = len(self._parts.get(part.picture, b""))
        return super().part(msgspec.structs.replace(part, offset=here))


class Miscounts(Album):
    """Says that it holds a byte more than it does."""

    def part(self, part: PicturePart) -> PictureHeld | None:
        """One more."""
        good = super().part(part)
        return msgspec.structs.replace(good, offset=good.offset + 1) if good else None


class AnyOffer(Album):
    """Takes parts under whatever offer."""

    def part(self, part: PicturePart) -> PictureHeld | None:
        """As if it were the one that is open."""
        assert self._offer is not None
        return super().part(msgspec.structs.replace(part, offer=self._offer.offer))


def collecting(kind: type[Album]) -> type[Honest]:
    """A core with such an album."""

    class Collecting(Honest):
        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            self.album = kind()

    return Collecting


class Gullible(Trust):
    """Opens what anybody signed, whatever is in it."""

    def open(self, topic: str, payload: bytes) -> bytes:
        """No signature is looked at; unknown fields are dropped, and the lane's name is taken from the topic."""
        try:
            plain = msgspec.msgpack.decode(msgspec.msgpack.decode(payload)["body"])
            known = {name: one for name, one in plain.items() if name != "extra"}
            return msgspec.msgpack.encode(known | {"lane": LANE})
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError, RecursionError) as error:
            raise WireRefusedError(Reason.MALFORMED, topic) from error


class GrantsAll(ClaimLedger):
    """Grants whatever it is asked for."""

    def _judge(self, wanted: ClaimWanted, bundles: dict[str, BundleRecord]) -> tuple[str, str]:
        del wanted, bundles
        return "granted", ""


class GrantsAgain(ClaimLedger):
    """Forgets which claims are over."""

    def read(self, row: EventMessage) -> None:
        """Only frees the bundles."""
        super().read(row)
        self.over.clear()


class NeverFrees(ClaimLedger):
    """Does not read the journal."""

    def read(self, row: EventMessage) -> None:
        """Nothing."""


class NeverUses(ClaimLedger):
    """Takes a use for a give-back."""

    def read(self, row: EventMessage) -> None:
        """Used by nobody."""
        super().read(row)
        self.used.clear()


class DoesNotWait(ClaimLedger):
    """Refuses where it should wait."""

    def _judge(self, wanted: ClaimWanted, bundles: dict[str, BundleRecord]) -> tuple[str, str]:
        state, detail = super()._judge(wanted, bundles)
        return ("refused" if state == "wait" else state), detail


class SaysNoWhy(ClaimLedger):
    """Refuses without a word."""

    def _judge(self, wanted: ClaimWanted, bundles: dict[str, BundleRecord]) -> tuple[str, str]:
        return super()._judge(wanted, bundles)[0], ""


class OldEpoch(ClaimLedger):
    """Answers from another life of its log."""

    def answer(self, wanted: ClaimWanted, rows: Any, *, epoch: str, version: int) -> ClaimAnswer:
        """The epoch before."""
        return super().answer(wanted, rows, epoch=f"{epoch}-before"[:64], version=version)


class OnlyOnce(ClaimLedger):
    """Refuses a claim that it has granted."""

    def _judge(self, wanted: ClaimWanted, bundles: dict[str, BundleRecord]) -> tuple[str, str]:
        taken = any(ubr in self.held for ubr in wanted.ubrs)
        return ("refused", "claimed") if taken else super()._judge(wanted, bundles)


def claiming(kind: type[ClaimLedger]) -> type[Honest]:
    """A core with such a ledger."""

    class Claiming(Honest):
        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            self.claims = kind()

    return Claiming


SPOILT: dict[str, tuple[str, type[Honest], bool, str]] = {
    "acknowledges beyond": ("C30", Beyond, False, "acknowledged"),
    "acknowledges over gaps": ("C31", OverGaps, False, "over a gap"),
    "never asks for rows": ("C31", NeverAsks, False, "does not ask"),
    "another hash": ("C30", OtherHash, False, "another hash"),
    "no chain": ("C35", Unlinked, False, "does not fit"),
    "another version is proved": ("C21", ProvesOthers, False, "different heads"),
    "believes what is claimed": ("C27", BelievesClaims, False, "is not asked for it"),
    "names no row": ("C11", NamesNoRow, False, "does not name the last row"),
    "proves twice": ("C02", ProvesTwice, False, "answered twice"),
    "retains": ("C09", Retains, False, "retained"),
    "a clock that stands": ("C03", Frozen, False, "for the core"),
    "deltas for anybody": ("C25", Deltas, False, "deltas"),
    "a snapshot with a row missing": ("C20", Shortened, False, "state hash"),
    "a delta that is not published": ("C22", Skips, False, "was not"),
    "a hold that is forgotten": ("C22", ForgetsHolds, False, "has not ended"),
    "orders for a day": ("C50", EndlessOrders, False, "within the hour"),
    "one identifier": ("C51", SameOrder, False, "same identifier"),
    "believes forged nonces": ("C04", Honest, True, "was answered"),
    "believes foreign nonces": ("C05", Honest, True, "was answered"),
    "drops unknown fields": ("C06", Honest, True, "was answered"),
    "believes forged requests": ("C26", Honest, True, "was answered"),
    "believes forged rows": ("C33", Honest, True, "a forged row"),
    "believes foreign rows": ("C34", Honest, True, "a foreign row"),
    "claims in another epoch": ("C80", claiming(OldEpoch), False, "in epoch"),
    "a claim is granted once": ("C81", claiming(OnlyOnce), False, "the same claim again"),
    "a claim for everybody": ("C82", claiming(GrantsAll), False, "not refused"),
    "refuses without a word": ("C82", claiming(SaysNoWhy), False, "without a reason"),
    "grants what was given back": ("C83", claiming(GrantsAgain), False, "given back"),
    "never frees": ("C83", claiming(NeverFrees), False, "not refused"),
    "believes forged claims": ("C84", Honest, True, "a forged claim is answered"),
    "grants what it has not": ("C85", claiming(GrantsAll), False, "not in the list"),
    "does not wait": ("C86", claiming(DoesNotWait), False, "is refused"),
    "a use frees the bundle": ("C87", claiming(NeverUses), False, "was used"),
    "takes any bytes for a picture": ("C63", collecting(AnyBytes), False, "another hash"),
    "begins pictures anew": ("C61", collecting(BeginsAnew), False, "offered anew, 0 are held"),
    "forgets pictures": ("C62", collecting(Forgetful), False, "offered again"),
    "puts parts anywhere": ("C64", collecting(Anywhere), False, "over a gap"),
    "miscounts parts": ("C60", collecting(Miscounts), False, "are held"),
    "parts of any offer": ("C65", collecting(AnyOffer), False, "did not send"),
    "believes forged parts": ("C65", Honest, True, "did not send"),
    "takes no further key": ("C70", NoFurtherKey, False, "does not count"),
    "takes no key away": ("C71", EveryKey, False, "taken away"),
    "believes keys to come": ("C70", Honest, True, "was not given"),
    "drops unknown fields of rows": ("C38", Honest, True, "unknown field"),
}


def trial(territory: Any, number: str, kind: type[Honest], pace: ClauseTimes, *, gullible: bool = False) -> list[Any]:
    """What the kit says of that core."""
    trust = (Gullible if gullible else Trust)([territory.LANE_KEY.public])
    with territory.broker() as (_, broker), territory.line(broker, "core", ALL_UP) as line:
        core = kind(line, LANE, signer=territory.CORE_KEY, trust=trust, pace=PACE, clock=territory.utc_ms)
        over = threading.Event()
        thread = threading.Thread(target=lambda: _run(core, over), name="played core")
        thread.start()

        def grow(made: int) -> None:
            def grown() -> None:
                core.grow(HoldRecord(f"KT{made}"))

            line.post(grown)

        def order(_: int) -> None:
            line.post(lambda: core.say(core.topics.command, core.command("message", text="kit")))

        def have_keys(step: int) -> None:
            first, further = territory.LANE_KEY.public, territory.FURTHER_LANE_KEY.public
            core.has_keys({1: (first, further), 2: (further,), 3: (first,)}[step])

        how = {"grow": grow, "order": order, "further": (territory.FURTHER_LANE_KEY, have_keys)}
        try:
            with territory.kit_lane(broker, territory.CORE_KEY.public, pace, **how) as lane:
                return list(tried(chosen(CHAPTERS, [number] if number else ()), lane))
        finally:
            over.set()
            thread.join()


def _run(core: CorePlayed, over: threading.Event) -> None:
    while not over.is_set():
        core.pump(0.05)


def test_the_core_that_the_kit_plays_keeps_every_clause(territory: Any) -> None:
    """Each half of the kit is the other's second opinion."""
    found = trial(territory, "", Honest, PACE)
    assert [(one.number, one.detail) for one in found if one.verdict is not ClauseVerdict.HOLDS] == []


@pytest.fixture(scope="module")
def verdicts(territory: Any) -> dict[str, Any]:
    """What the kit says of each spoilt core, some at a time."""

    def found(name: str) -> Any:
        number, kind, gullible, _ = SPOILT[name]
        return trial(territory, number, kind, IMPATIENT, gullible=gullible)[0]

    with ThreadPoolExecutor(8) as pool:
        return dict(zip(SPOILT, pool.map(found, SPOILT), strict=True))


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_core_breaks_the_clause_meant_for_it(name: str, verdicts: dict[str, Any]) -> None:
    """Broken, and for that reason."""
    number, _, _, words = SPOILT[name]
    assert (verdicts[name].number, verdicts[name].verdict) == (number, ClauseVerdict.BROKEN), verdicts[name]
    assert words in verdicts[name].detail
