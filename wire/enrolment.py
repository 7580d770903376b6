"""The two signed text files that a lane and the core's operator exchange when the lane is enrolled.

    lane   makes its keys, which never leave it, and a `Request`
    core   signs the certificate, registers the lane's public key, and gives an `EnrolmentAnswer`
    lane   checks that the answer fits its keys and its name, and installs it

Rules of this file:
- A request proves that its maker has both private keys; a renewal also proves, by the key the lane uses now, that it
  comes from a lane the core knows. A first one proves only the former: two people compare its fingerprint.
- An answer is signed by the core. A lane that knows the core believes its signature; one that does not, its fingerprint.
- The files hold nothing secret and may travel any way.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec
from cryptography import x509

from wire import certificates
from wire.envelope import KeyRing, Signer, key_id, public_from_pem, public_to_pem
from wire.errors import WireRefusedError
from wire.topics import CORE, IMMIGRATION, check_lane

T = TypeVar("T")

_LARGEST = 256 << 10


class EnrolmentError(ValueError):
    """A file of the enrolment, or what it asks for, cannot be accepted; the text says what to do."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which key signed, and its signature."""

    kid: str
    sig: bytes


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A lane asks to be enrolled.

    Attributes:
        certificate_request: PKCS 10 (PEM) of the P-256 key for TLS, signed by it.
        signing_key: the Ed25519 public key (PEM) of the lane's events.
        proof: by that key, over the two others.
        renewal: by the key the lane uses now; None for a first enrolment.
    """

    format: Literal["rocars enrolment request 1"] = "rocars enrolment request 1"
    lane: str
    certificate_request: str
    signing_key: str
    proof: Signature
    renewal: Signature | None = None

    @property
    def fingerprint(self) -> str:
        """What two people compare."""
        return certificates.fingerprint(
            self.lane.encode(), self.certificate_request.encode(), self.signing_key.encode()
        )

    def to_text(self) -> bytes:
        """The file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class EnrolmentAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The core's answer, or, with no lane and no certificate, its public keys alone, for every lane.

    Attributes:
        made_ms: the core's time; a lane takes no answer older than the one it has.
        certificate: the lane's (PEM).
        authority: who signs certificates (PEM; more than one while an authority is replaced).
        core_keys: the core's public signing keys (PEM) by key id, each of which may sign from now on.
        signed: by one of the core's keys, over everything else.
    """

    format: Literal["rocars enrolment answer 1"] = "rocars enrolment answer 1"
    lane: str
    made_ms: int
    certificate: str
    authority: str
    core_keys: dict[str, str]
    signed: Signature

    @property
    def fingerprint(self) -> str:
        """What two people compare: who the lane will trust."""
        keys = (f"{kid} {pem}".encode() for kid, pem in sorted(self.core_keys.items()))
        return certificates.fingerprint(self.authority.encode(), *keys)

    @property
    def ring(self) -> KeyRing:
        """The core's keys.

        Raises:
            EnrolmentError: one of them is none.
        """
        try:
            return KeyRing({kid: public_from_pem(pem.encode()) for kid, pem in self.core_keys.items()})
        except ValueError as error:
            raise EnrolmentError(
                f"the answer's keys of the core are damaged ({error}); get the answer again"
            ) from error

    def to_text(self) -> bytes:
        """The file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def make_request(lane: str, *, key: certificates.PrivateKey, signer: Signer, now: Signer | None = None) -> Request:
    """A lane's request.

    Args:
        lane: its id.
        key: its new key for TLS.
        signer: its new key for events.
        now: the key it signs events with until then, where it has one that the core may know.

    Raises:
        ValueError: no lane can have that name.
    """
    wanted = certificates.request_for(check_lane(lane), key).decode()
    public = public_to_pem(signer.public).decode()
    topic, body = _request_signed(lane, wanted, public)
    return Request(
        lane=lane,
        certificate_request=wanted,
        signing_key=public,
        proof=Signature(signer.kid, signer.sign(topic, body)),
        renewal=None if now is None else Signature(now.kid, now.sign(topic, body)),
    )


def read_request(raw: bytes) -> Request:
    """A request whose proofs hold; whether its renewal is by a key the core knows is `renews`.

    Raises:
        EnrolmentError: it is none, or a proof does not hold.
    """
    request = _read(raw, Request, "request")
    check_name(request.lane)
    wanted = read_wanted(request.certificate_request.encode())
    if certificates.name_of(wanted.subject) != request.lane:
        raise EnrolmentError(f"the request for {request.lane} asks for a certificate of another name; make it again")
    try:
        public = public_from_pem(request.signing_key.encode())
        topic, body = _request_signed(request.lane, request.certificate_request, request.signing_key)
        ring = KeyRing({key_id(request.lane, public): public})
        ring.check(topic, body, kid=request.proof.kid, sig=request.proof.sig)
    except ValueError as error:
        raise EnrolmentError(f"the request does not prove its signing key ({error}); make it again") from error
    return request


