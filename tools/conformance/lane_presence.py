"""A lane's clauses: presence, nonces, state."""

from __future__ import annotations

from itertools import pairwise

from tools.conformance.clauses import Chapter, Unseen, must
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_log import bundle
from tools.conformance.peer import PeerSaid
from wire.messages import LaneState, Nonce, Presence

chapter: Chapter[CorePlayed] = Chapter("Presence, nonces, state")

_SLACK_S = 2.0
"""For a machine or a network that is busy."""


def _presences(core: CorePlayed, since: int = 0) -> list[Presence]:
    return core.all_of(Presence, since)


@chapter(
    "L01", "While connected, a lane has `online` retained under up/presence, with its connection's session number."
)
def online(core: CorePlayed) -> None:
    """Looks at what was retained when the kit came, or was said since."""
    core.until(lambda: _presences(core), "no presence is there")
    said = next(one for one in reversed(core.said) if isinstance(one.body, Presence))
    must(said.heard.retained, "the presence does not carry the retain flag")
    must(said.body.status == "online", f"the lane sends nonces, and its presence says {said.body.status}")
    session = core.next_nonce(0).session
    must(said.body.session == session, f"presence names session {said.body.session}, nonces name {session}")


def _cut(core: CorePlayed) -> tuple[Presence, int]:
    """Cuts the lane's connection; its last presence before, and the place in what was said since."""
    if core.proxy is None:
        raise Unseen("needs the lane's connection to be cut; let it connect through the kit with --through HOST:PORT")
    core.until(lambda: _presences(core), "no presence is there")
    if not core.proxy.connections:
        raise Unseen("the lane is not connected through the kit (--through)")
    before, start = _presences(core)[-1], core.mark()
    core.proxy.cut()
    return before, start


@chapter("L02", "When its connection is lost, its Will says `lost`, retained, with that connection's session number.")
def will(core: CorePlayed) -> None:
    """Pulls the cable."""
    before, start = _cut(core)
    core.until(
        lambda: any(one.status == "lost" for one in _presences(core, start)),
        "no Will comes",
        3 * core.pace.patience,
    )
    lost = next(said for said in core.said[start:] if isinstance(said.body, Presence) and said.body.status == "lost")
    must(lost.body.session == before.session, "the Will names another session than the connection that was lost")
    must(lost.heard.retained, "the Will does not carry the retain flag")


@chapter("L03", "It connects again by itself, subscribes anew, and draws a new session number.")
def again(core: CorePlayed) -> None:
    """Pulls the cable, then changes the list: only who has subscribed again hears of it."""
    before, start = _cut(core)
    core.until(
        lambda: any(one.status == "online" for one in _presences(core, start)),
        "the lane does not come back",
        3 * core.pace.patience,
    )
    after = next(one for one in _presences(core, start) if one.status == "online")
    must(after.session != before.session, "the new connection has the session number of the old one")
    core.grow(bundle(core.number()))
    core.level("after a reconnect the lane does not hear the core")


def _nonces(core: CorePlayed, count: int) -> list[PeerSaid]:
    start = core.mark()
    core.until(lambda: len(core.nonces(start)) >= count, "nonces stop", core.pace.patience + count * core.pace.nonce)
    return [said for said in core.said[start:] if isinstance(said.body, Nonce)]


@chapter("L04", "A connected lane sends a nonce each second: QoS 0, never retained.")
def each_second(core: CorePlayed) -> None:
    """Six nonces, and the time between them."""
    said = _nonces(core, 6)
    must(not any(one.heard.retained for one in said), "a nonce carries the retain flag")
    must(all(one.heard.qos == 0 for one in said), "a nonce has another QoS than 0")
    took = said[5].heard.at - said[0].heard.at
    must(
        2.5 * core.pace.nonce <= took <= 7.5 * core.pace.nonce + _SLACK_S,
        f"six nonces took {took:.2f} s, about {5 * core.pace.nonce:g} s was agreed",
    )


@chapter("L05", "No nonce is used twice.")
def fresh(core: CorePlayed) -> None:
    """All that came during this run."""
    _nonces(core, 3)
    found = [one.nonce for one in core.nonces()]
    must(len(set(found)) == len(found), f"{len(found) - len(set(found))} of {len(found)} nonces came twice")


@chapter("L06", "up/state is retained, its serial only grows within a session, and its session is the connection's.")
def state(core: CorePlayed) -> None:
    """What was heard during this run."""
    said = [one for one in core.said if isinstance(one.body, LaneState)]
    if not said:
        raise Unseen("the lane has published no state")
    must(all(one.heard.retained for one in said), "a state does not carry the retain flag")
    for one, next_ in pairwise(said):
        same = one.body.session == next_.body.session
        must(not same or next_.body.serial >= one.body.serial, "the serial of up/state went back within a session")


@chapter(
    "L07", "Everything a lane publishes is an envelope signed by its key, of a type of its topic, naming that lane."
)
def all_fits(core: CorePlayed) -> None:
    """What was heard during this run."""
    core.pump(core.pace.nonce)
    must(not core.misfits, "; ".join(core.misfits[:3]))
