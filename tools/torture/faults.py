"""Every kind of fault, by name: how long it lasts and what is done.

| scope | meaning |
|---|---|
| lane | one lane's cable, process or disk |
| all | the broker, the core, the core's cable, a crowd: every lane feels it |
| centre | the centre's database, where a run has two servers and two cores; only where it is named |

Rules of this file: a fault ends by itself; whatever it did to a cable or a disk it undoes, also when it is cancelled.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from lane_agent.model import Contact
from runtime.mqtt import Connection
from simulation.cable import Cable, HalfOpen, Refusing, Tamper, Way
from tools.torture import boxes, copies, databases, site_lost, tampers
from tools.torture.forger import Liar
from tools.torture.scene import FaultSite
from wire.topics import LOG

TRUCK_S = 12.0
"""Seconds that a fault waits for a truck whose bundle the wrong time would make good."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault. `shortest`, `longest`: seconds it lasts."""

    name: str
    scope: str
    shortest: float
    longest: float
    act: Callable[[FaultSite], Awaitable[None]]


@asynccontextmanager
async def _tampered(cable: Cable, tamper: Tamper, *, hang_up: bool = False) -> AsyncIterator[None]:
    """With this tamper on the cable, which is mended afterwards."""
    cable.tamper = tamper
    if hang_up:
        cable.hang_up()
    try:
        yield
    finally:
        cable.mend()


def _on_cable(
    make: Callable[[random.Random], Tamper], *, core: bool = False, hang_up: bool = False
) -> Callable[[FaultSite], Awaitable[None]]:
    async def act(scene: FaultSite) -> None:
        cable = scene.site.core_cable if core else scene.post.cable
        async with _tampered(cable, make(scene.rng), hang_up=hang_up):
            await asyncio.sleep(scene.seconds)

    return act


def _lie(tell: Callable[[Liar], None], *, every_s: float = 0.4) -> Callable[[FaultSite], Awaitable[None]]:
    """Says it again and again, while trucks pass."""

    async def act(scene: FaultSite) -> None:
        end = asyncio.get_running_loop().time() + scene.seconds
        while asyncio.get_running_loop().time() < end:
            tell(scene.liar)
            await asyncio.sleep(every_s)

    return act


async def _kill_lane(scene: FaultSite) -> None:
    await scene.post.kill()
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        scene.post.start()


async def _kill_broker(scene: FaultSite) -> None:
    scene.site.broker.kill()
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        scene.site.broker.start()


async def _kill_core(scene: FaultSite) -> None:
    if scene.site.centre is not None:
        await databases.core_kill(scene)
        return
    await scene.site.children.end("core", signal.SIGKILL)
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        scene.site.start_core()


async def _disk_full(scene: FaultSite) -> None:
    medium, simulated = scene.post.medium, scene.post.simulated
    if medium.own:
        medium.fill()
    else:
        simulated.say(disk="full")
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        medium.free() if medium.own else simulated.say(disk="free")


async def _fsync_fails(scene: FaultSite) -> None:
    scene.post.simulated.say(disk="broken")
    try:
        await asyncio.sleep(scene.seconds)
    finally:  # the filter stays as long as the process: the box is restarted
        await scene.post.kill()
        scene.post.start()


async def _take_over(scene: FaultSite) -> None:
    """Another client connects under the lane's name, with its password."""
    post, broker = scene.post, scene.site.broker
    thief = Connection(
        broker.options(post.lane),
        will=lambda: None,
        on_up=lambda: None,
        on_down=lambda _: None,
        on_message=lambda _: None,
    )
    thief.start()
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        await thief.stop()


async def _old_snapshot(scene: FaultSite) -> None:
    """The lane is made to ask, and gets the past for an answer."""
    calls = scene.post.tap.on_request
    calls.append(scene.liar.answer_with_the_past)
    try:
        scene.liar.old_snapshot_unasked()
        scene.liar.gap()
        await asyncio.sleep(scene.seconds)
    finally:
        calls.remove(scene.liar.answer_with_the_past)


async def _replayed_command(scene: FaultSite) -> None:
    """A real command, then the same one again and again, also after the lane was killed."""
    post, liar = scene.post, scene.liar
    await scene.site.office.command(post.lane, "message", f"note {scene.rng.randrange(1 << 32):08x}")
    await asyncio.sleep(scene.seconds)
    liar.commands("replayed")
    await asyncio.sleep(0.3)
    liar.commands("replayed")
    await _kill_lane(scene)
    await post.simulated.until(lambda status: status["link"] == "fresh", 8.0)
    liar.commands("replayed")


