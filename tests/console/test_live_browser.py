"""The live picture in a real browser: it plays, and what stands still does not look live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.desk import Desk, expect
from tests.rigs.filmed import FilmedLane


@pytest.fixture
def film(tmp_path: Path) -> Iterator[FilmedLane]:
    """A camera that plays."""
    made = FilmedLane(tmp_path / "page.live")
    yield made
    made.close()


def test_the_stream_plays_and_gives_way_to_single_pictures_when_it_stands(
    film: FilmedLane, serve: Callable[..., Any], tab: Any
) -> None:
    """With words for both; and it comes back by itself."""
    desk = Desk(serve(live=film.place), tab)
    desk.log_in()
    live, note = tab.locator("#live"), tab.locator("#live-note")
    expect(live).to_be_visible()
    expect(note).to_contain_text("Live, 0.")
    assert live.evaluate("canvas => [canvas.width, canvas.height]") == [128, 64]
    film.hold()
    expect(live).to_be_hidden()
    expect(tab.locator("#frame")).to_be_visible()
    expect(note).to_have_text("Live video has stopped: single pictures.")
    film.play()
    expect(live).to_be_visible()
    expect(note).to_contain_text("Live, ")
