"""The kit can fail: our own lane, spoilt in one point each time, is caught by the clause that is meant for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from lane_agent.model import Link
from sync.codelog import CodeLog, _after, _row, _Shadow
from sync.link.freshness import Judgement
from sync.link.log_result import Applied, ApplyResult, Fork, Gap, LoadResult, Mismatch, Swapped
from sync.link.sender import Sender
from tools.conformance.clauses import ClauseTimes, ClauseVerdict, chosen, tried
from tools.conformance.lane import CHAPTERS
from wire.envelope import LIMIT, Envelope, KeyRing
from wire.hashes import StateHash, log_next
from wire.messages import Delta, SnapshotPart
from wire.records import BundleRecord

AT_ONCE = 10
IMPATIENT = ClauseTimes(nonce=0.1, fresh=0.9, offline=1.5, resend=0.5, claim=0.1, patience=4.0, quiet=0.15, alarm=4.0)


class TakesEverything(CodeLog):
    """Applies a delta whatever came before it and whatever hash was signed."""

    def apply(self, delta: Delta, body: bytes, payload: bytes = b"", *, at_ms: int = 0) -> ApplyResult:
        """Inserts the rows."""
        with self.store.reading() as connection:
            if (delta.epoch, delta.version) <= (self.head.epoch, self.head.version):
                return super().apply(delta, body, payload, at_ms=at_ms)
            rows = [_row(self.generation, record) for record in delta.changes]
            replaced = [old for row in rows for old in self._old(connection, row[:3])]
            self._take(
                delta,
                log_next(delta.previous, body),
                rows,
                _after(self._state, replaced, [r[-1] for r in rows]),
                payload,
                at_ms,
            )
            return Applied(self.head, delta.changes, ())


class AnyPast(CodeLog):
    """Does not look at the previous chain value."""

    def apply(self, delta: Delta, body: bytes, payload: bytes = b"", *, at_ms: int = 0) -> ApplyResult:
        """As if it fitted."""
        changed = msgspec.structs.replace(delta, previous=self.head.log_hash)
        return super().apply(changed, body, payload, at_ms=at_ms)


class Stubborn(CodeLog):
    """Thinks that a delta it knows is of another history."""

    def apply(self, delta: Delta, body: bytes, payload: bytes = b"", *, at_ms: int = 0) -> ApplyResult:
        """Fork for what is known."""
        known = delta.epoch == self.head.epoch and delta.version <= self.head.version
        return Fork(self.head, delta.previous, ()) if known else super().apply(delta, body, payload, at_ms=at_ms)


class Gullible(CodeLog):
    """Loads whatever snapshot it asked for, as lanes did before they kept signed deltas."""

    def _compared(self, head: Any, part: Any) -> None:
        """With nothing."""


class Forgetful(CodeLog):
    """Lets any row go."""

    @staticmethod
    def _why_refused(gone: Iterable[bytes], delta: Delta, at_ms: int) -> str:
        del gone, delta, at_ms
        return ""


class Hoarder(CodeLog):
    """Lets no row go."""

    @staticmethod
    def _why_refused(gone: Iterable[bytes], delta: Delta, at_ms: int) -> str:
        del gone, at_ms
        return "it stays" if delta.forgets else ""


class Puzzled(CodeLog):
    """Waits when it meets a code that it does not know."""

    def apply(self, delta: Delta, body: bytes, payload: bytes = b"", *, at_ms: int = 0) -> ApplyResult:
        """As if something were missing."""
        codes = {line.code for row in delta.changes if isinstance(row, BundleRecord) for line in row.cargo}
        return (
            super().apply(delta, body, payload, at_ms=at_ms)
            if codes <= {"release", "inspect"}
            else Gap(self.head, delta.version, ())
        )


class Hasty(CodeLog):
    """Takes each part of a snapshot for the whole."""

    def load(self, part: SnapshotPart, *, doubted: bool = False) -> LoadResult:
        """A snapshot of one part, of its own hash."""
        state = StateHash.of(part.records).digest()
        alone = msgspec.structs.replace(part, part=0, parts=1, state_hash=state, request=f"{part.request}{part.part}")
        return super().load(alone, doubted=doubted or True)


class Trusting(CodeLog):
    """Does not count the rows of a snapshot."""

    def _swap(self, shadow: _Shadow) -> Swapped | Mismatch:
        shadow.first = msgspec.structs.replace(shadow.first, state_hash=shadow.state.digest())
        return super()._swap(shadow)


class BelievesAll(KeyRing):
    """Opens what anybody signed."""

    def open(self, topic: str, payload: bytes, *, largest: int = LIMIT) -> bytes:
        """No signature is looked at."""
        try:
            return msgspec.msgpack.decode(payload, type=Envelope).body
        except msgspec.DecodeError:
            return super().open(topic, payload, largest=largest)


class Lenient(KeyRing):
    """Drops what it does not know, and takes everything for its own lane's."""

    def open(self, topic: str, payload: bytes, *, largest: int = LIMIT) -> bytes:
        """The body without the field "extra", and with this lane's name."""
        body = super().open(topic, payload, largest=largest)
        try:
            plain = msgspec.msgpack.decode(body)
            plain.pop("extra", None)
        except (msgspec.DecodeError, AttributeError):
            return body
        if "lane" in plain:
            plain["lane"] = "szb-in-01"
        return msgspec.msgpack.encode(plain)


