"""A lane's clauses: following the log."""

from __future__ import annotations

import secrets

import msgspec

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_log import PlayedLog, bundle, changed
from wire.messages import Deltas, DeltasAsked, DeltasShown, DeltasWanted, SnapshotPart, SnapshotWanted
from wire.records import BundleRecord, HoldRecord, VehicleRecord
from wire.topics import LOG

chapter: Chapter[CorePlayed] = Chapter("The list")


@chapter("L10", "A delta in its turn is applied, and the next nonce names its version and the state hash of all rows.")
def in_turn(core: CorePlayed) -> None:
    """Three, one after the other; the last replaces a row and buries another."""
    core.grow(bundle(core.number()))
    core.grow(HoldRecord("KT910", "one"), bundle(core.number()))
    core.grow(HoldRecord("KT910", "two"), BundleRecord("K000000001", "KT1", "inbound", "", 0, 1, (), deleted=True))
    core.level("deltas in their turn do not bring the lane to the signed state hash")


@chapter(
    "L11", "A row with an action code that the lane does not know is a row like any other: it does not stall the list."
)
def unknown_code(core: CorePlayed) -> None:
    """A code from the future."""
    core.grow(bundle(core.number(), code="x-seize-2041"))
    core.level("after an unknown action code the lane does not follow")


@chapter("L12", "After a gap nothing is applied; the lane asks for deltas from the version and chain value it holds.")
def gap(core: CorePlayed) -> None:
    """The next but one."""
    core.serving, start, held = False, core.mark(), core.log.version
    missing = core.log.ahead([bundle(core.number())])
    ahead = missing.next(bundle(core.number()))
    core.publish(ahead)
    wanted = core.asks(DeltasWanted, start, "after a gap")
    core.stays("a delta after a gap was applied")
    must(
        (wanted.epoch, wanted.version, wanted.log_hash) == (core.log.epoch, held, core.log.log_hash),
        f"the lane holds version {held} and asks from version {wanted.version}, or names another epoch or chain value",
    )
    core.log = missing
    core.log.grow(*ahead.changes)
    core.serving = True
    core.level("the answer to the lane's request does not bring it to the head")


@chapter("L13", "A delta that names another previous chain value is not applied; the lane asks for a snapshot.")
def fork(core: CorePlayed) -> None:
    """Right in all but its past."""
    core.serving, start = False, core.mark()
    core.publish(changed(core.log.next(bundle(core.number())), previous=secrets.token_bytes(32)))
    core.asks(SnapshotWanted, start, "after a delta of another history")
    core.stays("a delta of another history was applied")


@chapter("L14", "A delta whose rows would not have its state hash is not applied; the lane asks for a snapshot.")
def wrong_state(core: CorePlayed) -> None:
    """Right in all but its state hash."""
    core.serving, start = False, core.mark()
    core.publish(changed(core.log.next(bundle(core.number())), state_hash=secrets.token_bytes(32)))
    core.asks(SnapshotWanted, start, "after a delta with a wrong state hash")
    core.stays("a delta with a wrong state hash was applied")


@chapter("L15", "A delta that the lane holds already changes nothing and is no cause for alarm.")
def known(core: CorePlayed) -> None:
    """The last one again, and one long before."""
    core.grow(bundle(core.number()))
    core.grow(bundle(core.number()))
    core.level()
    start = core.mark()
    before = {wanted.request for wanted in core.all_of(SnapshotWanted)}  # on a slow line one of these may be made again
    for version in (core.log.version, core.log.version - 1):
        core.send(LOG, core.signer.seal(LOG, core.log.bodies[version]))
    core.stays("a repeated delta was applied again")
    anew = [wanted for wanted in core.all_of(SnapshotWanted, start) if wanted.request not in before]
    must(not anew, "after a repeated delta the lane asks for a snapshot")


def _restart(core: CorePlayed) -> str:
    """The core's log begins anew, and only proofs tell of it; the epoch that the lane holds."""
    old = core.log.epoch
    core.serving = False
    core.log = PlayedLog(tuple(core.log.rows.values()))
    return old


@chapter("L16", "A proof of another epoch makes the lane ask for a snapshot.")
def other_epoch(core: CorePlayed) -> None:
    """The log begins anew."""
    start = core.mark()
    _restart(core)
    core.asks(SnapshotWanted, start, "after a proof of another epoch")
    core.serving = True
    core.level("a snapshot of the new epoch does not bring the lane to it")


def _parts(core: CorePlayed, start: int) -> tuple[SnapshotWanted, list[SnapshotPart]]:
    wanted = core.asks(SnapshotWanted, start, "after a proof of another epoch")
    return wanted, core.log.snapshot(core.lane, wanted.request)


@chapter("L17", "A snapshot takes effect as a whole, when its last part is there.")
def whole(core: CorePlayed) -> None:
    """The last part is held back."""
    start = core.mark()
    old = _restart(core)
    _, parts = _parts(core, start)
    for part in parts[:-1]:
        core.say(core.topics.log, part)
    core.heard_out()
    nonce = core.next_nonce(0)
    must(nonce.epoch == old, "a part of a snapshot took effect before the last one was there")
    for request in {one.request for one in core.all_of(SnapshotWanted, start)}:
        for part in core.log.snapshot(core.lane, request):
            core.say(core.topics.log, part)
    core.serving = True
    core.level("with its last part the snapshot does not take effect")


