"""`rocars-lane replay`: the chain is whole, and `step` gives every entry again."""

from __future__ import annotations

from pathlib import Path

from lane_agent.replay import DivergenceError
from lane_agent.replay import replay as rerun
from runtime.store_errors import StoreError
from sync.journal import Chain
from sync.store import LaneStore


def replay_store(path: Path) -> tuple[list[str], int]:
    """What is wrong, in words, and the number of rows looked at. Changes nothing; may run beside the agent."""
    try:
        store = LaneStore(path, read_only=True)
    except StoreError as error:
        return [str(error)], 0
    try:
        return _check(Chain(store))
    finally:
        store.close()


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
