"""What the page needs of the lane's voice, named for the need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


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


class VoicePort(Protocol):
    """The lane's voice, for its page."""

    page: bool
    """Whether officers can talk through the page."""

    def told(self) -> dict[str, Any] | None:
        """The call as the page draws it: `attempt`, `stage`, `who`, `talking`, `driver_db`, `officer_db`, `problems`.

        None where nothing has been heard of the voice.
        """

    async def answer(self, officer: str, station: str, sdp: str) -> CallAgreed:
        """Answers the call that rings and connects this page.

        Raises:
            RequestRefusedError: the agent did not answer (503); the words say whether the call may have been answered.
        """

    async def hears(self, attempt: int, officer_db: float) -> None:
        """The page says that the driver's sound reaches it, and how loud its own officer is."""
