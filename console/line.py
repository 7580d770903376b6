"""What the page's process and the agent say to each other, in packets of MessagePack over a Unix socket of the box.

The agent sends a view at every change and at least each second, complete; the page asks, each question with a number, and gets
one answer to each. Only the page judges who an officer is; what may be done now only the lane judges.
"""

from __future__ import annotations

from typing import Any

import msgspec

from console.ports import LaneView, SecondAnswer
from console.voice_port import CallAgreed, ListenBegun, ListenWanted
from domain.listening import ListenEnd
from lane_agent.model import Screen
from runtime.packets import packet

BEAT_S = 1.0
"""The longest silence of a healthy agent."""
LONGEST_QUESTION = 64 * 1024
LONGEST_NEWS = 32 * 1024 * 1024
"""Bytes; the longest is an evidence picture."""


class ActWish(msgspec.Struct, frozen=True, tag="act"):
    """An officer's event, as `lane_agent.codec` writes events; answered by why the lane refused it."""

    event: dict[str, Any]


class AskSecondWish(msgspec.Struct, frozen=True, tag="ask_second"):
    """As `ActWish`, for an event that a second officer must approve; answered by why that cannot be asked."""

    event: dict[str, Any]


class AnswerSecondWish(msgspec.Struct, frozen=True, tag="answer_second"):
    """A second officer approves or refuses; answered by why nothing came of it."""

    answer: SecondAnswer


class TakeAlarmWish(msgspec.Struct, frozen=True, tag="take"):
    """An officer has seen an alarm or a message; answered by whether it is still kept."""

    alarm: str
    officer: str


class EndAlarmWish(msgspec.Struct, frozen=True, tag="close"):
    """An officer closes an alarm; answered by why it is not closed."""

    alarm: str
    officer: str
    reason: str


class ShelveAlarmWish(msgspec.Struct, frozen=True, tag="shelve"):
    """An officer shelves an alarm; answered by why it is not shelved."""

    alarm: str
    officer: str
    reason: str
    minutes: int


class FrameWish(msgspec.Struct, frozen=True, tag="frame"):
    """The newest camera picture, `width` pixels wide at most (0: as it is); answered by a `Picture`."""

    width: int = 0


class SignWish(msgspec.Struct, frozen=True, tag="screen"):
    """What one screen shows; answered by a `Picture`."""

    screen: Screen


class EvidenceWish(msgspec.Struct, frozen=True, tag="evidence"):
    """The evidence picture of a sha256; answered by a `Picture`."""

    digest: str


class TalkWish(msgspec.Struct, frozen=True, tag="talk"):
    """An officer answers the call that rings and talks through his page; answered by a `Connected`."""

    officer: str
    station: str
    sdp: str


class HearsWish(msgspec.Struct, frozen=True, tag="hears"):
    """The driver's sound reaches the page; answered by nothing said."""

    attempt: int
    officer_db: float


class ListenWish(msgspec.Struct, frozen=True, tag="listen"):
    """An officer's page wants to listen at the kiosk; answered by a `ListensNow`."""

    wanted: ListenWanted


class ListensWish(msgspec.Struct, frozen=True, tag="listens"):
    """The page says that it listens still; answered by "" where it does."""

    number: int


class StopListeningWish(msgspec.Struct, frozen=True, tag="stop_listening"):
    """The page listens no more; answered by nothing said."""

    number: int
    why: ListenEnd


OfficerWish = ActWish | AskSecondWish | AnswerSecondWish | TakeAlarmWish | EndAlarmWish | ShelveAlarmWish
"""What officers do; answered in words."""
VoiceWish = TalkWish | HearsWish | ListenWish | ListensWish | StopListeningWish
"""What belongs to the voice."""
Wish = OfficerWish | FrameWish | SignWish | EvidenceWish | VoiceWish


class Question(msgspec.Struct, frozen=True):
    """One wish of the page."""

    number: int
    wish: Wish


class ViewNow(msgspec.Struct, frozen=True, tag="view"):
    """The lane as it is now, and the voice of its help call where it has one (`console.voice_port.VoicePort.told`)."""

    view: LaneView
    voice: dict[str, Any] | None = None


class Said(msgspec.Struct, frozen=True, tag="said"):
    """The answer in words: "" where all is well."""

    number: int
    words: str = ""


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """The answer that is a picture; no body where there is none. `age_ms` is a camera picture's."""

    number: int
    body: bytes = b""
    media_type: str = ""
    age_ms: int = 0


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """What came of a page's wish to talk."""

    number: int
    agreed: CallAgreed


class ListensNow(msgspec.Struct, frozen=True, tag="listens_now"):
    """What came of a page's wish to listen."""

    number: int
    begun: ListenBegun


News = ViewNow | Said | Picture | Connected | ListensNow
Answer = Said | Picture | Connected | ListensNow

_encoder = msgspec.msgpack.Encoder()
_questions: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)
_news: msgspec.msgpack.Decoder[News] = msgspec.msgpack.Decoder(News)


def packed(message: Question | News) -> bytes:
    """The message as it goes over the line."""
    return packet(_encoder.encode(message))


def question_of(body: bytes) -> Question:
    """What the page asks.

    Raises:
        msgspec.DecodeError: it is nothing that a page of this version asks.
    """
    return _questions.decode(body)


def news_of(body: bytes) -> News:
    """What the agent says.

    Raises:
        msgspec.DecodeError: it is nothing that an agent of this version says.
    """
    return _news.decode(body)
