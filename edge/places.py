"""Where the processes of one box meet, and the page's. Imported by processes that load no driver."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edge.settings.load import Settings
from runtime.kept_process import KeptProcess


def world_socket(settings: Settings) -> Path:
    """Where the world of a demonstration listens for the page's simulation panel."""
    return settings.lane.store.parent / "world.sock"


def page_socket(settings: Settings) -> Path:
    """Where the agent listens for its page."""
    return settings.console.socket or settings.lane.store.parent / "page.sock"


def live_socket(page: Path) -> Path:
    """Where the reader process offers the camera's stream to the page whose socket is `page`."""
    return page.with_suffix(".live")


def page_process(settings: Settings, file: Path) -> KeptProcess | None:
    """The page as a child of the agent; None where it is a unit of its own."""
    if settings.console.own_unit:
        return None
    command = [sys.executable, "-m", "edge.page_process", "--config", str(file), "--socket", str(page_socket(settings))]
    return KeptProcess("the page", [*command, "--end-with", str(os.getpid())])
