"""The shipped broker, TLS 1.3 both ways: the certificate's name is the lane's, and nobody else gets in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.enrolment.authority import Authority
from runtime.mqtt import Broker, Cause, Down, Options, Tls
from runtime.probe_broker import probe_broker
from simulation.broker import BrokerTls, PrivateBroker
from tests.rigs.mqtt import PATIENCE, Peer, running, until
from tests.rigs.places import ROOT
from wire import certificates
from wire.mosquitto import ACCESS, BrokerFiles, production
from wire.topics import ALL_UP, LOG, MONITOR, LaneTopics

EXAMPLES = ROOT / "config"
DAY_MS = 86_400_000
LANE = LaneTopics("lane-1")
OTHER = LaneTopics("lane-2")


class Site:
    """An authority and a broker of its own, in one folder."""

    def __init__(self, folder: Path, names: Sequence[str] = ("localhost",)) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.now_ms = time.time_ns() // 1_000_000
        self.authority = Authority.make(folder / "authority", lambda: self.now_ms)
        self.tls = BrokerTls.in_folder(folder)
        key = certificates.new_key()
        self.tls.key.write_bytes(certificates.key_to_pem(key))
        self.tls.certificate.write_bytes(self.authority.for_broker(names, key.public_key(), days=2))
        self.tls.authority.write_bytes(self.authority.pem)
        self.spread()
        self.broker = PrivateBroker(folder, tls=self.tls)

    def spread(self) -> None:
        """Carries the list of the revoked to the broker."""
        self.tls.revoked.write_bytes(self.authority.revoked_file.read_bytes())

    def pair(self, name: str) -> Tls:
        """A new certificate of this authority, in one file with its key."""
        key = certificates.new_key()
        file = self.folder / f"{name}.pem"
        pem = self.authority.for_client(name, key.public_key(), days=2)
        file.write_bytes(pem + certificates.key_to_pem(key))
        return Tls(authority=self.tls.authority, certificate=file, key=file)

    def again(self, name: str) -> Tls:
        """The certificate that was made last under that name."""
        file = self.folder / f"{name}.pem"
        return Tls(authority=self.tls.authority, certificate=file, key=file)

    def options(self, name: str, *filters: str, tls: Tls | None = None, host: str = "localhost") -> Options:
        """A client of that name."""
        return Options(
            brokers=(Broker(host, self.broker.port),),
            client_id=name,
            subscriptions=tuple((topic, 1) for topic in filters),
            tls=tls or self.pair(name),
            retry_min=0.05,
            retry_max=0.2,
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The broker that is shipped, running."""
    made = Site(tmp_path / "site")
    with made.broker:
        yield made


def refusal(options: Options) -> Down:
    """How the broker, or the client itself, refuses this client; it must not come up."""

    async def story() -> Down:
        peer = Peer(options)
        peer.connection.start()
        await until(lambda: peer.connection.last is not None or peer.connection.connected)
        assert not peer.connection.connected
        await peer.connection.stop()
        assert peer.connection.last is not None
        return peer.connection.last

    return asyncio.run(story())


def test_the_examples_are_what_the_tests_start() -> None:
    """`config/` holds the same text, with the places of a real installation."""
    assert (EXAMPLES / "mosquitto.conf.example").read_text() == production(BrokerFiles())
    assert (EXAMPLES / "mosquitto.acl.example").read_text() == ACCESS


def test_a_lane_speaks_and_hears_under_the_name_in_its_certificate(site: Site) -> None:
    """The client id it claims counts for nothing; neither can it write for another lane, nor hear it."""

    async def story() -> None:
        core = Peer(site.options("core", ALL_UP))
        lane = Peer(site.options("lane-1", LANE.all_down, LOG))
        thief = Peer(site.options("lane-1", "rocars/v1/#", tls=site.pair("lane-2")))
        async with running(core, lane, thief):
            for topic in (LANE.event, LOG, LANE.command):
                thief.connection.publish(topic, b"as lane 1", qos=1)
            thief.connection.publish(OTHER.event, b"as itself", qos=1)
            core.connection.publish(LANE.command, b"for lane 1", qos=1)
            core.connection.publish(OTHER.command, b"for lane 2", qos=1)
            await until(lambda: core.got and lane.got and thief.got)
            assert not thief.downs
        assert core.payloads() == [b"as itself"]
        assert lane.payloads() == [b"for lane 1"]
        assert thief.payloads() == [b"for lane 2"]

    asyncio.run(story())


