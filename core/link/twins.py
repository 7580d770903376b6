"""Two boxes with one lane's key: seen by the sessions that their nonces name.

Rules of this file:
- A lane draws a session for each connection, and leaves it with the connection. A session that comes again after
  another one was heard is a box that speaks beside it. One nonce that was late is not: it takes `RETURNS` of them.
- Neither box is proved anything while both are heard; with one left, it goes on.
"""

from __future__ import annotations

from collections import deque

RETURNS = 3
"""Changes back to a session that was heard before, within `WITHIN_MS`: two boxes make one each second."""

WITHIN_MS = 10_000
LEFT_MS = 5_000
"""A session that was not heard for so long is gone."""


class SessionWatch:
    """The sessions of one lane."""

    def __init__(self) -> None:
        self._heard: dict[int, int] = {}
        self._last: int | None = None
        self._returns: deque[int] = deque()
        self._doubled = False

    def on_nonce(self, session: int, now_ms: int) -> str:
        """A nonce of this session came; why no box of this lane is proved anything now, "" if there is one box."""
        if session != self._last and session in self._heard:
            self._returns.append(now_ms)
        self._heard[session], self._last = now_ms, session
        self._heard = {one: at for one, at in self._heard.items() if abs(now_ms - at) < WITHIN_MS}
        while self._returns and abs(now_ms - self._returns[0]) >= WITHIN_MS:
            self._returns.popleft()
        here = [one for one, at in self._heard.items() if abs(now_ms - at) < LEFT_MS]
        self._doubled = len(here) > 1 and (self._doubled or len(self._returns) >= RETURNS)
        if not self._doubled:
            return ""
        return f"{len(here)} boxes speak with its key at the same time (sessions {', '.join(map(str, sorted(here)))})"
