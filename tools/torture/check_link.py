"""The link by the cable: which proofs a lane was handed, and whether it was offline in time without any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.torture.history import LaneHistory, Line, RunHistory, StoredRow, spans
from tools.torture.verdict import Bounds, RunVerdict


@dataclass(frozen=True, slots=True)
class DeliveredProof:
    """A proof that the lane was handed: when its nonce reached the cable, and when it was delivered."""

    asked_ms: int
    delivered_ms: int
    epoch: str
    version: int


def accepted_proofs(wire: list[Line], bounds: Bounds) -> list[DeliveredProof]:
    """The proofs that answer a nonce of the lane's, each once, the newest nonce first come."""
    asked: dict[str, int] = {}
    found: list[DeliveredProof] = []
    for line in wire:
        if "nonce" in line:
            asked[line["nonce"]] = line["t"]
        elif "proof" in line:
            when = asked.pop(line["proof"], None)
            older = bool(found) and when is not None and when <= found[-1].asked_ms
            if when is not None and not older and line["t"] - when < bounds.offline_ms:
                found.append(DeliveredProof(when, line["t"], line["epoch"], line["version"]))
    return found


def check_manual(
    lane: LaneHistory, proofs: list[DeliveredProof], bounds: Bounds, verdict: RunVerdict, history: RunHistory
) -> None:
    """Without a proof for as long as that, the lane was offline: by the cable, and by its own journal."""
    # What a lane did that could write nothing down, and was then killed, nobody can know.
    links, broken = _links(lane.rows), spans(history, lane.name, {"fsync_fails"})
    limit = bounds.offline_ms + bounds.slack_ms
    for began, asked, following in _silences(proofs, lane.process, history.ended_ms):
        if following <= asked + bounds.offline_ms or any(a < following and asked < b for a, b in broken):
            continue
        entered = next((t for t, link in links if link == "offline" and asked < t), None)
        if entered is not None and entered <= asked + limit:
            verdict.manual_entry_ms.append(entered - asked)
        elif following > asked + limit and not _was_offline(links, began, asked + limit):
            verdict.find("late_manual", f"{lane.name}: no proof since {asked}, offline at {entered}")


def _silences(proofs: list[DeliveredProof], process: list[Line], ended_ms: int) -> Iterator[tuple[int, int, int]]:
    """(start of that life, nonce of a proof, next proof or end of that life) of each proof."""
    for began, ended in _lives(process, ended_ms):
        mine = [proof for proof in proofs if began <= proof.delivered_ms < ended]
        following = [*(proof.delivered_ms for proof in mine[1:]), ended]
        yield from ((began, proof.asked_ms, after) for proof, after in zip(mine, following, strict=False))


def _links(rows: list[StoredRow]) -> list[tuple[int, str]]:
    """(when, verdict) of the link, as the lane was told; a start begins offline."""
    found = []
    for row in sorted(rows, key=lambda row: row.mono_ms):
        event: dict[str, Any] = row.entry["event"]
        if event["type"] == "LinkChanged":
            found.append((row.mono_ms, str(event["link"])))
        elif event["type"] == "AgentStarted":
            found.append((row.mono_ms, "offline"))
    return found


def _was_offline(links: list[tuple[int, str]], began: int, at: int) -> bool:
    before = [link for t, link in links if began <= t <= at]
    return not before or before[-1] == "offline"


def _lives(process: list[Line], ended_ms: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each life of the lane's process."""
    began: int | None = None
    for line in process:
        if line["did"] == "start":
            began = line["t"]
        elif began is not None:
            yield began, line["t"]
            began = None
    if began is not None:
        yield began, ended_ms
