"""A stable-for filter: raw levels or looks in, settled edges out. Pure: time comes in with every sample.

Rules of this file
- A level counts once it has been unchanged for `stable_ms`. Everything from the first raw edge until then is one burst.
- A settled edge carries the time of the FIRST raw edge of its burst: that is when the button moved (design §2.1).
- A burst that ends where it began is a glitch: dropped and counted.
- The filter compares levels, never edges, so a lost raw edge is repaired by the next sample and a release is never
  lost (`docs/decisions.md`; gpiozero threads 550, 378 and 559 show edge filters that lose them).
- A line that never settles is chattering. That is reported, not hidden: its contact is then worth nothing.
- A polled board tells looks, and between two looks nobody looked: a level counts once two looks in succession agree that are
  certainly `stable_ms` apart, however late they come. No timer settles it.

Why no press is told twice by looks, at any pace: let its bounces last less than `stable_ms` at each end. A press that has been
told was seen twice, `stable_ms` apart, so the second look came after the bounces of its beginning. Before it can be told again its
end must be seen twice as far apart: the first of these can only be among the bounces of the end, the second is past them.
A counter's press waits for the same: a look `stable_ms` after the count was read, and one `stable_ms` later still, at rest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """A settled change. `at_ms` is the monotonic time of the first raw edge of its burst."""

    active: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class BoardLook:
    """When a polled board looked, monotonic ms: somewhere between these two.

    Attributes:
        asked_ms: it was not asked before.
        answered_ms: it cannot have looked later.
        counted_ms: by when its counter was seen to have risen since the look before; None if it has not.
    """

    asked_ms: int
    answered_ms: int
    counted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Chatter:
    """When a line counts as chattering.

    Attributes:
        edges: so many raw edges within `window_ms` are no finger and no truck.
        window_ms: the window; a burst that lasts this long, or ten filter times if longer, is chatter as well.
        calm_ms: without a raw edge for so long, the line is well again.
    """

    edges: int = 40
    window_ms: int = 2_000
    calm_ms: int = 5_000


class Debounce:
    """The filter of one line.

    Args:
        stable_ms: how long a level must last; 0 lets every sample through.
        chatter: when the line is called broken.
    """

    def __init__(self, *, stable_ms: int, chatter: Chatter | None = None) -> None:
        self._stable_ms = stable_ms
        self._chatter = chatter or Chatter()
        self._longest_burst_ms = max(self._chatter.window_ms, 10 * stable_ms)
        self._raw: bool | None = None
        self._raw_since = 0
        self._burst_since: int | None = None
        self._recent: deque[int] = deque(maxlen=self._chatter.edges)
        self._last: BoardLook | None = None
        self._first: BoardLook | None = None
        """The first look of those that agree."""
        self._count: _Count | None = None
        self.active: bool | None = None
        self.glitches = 0
        self.chattering = False

    def feed(self, active: bool, at_ms: int) -> Edge | None:
        """Takes a raw sample; a sample that repeats the level is allowed and changes nothing.

        Args:
            active: the level seen.
            at_ms: when, monotonic; a sample older than the one before counts as simultaneous with it.

        Returns:
            The edge that has settled by `at_ms`, at most one: an earlier burst is settled before a new one begins.
        """
        at_ms = max(at_ms, self._raw_since)
        settled = self.settle(at_ms)
        if active != self._raw:
            self._begin(active, at_ms)
        return settled or self.settle(at_ms)

    def look(self, active: bool, look: BoardLook) -> tuple[Edge, ...]:
        """Takes what a polled board saw. A line is fed by looks or by `feed`, never by both.

        Returns:
            What has settled: mostly nothing, an edge, or the two of a press that only a counter saw. An edge has the time of
            the look before it, when it had not happened yet: it may look older than it is, never newer (design §2.1).
        """
        since_ms = max(look.asked_ms if self._last is None else self._last.asked_ms, self._raw_since)
        self._last = look
        self._judge(look.asked_ms)
        if look.counted_ms is not None and self.active is not None:
            self._count = self._count or _Count(since_ms, look.counted_ms)
            self._recent.append(since_ms)
            self._raw_since = since_ms
        if active != self._raw or self._first is None:
            self._begin(active, since_ms)
            self._first = look
            if self._count is not None:
                self._count.rest = None
        if self._burst_since is not None and self._apart(self._first, look):
            edge = self._end()
            if edge is not None:
                self._count = None
                return (edge,)
        return self._counted(active, look)

    def settle(self, now_ms: int) -> Edge | None:
        """Lets time pass: the edge whose burst has settled by `now_ms`, if any; of looks only a look settles one."""
        self._judge(now_ms)
        if self._last is not None or self._burst_since is None or now_ms - self._raw_since < self._stable_ms:
            return None
        return self._end()

    def _end(self) -> Edge | None:
        assert self._burst_since is not None
        began, self._burst_since = self._burst_since, None
        if self._raw is None or self._raw == self.active:
            self.glitches += 1
            return None
        self.active = self._raw
        return Edge(active=self._raw, at_ms=began)

    def due_ms(self) -> int | None:
        """When `settle` should be called next, or None while the line is at rest."""
        if self._burst_since is not None and self._last is None:
            return self._raw_since + self._stable_ms
        return self._raw_since + self._chatter.calm_ms if self.chattering else None

    def _apart(self, one: BoardLook, other: BoardLook) -> bool:
        return self._stable_ms == 0 or other.asked_ms - one.answered_ms >= self._stable_ms

    def _counted(self, active: bool, look: BoardLook) -> tuple[Edge, ...]:
        """The press that came and went unseen, once the line is certainly at rest after it: what is counted until then is its own."""
        count = self._count
        if count is None or self.active is None or active != self.active:
            return ()
        if count.rest is None:
            count.rest = look if look.asked_ms - count.read_ms >= self._stable_ms else None
            return ()
        if not self._apart(count.rest, look):
            return ()
        self._count = None
        return (Edge(active=not active, at_ms=count.since_ms), Edge(active=active, at_ms=count.since_ms))

    def _begin(self, active: bool, at_ms: int) -> None:
        self._raw, self._raw_since = active, at_ms
        if self._burst_since is None:
            self._burst_since = at_ms
        self._recent.append(at_ms)
        self._judge(at_ms)

    def _judge(self, now_ms: int) -> None:
        if now_ms - self._raw_since >= self._chatter.calm_ms:
            self._recent.clear()
            self.chattering = False
            return
        crowded = len(self._recent) == self._chatter.edges and now_ms - self._recent[0] <= self._chatter.window_ms
        restless = self._burst_since is not None and self._raw_since - self._burst_since >= self._longest_burst_ms
        self.chattering = self.chattering or crowded or restless


@dataclass(slots=True)
class _Count:
    """A counter rose: after `since_ms`, and no later than `read_ms`; `rest` is the first look that is past the bounces of that."""

    since_ms: int
    read_ms: int
    rest: BoardLook | None = None
