"""A connection to one of several brokers, made again whenever it is lost. It knows no lane.

Rules of this file:
- A connected socket proves nothing, and whoever knows what should arrive says so (`try_next_broker`: the lane within
  3 s, by the core's proofs). A dead one is noticed early besides: TCP_USER_TIMEOUT, and a keepalive of which paho needs
  two.
- What the broker itself says of an end is the reason for it, and nothing else is guessed.
- Two clients of one name would throw each other out for ever (lessons 12): the name is taken (`Cause.TAKEN_OVER`). Not every
  broker says so (Mosquitto 2.0.11 just closes), so being thrown out soon after each of `thrown_out` connections counts too.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

from runtime.backoff import Backoff
from runtime.mqtt.options import Broker, Options, Will
from runtime.mqtt.session import BrokerSession, Cause, Down, Incoming


class Connection:
    """A connection that is kept up: to one broker after the other, until one accepts it.

    Every callback runs on the event loop, in order: `on_up`, then messages, then `on_down`; never two `on_up` in a row.

    Args:
        options: how to connect.
        will: asked before every attempt, so that each connection can have a Will of its own; may return None.
        on_up: connected and subscribed.
        on_down: a connection that was up has ended.
        on_message: a message came; whoever takes it acknowledges it when done.
        on_refused: the broker refused a message of QoS 1: its topic, and why.
        chance: a number from 0 to 1 for the jitter.
        may_connect: asked before every attempt; while it says no, none is made.
    """

    def __init__(
        self,
        options: Options,
        *,
        will: Callable[[], Will | None],
        on_up: Callable[[], None],
        on_down: Callable[[Down], None],
        on_message: Callable[[Incoming], None],
        on_refused: Callable[[str, str], None] = lambda _topic, _why: None,
        chance: Callable[[], float] = random.random,
        may_connect: Callable[[], bool] = lambda: True,
    ) -> None:
        self.options = options
        self._may_connect = may_connect
        self._will = will
        self._on_up = on_up
        self._on_down = on_down
        self._on_message = on_message
        self._on_refused = on_refused
        self._backoff = Backoff(options.retry_min, options.retry_max, chance=chance)
        self._session: BrokerSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._short_lives = 0
        self.last: Down | None = None

    @property
    def broker(self) -> str:
        """The host:port of the connection that is up, "" if none is."""
        return str(self._session.broker) if self._session is not None and self.connected else ""

    @property
    def connected(self) -> bool:
        """Whether a connection is up; says nothing about the other side."""
        session = self._session
        return session is not None and session.up.done() and not session.down.done()

    def start(self) -> None:
        """Begins connecting, in a task of the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=f"mqtt {self.options.client_id}")

    async def stop(self, farewell: tuple[str, bytes] | None = None) -> None:
        """Leaves for good; `farewell` (topic, payload) is published, retained, in place of the Will."""
        self._stopping = True
        if self._session is not None:
            await self._session.leave(farewell)  # the task then ends by itself, and paho's thread before it
        elif self._task is not None:
            self._task.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def check(self) -> None:
        """Raises what ended the connection's task, if anything did: a bug of this program, and the end of the link."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Hands one message to the connection. False: there is none, or it is full; the message is dropped."""
        session = self._session
        return session is not None and self.connected and session.publish(topic, payload, qos, retain)

    def try_next_broker(self, reason: str) -> None:
        """Leaves this broker for the next one: connected, and yet the other side is not heard."""
        if self._session is not None:
            self._session.end(Down(Cause.LEFT, reason))

    async def _keep(self) -> None:
        brokers = itertools.cycle(self.options.brokers)
        while not self._stopping:
            if await self._once(next(brokers)):
                self._backoff.reset()
            taken_over = self.last is not None and self.last.cause is Cause.TAKEN_OVER
            await asyncio.sleep(self.options.taken_over if taken_over else self._backoff.next_s())

    def _named(self, down: Down, lived: float) -> Down:
        """Why a connection ended: one that is thrown out again and again has been taken over."""
        short = down.cause is Cause.LOST and not down.told and lived < self.options.settled
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives < self.options.thrown_out:
            return down
        self._short_lives = 0
        return Down(
            Cause.TAKEN_OVER,
            f"{down.detail}: thrown out {self.options.thrown_out} times soon after connecting; "
            f"another client uses the name {self.options.client_id!r}, or the broker keeps failing",
        )

    async def _ended(self, session: BrokerSession) -> Down:
        """Waits for the end of a session that is up; one whose broker acknowledges nothing any more is ended."""
        limit = self.options.unanswered
        while not (await asyncio.wait({session.down}, timeout=limit / 10))[0]:
            if (silent := session.silent_s()) > limit:
                session.end(Down(Cause.LOST, f"{session.broker}: acknowledges nothing for {silent:.0f} s"))
        return session.down.result()

    async def _once(self, broker: Broker) -> bool:
        """One connection, from its attempt to its end. Returns whether it was up at all."""
        if not self._may_connect():
            return False
        try:
            session = BrokerSession(self.options, broker, self._will(), self._on_message, self._on_refused)
        except OSError as error:  # the files of TLS
            self.last = Down(Cause.REFUSED, f"TLS files: {error}")
            return False
        self._session = session
        try:
            await session.open()
            if not session.up.done():
                self.last = await session.down
                return False
            risen = session.clock()
            self._on_up()
            self.last = self._named(await self._ended(session), session.clock() - risen)
            self._on_down(self.last)
            return True
        finally:
            self._session = None
            await session.close()
