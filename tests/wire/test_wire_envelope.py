"""The envelope: signed bytes open for whom they were meant; one changed bit and they do not."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from wire.envelope import LIMIT, KeyRing, Signer, public_from_pem, public_to_pem, signed_bytes
from wire.errors import Reason, WireRefusedError

CORE = Signer.generate("core-1")
OTHER = Signer.generate("core-1")
TOPIC = "rocars/v1/lane/mkt-in-03/down/heartbeat"


def refused(ring: KeyRing, topic: str, payload: bytes) -> Reason:
    """Why the ring refuses it."""
    with pytest.raises(WireRefusedError) as caught:
        ring.open(topic, payload)
    return caught.value.reason


@given(st.binary(), st.text(max_size=40))
def test_what_was_sealed_opens(body: bytes, topic: str) -> None:
    """Any body for any topic."""
    assert CORE.ring().open(topic, CORE.seal(topic, body)) == body


@given(st.binary(max_size=64), st.data())
def test_one_changed_bit_is_refused(body: bytes, data: st.DataObject) -> None:
    """Whichever bit of the payload it is: key name, body, signature or framing."""
    payload = bytearray(CORE.seal(TOPIC, body))
    bit = data.draw(st.integers(0, len(payload) * 8 - 1))
    payload[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WireRefusedError):
        CORE.ring().open(TOPIC, bytes(payload))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("kid", "core-2", Reason.UNKNOWN_KEY),
        ("body", b"other", Reason.BAD_SIGNATURE),
        ("sig", bytes(64), Reason.BAD_SIGNATURE),
        ("sig", b"", Reason.BAD_SIGNATURE),
        ("extra", 1, Reason.NOT_AN_ENVELOPE),
        ("body", "text", Reason.NOT_AN_ENVELOPE),
        ("kid", 7, Reason.NOT_AN_ENVELOPE),
    ],
)
def test_each_field_tampered_with_is_refused_for_its_reason(field: str, value: object, reason: Reason) -> None:
    """The counter on the officers' page names what was wrong."""
    fields = msgspec.msgpack.decode(CORE.seal(TOPIC, b"body")) | {field: value}
    assert refused(CORE.ring(), TOPIC, msgspec.msgpack.encode(fields)) is reason


@pytest.mark.parametrize("field", ["kid", "body", "sig"])
def test_an_envelope_without_one_of_its_fields_is_refused(field: str) -> None:
    """There is no unsigned form."""
    fields = msgspec.msgpack.decode(CORE.seal(TOPIC, b"body"))
    del fields[field]
    assert refused(CORE.ring(), TOPIC, msgspec.msgpack.encode(fields)) is Reason.NOT_AN_ENVELOPE


def test_a_message_for_another_lane_or_kind_is_refused() -> None:
    """The topic is part of what is signed."""
    payload = CORE.seal(TOPIC, b"body")
    for topic in ("rocars/v1/lane/mkt-in-04/down/heartbeat", "rocars/v1/lane/mkt-in-03/down/ack", ""):
        assert refused(CORE.ring(), topic, payload) is Reason.BAD_SIGNATURE


def test_a_stranger_with_our_key_name_is_refused() -> None:
    """A name is not a key."""
    assert refused(CORE.ring(), TOPIC, OTHER.seal(TOPIC, b"body")) is Reason.BAD_SIGNATURE


def test_the_length_prefix_keeps_topic_and_body_apart() -> None:
    """Moving bytes from the body into the topic is another message."""
    assert signed_bytes("ab", b"c") != signed_bytes("a", b"bc")


def test_two_keys_serve_while_one_is_replaced() -> None:
    """A ring may hold the old and the new key."""
    new = Signer.generate("core-2")
    ring = KeyRing({CORE.kid: CORE.public, new.kid: new.public})
    assert ring.kids == {"core-1", "core-2"}
    assert ring.open(TOPIC, CORE.seal(TOPIC, b"1")) == b"1"
    assert ring.open(TOPIC, new.seal(TOPIC, b"2")) == b"2"


def test_too_much_is_refused_before_it_is_read() -> None:
    """A megabyte is more than any message has."""
    assert refused(CORE.ring(), TOPIC, bytes(LIMIT + 1)) is Reason.TOO_BIG


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(payload: bytes) -> None:
    """Nothing but a refusal comes of them."""
    with pytest.raises(WireRefusedError):
        CORE.ring().open(TOPIC, payload)


def test_keys_come_back_from_their_files() -> None:
    """Private and public halves as PEM."""
    again = Signer.from_pem("core-1", CORE.to_pem())
    public = public_from_pem(public_to_pem(CORE.public))
    assert KeyRing({"core-1": public}).open(TOPIC, again.seal(TOPIC, b"body")) == b"body"


def test_a_key_of_another_kind_is_named_with_the_remedy() -> None:
    """A technician who installs the wrong file is told what makes the right one."""
    key = generate_private_key(SECP256R1())
    with pytest.raises(ValueError, match="openssl genpkey -algorithm ed25519"):
        Signer.from_pem("k", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ValueError, match="openssl pkey"):
        public_from_pem(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