class FirstKeys(KeyRing):
    """Has its keys for ever."""

    def become(self, other: KeyRing) -> None:
        """Does not listen."""


class EveryKey(KeyRing):
    """Believes each key that it ever had."""

    def become(self, other: KeyRing) -> None:
        """One more, or none."""
        super().become(KeyRing(self._keys | other._keys))


class AlwaysLevel(Sender):
    """Thinks that no event waits."""

    level = True


def spoilt(**changes: Any) -> Callable[[Any], None]:
    """Replaces attributes of the client, or entries of its tables of handlers, named by their path."""

    def spoil(client: Any) -> None:
        for path, value in changes.items():
            *way, last = path.split("__")
            owner = place = client
            for step in way:
                owner, place = place, getattr(place, f"_{step}" if hasattr(place, f"_{step}") else step)
            if isinstance(place, dict):  # a table of handlers by type
                kind = next(kind for kind in place if kind.__name__ == last)
                place[kind] = value(owner, place[kind])
            else:
                name = last if hasattr(place, last) else f"_{last}"
                setattr(place, name, value(place, getattr(place, name)))

    return spoil


def limits(**changes: int) -> Callable[[Any], None]:
    """Other durations than agreed, in every part of the machine."""

    def spoil(client: Any) -> None:
        machine = client._machine
        other = dataclasses.replace(machine.limits, **changes)
        machine.limits = other
        for part in (
            machine.freshness,
            machine.follower,
            machine.sender,
            machine.claims,
            machine.clock,
            machine._commands._commands,
        ):
            part._limits = other

    return spoil


def nothing(*_: Any, **__: Any) -> None:
    """Does nothing."""


def retained_is_nothing(_: Any, receive: Any) -> Any:
    """Never looks at the flag."""
    return lambda topic, payload, now, **_: receive(topic, payload, now)


def any_nonce(freshness: Any, answered: Any) -> Any:
    """Takes every proof for one that was asked for just now."""

    def taken(beat: Any, now: int) -> Any:
        freshness.on_nonce_sent(beat.nonce, now)
        return answered(beat, now)

    freshness.awaits = lambda _nonce, _now: True
    return taken


def never_again(clock: Any, proven: Any) -> Any:
    """Once it doubts, it doubts for ever."""

    def taken(proof: Any) -> Any:
        return "" if clock.doubt else proven(proof)

    return taken


def any_ack(machine: Any, _: Any) -> Any:
    """Takes every acknowledgement that names a row."""
    return lambda ack, now: machine.on_acknowledged(ack.seq, now)


