"""The link as a pure machine: told what came and what time it is, drained of what is to be done (design §3).

| room | what is in it |
|---|---|
| `machine` | `LinkMachine`: `connected`, `receive`, `tick`, …, then `drain` |
| `effects` | what it asks for |
| `limits` | every duration and size, with its reason |
| `freshness` | nonces, proofs, the verdict |
| `coreclock` | the core's time, and whether it can be believed |
| `follower` | keeping up with the log: which part to ask for, and when the codes are in doubt |
| `sender` | the journal's way to the core: in order, windowed, until acknowledged |
| `commands`, `desk` | which command from afar is obeyed, and its way from there to the answer |
| `uploader` | pictures, part by part, when nothing better is to be sent |
| `samples` | telemetry, shed first |

No clock, no randomness of its own, no sockets, no store: all of these are `sync.client`'s.
"""

from sync.link.core_clock import Ahead
from sync.link.effects import (
    Acknowledge,
    ApplyDelta,
    DropRevert,
    Effect,
    FetchPicture,
    KeepClock,
    KeepOrder,
    LinkAlarm,
    LoadPart,
    Order,
    PictureDone,
    Publish,
    RestartReader,
    Revert,
    SendEvents,
    SendPart,
    Tell,
    TryNextBroker,
)
from sync.link.follower import ListPosition, LogAnswer
from sync.link.limits import Limits
from sync.link.machine import LinkMachine, SavedState
from sync.link.uploader import Upload

__all__ = [
    "Acknowledge",
    "Ahead",
    "ApplyDelta",
    "DropRevert",
    "Effect",
    "FetchPicture",
    "KeepClock",
    "KeepOrder",
    "Limits",
    "LinkAlarm",
    "LinkMachine",
    "ListPosition",
    "LoadPart",
    "LogAnswer",
    "Order",
    "PictureDone",
    "Publish",
    "RestartReader",
    "Revert",
    "SavedState",
    "SendEvents",
    "SendPart",
    "Tell",
    "TryNextBroker",
    "Upload",
]
