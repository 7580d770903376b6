"""Certificates that come to their end: the core's own, the authority's, the brokers' and every lane's.

One that has ended stops a lane at its next connection, and the core with all of them; so everybody is told in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from core.enrolment.issued import living
from core.settings import CoreSettings
from wire import certificates


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate near its end, or past it.

    Attributes:
        lane: whose it is; "" for the core's side.
        what: file or name.
        until: its end.
        remedy: what to do.
    """

    lane: str
    what: str
    until: datetime
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: its certificate ends on {self.until:%Y-%m-%d %H:%M} UTC; {self.remedy}"


def endings(settings: CoreSettings, lanes: Iterable[str], now_ms: int) -> list[Ending]:
    """What ends within `authority.warn_days`, the soonest first.

    The authority may be kept elsewhere, on a medium that is put in to enrol; then only the core's own files are seen.

    Args:
        settings: of the core.
        lanes: those registered.
        now_ms: core UTC ms.

    Raises:
        CoreSettingsError: a file of the authority is damaged.
    """
    now = datetime.fromtimestamp(now_ms // 1_000, UTC)
    limit = now + timedelta(days=settings.authority.warn_days)
    folder = settings.authority.folder
    found = list(_of_files(settings))
    if folder is not None and folder.is_dir():
        found += _of_authority(folder, now, set(lanes))
    return sorted((one for one in found if one.until < limit), key=lambda one: one.until)


def _of_files(settings: CoreSettings) -> Iterator[Ending]:
    for file in dict.fromkeys(broker.certificate for broker in settings.brokers if broker.certificate):
        yield from _of_file(file, "renew it: rocars-core authority --renew-core")
    for file in dict.fromkeys(broker.authority for broker in settings.brokers if broker.authority):
        yield from _of_file(file, "replace it as docs/installing.md says under 'A new authority'")


def _of_file(path: Path, remedy: str) -> Iterator[Ending]:
    try:
        found = certificates.read_certificates(path.read_bytes())
    except (ValueError, OSError):
        return
    for one in found[:1]:
        yield Ending("", str(path), one.not_valid_after_utc, remedy)


def _of_authority(folder: Path, now: datetime, known: set[str]) -> Iterator[Ending]:
    """The newest certificate of each lane that is registered, and of each broker."""
    newest: dict[str, x509.Certificate] = {certificates.name_of(one.subject): one for one in living(folder, now)}
    for name, one in newest.items():
        if name in known:
            remedy = f"renew it: rocars-lane enrol on that box, then rocars-core enrol {name} --request FILE"
            yield Ending(name, f"lane {name}", one.not_valid_after_utc, remedy)
        elif name.startswith("broker "):
            yield Ending("", name, one.not_valid_after_utc, _broker_remedy(one))


def _broker_remedy(certificate: x509.Certificate) -> str:
    """With every name of the certificate that ends: a lane that connects by a name that is missing would be shut out."""
    names = " ".join(certificates.alternatives_of(certificate))
    return (
        "renew it: make a signing request on that machine (docs/installing.md, 'Renewing'), then "
        f"rocars-core enrol-broker {names} --request FILE --out FOLDER"
    )
