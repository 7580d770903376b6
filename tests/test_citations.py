"""Every citation in the tree has its target in `docs/`: `design §2.4`, `domain §4 row 9`, `lessons 31`, `seed 004`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lane_agent.table import TABLE

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

_LINE_BREAK = re.compile(r"\s*\n[ \t]*(?:(?:#+|//|\*)[ \t]+)?")
_SECTION = re.compile(
    r"(?:(?P<named>design|domain|RFC \d+)(?:\.md)?`?\)? |(?P<joined>(?:,| and|;| to) ))?"
    r"§(?P<section>\d+[a-z]?(?:\.\d+)?)(?:[-–](?P<last>\d+))?"
    r"(?P<rows>,? rows? [\d, andto–-]*\d)?",
    re.IGNORECASE,
)
_ROWS_OF = re.compile(r"\brows? ([\d, andto–-]*\d) of domain §4", re.IGNORECASE)
_LESSONS = re.compile(r"\blessons? (\d+(?:(?:, | and | to |[-–])\d+)*)", re.IGNORECASE)
_SEEDS = re.compile(r"\bseeds? (0\d\d(?:(?:, | and | to )0\d\d)*)\b", re.IGNORECASE)


def targets() -> frozenset[str]:
    """All that can be cited: the numbered headings, items and table rows of the four documents."""
    found = {f"lessons {number}" for number in _numbered("lessons.md")}
    found |= {f"seed {number}" for number in re.findall(r"^## Seed (\d{3})", _text("seeds.md"), re.MULTILINE)}
    for name in ("design", "domain"):
        section = ""
        for line in _text(f"{name}.md").splitlines():
            if heading := re.match(r"#+ (\d+[a-z]?)\. ", line):
                section = heading[1]
                found.add(f"{name} §{section}")
            elif item := re.match(r"(?:\| )?(\d+)(?:\. | \|)", line):
                found.add(f"{name} §{section}.{item[1]}")
    return frozenset(found)


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _numbered(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"^\| (\d+) \|", _text(name), re.MULTILINE)]


def citations(text: str) -> Iterator[str]:
    """What a text cites, each in the form in which `targets` has it.

    A § goes with the document named before it, or with the § that it is joined to; alone it is a point of the lane's law.
    """
    flat = _LINE_BREAK.sub(" ", text)
    document, end = "design", 0
    for match in _SECTION.finditer(flat):
        joined = match["joined"] and match.start() == end
        document, end = (match["named"] or (document if joined else "design")).lower(), match.end()
        if document.startswith("rfc"):
            continue
        yield f"{document} §{match['section']}"
        if match["last"]:
            yield f"{document} §{match['section'].partition('.')[0]}.{match['last']}"
        if document == "domain" and match["rows"]:
            yield from (f"domain §4.{row}" for row in re.findall(r"\d+", match["rows"]))
    for found in _ROWS_OF.findall(flat):
        yield from (f"domain §4.{row}" for row in re.findall(r"\d+", found))
    for found in _LESSONS.findall(flat):
        yield from (f"lessons {number}" for number in re.findall(r"\d+", found))
    for found in _SEEDS.findall(flat):
        yield from (f"seed {number}" for number in re.findall(r"\d+", found))


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every tracked text file but this one, whose citations are examples."""
    listing = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]  # the clone may belong to another user
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.rstrip("\0").split("\0"):
        path = ROOT / name
        if path == Path(__file__).resolve() or not path.is_file():
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures and weights


def astray(text: str) -> set[str]:
    """Citations in a text that lead nowhere."""
    return set(citations(text)) - targets()


def test_every_citation_leads_somewhere() -> None:
    """Whoever meets a citation can look it up in the repository."""
    cited = {name: set(citations(text)) for name, text in tracked()}
    there = targets()
    assert {name: sorted(found - there) for name, found in cited.items() if found - there} == {}
    assert {"design §2.2", "design §3", "domain §4", "domain §3c.4", "lessons 6", "seed 004"} <= set().union(
        *cited.values()
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("as design §2.99 says", {"design §2.99"}),
        ("(design §7)", {"design §7"}),
        ("(domain §1c.37)", {"domain §1c.37"}),
        ("domain §3c.1-9", {"domain §3c.9"}),
        ("domain §4 rows 9–23", {"domain §4.23"}),
        ("row 23 of domain §4", {"domain §4.23"}),
        ("(lessons 6, 34 and 99)", {"lessons 34", "lessons 99"}),
        ("the sample of seed\n    # 005", {"seed 005"}),
        ("§2.18: a point that the law does not have", {"design §2.18"}),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str, wrong: set[str]) -> None:
    """In prose, in brackets, in lists and ranges, over the end of a comment's line."""
    assert astray(text) == wrong


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        (
            "domain §1b.21 and §1h; domain §1b.29, §1c.38",
            {"domain §1b.21", "domain §1h", "domain §1b.29", "domain §1c.38"},
        ),
        ("Design §2.2 and §2.8: a stop", {"design §2.2", "design §2.8"}),
        ("(design §2.5). Domain §8.", {"design §2.5", "domain §8"}),
        ("(domain §4) and the press (§2.5)", {"domain §4", "design §2.5"}),
        ("Seeds 003 and 004; lessons 1 to 3", {"seed 003", "seed 004", "lessons 1", "lessons 3"}),
        ("base64 (RFC 4648 §4), --seed 31, seed 9, seeds today", set()),
    ],
)
def test_citations_are_read_in_every_form_that_is_in_use(text: str, cited: set[str]) -> None:
    """And what only looks like one is none."""
    assert set(citations(text)) == cited


def test_the_numbering_has_no_gap_where_it_must_have_none() -> None:
    """Points of the law, rows of the decision table, lessons and seeds."""
    there = targets()
    assert {f"design §2.{number}" for number in range(1, 18)} <= there
    assert {f"domain §4.{number}" for number in range(1, 23)} <= there
    assert _numbered("lessons.md") == list(range(1, 34))
    assert {f"seed {number:03}" for number in range(5)} <= there


def test_every_row_that_the_lane_runs_is_in_the_decision_table() -> None:
    """The numbers of `TABLE` are those of domain §4."""
    assert {f"domain §4.{row.number}" for row in TABLE} <= targets()


def test_a_lesson_names_tests_that_exist() -> None:
    """A renamed test file is renamed in the lesson that it holds."""
    named = set(re.findall(r"`(test_\w+\.py)`", _text("lessons.md")))
    assert named
    assert named - {path.name for path in (ROOT / "tests").rglob("test_*.py")} == set()
