"""Bodies and rows: what is written is read back, and nothing else is read at all."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import messages
from wire.codec import decode, decode_record, encode
from wire.errors import Reason, WireRefusedError
from wire.messages import (
    PICTURE_LIMIT,
    Ack,
    ClaimAnswer,
    ClaimWanted,
    Command,
    Delta,
    Deltas,
    DeltasWanted,
    EventMessage,
    EventsWanted,
    Heartbeat,
    LaneState,
    LogReply,
    Nonce,
    PictureHeld,
    PictureOffered,
    PicturePart,
    PictureUp,
    Presence,
    Reply,
    Request,
    SnapshotPart,
    SnapshotWanted,
    Telemetry,
)
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record, VehicleRecord

name = st.text(min_size=1, max_size=12)
vrn = st.text(alphabet="ABCDEFGH0123456789粤港", min_size=1, max_size=8)
ms = st.integers(0, 2**53)
hashes = st.binary(min_size=32, max_size=32)
picture = hashes.map(bytes.hex)
number = st.integers(0, 2**63 - 1)
cargo = st.builds(CargoRecord, st.text(max_size=10), st.text(max_size=10), st.text(max_size=5))
records = st.one_of(
    st.builds(
        BundleRecord,
        ubr=name,
        vrn=vrn,
        direction=st.sampled_from(["inbound", "outbound"]),
        point=st.text(max_size=5),
        earliest_ms=ms,
        valid_until_ms=ms,
        cargo=st.lists(cargo, max_size=3).map(tuple),
        deleted=st.booleans(),
        used_by=st.text(max_size=20),
    ),
    st.builds(HoldRecord, vrn=vrn, reason=st.text(max_size=20), deleted=st.booleans()),
    st.builds(VehicleRecord, vrn=vrn, mainland=st.text(max_size=8), deleted=st.booleans()),
)
rows = st.lists(records, max_size=4).map(tuple)
session = st.integers(0, 2**64 - 1)
nonces = st.binary(min_size=16, max_size=32)
status = st.sampled_from(["online", "stopped", "lost"])
facts = st.dictionaries(st.text(max_size=6), st.one_of(st.none(), st.booleans(), st.integers(0, 99), st.text()))
part = {"part": st.integers(0, 9), "parts": st.integers(1, 9)}
counted = st.integers(1, 2**53)
ubrs = st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=3).map(tuple)
claim = {"lane": name, "journal": name, "visit": counted, "claim": counted, "ubrs": ubrs}
head = {"epoch": name, "version": number, "state_hash": hashes}

bodies = st.one_of(
    st.builds(Presence, lane=name, status=status, session=session, software=st.text(max_size=5)),
    st.builds(
        Nonce,
        lane=name,
        session=session,
        nonce=nonces,
        journal=name,
        acknowledged=number,
        last=number,
        last_hash=hashes,
        **head,
    ),
    st.builds(Heartbeat, lane=name, nonce=nonces, core_ms=ms, committed=number, committed_hash=hashes, **head),
    st.builds(
        EventMessage,
        lane=name,
        journal=name,
        seq=number,
        boot=st.text(max_size=9),
        previous=hashes,
        hash=hashes,
        body=st.binary(),
    ),
    st.builds(Ack, lane=name, journal=name, seq=number, hash=hashes),
    st.builds(LaneState, lane=name, session=session, serial=number, facts=facts),
    st.builds(DeltasWanted, lane=name, request=name, epoch=st.text(max_size=9), version=number, log_hash=hashes),
    st.builds(SnapshotWanted, lane=name, request=name, reason=st.text(max_size=9)),
    st.builds(Delta, previous=hashes, changes=rows, **head),
    st.builds(Deltas, lane=name, request=name, payloads=st.lists(st.binary()).map(tuple)),
    st.builds(SnapshotPart, lane=name, request=name, log_hash=hashes, records=rows, **part, **head),
    st.builds(EventsWanted, lane=name, journal=name, first=st.integers(1, 99), last=st.integers(1, 99)),
    st.builds(
        Command,
        lane=name,
        command=name,
        issuer=name,
        issued_ms=ms,
        expires_ms=ms,
        name=st.text(max_size=9),
        visit=st.text(max_size=9),
        text=st.text(),
        revert_ms=st.integers(0, 86_400_000),
        picture=st.sampled_from(["", "ab" * 32]),
        journal=st.text(max_size=9),
        first=number,
        last=number,
    ),
    st.builds(
        Telemetry,
        lane=name,
        session=session,
        serial=number,
        age_ms=ms,
        shed=number,
        facts=st.dictionaries(st.text(max_size=6), st.one_of(st.integers(0, 99), st.floats(0, 9), st.text())),
    ),
    st.builds(
        PictureOffered,
        lane=name,
        offer=name,
        picture=picture,
        size=st.integers(1, PICTURE_LIMIT),
        kind=name,
        reason=st.text(max_size=9),
    ),
    st.builds(
        PicturePart,
        lane=name,
        offer=name,
        picture=picture,
        offset=st.integers(0, PICTURE_LIMIT - 1),
        data=st.binary(min_size=1, max_size=64),
    ),
    st.builds(
        PictureHeld,
        lane=name,
        offer=name,
        picture=picture,
        offset=st.integers(0, PICTURE_LIMIT),
        state=st.sampled_from(["part", "whole", "refused"]),
        detail=st.text(max_size=9),
    ),
    st.builds(ClaimWanted, **claim),
    st.builds(
        ClaimAnswer,
        **claim,
        epoch=name,
        version=number,
        state=st.sampled_from(["granted", "refused", "wait"]),
        detail=st.text(max_size=9),
    ),
    st.builds(Reply, lane=name, command=name, outcome=st.sampled_from(["done", "refused"]), detail=st.text()),
)


@given(bodies)
def test_every_body_is_read_back_as_it_was_written(body: msgspec.Struct) -> None:
    """What one side says is what the other side hears."""
    assert decode(type(body), encode(body)) == body


@given(records)
def test_every_row_is_read_back_and_written_to_the_same_bytes(row: Record) -> None:
    """A row has one canonical form, so both sides hash the same bytes."""
    raw = encode(row)
    assert decode_record(raw) == row
    assert encode(decode_record(raw)) == raw


@given(rows)
def test_rows_inside_a_delta_keep_their_canonical_bytes(changes: tuple[Record, ...]) -> None:
    """A row taken out of a delta is hashed as the core hashed it."""
    raw = encode(
        Delta(epoch="e", version=1, previous=bytes(32), changes=changes, state_hash=bytes(32)),
    )
    assert [encode(row) for row in decode(Delta, raw).changes] == [encode(row) for row in changes]


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_as_malformed_or_not_at_all(raw: bytes) -> None:
    """No bytes whatever make the decoder raise anything but its own refusal."""
    for kind in (Heartbeat, LogReply, Request, Delta, Command, PictureUp, PictureHeld, Telemetry):
        with suppress(WireRefusedError):
            assert isinstance(decode(kind, raw), msgspec.Struct)


def heartbeat(**changes: object) -> bytes:
    """A heartbeat's body, written by hand."""
    fields = {
        "type": "heartbeat",
        "lane": "l",
        "nonce": bytes(16),
        "epoch": "e",
        "version": 1,
        "state_hash": bytes(32),
        "core_ms": 5,
        "committed": 0,
        "committed_hash": bytes(32),
    }
    return msgspec.msgpack.encode(fields | changes)


