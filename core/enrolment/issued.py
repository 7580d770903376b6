"""What an authority has issued and what of it still counts; read from its public files, without its key."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

from core.errors import CoreSettingsError
from wire import certificates

REVOKED = "revoked.crl"
ISSUED = "issued"


def living(folder: Path, now: datetime, name: str = "") -> list[x509.Certificate]:
    """Certificates of that common name, or all, that are neither revoked nor at their end; the first to end first.

    Raises:
        CoreSettingsError: a file of the authority is damaged or cannot be read.
    """
    revoked = read_list(folder / REVOKED)
    every = [_read(file) for file in sorted((folder / ISSUED).glob("*.pem"))]
    found = [one for one in every if now < one.not_valid_after_utc and not on_list(revoked, one.serial_number)]
    named = [one for one in found if name in {"", certificates.name_of(one.subject)}]
    return sorted(named, key=lambda one: one.not_valid_after_utc)


def read_list(file: Path) -> x509.CertificateRevocationList:
    """The list of the revoked.

    Raises:
        CoreSettingsError: it is damaged or cannot be read.
    """
    try:
        return x509.load_pem_x509_crl(file.read_bytes())
    except (ValueError, OSError) as error:
        raise CoreSettingsError(
            f"{file}: is no list of revoked certificates ({error}); restore it from its backup"
        ) from error


def on_list(revoked: x509.CertificateRevocationList, serial: int) -> bool:
    """Whether a certificate is on it."""
    return revoked.get_revoked_certificate_by_serial_number(serial) is not None


def _read(file: Path) -> x509.Certificate:
    try:
        return certificates.read_certificates(file.read_bytes())[0]
    except (ValueError, OSError) as error:
        raise CoreSettingsError(
            f"{file}: is no certificate ({error}); restore it from the authority's backup"
        ) from error
