"""The example for production, as it stands in `config/`: TLS both ways, the certificate's name is the lane's."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.broker import _find, _free_port
from sync.mqtt import Broker, Cause, Connection, Down, Incoming, Options, Tls
from sync.wire.topics import ALL_UP, LaneTopics

EXAMPLES = Path(__file__).parents[2] / "config"
PATIENCE = 20.0


class Authority:
    """A certificate authority of one's own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.crt"
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._certificate(self.name, self.key).add_extension(constraints, critical=True)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        signed = certificate.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def _certificate(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(identifier(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate and its key for a lane, the core or the broker."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        signed = self._certificate(subject, key).add_extension(alternative, critical=False)
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private


class Production:
    """Mosquitto as `config/mosquitto.conf.example` has it, with this test's places and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.authority = Authority(folder, "authority")
        self.authority.issue("broker")
        text = (EXAMPLES / "mosquitto.conf.example").read_text()
        for old, new in (
            ("listener 8883", f"listener {self.port} 127.0.0.1"),
            ("/etc/mosquitto/rocars.acl", str(EXAMPLES / "mosquitto.acl.example")),
            ("/etc/mosquitto/rocars", str(folder)),
            ("/var/lib/mosquitto/", f"{folder}/"),
            ("log_dest syslog", "log_dest stderr"),
        ):
            assert old in text
            text = text.replace(old, new)
        if os.geteuid() == 0:
            text += "user root\n"
        (folder / "mosquitto.conf").write_text(text)

    def start(self) -> subprocess.Popen[bytes]:
        """Starts it and waits until it runs."""
        log = self.folder / "broker.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                [_find("mosquitto"), "-c", str(self.folder / "mosquitto.conf")], stdout=output, stderr=output
            )
        end = time.monotonic() + PATIENCE
        while b" running" not in log.read_bytes():
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.01)
        return child

    def options(self, name: str, *filters: str, authority: Authority | None = None) -> Options:
        """A client with a certificate of `authority`, the broker's own by default."""
        certificate, key = (authority or self.authority).issue(name)
        return Options(
            brokers=(Broker("localhost", self.port),),
            client_id=name,
            subscriptions=tuple((topic, 1) for topic in filters),
            tls=Tls(authority=self.authority.file, certificate=certificate, key=key),
            retry_min=0.05,
            retry_max=0.2,
        )


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """The broker of the example, running."""
    made = Production(tmp_path)
    child = made.start()
    yield made
    child.terminate()
    child.wait()


def connection(options: Options, got: list[Incoming], downs: list[Down]) -> Connection:
    """A connection that remembers."""

    def hear(incoming: Incoming) -> None:
        got.append(incoming)
        incoming.acknowledge()

    return Connection(
        options, will=lambda: None, on_up=lambda: None, on_down=downs.append, on_message=hear, chance=lambda: 0.0
    )


async def until(condition: object) -> None:
    """Waits for a condition, for as long as it is patient."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_lane_speaks_under_the_name_in_its_certificate(production: Production) -> None:
    """The client id it claims counts for nothing; the access list goes by the certificate."""

    async def story() -> None:
        got: list[Incoming] = []
        core = connection(production.options("core", ALL_UP), got, [])
        lane = connection(production.options("lane-1", LaneTopics("lane-1").all_down), [], [])
        for one in (core, lane):
            one.start()
        await until(lambda: core.connected and lane.connected)
        lane.publish(LaneTopics("lane-2").event, b"as another", qos=1)
        lane.publish(LaneTopics("lane-1").event, b"as itself", qos=1)
        await until(lambda: got)
        for one in (core, lane):
            await one.stop()
        assert [message.payload for message in got] == [b"as itself"]

    asyncio.run(story())


def test_a_certificate_of_another_authority_is_no_entrance(production: Production, tmp_path: Path) -> None:
    """Though it says "lane-1" too."""

    async def story() -> None:
        folder = tmp_path / "other"
        folder.mkdir()
        foreign = production.options("lane-1", authority=Authority(folder, "other"))
        lane = connection(foreign, [], [])
        lane.start()
        await until(lambda: lane.last is not None)
        assert not lane.connected
        await lane.stop()

    asyncio.run(story())


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_with_another_certificate_is_not_believed(production: Production, tmp_path: Path) -> None:
    """The lane looks at who signed the broker's certificate, and hangs up."""

    async def story() -> None:
        folder = tmp_path / "other"
        folder.mkdir()
        certificate, key = production.authority.issue("lane-1")
        trusting = Tls(authority=Authority(folder, "other").file, certificate=certificate, key=key)
        lane = connection(
            Options(
                brokers=(Broker("localhost", production.port),), client_id="lane-1", subscriptions=(), tls=trusting
            ),
            [],
            [],
        )
        lane.start()
        await until(lambda: lane.last is not None)
        await lane.stop()
        assert lane.last is not None
        assert lane.last.cause is Cause.UNREACHABLE
        assert "certificate verify failed" in lane.last.detail

    asyncio.run(story())


def test_a_client_without_a_certificate_is_not_let_in(production: Production) -> None:
    """Not even to the point where it could say who it is."""
    with socket.create_connection(("127.0.0.1", production.port)) as plain:
        plain.settimeout(PATIENCE)
        plain.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x05\x00\x00\x03abc")
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = plain.recv(100)
    assert not answer.startswith(b"\x20"), "no CONNACK"
