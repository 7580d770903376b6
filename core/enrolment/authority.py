"""The certificate authority of the brokers: who may connect, and under which name (P-256, one folder).

    authority.key   its private key, mode 0600; nothing else in the folder is secret
    authority.pem   its certificate: what lanes, core and brokers are given
    revoked.crl     certificates that no longer count (PEM); every broker has a copy
    issued/         every certificate it ever made, NAME.SERIAL.pem

Rules of this file:
- A lane's certificate is for a client, a broker's for a server: neither can pose as the other.
- What is issued is on the disk before it is given out: what nobody knows of could never be revoked.
- The list of the revoked never runs out before the authority does. Mosquitto lets nobody in once it has (seen with
  2.0.11), and a list that was not renewed must not stop every lane; a copy is as fresh as whoever carried it there.
- Serial numbers already on the list stay there for good.
"""

from __future__ import annotations

import fcntl
import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from core.enrolment.issued import ISSUED, REVOKED, living, on_list, read_list
from core.errors import CoreSettingsError, RefusedError
from core.files import read_secret, write_whole
from domain.times import UtcClock
from runtime.files import PRIVATE
from runtime.sections import is_host
from wire import certificates

YEARS = 20
"""An authority that ends takes every lane with it: it outlives the boxes."""

_EARLIER = timedelta(days=1)
"""Valid from the day before: the clock of a box may be behind."""

_PLAIN = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=False,
    crl_sign=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
