"""What officers may have a driver's panel say besides its message: a fixed list, named by words that both ends know.

Rules of this file: none of them sends anybody anywhere, lets anybody go, or says what Customs will decide: a notice asks for patience, or
for something that is right whatever the message above it says. The words are `lane_agent.wording.NOTICES`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class DriverNotice(StrEnum):
    """The value is what a command names."""

    QUEUE = "queue"
    DELAY = "delay"
    SYSTEM = "system"
    ENGINE_OFF = "engine_off"
    STAY_INSIDE = "stay_inside"
    WINDOW = "window"
    DOCUMENTS = "documents"


NO_NOTICE: Final = "none"
"""In the place of one: takes away what is shown."""

USUAL_MS: Final = 120_000
LONGEST_MS: Final = 1_800_000
"""How long one stands if nothing is said, and at most."""

LISTENING: Final = "listening"
"""What the panel says in the same place while an officer listens at the kiosk. No command can order it: it says what is so."""
