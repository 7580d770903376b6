"""Test vectors: fixed keys and inputs, and what the contract makes of them, for a second implementation to check itself.

Rules of this file: byte strings are hexadecimal; nothing is random, and Ed25519 signatures are deterministic (RFC 8032),
so every value here is the only right one. The private keys are published on purpose and are worth nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tools.docs.contract.channels import VERSION
from tools.docs.contract.samples import LANE, json_view, sample
from tools.docs.contract.schemas import ROWS, positions
from wire.channels import bodies, channel_of, tag
from wire.codec import encode
from wire.envelope import Signer, signed_bytes
from wire.hashes import EMPTY_STATE, StateHash, element, journal_next, journal_start, log_next, log_start
from wire.messages import Delta, Heartbeat
from wire.records import BundleRecord, CargoRecord, ForgottenRow, HoldRecord, Record, VehicleRecord
from wire.topics import LOG, LaneTopics

EPOCH = "9f2c61d04be7a853"
JOURNAL = "5b0e77c2a91d4f36"

_SEEDS = {
    "core": ("core-1", hashlib.sha256(b"rocars/v1 test key of the core").digest()),
    "lane": (LANE, hashlib.sha256(b"rocars/v1 test key of a lane").digest()),
    "stranger": ("core-1", hashlib.sha256(b"rocars/v1 test key of nobody").digest()),
}


def signer(party: str) -> Signer:
    """A test key: "core", "lane", or "stranger", who uses the core's `kid`."""
    kid, seed = _SEEDS[party]
    return Signer(kid, Ed25519PrivateKey.from_private_bytes(seed))


def vectors() -> dict[str, Any]:
    """All of them, as plain data."""
    return {
        "contract": VERSION,
        "about": "Byte strings are hexadecimal. The private keys are test keys, published on purpose. Written by "
        "`python -m tools.docs.pages`.",
        "keys": {party: _key(party) for party in _SEEDS},
        "envelopes": [_envelope(body) for body in bodies() if channel_of(body).signed],
        "refused": refused(),
        "rows": [_row(record) for record in _records()],
        "log": _log(),
        "state": _state(),
        "journal": _journal(),
    }


def _key(party: str) -> dict[str, str]:
    kid, seed = _SEEDS[party]
    public = signer(party).public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kid": kid, "seed": seed.hex(), "public": public.hex()}


def _envelope(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """One body as it travels, step by step."""
    channel = channel_of(kind)
    topic, body = channel.address.replace("{lane}", LANE), sample(kind)
    raw, key = encode(body), signer(channel.writer.value)
    payload = key.seal(topic, raw)
    return {
        "body_type": tag(kind),
        "topic": topic,
        "signed_by": channel.writer.value,
        "json_view": json_view(body),
        "body": raw.hex(),
        "signed_bytes": signed_bytes(topic, raw).hex(),
        "sig": msgspec.msgpack.decode(payload)["sig"].hex(),
        "payload": payload.hex(),
    }


def refused() -> list[dict[str, str]]:
    """Payloads that a lane named `samples.LANE`, who trusts the core's test key, must refuse, each for one reason."""
    core, topics = signer("core"), LaneTopics(LANE)
    beat = next(one for one in bodies() if tag(one) == "heartbeat")
    topic, body = topics.heartbeat, encode(sample(beat))
    good = core.seal(topic, body)
    plain = msgspec.msgpack.decode(body)
    cases = {
        "another key under the core's name": (signer("stranger").seal(topic, body), "bad_signature"),
        "an unknown key": (Signer("core-9", Ed25519PrivateKey.from_private_bytes(bytes(32))), "unknown_key"),
        "signed for another lane": (core.seal(LaneTopics("szb-in-02").heartbeat, body), "bad_signature"),
        "signed for another topic of this lane": (core.seal(topics.ack, body), "bad_signature"),
        "one bit of the signature changed": (good[:-1] + bytes([good[-1] ^ 1]), "bad_signature"),
        "cut short": (good[:-1], "not_an_envelope"),
        "a byte too many": (good + b"\x00", "not_an_envelope"),
        "an envelope with a fourth field": (_with(good, extra=0), "not_an_envelope"),
        "an unknown field": (plain | {"extra": 0}, "malformed"),
        "a missing field": ({key: one for key, one in plain.items() if key != "core_ms"}, "malformed"),
        "a hash of 31 bytes": (plain | {"state_hash": bytes(31)}, "malformed"),
        "a text where a number belongs": (plain | {"version": "1203"}, "malformed"),
        "a negative version": (plain | {"version": -1}, "malformed"),
        "another type's name": (plain | {"type": "ack"}, "malformed"),
    }
    return [_case(name, topic, body, what, reason) for name, (what, reason) in cases.items()]


def _case(name: str, topic: str, body: bytes, what: Any, reason: str) -> dict[str, str]:
    if isinstance(what, dict):
        what = signer("core").seal(topic, msgspec.msgpack.encode(what))
    elif isinstance(what, Signer):
        what = what.seal(topic, body)
    return {"case": name, "topic": topic, "payload": what.hex(), "reason": reason}


def _with(payload: bytes, **fields: Any) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.decode(payload) | fields)


