"""A serial cable without hardware: two pty devices, what goes in at one end comes out at the other, until it is pulled."""

from __future__ import annotations

import os
import select
import threading
import tty
from types import TracebackType
from typing import Self


class SerialCable:
    """Attributes: `ends`, the two devices; `cut`, set while the cable is pulled."""

    def __init__(self) -> None:
        pairs = [os.openpty() for _ in range(2)]
        for near, far in pairs:
            tty.setraw(near)
            tty.setraw(far)
        self._near, self._far = [near for near, _ in pairs], [far for _, far in pairs]
        self.ends = [os.ttyname(far) for far in self._far]
        self.cut = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        for fd in (*self._near, *self._far):
            os.close(fd)

    def _carry(self) -> None:
        one, other = self._near
        while not self._over.is_set():
            ready, _, _ = select.select(self._near, [], [], 0.05)
            for fd in ready:
                data = os.read(fd, 4_096)
                if not self.cut.is_set():
                    os.write(other if fd == one else one, data)
