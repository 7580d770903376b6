"""The test vectors hold for our own code, and for a second implementation that knows nothing but the document."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.rigs.places import ROOT
from tools.docs.contract.samples import LANE
from wire import messages
from wire.codec import decode, decode_record, encode
from wire.envelope import KeyRing
from wire.errors import WireRefusedError
from wire.hashes import StateHash, journal_next, journal_start, log_next, log_start
from wire.topics import LaneTopics

FOUND: dict[str, Any] = json.loads((ROOT / "docs/vectors.json").read_text(encoding="utf-8"))
KINDS: dict[str, Any] = {
    str(kind.__struct_config__.tag): kind
    for kind in vars(messages).values()
    if isinstance(kind, type) and issubclass(kind, messages._Body)
}


def ring(party: str) -> KeyRing:
    """The public key of a party, as the vectors give it."""
    key = FOUND["keys"][party]
    return KeyRing({key["kid"]: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public"]))})


@pytest.mark.parametrize("case", FOUND["envelopes"], ids=lambda case: case["body_type"])
def test_our_code_opens_each_envelope_and_gives_its_body_again(case: dict[str, str]) -> None:
    """Signature, topic, type, and the same bytes when written again."""
    body = ring(case["signed_by"]).open(case["topic"], bytes.fromhex(case["payload"]))
    assert body.hex() == case["body"]
    assert encode(decode(KINDS[case["body_type"]], body)).hex() == case["body"]


@pytest.mark.parametrize("case", FOUND["refused"], ids=lambda case: case["case"])
def test_our_code_refuses_each_spoilt_envelope_for_its_reason(case: dict[str, str]) -> None:
    """And for no other."""
    with pytest.raises(WireRefusedError) as refused:
        decode(messages.Heartbeat, ring("core").open(LaneTopics(LANE).heartbeat, bytes.fromhex(case["payload"])))
    assert refused.value.reason.value == case["reason"]


def test_our_code_gives_the_chains_and_the_state() -> None:
    """Log, journal, rows in any order."""
    log, journal, state = FOUND["log"], FOUND["journal"], FOUND["state"]
    head = log_start(log["epoch"])
    for delta in log["deltas"]:
        assert head.hex() == delta["previous"]
        head = log_next(head, bytes.fromhex(delta["body"]))
        assert head.hex() == delta["log_hash"]
    link = journal_start(journal["journal"])
    for row in journal["rows"]:
        assert link.hex() == row["previous"]
        link = journal_next(link, row["seq"], row["boot"], bytes.fromhex(row["body"]))
        assert link.hex() == row["hash"]
    rows = [decode_record(bytes.fromhex(row)) for row in state["rows"]]
    assert StateHash.of(rows).digest().hex() == StateHash.of(reversed(rows)).digest().hex() == state["state_hash"]
    assert StateHash.of((rows[0], *rows[2:])).digest().hex() == state["without_second_row"]
    for row in FOUND["rows"]:
        assert encode(decode_record(bytes.fromhex(row["canonical"]))).hex() == row["canonical"]


# What follows is written from docs/asyncapi.json: it uses nothing of `sync`.


def pack(value: Any) -> bytes:
    """Canonical msgpack of texts, bytes, numbers, truth values, arrays and maps."""
    match value:
        case None | False | True:
            return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
        case int():
            return pack_int(value)
        case str():
            return head(len(value.encode()), 0xA0, 32, (0xD9, 0xDA, 0xDB)) + value.encode()
        case bytes():
            return head(len(value), 0, 0, (0xC4, 0xC5, 0xC6)) + value
        case list():
            return head(len(value), 0x90, 16, (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
        case dict():
            parts = (pack(key) + pack(one) for key, one in value.items())
            return head(len(value), 0x80, 16, (None, 0xDE, 0xDF)) + b"".join(parts)
        case _:
            raise AssertionError(value)


def pack_int(value: int) -> bytes:
    """The shortest form of a number that is not negative."""
    if value < 128:
        return bytes([value])
    size = next(size for size in (1, 2, 4, 8) if value < 1 << 8 * size)
    return bytes([{1: 0xCC, 2: 0xCD, 4: 0xCE, 8: 0xCF}[size]]) + value.to_bytes(size, "big")


def head(length: int, small: int, below: int, wide: tuple[int | None, int, int]) -> bytes:
    """The shortest head of a text, byte string, array or map."""
    if length < below:
        return bytes([small + length])
    for code, size in zip(wide, (1, 2, 4), strict=True):
        if code is not None and length < 1 << 8 * size:
            return bytes([code]) + length.to_bytes(size, "big")
    raise AssertionError(length)


def chain(name: str, *parts: bytes) -> bytes:
    """SHA-256 over a name and length-prefixed parts."""
    return hashlib.sha256(name.encode() + b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def element(row: bytes) -> int:
    """What a row adds to the total."""
    return int.from_bytes(hashlib.shake_256(b"rocars/v1/row" + row).digest(512), "big")


def state_hash(rows: list[bytes]) -> str:
    """Of all rows."""
    return chain("rocars/v1/state", (sum(map(element, rows)) % (1 << 4096)).to_bytes(512, "big")).hex()


@pytest.mark.parametrize("case", FOUND["envelopes"], ids=lambda case: case["body_type"])
def test_a_second_implementation_signs_the_same_payload(case: dict[str, str]) -> None:
    """From seed, topic and body alone."""
    topic, body, key = case["topic"].encode(), bytes.fromhex(case["body"]), FOUND["keys"][case["signed_by"]]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
    signed = len(topic).to_bytes(4, "big") + topic + body
    sig = private.sign(signed)
    assert (signed.hex(), sig.hex()) == (case["signed_bytes"], case["sig"])
    assert pack({"kid": key["kid"], "body": body, "sig": sig}).hex() == case["payload"]


def test_a_second_implementation_finds_the_foreign_signature() -> None:
    """What is refused as badly signed does not verify there either."""
    case = next(one for one in FOUND["refused"] if one["case"] == "signed for another lane")
    payload, topic = bytes.fromhex(case["payload"]), case["topic"].encode()
    start = payload.index(b"\xa3sig\xc4\x40") + 6
    place = payload.index(b"\xa4body\xc4") + 7
    body = payload[place : place + payload[place - 1]]
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(FOUND["keys"]["core"]["public"]))
    with pytest.raises(InvalidSignature):
        public.verify(payload[start : start + 64], len(topic).to_bytes(4, "big") + topic + body)


@pytest.mark.parametrize("row", FOUND["rows"], ids=range(len(FOUND["rows"])))
def test_a_second_implementation_writes_the_same_canonical_row(row: dict[str, Any]) -> None:
    """From the JSON view alone: a row has no byte strings."""
    assert pack(row["json_view"]).hex() == row["canonical"]
    assert element(bytes.fromhex(row["canonical"])).to_bytes(512, "big").hex() == row["element"]


def test_a_second_implementation_gives_the_same_chains_and_state() -> None:
    """As the document says them."""
    log, journal, state = FOUND["log"], FOUND["journal"], FOUND["state"]
    head_ = chain("rocars/v1/log/start", log["epoch"].encode())
    assert head_.hex() == log["start"]
    for delta in log["deltas"]:
        head_ = chain("rocars/v1/log/next", head_, bytes.fromhex(delta["body"]))
        assert head_.hex() == delta["log_hash"]
    link = chain("rocars/v1/journal/start", journal["journal"].encode())
    for row in journal["rows"]:
        seq, boot = row["seq"].to_bytes(8, "big"), row["boot"].encode()
        link = chain("rocars/v1/journal/next", link, seq, boot, bytes.fromhex(row["body"]))
        assert link.hex() == row["hash"]
    rows = [bytes.fromhex(row) for row in state["rows"]]
    assert state_hash([]) == state["empty"]
    assert state_hash(rows) == state_hash(rows[::-1]) == state["state_hash"]
    assert state_hash([rows[0], *rows[2:]]) == state["without_second_row"]
