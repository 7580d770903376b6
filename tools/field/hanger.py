"""Hangs windows where the two monitors are, by their size: `python3 hanger.py DISPLAY WxH+X+Y ...` (Debian's python3-xlib).

The smallest window manager there is: it maps every window at the place of the monitor with its size.
"""

from __future__ import annotations

import re
import sys
import time
from typing import Any

from Xlib import X
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayConnectionError, XError

_PLACE = re.compile(r"(\d+)x(\d+)\+(\d+)\+(\d+)")


def connected(name: str) -> Display:
    """Waits for the X server."""
    while True:
        try:
            return Display(name)
        except (DisplayConnectionError, ConnectionClosedError, OSError):
            time.sleep(0.01)


def hang(window: Any, places: dict[tuple[int, int], tuple[int, int]]) -> None:
    """Puts one window where its monitor is."""
    size = window.get_geometry()
    left, top = places.get((size.width, size.height), (0, 0))
    window.configure(x=left, y=top, border_width=0)


def main(name: str, *wanted: str) -> None:
    """Serves until the X server goes."""
    found = [tuple(map(int, match.groups())) for text in wanted if (match := _PLACE.fullmatch(text))]
    places = {(wide, high): (left, top) for wide, high, left, top in found}
    display = connected(name)
    root = display.screen().root
    root.change_attributes(event_mask=X.SubstructureRedirectMask)
    display.sync()
    while True:
        event = display.next_event()
        try:
            if event.type == X.MapRequest:
                hang(event.window, places)
                event.window.map()
            elif event.type == X.ConfigureRequest:
                # Size as asked for; place as we have it.
                event.window.configure(width=event.width, height=event.height)
                left, top = places.get((event.width, event.height), (0, 0))
                event.window.configure(x=left, y=top)
            display.sync()
        except XError:
            continue  # the window has gone meanwhile


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ConnectionClosedError, OSError):
        sys.exit(0)