def any_answer(claims: Any, _: Any) -> Any:
    """Takes every answer for one to its claim."""
    return lambda _answer, _epoch: claims._close()


def any_journal(machine: Any, wanted: Any) -> Any:
    """Answers wishes for whatever journal."""
    return lambda wish, now: wanted(msgspec.structs.replace(wish, journal=machine._journal.journal), now)


def forgets(commands: Any, take: Any) -> Any:
    """Does not remember what it obeyed."""

    def taken(command: Any, situation: Any, *, retained: bool) -> Any:
        commands._taken.clear()
        return take(command, situation, retained=retained)

    return taken


def starts_late(sender: Any, connected: Any) -> Any:
    """After a reconnect it goes on where it was."""

    def on(now: int) -> None:
        sent = sender._sent
        connected(now)
        sender._sent = max(sent, sender.acknowledged)

    return on


def other_session(client: Any) -> None:
    """The Will names a session that no nonce or presence will name."""
    will = client._connection._will

    def made() -> Any:
        made_first = will()
        client._session += 1
        return made_first

    client._connection._will = made


def not_retained(_: Any, publish: Any) -> Any:
    """Forgets the flag."""
    return lambda topic, payload, *, qos=0, **_: publish(topic, payload, qos=qos)


def miswritten(place: Any, send: Any) -> Any:
    """Sends rows that the chain does not hold."""
    del place
    return lambda row: send(dataclasses.replace(row, body=row.body + b" "))


def silent_of_strangers(_: Any, refuse: Any) -> Any:
    """Tells nobody of unknown keys."""
    return lambda reason, detail, now: None if reason == "unknown_key" else refuse(reason, detail, now)


def other_bytes(_: Any, read: Any) -> Any:
    """Sends something else."""
    return lambda picture, offset, length: bytes(len(read(picture, offset, length)))


def from_the_start(_: Any, held: Any) -> Any:
    """Begins every picture at its first byte, whatever the core says that it holds."""
    begun: set[str] = set()

    def heard(answer: Any, now: int) -> Any:
        first = answer.offer not in begun
        begun.add(answer.offer)
        return held(msgspec.structs.replace(answer, offset=0) if first and answer.state == "part" else answer, now)

    return heard


def never_done(uploader: Any, _: Any) -> Any:
    """Offers a picture anew as soon as the core has it."""
    return lambda _picture: setattr(uploader, "_open", None)


def without_waiting(_: Any, part: Any) -> Any:
    """Takes a part for answered as soon as it is sent."""

    def sent(open_: Any, now: int) -> Any:
        found = part(open_, now)
        open_.answered, open_.next_ms = True, now
        return found

    return sent


def any_offer(uploader: Any, held: Any) -> Any:
    """Takes every answer for one to the open offer."""
    return lambda answer, now: held(msgspec.structs.replace(answer, offer=uploader._open.offer), now)


def has_every_picture(runner: Any, _: Any) -> Any:
    """Says that it will send whatever it is asked for."""
    return lambda effect: runner._machine.on_order_done(effect.command)


def always_level(client: Any) -> None:
    """Pictures wait for nothing."""
    client._machine.sender.__class__ = AlwaysLevel


