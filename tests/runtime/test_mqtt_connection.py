"""The one connection, against a real Mosquitto: kept, bounded, and honest about its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.mqtt import Broker, Cause, Connection, Down, Options, Tls, Will
from simulation.broker import CORE, PrivateBroker
from tests.rigs.mqtt import Peer, options, running, until
from wire.topics import LOG, LaneTopics

LANE = LaneTopics("lane-1")
OTHER = LaneTopics("lane-2")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker that knows two lanes and the core."""
    with PrivateBroker(tmp_path, lanes=["lane-1", "lane-2"]) as running:
        yield running


def lane(broker: PrivateBroker, **changes: object) -> Peer:
    """Lane 1 as the contract has it."""
    return Peer(options(broker, "lane-1", LANE.all_down, LOG, **changes))


def core(broker: PrivateBroker, will: Will | None = None) -> Peer:
    """The core."""
    return Peer(options(broker, CORE, "rocars/v1/lane/+/up/#"), will)


def test_messages_go_both_ways_on_the_event_loop(broker: PrivateBroker) -> None:
    """Lane to core and core to lane, in order."""

    async def story() -> None:
        one, two = lane(broker), core(broker)
        async with running(one, two):
            for number in range(50):
                assert one.connection.publish(LANE.event, b"%d" % number, qos=1)
                assert two.connection.publish(LOG, b"%d" % number, qos=1)
            await until(lambda: len(one.got) == len(two.got) == 50)
        expected = [b"%d" % number for number in range(50)]
        assert one.payloads() == two.payloads() == expected

    asyncio.run(story())


def test_who_may_not_connect_throws_nobody_out(broker: PrivateBroker) -> None:
    """A core that has lost its lease keeps away from the broker, where the next one has its name."""
    may = False

    async def story() -> None:
        nonlocal may
        peer = core(broker)
        late = Connection(
            peer.connection.options,
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=lambda _: None,
            may_connect=lambda: may,
        )
        async with running(peer):
            late.start()
            await asyncio.sleep(1.5)
            assert peer.connection.connected
            assert not late.connected
        may = True
        await until(lambda: late.connected)
        await late.stop()

    asyncio.run(story())


def test_more_than_the_window_arrives_in_order(broker: PrivateBroker) -> None:
    """Flow control delays, and neither drops nor reorders."""

    async def story() -> None:
        one, two = lane(broker, receive_maximum=5), core(broker)
        async with running(one, two):
            for number in range(300):
                assert two.connection.publish(LOG, b"%d" % number, qos=1)
            await until(lambda: len(one.got) == 300)
        assert one.payloads() == [b"%d" % number for number in range(300)]

    asyncio.run(story())


def test_what_is_not_acknowledged_holds_the_rest_back(broker: PrivateBroker) -> None:
    """A receiver that is not done gets no more than it said it takes."""

    async def story() -> None:
        one, two = lane(broker, receive_maximum=5), core(broker)
        one.acknowledges = False
        async with running(one, two):
            for number in range(20):
                assert two.connection.publish(LOG, b"%d" % number, qos=1)
            await until(lambda: len(one.got) == 5)
            await asyncio.sleep(0.1)
            assert len(one.got) == 5
            one.acknowledges = True
            for message in list(one.got):
                message.acknowledge()
            await until(lambda: len(one.got) == 20)

    asyncio.run(story())


def test_a_lane_can_neither_speak_as_another_nor_hear_its_topics(broker: PrivateBroker) -> None:
    """The access list of the contract."""

    async def story() -> None:
        one = lane(broker)
        two = Peer(options(broker, "lane-2", "rocars/v1/#"))
        centre = core(broker)
        async with running(one, two, centre):
            for topic in (OTHER.event, LOG, LANE.command, "rocars/v1/anything"):
                one.connection.publish(topic, b"forbidden", qos=1)
            one.connection.publish(LANE.event, b"allowed", qos=1)
            centre.connection.publish(LANE.heartbeat, b"for lane 1", qos=1)
            centre.connection.publish(OTHER.heartbeat, b"for lane 2", qos=1)
            await until(lambda: one.got and two.got and centre.got)
        assert centre.payloads() == [b"allowed"]
        assert one.payloads() == [b"for lane 1"]
        assert two.payloads() == [b"for lane 2"]

    asyncio.run(story())


def test_the_retained_flag_is_told(broker: PrivateBroker) -> None:
    """Both of a stored message and of one just sent with the flag: neither may be a command."""

    async def story() -> None:
        one, two = lane(broker), core(broker)
        async with running(two):
            two.connection.publish(LANE.command, b"stored", qos=1, retain=True)
            async with running(one):
                await until(lambda: one.got)
                two.connection.publish(LANE.command, b"live", qos=1, retain=True)
                two.connection.publish(LANE.command, b"plain", qos=1)
                await until(lambda: len(one.got) == 3)
        assert [(message.payload, message.retained) for message in one.got] == [
            (b"stored", True),
            (b"live", True),
            (b"plain", False),
        ]

    asyncio.run(story())


