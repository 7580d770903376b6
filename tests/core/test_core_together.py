"""Requests that come at the same moment share a commit, and each is still whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger.changes import Sequencer, asked
from core.model.people import Actor, Role
from core.model.refusals import refusal
from core.office import requests as ask
from core.office.together import SharedCommit
from wire.records import HoldRecord

WONG = Actor(account="wong", roles=frozenset({Role.SELECTOR}), login="x")


def hold(vrn: str) -> ask.Hold:
    """An officer's request."""
    return ask.Hold(vrn=vrn, reason="x")


def test_what_comes_in_one_turn_of_the_loop_is_served_once() -> None:
    """Each hears its own answer or refusal; what comes later is served later."""
    served: list[int] = []

    def serve(wanted: Sequence[Any]) -> Sequence[Any]:
        served.append(len(wanted))
        refused = RefusedError(refusal("hold_why"))
        return [refused if request.vrn == "BAD1" else request.vrn for request, _ in wanted]

    async def story() -> list[Any]:
        shared = SharedCommit(serve)
        first = await asyncio.gather(*(shared.soon(hold(vrn), WONG) for vrn in ("A1", "BAD1")), return_exceptions=True)
        return [*first, await shared.soon(hold("A2"), WONG)]

    first, refused, later = asyncio.run(story())
    assert (first, later, served) == ("A1", "A2", [2, 1])
    assert isinstance(refused, RefusedError)


def test_a_fault_is_everybodys_and_whoever_has_gone_misses_nothing() -> None:
    """A client that hung up meanwhile keeps the others from nothing."""

    def fails(_: Sequence[Any]) -> Sequence[Any]:
        raise RuntimeError("the disk")

    async def story() -> list[Any]:
        shared = SharedCommit(fails)
        waiting = [asyncio.ensure_future(shared.soon(hold(vrn), WONG)) for vrn in ("A1", "A2", "A3")]
        waiting[1].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, gone, last = asyncio.run(story())
    assert [type(one) for one in (first, gone, last)] == [RuntimeError, asyncio.CancelledError, RuntimeError]


def test_what_was_asked_for_in_a_transaction_is_signed_in_it_or_never(core: Any) -> None:
    """One commit keeps the hold and its delta; taken back, neither was there."""
    sequencer = Sequencer(core.store, core.log)

    def taken_back() -> None:
        with core.store.transaction() as db:
            asked(db, [HoldRecord("AB1234", "taken back")])
            assert sequencer.take(at_ms=1) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        taken_back()
    assert core.log.row("hold", "AB1234") is None
    with core.store.transaction() as db:
        asked(db, [HoldRecord("AB1234", "kept")])
        sequencer.take(at_ms=1)
    assert core.log.row("hold", "AB1234") == HoldRecord("AB1234", "kept")
    assert sequencer.take(at_ms=2) == 0
    core.log.check()
