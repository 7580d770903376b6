"""The pages under `docs/` that are made from the source: `python -m tools.docs.pages [--check] [--mutants]`.

Run it in the repository's root. Exit status: 0 done or equal, 1 with `--check` where a page differs, or where the
contract may not change like this without a new version (docs/compatibility.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.conformance.document import conformance_page
from tools.docs.alarm_pages import alarms_page, catalog
from tools.docs.cargo_pages import cargo_page, cargo_schema, people_page
from tools.docs.contract import pages
from tools.docs.lane_pages import lane_page, mutants_page, mutants_page_of_source
from tools.docs.page_requests import FILE as PAGE_REQUESTS
from tools.docs.page_requests import page_requests_text
from tools.proof.command import fates_of
from tools.proof.mutants import mutants

DOCS = Path("docs")


def main(arguments: list[str]) -> int:
    """Writes lane.md and the contract, and with `--mutants` (minutes) mutants.md; with `--check` compares instead."""
    if "--check" in arguments:
        return check()
    if not contract_may_change(DOCS):
        return 1
    write(made())
    if "--mutants" in arguments:
        fates = list(fates_of(range(len(tuple(mutants())))))
        write({"mutants.md": mutants_page(fates)})
    return 0


def made() -> dict[str, str]:
    """The pages and their texts; of mutants.md only the tables of changes of the source, for the others take minutes."""
    alarms = {"alarms.md": alarms_page(), "../config/rocars.catalog": catalog()}
    centre = {"cargo.md": cargo_page(), "cargo.schema.json": cargo_schema(), "people.md": people_page()}
    mutants_md = {"mutants.md": mutants_page_of_source(_read("mutants.md"))}
    lane = {"lane.md": lane_page(), PAGE_REQUESTS: page_requests_text(), **mutants_md}
    return {"conformance.md": conformance_page(), **lane, **alarms, **centre, **pages.pages()}


def write(texts: dict[str, str]) -> None:
    """Writes pages under `docs/`, and takes away schemas of messages that are no more."""
    for name, text in texts.items():
        path = DOCS / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if pages.INDEX in texts:
        for path in stale(DOCS):
            path.unlink()


def check() -> int:
    """Says which pages differ from what the source makes, and what that means for the contract."""
    contract_may_change(DOCS)
    wrong = [name for name, text in made().items() if _read(name) != text]
    for name in [*wrong, *(str(path.relative_to(DOCS)) for path in stale(DOCS))]:
        print(f"docs/{name} differs from what the source makes; run python -m tools.docs.pages")
    return int(bool(wrong) or bool(stale(DOCS)))


def _read(name: str) -> str:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def schema_files(docs: Path) -> list[str]:
    """The names of the committed schemas' files."""
    return sorted(path.name for path in (docs / "schemas").glob("*.json") if path.name != Path(pages.INDEX).name)


def stale(docs: Path) -> list[Path]:
    """Schemas of messages that are no more."""
    return [docs / "schemas" / name for name in schema_files(docs) if f"schemas/{name}" not in pages.pages()]


def contract_may_change(docs: Path) -> bool:
    """Prints what differs from the committed contract, with the policy's rule; whether it may be written."""
    if not (docs / pages.INDEX).exists():
        return True
    old = pages.committed(lambda name: (docs / name).read_text(encoding="utf-8"), schema_files(docs))
    changes, refusal = pages.changed(old)
    for change in changes:
        print(change)
    if refusal:
        print(refusal)
    return not refusal


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
