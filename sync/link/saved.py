"""What the store kept of the agent's last run, for the link machine to go on from."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.link.core_clock import Ahead
from sync.link.effects import Revert
from sync.link.uploader import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What the store kept of the agent's last run.

    Attributes:
        taken: identifier to expiry of the commands taken.
        revert: what has to revert.
        uploads: pictures still to be sent.
        clock: what is expected of the core's clock, if the agent ran before since the machine's start.
    """

    taken: dict[str, int] = field(default_factory=dict)
    revert: Revert | None = None
    uploads: tuple[Upload, ...] = ()
    clock: Ahead | None = None
