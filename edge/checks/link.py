"""Checks of what the lane trusts and whom it reaches: keys, certificates, brokers, officers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from console.errors import OfficersFileError
from console.officers import OfficerBook
from edge.checks.findings import Finding, Severity, Surroundings, fault, ok, warning
from edge.enrol import IdentityFiles
from edge.expiry import RENEW
from edge.settings.load import Settings
from runtime.mqtt import Broker, Tls
from runtime.probe_broker import probe_broker
from wire.enrolment import read_answer
from wire.envelope import Signer, public_from_pem

Findings = Iterator[Finding]

ENROL = "enrol the lane: rocars-lane enrol --config FILE"

COMMON_PASSWORDS = ("", "password", "changeme", "administrator")
"""Tried against every officer, besides the officer's own name: somebody else will."""


def keys(settings: Settings, _: Surroundings) -> Findings:
    """The lane's signing key and the core's public keys."""
    try:
        Signer.from_pem(settings.lane.id, settings.link.lane_key.read_bytes())
    except (ValueError, TypeError, OSError) as problem:
        yield fault("lane key", f"{settings.link.lane_key}: {problem}", ENROL)
    else:
        yield ok("lane key", str(settings.link.lane_key))
    files = sorted(settings.link.core_keys.glob("*.pem"))
    if not files:
        yield fault("core keys", f"no .pem in {settings.link.core_keys}", ENROL)
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
    soon = timedelta(days=settings.health.certificate_days)
    pages = "have the page's request signed again: rocars-core enrol-page"
    for file, remedy in ((link.authority, RENEW), (link.certificate, RENEW), (settings.console.tls_certificate, pages)):
        if file is not None:
            yield from _dates(file, around.utc(), soon, remedy)
    if link.certificate is not None:
        yield from _name(link.certificate, settings.lane.id)


def _dates(file: Path, now: datetime, soon: timedelta, remedy: str) -> Findings:
    area = f"certificate {file.name}"
    for each in _read(file):
        until = f"{each.not_valid_after_utc:%Y-%m-%d}"
        if now < each.not_valid_before_utc:
            yield fault(area, f"valid only from {each.not_valid_before_utc:%Y-%m-%d}", "check the box's clock first")
        elif now >= each.not_valid_after_utc:
            yield fault(area, f"{file} expired on {until}", remedy)
        elif now + soon >= each.not_valid_after_utc:
            days = (each.not_valid_after_utc - now).days
            yield warning(area, f"{file} expires on {until}, in {days} days", remedy)
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


def point(settings: Settings, _: Surroundings) -> Findings:
    """Whether the core knows this lane's control point: no bundle can name another, and every truck would be row 15's."""
    try:
        told = read_answer(IdentityFiles.of(settings).installed.read_bytes())
    except (OSError, ValueError):
        return  # not enrolled: told by `keys`
    mine = settings.lane.point
    if mine in told.points:
        yield ok("control point", f"{mine}, {told.points[mine]}, as the core has it")
    elif told.points:
        known = ", ".join(f"{code} ({name})" for code, name in sorted(told.points.items()))
        yield fault(
            "control point", f"the core knows no {mine}; it knows {known}", "correct lane.point, or the core's [points]"
        )
    else:
        remedy = "enrol again to compare: the core's answer was made before it said so"
        yield warning("control point", f"{mine}, which the core has not said it knows", remedy)


def brokers(settings: Settings, _: Surroundings) -> Findings:
    """Each broker: reached, and by the certificate it should have. One of several down is a warning."""
    link = settings.link
    tls = Tls(link.authority, link.certificate, link.key) if link.authority is not None else None
    try:
        if tls is not None:
            tls.context()
    except OSError as problem:  # ssl.SSLError is one; after a power cut between two files, or a wrong copy
        yield fault("link", f"the TLS files do not fit together ({problem})", f"put all back from .old, or {ENROL}")
        return
    found = [_broker(Broker(each.host, each.port), tls) for each in link.brokers]
    some = any(each.level is Severity.OK for each in found)
    for each in found:
        yield warning(each.area, each.what, each.remedy) if some and each.level is Severity.FAULT else each


def _broker(broker: Broker, tls: Tls | None) -> Finding:
    area = f"broker {broker}"
    try:
        if tls is not None:
            return ok(area, f"takes this lane's certificate, {probe_broker(broker, tls, patience=3)}")
        with socket.create_connection((broker.host, broker.port), timeout=3):
            return ok(area, "answers, without TLS (loopback)")
    except OSError as problem:
        match problem.__cause__ or problem:
            case ssl.SSLError():
                return fault(area, str(problem), "check its certificate's names, dates and authority, and this lane's")
            case socket.gaierror():
                return fault(area, "no such host", "correct link.brokers, or the box's name servers")
            case _:
                return fault(area, f"cannot be used ({problem})", "check network, firewall, and that the broker runs")


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
