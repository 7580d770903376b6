"""Writes the pages that are made from the source: `python -m edge.documents [--mutants]`, in the repository's root."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.prove import hunted
from lane_agent.document import lane_page, mutants_page
from lane_agent.prove.mutants import mutants

DOCS = Path("docs")


def main(arguments: list[str]) -> int:
    """Writes `docs/lane.md`, and with `--mutants` (minutes) `docs/mutants.md`."""
    (DOCS / "lane.md").write_text(lane_page(), encoding="utf-8")
    if "--mutants" in arguments:
        fates = list(hunted(range(len(tuple(mutants())))))
        (DOCS / "mutants.md").write_text(mutants_page(fates), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
