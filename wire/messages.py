"""The body of every topic under `rocars/v1/` (design §3), one type each; `channels` says which goes where.

Rules of this file:
- Every body travels in a signed envelope, which proves whose it is; what it says of the present is believed only where
  it answers a nonce.
- A message with a field this version does not know is refused: a lane that does not understand the core stops
  releasing, and says so. Extensions need a new version of the topics.
- Times named `core_ms` and `*_ms` without another word are the core's, UTC milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from wire.records import CoreMs, ForgottenRow, Record, Ubr

Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""32 bytes; the constructions are in `hashes`."""

NonceBytes = Annotated[bytes, Meta(min_length=16, max_length=32)]
"""Fresh randomness, never used twice."""

Version = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A version of the log: the number of deltas since the epoch began; 0 is the empty log."""

Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A journal row's number, from 1 without a gap; 0 is before the first."""

Session = Annotated[int, Meta(ge=0)]
"""A connection's number, random, 64 bits: a Will whose session is not the one last seen online is old."""

Epoch = Annotated[str, Meta(min_length=1, max_length=64)]
"""One life of the core's log; a restore from a backup begins another."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]
"""An identifier someone made up at random."""

PictureName = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
"""A picture by its content: the SHA-256 of its bytes, 64 hexadecimal digits, as journals name it."""

PICTURE_LIMIT = 16 << 20
"""Bytes of the largest picture."""

PART_LIMIT = 64 << 10
"""Bytes of a picture in one message: small beside an envelope's limit, so that it holds nothing up."""


class _Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """A body is a msgpack map whose "type" names it."""


class Presence(_Body, frozen=True, tag="presence"):
    """`up/presence`, retained, and the connection's Will (status "lost")."""

    lane: Id
    status: Literal["online", "stopped", "lost"]
    session: Session
    software: str = ""


class Nonce(_Body, frozen=True, tag="nonce"):
    """`up/nonce`, each second: sign this, and see what I hold.

    Attributes:
        epoch: "" before the first snapshot.
        journal, acknowledged: the lane's journal, and the row up to which the core has acknowledged it. A core that
            has fewer rows was restored from a backup, and asks for the others.
        last, last_hash: the journal's head: its last row and that row's hash (0 and all zero before the first). A core
            that has more rows of it, or that row with another hash, speaks to an older copy of the lane's store.
    """

    lane: Id
    session: Session
    nonce: NonceBytes
    epoch: str
    version: Version
    state_hash: Hash
    journal: Id
    acknowledged: Seq
    last: Seq
    last_hash: Hash


class Heartbeat(_Body, frozen=True, tag="heartbeat"):
    """`down/heartbeat`: the proof. The head of the log at `core_ms`, signed over the lane's own nonce.

    Attributes:
        committed, committed_hash: the last row of the nonce's journal that is committed at the core, and its hash (0 and
            all zero if none); to a lane that named a later row before, that row. A lane that has no such row runs on an older copy of its store: the proof counts for nothing.
    """

    lane: Id
    nonce: NonceBytes
    epoch: Epoch
    version: Version
    state_hash: Hash
    core_ms: CoreMs
    committed: Seq
    committed_hash: Hash


class EventMessage(_Body, frozen=True, tag="event"):
    """`up/event`: one row of the lane's journal, as it stands there.

    Attributes:
        journal: the store it is in; the core's key is (lane, journal, seq).
        boot: the boot it was written in.
        previous, hash: its place in the chain (`hashes.journal_next`).
        body: the journal entry, opaque here.
    """

    lane: Id
    journal: Id
    seq: Seq
    boot: str
    previous: Hash
    hash: Hash
    body: bytes


class Ack(_Body, frozen=True, tag="ack"):
    """`down/ack`: every row of `journal` up to `seq` is committed at the core; `hash` is that row's (all zero for 0)."""

    lane: Id
    journal: Id
    seq: Seq
    hash: Hash


class LaneState(_Body, frozen=True, tag="state"):
    """`up/state`, retained and complete: what the wall of lanes shows. `facts` are plain msgpack values."""

    lane: Id
    session: Session
    serial: Seq
    facts: dict[str, Any]