_SIGNING = x509.KeyUsage(
    digital_signature=False,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """An opened authority.

    Args:
        folder: where it is; `make` makes one.
        clock: the present time, UTC ms.

    Raises:
        CoreSettingsError: a file of it is missing, damaged or open to others.
    """

    def __init__(self, folder: Path, clock: UtcClock) -> None:
        self.folder = folder
        self._clock = clock
        self.file = folder / "authority.pem"
        self.revoked_file = folder / REVOKED
        self._key_file = folder / "authority.key"
        raw = read_secret(self._key_file, "authority's key", "run rocars-core authority, or mount where it is kept")
        try:
            self._key = certificates.key_from_pem(raw)
            self.pem = self.file.read_bytes()
            self.certificates = certificates.read_certificates(self.pem)
        except (ValueError, OSError) as error:
            raise CoreSettingsError(
                f"{folder}: the authority is damaged ({error}); restore it from its backup"
            ) from error
        own = [one for one in self.certificates if certificates.fits(one, self._key)]
        if not own:
            raise CoreSettingsError(f"{self.file}: is not for {self._key_file.name}; restore both from one backup")
        self.certificate = own[0]

    @classmethod
    def make(cls, folder: Path, clock: UtcClock) -> Authority:
        """A new authority, with an empty list of the revoked.

        Raises:
            CoreSettingsError: there is one already, or the folder cannot be written.
        """
        if (folder / "authority.key").exists():
            raise CoreSettingsError(f"{folder}: there is an authority already; keep it, every lane trusts it")
        try:
            (folder / ISSUED).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CoreSettingsError(f"{folder}: cannot be made ({error.strerror}); check its directory") from error
        key, now = certificates.new_key(), _moment(clock)
        name = certificates.common(f"ROCARS lanes {now:%Y-%m-%d}")
        own = _certificate(name, name, key.public_key(), key, now=now, life=timedelta(days=365 * YEARS))
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = own.add_extension(_SIGNING, critical=True).sign(key, hashes.SHA256())
        write_whole(folder / REVOKED, _list_of(certificate, key, now, number=1, revoked=()))
        write_whole(folder / "authority.pem", certificates.to_pem(certificate))
        write_whole(folder / "authority.key", certificates.key_to_pem(key), mode=PRIVATE)
        return cls(folder, clock)

    @property
    def fingerprint(self) -> str:
        """For people."""
        return certificates.fingerprint(self.pem)

    def for_client(self, name: str, public: ec.EllipticCurvePublicKey, *, days: int) -> bytes:
        """A certificate (PEM) by which a lane, or the core, connects to brokers under `name`."""
        builder = self._builder(name, public, days, ExtendedKeyUsageOID.CLIENT_AUTH)
        return self._issue(name, builder)

    def for_broker(self, names: Sequence[str], public: ec.EllipticCurvePublicKey, *, days: int) -> bytes:
        """A certificate (PEM) for a broker that lanes reach under any of `names`: host names, addresses.

        Raises:
            RefusedError: a name is neither.
        """
        return self._for_server(f"broker {names[0]}", names, public, days)

    def for_page(self, lane: str, names: Sequence[str], public: ec.EllipticCurvePublicKey, *, days: int) -> bytes:
        """A certificate (PEM) for a lane's page, which officers' browsers reach under any of `names`.

        Raises:
            RefusedError: a name is no host name or address, or lanes would take it for a broker's.
        """
        subject, taken = page_name(lane), set[str]()
        for one in living(self.folder, _moment(self._clock)):
            if certificates.name_of(one.subject) != subject:
                taken |= {name.lower() for name in certificates.alternatives_of(one)}
        for name in names:
            if not is_host(name):
                raise RefusedError(f"{name!r} is neither a host name nor an address; write what browsers connect to")
            if name.lower() in taken:
                raise RefusedError(f"{name}: is the name of a broker or of another page; give this page one of its own")
        return self._for_server(subject, names, public, days)

    def _for_server(self, subject: str, names: Sequence[str], public: ec.EllipticCurvePublicKey, days: int) -> bytes:
        builder = self._builder(subject, public, days, ExtendedKeyUsageOID.SERVER_AUTH)
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        return self._issue(subject.replace(" ", "-"), builder.add_extension(alternatives, critical=False))

    def _builder(
        self, name: str, public: ec.EllipticCurvePublicKey, days: int, use: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        subject, issuer = certificates.common(name), self.certificate.subject
        now, life = _moment(self._clock), timedelta(days=days)
        builder = _certificate(subject, issuer, public, self._key, now=now, life=life)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        return builder.add_extension(_PLAIN, critical=True).add_extension(x509.ExtendedKeyUsage([use]), critical=False)

    def _issue(self, name: str, builder: x509.CertificateBuilder) -> bytes:
        signed = builder.sign(self._key, hashes.SHA256())
        pem = certificates.to_pem(signed)
        write_whole(self.folder / ISSUED / f"{name.replace(':', '_')}.{signed.serial_number:x}.pem", pem)
        return pem

    def issued(self, name: str) -> list[x509.Certificate]:
        """Certificates of that name that still count."""
        return living(self.folder, _moment(self._clock), name)

    def revoke(self, serials: Sequence[int]) -> None:
        """Puts certificates on the list; the brokers need their new copy before they refuse them."""
        with self._alone():
            before = read_list(self.revoked_file)
            if all(on_list(before, serial) for serial in serials):
                return
            number = before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
            now = _moment(self._clock)
            fresh = [_revoked(serial, now) for serial in serials if not on_list(before, serial)]
            pem = _list_of(self.certificate, self._key, now, number=number, revoked=(*before, *fresh))
            write_whole(self.revoked_file, pem)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two operators who revoke at once must not lose each other's line."""
        with self._key_file.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def page_name(lane: str) -> str:
    """The common name of a page's certificate. With its blanks it is no user's name at a broker."""
    return f"page of {lane}"


def _moment(clock: UtcClock) -> datetime:
    return datetime.fromtimestamp(clock() // 1_000, UTC)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    key: certificates.PrivateKey,
    *,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )


def _list_of(
    issuer: x509.Certificate,
    key: certificates.PrivateKey,
    now: datetime,
    *,
    number: int,
    revoked: Sequence[x509.RevokedCertificate],
) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - _EARLIER)
        .next_update(issuer.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(one)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _revoked(serial: int, now: datetime) -> x509.RevokedCertificate:
    return x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise RefusedError(
            f"{name!r} is neither a host name nor an address; write what the lanes connect to"
        ) from error