SPOILT: dict[str, tuple[str, dict[str, Any], str]] = {
    "takes every delta: L10 holds, a gap does not": ("L12", {"codes": TakesEverything}, "gap"),
    "takes a delta with a wrong state hash": ("L14", {"codes": TakesEverything}, "state hash"),
    "any past": ("L13", {"codes": AnyPast}, "another history"),
    "stubborn": ("L15", {"codes": Stubborn}, "asks for a snapshot"),
    "takes edited rows": ("L23", {"codes": Gullible}, "contradict a delta"),
    "lets no row go": ("L24", {"codes": Hoarder}, "after rows were forgotten"),
    "lets any row go": ("L25", {"codes": Forgetful}, "was applied"),
    "shows nothing": ("L22", {"spoil": spoilt(machine__handlers__DeltasAsked=lambda *_: nothing)}, "shows no deltas"),
    "puzzled by a code": ("L11", {"codes": Puzzled}, "unknown action code"),
    "a part is the whole": ("L17", {"codes": Hasty}, "hold the core's list"),
    "a snapshot is not counted": ("L18", {"codes": Trusting}, "snapshot"),
    "takes answers to nothing": (
        "L19",
        {"spoil": spoilt(machine__follower__accepts=lambda *_: lambda _request, **_whole: True)},
        "nobody asked",
    ),
    "every proof is equal, 20": (
        "L20",
        {"spoil": spoilt(machine__freshness__judge=lambda *_: lambda _: Judgement.EQUAL)},
        "does not ask",
    ),
    "every proof is equal, 21": (
        "L21",
        {"spoil": spoilt(machine__freshness__judge=lambda *_: lambda _: Judgement.EQUAL)},
        "does not ask",
    ),
    "believes an unknown key": ("L30", {"ring": BelievesAll}, "was applied"),
    "believes another key": ("L31", {"ring": BelievesAll}, "was applied"),
    "believes a changed body": ("L32", {"ring": BelievesAll}, "asks for all"),
    "believes another topic": ("L33", {"ring": BelievesAll}, "was applied"),
    "believes a forged acknowledgement": ("L53", {"ring": BelievesAll}, "as acknowledged"),
    "believes a forged command": ("L78", {"ring": BelievesAll}, "was obeyed"),
    "believes forged proofs": ("L42", {"ring": BelievesAll}, "forged"),
    "drops unknown fields": ("L34", {"ring": Lenient}, "unknown field"),
    "another lane's proof": ("L37", {"ring": Lenient}, "another lane"),
    "another lane's command": ("L77", {"ring": Lenient}, "was obeyed"),
    "takes a retained delta": ("L35", {"spoil": spoilt(machine__on_message=retained_is_nothing)}, "retained delta"),
    "obeys a retained command": ("L76", {"spoil": spoilt(machine__on_message=retained_is_nothing)}, "was obeyed"),
    "raises no alarm": ("L38", {"spoil": spoilt(machine__alarm=lambda *_: nothing)}, "no alarm"),
    "never goes manual": ("L40", {"spoil": spoilt(machine__verdict=lambda *_: lambda _: Link.FRESH)}, "manual mode"),
    "takes old proofs": ("L41", {"spoil": spoilt(machine__freshness__on_heartbeat=any_nonce)}, "replayed"),
    "counts from the arrival": ("L43", {"spoil": limits(offline_ms=60_000, fresh_ms=60_000)}, "late"),
    "believes a jump of the core's clock": ("L44", {"spoil": limits(clock_ms=10**9)}, "no new word"),
    "never believes again": ("L44", {"spoil": spoilt(machine__clock__on_proof=never_again)}, "does not end"),
    "spoils its rows": ("L50", {"spoil": spoilt(runner__send_row=miswritten)}, "hash"),
    "says nothing of acknowledgements": (
        "L51",
        {"spoil": spoilt(machine__on_acknowledged=lambda *_: nothing)},
        "nonces do not say so",
    ),
    "sends once": ("L52", {"spoil": limits(resend_ms=10**9)}, "not sent again"),
    "an acknowledgement beyond": ("L54", {"spoil": spoilt(machine__handlers__Ack=any_ack)}, "beyond"),
    "an acknowledgement by another hash": ("L55", {"spoil": spoilt(machine__handlers__Ack=any_ack)}, "another hash"),
    "an acknowledgement of another journal": (
        "L56",
        {"spoil": spoilt(machine__handlers__Ack=any_ack)},
        "another journal",
    ),
    "deaf to wishes": (
        "L57",
        {"spoil": spoilt(machine__handlers__EventsWanted=lambda *_: nothing)},
        "did not all come",
    ),
    "any journal's rows": ("L58", {"spoil": spoilt(machine__handlers__EventsWanted=any_journal)}, "of its own journal"),
    "goes on after a reconnect": (
        "L59",
        {"spoil": spoilt(machine__sender__on_connected=starts_late)},
        "after a reconnect",
    ),
    "an endless window": ("L60", {"spoil": limits(window=10_000)}, "64 are allowed"),
    "claims once": ("L61", {"spoil": limits(claim_ms=10**9)}, "not repeated"),
    "claims for ever": ("L61", {"spoil": spoilt(machine__claims__close=lambda *_: nothing)}, "made again"),
    "believes any answer to a claim": (
        "L62",
        {"spoil": spoilt(machine__claims__on_answer=any_answer)},
        "ended it",
    ),
    "believes a forged answer to a claim": ("L62", {"ring": BelievesAll}, "ended it"),
    "never answers": ("L70", {"spoil": spoilt(machine__on_command=lambda *_: nothing)}, "not answered"),
    "obeys again": ("L71", {"spoil": spoilt(machine__commands__commands__judge=forgets)}, "three times"),
    "obeys what has expired": (
        "L72",
        {"spoil": spoilt(machine__commands__commands__out_of_time=lambda *_: lambda _command, _core: None)},
        "expired",
    ),
    "obeys what is to come": ("L73", {"spoil": limits(ahead_ms=10**9)}, "from the future"),
    "obeys for ever": ("L79", {"spoil": limits(command_ms=10**12)}, "two hours"),
    "has its first keys for ever": ("L85", {"ring": FirstKeys}, "does not follow"),
    "believes keys to come": ("L85", {"ring": BelievesAll}, "not given yet"),
    "believes keys that were": ("L86", {"ring": EveryKey}, "taken away"),
    "tells nobody of strangers": ("L87", {"spoil": spoilt(machine__refuse=silent_of_strangers)}, "no alarm"),
    "sends other bytes": ("L90", {"spoil": spoilt(runner__outgoing__read=other_bytes)}, "do not have the hash"),
    "sends pictures again and again": ("L90", {"spoil": spoilt(machine__uploader__remove=never_done)}, "more of"),
    "from the first byte": ("L91", {"spoil": spoilt(machine__uploader__on_held=from_the_start)}, "from byte 0 on"),
    "does not wait": ("L92", {"spoil": spoilt(machine__uploader__part=without_waiting)}, "was not answered"),
    "believes a forged answer": ("L93", {"ring": BelievesAll}, "forged answer"),
    "believes an answer to another offer": (
        "L93",
        {"spoil": spoilt(machine__uploader__on_held=any_offer)},
        "forged answer",
    ),
    "promises every picture": ("L94", {"spoil": spoilt(runner__do__FetchPicture=has_every_picture)}, "cannot have"),
    "pictures before events": ("L95", {"spoil": always_level}, "while rows waited"),
    "its presence is not retained": ("L01", {"spoil": spoilt(connection__publish=not_retained)}, "retain flag"),
    "its Will is of another session": ("L02", {"spoil": other_session}, "another session"),
    "nonces at leisure": ("L04", {"spoil": limits(nonce_ms=1_400, fresh_ms=1_450)}, "nonces"),
    "the same nonce": ("L05", {"spoil": spoilt(machine__entropy=lambda *_: bytes)}, "came twice"),
}


@pytest.fixture(scope="module")
def verdicts(stage: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """What the kit says of each spoilt lane, each with a broker of its own, some at a time."""

    def found(name: str) -> Any:
        number, how, _ = SPOILT[name]
        with stage(pace=IMPATIENT, **how) as core:
            return next(tried(chosen(CHAPTERS, [number]), core))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield dict(zip(SPOILT, pool.map(found, SPOILT), strict=True))


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_lane_breaks_the_clause_meant_for_it(name: str, verdicts: dict[str, Any]) -> None:
    """Broken, and for that reason."""
    number, _, words = SPOILT[name]
    result = verdicts[name]
    assert (result.number, result.verdict) == (number, ClauseVerdict.BROKEN), result
    assert words in result.detail
