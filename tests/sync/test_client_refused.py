"""A lane whose broker's access list was spoilt says which topic it is: an alarm, or why no proof comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from domain.alarms import LaneAlarmKind
from runtime.clocks import monotonic_ms
from runtime.mqtt import Options
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.store import LaneStore
from tests.rigs.mqtt import SpoiltBroker, until
from wire.envelope import Signer
from wire.topics import LaneTopics

LANE = "lane-1"
TOPICS = LaneTopics(LANE)


def linked(store: LaneStore, options: Options, alarms: list[tuple[LaneAlarmKind, str]]) -> LinkClient:
    """A lane's link that notes its alarms."""
    return LinkClient(
        LANE,
        options=options,
        signer=Signer.generate(LANE),
        ring=Signer.generate("core").ring(),
        journal=Journal(store, boot="b1", software="test"),
        codes=CodeLog(store),
        now_ms=monotonic_ms,
        on_event=lambda _: None,
        on_alarm=lambda kind, detail: alarms.append((kind, detail)),
    )


def test_a_forbidden_write_is_an_alarm_with_its_topic(tmp_path: Path) -> None:
    """The broker takes the message, answers that it is not authorised, and gives it to nobody."""
    alarms: list[tuple[LaneAlarmKind, str]] = []

    async def story() -> None:
        with (
            SpoiltBroker(tmp_path, forbids="pattern write rocars/v1/lane/%u/up/#") as broker,
            LaneStore(tmp_path / "lane.db") as store,
        ):
            link = linked(store, broker.options(LANE), alarms)
            await link.start()
            await until(lambda: alarms)
            await link.stop()

    asyncio.run(story())
    assert {kind for kind, _ in alarms} == {LaneAlarmKind.BROKER_REFUSES}
    assert any(detail.startswith(f"{TOPICS.presence}: Not authorized") for _, detail in alarms)


def test_a_forbidden_read_is_why_no_proof_comes(tmp_path: Path) -> None:
    """Nothing answers a forbidden read; what can be known is the topic on which nothing comes."""

    async def story() -> str:
        with (
            SpoiltBroker(tmp_path, forbids="pattern read rocars/v1/lane/%u/down/#") as broker,
            LaneStore(tmp_path / "lane.db") as store,
        ):
            link = linked(store, broker.options(LANE), [])
            await link.start()
            await until(lambda: "no proof comes" in link.status().trouble)
            said = link.status().trouble
            await link.stop()
        return said

    said = asyncio.run(story())
    assert f"the broker's access list does not let this lane read {TOPICS.heartbeat}" in said