def read_wanted(pem: bytes) -> x509.CertificateSigningRequest:
    """A certificate signing request whose own signature holds and whose key is P-256.

    Raises:
        EnrolmentError: it is none such.
    """
    try:
        wanted = x509.load_pem_x509_csr(pem)
        certificates.public_of(wanted)
    except ValueError as error:
        raise EnrolmentError(f"there is no usable certificate signing request in it: {error}") from error
    if not wanted.is_signature_valid:
        raise EnrolmentError("it is not signed by the key it is for; make it again")
    return wanted


def renews(request: Request, ring: KeyRing) -> str | None:
    """The key of `ring`, that is, of this lane at the core, by which the request is signed too; None if by none."""
    if request.renewal is None:
        return None
    topic, body = _request_signed(request.lane, request.certificate_request, request.signing_key)
    try:
        ring.check(topic, body, kid=request.renewal.kid, sig=request.renewal.sig)
    except WireRefusedError:
        return None
    return request.renewal.kid


def make_answer(
    lane: str, *, certificate: bytes, authority: bytes, core_keys: dict[str, str], signer: Signer, made_ms: int
) -> EnrolmentAnswer:
    """The core's answer; `lane` "" and `certificate` empty for the core's keys alone."""
    unsigned = EnrolmentAnswer(
        lane=lane,
        made_ms=made_ms,
        certificate=certificate.decode(),
        authority=authority.decode(),
        core_keys=core_keys,
        signed=Signature(signer.kid, b""),
    )
    topic, body = _answer_signed(unsigned)
    return msgspec.structs.replace(unsigned, signed=Signature(signer.kid, signer.sign(topic, body)))


def read_answer(raw: bytes) -> EnrolmentAnswer:
    """An answer that is signed by one of the keys in it: whole, and by whom it says. Whether to believe that is `known`.

    Raises:
        EnrolmentError: it is none, or was changed on its way.
    """
    answer = _read(raw, EnrolmentAnswer, "answer")
    if not _signed_by(answer, answer.ring):
        raise EnrolmentError("the answer was changed after the core signed it; get it again from the core's operator")
    return answer


def known(answer: EnrolmentAnswer, ring: KeyRing) -> bool:
    """Whether a core whose keys are on `ring` signed the answer."""
    return _signed_by(answer, ring)


def check_answer(answer: EnrolmentAnswer, *, lane: str, key: certificates.PrivateKey) -> None:
    """Returns if the answer's certificate is for this lane and this key, and by the answer's authority.

    Raises:
        EnrolmentError: it is not, and why.
    """
    if answer.lane != lane:
        raise EnrolmentError(
            f"the answer is for {answer.lane or 'no lane in particular'}, this is {lane}: take its own"
        )
    try:
        certificate = certificates.read_certificates(answer.certificate.encode())[0]
        authorities = certificates.read_certificates(answer.authority.encode())
    except ValueError as error:
        raise EnrolmentError(f"the answer's certificates are damaged ({error}); get the answer again") from error
    if certificates.name_of(certificate.subject) != lane:
        raise EnrolmentError("the answer's certificate has another name; have the request of this lane signed")
    if not certificates.fits(certificate, key):
        raise EnrolmentError("the answer is to another request than the last one of this lane; have that one signed")
    if not certificates.issued_by(certificate, authorities):
        raise EnrolmentError("the answer's certificate is not by the authority in it; get the answer again")


def check_name(lane: str) -> None:
    """Returns if a lane can have this name.

    Raises:
        EnrolmentError: it cannot.
    """
    try:
        check_lane(lane)
    except ValueError as error:
        raise EnrolmentError(str(error)) from error
    if lane in {CORE, IMMIGRATION}:
        raise EnrolmentError(f"no lane can be called {lane!r}: the brokers know somebody else by it; choose another")


def _read(raw: bytes, kind: type[T], what: str) -> T:
    if len(raw) > _LARGEST:
        raise EnrolmentError(f"{len(raw)} bytes are too many for an enrolment {what}; is it the right file?")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnrolmentError(f"it is no enrolment {what} ({error}); is it the right file?") from error


def _request_signed(lane: str, wanted: str, public: str) -> tuple[str, bytes]:
    return f"enrolment/request/{lane}", msgspec.msgpack.encode((wanted, public))


def _answer_signed(answer: EnrolmentAnswer) -> tuple[str, bytes]:
    keys = sorted(answer.core_keys.items())
    body = (answer.lane, answer.made_ms, answer.certificate, answer.authority, keys)
    return f"enrolment/answer/{answer.lane}", msgspec.msgpack.encode(body)


def _signed_by(answer: EnrolmentAnswer, ring: KeyRing) -> bool:
    topic, body = _answer_signed(answer)
    try:
        ring.check(topic, body, kid=answer.signed.kid, sig=answer.signed.sig)
    except WireRefusedError:
        return False
    return True
