"""The link as a pure machine: told what came and what time it is, drained of what is to be done (design §3).

| module | what is in it |
|---|---|
| `machine` | `LinkMachine`: `connected`, `receive`, `tick`, …, then `drain` |
| `effects` | what it asks for |
| `limits` | every duration and size, with its reason |
| `freshness` | nonces, proofs, the verdict |
| `core_clock` | the core's time, and whether it can be believed |
| `silence` | how long without word from the core before the next broker is tried |
| `follower` | keeping up with the log: which part to ask for, and when the codes are in doubt |
| `sender` | the journal on its way to the core: in order, windowed, until acknowledged |
| `commands`, `command_lifecycle` | which command from the centre is obeyed; validate, persist, execute, reply |
| `uploader` | pictures, part by part, when nothing better is to be sent |
| `telemetry` | how the box is; shed first |

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
