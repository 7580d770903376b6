"""The link as a pure machine: told what happened and what time it is, drained of what is to be done (design §3).

| module | what is in it |
|---|---|
| `machine` | `LinkMachine`: `on_connected`, `on_message`, `tick`, …, then `drain` |
| `saved` | what the store kept of the last run |
| `effects` | what it asks for |
| `log_result` | what the code log answers |
| `limits` | every duration and size, with its reason |
| `freshness` | nonces, proofs, the verdict |
| `core_clock` | the core's time, and whether it can be believed |
| `silence` | when to try the next broker |
| `follower` | keeping up with the log: which part to ask for, and when the codes are in doubt |
| `claims` | the claim of the visit in the lane, until it is answered |
| `journal_end` | the journal as the core sees it: what nonces name, what proofs contradict |
| `sender` | sends the journal: in order, windowed, until acknowledged |
| `commands`, `command_lifecycle` | which command from the centre is obeyed, and what happens to it until the reply |
| `uploader` | pictures, part by part, when nothing more important is to be sent |
| `telemetry` | the box's condition, shed first |

No clock, no randomness of its own, no sockets, no store: all of these are in `sync.client`.
"""

from sync.link.core_clock import Ahead
from sync.link.effects import (
    Acknowledge,
    ApplyDelta,
    BeginJournal,
    DropRevert,
    Effect,
    FetchPicture,
    KeepClock,
    KeepOrder,
    LinkAlarm,
    LinkAlarmEnded,
    LoadPart,
    Order,
    PictureDone,
    Publish,
    RestartReader,
    Revert,
    SendEvents,
    SendPart,
    ShowDeltas,
    Tell,
    TryNextBroker,
)
from sync.link.limits import Limits
from sync.link.log_result import CodeLogHead
from sync.link.machine import LinkMachine
from sync.link.saved import SavedState
from sync.link.uploader import Upload

__all__ = [
    "Acknowledge",
    "Ahead",
    "ApplyDelta",
    "BeginJournal",
    "CodeLogHead",
    "DropRevert",
    "Effect",
    "FetchPicture",
    "KeepClock",
    "KeepOrder",
    "Limits",
    "LinkAlarm",
    "LinkAlarmEnded",
    "LinkMachine",
    "LoadPart",
    "Order",
    "PictureDone",
    "Publish",
    "RestartReader",
    "Revert",
    "SavedState",
    "SendEvents",
    "SendPart",
    "ShowDeltas",
    "Tell",
    "TryNextBroker",
    "Upload",
]