def test_a_broker_that_comes_back_is_found_and_subscribed_again(broker: PrivateBroker) -> None:
    """Killed and restarted with nothing remembered."""

    async def story() -> None:
        one, two = lane(broker), core(broker)
        async with running(one, two):
            broker.kill()
            await until(lambda: one.downs and two.downs)
            assert one.connection.broker == ""
            assert not one.connection.publish(LANE.event, b"into nothing", qos=1)
            broker.start()
            await until(lambda: one.connection.connected and two.connection.connected)
            two.connection.publish(LOG, b"again", qos=1)
            await until(lambda: one.got)
        assert one.payloads() == [b"again"]
        assert one.story == ["up", "down", "up", "down"]
        assert [down.cause for down in one.downs] == [Cause.LOST, Cause.LEFT]

    asyncio.run(story())


def test_nothing_of_a_dead_connection_reaches_the_next(broker: PrivateBroker) -> None:
    """What was queued for a broker that hung is not sent to the next: whoever needs it sends it again, in order."""

    async def story() -> None:
        one, two = lane(broker), core(broker)
        async with running(one):
            broker.pause()
            assert one.connection.publish(LANE.event, b"old", qos=1)
            broker.kill()
            await until(lambda: one.downs)
            broker.start()
            async with running(two):
                await until(lambda: one.connection.connected)
                one.connection.publish(LANE.event, b"new", qos=1)
                await until(lambda: two.got)
        assert two.payloads() == [b"new"]

    asyncio.run(story())


def test_a_lost_connection_leaves_its_will_and_a_farewell_does_not(broker: PrivateBroker) -> None:
    """Lost and stopped are told apart."""

    async def story() -> None:
        watcher = core(broker)
        will = Will(LANE.presence, b"lost")
        first = Peer(options(broker, "lane-1", LANE.all_down), will)
        async with running(watcher):
            async with running(first):
                first.connection.try_next_broker("a test")
                await until(lambda: b"lost" in watcher.payloads())
                await until(lambda: first.story.count("up") == 2)
                await first.connection.stop((LANE.presence, b"stopped"))
                await until(lambda: b"stopped" in watcher.payloads())
            await asyncio.sleep(0.1)
        assert watcher.payloads() == [b"lost", b"stopped"]

    asyncio.run(story())


def test_a_taken_over_name_is_told_and_not_fought_over(broker: PrivateBroker) -> None:
    """Two clients of one name throw each other out a few times; then the one that notices waits."""

    async def story() -> None:
        one = lane(broker, taken_over=3_600.0)
        thief = lane(broker, retry_min=0.4, retry_max=0.4, thrown_out=1_000)
        async with running(one):
            thief.connection.start()
            await until(lambda: one.downs and one.downs[-1].cause is Cause.TAKEN_OVER)
            await until(lambda: thief.connection.connected)
            await asyncio.sleep(0.5)
            assert thief.connection.connected
            assert not one.connection.connected
            await thief.connection.stop()
        assert len(one.downs) <= 3
        assert "another client uses the name 'lane-1'" in one.downs[-1].detail or "taken over" in one.downs[-1].detail

    asyncio.run(story())


def test_a_connection_that_lasts_forgets_the_short_ones() -> None:
    """Three losses in a month are three losses."""
    one = Peer(Options(brokers=(), client_id="lane-1", subscriptions=()))
    lost = Down(Cause.LOST, "gone")
    ends = [one.connection._named(lost, lived).cause for lived in (1.0, 1.0, 60.0, 1.0, 1.0, 1.0, 1.0)]
    assert ends == [Cause.LOST] * 5 + [Cause.TAKEN_OVER, Cause.LOST]


def test_a_dead_broker_in_the_list_is_walked_past(broker: PrivateBroker) -> None:
    """The second of two brokers takes over, and `try_next_broker` leaves it again."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        brokers = (Broker("127.0.0.1", port), Broker(broker.host, broker.port))
        one = lane(broker, brokers=brokers)
        async with running(one):
            assert one.connection.broker == str(brokers[1])
            assert one.connection.last is not None
            assert one.connection.last.cause is Cause.UNREACHABLE
            assert str(port) in one.connection.last.detail
            one.connection.try_next_broker("no proof")
            await until(lambda: one.downs and one.connection.connected)
        assert one.downs[0] == Down(Cause.LEFT, "no proof")

    asyncio.run(story())


def test_a_wrong_password_is_named(broker: PrivateBroker) -> None:
    """Refused, with what to check; and tried again with patience."""

    async def story() -> None:
        one = lane(broker, password="wrong")
        one.connection.start()
        await until(lambda: one.connection.last is not None)
        await one.connection.stop()
        assert one.connection.last is not None
        assert one.connection.last.cause is Cause.REFUSED
        assert "user name and password" in one.connection.last.detail
        assert one.story == []

    asyncio.run(story())


def test_a_listener_that_does_not_speak_mqtt_is_given_up(broker: PrivateBroker) -> None:
    """A socket that accepts and says nothing is not a broker."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            mute = Broker("127.0.0.1", silent.getsockname()[1])
            one = lane(broker, brokers=(mute, Broker(broker.host, broker.port)), connect_timeout=0.3)
            async with running(one):
                assert one.connection.last is not None
                assert "no MQTT answer" in one.connection.last.detail

    asyncio.run(story())


