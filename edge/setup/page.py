"""The certificate of the officers' page, by the same authority as the lane's: key and request here, signature there.

Rules of this file: as in `edge.enrol`: the private key never leaves the box, and what is in use stays until the new fits.
"""

from __future__ import annotations

from pathlib import Path

from console.settings import ConsoleSettings
from edge.enrol import IdentityFiles
from runtime.files import PRIVATE, write_whole
from wire import certificates
from wire.enrolment import EnrolmentError


def page_request(places: IdentityFiles, key: Path) -> bytes:
    """The signing request (PEM) of the page's key, which is made where there is none.

    Raises:
        OSError: the key cannot be written or read.
        EnrolmentError: the key that is there cannot be used.
    """
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        write_whole(key, certificates.key_to_pem(certificates.new_key()), mode=PRIVATE, owner=places.owner_if_root)
    try:
        return certificates.request_for(f"page of {places.lane}", certificates.key_from_pem(key.read_bytes()))
    except ValueError as error:
        raise EnrolmentError(f"{key}: {error}") from error


def names_of(console: ConsoleSettings) -> list[str]:
    """Every name and address by which officers reach the page."""
    every = {"0.0.0.0", "::"}  # noqa: S104 - compared
    return list(dict.fromkeys([*console.names, *({console.host} - every)]))


def take_page(places: IdentityFiles, console: ConsoleSettings, file: Path) -> None:
    """Puts the page's certificate in place.

    Raises:
        EnrolmentError: it is not for this page's key, not by the lane's authority, or not for the names in use.
        OSError: a file cannot be read or written.
    """
    if console.tls_certificate is None or console.tls_key is None:
        raise EnrolmentError("the settings lack console.tls_certificate and console.tls_key, where it would be put")
    try:
        made = certificates.read_certificates(file.read_bytes())[0]
        authorities = certificates.read_certificates(places.authority.read_bytes())
        key = certificates.key_from_pem(console.tls_key.read_bytes())
    except ValueError as error:
        raise EnrolmentError(f"{file}: is no certificate ({error}); get it again from the core's operator") from error
    if not certificates.fits(made, key):
        raise EnrolmentError(f"{file}: is for another key than {console.tls_key}; have the last request signed")
    if not certificates.issued_by(made, authorities):
        raise EnrolmentError(
            f"{file}: is not by the authority that this lane believes; get it from the core's operator"
        )
    if missing := sorted(set(names_of(console)) - set(certificates.alternatives_of(made))):
        raise EnrolmentError(f"{file}: lacks {', '.join(missing)}; have it made for every name of the page")
    write_whole(console.tls_certificate, certificates.to_pem(made), owner=places.owner_if_root)
