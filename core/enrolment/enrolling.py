"""Enrolling, renewing and revoking: what the operator's commands do with the authority and the register.

Rules of this file:
- A lane that is known renews with the key it uses; whoever else asks in its name must be told apart by a person, and
  then the old keys and certificates end (`Applicant.STRANGER`).
- While a lane changes its key, the old and the new one count; at the renewal after that the older one goes.
- Revoking takes effect at the core first: what a revoked lane says is refused though a broker still lets it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from core.enrolment.authority import Authority
from core.enrolment.keys import keys_to_give, load_signing_key
from core.enrolment.registry import LaneRegistry
from wire import certificates
from wire.enrolment import EnrolmentAnswer, Request, make_answer, make_request, read_wanted, renews
from wire.envelope import KeyRing, Signer, key_id, public_from_pem
from wire.topics import CORE


class Applicant(Enum):
    """Who asks."""

    NEW = "new"  # no lane of that name is known: two people compare the fingerprint
    RENEWAL = "renewal"  # the request is signed by a key of that lane: nobody needs to ask
    STRANGER = "stranger"  # a lane of that name is known, and its key did not sign: a replaced box, or an impostor


class EnrolmentService:
    """Where lanes are enrolled.

    Args:
        authority: signs certificates.
        registry: the lanes that may speak.
        signing_key: the core's key file; its public keys, and those beside it, go to the lanes.
        days: how long a lane's certificate counts.
        points: the control points of this core, which the lanes compare with theirs.
    """

    def __init__(
        self,
        authority: Authority,
        registry: LaneRegistry,
        *,
        signing_key: Path,
        days: int,
        points: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._authority = authority
        self._registry = registry
        self._signing_key = signing_key
        self._days = days
        self._points = points

    def standing(self, request: Request) -> Applicant:
        """Who asks."""
        ring = self._registry.rings.get(request.lane)
        if ring is None:
            return Applicant.NEW
        return Applicant.STRANGER if renews(request, ring) is None else Applicant.RENEWAL

    def enrol(self, request: Request, *, at_ms: int) -> EnrolmentAnswer:
        """Signs the lane's certificate and registers its key; whether it may is decided by whoever calls.

        Raises:
            CoreSettingsError: a file cannot be read or written.
        """
        lane = request.lane
        ring = self._registry.rings.get(lane, KeyRing({}))
        used = renews(request, ring)
        if used is None:
            self._authority.revoke([one.serial_number for one in self._authority.issued(lane)])
        wanted = read_wanted(request.certificate_request.encode())
        certificate = self._authority.for_client(lane, certificates.public_of(wanted), days=self._days)
        public = public_from_pem(request.signing_key.encode())
        keep = frozenset() if used is None else frozenset({used})
        self._registry.add(lane, key_id(lane, public), request.signing_key.encode(), keep=keep)
        return self._answer(lane, certificate, at_ms)

    def core_keys(self, *, at_ms: int, sign_with: Path | None = None) -> EnrolmentAnswer:
        """The core's public keys alone, for every lane: before the core begins to sign with a new one.

        Args:
            at_ms: the time.
            sign_with: another of the core's keys, for a lane that does not have the present one yet.

        Raises:
            CoreSettingsError: a key is missing or cannot be used.
        """
        return self._answer("", b"", at_ms, sign_with)

    def _answer(self, lane: str, certificate: bytes, at_ms: int, sign_with: Path | None = None) -> EnrolmentAnswer:
        return make_answer(
            lane,
            certificate=certificate,
            authority=self._authority.pem,
            core_keys=keys_to_give(self._signing_key),
            signer=load_signing_key(sign_with or self._signing_key),
            made_ms=at_ms,
            points=self._points,
        )

    def revoke(self, lane: str) -> tuple[int, int]:
        """Ends a lane's keys and certificates; returns how many of each there were."""
        keys = self._registry.remove(lane)
        serials = [one.serial_number for one in self._authority.issued(lane)]
        self._authority.revoke(serials)
        return keys, len(serials)


def core_pair(authority: Authority, *, days: int) -> tuple[bytes, bytes]:
    """A certificate of the core's own and its key, both PEM."""
    key = certificates.new_key()
    return authority.for_client(CORE, key.public_key(), days=days), certificates.key_to_pem(key)


def enrol_here(desk: EnrolmentService, lane: str, *, at_ms: int) -> tuple[EnrolmentAnswer, bytes, Signer]:
    """Both sides at once, for demonstrations and tests: the answer, the lane's TLS key (PEM) and its signing key."""
    key, signer = certificates.new_key(), Signer.of(lane, Signer.generate("").to_pem())
    return desk.enrol(make_request(lane, key=key, signer=signer), at_ms=at_ms), certificates.key_to_pem(key), signer
