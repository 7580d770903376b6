"""A centre of two servers and two cores: a run holds every promise, and the checker finds what such a centre must not do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tools.torture.check_centre import check_handovers, check_recovery, check_requests
from tools.torture.history import Line, Logged, RunHistory
from tools.torture.report import made_report
from tools.torture.signed import SignedLog
from tools.torture.verdict import Bounds, RunVerdict
from wire.hashes import EMPTY_STATE
from wire.messages import Delta
from wire.records import BundleRecord, HoldRecord, Record


def signed(*rows: tuple[int, Record]) -> SignedLog:
    """A log with these rows, each signed at that time (monotonic)."""
    log = []
    for version, (at_ms, row) in enumerate(rows, 1):
        delta = Delta(epoch="e", version=version, previous=bytes(32), changes=(row,), state_hash=EMPTY_STATE)
        log.append(Logged("e", version, at_ms, b"", bytes(32), EMPTY_STATE, delta))
    return SignedLog(log, 0)


def asked(kind: str, key: str, asked_ms: int, answered_ms: int, *, stands: bool = True) -> Line:
    """An acknowledged request."""
    return {"kind": kind, "key": key, "stands": stands, "asked": asked_ms, "t": answered_ms}


@pytest.fixture
def judged(history: RunHistory) -> Callable[..., RunVerdict]:
    """What the checker finds of a centre with these requests, proofs and faults."""

    def judge(
        log: SignedLog | None = None,
        *,
        requests: tuple[Line, ...] = (),
        proofs: tuple[tuple[str, int], ...] = (),
        faults: tuple[Line, ...] = (),
        bundled: frozenset[str] = frozenset(),
    ) -> RunVerdict:
        told = [{"core": core, "t": at} for core, at in proofs]
        core = replace(history.core, requests=list(requests), proofs=told, bundled=bundled)
        found, verdict = replace(history, core=core, faults=list(faults)), RunVerdict()
        check_requests(found, log or signed(), verdict)
        check_handovers(found, Bounds(), verdict)
        check_recovery(found, verdict)
        return verdict

    return judge


@pytest.mark.parametrize(
    ("rows", "request_", "lost"),
    [
        ([(1_100, HoldRecord("AB1234", "x"))], asked("hold", "AB1234", 1_000, 1_200), False),
        ([(500, HoldRecord("AB1234", "x"))], asked("hold", "AB1234", 1_000, 1_200), False),
        ([], asked("hold", "AB1234", 1_000, 1_200), True),
        ([(9_000, HoldRecord("AB1234", "x"))], asked("hold", "AB1234", 1_000, 1_200), True),
        ([(500, HoldRecord("AB1234", "x"))], asked("hold", "AB1234", 1_000, 1_200, stands=False), True),
    ],
    ids=["signed for it", "held before", "never signed", "signed by somebody later", "still held"],
)
def test_what_was_acknowledged_and_not_signed_is_found(
    judged: Callable[..., RunVerdict], rows: list[tuple[int, Record]], request_: Line, *, lost: bool
) -> None:
    """A failover that lost the last commits."""
    verdict = judged(signed(*rows), requests=(request_,))
    assert verdict.requests == 1
    assert [one.count for one in verdict.findings] == ["requests_lost"] * lost


def test_a_bundle_without_the_cores_own_rows_is_found(judged: Callable[..., RunVerdict]) -> None:
    """Business rows and list are one transaction."""
    log = signed((1_100, BundleRecord("1000000001", "AB1234", "inbound", "", 1, 2)))
    request = asked("bundle", "1000000001", 1_000, 1_200)
    assert judged(log, requests=(request,), bundled=frozenset({"1000000001"})).findings == []
    assert [one.count for one in judged(log, requests=(request,)).findings] == ["requests_lost"]


LOST = (
    {"struck": "site_lost", "t": 50_000, "lane": ""},
    {"site_lost": {"behind_ms": 10_000, "deltas": 1}, "t": 60_000, "lane": ""},
)
"""The first site ended at 50,000; its copy had nothing after 40,000."""


@pytest.mark.parametrize(
    ("answered", "is_signed", "papers", "word", "found"),
    [
        (45_000, True, 1, 0, []),
        (49_000, False, 1, 1, []),
        (45_000, False, 1, 0, ["requests_lost"]),
        (39_000, True, 0, 0, ["requests_lost"]),
        (55_000, True, 0, 0, ["requests_lost"]),
    ],
    ids=["after the copy's newest", "in its last moments", "lanes had it", "the copy had it", "after the promotion"],
)
def test_a_site_that_is_lost_takes_papers_of_its_last_seconds_and_nothing_of_the_list(
    judged: Callable[..., RunVerdict], answered: int, papers: int, word: int, found: list[str], *, is_signed: bool
) -> None:
    """Only what the copy cannot have is excused."""
    rows = [(answered - 100, BundleRecord("1000000001", "AB1234", "inbound", "", 1, 2))] if is_signed else []
    request = asked("bundle", "1000000001", answered - 200, answered)
    verdict = judged(signed(*rows), requests=(request,), faults=LOST)
    assert [one.count for one in verdict.findings] == found
    assert (verdict.papers_lost, verdict.list_lost) == (papers, word)
    assert verdict.sites_lost == [{"behind_ms": 10_000, "deltas": 1}]


@pytest.mark.parametrize(
    ("proofs", "faults", "overlaps"),
    [
        ((("a", 1_000), ("a", 1_100), ("b", 4_200)), (), 0),
        ((("a", 1_000), ("b", 2_000)), (), 1),
        ((("a", 1_000), ("b", 5_000), ("a", 5_100), ("b", 5_200)), (), 2),
        ((("a", 1_000), ("b", 2_000)), ({"stopped": "a", "t": 1_500, "lane": ""},), 0),
        ((("a", 1_000), ("b", 2_000), ("a", 2_100)), ({"stopped": "a", "t": 1_500, "lane": ""},), 1),
    ],
    ids=["after the lease", "too early", "one that woke up", "stopped in good order", "stopped and not silent"],
)
def test_two_cores_that_prove_at_the_same_time_are_found(
    judged: Callable[..., RunVerdict], proofs: Any, faults: Any, overlaps: int
) -> None:
    """No lane may believe both."""
    assert [one.count for one in judged(proofs=proofs, faults=faults).findings] == ["overlaps"] * overlaps


def test_how_long_a_lane_was_without_proof_is_read_from_its_journal(
    judged: Callable[..., RunVerdict], history: RunHistory
) -> None:
    """From the fault until it was fresh again; each fault of the run that a lane felt by its link."""
    lane = history.lanes[0]
    links = sorted(
        (row.mono_ms, row.entry["event"]["link"]) for row in lane.rows if row.entry["event"]["type"] == "LinkChanged"
    )
    lost = next(at for at, link in links if link != "fresh" and at > links[0][0])
    again = next(at for at, link in links if at > lost and link == "fresh")
    verdict = judged(faults=({"struck": "db_kill", "t": lost - 700, "lane": ""},))
    assert again - lost + 700 in verdict.automatic_again_ms["db_kill"]
    report = made_report(verdict, faults=Counter(), shown=Counter(), crashed=[], storms=[], level=True, facts={})
    assert report["automatic_again_ms"]["all"]["times"] == len(verdict.automatic_again_ms["db_kill"])


@pytest.mark.long
def test_a_centre_of_two_loses_nothing_and_its_lanes_are_automatic_again(tortured: Callable[..., Any]) -> None:
    """Each of its faults once at least, on a machine that may be busy."""
    kinds = "db_kill,db_isolated,core_kill,standby_promote,core_handover"
    found = tortured("--seconds", "110", "--lanes", "2", "--seed", "4", "--kinds", kinds)
    assert found.status == 0, found.said
    assert set(found.report["faults"]) == set(kinds.split(","))
    assert found.report["requests_acknowledged"] >= 20
    assert (found.report["requests_lost"], found.report["overlaps"]) == (0, 0)
    assert found.report["handovers"] >= 2
    assert found.report["automatic_again_ms"]["all"]["p50"] <= 15_000


@pytest.mark.long
def test_the_whole_first_site_dies_and_the_off_site_copy_goes_on_with_what_the_lanes_hold(
    tortured: Callable[..., Any],
) -> None:
    """The copy lacks the last seconds: the list comes back from the lanes, papers do not; and then the way back."""
    found = tortured("--seconds", "40", "--lanes", "2", "--seed", "4", "--kinds", "site_lost")
    assert found.status == 0, found.said
    (lost,) = found.report["sites_lost"][:1]
    assert lost["behind_ms"] >= 1_000
    assert lost["deltas"] >= 1
    assert lost["events"] >= 1
    assert (found.report["requests_lost"], found.report["overlaps"]) == (0, 0)
    assert found.report["handovers"] >= 2
    assert found.report["automatic_again_ms"]["site_lost"]["times"] >= 2
