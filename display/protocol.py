"""The lines between agent and screen: JSON, one message a line, over a Unix stream socket; the agent listens.

| who | message | means |
|---|---|---|
| screen | `{"type":"hello","screen":"xdb"}` | first line of a connection |
| screen | `{"type":"painted","screen":…,"scene":…,"serial":n,"safe":false,"listening":false}` | people see it; `safe` with serial 0 if by itself |
| screen | `{"type":"trouble","screen":…,"text":…}` | it shows the safe face at most, and why; "" when that is over |
| screen | `{"type":"pong"}` | the paint loop turns; the answer to a beat |
| agent | `{"type":"show","scene":…,"serial":n,"parameter":"","simulated":false,"notice":null,"listening":false}` | paint this now |
| agent | `{"type":"beat"}` | the agent lives; every 0.5 s |

Both sides come from one release, so a line that does not fit is a fault, not a newer version to be tolerated.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from display.errors import MalformedLineError
from domain.notices import DriverNotice
from lane_agent.model import Screen
from lane_agent.wording import Scene

LONGEST_LINE = 4096
"""Bytes; a longer line is malformed."""

Serial = Annotated[int, msgspec.Meta(ge=0)]
Parameter = Annotated[str, msgspec.Meta(max_length=32)]


class ShowOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="show"):
    """The agent's order to paint a scene; the panel puts `notice` below one that may carry it.

    `listening`: in its place, that an officer listens at the kiosk.
    """

    scene: Scene
    serial: Serial
    parameter: Parameter = ""
    simulated: bool = False
    notice: DriverNotice | None = None
    listening: bool = False


class ScreenBeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="beat"):
    """The agent lives."""


class ScreenHello(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="hello"):
    """Which screen this connection is."""

    screen: Screen


class Painted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="painted"):
    """What the screen shows from now on; `safe` if the screen chose the safe face by itself.

    `listening`: it says that an officer listens.
    """

    screen: Screen
    scene: Scene
    serial: Serial
    safe: bool = False
    listening: bool = False


class ScreenTrouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="trouble"):
    """Why the screen paints no order: no compositor, a pulled monitor, a strange one; "" if it does again."""

    screen: Screen
    text: Annotated[str, msgspec.Meta(max_length=400)]


class Pong(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="pong"):
    """The answer to a beat."""


ToScreen = ShowOrder | ScreenBeat
ToAgent = ScreenHello | Painted | ScreenTrouble | Pong

_to_screen: msgspec.json.Decoder[ToScreen] = msgspec.json.Decoder(ToScreen)
_to_agent: msgspec.json.Decoder[ToAgent] = msgspec.json.Decoder(ToAgent)


def encode(message: ToScreen | ToAgent) -> bytes:
    """One line, with its end."""
    return msgspec.json.encode(message) + b"\n"


def decode_for_screen(line: bytes) -> ToScreen:
    """What the agent said.

    Raises:
        MalformedLineError: it is not of the protocol.
    """
    try:
        return _to_screen.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedLineError(f"the agent sent a line this screen does not know ({error}): {line[:80]!r}") from error


def decode_for_agent(line: bytes) -> ToAgent:
    """What the screen said.

    Raises:
        MalformedLineError: it is not of the protocol.
    """
    try:
        return _to_agent.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedLineError(f"a screen sent a line the agent does not know ({error}): {line[:80]!r}") from error
