"""What notices the generated mutants of modules that are tested rather than proved: `python -m tools.proof.test_fates MODULE…`.

Each mutant runs in a process of its own, forked from this one with the changed code in place; the tests named for its module run
there until the first fails. A line a mutant, then the counts; survivors need a reason in `survivors.SOURCE_REASONS`, or a test.
Exit status: 1 if one has neither.
"""

from __future__ import annotations

import functools
import gc
import importlib
import inspect
import os
import pkgutil
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tools.proof.source_mutants import SourceMutant, generated, in_place, names
from tools.proof.survivors import source_reason

LINK = (
    "tests/sync/test_link_claims.py",
    "tests/sync/test_link_commands.py",
    "tests/sync/test_link_coreclock.py",
    "tests/sync/test_link_follower.py",
    "tests/sync/test_link_freshness.py",
    "tests/sync/test_link_machine.py",
    "tests/sync/test_link_past.py",
    "tests/sync/test_link_requests.py",
    "tests/sync/test_link_sender.py",
    "tests/sync/test_link_tables.py",
    "tests/sync/test_link_turns.py",
    "tests/sync/test_link_uploader.py",
    "tests/sync/test_client_refused.py",
    "tests/sync/test_link_story.py",
)
LANE = (
    "tests/lane_agent/test_single_conditions.py",
    "tests/lane_agent/test_passage_loops.py",
    "tests/lane_agent/test_identifier_rules.py",
    "tests/lane_agent/test_claims.py",
    "tests/lane_agent/test_law_safe_face.py",
    "tests/lane_agent/test_law_points.py",
    "tests/lane_agent/test_rows_01_to_08.py",
    "tests/lane_agent/test_rows_09_to_22.py",
)
WATCHED: dict[str, tuple[str, ...]] = {
    "lane_agent.receive": LANE,
    "lane_agent.help_call": LANE,
    "lane_agent.passage": LANE,
    "lane_agent.matching": LANE,
    "sync.link": LINK,
    "sync.codelog": (
        "tests/sync/test_codelog_steps.py",
        "tests/sync/test_codelog_forgets.py",
        "tests/sync/test_link_past.py",
        "tests/sync/test_lookup_find.py",
        "tests/sync/test_codelog_model.py",
    ),
    "lane_agent.settling": ("tests/lane_agent/test_plates_settle.py", "tests/devices/test_reader_watch.py"),
    "devices.visit_reader": ("tests/devices/test_visit_votes.py", "tests/devices/test_reader_watch.py"),
    "core.link.projection": (
        "tests/core/test_core_projection.py",
        "tests/core/test_core_intake.py",
        "tests/core/test_core_door.py",
        "tests/core/test_core_decided.py",
        "tests/core/test_core_claims.py",
        "tests/core/test_core_counter.py",
        "tests/core/test_forgetting.py",
    ),
    "wire.forgetting": ("tests/wire/test_forgetting.py", "tests/sync/test_codelog_forgets.py"),
    "core.ledger.forgetting": ("tests/core/test_forgetting.py",),
    "core.ledger.changes": ("tests/core/test_forgetting.py", "tests/core/test_core_changes.py"),
    "core.ledger.strictest": ("tests/core/test_strictest.py", "tests/core/test_forgetting.py"),
    "core.ledger.checkpoints": ("tests/core/test_checkpoints.py",),
}
"""Which tests watch over which module (or every module of a package), the quick ones first."""
OWN: dict[str, tuple[str, ...]] = {
    "devices.visit_reader": ("tests/devices/test_visit_votes.py",),
    "sync.link.claims": ("tests/sync/test_link_claims.py",),
    "sync.link.command_lifecycle": ("tests/sync/test_link_commands.py",),
    "sync.link.commands": ("tests/sync/test_link_commands.py",),
    "sync.link.core_clock": ("tests/sync/test_link_coreclock.py",),
    "sync.link.follower": ("tests/sync/test_link_follower.py", "tests/sync/test_link_requests.py"),
    "sync.link.freshness": ("tests/sync/test_link_freshness.py",),
    "sync.link.journal_end": ("tests/sync/test_link_past.py",),
    "sync.link.machine": ("tests/sync/test_link_turns.py", "tests/sync/test_link_machine.py"),
    "sync.link.sender": ("tests/sync/test_link_sender.py",),
    "sync.link.telemetry": ("tests/sync/test_link_uploader.py",),
    "sync.link.uploader": ("tests/sync/test_link_uploader.py",),
}
"""A module's own tests, which are run before the others: most of its mutants are noticed there, and the rest is not even read."""
OPTIONS = (
    *("-s", "-qq", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
LONGEST_S = 120
"""CPU seconds after which a mutant counts as noticed: it never ends."""
PROFILE = "fates"
settings.register_profile(
    PROFILE, deadline=None, database=None, derandomize=True, phases=(Phase.explicit, Phase.generate)
)
"""A busy machine makes no test fail, the same examples are tried each time, and a failure is not made any shorter."""


Noticed = Callable[[SourceMutant], bool]
"""Whether a test fails under the mutant, or never ends."""


def modules(named: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The named modules, or every module of the named packages, with their tests; all of `WATCHED`, where none is named."""
    for name in named or WATCHED:
        root = importlib.import_module(name)
        if hasattr(root, "__path__"):
            for found in pkgutil.iter_modules(root.__path__, f"{name}."):
                yield found.name, tests_of(found.name)
        else:
            yield name, tests_of(name)


def tests_of(module: str) -> tuple[str, ...]:
    """Its tests, its own first; those of the package that it is in, where it is not named itself.

    Raises:
        KeyError: neither is watched over.
    """
    own = OWN.get(module, ())
    watched = WATCHED[module if module in WATCHED else module.rpartition(".")[0]]
    return (*own, *(test for test in watched if test not in own))


class _Judge:
    """A plugin of pytest: what the tests are is found out once, and they are run in a fork for each mutant."""

    def __init__(self, ask: Callable[[Noticed], None]) -> None:
        self._ask = ask
        self.reached = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running what was found."""
        self.reached = not session.testsfailed
        self._ask(functools.partial(_noticed, session.items))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """In the fork: the first that fails is enough."""
        if report.failed:
            os._exit(1)


def judged(tests: tuple[str, ...], ask: Callable[[Noticed], None]) -> None:
    """Finds these tests, and calls `ask` with what says of a mutant whether one of them fails under it, or never ends.

    Raises:
        RuntimeError: the tests cannot be found, or not be read.
    """
    settings.load_profile(PROFILE)
    judge = _Judge(ask)
    with tempfile.TemporaryDirectory() as folder:
        status = pytest.main([*OPTIONS, f"--basetemp={Path(folder) / 'base'}", *tests], plugins=[judge])
    if not judge.reached:
        raise RuntimeError(f"{', '.join(tests)}: pytest ended with {status}")


def _noticed(items: Sequence[pytest.Item], mutant: SourceMutant) -> bool:
    sys.stdout.flush()
    with in_place(mutant):  # here, since looking for what is alive touches all memory, which a fork would have to copy
        if (child := os.fork()) == 0:
            _run(items)
        _, status = os.waitpid(child, 0)
    return status != 0


def unchanged(module: str) -> SourceMutant:
    """The module as it is: whoever notices that fails for another reason than a change."""
    return SourceMutant(f"{module} as it is", module, inspect.getsource(importlib.import_module(module)))


def _run(items: Sequence[pytest.Item]) -> None:
    """Ends this process: 0 where every test passed."""
    gc.disable()  # likewise
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S + 5))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LONGEST_S * 4)  # one that waits for ever uses no CPU
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    status = 1
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        status = 0
    finally:
        os._exit(status)


def main(named: list[str]) -> int:
    """Prints every mutant with its fate, then the counts by module."""
    counts: dict[str, list[int]] = {}
    open_questions = 0

    def ask(module: str, noticed: Noticed) -> None:
        nonlocal open_questions
        if noticed(unchanged(module)):
            raise SystemExit(f"{module}: its tests fail without any change")
        tried = counts.setdefault(module, [0, 0])
        for mutant in generated(module):
            tried[0] += 1
            if noticed(mutant):
                tried[1] += 1
                continue
            why = source_reason(mutant.name)
            open_questions += not why
            print(f"{mutant.name} | SURVIVES{': ' if why else ''}{why}", flush=True)

    for module, tests in modules(named):
        if names(module):
            judged(tests, functools.partial(ask, module))
    for module, (tried_here, noticed_here) in counts.items():
        print(f"{module}: generated {tried_here}, noticed {noticed_here}, survivors {tried_here - noticed_here}")
    return 1 if open_questions else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
