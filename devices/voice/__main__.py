"""`python -m devices.voice --settings FILE --state FOLDER`: the voice process of a lane, as its unit starts it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import time
from pathlib import Path

from devices.voice.process import VoiceProcess
from devices.voice.settings import VoiceSettings
from runtime.clocks import utc_ms
from runtime.journald import log_for_people
from runtime.sd_notify import Systemd, feed_on_progress
from runtime.toml_file import TomlFileError, read_toml
from runtime.toml_table import TableReader

log = logging.getLogger("rocars.voice")

OFF = 0
"""Exit status where the settings have no voice: nothing is wrong, and the unit stays down."""


def read_settings(file: Path) -> VoiceSettings:
    """The section `[voice]`; a mistake anywhere else silences nobody.

    Raises:
        ValueError: it cannot be used; the text says why.
    """
    try:
        table = read_toml(file, example="config/lane.toml")
    except TomlFileError as error:
        raise ValueError(f"{file}: {error.problem}") from error
    reader = TableReader(file.absolute().parent, on_this_box=True)
    found = reader.read(VoiceSettings, table.get("voice", {}), "voice")
    if found is None or reader.problems():
        raise ValueError("\n".join(f"{file}: {problem}" for problem in reader.problems()))
    return found


async def serve(settings: VoiceSettings, folder: Path, command: tuple[str, ...] = ()) -> None:
    """Runs until SIGTERM or SIGINT."""
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    voice = VoiceProcess(settings, folder, clock=time.monotonic, utc_ms=utc_ms, telephone_command=command)
    systemd = Systemd.from_environment()
    systemd.ready("voice")
    running = asyncio.create_task(voice.run(), name="voice")
    watchdog = asyncio.create_task(feed_on_progress(systemd, lambda: voice.progress), name="watchdog")
    asked = asyncio.create_task(over.wait(), name="over")
    done, _ = await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
    systemd.stopping()
    for task in (running, watchdog, asked):
        task.cancel()
    await asyncio.gather(running, watchdog, asked, return_exceptions=True)
    if running in done:
        running.result()


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m devices.voice", description="The voice of a lane.")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the lane's settings")
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER", help="private, for generated files")
    options = parser.parse_args(arguments)
    log_for_people("rocars-lane-voice")
    for chatty in ("aioice", "aiortc"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = read_settings(options.settings)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not settings.on:
        log.info("this lane has no voice: [voice] in %s switches it on", options.settings)
        return OFF
    asyncio.run(serve(settings, options.state))
    return 0


if __name__ == "__main__":
    sys.exit(main())
