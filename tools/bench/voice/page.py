"""A call to the officers' page, in headless Chromium on a computer with a sound server of its own.

What is played into that server's `room` is what the officer says, and `kiosk_loudspeaker.monitor` is what he hears: the whole
way through browser, microphone and loudspeaker is in the measurement. The browser is told to give the microphone and to take a
certificate that nobody signed; whether the page may play sound is the browser's own to decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from devices.voice.settings import Echo
from devices.voice.sound import SoundServer
from tools.bench.voice.kiosk import OFFICER, PASSWORD, Kiosk

CHROMIUM = "/usr/bin/chromium"
_FLAGS = ("--no-sandbox", "--use-fake-ui-for-media-stream")
_ANSWER = 'button[data-act="answer"]:not([disabled])'
_WATCH = """
new MutationObserver(() => {
  const rings = document.querySelector(`#help:not([hidden]) button[data-act="answer"]:not([disabled])`);
  if (!rings) window.rocarsRang = 0;
  else window.rocarsRang ||= Date.now();
}).observe(document, { subtree: true, attributes: true, childList: true });
"""
_RECORDERS = ("pactl", "list", "source-outputs", "short")
_PATIENCE_S = 90
_CLICKS = 6


class OfficerPage:
    """A page in a browser.

    Attributes:
        tab: playwright's page.
        environment: of the officer's sound server.
    """

    def __init__(self, tab: Any, environment: dict[str, str]) -> None:
        self.tab = tab
        self.environment = environment

    async def log_in(self, address: str, officer: str) -> None:
        """As an officer does."""
        await self.tab.goto(f"{address}login")
        await self.tab.fill('[name="name"]', officer)
        await self.tab.fill('[name="password"]', PASSWORD)
        await self.tab.press('[name="password"]', "Enter")
        await self.tab.wait_for_selector("#help", state="attached")

    async def rings(self) -> float:
        """Waits until it does; the moment (monotonic, s) at which it drew that."""
        await self.tab.wait_for_selector(_ANSWER)
        return float(await self.tab.evaluate("window.rocarsRang")) / 1_000 - time.time() + time.monotonic()

    async def answer(self) -> None:
        """Clicks *Answer* as soon as it rings."""
        await self.tab.click(_ANSWER)

    async def ends(self) -> None:
        """Clicks *End call* and says why."""
        await self.tab.click('button[data-act="end_call"]:not([disabled])')
        await self.tab.keyboard.press("1")

    async def listens(self) -> None:
        """Clicks *Listen at the kiosk* as soon as that can be done, until the page says that somebody does.

        A busy machine's panel may confirm too late; then nobody listens, and an officer clicks again.
        """
        for _ in range(_CLICKS):
            await self.tab.click("#listen:not([disabled])")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S / _CLICKS):
                    await self.tab.wait_for_selector("#ear:not([hidden])")
                    return
        raise TimeoutError("nobody listens")

    async def stops_listening(self) -> None:
        """Ends it, by keyboard."""
        await self.tab.focus("#ear-stop:not([hidden])")
        await self.tab.keyboard.press("Enter")
        await self.nobody_listens()

    async def nobody_listens(self) -> None:
        """Waits until the page says that nobody does."""
        await self.tab.wait_for_selector("#ear", state="hidden")

    async def says(self, words: str) -> None:
        """Waits until the page says this of the voice."""
        await self.tab.wait_for_function(
            "(words) => { const line = document.querySelector('#voice');"
            " return !line.hidden && line.innerText.includes(words); }",
            arg=words,
        )

    async def lets_go_of_the_microphone(self) -> None:
        """Waits until nothing on this computer records.

        Raises:
            TimeoutError: something does.
        """
        async with asyncio.timeout(_PATIENCE_S):
            while b"protocol-native" in await self.recorders():  # noqa: ASYNC110 -- pactl has no word for "until"
                await asyncio.sleep(0.1)

    async def recorders(self) -> bytes:
        """What records on this computer, as pactl lists it."""
        asked = await asyncio.create_subprocess_exec(*_RECORDERS, env=self.environment, stdout=subprocess.PIPE)
        return (await asked.communicate())[0]


@contextlib.asynccontextmanager
async def officer_page(
    kiosk: Kiosk, folder: Path, *, netns: str = "", officer: str = OFFICER
) -> AsyncIterator[OfficerPage]:
    """A browser with an officer logged in.

    Args:
        kiosk: whose page.
        folder: for the files of his sound server.
        netns: where his computer is, "" for here.
        officer: who logs in.
    """
    from playwright.async_api import async_playwright  # noqa: PLC0415 -- for who measures, not for --help

    sound = SoundServer(folder / "sound", microphone="null", loudspeaker="null", echo=Echo.NONE)
    await sound.start()
    program = CHROMIUM
    if netns:
        entering = folder / "chromium"
        entering.write_text(f'#!/bin/sh\nexec ip netns exec {netns} {CHROMIUM} "$@"\n', encoding="utf-8")
        entering.chmod(0o700)
        program = str(entering)
    try:
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(
                executable_path=program,
                args=list(_FLAGS),
                ignore_default_args=["--mute-audio"],
                env={**os.environ, "PULSE_SERVER": sound.environment["PULSE_SERVER"]},
            )
            try:
                tab = await (await browser.new_context(ignore_https_errors=True)).new_page()
                tab.set_default_timeout(_PATIENCE_S * 1_000)
                await tab.add_init_script(_WATCH)
                page = OfficerPage(tab, sound.environment)
                await page.log_in(kiosk.address, officer)
                yield page
            finally:
                await browser.close()
    finally:
        await sound.stop()