class DeltasWanted(_Body, frozen=True, tag="deltas_wanted"):
    """`up/request`: send what follows `version`, whose chain value here is `log_hash`.

    Answered by `Deltas`, or by a snapshot where the core no longer has them or its own chain differs there.
    """

    lane: Id
    request: Id
    epoch: str
    version: Version
    log_hash: Hash


class SnapshotWanted(_Body, frozen=True, tag="snapshot_wanted"):
    """`up/request`: send everything; `reason` is for the core's log."""

    lane: Id
    request: Id
    reason: str


Request = DeltasWanted | SnapshotWanted


class Delta(_Body, frozen=True, tag="delta", omit_defaults=True):
    """`log`: one step of the log, from `version - 1` to `version`. It changes rows or forgets rows, never both.

    Attributes:
        previous: the chain value before it; after it, `hashes.log_next(previous, <the bytes of this body>)`.
        changes: rows, each in place of the row of its key.
        state_hash: of all rows after it.
        forgets: rows that leave the list; a lane takes none out that `forgetting` keeps in it.
        core_ms: when it was signed, where it forgets.
    """

    epoch: Epoch
    version: Version
    previous: Hash
    changes: tuple[Record, ...]
    state_hash: Hash
    forgets: Annotated[tuple[ForgottenRow, ...], Meta(max_length=1_000)] = ()
    core_ms: CoreMs = 0

    def __post_init__(self) -> None:
        """One of both, so that nothing depends on which comes first."""
        if self.forgets and (self.changes or not self.core_ms):
            raise ValueError("a delta that forgets rows changes none, and says when it was signed")


class Deltas(_Body, frozen=True, tag="deltas"):
    """`down/log`: consecutive `Delta`s, in order, the answer to `DeltasWanted`; may be several messages.

    Attributes:
        payloads: the envelope of each, as it went out on `log`: a lane keeps them, to show them when it has to.
    """

    lane: Id
    request: Id
    payloads: tuple[bytes, ...]


class SnapshotPart(_Body, frozen=True, tag="snapshot"):
    """`down/log`: part `part` (from 0) of `parts` of all rows at `version`; what is signed is the same in each."""

    lane: Id
    request: Id
    epoch: Epoch
    version: Version
    log_hash: Hash
    state_hash: Hash
    part: Annotated[int, Meta(ge=0, lt=1_000_000)]
    parts: Annotated[int, Meta(ge=1, le=1_000_000)]
    records: tuple[Record, ...]


class EventsWanted(_Body, frozen=True, tag="events_wanted"):
    """`down/log`: the core asks for rows `first` to `last` (both included) of `journal` again."""

    lane: Id
    journal: Id
    first: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    last: Annotated[int, Meta(ge=1, le=2**63 - 1)]


class DeltasAsked(_Body, frozen=True, tag="deltas_asked"):
    """`down/log`: the core asks to be shown the signed deltas of `epoch` after `version` that the lane keeps.

    It does so where a lane names a later version than the core has. Answered by `DeltasShown`.
    """

    lane: Id
    request: Id
    epoch: Epoch
    version: Version


class DeltasShown(_Body, frozen=True, tag="deltas_shown"):
    """`up/shown`: signed deltas that the lane keeps, in order of their versions; the answer to `DeltasAsked`.

    A version that a lane claims proves nothing; a delta with the core's own signature does.

    Attributes:
        payloads: the envelope of each, as it went out on `log`; none where it keeps none of them. The core asks again
            for what follows.
    """

    lane: Id
    request: Id
    epoch: Epoch
    payloads: tuple[bytes, ...]


LogReply = Deltas | SnapshotPart | EventsWanted | DeltasAsked


VisitNumber = Annotated[int, Meta(ge=1, le=2**53)]
"""Of a visit, counted within its lane's journal; with lane and journal it is the visit's key."""

ClaimNumber = Annotated[int, Meta(ge=1, le=2**53)]
"""Of a claim; a later claim of the same visit has a higher one."""

ClaimedUbrs = Annotated[tuple[Ubr, ...], Meta(min_length=1, max_length=64)]
"""The bundles of one vehicle that a visit would be released on."""


