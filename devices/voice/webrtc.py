"""A call between the kiosk and an officer's page: WebRTC, sound alone, no server between them.

The page offers and the box answers, over the page's own HTTPS (`console.call_routes`): whoever could put himself between
them could not, because each side's key is named in what the other got over TLS. Frames of 20 ms; what comes late is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import gc
import logging
from collections import deque
from collections.abc import Callable

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from devices.voice import protocol as p
from devices.voice.levels import LevelMeter
from devices.voice.sound import FRAME, Loudspeaker, Microphone
from devices.voice.tone import RATE, Samples

log = logging.getLogger("rocars.voice")

AGREE_S = 5.0
"""A page that has not been answered by then has given up."""

_QUEUED = 3
_TIME_BASE = fractions.Fraction(1, RATE)


class OfferError(ValueError):
    """A session description that no page of ours makes; the text is for a technician."""


class _Kiosk(MediaStreamTrack):
    """What the driver says, as aiortc asks for it."""

    kind = "audio"

    def __init__(self, meter: LevelMeter, connected: Callable[[], bool]) -> None:
        super().__init__()
        self._frames: asyncio.Queue[Samples] = asyncio.Queue(_QUEUED)
        self._meter = meter
        self._connected = connected
        self._at = 0

    def put(self, frame: Samples) -> None:
        """The microphone heard this; the oldest frame gives way to it."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> av.AudioFrame:
        """The next frame, once there is one."""
        samples = await self._frames.get()
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, _TIME_BASE
        self._at += len(samples)
        if self._connected():
            self._meter.take(samples)
        return frame


async def _answered(peer: RTCPeerConnection, sdp: str, kiosk: _Kiosk) -> str:
    """Our answer to a page's offer of one sound; raises `OfferError`."""
    if sdp.count("\nm=") != 1 or "\nm=audio " not in sdp:
        raise OfferError("the page must offer one sound, and nothing else")
    try:
        async with asyncio.timeout(AGREE_S):
            await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            peer.addTrack(kiosk)
            answer = await peer.createAnswer()
            await peer.setLocalDescription(answer)
    except Exception as error:  # aiortc raises whatever its parser stumbles over: all of it is a bad offer
        raise OfferError(f"the offer cannot be answered: {type(error).__name__} {error}") from error
    return str(peer.localDescription.sdp)


class PageCall:
    """One call.

    Args:
        attempt: its number.
        microphone, loudspeaker: the kiosk's; the loudspeaker is closed with the call.
        tell: where `Closed` goes.
    """

    def __init__(
        self, attempt: int, *, microphone: Microphone, loudspeaker: Loudspeaker, tell: Callable[[p.ToAgent], None]
    ) -> None:
        self.attempt = attempt
        self._microphone = microphone
        self._loudspeaker = loudspeaker
        self._tell = tell
        self._driver, self._officer = LevelMeter(), LevelMeter()
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._kiosk = _Kiosk(self._driver, lambda: self._peer.connectionState == "connected")
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False

    async def agree(self, sdp: str) -> str:
        """Answers the page's offer; the call then connects by itself.

        Raises:
            OfferError: it is no offer of one sound.
            SoundError: the loudspeaker does not open.
        """
        self._peer.on("track", self._take_officer)
        self._peer.on("connectionstatechange", self._changed)
        answer = await _answered(self._peer, sdp, self._kiosk)
        await self._loudspeaker.open()
        self._tasks.append(asyncio.create_task(self._listen(), name="page microphone"))
        return answer

    def sound(self) -> p.Sound:
        """What flowed since the last time."""
        sent, driver_db = self._driver.drain()
        heard, officer_db = self._officer.drain()
        return p.Sound(self.attempt, sent, heard, driver_db, officer_db)

    async def close(self) -> None:
        """Ends the call and gives microphone and loudspeaker back."""
        self._over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._peer.close()
        await self._loudspeaker.close()
        # The library's connection refers to itself: its codecs, each with threads, would stay until Python comes round to it.
        gc.collect()

    def _changed(self) -> None:
        if self._peer.connectionState in ("failed", "closed") and not self._over:
            self._over = True
            self._tell(p.Closed(self.attempt, p.Ended.BROKE, "the page is gone or its network is cut"))

    def _take_officer(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._play(track), name="page loudspeaker"))

    async def _listen(self) -> None:
        async for frame in self._microphone.frames():
            self._kiosk.put(frame)

    async def _play(self, track: MediaStreamTrack) -> None:
        """Plays what the officer says. The page's own rate and channels become ours."""
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        left = np.zeros(0, np.int16)
        with contextlib.suppress(MediaStreamError):
            while True:
                received = await track.recv()
                if not isinstance(received, av.AudioFrame):
                    continue
                for frame in resampler.resample(received):
                    left = np.concatenate((left, frame.to_ndarray().reshape(-1)))
                while len(left) >= FRAME:
                    self._officer.take(left[:FRAME])
                    self._loudspeaker.write(left[:FRAME])
                    left = left[FRAME:]


class PageEar:
    """A page that listens and says nothing: it hears the microphone and what the loudspeaker says, which is an officer's voice in a call.

    Args:
        number: of the listening.
        microphone: the kiosk's.
        said: what its loudspeaker plays.
        gone: called once if the page is gone by itself.
    """

    def __init__(self, number: int, *, microphone: Microphone, said: Microphone, gone: Callable[[], None]) -> None:
        self.number = number
        self._microphone = microphone
        self._said = said
        self._gone = gone
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._kiosk = _Kiosk(LevelMeter(), lambda: False)
        self._words: deque[Samples] = deque(maxlen=_QUEUED)
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False

    async def agree(self, sdp: str) -> str:
        """Answers the page's offer; it then connects by itself. Raises as `PageCall.agree`."""
        if "a=recvonly" not in sdp:
            raise OfferError("a page that listens must offer to receive, and nothing else")
        self._peer.on("connectionstatechange", self._changed)
        answer = await _answered(self._peer, sdp, self._kiosk)
        self._tasks.append(asyncio.create_task(self._listen(), name="listening, microphone"))
        self._tasks.append(asyncio.create_task(self._overhear(), name="listening, loudspeaker"))
        return answer

    async def close(self) -> None:
        """Gives the microphone back."""
        self._over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._peer.close()
        gc.collect()  # as in `PageCall.close`

    def _changed(self) -> None:
        if self._peer.connectionState in ("failed", "closed") and not self._over:
            self._over = True
            self._gone()

    async def _listen(self) -> None:
        async for frame in self._microphone.frames():
            self._kiosk.put(mixed(frame, self._words.popleft()) if self._words else frame)

    async def _overhear(self) -> None:
        async for frame in self._said.frames():
            self._words.append(frame)


def mixed(one: Samples, other: Samples) -> Samples:
    """Both at once; what is too loud for 16 bits is cut off."""
    both: Samples = np.clip(one.astype(np.int32) + other, -32_768, 32_767).astype(np.int16)
    return both
