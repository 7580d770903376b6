"""A private broker, a real core in its own process, and keys for as many lanes as are named."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from core.office.admin import AdminClient, CoreUnreachableError
from simulation.broker import CORE, PrivateBroker
from tools.bench.handshakes import cpu_s
from tools.bench.traffic import CONFIG
from wire.envelope import KeyRing, Signer, public_from_pem, public_to_pem

KEY = "core-1"
_PATIENCE_S = 60.0


class BenchSite:
    """What lanes need as their other end.

    Args:
        folder: empty; the admin socket is in it, so its path must be short.
        lanes: their names; they share one key, for it is their number that counts here.
    """

    def __init__(self, folder: Path, lanes: Iterable[str]) -> None:
        self.folder, self.lanes = folder, tuple(lanes)
        (folder / "broker").mkdir()
        self.broker = PrivateBroker(folder / "broker", lanes=self.lanes)
        self._shared = Signer.generate("lanes")
        self.ring = KeyRing({})
        self._core: subprocess.Popen[bytes] | None = None

    def _command(self, word: str) -> list[str]:
        return [str(Path(sys.executable).with_name("rocars-core")), word, "--config", str(self.folder / "core.toml")]

    def _prepare(self) -> None:
        (self.folder / "password").touch(mode=0o600)
        (self.folder / "password").write_text(self.broker.password(CORE), encoding="utf-8")
        (self.folder / "core.toml").write_text(CONFIG.format(port=self.broker.port), encoding="utf-8")
        subprocess.run(self._command("init"), check=True, capture_output=True)
        for lane in self.lanes:
            (self.folder / "keys" / f"{lane}.pub").write_bytes(public_to_pem(self._shared.public))
        self.ring = KeyRing({KEY: public_from_pem((self.folder / f"{KEY}.pub").read_bytes())})

    async def __aenter__(self) -> Self:
        """Broker and core run, and the core answers."""
        self._prepare()
        self.broker.start()
        try:
            self._start_core()
            await self._answers()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    def _start_core(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self._core = subprocess.Popen(self._command("run"), stdout=log, stderr=log)

    async def _answers(self) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                with suppress(CoreUnreachableError):
                    async with self.admin():
                        return
                await asyncio.sleep(0.05)

    async def __aexit__(self, *_: object) -> None:
        """Both end."""
        if self._core is not None:
            self._core.send_signal(signal.SIGCONT)
            self._core.terminate()
            await asyncio.to_thread(self._core.wait)
        self.broker.stop()

    def signer(self, lane: str) -> Signer:
        """The lanes' key under this lane's name."""
        return Signer.of(lane, self._shared.to_pem())

    def admin(self) -> AdminClient:
        """A way to ask the core."""
        return AdminClient(self.folder / "s", who="bench")

    def silence_core(self, *, silent: bool) -> None:
        """Freezes the core's process: its connections stay open and silent; or lets it go on."""
        if self._core is not None:
            self._core.send_signal(signal.SIGSTOP if silent else signal.SIGCONT)

    def spent(self) -> dict[str, float]:
        """Processor seconds of broker and core until now."""
        core = self._core.pid if self._core is not None else None
        return {"broker": cpu_s(self.broker.pid), "core": cpu_s(core)}
