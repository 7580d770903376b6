"""What the wall's page may not cost the browser of a control room that is open day and night."""

from __future__ import annotations

from pathlib import Path

import pytest

import wall

STYLES = sorted((Path(wall.__file__).parent / "static").glob("*.css"))


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_nothing_on_the_page_moves_without_end(style: Path) -> None:
    """A need that nobody took blinks by the wall's beat: an endless animation draws the page sixty times a second."""
    assert "infinite" not in style.read_text(encoding="utf-8")
