"""The voice process: sound server, calls and prompts of one kiosk, told what to do by the agent.

It decides nothing. Without the agent it has no calls and says nothing: what it was saying breaks off with the line, so that no
loudspeaker goes on with an instruction that nobody stands behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devices.voice import protocol as p
from devices.voice.loopback import prove
from devices.voice.prompt_files import PromptError, spoken
from devices.voice.prompt_queue import Hush, PromptQueue, Say
from devices.voice.prompts import PROMPTS
from devices.voice.settings import Prompting, PromptSettings, VoiceSettings
from devices.voice.sound import Loudspeaker, Microphone, SoundError, SoundServer
from devices.voice.telephone import Telephone
from devices.voice.tone import Samples
from domain.hong_kong import DAY_MINUTES, day_and_minute
from lane_agent.wording import Scene
from runtime.backoff import Backoff

if TYPE_CHECKING:
    from devices.voice.webrtc import PageCall, PageEar

log = logging.getLogger("rocars.voice")

SOUND_S: Final = 0.25
_TICK_S: Final = 0.1
_AGENT_SILENT_S: Final = 1.5
"""An agent that has said nothing for so long, in health half a second, may have a panel that shows its safe face (after 2 s, `screens.silent_s`)."""
_BACKOFF_S: Final = (0.3, 5.0)


def volume_now(settings: PromptSettings, utc_ms: int) -> int:
    """Percent, by day or by night in Hong Kong."""
    _, minute = day_and_minute(utc_ms)
    first, last = _minute(settings.night_from), _minute(settings.night_to)
    night = first <= minute < last if first <= last else minute >= first or minute < last
    return settings.night_volume if night else settings.day_volume


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return (int(hours) * 60 + int(minutes)) % DAY_MINUTES


class VoiceProcess:
    """Everything that runs in it.

    Args:
        settings: `[voice]`.
        folder: private, for the files of sound server and telephone.
        clock: monotonic, s.
        utc_ms: for day and night.
        telephone_command: before `baresip`, for tests that put it elsewhere.
    """

    def __init__(
        self,
        settings: VoiceSettings,
        folder: Path,
        *,
        clock: Callable[[], float],
        utc_ms: Callable[[], int],
        telephone_command: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._utc_ms = utc_ms
        self.progress = 0
        self.sound = SoundServer(
            folder / "sound", microphone=settings.microphone, loudspeaker=settings.loudspeaker, echo=settings.echo
        )
        self._writer: asyncio.StreamWriter | None = None
        self._health: dict[str, str] = {}
        self._page: PageCall | None = None
        self._ear: PageEar | None = None
        self._agent_s = 0.0  # when the agent said something last
        self._telephone: Telephone | None = None
        if settings.sip is not None:
            file = settings.sip.password_file
            self._telephone = Telephone(
                settings.sip,
                folder=folder / "sip",
                sound_socket=self.sound.socket,
                environment=self.sound.environment,
                password=file.read_text(encoding="utf-8").strip() if file else "",
                tell=self._tell,
                clock=clock,
                command=telephone_command,
            )
        self._queue = PromptQueue(settings.prompts.speak, again_ms=round(settings.prompts.again_s * 1_000))
        self._prompts: dict[Scene, Samples] = {}
        self._saying: asyncio.Task[None] | None = None
        self._in_call = False
        self._wants_proof = asyncio.Event()
        self._doing: set[asyncio.Task[None]] = set()

    @property
    def telephone(self) -> Telephone | None:
        """The lane's, if it is one."""
        return self._telephone

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                if self._settings.page:  # before the first call, which must not wait for it
                    await asyncio.to_thread(importlib.import_module, "devices.voice.webrtc")
                group.create_task(self._keep_sound(), name="sound")
                group.create_task(self._keep_line(), name="agent")
                group.create_task(self._report(), name="reports")
                group.create_task(self._prove(), name="proof")
                if self._settings.prompts.speak is not Prompting.NONE:
                    group.create_task(self._prompt(), name="prompts")
        finally:
            await self._end_page()
            await self._end_ear()
            await self.sound.stop()

    async def _keep_sound(self) -> None:
        """The sound server, and with it the telephone, which has no sound without it."""
        backoff = Backoff(*_BACKOFF_S)
        while True:
            try:
                await self.sound.start()
            except SoundError as error:
                why = str(error)
            else:
                self._note("sound", "")
                telephone = asyncio.create_task(self._telephone.run(), name="telephone") if self._telephone else None
                try:
                    why = await self.sound.ended()
                finally:
                    if telephone is not None:
                        telephone.cancel()
                        await asyncio.gather(telephone, return_exceptions=True)
                backoff.reset()
            self._note("sound", why)
            await self._end_page()
            await self._end_ear(why)
            await asyncio.sleep(backoff.next_s())

    async def _keep_line(self) -> None:
        backoff = Backoff(0.1, 2.0)
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(
                    str(self._settings.socket), limit=p.LONGEST_LINE
                )
            except OSError:
                await asyncio.sleep(backoff.next_s())
                continue
            backoff.reset()
            try:
                for part, why in self._health.items():
                    self._tell(p.Health(part, why))
                await self._serve(reader)
            finally:
                self._writer.close()
                self._writer = None
                self._abandoned()

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._agent_s = self._clock()
                try:
                    await self._take(p.decode_for_voice(line))
                except p.VoiceLineError as error:
                    log.warning("%s", error)
                    return

    def _abandoned(self) -> None:
        """The agent is gone: no calls, no words."""
        self._do(self._end_page())
        self._do(self._end_ear())
        if self._telephone is not None:
            self._telephone.hang_up_whatever()
        self._in_call = False
        self._follow(self._queue.receive_scene(None, self._now_ms(), call=False))

    async def _take(self, order: p.ToVoice) -> None:
        match order:
            case p.Dial():
                await self._dial(order)
            case p.HangUp(attempt):
                if self._page is not None and self._page.attempt == attempt:
                    await self._end_page()
                if self._telephone is not None:
                    self._telephone.hang_up(attempt)
            case p.Offer():
                await self._offer(order)
            case p.Listen() | p.StopListening():
                await self._listen(order)
            case p.ShownScene(key, call):
                self._in_call = call
                scene = next((one for one in Scene if one.value == key), None)
                self._follow(self._queue.receive_scene(scene, self._now_ms(), call=call))
            case p.ProveSound():
                self._wants_proof.set()
            case p.AgentBeat():
                pass

    async def _dial(self, order: p.Dial) -> None:
        await self._end_page()
        if self._telephone is None:
            self._tell(p.Closed(order.attempt, p.Ended.UNREACHABLE, "this lane has no telephone"))
        else:
            self._telephone.dial(order.attempt, order.number)

    async def _offer(self, offer: p.Offer) -> None:
        from devices.voice.webrtc import OfferError, PageCall  # noqa: PLC0415 -- seconds and 40 MB that only page calls take

        await self._end_page()
        self._page = page = PageCall(
            offer.attempt,
            microphone=Microphone(self.sound.environment),
            loudspeaker=Loudspeaker(self.sound.environment),
            tell=self._tell,
        )
        try:
            self._tell(p.Agreed(offer.attempt, sdp=await page.agree(offer.sdp)))
        except (OfferError, SoundError) as error:
            self._tell(p.Agreed(offer.attempt, problem=str(error)[:400]))
            await self._end_page()

    async def _end_page(self) -> None:
        if self._page is not None:
            page, self._page = self._page, None
            await page.close()

    async def _listen(self, wish: p.Listen | p.StopListening) -> None:
        from devices.voice.webrtc import OfferError, PageEar  # noqa: PLC0415 -- as for calls

        known = self._ear is not None and self._ear.number == wish.number
        await self._end_ear()
        if isinstance(wish, p.StopListening):
            if not known:
                self._tell(p.ListenClosed(wish.number))
            return
        self._ear = ear = PageEar(
            wish.number,
            microphone=Microphone(self.sound.environment),
            said=Microphone(self.sound.environment, self.sound.said),
            gone=lambda: self._do(self._end_ear("the page is gone or its network is cut")),
        )
        try:
            self._tell(p.ListenAgreed(wish.number, await ear.agree(wish.sdp)))
        except OfferError as error:
            await self._end_ear(str(error)[:400])

    async def _end_ear(self, why: str = "") -> None:
        if self._ear is not None:
            ear, self._ear = self._ear, None
            await ear.close()
            self._tell(p.ListenClosed(ear.number, why[:400]))

    async def _report(self) -> None:
        """What flows, four times a second; that this process lives, and how its registration is."""
        beat = 0.0
        while True:
            await asyncio.sleep(SOUND_S)
            self.progress += 1
            if self._page is not None:
                self._tell(self._page.sound())
            if self._telephone is not None and (sound := self._telephone.sound()) is not None:
                self._tell(sound)
            if self._ear is not None and self._clock() - self._agent_s > _AGENT_SILENT_S:
                await self._end_ear("the agent was silent")
            if self._clock() - beat >= p.BEAT_S:
                beat = self._clock()
                self._tell(p.VoiceBeat())
                if self._telephone is not None:
                    self._telephone.keep_registered()
                    if (lapsed := self._telephone.registration()) is not None:
                        self._note("registration", lapsed)

    async def _prove(self) -> None:
        """At the start, each night, and when somebody asks; in no call and over no prompt."""
        if not self._settings.test_at:
            self._wants_proof.clear()
        else:
            await asyncio.sleep(1.0)
            self._wants_proof.set()
        done_day = -1
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20.0):
                    await self._wants_proof.wait()
            day, minute = day_and_minute(self._utc_ms())
            due = bool(self._settings.test_at) and minute == _minute(self._settings.test_at) and day != done_day
            if not (due or self._wants_proof.is_set()):
                continue
            busy = self._in_call or self._saying is not None or self._page is not None or self._ear is not None
            if busy or self.sound.pid is None:
                await asyncio.sleep(1.0)
                continue
            if due:
                done_day = day
            self._wants_proof.clear()
            await self._prove_once()

    async def _prove_once(self) -> None:
        environment = self.sound.environment
        found = await prove(
            Microphone(environment, self.sound.raw_microphone), Loudspeaker(environment, "kiosk_loudspeaker")
        )
        log.info("microphone and loudspeaker: %s", found)
        self._note("microphone", found.microphone)
        self._note("loudspeaker", found.loudspeaker)

    async def _prompt(self) -> None:
        """Makes the prompts once, and lets the queue go with time."""
        for scene in PROMPTS:
            try:
                self._prompts[scene] = await asyncio.to_thread(spoken, scene, self._settings.prompts.recorded)
            except PromptError as error:
                self._note("prompts", str(error)[:400])
                break
        else:
            self._note("prompts", "")
        while True:
            await asyncio.sleep(_TICK_S)
            self._follow(self._queue.receive_time(self._now_ms()))

    def _follow(self, orders: list[Say | Hush]) -> None:
        for order in orders:
            if self._saying is not None:
                self._saying.cancel()
                self._saying = None
            if isinstance(order, Say):
                self._saying = asyncio.create_task(self._say(order.scene), name=f"say {order.scene.value}")

    async def _say(self, scene: Scene) -> None:
        def volume() -> int:
            return volume_now(self._settings.prompts, self._utc_ms())

        sound = self._prompts.get(scene)
        if sound is not None:
            try:
                await Loudspeaker(self.sound.environment, volume=volume).play(sound)
            except SoundError as error:
                self._note("loudspeaker", str(error))
        self._saying = None
        self._follow(self._queue.receive_done(self._now_ms()))

    def _note(self, part: str, problem: str) -> None:
        if self._health.get(part) != problem:
            self._health[part] = problem
            self._tell(p.Health(part, problem[:400]))

    def _tell(self, message: p.ToAgent) -> None:
        if isinstance(message, p.Health):
            self._health[message.part] = message.problem
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(p.encode(message))

    def _do(self, what: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(what)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def _now_ms(self) -> int:
        return round(self._clock() * 1_000)
