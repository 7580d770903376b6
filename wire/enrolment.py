"""The two signed text files that a lane and the core's operator exchange when the lane is enrolled.

    lane   makes its keys, which never leave it, and a `Request`
    core   signs the certificate, registers the lane's public key, and gives an `EnrolmentAnswer`
    lane   checks that the answer fits its keys and its name, and installs it

Rules of this file:
- Every request is signed with both new private keys, which proves that its maker holds them.
- A renewal is signed with the lane's current key, too, which proves that it comes from a lane the core knows.
- A first request proves nothing about who made it: the technician and the operator compare its fingerprint.
- An answer is signed by the core. A lane that has the core's key checks the signature; a new lane has nothing to check it
  with, so its technician and the operator compare the fingerprint.
- Neither file contains a secret; both may travel by mail or on a stick.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeVar

import msgspec
from cryptography import x509

from wire import certificates
from wire.envelope import KeyRing, Signer, key_id, public_from_pem, public_to_pem
from wire.errors import WireRefusedError
from wire.topics import CORE, IMMIGRATION, MONITOR, check_lane, is_wall

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
        certificate_request: PKCS 10 (PEM) for the new P-256 key for TLS, signed with it.
        signing_key: the new Ed25519 public key (PEM), by which the core will check what the lane says.
        proof: signature with that key over lane, certificate request and signing key.
        renewal: signature with the lane's current signing key over the same; None for a first enrolment.
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
        points: the control points that the core knows: code and name. A lane of another can release nobody by a bundle.
        signed: by one of the core's keys, over everything else.
    """

    format: Literal["rocars enrolment answer 1"] = "rocars enrolment answer 1"
    lane: str
    made_ms: int
    certificate: str
    authority: str
    core_keys: dict[str, str]
    points: dict[str, str] = {}
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
            EnrolmentError: one of them is not a public key.
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


def make_request(lane: str, *, key: certificates.PrivateKey, signer: Signer, current: Signer | None = None) -> Request:
    """A lane's request.

    Args:
        lane: its id.
        key: its new key for TLS.
        signer: its new key for events.
        current: the key it signs with until the answer is installed, if it has one that the core may know.

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
        renewal=None if current is None else Signature(current.kid, current.sign(topic, body)),
    )


def read_request(raw: bytes) -> Request:
    """Reads a request and checks its proofs; whether the core knows the key of its renewal, `renews` says.

    Raises:
        EnrolmentError: it is not a request, or a proof does not hold.
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
    """Reads a certificate signing request and checks that its signature is good and its key of the kind P-256.

    Raises:
        EnrolmentError: it is not a request, is not signed by its key, or the key is of another kind.
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
    """The name of the key in `ring` (this lane's keys at the core) that signed the request as a renewal; None if none did."""
    if request.renewal is None:
        return None
    topic, body = _request_signed(request.lane, request.certificate_request, request.signing_key)
    try:
        ring.check(topic, body, kid=request.renewal.kid, sig=request.renewal.sig)
    except WireRefusedError:
        return None
    return request.renewal.kid


def make_answer(
    lane: str,
    *,
    certificate: bytes,
    authority: bytes,
    core_keys: dict[str, str],
    signer: Signer,
    made_ms: int,
    points: Mapping[str, str] = MappingProxyType({}),
) -> EnrolmentAnswer:
    """The core's answer; `lane` "" and `certificate` empty for the core's keys alone."""
    unsigned = EnrolmentAnswer(
        lane=lane,
        made_ms=made_ms,
        certificate=certificate.decode(),
        authority=authority.decode(),
        core_keys=core_keys,
        points=dict(points),
        signed=Signature(signer.kid, b""),
    )
    topic, body = _answer_signed(unsigned)
    return msgspec.structs.replace(unsigned, signed=Signature(signer.kid, signer.sign(topic, body)))


def read_answer(raw: bytes) -> EnrolmentAnswer:
    """Reads an answer and checks that one of the core's keys in it signed it.

    That shows only that nobody changed it on its way; whether those keys are to be believed, `known` says.

    Raises:
        EnrolmentError: it is not an answer, or was changed after it was signed.
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
    if lane in {CORE, IMMIGRATION, MONITOR} or is_wall(lane):
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
    points = (sorted(answer.points.items()),) if answer.points else ()
    body = (answer.lane, answer.made_ms, answer.certificate, answer.authority, keys, *points)
    return f"enrolment/answer/{answer.lane}", msgspec.msgpack.encode(body)


def _signed_by(answer: EnrolmentAnswer, ring: KeyRing) -> bool:
    topic, body = _answer_signed(answer)
    try:
        ring.check(topic, body, kid=answer.signed.kid, sig=answer.signed.sig)
    except WireRefusedError:
        return False
    return True
