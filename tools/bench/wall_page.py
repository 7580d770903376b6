"""The wall's page as the bench watches it: when a plate came to the page, when it was on it, and how many pictures came.

Rules of this file:
- The page is the shipped one. What is noted is noted by a script that stands in it from its first moment and changes nothing.
- A plate is on the page in the frame after the one in which its text was drawn: one frame too late rather than too early.
- Moments of the page are brought to the machine's monotonic clock by asking the page for its own, and halving the way there and
  back; `PageClock.doubt_ms` is how far that may be wrong.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

_ASKED = 40
"""How often the page is asked for its clock; the quickest answer counts."""

_NOTE = """
(() => {
  const clock = () => performance.timeOrigin + performance.now();
  const bench = (globalThis.bench = { clock, came: [], seen: [], pictures: 0, longest: 0, busy: 0 });
  const listen = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (name, take, ...rest) {
    const noting = (event) => {
      const at = clock();
      if (event.data.includes('"vrn"'))
        for (const [lane, tile] of Object.entries(JSON.parse(event.data).tiles ?? {}))
          if (tile?.vrn) bench.came.push([lane, tile.vrn, at]);
      take(event);
    };
    return listen.call(this, name, name === "some" ? noting : take, ...rest);
  };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      bench.longest = Math.max(bench.longest, one.duration);
      bench.busy += one.duration;
    }
  }).observe({ type: "longtask" });
})();
"""
_WATCH = """
() => {
  const { bench } = globalThis;
  const note = (lane, vrn) => requestAnimationFrame(() => requestAnimationFrame(() => bench.seen.push([lane, vrn, bench.clock()])));
  for (const tile of document.querySelectorAll("#grid > .tile")) {
    const plate = tile.querySelector(".plate");
    new MutationObserver(() => plate.textContent && note(tile.dataset.key, plate.textContent))
      .observe(plate, { childList: true, characterData: true, subtree: true });
  }
  const grid = document.querySelector("#grid");
  grid.addEventListener("load", (event) => { bench.pictures += Number(Boolean(event.target.closest(".pic"))); }, true);
}
"""
_RESET = "() => Object.assign(globalThis.bench, { came: [], seen: [], pictures: 0, longest: 0, busy: 0 })"
_READY = """
() => [document.querySelectorAll("#grid .tile:not(.unheard)").length,
       document.querySelectorAll("#grid .pic:not(.old)").length]
"""

Marked = dict[tuple[str, str], float]
"""(lane, mark) to its moment, ms of the monotonic clock."""


@dataclass(frozen=True, slots=True)
class PageClock:
    """The page's clock beside the monotonic one: `ahead_ms` is to be taken off, and may be wrong by `doubt_ms`."""

    ahead_ms: float
    doubt_ms: float

    @classmethod
    def of(cls, page: Page) -> PageClock:
        """Asks the page."""
        found = []
        for _ in range(_ASKED):
            before = time.monotonic_ns() / 1e6
            theirs: float = page.evaluate("globalThis.bench.clock()")
            after = time.monotonic_ns() / 1e6
            found.append((after - before, theirs - (before + after) / 2))
        taken, ahead = min(found)
        return cls(ahead, taken / 2)


@dataclass(frozen=True, slots=True)
class PageNotes:
    """What was noted since the watch began.

    Attributes:
        came: when the message with a plate was handed to the page's script; seen: when the plate was on the page.
        pictures: how many pictures of tiles were shown.
        longest_ms: the longest that the page's script held the page up, 0 if never for 50 ms; busy_ms: all such together.
        clock: by which the moments are.
    """

    came: Marked
    seen: Marked
    pictures: int
    longest_ms: float
    busy_ms: float
    clock: PageClock


class WatchedPage:
    """A page of the wall, from before it is opened.

    Args:
        page: of a browser.
        url: of the wall.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url
        page.add_init_script(_NOTE)

    def log_in(self, name: str, password: str) -> None:
        """By the form."""
        self.page.goto(self._url)
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.click("button.go")
        self.page.wait_for_selector("#grid > .tile", timeout=60_000)

    def wait_for(self, lanes: int, *, pictures: bool, patience_s: float) -> None:
        """Waits until that many lanes are heard and have a picture that is not old.

        Raises:
            TimeoutError: they do not.
        """
        end = time.monotonic() + patience_s
        while True:  # the page's policy lets no tool wait inside it
            heard, pictured = self.page.evaluate(_READY)
            if heard >= lanes and (pictured >= lanes or not pictures):
                return
            if time.monotonic() > end:
                raise TimeoutError(f"{heard} of {lanes} lanes are heard, {pictured} seen, after {patience_s} s")
            self.page.wait_for_timeout(100)

    def watch(self) -> None:
        """Plates and pictures count from now on."""
        self.page.evaluate(_WATCH)
        self.page.evaluate(_RESET)

    def pictures(self) -> int:
        """How many pictures of tiles were shown since."""
        return int(self.page.evaluate("globalThis.bench.pictures"))

    def old_pictures(self) -> int:
        """How many tiles have none, or an old one."""
        return int(self.page.evaluate("document.querySelectorAll('#grid .pic.old').length"))

    def notes(self) -> PageNotes:
        """All that was noted."""
        clock = PageClock.of(self.page)
        bench: dict[str, Any] = self.page.evaluate("globalThis.bench")

        def marked(rows: list[tuple[str, str, float]]) -> Marked:
            return {(lane, vrn): at - clock.ahead_ms for lane, vrn, at in reversed(rows)}

        came, seen = marked(bench["came"]), marked(bench["seen"])
        return PageNotes(came, seen, bench["pictures"], bench["longest"], bench["busy"], clock)