def test_who_watches_the_boxes_reads_presence_and_telemetry_and_writes_nothing(site: Site) -> None:
    """No journal, no state, which name vehicles; no heartbeat; and whatever it says is heard by nobody."""

    async def story() -> None:
        monitor = Peer(site.options(MONITOR, "rocars/v1/#"))
        core = Peer(site.options("core", ALL_UP))
        lane = Peer(site.options("lane-1", LANE.all_down, LOG))
        async with running(monitor, core, lane):
            for topic in (LANE.heartbeat, LANE.presence, LANE.command, LOG):
                monitor.connection.publish(topic, b"forged")
            core.connection.publish(LANE.heartbeat, b"proof")
            for topic in (LANE.event, LANE.state, LANE.nonce, LANE.telemetry, LANE.presence):
                lane.connection.publish(topic, topic.encode())
            await until(lambda: len(monitor.got) >= 2 and len(core.got) >= 5 and lane.got)
            await asyncio.sleep(0.3)
            assert sorted(monitor.payloads()) == sorted([LANE.telemetry.encode(), LANE.presence.encode()])
            assert lane.payloads() == [b"proof"]
            assert b"forged" not in core.payloads()

    asyncio.run(story())


def test_a_certificate_of_another_authority_is_no_entrance(site: Site, tmp_path: Path) -> None:
    """Though it says "lane-1" too."""
    foreign = Site(tmp_path / "other").pair("lane-1")
    tls = Tls(authority=site.tls.authority, certificate=foreign.certificate, key=foreign.key)
    down = refusal(site.options("lane-1", tls=tls))
    assert down.cause is Cause.REFUSED
    assert "an authority the broker does not know" in down.detail or "hung up in the handshake" in down.detail


def test_an_expired_certificate_is_no_entrance(site: Site) -> None:
    """Issued ten days ago for two days."""
    site.now_ms -= 10 * DAY_MS
    old = site.pair("lane-1")
    with pytest.raises(OSError, match="has expired"):
        probe_broker(Broker("localhost", site.broker.port), old)
    down = refusal(site.options("lane-1", tls=old))
    assert (down.cause, "expired" in down.detail) == (Cause.REFUSED, True)


def test_a_revoked_certificate_is_no_entrance_once_the_broker_has_the_list(site: Site) -> None:
    """Reloaded, not restarted: the other lanes stay; a renewed certificate of the same name comes in."""
    pair = site.pair("lane-1")
    broker = Broker("localhost", site.broker.port)

    async def story() -> None:
        neighbour = Peer(site.options("lane-2"))
        async with running(neighbour):
            assert probe_broker(broker, pair) == "TLSv1.3"
            (issued,) = site.authority.issued("lane-1")
            site.authority.revoke([issued.serial_number])
            site.spread()
            site.broker.reload()
            await until(lambda: not taken(broker, pair))
            assert not neighbour.downs

    asyncio.run(story())
    with pytest.raises(OSError, match="it is revoked; enrol again"):
        probe_broker(broker, pair)
    assert "revoked" in refusal(site.options("lane-1", tls=pair)).detail
    assert probe_broker(broker, site.pair("lane-1")) == "TLSv1.3"


def test_a_revoked_lane_that_is_connected_hears_the_log_until_the_access_list_denies_it(site: Site) -> None:
    """The list of the revoked alone ends no connection; what `rocars-core revoke` says to add makes it deaf and mute."""

    async def story() -> None:
        core = Peer(site.options("core", ALL_UP))
        revoked, neighbour = Peer(site.options("lane-1", LOG)), Peer(site.options("lane-2", LOG))

        async def heard(text: bytes) -> None:
            """All say something; the neighbour hears the core, and the core hears the neighbour, which came last."""
            core.connection.publish(LOG, text, qos=1)
            await until(lambda: text in neighbour.payloads())
            revoked.connection.publish(LANE.event, text, qos=1)
            neighbour.connection.publish(OTHER.event, text, qos=1)
            await until(lambda: (OTHER.event, text) in [(one.topic, one.payload) for one in core.got])

        async with running(core, revoked, neighbour):
            (issued,) = site.authority.issued("lane-1")
            site.authority.revoke([issued.serial_number])
            site.spread()
            site.broker.reload()
            await until(lambda: not taken(Broker("localhost", site.broker.port), site.again("lane-1")))
            await heard(b"still")
            await until(lambda: revoked.payloads() == [b"still"])
            access = site.folder / "broker.acl"
            access.write_text(f"{access.read_text()}user lane-1\ntopic deny #\n")
            site.broker.reload()
            for number in range(200):
                await heard(b"%d" % number)
                if (LANE.event, b"%d" % number) not in [(one.topic, one.payload) for one in core.got]:
                    break
                await asyncio.sleep(0.05)
            before = revoked.payloads()
            await heard(b"no more")
            assert revoked.payloads() == before
            assert (LANE.event, b"no more") not in [(one.topic, one.payload) for one in core.got]
            assert not neighbour.downs

    asyncio.run(story())