def test_a_plain_map_with_the_right_fields_is_a_body() -> None:
    """The contract is msgpack maps, whoever writes them."""
    assert decode(Heartbeat, heartbeat()).core_ms == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "ack"},
        {"extra": 1},
        {"version": -1},
        {"version": "1"},
        {"version": 1.0},
        {"nonce": bytes(15)},
        {"state_hash": bytes(31)},
        {"lane": ""},
        {"core_ms": None},
    ],
)
def test_a_field_that_does_not_fit_refuses_the_whole_body(changes: dict[str, object]) -> None:
    """Wrong tag, unknown field, wrong type or wrong size: nothing of the body is used."""
    with pytest.raises(WireRefusedError) as caught:
        decode(Heartbeat, heartbeat(**changes))
    assert caught.value.reason is Reason.MALFORMED


def test_a_row_with_a_field_too_many_is_refused() -> None:
    """A row this version does not understand whole is not understood in part."""
    with pytest.raises(WireRefusedError):
        decode_record(msgspec.msgpack.encode(["hold", "AB1234", "why", False, "new"]))


def test_rows_are_named_by_their_key() -> None:
    """A later row of the same key replaces the earlier one."""
    assert HoldRecord("AB1234").key == HoldRecord("AB1234", "other", deleted=True).key == ("hold", "AB1234")
    assert VehicleRecord("AB1234").key == ("vehicle", "AB1234")
    assert BundleRecord("2349872345", "AB1234", "inbound", "MKT", 1, 2).key == ("bundle", "2349872345")


def test_every_body_type_can_be_described_as_a_json_schema() -> None:
    """The contract in the documents is generated from these types."""
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    _, schemas = msgspec.json.schema_components(kinds)
    assert {"Presence", "Heartbeat", "EventMessage", "Command", "BundleRecord"} <= set(schemas)
