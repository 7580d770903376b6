"""The section `[voice]` of a lane's settings. Without it the lane has no voice, and its screens promise none."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from runtime.sections import GivenSecret, PlaceOfSocket, Port, Problem, Seconds, Section

SipAddress = Annotated[
    str,
    Meta(
        pattern=r"^sips?:[A-Za-z0-9_.!~*'()%+-]{1,64}@[A-Za-z0-9.\[\]:-]{1,253}\Z",
        description='an address such as "sip:control@10.20.0.9"',
    ),
]
Device = Annotated[
    str,
    Meta(
        pattern=r"^(null|alsa:[A-Za-z0-9_:=,.-]{1,64})\Z",
        description='"alsa:hw:0,0" (arecord -l and aplay -l list them); a demonstration may write "null"',
    ),
]
Volume = Annotated[int, Meta(ge=0, le=100, description="a percentage, 0 to 100")]
ClockTime = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description='a time of the day such as "23:00"')
]


class Echo(Enum):
    """What keeps the officer from hearing himself: PulseAudio's echo canceller, by which method; or nothing."""

    WEBRTC = "webrtc"
    SPEEX = "speex"
    NONE = "none"


class Prompting(Enum):
    """Which prompts are spoken."""

    ALL = "all"
    HELP = "help"  # only what belongs to a help call
    NONE = "none"


class SipSettings(Section, frozen=True, kw_only=True):
    """The lane as a telephone.

    Attributes:
        address: its own, as the exchange knows it.
        numbers: who is called, in this order; the next one when one does not answer.
        registrar: where it registers; "" for none: the numbers are then addresses that can be reached directly.
        password_file: one line; None where the exchange asks for none.
        interface: the network interface it speaks over; "" for whichever leads there.
        port: where it is reached over SIP.
        answer_s: how long one number rings.
        register_s: for how long a registration is asked for; one that is older is a failure.
        coming_key: the key by which whoever answers says that an officer comes.
    """

    address: SipAddress
    numbers: Annotated[tuple[SipAddress, ...], Meta(min_length=1, max_length=8, description="one to eight addresses")]
    registrar: str = ""
    password_file: Annotated[Path, GivenSecret("write the password into it, one line")] | None = None
    interface: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,15}\Z", description='an interface such as "eth0"')] = ""
    port: Port = 5060
    answer_s: Seconds = 20.0
    register_s: Seconds = 60.0
    coming_key: Annotated[str, Meta(pattern=r"^[0-9*#]\Z", description='one key, such as "5" or "*"')] = "5"

    def contradictions(self) -> Iterator[Problem]:
        """A password is for a registrar; nobody calls himself."""
        if self.password_file is not None and not self.registrar:
            yield Problem(
                "registrar", "is missing", "a password is only used to register: name the registrar, or drop it"
            )
        if self.address in self.numbers:
            yield Problem("numbers", f"{self.address} is the lane itself", "name whom it calls")


class PromptSettings(Section, frozen=True, kw_only=True):
    """What is said to drivers.

    Attributes:
        speak: which prompts.
        recorded: a folder whose `KEY.LANGUAGE.wav` take the place of the synthetic voice, one by one.
        day_volume, night_volume: percent; night is from `night_from` to `night_to`, Hong Kong time.
        again_s: a prompt is said again after so long, once.
    """

    speak: Prompting = Prompting.ALL
    recorded: Path | None = None
    day_volume: Volume = 100
    night_volume: Volume = 45
    night_from: ClockTime = "23:00"
    night_to: ClockTime = "07:00"
    again_s: Seconds = 8.0


class VoiceSettings(Section, frozen=True, kw_only=True):
    """The voice of a lane; as it stands by itself, there is none.

    Attributes:
        page: officers talk through their page (WebRTC); needs the page over HTTPS.
        listening: an officer may listen at the kiosk through his page without having been called, and a supervisor into a call that
            another has answered; the panel says so as long as it lasts.
        listening_s: how long at a time.
        sip: calls over SIP; None for none.
        prompts: what is said to drivers.
        socket: where the voice process finds the agent.
        microphone, loudspeaker: the kiosk's.
        echo: what keeps the officer from hearing himself.
        unanswered_s: a call that nobody has answered for so long is an alarm of its own.
        lost_s: an answered call without sound for so long rings again.
        test_at: when microphone and loudspeaker are proved each night, Hong Kong time; at each start besides. "" for never.
    """

    page: bool = False
    listening: bool = False
    listening_s: Annotated[float, Meta(ge=10, le=1_800, description="a number of seconds, 10 to 1800")] = 300.0
    sip: SipSettings | None = None
    prompts: PromptSettings = PromptSettings(speak=Prompting.NONE)
    socket: Annotated[Path, PlaceOfSocket("mkdir -p {folder}, for the lane's user")] = Path(
        "/run/rocars-lane-voice/agent.sock"
    )
    microphone: Device = "null"
    loudspeaker: Device = "null"
    echo: Echo = Echo.WEBRTC
    unanswered_s: Seconds = 60.0
    lost_s: Seconds = 5.0
    test_at: Annotated[
        str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?\Z", description='a time such as "04:10", or "" for never')
    ] = "04:10"

    @property
    def on(self) -> bool:
        """Whether there is a voice at all."""
        return self.page or self.sip is not None or self.prompts.speak is not Prompting.NONE

    @property
    def calls(self) -> bool:
        """Whether a voice call can be made at all."""
        return self.page or self.sip is not None

    def contradictions(self) -> Iterator[Problem]:
        """Whoever listens does so through his page."""
        if self.listening and not self.page:
            yield Problem("listening", "needs voice.page", "say page = true, or drop it")
