"""`rocars-lane replay`: the chain is whole, and `step` gives every entry again.

The chain has no key. With the lane's settings the rows are also held against the core's signed acknowledgement, and the
pictures that they name are looked for.
"""

from __future__ import annotations

from pathlib import Path

from domain.times import DAY_MS
from edge import wiring
from edge.checks.records import record_problems
from edge.settings.load import Settings
from lane_agent.replay import DivergenceError
from lane_agent.replay import replay as rerun
from runtime.clocks import utc_ms
from runtime.store_errors import StoreError
from sync.journal import Chain
from sync.store import LaneStore


def replay_store(path: Path, settings: Settings | None = None) -> tuple[list[str], int]:
    """What is wrong, in words, and the number of rows looked at. Changes nothing; may run beside the agent.

    Args:
        path: the store.
        settings: the lane's, for the core's keys and the pictures; left out, neither is looked at.
    """
    try:
        store = LaneStore(path, read_only=True)
    except StoreError as error:
        return [str(error)], 0
    try:
        problems, rows = _check(Chain(store))
        return problems + (_beside(Chain(store), settings) if settings is not None else []), rows
    finally:
        store.close()


def _beside(chain: Chain, settings: Settings) -> list[str]:
    found = record_problems(
        chain,
        wiring.core_ring(settings.link.core_keys),
        settings.lane.id,
        evidence=settings.lane.evidence,
        since_ms=utc_ms() - settings.evidence.reads_days * DAY_MS,
    )
    return [problem for problem in found if not problem.startswith("journal row ")]  # said already


def _check(chain: Chain) -> tuple[list[str], int]:
    rows = chain.head()[0]
    flaw = chain.verify()
    problems = [] if flaw is None else [f"row {flaw.seq}: {flaw.what}"]
    seen = 0
    try:
        for done in rerun(row.body for row in chain.rows()):
            seen = done.place
    except DivergenceError as error:
        problems.append(f"after row {seen}: {error}")
    return problems, rows
