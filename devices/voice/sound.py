"""Sound server, microphone and loudspeaker of the kiosk, each a child of the voice process.

The server is a PulseAudio of our own, with settings that are written anew at each start. It is here for three things: the
telephone, the page's call and the prompts share one sound card; its echo canceller stands between loudspeaker and microphone
for all of them; and without a sound card (tests, demonstrations) null sinks take its place and all else stays as it is.

A microphone that gives exact zeros gives no sound: a muted or unplugged one is heard by `loopback`, not here.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import numpy as np

from devices.voice.settings import Echo
from devices.voice.tone import RATE, Samples

log = logging.getLogger("rocars.voice")

FRAME_MS: Final = 20
FRAME: Final = RATE * FRAME_MS // 1_000
_BYTES: Final = 2 * FRAME
_PIPE: Final = 4_096
"""Bytes between us and the player, about 40 ms: what stands there longer is late."""

_START_S: Final = 15.0
_CHILD: Final = ("setpriv", "--pdeathsig", "KILL")
"""util-linux: the kernel ends the child when we end, however that is. It becomes the command, so that the child is the command."""


class SoundError(OSError):
    """There is no sound; the text says which part and what to do."""


def server_script(microphone: str, loudspeaker: str, echo: Echo, socket: Path) -> str:
    """What the sound server loads.

    Args:
        microphone: as in `[voice]`.
        loudspeaker: likewise.
        echo: the canceller's method.
        socket: where it listens.
    """
    lines = [f"load-module module-native-protocol-unix auth-anonymous=1 socket={socket}"]
    if loudspeaker == "null":
        lines.append(f"load-module module-null-sink norewinds=1 sink_name=kiosk_loudspeaker rate={RATE} channels=1")
    else:
        card = loudspeaker.removeprefix("alsa:")
        lines.append(f"load-module module-alsa-sink sink_name=kiosk_loudspeaker device={card} rate={RATE} channels=1")
    if microphone == "null":  # what is played into the room is what its microphone hears
        lines.append(f"load-module module-null-sink norewinds=1 sink_name=room rate={RATE} channels=1")
        source = "room.monitor"
    else:
        card, source = microphone.removeprefix("alsa:"), "kiosk_microphone"
        lines.append(f"load-module module-alsa-source source_name={source} device={card} rate={RATE} channels=1")
    if echo is Echo.NONE:
        lines.append(f"load-module module-remap-source source_name=microphone master={source} remix=no")
        lines.append("load-module module-remap-sink sink_name=loudspeaker master=kiosk_loudspeaker remix=no")
    else:
        method = f"aec_method={echo.value}"
        if echo is Echo.WEBRTC:
            # The long filter finds an echo that comes 80 ms and more after what the card says of itself; the short one does not
            # (docs/voice.md, Echo).
            method += ' aec_args="analog_gain_control=0 digital_gain_control=0 noise_suppression=1 extended_filter=1"'
        lines.append(
            "load-module module-echo-cancel source_name=microphone sink_name=loudspeaker "
            f"source_master={source} sink_master=kiosk_loudspeaker use_volume_sharing=0 rate=32000 {method}"
        )
    return "\n".join([*lines, "set-default-sink loudspeaker", "set-default-source microphone", ""])


class SoundServer:
    """PulseAudio as a private child.

    Args:
        folder: its own, of mode 0700; settings, socket and state are there.
        microphone, loudspeaker, echo: as in `[voice]`.
    """

    def __init__(self, folder: Path, *, microphone: str, loudspeaker: str, echo: Echo) -> None:
        self._folder = folder
        self._socket = folder / "pulse.sock"
        self._script = server_script(microphone, loudspeaker, echo, self._socket)
        self._raw = "room.monitor" if microphone == "null" else "kiosk_microphone"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """For whatever is to use this server, the telephone among it."""
        own = {"PULSE_SERVER": f"unix:{self._socket}", "PULSE_COOKIE": str(self._folder / "cookie")}
        state = {
            "PULSE_RUNTIME_PATH": str(self._folder),
            "PULSE_STATE_PATH": str(self._folder),
            "HOME": str(self._folder),
        }
        return os.environ | own | state | {"ORC_CODE": "backup"}  # no code made at run time: the unit forbids it

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._socket

    @property
    def raw_microphone(self) -> str:
        """The source in front of the echo canceller."""
        return self._raw

    @property
    def said(self) -> str:
        """The source that gives what the loudspeaker plays."""
        return "kiosk_loudspeaker.monitor"

    @property
    def pid(self) -> int | None:
        """Of the server that runs, or None."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Starts it and waits until it takes connections.

        Raises:
            SoundError: it does not start: no such sound card, or PulseAudio is missing.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        script = self._folder / "sound.pa"
        script.write_text(self._script, encoding="utf-8")
        command = ("pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1")
        quiet = ("--disallow-exit=yes", "--realtime=no", "--high-priority=no", "--disable-shm=yes", "--log-level=error")
        self._process = await spawn_child(*command, *quiet, env=self.environment, stderr=subprocess.PIPE)
        try:
            async with asyncio.timeout(_START_S):
                while not self._socket.exists():
                    if self._process.returncode is not None:
                        raise SoundError(await self._why())
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.stop()
            raise SoundError("the sound server does not start: look at its sound card with `aplay -l`") from None

    async def _why(self) -> str:
        assert self._process is not None
        assert self._process.stderr is not None
        said = (await self._process.stderr.read()).decode(errors="replace").strip().splitlines()
        return f"the sound server ended: {said[-1] if said else 'it said nothing'}; do `arecord -l` and `aplay -l` list the card?"

    async def ended(self) -> str:
        """Waits until it ends by itself; what it said last."""
        assert self._process is not None
        said = await self._why()
        await self._process.wait()
        return said

    async def stop(self) -> None:
        """Ends it."""
        await end_child(self._process)
        self._process = None