def _records() -> tuple[Record, ...]:
    """One of each kind as `samples` makes it, and the corners: defaults, a tombstone, Chinese, two consignments."""
    made: tuple[Any, ...] = tuple(sample(row) for row in ROWS)
    cargo = (CargoRecord("2001067889", "release", "ITFS"), CargoRecord("2001067890", "inspect"))
    return (
        *made,
        BundleRecord("2026112202", "CD5678", "outbound", "", 0, 2**53, cargo, used_by=f"{LANE}/{JOURNAL}/40"),
        BundleRecord("2026112203", "EF9012", "inbound", "MKT", 1, 2, (), deleted=True),
        HoldRecord("GH3456"),
        HoldRecord("GH3456", "lifted", deleted=True),
        VehicleRecord("JK7890", "粤Z1234港"),
    )


def _row(record: Record) -> dict[str, Any]:
    raw = encode(record)
    return {
        "key": list(record.key),
        "positions": list(positions(type(record))),
        "json_view": json_view(record),
        "canonical": raw.hex(),
        "element": element(raw).to_bytes(512, "big").hex(),
    }


def _log() -> dict[str, Any]:
    """Four deltas from the empty log: an addition, several at once, a replacement by a tombstone, a used bundle that leaves."""
    records = _records()
    steps: list[tuple[Record, ...]] = [records[:1], records[1:4], (records[5], records[6]), ()]
    head, rows, found = log_start(EPOCH), dict[tuple[str, str], Record](), []
    for version, changes in enumerate(steps, start=1):
        rows |= {record.key: record for record in changes}
        delta = Delta(epoch=EPOCH, version=version, previous=head, changes=changes, state_hash=b"")
        if not changes:
            key = records[3].key
            del rows[key]
            delta = msgspec.structs.replace(delta, forgets=(ForgottenRow(*key),), core_ms=sample(Heartbeat).core_ms)
        state = StateHash.of(rows.values()).digest()
        body = encode(msgspec.structs.replace(delta, state_hash=state))
        previous, head = head, log_next(head, body)
        found.append(
            {
                "version": version,
                "topic": LOG,
                "previous": previous.hex(),
                "body": body.hex(),
                "log_hash": head.hex(),
                "state_hash": state.hex(),
            }
        )
    return {"epoch": EPOCH, "start": log_start(EPOCH).hex(), "deltas": found}


def _state() -> dict[str, Any]:
    """The same rows in two orders, and after one of them was taken away."""
    rows = [encode(record) for record in _records()[:4]]
    state = StateHash()
    for row in rows:
        state.add(row)
    less = StateHash(state.total())
    less.remove(rows[1])
    return {
        "empty": EMPTY_STATE.hex(),
        "rows": [row.hex() for row in rows],
        "total": state.total().hex(),
        "state_hash": state.digest().hex(),
        "without_second_row": less.digest().hex(),
    }


def _journal() -> dict[str, Any]:
    bodies_ = [b"first", b"", b'{"at":{"utc_ms":1795305600000},"effects":[],"event":{"type":"TimerFired"}}']
    boots = ["c4d1a08e6f3b2957", "c4d1a08e6f3b2957", "77d0f1c2a3b4e5f6"]
    head, rows = journal_start(JOURNAL), []
    for seq, (boot, body) in enumerate(zip(boots, bodies_, strict=True), start=1):
        previous, head = head, journal_next(head, seq, boot, body)
        rows.append({"seq": seq, "boot": boot, "body": body.hex(), "previous": previous.hex(), "hash": head.hex()})
    return {"journal": JOURNAL, "start": journal_start(JOURNAL).hex(), "rows": rows}
