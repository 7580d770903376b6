"""A page that listens, over WebRTC in this process: it hears microphone and loudspeaker, and can send nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import av
import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from devices.voice.sound import FRAME, Microphone
from devices.voice.tone import RATE, Samples, chirp, find
from devices.voice.webrtc import OfferError, PageEar, mixed


class PlayedMicrophone:
    """Gives this sound in real time, after so many frames of silence, and then silence."""

    def __init__(self, sound: Samples, after: int) -> None:
        self._sound = np.concatenate((np.zeros(after * FRAME, np.int16), sound))

    async def frames(self) -> AsyncIterator[Samples]:
        """As a microphone."""
        began, at = asyncio.get_running_loop().time(), 0
        while True:
            frame = self._sound[at * FRAME : (at + 1) * FRAME]
            yield np.pad(frame, (0, FRAME - len(frame)))
            at += 1
            await asyncio.sleep(max(0.0, began + at * FRAME / RATE - asyncio.get_running_loop().time()))


def ear(microphone: Samples, said: Samples) -> PageEar:
    """One that hears these: the microphone's after a second and a half, the loudspeaker's a second and a half later."""
    return PageEar(
        1,
        microphone=cast("Microphone", PlayedMicrophone(microphone, 75)),
        said=cast("Microphone", PlayedMicrophone(said, 150)),
        gone=lambda: None,
    )


async def heard_by_a_page(listening: PageEar, seconds: float) -> Samples:
    """What a page that offers to receive hears of it."""
    peer, got = RTCPeerConnection(), list[Samples]()
    peer.addTransceiver("audio", direction="recvonly")
    tracks: asyncio.Queue[object] = asyncio.Queue()
    peer.on("track", tracks.put_nowait)
    await peer.setLocalDescription(await peer.createOffer())
    answer = await listening.agree(peer.localDescription.sdp)
    assert "a=sendonly" in answer
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    track = await tracks.get()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        async with asyncio.timeout(seconds):
            while True:
                frame = await track.recv()  # type: ignore[attr-defined]
                got += [one.to_ndarray().reshape(-1) for one in resampler.resample(frame)]
    except (TimeoutError, MediaStreamError):
        pass
    finally:
        await listening.close()
        await peer.close()
    return np.concatenate(got)


@pytest.mark.long
def test_a_page_hears_what_the_kiosk_hears_and_what_it_says() -> None:
    """A driver, then an officer who talks to him; each tone comes whole."""

    async def story() -> None:
        sound = await heard_by_a_page(ear(chirp(), chirp()), 5.5)
        first = find(chirp(), sound)
        assert first.likeness >= 0.4
        rest = sound.copy()
        at = int(first.at_s * RATE)
        rest[at : at + len(chirp())] = 0
        assert find(chirp(), rest).likeness >= 0.4

    asyncio.run(story())


@pytest.mark.parametrize("sdp", ["v=0", "v=0\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\n"])
def test_a_page_that_would_send_is_refused(sdp: str) -> None:
    """Listening is one way, by the box's own word."""

    async def story() -> None:
        listening = ear(chirp(), chirp())
        with pytest.raises(OfferError, match="offer to receive"):
            await listening.agree(sdp)
        await listening.close()

    asyncio.run(story())


def test_two_sounds_at_once_are_both_there_and_too_loud_is_cut_off() -> None:
    """No sample wraps round."""
    one, other = np.array([100, 30_000, -30_000], np.int16), np.array([-40, 30_000, -30_000], np.int16)
    assert mixed(one, other).tolist() == [60, 32_767, -32_768]