class Microphone:
    """What the kiosk's microphone hears, frame by frame of 20 ms.

    Args:
        environment: of the sound server.
        source: which of its sources.
    """

    def __init__(self, environment: dict[str, str], source: str = "microphone") -> None:
        self._environment = environment
        self._source = source

    async def frames(self) -> AsyncIterator[Samples]:
        """Frames until the caller stops asking, or the recorder ends."""
        recorder = await spawn_child(
            "parec", *_FORMAT, f"--device={self._source}", "--latency-msec=20",
            env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert recorder.stdout is not None
        try:
            while True:
                yield np.frombuffer(await recorder.stdout.readexactly(_BYTES), dtype=np.int16)
        except asyncio.IncompleteReadError:
            return
        finally:
            await end_child(recorder)


class Loudspeaker:
    """The kiosk's loudspeaker.

    Args:
        environment: of the sound server.
        sink: which of its sinks.
        volume: percent, asked at each start.
    """

    def __init__(
        self, environment: dict[str, str], sink: str = "loudspeaker", volume: Callable[[], int] = lambda: 100
    ) -> None:
        self._environment = environment
        self._sink = sink
        self._volume = volume
        self._player: asyncio.subprocess.Process | None = None
        self._pipe = -1
        self.late = 0

    async def open(self) -> None:
        """Starts the player; frames written before are lost."""
        ours, theirs = os.pipe()
        self._pipe, theirs = theirs, ours
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE)
        os.set_blocking(self._pipe, False)
        try:
            self._player = await spawn_child(
                "pacat", "--playback", *_FORMAT, f"--device={self._sink}", "--latency-msec=40",
                f"--volume={65_536 * self._volume() // 100}",
                env=self._environment, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(theirs)

    def write(self, frame: Samples) -> bool:
        """Plays one frame now; False if it came too late or nobody plays: it is dropped, never queued."""
        if self._pipe < 0:
            return False
        try:
            os.write(self._pipe, frame.tobytes())
        except BlockingIOError:
            self.late += 1
            return False
        except BrokenPipeError:
            return False
        return True

    async def play(self, sound: Samples) -> bool:
        """Plays the whole sound and returns when it is over; whether the player took all of it."""
        await self.open()
        try:
            assert self._player is not None
            os.set_blocking(self._pipe, True)
            await asyncio.to_thread(_write_all, self._pipe, sound.tobytes())
            os.close(self._pipe)
            self._pipe = -1
            return await self._player.wait() == 0
        except OSError:
            return False
        finally:
            await self.close()

    async def close(self) -> None:
        """Silence at once."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        await end_child(self._player)
        self._player = None


_FORMAT: Final = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1", "--client-name=rocars-lane")


def _write_all(pipe: int, content: bytes) -> None:
    sent = 0
    while sent < len(content):
        sent += os.write(pipe, content[sent : sent + _PIPE])


async def spawn_child(
    *command: str,
    env: dict[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
    stderr: int | None = None,
) -> asyncio.subprocess.Process:
    """A child that ends with us; Ctrl-C at a terminal is ours to hear, not its own."""
    try:
        return await asyncio.create_subprocess_exec(
            *_CHILD, *command, env=env, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
    except FileNotFoundError as error:
        raise SoundError(f"{command[0]} is not installed: apt install pulseaudio pulseaudio-utils") from error


async def end_child(process: asyncio.subprocess.Process | None) -> None:
    """Kills it, if it runs, and waits."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
