"""What the page needs of the lane's voice, named for the need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from domain.listening import ListenEnd, ListenRefusal


@dataclass(frozen=True, slots=True)
class CallAgreed:
    """What came of a page's wish to talk.

    Attributes:
        attempt: the number of the call, by which the page names it.
        sdp: the box's session description; "" if the two cannot talk.
        why: then why not.
        refused: the lane took no answer: somebody else has the call, or there is none.
    """

    attempt: int = 0
    sdp: str = ""
    why: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class ListenWanted:
    """An officer's page wants to listen at the kiosk and to say nothing.

    Attributes:
        officer, station: who, and where his page is, as it is recorded.
        sdp: the page's session description.
        supervises: he may listen into a call that another has answered.
    """

    officer: str
    station: str
    sdp: str
    supervises: bool = False


@dataclass(frozen=True, slots=True)
class ListenBegun:
    """What came of it.

    Attributes:
        number: of the listening, by which the page names it.
        sdp: the box's session description; "" if nobody listens.
        refusal: then why not.
    """

    number: int = 0
    sdp: str = ""
    refusal: ListenRefusal | None = None


class VoicePort(Protocol):
    """The lane's voice, for its page."""

    page: bool
    """Whether officers can talk through the page."""
    listening: bool
    """Whether the site allows an officer to listen who was not called."""

    def told(self) -> dict[str, Any] | None:
        """The call as the page draws it: `attempt`, `stage`, `who`, `talking`, `driver_db`, `officer_db`, `problems`.

        And of listening, where the site allows it: `ear`, a table of `number` (0 for none), `who`, and `refusal` and `supervisors` (a
        `ListenRefusal`, "" for none: why an officer or a supervisor cannot begin to listen now).

        None where nothing has been heard of the voice.
        """

    async def answer(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """Answers the call that rings and connects this page.

        Raises:
            RequestRefusedError: the agent did not answer (503); the words say whether the call may have been answered.
        """

    async def hears(self, attempt: int, officer_db: float) -> None:
        """The page says that the driver's sound reaches it, and how loud its own officer is."""

    async def listen(self, wanted: ListenWanted) -> ListenBegun:
        """Lets an officer's page listen, once the driver's panel says so; raises as `answer`."""

    async def listens(self, number: int) -> bool:
        """The page says that it listens still; whether it does, by what the agent knows."""

    async def stop_listening(self, number: int, why: ListenEnd) -> None:
        """The officer has heard enough, or his page may not any more."""
