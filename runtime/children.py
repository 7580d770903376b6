"""For a child process of ours: it ends when its parent does, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent(number: signal.Signals = signal.SIGKILL, *, parent: int = 0) -> None:
    """Has the kernel send this process a signal when the thread that started it ends.

    Args:
        number: which signal.
        parent: the parent's process id; if that has ended already, so does this process. 0 where nobody told it.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)
    if parent and os.getppid() != parent:  # it ended before the kernel was asked
        sys.exit(0)