def taken(broker: Broker, tls: Tls) -> bool:
    """Whether the broker takes that certificate."""
    try:
        probe_broker(broker, tls)
    except OSError:
        return False
    return True


def test_a_broker_of_another_authority_is_not_believed(site: Site, tmp_path: Path) -> None:
    """The lane looks at who signed the broker's certificate, and hangs up."""
    own = site.pair("lane-1")
    other = Site(tmp_path / "other")
    down = refusal(site.options("lane-1", tls=Tls(other.tls.authority, own.certificate, own.key)))
    assert down.cause is Cause.UNREACHABLE
    assert "not by the authority this box trusts" in down.detail


def test_a_broker_under_another_name_is_not_believed(site: Site) -> None:
    """The certificate says localhost; reached as 127.0.0.1 it is somebody else's."""
    down = refusal(site.options("lane-1", host="127.0.0.1"))
    assert "for other names than the one it is reached by" in down.detail


def test_an_address_can_stand_in_the_certificate(tmp_path: Path) -> None:
    """Lanes may reach brokers without a name service."""
    site = Site(tmp_path / "site", names=("broker-a.example", "127.0.0.1"))
    with site.broker:
        assert probe_broker(Broker("127.0.0.1", site.broker.port), site.pair("lane-1")) == "TLSv1.3"


def test_a_lane_cannot_pose_as_a_broker_nor_a_broker_as_a_lane(site: Site, tmp_path: Path) -> None:
    """What a certificate is for is written in it."""
    pair = site.pair("localhost")
    assert pair.certificate is not None
    posing = PrivateBroker(
        tmp_path,
        tls=BrokerTls(
            authority=site.tls.authority, certificate=pair.certificate, key=pair.certificate, revoked=site.tls.revoked
        ),
    )
    with posing, pytest.raises(OSError, match="verif"):
        probe_broker(Broker("localhost", posing.port), pair)
    as_lane = Tls(site.tls.authority, site.tls.certificate, site.tls.key)
    assert not taken(Broker("localhost", site.broker.port), as_lane)


def test_tls_1_2_is_refused_by_both_sides(site: Site) -> None:
    """The broker hangs up on an old client, and our client on an old broker."""
    context = site.pair("lane-1").context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("localhost", site.broker.port)) as plain,
        pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_our_client_hangs_up_on_a_broker_that_has_only_tls_1_2(site: Site) -> None:
    """And says what is wrong."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(site.tls.certificate, site.tls.key)
    server.maximum_version = ssl.TLSVersion.TLSv1_2

    async def story() -> None:
        old = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=server)
        broker = Broker("localhost", old.sockets[0].getsockname()[1])
        with pytest.raises(OSError, match=r"does not speak TLS 1\.3|hung up in the handshake"):
            await asyncio.to_thread(probe_broker, broker, site.pair("lane-1"))
        old.close()

    asyncio.run(story())


def test_a_client_without_a_certificate_is_not_let_in(site: Site) -> None:
    """With TLS it is refused by name; without, it gets no answer."""
    bare = Tls(site.tls.authority)
    with pytest.raises(OSError, match="wants a certificate"):
        probe_broker(Broker("localhost", site.broker.port), bare)
    assert refusal(site.options("lane-1", tls=bare)).cause is Cause.REFUSED
    with socket.create_connection(("127.0.0.1", site.broker.port)) as plain:
        plain.settimeout(PATIENCE)
        plain.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x05\x00\x00\x03abc")
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = plain.recv(100)
    assert not answer.startswith(b"\x20"), "no CONNACK"


def test_a_renewed_certificate_counts_from_the_next_connection_on(site: Site) -> None:
    """The files are read at every attempt; nothing is restarted."""

    async def story() -> None:
        options = site.options("lane-1")
        assert options.tls is not None
        assert options.tls.certificate is not None
        lane = Peer(options)
        async with running(lane):
            (old,) = site.authority.issued("lane-1")
            site.pair("lane-1")
            site.authority.revoke([old.serial_number])
            site.spread()
            site.broker.restart()
            await until(lambda: lane.downs and lane.connection.connected)

    asyncio.run(story())


def test_what_is_retained_outlives_a_killed_broker(site: Site) -> None:
    """The wall of lanes shows the lanes' last words after a power cut of the broker."""

    async def story() -> None:
        lane = Peer(site.options("lane-1"))
        async with running(lane):
            lane.connection.publish(LANE.state, b"the last state", qos=1, retain=True)
            database = site.folder / "mosquitto.db"
            await until(lambda: database.exists() and b"the last state" in database.read_bytes())
        site.broker.kill()
        site.broker.start()
        wall = Peer(site.options("core", ALL_UP))
        async with running(wall):
            await until(lambda: wall.got)
        assert [(one.payload, one.retained) for one in wall.got] == [(b"the last state", True)]

    asyncio.run(story())
