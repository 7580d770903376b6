"""The second identifier by configuration: its settings' rules, its driver, and what `rocars-lane check` hears."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.identifier import NoIdentifier, WatchedIdentifier
from devices.settings import IdentifierKind
from devices.simulated.label_reader import SimulatedLabelReader
from edge import identifiers
from edge.checks import identifier as checks_identifier
from edge.checks.findings import Severity, Surroundings
from edge.settings.load import LaneSettingsError, Settings, load
from runtime.clocks import kernel_clock, utc_ms
from runtime.mqtt import Connection
from simulation.broker import IMMIGRATION, PrivateBroker
from wire.plate import PlateSeen, encode_plate
from wire.topics import LaneTopics

AROUND = Surroundings(camera=None, clock=kernel_clock, installed=lambda _: None)
LANE = "demo-in-01"


def configured(folder: Any, text: str) -> Settings:
    """The lane's settings with this section of the identifier."""
    folder.change("[screens]", f"[identifier]\n{text}\n\n[screens]")
    free = socket.create_server(("127.0.0.1", 0))
    folder.file.write_text(folder.file.read_text() + f"port = {free.getsockname()[1]}\n")
    free.close()
    return load(folder.file)


def problems(folder: Any, text: str) -> list[str]:
    """What is wrong with such a section."""
    with pytest.raises(LaneSettingsError) as error:
        configured(folder, text)
    return [str(problem) for problem in error.value.problems]


def seen(settings: Settings) -> list[tuple[Severity, str, str]]:
    """Level, what and remedy of each finding."""
    return [(each.level, each.what, each.remedy) for each in checks_identifier.identifier(settings, AROUND)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('kind = "serial"', "identifier.port: is missing for kind serial"),
        ("required = true", "identifier.required: there is no identifier to require"),
        ('labels = "x.csv"', "identifier.labels: is of no use to kind none"),
        ('kind = "serial"\nport = "/dev/x"\ntopic = "plates"', "identifier.topic: is of no use to kind serial"),
        ('kind = "mqtt"\ntopic = "plates/#"', 'identifier.topic: is the text "plates/#"; write one topic'),
        ('kind = "mqtt"\nsilent_s = 0.5', "identifier.silent_s: 0.5 s is too short"),
        ('kind = "rfid"', 'identifier.kind: is the text "rfid"; write "none" or "serial" or "mqtt"'),
    ],
)
def test_a_section_that_cannot_be_used_says_why(lane_folder: Any, text: str, line: str) -> None:
    """Where, what is wrong, what to do."""
    assert line in "\n".join(problems(lane_folder, text))


def test_a_table_of_labels_is_read_with_the_settings(lane_folder: Any) -> None:
    """A mistake in it is told before the lane starts, with its line."""
    (lane_folder.folder / "labels.csv").write_text("E2003412,AB1234\nE2003413\n", encoding="utf-8")
    (problem,) = problems(lane_folder, 'kind = "serial"\nport = "/dev/x"\nlabels = "labels.csv"')
    assert problem.startswith("identifier.labels: ")
    assert "line 2" in problem


def test_a_lane_without_the_section_has_no_identifier(lane_folder: Any) -> None:
    """And its policy requires none."""
    settings = load(lane_folder.file)
    assert isinstance(identifiers.identifier(settings, None), NoIdentifier)
    assert not settings.lane_policy("journal").identifier_required
    assert identifiers.extra_topics(settings, identifiers.plate_feed(settings, utc_ms)) == {}
    assert seen(settings) == [(Severity.OK, "none", "")]


def test_a_required_identifier_is_in_the_lanes_policy(lane_folder: Any) -> None:
    """So it is in the journal, and a replay has it."""
    settings = configured(lane_folder, 'kind = "serial"\nport = "/dev/x"\nrequired = true')
    assert settings.lane_policy("journal").identifier_required
    assert isinstance(identifiers.identifier(settings, None), WatchedIdentifier)


@pytest.mark.parametrize(
    ("text", "topic"), [("", f"rocars/v1/lane/{LANE}/down/plate"), ('\ntopic = "immigration/7"', "immigration/7")]
)
def test_immigrations_reader_has_a_topic(lane_folder: Any, text: str, topic: str) -> None:
    """The lane's own, unless the site has another name for it."""
    settings = configured(lane_folder, f'kind = "mqtt"{text}')
    assert settings.identifier.kind is IdentifierKind.MQTT
    feed = identifiers.plate_feed(settings, utc_ms)
    assert feed is not None
    assert list(identifiers.extra_topics(settings, feed)) == [topic]


