"""What the checks of keys, certificates, brokers and officers find."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher

from edge.checks import link as checks_link
from edge.checks.findings import Finding, Severity, Surroundings
from edge.settings.load import Settings, load, parse
from runtime.clocks import ClockState

AROUND = Surroundings(camera=None, clock=lambda: ClockState(synchronised=True, error_ms=1), installed=lambda _: True)
BROKER = 'host = "127.0.0.1"\nport = 18830'


def found(check: Callable[[Settings, Surroundings], Iterator[Finding]], folder: Any) -> list[Finding]:
    """Everything one check finds."""
    return list(check(load(folder.file), AROUND))


@contextmanager
def broker(certificate: Path | None = None) -> Iterator[int]:
    """Something that listens on loopback, with TLS if it is given a certificate; yields its port."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain:
                try:
                    if context is not None:
                        with context.wrap_socket(plain, server_side=True) as secure:
                            secure.recv(1)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def with_brokers(folder: Any, *places: str, tls: str = "") -> None:
    """Replaces the example's one broker."""
    listed = ", ".join(f'{{ host = "{place.split(":")[0]}", port = {place.split(":")[1]} }}' for place in places)
    folder.change(f"[[link.brokers]]\n{BROKER}", f"brokers = [{listed}]\n{tls}")


def test_good_keys_are_named(lane_folder: Any) -> None:
    """The lane's own, and each of the core's by its key id."""
    assert [(each.level, each.what.split("/")[-1]) for each in found(checks_link.keys, lane_folder)] == [
        (Severity.OK, "lane.pem"),
        (Severity.OK, "core-1"),
    ]


def test_a_wrong_key_is_told_with_the_command_that_makes_a_right_one(lane_folder: Any) -> None:
    """A key of another kind, or no key at all."""
    (lane_folder.folder / "demo/keys/lane.pem").write_bytes(b"no key")
    (lane_folder.folder / "demo/keys/core/core-1.pem").write_bytes(b"no key")
    findings = found(checks_link.keys, lane_folder)
    assert [each.level for each in findings] == [Severity.FAULT, Severity.FAULT]
    assert "rocars-lane enrol" in findings[0].remedy


def test_without_a_core_key_nothing_can_be_believed(lane_folder: Any) -> None:
    """An empty folder means no codes, no proofs, no acknowledgements."""
    (lane_folder.folder / "demo/keys/core/core-1.pem").unlink()
    assert found(checks_link.keys, lane_folder)[-1].level is Severity.FAULT


@pytest.mark.parametrize(
    ("given", "level", "says"),
    [
        ({}, Severity.OK, "valid until"),
        ({"days": 10}, Severity.WARNING, "expires on"),
        ({"days": -2, "begins": -30}, Severity.FAULT, "expired on"),
        ({"begins": 5}, Severity.FAULT, "valid only from"),
    ],
)
def test_the_dates_of_a_certificate_are_told(
    lane_folder: Any, given: dict[str, Any], level: Severity, says: str
) -> None:
    """Thirty days before its end is a warning."""
    lane_folder.certify("page", **given)
    lane_folder.change("[console]", '[console]\ntls_certificate = "demo/page.pem"\ntls_key = "demo/page.key"')
    (finding,) = found(checks_link.certificates, lane_folder)
    assert finding.level is level
    assert says in finding.what


def test_a_certificate_of_another_lane_is_a_fault(lane_folder: Any) -> None:
    """The broker gives topics by the certificate's name: it must be this lane's."""
    lane_folder.certify("lane", common_name="demo-in-02")
    with_brokers(
        lane_folder,
        "127.0.0.1:1",
        tls='authority = "demo/lane.pem"\ncertificate = "demo/lane.pem"\nkey = "demo/lane.key"',
    )
    finding = found(checks_link.certificates, lane_folder)[-1]
    assert (finding.level, finding.what) == (Severity.FAULT, "demo-in-02 instead of demo-in-01")


