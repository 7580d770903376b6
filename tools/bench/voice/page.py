"""A call to the officers' page, in headless Chromium whose microphone is a file that it plays over and over."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from devices.voice.tone import Samples
from tools.bench.voice.kiosk import OFFICER, PASSWORD, Kiosk

CHROMIUM = "/usr/bin/chromium"
_WATCH = """
(() => {
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...all) { super(...all); window.rocarsPeer = this; }
  };
})();
"""
_RECORD = """
(which) => {
  const peer = window.rocarsPeer;
  const track = which === "heard" ? peer.getReceivers()[0].track : peer.getSenders()[0].track;
  const context = window.rocarsContext ??= new AudioContext({ sampleRate: 48000 });
  const taken = { parts: [], ends: [] };
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const node = context.createScriptProcessor(1024, 1, 1);
  node.onaudioprocess = (event) => {
    taken.parts.push(Array.from(event.inputBuffer.getChannelData(0), (one) => Math.round(one * 32767)));
    taken.ends.push(Date.now() / 1000);
  };
  source.connect(node).connect(context.destination);
  (window.rocarsTapes ??= {})[which] = taken;
}
"""


class OfficerPage:
    """A page in a browser.

    Attributes:
        tab: playwright's page.
    """

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    async def log_in(self, address: str) -> None:
        """As an officer does."""
        await self.tab.goto(f"{address}login")
        await self.tab.fill('[name="name"]', OFFICER)
        await self.tab.fill('[name="password"]', PASSWORD)
        await self.tab.press('[name="password"]', "Enter")
        await self.tab.wait_for_selector("#help", state="attached")

    async def answer(self) -> None:
        """Clicks *Answer* as soon as it rings."""
        await self.tab.click('button[data-act="answer"]:not([disabled])')

    async def tape(self, which: str) -> None:
        """Begins to record what is `heard` from the driver, or `said` by this page."""
        await self.tab.evaluate(_RECORD, which)

    async def taken(self, which: str) -> tuple[Samples, list[float]]:
        """The recording so far, and the moments (UTC, s) at which each 1,024 samples of it were there."""
        found = await self.tab.evaluate("(which) => window.rocarsTapes[which]", which)
        return np.asarray([one for part in found["parts"] for one in part], dtype=np.int16), found["ends"]


@contextlib.asynccontextmanager
async def officer_page(kiosk: Kiosk, microphone: Path) -> AsyncIterator[OfficerPage]:
    """A browser with an officer logged in; `microphone` is the WAV that it hears."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 -- for who measures, not for --help

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        try:
            tab = await browser.new_page()
            tab.set_default_timeout(90_000)
            await tab.add_init_script(_WATCH)
            page = OfficerPage(tab)
            await page.log_in(kiosk.address)
            yield page
        finally:
            await browser.close()