def _clock(truth: str, *hours: float) -> Callable[[FaultSite], Awaitable[None]]:
    """The core's clock jumps while a truck whose bundle it would make good stands in the lane; another one follows."""

    async def act(scene: FaultSite) -> None:
        post = scene.post
        post.tempted.clear()
        post.tempts.extend([truth, truth])
        with suppress(TimeoutError):  # a lane that has no trucks just now is lied to all the same
            async with asyncio.timeout(TRUCK_S):
                await post.tempted.wait()
        await asyncio.sleep(scene.rng.random())
        change = scene.liar.clock(int(scene.rng.choice(hours) * 3_600_000))
        async with _tampered(post.cable, tampers.Rewrite(post.tap.topics.heartbeat, change)):
            post.wrong_clock = True
            try:
                await _lied_to(scene)
            finally:
                post.wrong_clock = False
                post.tempts.clear()

    return act


async def _lied_to(scene: FaultSite) -> None:
    """Lets the wrong time last; sometimes the lane is killed, so that the wrong time is the first its new process hears.

    The new process must not believe it either: it has a time source, or finds in its store what time to expect.
    """
    if scene.rng.random() < 0.4:
        await _kill_lane(replace(scene, seconds=0.0))
    await asyncio.sleep(scene.seconds)


async def _withhold_delta(scene: FaultSite) -> None:
    """Nothing of the log arrives, neither by itself nor in answer; proofs do."""
    wanted = {LOG, scene.post.tap.topics.log}
    async with _tampered(scene.post.cable, tampers.Withhold(lambda topic: topic in wanted)):
        await scene.site.office.hold(scene.post.lure)  # there is something to withhold
        await asyncio.sleep(scene.seconds)
    await scene.site.office.lift(scene.post.lure)


async def _old_proofs(scene: FaultSite) -> None:
    """No proof of now arrives; those of before do, again and again."""
    heartbeat = scene.post.tap.topics.heartbeat
    async with _tampered(scene.post.cable, tampers.Withhold(lambda topic: topic == heartbeat)):
        await _lie(Liar.replayed_proof, every_s=0.3)(scene)


async def _swallowed_rows(scene: FaultSite) -> None:
    """The broker keeps the lane's rows to itself and acknowledges them; claims and proofs pass."""
    event = scene.post.tap.topics.event
    async with _tampered(scene.post.cable, tampers.Withhold(lambda topic: topic == event, Way.UP)):
        await asyncio.sleep(scene.seconds)


async def _swallowed_claims(scene: FaultSite) -> None:
    """The core hears the lane's claims, and the lane never hears an answer."""
    answer = scene.post.tap.topics.claim_answer
    async with _tampered(scene.post.cable, tampers.Withhold(lambda topic: topic == answer)):
        await asyncio.sleep(scene.seconds)


async def _hold_swapped(scene: FaultSite) -> None:
    """Bundles and holds of one vehicle, delivered last first."""
    office, mark = scene.site.office, scene.post.lure
    async with _tampered(scene.post.cable, tampers.Backwards()):
        end = asyncio.get_running_loop().time() + scene.seconds
        while asyncio.get_running_loop().time() < end:
            await office.hold(mark)
            ubr = await office.bundle(mark, "release")
            await asyncio.sleep(0.2)
            await (office.debundle(ubr) if ubr else asyncio.sleep(0))
            await office.lift(mark)
            await asyncio.sleep(0.6)


async def _late_clear(scene: FaultSite) -> None:
    """Immigration's answer for one vehicle comes when the next one stands there and Immigration has begun with that."""
    scene.post.tempts.extend(["unanswered", "late_clear"])
    await asyncio.sleep(scene.seconds)


async def _close_follower(scene: FaultSite) -> None:
    """One turns off to the compound; the next is released, and followed so closely that the stop loop does not fall."""
    scene.post.tempts.extend(["turned_off", "followed"])
    await asyncio.sleep(scene.seconds)


async def _bypass(scene: FaultSite) -> None:
    """The way-out loop is bypassed in manual mode, and then the order of manual mode is ended."""
    say = scene.post.simulated.say
    say(officer="manual")
    say(officer="bypass", loop=Contact.EXIT_LOOP.value, bypassed=True)
    say(officer="automatic")
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        say(officer="bypass", loop=Contact.EXIT_LOOP.value, bypassed=False)


async def _storm(scene: FaultSite) -> None:
    await scene.site.storm()


Row = tuple[str, float, float, Callable[[FaultSite], Awaitable[None]]]