def test_a_broker_that_hangs_is_noticed(broker: PrivateBroker) -> None:
    """The process is frozen, its sockets stay open: the keepalive notices."""

    async def story() -> None:
        one = lane(broker, keepalive=1)
        async with running(one):
            broker.pause()
            await until(lambda: one.downs)
            broker.resume()
            await until(lambda: one.connection.connected)
        assert one.downs[0].cause is Cause.LOST

    asyncio.run(story())


def test_a_broker_that_has_lost_the_stream_is_left(broker: PrivateBroker) -> None:
    """It reads every message as the rest of a longer one and goes on sending: bytes flow both ways, and no keepalive asks."""

    async def swallows(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4_096)
        writer.write(bytes.fromhex("2003000000"))  # CONNACK
        try:
            while not reader.at_eof():
                writer.write(bytes.fromhex("30050001740078"))  # PUBLISH x to t
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await reader.read(4_096)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def story() -> None:
        server = await asyncio.start_server(swallows, "127.0.0.1", 0)
        async with server:
            place = Broker("127.0.0.1", server.sockets[0].getsockname()[1])
            one = Peer(Options(brokers=(place,), client_id="lane-1", subscriptions=(), keepalive=1, unanswered=1.5))
            async with running(one):
                await until(lambda: one.connection.connected)
                one.connection.publish("t", b"x", qos=1)

                def given_up() -> bool:
                    one.connection.publish("t", b"a proof, which nobody acknowledges")
                    return bool(one.downs)

                await until(given_up)
        assert "acknowledges nothing" in one.downs[0].detail

    asyncio.run(story())


def test_the_socket_does_not_wait_for_ever(broker: PrivateBroker) -> None:
    """TCP_USER_TIMEOUT is set on the connection's own socket."""

    async def story() -> int:
        one = lane(broker, user_timeout_ms=2_345)
        async with running(one):
            line = one.connection._session
            assert line is not None
            sock = line._client.socket()
            assert sock is not None
            return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert asyncio.run(story()) == 2_345


def test_stopping_leaves_no_thread_behind(broker: PrivateBroker) -> None:
    """Neither while connected, nor while trying."""

    async def story() -> None:
        one = lane(broker)
        async with running(one):
            pass
        broker.stop()
        two = lane(broker)
        two.connection.start()
        await until(lambda: two.connection.last is not None)
        await two.connection.stop()

    asyncio.run(story())
    assert not [thread for thread in threading.enumerate() if "paho" in thread.name]


def test_missing_tls_files_are_named_and_tried_again(broker: PrivateBroker, tmp_path: Path) -> None:
    """A certificate that is not there is a reason for a technician, not the end of the program."""

    async def story() -> None:
        one = lane(broker, tls=Tls(authority=tmp_path / "missing.crt"))
        one.connection.start()
        await until(lambda: one.connection.last is not None)
        one.connection.check()
        await one.connection.stop()
        assert one.connection.last is not None
        assert "TLS files" in one.connection.last.detail

    asyncio.run(story())


def test_a_fault_in_a_callback_is_not_swallowed(broker: PrivateBroker) -> None:
    """The keeping task ends, and `check` says why (lessons 8)."""

    async def story() -> None:
        def fail() -> None:
            raise LookupError("a fault of the program")

        connection = Connection(
            options(broker, "lane-1"),
            will=lambda: None,
            on_up=fail,
            on_down=lambda _: None,
            on_message=lambda _: None,
        )
        connection.start()
        task = connection._task
        assert task is not None
        await until(task.done)
        with pytest.raises(LookupError, match="a fault of the program"):
            connection.check()
        await connection.stop()

    asyncio.run(story())


def open_files() -> int:
    """How many this process has open, sockets included."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_stopping_in_the_middle_of_connecting_leaves_nothing_open(broker: PrivateBroker) -> None:
    """No socket stays behind, and the broker is told goodbye: no Will."""

    async def story() -> None:
        watcher = core(broker)
        async with running(watcher):
            before = open_files()
            for pause in (0.0, 0.0, 0.001, 0.002, 0.004):
                one = Peer(options(broker, "lane-1", LANE.all_down), Will(LANE.presence, b"lost"))
                one.connection.start()
                await asyncio.sleep(pause)
                await one.connection.stop()
                del one
            assert open_files() == before
            last = lane(broker)
            async with running(last):
                last.connection.publish(LANE.event, b"after all", qos=1)
                await until(lambda: watcher.got)
        assert watcher.payloads() == [b"after all"]

    asyncio.run(story())
