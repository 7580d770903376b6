"""Shifts at the wall: begun and ended once, with nothing left in somebody's name; the next reads the note; the core is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.rigs.wall import NOW, WallRig, log_in, online, state
from wall.figures import span_of
from wall.history import WorkedShift
from wall.orders import CoreAnswer, CoreAwayError, CoreLine
from wall.shifts import names_between

HOUR = 3_600_000
MINUTES = 300_000
"""Before the page locks itself."""


async def asked(client: httpx.AsyncClient, path: str, headers: dict[str, str], **body: Any) -> tuple[int, str]:
    """Posts; the status and the words."""
    found = await client.post(path, json=body, headers=headers)
    return found.status_code, found.json()["words"]


def test_nobody_ends_a_shift_with_something_taken_and_the_next_reads_the_note(tmp_path: Path) -> None:
    """Begun once; ended after it is given back; everybody sees who is on; in Chinese too."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        rig.hears(online("A-1"), state("A-1", 1, alarms=[["AtOfficer", 4, "", NOW, ""]]))
        key = rig.desk.book.queue()[0].key
        chan = await log_in(client, "chan")
        assert await asked(client, "/shift/end", chan) == (409, "You are not on shift.")
        assert (await asked(client, "/shift/begin", chan))[0] == 200
        assert await asked(client, "/shift/begin", chan | {"X-Lang": "zh-Hant-HK"}) == (409, "你已在當值。")
        assert rig.desk.view()["point"]["point"]["shift"] == [{"who": "chan", "shown": "Chan", "since_ms": NOW}]
        await asked(client, "/needs/take", chan, need=key)
        rig.clock.ms += MINUTES
        status, words = await asked(client, "/shift/end", chan, note="A-1: barrier sticks")
        assert (status, words) == (409, "You still have 1 taken: hand over or give back each of them first.")
        in_chinese = await asked(client, "/shift/end", chan | {"X-Lang": "zh-Hant-HK"})
        assert in_chinese == (409, "你尚有 1 項處理中，請先轉交或放回。")
        await asked(client, "/needs/hand", chan, need=key, to="wong")
        assert (await asked(client, "/shift/end", chan, note=" A-1: barrier sticks "))[0] == 200
        client.cookies.clear()
        wong = await log_in(client, "wong")
        assert (await client.get("/shift")).json() == [
            {"shown": "Chan", "began_ms": NOW, "ended_ms": NOW + MINUTES, "note": "A-1: barrier sticks"}
        ]
        assert (await asked(client, "/shift/end", wong, note="x" * 301))[0] == 422

    WallRig(tmp_path).asked(ask)


def test_a_shift_goes_on_after_the_wall_was_restarted(tmp_path: Path) -> None:
    """Who was on is on; who had gone is not."""
    rig = WallRig(tmp_path)
    rig.desk.shifts.begin("chan")
    rig.desk.shifts.begin("wong")
    rig.desk.shifts.end("wong", "")
    rig.store.close()
    after = WallRig(tmp_path)
    assert list(after.desk.shifts.on) == ["chan"]
    after.store.close()


class ToldCore(CoreLine):
    """A core that may be away, and remembers what it was told."""

    def __init__(self) -> None:
        super().__init__(None)
        self.here = False
        self.told: list[dict[str, Any]] = []

    async def ask(self, request: dict[str, Any]) -> CoreAnswer:
        """Writes it down."""
        if not self.here:
            raise CoreAwayError("away")
        self.told.append(request)
        return CoreAnswer(msgspec.Raw(b"true"))


def test_the_core_learns_of_it_when_it_is_there_again_once_and_in_order(tmp_path: Path) -> None:
    """Begun and ended while it was away; told as two acts, each with its own time."""

    async def ask(rig: WallRig, client: httpx.AsyncClient) -> None:
        del client
        core, shifts = ToldCore(), rig.desk.shifts
        shifts.begin("chan")
        await shifts.tell(core)
        rig.clock.ms += HOUR
        shifts.end("chan", "all quiet")
        core.here = True
        for _ in range(3):
            await shifts.tell(core)
        whole = [(one["who"], one["act"], one["at_ms"], one.get("note", "")) for one in core.told]
        assert whole == [("chan", "begun", NOW, ""), ("chan", "ended", NOW + HOUR, "all quiet")]

    WallRig(tmp_path).asked(ask)


@pytest.mark.parametrize(
    ("began_h", "ended_h", "on"),
    [(7, 15, True), (6.9, 15.2, True), (14.9, 23, False), (8, 8.2, True), (14, 0, True), (0, 7.2, False)],
)
def test_who_was_on_a_shift_of_the_day_is_who_worked_half_an_hour_of_it(
    began_h: float, ended_h: float, on: bool
) -> None:
    """Whoever came five minutes early or went late was not on the shift beside theirs; one that lasts counts to now."""
    since, until = span_of("2026-11-22 07:00–15:00")
    midnight = since - 7 * HOUR
    ended = midnight + int(ended_h * HOUR) if ended_h else 0
    one = WorkedShift(number=1, who="chan", shown="Chan", began_ms=midnight + int(began_h * HOUR), ended_ms=ended)
    assert names_between([one, one], since, until, midnight + 20 * HOUR) == (["Chan"] if on else [])


def test_the_night_shift_ends_on_the_day_after() -> None:
    """Eight hours, across midnight."""
    since, until = span_of("2026-11-22 23:00–07:00")
    assert until - since == 8 * HOUR
