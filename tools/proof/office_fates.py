"""What notices the generated mutants of the centre's pure rules: `python -m tools.proof.office_fates [MODULE…]`.

The judge is the module's own tests, run in this process with the changed code in place, to the first that fails. Survivors need
a look: a test, or a reason in `MAY_LIVE`. Exit status: 1 where one survives without a reason. Minutes.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.proof.source_mutants import SourceMutant, generated, in_place

JUDGES = {
    "core.model.earliest": ("tests/core/test_earliest.py",),
    "core.model.ownership": ("tests/core/test_people.py", "-k", "ownership"),
    "core.office.rights": (
        "tests/core/test_people.py",
        "-k",
        "role or stranger or trade or technician or rights or releases",
    ),
    "core.select.criteria": ("tests/core/test_select.py", "-k", "not file and not edit"),
    "core.select.engine": (
        "tests/core/test_select.py",
        "tests/core/test_core_domain.py",
        "-k",
        "not file and not edit",
    ),
}
"""Modules, and the tests that judge them."""

MAY_LIVE: dict[str, str] = {}
"""Survivors by their name without its line, each with the reason why it may live."""


def is_noticed(mutant: SourceMutant, judges: tuple[str, ...]) -> bool:
    """Whether one of the tests fails with the change in place."""
    words = [*judges, "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--hypothesis-seed=1"]
    with in_place(mutant), Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        return pytest.main(words) != pytest.ExitCode.OK


def fates(modules: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Each mutant's name, and whether it is noticed."""
    for module in modules:
        for mutant in generated(module):
            yield mutant.name, is_noticed(mutant, JUDGES[module])


def plain_name(name: str) -> str:
    """A mutant's name without the line it is in, which moves."""
    place, _, rest = name.partition(" turns ") if " turns " in name else name.partition(" ")
    return f"{place.partition(':')[0]} {rest}"


def main(modules: tuple[str, ...]) -> int:
    """Prints a line a mutant that nobody notices, and how many there are of each kind."""
    told = noticed = without = 0
    for name, seen in fates(modules or tuple(JUDGES)):
        told, noticed = told + 1, noticed + seen
        if not seen:
            reason = MAY_LIVE.get(plain_name(name), "")
            without += not reason
            print(f"survives: {name}: {reason or 'WITHOUT A REASON'}", flush=True)
    print(f"{told} mutants, {noticed} noticed")
    return int(without > 0)


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
