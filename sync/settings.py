"""The sections `[link]` and `[evidence]` of a lane's settings. Durations are seconds here, milliseconds in the link."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from runtime.sections import (
    Host,
    NamedFile,
    NamedFolder,
    Port,
    Problem,
    Seconds,
    SecretFile,
    SecretLine,
    Section,
    is_loopback,
)

ENROL = "correct the path, or enrol the lane: rocars-lane enrol --config FILE"


class BrokerSettings(Section, frozen=True, kw_only=True):
    """Where one broker listens."""

    host: Host
    port: Port = 8883


class LinkSettings(Section, frozen=True, kw_only=True):
    """The link to the core (design §3).

    Attributes:
        brokers: independent brokers, tried in this order.
        authority, certificate, key: PEM files of TLS both ways; may be left out for loopback only.
        password_file: the broker password's file where certificates are not used; one line, mode 0600.
        lane_key: this lane's Ed25519 private key (PKCS 8 PEM, mode 0600): signs its events.
        core_keys: folder of the core's public keys, one `<key id>.pem` each.
        fresh_s, offline_s: design §3's limits.
    """

    brokers: tuple[BrokerSettings, ...]
    lane_key: Annotated[Path, SecretFile(ENROL)]
    core_keys: Annotated[Path, NamedFolder(ENROL)]
    authority: Annotated[Path, NamedFile(ENROL)] | None = None
    certificate: Annotated[Path, NamedFile(ENROL)] | None = None
    key: Annotated[Path, SecretFile(ENROL)] | None = None
    password_file: Annotated[Path, SecretLine("write the password as one line into {path}")] | None = None
    fresh_s: Seconds = 3.0
    offline_s: Seconds = 5.0

    def contradictions(self) -> Iterator[Problem]:
        """Times in their order, independent brokers, and no plain text on the network."""
        if self.fresh_s <= 1:
            remedy = "more than 1 s: a proof comes each second"
            yield Problem("fresh_s", f"{self.fresh_s:g} s is too short", remedy)
        if self.offline_s < self.fresh_s:
            wrong = f"{self.offline_s:g} s is shorter than link.fresh_s ({self.fresh_s:g} s)"
            yield Problem("offline_s", wrong, "make offline_s at least fresh_s; the design says 3 and 5")
        yield from self._broker_rules()
        if (self.certificate is None) != (self.key is None):
            missing = "key" if self.key is None else "certificate"
            yield Problem(missing, "is missing", "certificate and key are given together or not at all")
        if self.certificate is not None and self.authority is None:
            yield Problem("authority", "is missing", "add the PEM file of who signed the broker's certificate")

    def _broker_rules(self) -> Iterator[Problem]:
        if not self.brokers:
            yield Problem("brokers", "is empty", "add a section [[link.brokers]] with host and port")
        seen: set[tuple[str, int]] = set()
        for place, broker in enumerate(self.brokers):
            if (broker.host.lower(), broker.port) in seen:
                remedy = "remove one; a second broker is another machine"
                yield Problem(f"brokers[{place}]", "is listed twice", remedy)
            seen.add((broker.host.lower(), broker.port))
            if self.authority is None and not is_loopback(broker.host):
                wrong = f"{broker.host} is reached over the network without TLS"
                remedy = "add link.authority, link.certificate and link.key"
                yield Problem(f"brokers[{place}].host", wrong, remedy)


class PictureClass(Enum):
    """Evidence pictures by what became of the visit; the value is the folder's name."""

    READS = "reads"
    NEAR_MISSES = "near_misses"  # of a held vehicle
    STOPS = "stops"
    COMPLAINTS = "complaints"  # asked for by the centre


Days = Annotated[int, Meta(ge=1, le=3_650, description="a number of days, 1 to 3650")]
Megabytes = Annotated[int, Meta(ge=1, le=10_000_000, description="megabytes, 1 or more")]


class EvidenceSettings(Section, frozen=True, kw_only=True):
    """How long evidence pictures are kept here, and which are sent to the core by themselves (domain §8).

    Attributes:
        reads_days, reads_mb: pictures of ordinary visits.
        kept_days, kept_mb: of stops and of near-misses, each; `kept_mb` also of complaints.
        complaint_days: those the centre asked for.
        send: the classes that are sent without being asked for.
        rate_kb_s: thousands of bytes of pictures a second at most.
    """

    reads_days: Days = 30
    reads_mb: Megabytes = 4_000
    kept_days: Days = 180
    kept_mb: Megabytes = 2_000
    complaint_days: Days = 365
    send: tuple[PictureClass, ...] = ()
    rate_kb_s: Annotated[int, Meta(ge=1, le=100_000, description="thousands of bytes a second, 1 or more")] = 64
