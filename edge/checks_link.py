"""Checks of what the lane trusts and whom it reaches: keys, certificates, brokers, officers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from console.errors import OfficersFileError
from console.officers import OfficerBook
from edge.findings import Finding, Level, Surroundings, fault, ok, warning
from edge.sections import BrokerSettings
from edge.settings import Settings
from sync.mqtt import Tls
from sync.wire.envelope import Signer, public_from_pem

Findings = Iterator[Finding]

SOON = timedelta(days=30)
"""A certificate that ends within this is a warning."""

COMMON_PASSWORDS = ("", "password", "changeme", "administrator")
"""Tried against every officer, besides the officer's own name: somebody else will."""


def keys(settings: Settings, _: Surroundings) -> Findings:
    """The lane's signing key and the core's public keys."""
    try:
        Signer.from_pem(settings.lane.id, settings.link.lane_key.read_bytes())
    except (ValueError, TypeError, OSError) as problem:
        yield fault("lane key", f"{settings.link.lane_key}: {problem}", "make it: openssl genpkey -algorithm ed25519")
    else:
        yield ok("lane key", str(settings.link.lane_key))
    files = sorted(settings.link.core_keys.glob("*.pem"))
    if not files:
        yield fault("core keys", f"no .pem in {settings.link.core_keys}", "get the core's public key from its operator")
    for file in files:
        try:
            public_from_pem(file.read_bytes())
        except (ValueError, OSError) as problem:
            yield fault("core keys", f"{file.name}: {problem}", "get it again from the core's operator")
        else:
            yield ok("core keys", f"{file.stem}")


def certificates(settings: Settings, around: Surroundings) -> Findings:
    """Dates of every certificate named, and the lane's own name in its certificate."""
    link = settings.link
    for file in (link.authority, link.certificate, settings.console.tls_certificate):
        if file is not None:
            yield from _dates(file, around)
    if link.certificate is not None:
        yield from _name(link.certificate, settings.lane.id)


def _dates(file: Path, around: Surroundings) -> Findings:
    area, now = f"certificate {file.name}", around.utc()
    for each in _read(file):
        until = f"{each.not_valid_after_utc:%Y-%m-%d}"
        if now < each.not_valid_before_utc:
            yield fault(area, f"valid only from {each.not_valid_before_utc:%Y-%m-%d}", "check the box's clock first")
        elif now >= each.not_valid_after_utc:
            yield fault(area, f"expired on {until}", "get a new one")
        elif now + SOON >= each.not_valid_after_utc:
            yield warning(area, f"expires on {until}", "get a new one before that day")
        else:
            yield ok(area, f"valid until {until}")
    if not _read(file):
        yield fault(area, f"{file} is no PEM certificate", "put the PEM file there")


def _name(file: Path, lane: str) -> Findings:
    for each in _read(file)[:1]:
        names = [str(name.value) for name in each.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if names != [lane]:
            yield fault("certificate name", f"{', '.join(names) or 'none'} instead of {lane}", "use this lane's own")


def _read(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (ValueError, OSError):
        return []


def brokers(settings: Settings, _: Surroundings) -> Findings:
    """Each broker: reached, and by the certificate it should have. One of several down is a warning."""
    try:
        context = _context(settings)
    except OSError as problem:  # ssl.SSLError is one
        yield fault("link", f"the TLS files do not fit together ({problem})", "check link.authority, certificate, key")
        return
    found = [_broker(broker, context) for broker in settings.link.brokers]
    some = any(each.level is Level.OK for each in found)
    for each in found:
        yield warning(each.area, each.what, each.remedy) if some and each.level is Level.FAULT else each


def _context(settings: Settings) -> ssl.SSLContext | None:
    link = settings.link
    return Tls(link.authority, link.certificate, link.key).context() if link.authority is not None else None


def _broker(broker: BrokerSettings, context: ssl.SSLContext | None) -> Finding:
    area = f"broker {broker.host}:{broker.port}"
    try:
        with socket.create_connection((broker.host, broker.port), timeout=3) as plain:
            if context is None:
                return ok(area, "answers, without TLS (loopback)")
            with context.wrap_socket(plain, server_hostname=broker.host) as secure:
                return ok(area, f"answers, {secure.version()}")
    except ssl.SSLCertVerificationError as problem:
        return fault(area, f"its certificate is refused: {problem.verify_message}", "check its name, dates, authority")
    except ssl.SSLError as problem:
        return fault(area, f"no TLS: {problem.reason}", "check the port, and that the broker speaks TLS there")
    except socket.gaierror:
        return fault(area, "no such host", "correct link.brokers, or the box's name servers")
    except OSError as problem:
        return fault(area, f"cannot be reached ({problem})", "check network, firewall, and that the broker runs")


def officers(settings: Settings, _: Surroundings) -> Findings:
    """There is an officer, and none whose password is empty, common or the login."""
    book = OfficerBook(settings.console.officers)
    try:
        names = book.names()
        weak = [name for name in names if any(book.verify(name, each) for each in (*COMMON_PASSWORDS, name))]
    except OfficersFileError as problem:
        yield fault("officers", str(problem), "see there")
        return
    if not names:
        yield fault("officers", "nobody can log in", "add one: rocars-lane officer add NAME --config FILE")
    for name in weak:
        yield fault(
            "officers",
            f"{name} has a password anybody would try",
            f"give a new one: rocars-lane officer add {name} --config FILE",
        )
    if names and not weak:
        yield ok("officers", f"{len(names)} can log in")
