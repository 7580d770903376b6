"""The link as a pure machine: told what came and what time it is, drained of what is to be done (design §3).

| room | what is in it |
|---|---|
| `machine` | `LinkMachine`: `connected`, `receive`, `tick`, …, then `drain` |
| `effects` | what it asks for |
| `limits` | every duration and size, with its reason |
| `freshness` | nonces, proofs, the verdict, the core's time |
| `follower` | keeping up with the log: which part to ask for, and when the codes are in doubt |
| `sender` | the journal's way to the core: in order, windowed, until acknowledged |
| `commands` | which command from afar is obeyed |

No clock, no randomness of its own, no sockets, no store: all of these are `sync.client`'s.
"""

from sync.link.effects import (
    Acknowledge,
    Alarm,
    ApplyDelta,
    Effect,
    LoadPart,
    Message,
    Publish,
    SendEvents,
    Tell,
    WalkOn,
)
from sync.link.follower import Head, Outcome
from sync.link.limits import Limits
from sync.link.machine import LinkMachine

__all__ = [
    "Acknowledge",
    "Alarm",
    "ApplyDelta",
    "Effect",
    "Head",
    "Limits",
    "LinkMachine",
    "LoadPart",
    "Message",
    "Outcome",
    "Publish",
    "SendEvents",
    "Tell",
    "WalkOn",
]
