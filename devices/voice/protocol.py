"""The lines between agent and voice process: JSON, one message a line, over a Unix stream socket; the agent listens.

Both sides come from one release, so a line that does not fit is a fault and ends the connection. A call has a number
(`attempt`), so that a late word about an older call is known for what it is.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec

LONGEST_LINE = 65_536
"""Bytes; a session description is up to some thousand."""

BEAT_S = 0.5
"""The agent says that it lives, and the voice process how its registration is, so often."""

Attempt = Annotated[int, msgspec.Meta(ge=0)]
Sdp = Annotated[str, msgspec.Meta(max_length=16_384)]
Words = Annotated[str, msgspec.Meta(max_length=400)]


class VoiceLineError(ValueError):
    """A line that is not of the protocol."""


class VoiceMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What every message is."""


class Dial(VoiceMessage, frozen=True, tag="dial"):
    """Call this number."""

    attempt: Attempt
    number: Annotated[str, msgspec.Meta(max_length=400)]


class HangUp(VoiceMessage, frozen=True, tag="hang_up"):
    """This call is over, whatever its state and way."""

    attempt: Attempt


class Offer(VoiceMessage, frozen=True, tag="offer"):
    """A page wants to talk: its session description."""

    attempt: Attempt
    sdp: Sdp


class Listen(VoiceMessage, frozen=True, tag="listen"):
    """A page listens at the kiosk and says nothing: its session description."""

    number: Attempt
    sdp: Sdp


class StopListening(VoiceMessage, frozen=True, tag="stop_listening"):
    """It listens no more."""

    number: Attempt


class ShownScene(VoiceMessage, frozen=True, tag="scene"):
    """What the driver reads now; `call` while a help call is open, in which nothing is prompted but HELP."""

    key: Words
    call: bool


class ProveSound(VoiceMessage, frozen=True, tag="prove"):
    """Prove microphone and loudspeaker now."""


class AgentBeat(VoiceMessage, frozen=True, tag="beat"):
    """The agent lives."""


class Ended(Enum):
    """Why a call is over, or was never one."""

    HUNG_UP = "hung_up"
    BUSY = "busy"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    BROKE = "broke"


class Rang(VoiceMessage, frozen=True, tag="rang"):
    """It rings there."""

    attempt: Attempt


class Answered(VoiceMessage, frozen=True, tag="answered"):
    """Somebody there has taken it."""

    attempt: Attempt


class Closed(VoiceMessage, frozen=True, tag="closed"):
    """The call is over."""

    attempt: Attempt
    why: Ended
    detail: Words = ""


class KeyPressed(VoiceMessage, frozen=True, tag="key"):
    """Whoever answered pressed a key of his telephone."""

    attempt: Attempt
    key: Annotated[str, msgspec.Meta(max_length=1)]


class Sound(VoiceMessage, frozen=True, tag="sound"):
    """Whether sound flows, and how loud each side is; said every quarter of a second of an answered call.

    Attributes:
        sent: sound of the driver left in this time.
        heard: sound of the officer came in this time.
        driver_db, officer_db: dB below full scale, -120 for silence.
    """

    attempt: Attempt
    sent: bool
    heard: bool
    driver_db: float = -120.0
    officer_db: float = -120.0


class Agreed(VoiceMessage, frozen=True, tag="agreed"):
    """The answer to an offer; `problem` where there is none."""

    attempt: Attempt
    sdp: Sdp = ""
    problem: Words = ""


class ListenAgreed(VoiceMessage, frozen=True, tag="listen_agreed"):
    """The answer to a page that listens."""

    number: Attempt
    sdp: Sdp


class ListenClosed(VoiceMessage, frozen=True, tag="listen_closed"):
    """The microphone is closed to the page that listened, or was never opened; `detail` where nobody ordered that."""

    number: Attempt
    detail: Words = ""


class Health(VoiceMessage, frozen=True, tag="health"):
    """How a part is: `process`, `sound`, `microphone`, `loudspeaker`, `registration`, `telephone`, `prompts`; "" is well."""

    part: Annotated[str, msgspec.Meta(max_length=32)]
    problem: Words = ""


class VoiceBeat(VoiceMessage, frozen=True, tag="alive"):
    """The voice process lives."""


ToVoice = Dial | HangUp | Offer | Listen | StopListening | ShownScene | ProveSound | AgentBeat
ToAgent = Rang | Answered | Closed | KeyPressed | Sound | Agreed | ListenAgreed | ListenClosed | Health | VoiceBeat

_to_voice: msgspec.json.Decoder[ToVoice] = msgspec.json.Decoder(ToVoice)
_to_agent: msgspec.json.Decoder[ToAgent] = msgspec.json.Decoder(ToAgent)


def encode(message: ToVoice | ToAgent) -> bytes:
    """One line, with its end."""
    return msgspec.json.encode(message) + b"\n"


def decode_for_voice(line: bytes) -> ToVoice:
    """What the agent said.

    Raises:
        VoiceLineError: it is not of the protocol.
    """
    try:
        return _to_voice.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VoiceLineError(
            f"the agent sent a line the voice process does not know ({error}): {line[:80]!r}"
        ) from error


def decode_for_agent(line: bytes) -> ToAgent:
    """What the voice process said.

    Raises:
        VoiceLineError: it is not of the protocol.
    """
    try:
        return _to_agent.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VoiceLineError(
            f"the voice process sent a line the agent does not know ({error}): {line[:80]!r}"
        ) from error
