"""`display.process.Surface` on an LED board that is spoken to over a line.

Rules of this file:

1. A painting counts when the board has said which pixels its LEDs are driven with, and they are these (`BoardState.shown`).
2. The board is asked four times a second. Each request starts its own clock anew: when this process hangs or dies, the board
   shows its own face within `BoardInfo.silent_ms`, and "Clearance Completed" goes with it.
3. Pictures are stored ahead, a piece each turn, 3 first: showing one is then a few bytes, also on a slow line.
4. A board that answers late, shows something else, reports a fault, or would stand for longer than `LONGEST_SILENT_MS`
   without us is a trouble, and the agent is told.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Callable
from typing import Protocol

from display.failsafe import Showing
from display.led.frames import (
    CHUNK,
    BoardInfo,
    BoardState,
    FrameReader,
    Kind,
    LedLineError,
    LineFrame,
    PictureChunk,
    received_of,
)
from display.light import DAY, Light
from display.settings import Size
from display.wayland.surface import Draws
from lane_agent.wording import Scene

log = logging.getLogger("display")

BEAT_S = 0.25
ANSWER_S = 0.4
"""A board that has not answered by then is not there: less than both screens have to confirm 3."""
LONGEST_SILENT_MS = 2_000
_DIAL_S = 0.5
_FIRST = (Scene.DONE, Scene.EXAMINE, Scene.STOP, Scene.WAIT)


class Line(Protocol):
    """An open line; `display.led.wire.LedWire` is the real one."""

    def write(self, data: bytes) -> None:
        """Sends; raises `OSError`."""

    def read(self) -> bytes:
        """What has come, soon; raises `OSError`."""

    def close(self) -> None:
        """Gives it back."""


class LedSurface:
    """One board.

    Args:
        size: of the sign; the board must say the same of itself.
        dial: opens the line; raises `OSError`.
        mono_s: monotonic clock, seconds.
        pat: called while it waits for the board: the loop turns.
        simulated: the signs stored ahead carry the ribbon.

    Attributes:
        easel: what draws; None until it is loaded.
        light: what the next painting is painted with.
        trouble: why no sign may be shown; "" if all is well.
    """

    def __init__(
        self,
        size: Size,
        dial: Callable[[], Line],
        *,
        mono_s: Callable[[], float],
        pat: Callable[[], None] = lambda: None,
        simulated: bool = False,
    ) -> None:
        self.easel: Draws | None = None
        self.light: Light = DAY
        self.trouble = "no answer from the LED board yet"
        self._size = size
        self._dial = dial
        self._mono_s = mono_s
        self._pat = pat
        self._simulated = simulated
        self._line: Line | None = None
        self._frames = FrameReader()
        self._number = 0
        self._again_s = self._beaten_s = mono_s()
        self._stored: set[bytes] = set()
        self._ahead: list[Showing] = []
        self._sending: tuple[bytes, bytes, int, bool] | None = None
        self._wanted = b""

    def files(self) -> list[int]:
        """Its turns come by time."""
        return []

    def closed_by_hand(self) -> bool:
        """Nobody can."""
        return False

    def digest(self) -> str:
        """sha256 (hex) of what was drawn last."""
        return "" if self.easel is None else self.easel.digest()

    def attend(self) -> bool:
        """Asks the board what it shows and sends a piece of what is stored ahead; False if what was painted stands no more."""
        stood = bool(self._wanted)
        try:
            if self._line is None:
                self._begin()
            elif self._mono_s() - self._beaten_s >= BEAT_S:
                self._judge(self._ask(LineFrame(Kind.ASK, 0)))
            elif self.easel is not None:
                self._send_ahead()
        except (OSError, LedLineError) as error:
            self._lose(str(error))
        return bool(self._wanted) or not stood

    def paint(self, showing: Showing) -> bool:
        """Stores it, if it is not there, shows it, and reads back what the board shows."""
        if self._line is None or self.easel is None or self.trouble:
            return False
        try:
            name = self._store_now(self._drawn(showing), own=showing.safe)
            self._wanted = name
            self._judge(self._ask(LineFrame(Kind.SHOW, 0, name)))
        except (OSError, LedLineError) as error:
            self._lose(str(error))
        return self._wanted != b"" and not self.trouble

    def close(self) -> None:
        """Lets the board go; its own face comes by its own clock."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _begin(self) -> None:
        if self._mono_s() < self._again_s:
            return
        self._again_s = self._mono_s() + _DIAL_S
        self._line, self._frames = self._dial(), FrameReader()
        info = BoardInfo.decode(self._ask(LineFrame(Kind.HELLO, 0)).payload)
        if (info.width, info.height) != self._size:
            raise LedLineError(f"the LED board has {info.width}x{info.height} pixels, the settings say {self._size}")
        if not 0 < info.silent_ms <= LONGEST_SILENT_MS:
            raise LedLineError(
                f"the LED board keeps its picture for {info.silent_ms} ms: set it to {LONGEST_SILENT_MS} or less"
            )
        self._stored.clear()
        self._ahead = [Showing(scene, 0, "", self._simulated, scene is Scene.WAIT) for scene in reversed(_order())]
        self._say("")

    def _judge(self, answer: LineFrame) -> None:
        state = BoardState.decode(answer.payload)
        self._beaten_s = self._mono_s()
        if state.faults:
            raise LedLineError(f"the LED board reports fault {state.faults:#04x}: see its maker's table")
        if self._wanted and state.shown != self._wanted:
            self._wanted = b""
            log.warning("the LED board shows another picture than it was told")

    def _ask(self, frame: LineFrame) -> LineFrame:
        """The board's answer to a request.

        Raises:
            TimeoutError: none in time (an `OSError`).
            LedLineError: it refuses.
        """
        line = self._line
        if line is None:
            raise ConnectionError("no line to the LED board")
        self._number = self._number % 255 + 1
        line.write(LineFrame(frame.kind, self._number, frame.payload).encode())
        until = self._mono_s() + ANSWER_S
        while self._mono_s() < until:
            self._pat()
            for answer in self._frames.feed(line.read()):
                if answer.number != self._number:
                    continue
                if answer.kind != frame.kind | 0x80:
                    raise LedLineError(f"the LED board refuses request {frame.kind:#04x}")
                return answer
        raise TimeoutError(f"the LED board did not answer within {ANSWER_S:g} s")

    def _drawn(self, showing: Showing) -> bytes:
        """Rows of red, green, blue."""
        assert self.easel is not None
        self.easel.light = self.light
        drawn = self.easel.draw(showing, self._size)
        pixels = bytearray(len(drawn) // 4 * 3)
        pixels[0::3], pixels[1::3], pixels[2::3] = drawn[2::4], drawn[1::4], drawn[0::4]
        return bytes(pixels)

    def _store_now(self, pixels: bytes, *, own: bool) -> bytes:
        name = hashlib.sha256(pixels).digest()[:8]
        if name not in self._stored:
            self._sending = (name, zlib.compress(pixels, 9), 0, own)
            while self._sending is not None:
                self._send_piece()
        return name

    def _send_ahead(self) -> None:
        """One piece of one picture (rule 3)."""
        if self._sending is not None:
            self._send_piece()
        elif self._ahead:
            pixels = self._drawn(showing := self._ahead.pop())
            name = hashlib.sha256(pixels).digest()[:8]
            if name not in self._stored:
                self._sending = (name, zlib.compress(pixels, 9), 0, showing.safe)

    def _send_piece(self) -> None:
        if self._sending is None:
            return
        name, packed, offset, own = self._sending
        chunk = PictureChunk(name, own, offset, len(packed), packed[offset : offset + CHUNK])
        said, received = received_of(self._ask(LineFrame(Kind.STORE, 0, chunk.encode())).payload)
        if said != name or received != min(offset + CHUNK, len(packed)):
            self._sending = None
            raise LedLineError("the LED board lost a piece of a picture")
        self._sending = (name, packed, received, own) if received < len(packed) else None
        if self._sending is None:
            self._stored.add(name)

    def _lose(self, why: str) -> None:
        self.close()
        self._wanted, self._sending = b"", None
        self._again_s = self._mono_s() + _DIAL_S
        self._say(why)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("LED board: %s", trouble or "all is well again")
            self.trouble = trouble


def _order() -> list[Scene]:
    """The scenes in the order they are stored; EARLY has another text each time."""
    return [*_FIRST, *(scene for scene in Scene if scene not in _FIRST and scene is not Scene.EARLY)]