def _kinds() -> tuple[FaultKind, ...]:
    lane: tuple[Row, ...] = (
        ("cut", 0.3, 8.0, _on_cable(lambda _: Refusing(), hang_up=True)),
        ("half_open", 0.5, 8.0, _on_cable(lambda _: HalfOpen())),
        ("deaf", 0.5, 8.0, _on_cable(lambda _: HalfOpen(Way.DOWN))),
        ("mute", 0.5, 8.0, _on_cable(lambda _: HalfOpen(Way.UP))),
        ("delay", 2.0, 6.0, _on_cable(lambda rng: tampers.Delay(rng, rng.choice((0.2, 1.0, 2.5))))),
        ("duplicate", 2.0, 5.0, _on_cable(tampers.Duplicate)),
        ("reorder", 2.0, 5.0, _on_cable(tampers.Reorder)),
        ("truncate", 1.0, 4.0, _on_cable(tampers.Truncate)),
        ("corrupt", 1.0, 4.0, _on_cable(tampers.Corrupt)),
        ("lane_kill", 0.0, 2.0, _kill_lane),
        ("disk_full", 3.0, 6.0, _disk_full),
        ("fsync_fails", 2.0, 4.0, _fsync_fails),
        ("take_over", 1.0, 2.0, _take_over),
        ("old_snapshot", 2.0, 4.0, _old_snapshot),
        ("gap", 1.0, 3.0, _lie(Liar.gap)),
        ("fork", 1.0, 3.0, _lie(Liar.fork)),
        ("wrong_signature", 1.0, 3.0, _lie(Liar.wrong_signature)),
        ("foreign_signature", 1.0, 3.0, _lie(Liar.foreign_signature)),
        ("other_topic", 1.0, 3.0, _lie(Liar.other_topic)),
        ("replayed_delta", 1.0, 3.0, _lie(Liar.replayed_delta)),
        ("replayed_proof", 1.0, 3.0, _lie(Liar.replayed_proof)),
        ("forged_ack", 1.0, 3.0, _lie(Liar.forged_ack)),
        ("retained_command", 0.5, 1.0, _lie(lambda liar: liar.commands("retained"))),
        ("expired_command", 0.5, 1.0, _lie(lambda liar: liar.commands("expired"))),
        ("early_command", 0.5, 1.0, _lie(lambda liar: liar.commands("from the future"))),
        ("foreign_command", 0.5, 1.0, _lie(lambda liar: liar.commands("foreign"))),
        ("replayed_command", 0.3, 1.0, _replayed_command),
        ("clock_ahead", 5.0, 9.0, _clock("early", 0.6, 2.5)),
        ("clock_behind", 5.0, 9.0, _clock("ended", -0.4, -1.5)),
        ("withheld_delta", 3.0, 7.0, _withhold_delta),
        ("swallowed_rows", 3.0, 8.0, _swallowed_rows),
        ("swallowed_claims", 3.0, 8.0, _swallowed_claims),
        ("old_proofs", 3.0, 8.0, _old_proofs),
        ("hold_swapped", 3.0, 6.0, _hold_swapped),
        ("late_clear", 8.0, 10.0, _late_clear),
        ("close_follower", 8.0, 10.0, _close_follower),
        ("bypass", 4.0, 8.0, _bypass),
        ("second_box", 8.0, 14.0, boxes.second_box),
        ("lane_restore", 2.0, 8.0, copies.lane_restore),
    )
    everybody: tuple[Row, ...] = (
        ("broker_kill", 0.0, 4.0, _kill_broker),
        ("core_kill", 0.0, 3.0, _kill_core),
        ("core_cut", 0.3, 6.0, _on_cable(lambda _: Refusing(), core=True, hang_up=True)),
        ("core_half_open", 0.5, 7.0, _on_cable(lambda _: HalfOpen(), core=True)),
        ("core_delay", 2.0, 5.0, _on_cable(lambda rng: tampers.Delay(rng, rng.choice((0.2, 1.0))), core=True)),
        ("core_duplicate", 2.0, 5.0, _on_cable(tampers.Duplicate, core=True)),
        ("core_reorder", 2.0, 5.0, _on_cable(tampers.Reorder, core=True)),
        ("core_truncate", 1.0, 3.0, _on_cable(tampers.Truncate, core=True)),
        ("core_corrupt", 1.0, 3.0, _on_cable(tampers.Corrupt, core=True)),
        ("storm", 1.0, 1.0, _storm),
        ("core_restore", 2.0, 8.0, copies.core_restore),
        ("core_edit", 2.0, 5.0, copies.core_edit),
    )
    centre: tuple[Row, ...] = (
        ("db_kill", 0.0, 4.0, databases.db_kill),
        ("db_isolated", 6.0, 12.0, databases.db_isolated),
        ("standby_promote", 0.0, 2.0, databases.standby_promote),
        ("core_handover", 0.0, 4.0, databases.core_handover),
        ("site_lost", 1.0, 5.0, site_lost.site_lost),
    )
    scopes = (("lane", lane), ("all", everybody), ("centre", centre))
    return tuple(FaultKind(name, scope, low, high, act) for scope, rows in scopes for name, low, high, act in rows)


KINDS: dict[str, FaultKind] = {kind.name: kind for kind in _kinds()}
"""Every kind, by name."""