class ClaimWanted(_Body, frozen=True, tag="claim_wanted"):
    """`up/claim`: these bundles shall be this visit's alone, before it is released on them (design §3).

    Repeated until it is answered; the same claim gets the same answer for as long as nothing has changed. A later claim of the visit
    takes the place of an earlier one. It ends with the journal's row that uses the bundles or gives them back.
    """

    lane: Id
    journal: Id
    visit: VisitNumber
    claim: ClaimNumber
    ubrs: ClaimedUbrs


class ClaimAnswer(_Body, frozen=True, tag="claim_answer"):
    """`down/claim`: what the core has committed of a claim, named whole.

    Attributes:
        epoch, version: the head of the log that it was answered from.
        state: "granted", all of them are this visit's alone; "refused", none is; "wait", the lane's rows about an earlier visit are
            missing, ask again.
        detail: why it is not granted, in words for an officer.
    """

    lane: Id
    journal: Id
    visit: VisitNumber
    claim: ClaimNumber
    ubrs: ClaimedUbrs
    epoch: Epoch
    version: Version
    state: Literal["granted", "refused", "wait"]
    detail: str = ""


class Command(_Body, frozen=True, tag="command"):
    """`down/command`: never retained, executed at most once.

    Attributes:
        command: its identifier; `Reply` repeats it.
        issuer: the officer's login at the centre.
        issued_ms, expires_ms: it is good from issue until expiry, by the core's time.
        name: what to do; a lane refuses a name it does not know (`sync.link` lists them).
        visit: visit key where it concerns one vehicle, "" where none; another vehicle in the lane refuses it.
        text: reason or message, for people.
        revert_ms: a mode set from afar ends by itself after this many milliseconds.
        picture: of "upload".
        journal, first, last: of "fetch": these rows, both included.
    """

    lane: Id
    command: Id
    issuer: Id
    issued_ms: CoreMs
    expires_ms: CoreMs
    name: str
    visit: str = ""
    text: str = ""
    revert_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 0
    picture: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    journal: str = ""
    first: Seq = 0
    last: Seq = 0


class Reply(_Body, frozen=True, tag="reply"):
    """`up/reply`: what became of a command; `detail` says why it was refused, or what was done."""

    lane: Id
    command: Id
    outcome: Literal["done", "refused"]
    detail: str = ""


class Telemetry(_Body, frozen=True, tag="telemetry"):
    """`up/telemetry`, QoS 0: how the box is. Not part of the event stream; shed while the link is poor, and counted.

    Attributes:
        serial: counts the samples taken since the agent's start, from 1; a gap is what was shed or lost on the way.
        age_ms: since the sample was taken.
        shed: samples given up before they were sent, since the agent's start.
        facts: name to figure or word; names end in their unit.
    """

    lane: Id
    session: Session
    serial: Seq
    age_ms: Annotated[int, Meta(ge=0)]
    shed: Seq
    facts: dict[str, int | float | str]


class PictureOffered(_Body, frozen=True, tag="picture_offered"):
    """`up/picture`: the lane would send this picture. Answered by `PictureHeld`, which says from where on.

    Attributes:
        offer: made up for this offer; the answers and parts repeat it, so that an old answer is none.
        kind: its class at the lane, which decides how long it is kept.
        reason: why it is sent: a class, or the command that asked for it.
    """

    lane: Id
    offer: Id
    picture: PictureName
    size: Annotated[int, Meta(ge=1, le=PICTURE_LIMIT)]
    kind: Id
    reason: str


class PicturePart(_Body, frozen=True, tag="picture_part"):
    """`up/picture`: bytes of an offered picture from `offset` on; the next goes out when this one is answered."""

    lane: Id
    offer: Id
    picture: PictureName
    offset: Annotated[int, Meta(ge=0, lt=PICTURE_LIMIT)]
    data: Annotated[bytes, Meta(min_length=1, max_length=PART_LIMIT)]


PictureUp = PictureOffered | PicturePart


class PictureHeld(_Body, frozen=True, tag="picture_held"):
    """`down/picture`: how much of a picture the core holds.

    Attributes:
        offset: bytes held, from the beginning; the lane goes on from there.
        state: "whole" once all bytes are on the disk and have the hash that names them; "refused" if it is not wanted.
        detail: why it is refused.
    """

    lane: Id
    offer: Id
    picture: PictureName
    offset: Annotated[int, Meta(ge=0, le=PICTURE_LIMIT)]
    state: Literal["part", "whole", "refused"]
    detail: str = ""