@contextmanager
def elsewhere(begin: Callable[[], Any]) -> Iterator[Any]:
    """A world with an event loop of its own, in a thread: `begin` makes (what to give, how to end) there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    given, end = asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
    try:
        yield given
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _label_reader() -> Any:
    simulated = SimulatedLabelReader()
    simulated.show("E2003412", "E2009999")
    return await simulated.listen("127.0.0.1"), simulated.stop


def test_check_hears_a_label_reader(lane_folder: Any) -> None:
    """With the labels in its field and the marks they stand for."""
    (lane_folder.folder / "labels.csv").write_text("E2003412,AB1234\n", encoding="utf-8")
    with elsewhere(_label_reader) as port:
        url = f'port = "socket://127.0.0.1:{port}"'
        settings = configured(lane_folder, f'kind = "serial"\n{url}\nlabels = "labels.csv"')
        ((level, what, _),) = seen(settings)
    assert level is Severity.OK
    assert "E2003412: AB1234" in what
    assert "E2009999: no mark" in what


@pytest.mark.parametrize(("required", "level"), [("false", Severity.WARNING), ("true", Severity.FAULT)])
def test_check_says_what_is_wrong_with_a_reader_that_is_not_there(
    lane_folder: Any, required: str, level: Severity
) -> None:
    """A fault where releases depend on it."""
    settings = configured(lane_folder, f'kind = "serial"\nport = "/dev/no-such-reader"\nrequired = {required}')
    ((found, what, remedy),) = seen(settings)
    assert found is level
    assert "/dev/no-such-reader" in what
    assert "identifier.port" in remedy


def test_check_leaves_the_identifier_to_the_lane_that_runs(lane_folder: Any) -> None:
    """Two at one port would throw each other out."""
    settings = configured(lane_folder, 'kind = "serial"\nport = "/dev/no-such-reader"')
    with socket.create_server(("127.0.0.1", settings.console.port)):
        ((level, what, _),) = seen(settings)
    assert level is Severity.WARNING
    assert "running lane" in what


def _immigration(broker: PrivateBroker) -> Callable[[], Any]:
    async def begin() -> Any:
        connection = Connection(
            broker.options(IMMIGRATION),
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=lambda _: None,
        )
        connection.start()
        sending = asyncio.create_task(_send(connection))

        async def end() -> None:
            sending.cancel()
            await connection.stop()

        return None, end

    return begin


async def _send(connection: Connection) -> None:
    for seq in range(10_000):
        plate = PlateSeen(lane=LANE, session="s", seq=seq, read_ms=utc_ms(), mark="AB 1234")
        connection.publish(LaneTopics(LANE).plate, encode_plate(plate), qos=1)
        await asyncio.sleep(0.1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker that knows this lane."""
    with PrivateBroker(tmp_path / "broker", lanes=[LANE]) as started:
        yield started


def at(broker: PrivateBroker, folder: Any) -> Settings:
    """A lane at that broker, with Immigration's reader."""
    folder.secret("demo/password", broker.password(LANE).encode())
    folder.change("port = 18830", f"port = {broker.port}")
    folder.change("[link]", '[link]\npassword_file = "demo/password"')
    return configured(folder, 'kind = "mqtt"\nsilent_s = 5')


def test_check_hears_immigrations_reader(lane_folder: Any, broker: PrivateBroker) -> None:
    """As the lane's own user, at the lane's own broker."""
    settings = at(broker, lane_folder)
    with elsewhere(_immigration(broker)):
        ((level, what, _),) = seen(settings)
    assert (level, what) == (Severity.OK, "answers; AB 1234: AB1234")


def test_check_says_that_immigrations_reader_is_silent(lane_folder: Any, broker: PrivateBroker) -> None:
    """The broker is there, and nothing comes."""
    settings = at(broker, lane_folder)
    quick = replace_silent(settings, 1.0)
    ((level, what, _),) = seen(quick)
    assert level is Severity.WARNING
    assert "says nothing" in what


def test_check_says_that_no_broker_lets_the_lane_in(lane_folder: Any) -> None:
    """Then silence is not the reader's fault."""
    settings = replace_silent(configured(lane_folder, 'kind = "mqtt"'), 1.0)
    ((level, what, remedy),) = seen(settings)
    assert level is Severity.WARNING
    assert "no broker lets this lane in" in what
    assert remedy == "see the brokers"


def replace_silent(settings: Settings, seconds: float) -> Settings:
    """The same settings with a shorter patience."""
    import msgspec

    shorter = msgspec.structs.replace(settings.identifier, silent_s=seconds)
    return msgspec.structs.replace(settings, identifier=shorter)
