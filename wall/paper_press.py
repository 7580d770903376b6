"""Stories as PDFs: drawn by a process of its own (`wall.paper_child`), one at a time.

Rules of this file: the wall's loop waits for nothing, and its memory has the finished file alone. Whoever asks while another story is
drawn waits for it; one that takes longer than `DRAWS_S` is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Final

import msgspec

from wall.errors import PagesError
from wall.paper_words import TOO_LARGE
from wall.story_paper import PaperJob

DRAWS_S: Final = 120.0
"""Seconds from the start of the process: most stories take one or two, the longest that the core tells some forty."""


class PaperPress:
    """Draws stories.

    Args:
        draws_s: how long one may take.
    """

    def __init__(self, *, draws_s: float = DRAWS_S) -> None:
        self._draws_s = draws_s
        self._turn = asyncio.Lock()

    async def draw(self, job: PaperJob) -> bytes:
        """The PDF.

        Raises:
            PagesError: it could not be drawn in time, or at all.
        """
        async with self._turn:
            command = [sys.executable, "-m", "wall.paper_child", "--end-with", str(os.getpid())]
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
            try:
                async with asyncio.timeout(self._draws_s):
                    made, _ = await child.communicate(msgspec.json.encode(job))
            except TimeoutError as error:
                raise PagesError(f"it was not drawn within {self._draws_s:.0f} s") from error
            finally:
                await _ended(child)
        if child.returncode:
            raise PagesError("it is too large" if child.returncode in {TOO_LARGE, -9, -24} else "see the wall's log")
        return made


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