def test_a_file_that_is_no_certificate_is_a_fault(lane_folder: Any) -> None:
    """A key in the certificate's place is a common mistake."""
    lane_folder.certify("page")
    lane_folder.change("[console]", '[console]\ntls_certificate = "demo/page.key"\ntls_key = "demo/page.key"')
    assert "is no PEM certificate" in found(checks_link.certificates, lane_folder)[0].what


def test_one_broker_of_two_down_is_a_warning_and_both_a_fault(lane_folder: Any) -> None:
    """The lane walks its list: one is enough."""
    with broker() as first:
        with_brokers(lane_folder, f"127.0.0.1:{first}", "127.0.0.1:1")
        assert [each.level for each in found(checks_link.brokers, lane_folder)] == [Severity.OK, Severity.WARNING]
    assert [each.level for each in found(checks_link.brokers, lane_folder)] == [Severity.FAULT, Severity.FAULT]


def test_a_broker_is_known_by_its_certificate(lane_folder: Any) -> None:
    """The right name and authority are accepted; another authority's broker is refused and told why."""
    lane_folder.certify("broker")
    lane_folder.certify("other")
    with broker(lane_folder.folder / "demo/broker.pem") as port:
        with_brokers(lane_folder, f"localhost:{port}", tls='authority = "demo/broker.pem"')
        (finding,) = found(checks_link.brokers, lane_folder)
        assert (finding.level, finding.what) == (Severity.OK, "takes this lane's certificate, TLSv1.3")
        lane_folder.change('authority = "demo/broker.pem"', 'authority = "demo/other.pem"')
        (finding,) = found(checks_link.brokers, lane_folder)
    assert finding.level is Severity.FAULT
    assert "not by the authority this box trusts" in finding.what


def test_a_broker_without_tls_is_told_as_such(lane_folder: Any) -> None:
    """The plain port instead of the secure one is a common mistake."""
    lane_folder.certify("broker")
    with broker() as port:
        with_brokers(lane_folder, f"localhost:{port}", tls='authority = "demo/broker.pem"')
        (finding,) = found(checks_link.brokers, lane_folder)
    assert finding.level is Severity.FAULT


def test_tls_files_that_do_not_fit_together_are_told(lane_folder: Any) -> None:
    """A key of another certificate."""
    lane_folder.certify("lane")
    lane_folder.certify("other")
    with_brokers(
        lane_folder,
        "localhost:1",
        tls='authority = "demo/lane.pem"\ncertificate = "demo/lane.pem"\nkey = "demo/other.key"',
    )
    (finding,) = found(checks_link.brokers, lane_folder)
    assert "do not fit together" in finding.what


def officers(folder: Any, **passwords: str) -> None:
    """Writes an officers' file by hand, as an old tool might have."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    entries = {name: {"shown": name, "hash": hasher.hash(password)} for name, password in passwords.items()}
    folder.secret("demo/officers.json", msgspec.json.encode({"officers": entries}))


@pytest.mark.parametrize("password", ["", "password", "changeme", "lee"])
def test_an_empty_common_or_own_name_password_is_a_fault(lane_folder: Any, password: str) -> None:
    """Whoever is near tries these first."""
    officers(lane_folder, chan="a long walk to the lane", lee=password)
    (finding,) = found(checks_link.officers, lane_folder)
    assert (finding.level, finding.what) == (Severity.FAULT, "lee has a password anybody would try")


def test_good_officers_are_counted(lane_folder: Any) -> None:
    """Names are not shown: a check's output is passed around."""
    (finding,) = found(checks_link.officers, lane_folder)
    assert (finding.level, finding.what) == (Severity.OK, "1 can log in")


def test_a_lane_nobody_can_log_in_to_is_a_fault(lane_folder: Any) -> None:
    """Manual mode without an officer is a closed lane."""
    officers(lane_folder)
    (finding,) = checks_link.officers(parse(lane_folder.file), AROUND)  # a real load refuses it already
    assert (finding.level, finding.what) == (Severity.FAULT, "nobody can log in")


def test_a_broken_officers_file_is_told(lane_folder: Any) -> None:
    """The officers' book says itself what to do."""
    lane_folder.secret("demo/officers.json", b"{}")
    assert found(checks_link.officers, lane_folder)[0].level is Severity.FAULT