@chapter("L18", "A snapshot whose rows do not have its state hash never takes effect; the lane asks again.")
def spoilt_snapshot(core: CorePlayed) -> None:
    """A row is missing from it."""
    start = core.mark()
    old = _restart(core)
    wanted, parts = _parts(core, start)
    for part in parts:
        fewer = part.records[1:] if part.part == 0 else part.records
        core.say(core.topics.log, _with_records(part, fewer))
    core.until(
        lambda: any(one.request != wanted.request for one in core.all_of(SnapshotWanted, start)),
        "after a snapshot that is not what was signed, the lane does not ask again",
        2 * core.pace.patience,
    )
    must(core.next_nonce(0).epoch == old, "a snapshot without one of its rows took effect")


def _with_records(part: SnapshotPart, records: tuple[object, ...]) -> SnapshotPart:
    return SnapshotPart(**{name: getattr(part, name) for name in part.__struct_fields__} | {"records": records})


@chapter("L19", "Deltas or a snapshot that answer no open request are ignored.")
def unasked(core: CorePlayed) -> None:
    """Right in all but that nobody asked; no proof tells the lane meanwhile that there is something to ask for."""
    core.proving = False
    ahead = core.log.ahead([bundle(core.number())])
    body = ahead.bodies[ahead.version]
    payload = core.signer.seal(LOG, body)
    core.say(core.topics.log, Deltas(lane=core.lane, request=secrets.token_hex(8), payloads=(payload,)))
    for part in ahead.snapshot(core.lane, secrets.token_hex(8)):
        core.say(core.topics.log, part)
    core.stays("an answer that nobody asked for was applied")


@chapter("L20", "A proof of other rows under the version held makes the lane ask for a snapshot.")
def other_rows(core: CorePlayed) -> None:
    """The same version, another state hash."""
    core.proving, start = False, core.mark()
    nonce = core.next_nonce(0)
    core.say(core.topics.heartbeat, core.beat(nonce, state_hash=secrets.token_bytes(32)), qos=0)
    core.proving = True
    core.asks(SnapshotWanted, start, "after a proof of other rows")


@chapter("L21", "A proof of a version that the lane had left behind when it asked makes it ask for a snapshot.")
def went_back(core: CorePlayed) -> None:
    """The core proves the version before; whoever lets that pass can be shown an old list."""
    older = core.grow(bundle(core.number()))
    core.grow(bundle(core.number()))
    core.level()
    core.proving, start = False, core.mark()
    nonce = core.next_nonce()
    core.say(
        core.topics.heartbeat,
        core.beat(nonce, version=older.version, state_hash=older.state_hash),
        qos=0,
    )
    core.proving = True
    core.asks(SnapshotWanted, start, "after a proof of a version left behind")


@chapter(
    "L22", "Asked for them, the lane shows the signed deltas that it keeps after a version: as they came, in order."
)
def shows(core: CorePlayed) -> None:
    """A core that lost them has nobody else to ask."""
    before = core.log.version
    grown = [core.grow(bundle(core.number())).version for _ in range(3)]
    core.level()
    start, request = core.mark(), secrets.token_hex(8)
    core.say(core.topics.log, DeltasAsked(lane=core.lane, request=request, epoch=core.log.epoch, version=before))
    core.until(lambda: core.all_of(DeltasShown, start), "the lane shows no deltas")
    shown = core.all_of(DeltasShown, start)[-1]
    must((shown.request, shown.epoch) == (request, core.log.epoch), "what is shown answers another wish")
    bodies = [core.signer.ring().open(LOG, payload) for payload in shown.payloads]
    must(bodies == [core.log.bodies[version] for version in grown], "other deltas are shown than were signed")


@chapter("L23", "A snapshot of other rows under a version that was signed is never loaded, however often it comes.")
def edited(core: CorePlayed) -> None:
    """The core's rows were changed and its head made to fit: the lane doubts, asks, and keeps what it was told."""
    inspected = bundle(core.number(), code="inspect")
    core.grow(inspected)
    core.level()
    honest, core.log = core.log, core.log.edited(inspected.key)
    start = core.mark()
    core.asks(SnapshotWanted, start, "after a proof of other rows")
    core.next_nonce(2)
    held = core.nonces(start)
    core.log = honest
    wrong = [one for one in held if one.state_hash != honest.state_hash]
    must(not wrong, "the lane took rows that contradict a delta which the core had signed")
    core.level("the lane does not come back when the core's list is right again")


@chapter("L24", "A delta that forgets takes those rows out, and the state hash is that of the rows that are left.")
def forgets(core: CorePlayed) -> None:
    """One used, one withdrawn, an approval that was removed, a lifted hold: none stops or releases anybody."""
    rows = (
        msgspec.structs.replace(bundle(core.number()), used_by="kit/kit/1"),
        msgspec.structs.replace(bundle(core.number()), deleted=True),
        VehicleRecord("KT920", deleted=True),
        HoldRecord("KT921", deleted=True),
    )
    core.grow(*rows)
    core.level()
    core.publish(core.log.forget(*(row.key for row in rows), core_ms=core.clock()))
    core.level("after rows were forgotten the lane does not follow")


@chapter(
    "L25", "A delta that forgets a row which could still stop somebody is not applied, and neither is what follows."
)
def forgets_too_much(core: CorePlayed) -> None:
    """A hold, a bundle to be inspected, and one that ended by a clock which is years ahead; each signed by the core."""
    held, inspected = HoldRecord("KT930"), bundle(core.number(), code="inspect")
    core.grow(held, inspected)
    core.level()
    honest, now = core.log, core.clock()
    for key, core_ms in [(held.key, now), (inspected.key, now), (inspected.key, 2**51)]:
        core.log = honest.ahead()
        core.publish(core.log.forget(key, core_ms=core_ms))
        core.publish(core.log.grow(bundle(core.number())))
        core.log = honest
        core.stays(f"a delta that forgets {key[1]} was applied")
        core.level("the lane does not come back when the core's list is right again")
