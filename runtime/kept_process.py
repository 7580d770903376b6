"""A child process that is started again whenever it ends, for as long as its parent wants it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence

from runtime.backoff import Backoff

log = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0
_GRACE_S = 2.0  # between being asked to end and being killed


class KeptProcess:
    """One child process, started again whenever it ends.

    The wait before a start doubles up to 5 s; after a process that ran for longer than that it begins at the shortest again.

    Args:
        name: in messages.
        command, environment: of the process.
        chance: a random number in [0, 1), for the spread of restarts.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._name = name
        self._command = list(command)
        self._environment = None if environment is None else dict(environment)
        self._chance = chance
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that was started last; None before the first."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Starts it and returns at once."""
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self._name}")

    async def stop(self) -> None:
        """Asks it to end, and kills it if it has not within 2 s."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def restart(self) -> None:
        """Kills one that does not answer; it is started again."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        backoff = Backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S, chance=self._chance)
        while True:
            began_s = clock()
            self._process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)
            status = await self._process.wait()
            if clock() - began_s > _LONGEST_WAIT_S:
                backoff.reset()
            pause_s = backoff.next_s()
            log.warning("%s ended with status %d; again in %.1f s", self._name, status, pause_s)
            await asyncio.sleep(pause_s)
