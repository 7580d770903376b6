"""One lane, put together: the composition root of `rocars-lane run`. Concrete classes are chosen here and nowhere else.

Order of starting: store and journal, the lane as the journal left it, the line to the page, screens, link, contacts, reader,
the shell. Order of stopping is the reverse. What fails to start is one clear line and exit status 2.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
from importlib.metadata import version
from pathlib import Path

from console.ports import CameraPicture, LinkView
from devices.contact_faults import ContactFaults
from devices.contacts import WiredContacts
from devices.intercom import Intercom
from devices.reader import ReaderProcess
from devices.settings import Output
from display.feed import ScreenFeed
from display.sign_renderer import SignRenderer
from display.supervisor import ScreenProcesses
from display.wording_file import use_words
from domain.alarms import LaneAlarmKind
from domain.times import DAY_MS
from edge import identifiers, places, wiring
from edge.actuators import Actuators
from edge.alarm_desk import LaneAlarms
from edge.clock import BoxClock, ClockWatch
from edge.driver_notice import NoticeLine
from edge.evidence_retention import EvidenceKeeper
from edge.expiry import IdentityWatch
from edge.health import HealthEvent, StoreWatch, look
from edge.lane_feed import LanePage, Sources
from edge.lane_watch import LaneWatch
from edge.metrics import LaneMetrics, status_bits
from edge.page_line import PageLine
from edge.past_visits import call_records, newest_first, past_records
from edge.remote_orders import Afar, retention
from edge.settings.load import Settings
from edge.settings.sections import LaneMode
from edge.shadow import ShadowCodes, ShadowLink, ShadowScreens, shadow_settings
from edge.standby import Standby
from edge.telemetry import BoxSources, sample
from edge.voice import PageVoice, left_open, voice_line
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, AlarmEnded, Effect
from lane_agent.events import AgentStarted, Event, FaultRaised, ScenePainted, TroubleEnded, TroubleReported
from lane_agent.model import Fault, Link, Moment, Screen, TimeQuality
from lane_agent.replay import restore
from lane_agent.state import Lane
from lane_agent.wording import Scene
from runtime.clocks import Clocks, machine_boot, monotonic_ms, utc_ms
from runtime.sd_notify import Systemd, feed_on_progress
from sync.alarm_rows import AlarmRows
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.evidence import Evidence
from sync.journal import Journal
from sync.settings import PictureClass
from sync.store import LaneStore

log = logging.getLogger("rocars.lane")

_PAGE_MISSING_S = 20
"""Its process loads in a few seconds; on a busy box, or from a slow disk, in ten."""


class LaneBox:
    """Everything that runs in the agent's process.

    Args:
        settings: checked.
        file: where they were read.
        standby: where the lane's own store cannot be opened: what stands in its place (`edge.standby`).

    Raises:
        StoreError, OSError: a part cannot be made; the text says what to do.
    """

    def __init__(self, settings: Settings, file: Path, standby: Standby | None = None) -> None:
        settings = settings if standby is None else standby.settings
        self.shadow = settings.lane.mode is LaneMode.SHADOW
        self.settings = settings = shadow_settings(settings) if self.shadow else settings
        self.standby = standby
        self.software = version("rocars-lane")
        self.boot = secrets.token_hex(8)
        self._over, self._anew = asyncio.Event(), ""
        self.store = LaneStore(settings.lane.store)
        self.journal = Journal(self.store, boot=self.boot, software=self.software)
        self.aside = ShadowLink(settings, boot=self.boot, software=self.software) if self.shadow else None
        self.codes = CodeLog(self.aside.store if self.aside else self.store)
        self.alarms = LaneAlarms(AlarmRows(self.store))
        self.alarms.restore(self.journal)
        self.evidence = Evidence(settings.lane.evidence, retention(settings.evidence), now_ms=utc_ms)
        self.afar = Afar(self.evidence, settings.evidence.send)
        self.core_ring = wiring.core_ring(settings.link.core_keys)
        self.plates: identifiers.Feed | None = identifiers.plate_feed(
            settings, self._utc_ms
        ) or identifiers.metadata_feed(settings, self._utc_ms)
        self.link = self._link()
        self.clock = BoxClock(self.link.core_time)
        self.keeper = EvidenceKeeper(
            self.evidence,
            self.aside.journal if self.aside else self.journal,
            time_is_sure=lambda: self.clock.now().quality is not TimeQuality.UNSURE,
            tell=self.tell,
        )
        self.screens = ShadowScreens(self._painted) if self.shadow else self._screen_feed()
        self.screen_processes = ScreenProcesses(
            settings.screens,
            simulated=settings.simulation,
        )
        self.reader = ReaderProcess(wiring.reader_setup(settings), self.tell)
        faults = ContactFaults()
        self.contacts: WiredContacts = wiring.contacts(settings, faults)
        self.terminal = wiring.terminal(settings, faults)
        self.identifier = identifiers.identifier(settings, self.plates)
        # A shadow calls nobody and says nothing: another lane has the driver.
        self.voice = None if self.shadow else voice_line(settings.voice, self.tell, monotonic_ms, self._call_moved)
        if self.voice is not None:
            self.voice.listening.mark = self.screens.listening
        self.notice = NoticeLine(self.screens.notice, now=self.clock.now, moved=self._notice_moved)
        actuators = Actuators(
            screens=self.screens,
            reader=self.reader,
            identifier=self.identifier,
            intercom=Intercom(self.contacts),
            tell=self.notice.order,
            watchers=[self._stepped],
            voice=self.voice,
        )
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=self.clock,
            journal=self.journal,
            codes=ShadowCodes(self.link, self.tell) if self.shadow else self.link,
            actuators=actuators,
            software=self.software,
        )
        self.devices = wiring.device_table(settings, self.contacts, faults, self.identifier)
        self.watch = LaneWatch(
            tell=self.tell,
            outputs=self.contacts,
            clock=monotonic_ms,
            plate_since=lambda: self.reader.plate_since_ms,
            table=self.devices,
        )
        self.metrics = LaneMetrics(settings.health.metrics_port, self.alarms, self.devices)
        self._siren: bool | None = None
        use_words(str(settings.screens.wording or ""))
        self._row = ("", 0)  # the row that holds, and since when, for the wall
        self.painter = SignRenderer(simulated=settings.simulation, wording=str(settings.screens.wording or ""))
        self.page = LanePage(
            self.agent,
            simulated=settings.simulation,
            software=self.software,
            sources=self._sources(),
            alarms=self.alarms,
        )
        self.page.recall(past_records(self.journal))
        self.page.second.told = lambda: self._publish_state(self.agent.lane)
        self.afar.attach(agent=self.agent, reader=self.reader, link=self.link)
        self.page_line = PageLine(self.page, places.page_socket(settings), self._page_voice())
        self.page_process = places.page_process(settings, file)

    def _utc_ms(self) -> int:
        return self.clock.now().utc_ms

    def tell(self, event: Event) -> None:
        """Puts an event into the lane's inbox, unless it is the end of a trouble that does not stand."""
        if (self.standby is None or self.standby.is_news(event)) and self.alarms.is_news(event):
            self.agent.tell(event)

    def _screen_feed(self) -> ScreenFeed:
        screens = self.settings.screens
        return ScreenFeed(
            screens.socket,
            simulated=self.settings.simulation,
            on_painted=self._painted,
            on_trouble=self._screen_troubled,
            on_lost=self._screen_lost,
            on_found=lambda screen: log.info("screen %s found", screen.value),
            on_listening=self._listening_shown,
            silence_s=screens.silent_s,
        )

    def _link(self) -> LinkClient:
        return LinkClient(
            self.settings.lane.id,
            options=wiring.link_options(self.settings),
            signer=wiring.signer(self.settings),
            ring=self.core_ring,
            journal=self.aside.journal if self.aside else self.journal,
            codes=self.codes,
            now_ms=monotonic_ms,
            utc_ms=Clocks().kept_utc,
            machine_boot=machine_boot(),
            on_event=self.tell,
            on_alarm=lambda kind, detail: self.tell(TroubleReported(kind, detail)),
            on_alarm_over=lambda kind: self.tell(TroubleEnded(kind)),
            on_order=self.aside.order if self.aside else self.afar.order,
            on_restart_reader=self.afar.restart_reader,
            on_journal_anew=self._begin_anew,
            keep_deltas_ms=self.settings.link.deltas_days * DAY_MS,
            evidence=None if self.aside else self.evidence,
            asked_class=PictureClass.COMPLAINTS.value,
            limits=wiring.link_limits(self.settings),
            software=self.software,
            extra_topics=identifiers.extra_topics(self.settings, self.plates),
        )

    def _begin_anew(self, why: str) -> None:
        """The journal has another name, after which visits are named: the agent ends, for systemd to start it again."""
        self._anew = why
        self._over.set()

    def _screen_lost(self, screen: Screen) -> None:
        """A frozen picture may still stand on it: its keeper (or its unit's watchdog) ends it and starts it again."""
        self.tell(FaultRaised(Fault.SCREEN, f"{screen.value} does not answer"))
        self.screen_processes.restart(screen)

    def _screen_troubled(self, screen: Screen, why: str) -> None:
        """It cannot show what it is told. The fault ends with the next order that both screens confirm."""
        if why:
            self.tell(FaultRaised(Fault.SCREEN, f"{screen.value}: {why}"))

    def _listening_shown(self, so: bool) -> None:
        if self.voice is not None:
            self.voice.listening.shown(so)

    def _painted(self, screen: Screen, scene: Scene, serial: int) -> None:
        self.tell(ScenePainted(screen, scene, serial))

    def _stepped(self, event: Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        visit = lane.visit
        if self.standby is None:
            self.link.watch(visit.read.vrn if visit is not None and visit.read is not None else None)
            if not self.shadow:
                self.link.on_journal_grew()
        self.alarms.stepped(at, effects, lambda: self.journal.head()[0])
        self.notice.stepped(lane)
        self._publish_state(lane)
        self.metrics.stepped(event, at, effects)
        self.afar.stepped(event, effects, lane)
        self.page.stepped(event, at, effects, lane)
        self.watch.stepped(event, effects, lane)
        if self.voice is not None:
            self.voice.stepped(event)

    def _publish_state(self, lane: Lane) -> None:
        """For the wall of lanes and for the siren: how the lane and its alarms are now. A shadow tells and sounds nothing."""
        if self.shadow:
            return
        now_ms = self.clock.now().utc_ms
        alarms = self.alarms.wall_facts(self.store.journal_id, now_ms)
        self._sound_siren(on=self.alarms.calls(now_ms))
        alarms["status"] = status_bits(lane, self.metrics.priorities(now_ms))
        if self._row[0] != lane.row:
            self._row = lane.row, now_ms
        times = {"at_ms": now_ms, "row_ms": self._row[1]}
        if self.standby is None:
            keys = {"core_keys": list(self.core_ring.prints)}
            self.link.publish_state(
                wiring.wall_facts(lane, self.page.second.facts(), self.notice.facts()) | times | alarms | keys
            )

    def _sound_siren(self, *, on: bool) -> None:
        if on is not self._siren:
            self._siren = on
            self.contacts.switch(Output.ALARM, on)

    def _alarms_moved(self) -> None:
        """Time alone has changed an alarm."""
        self._publish_state(self.agent.lane)
        self.page.moved()

    def _notice_moved(self) -> None:
        """The line on the panel has changed."""
        self._alarms_moved()

    def _page_voice(self) -> PageVoice | None:
        if self.voice is None:
            return None
        page = self.settings.voice.page
        return PageVoice(self.voice, act=self.page.act, lane=lambda: self.agent.lane, page=page)

    def _call_moved(self) -> None:
        """What the page shows of a call: levels, four times a second."""
        self.page.moved()

    def _sources(self) -> Sources:
        return Sources(
            link=self._link_view,
            frame=self._frame,
            read_ms=self.reader.read_ms,
            evidence=self._evidence,
            paint=self.painter.paint,
            notice=lambda: self.notice.shown,
            listener=lambda: "" if self.voice is None else self.voice.listening.sight.who,
            now=self.clock.now,
        )

    def _link_view(self) -> LinkView:
        found = self.link.status()
        proven = found.proven_version  # signed deltas may have taken the lane on since
        return LinkView(
            verdict=found.link,
            proof_age_ms=found.proof_age_ms,
            version=found.version,
            head=None if proven is None else max(proven, found.version),
            verified=found.link is Link.FRESH and not found.doubt,
            waiting=found.waiting,
            broker=found.broker,
            trouble=found.trouble,
            refused=tuple(sorted((found.refused | (self.plates.refused if self.plates else {})).items())),
        )

    def _frame(self) -> CameraPicture | None:
        newest = self.reader.latest()
        return None if newest is None else CameraPicture(newest.jpeg, monotonic_ms() - newest.frame_ms)

    def _evidence(self, digest: str) -> bytes | None:
        try:
            return self.evidence.get(digest)
        except OSError:
            return None

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT; a part that ends by itself ends the box, for systemd to start it again.

        Raises:
            OSError: the core contradicted the journal, which now has another name; the next start goes on with it.
        """
        over = self._over
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        systemd = Systemd.from_environment()
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self.store.close)
            if self.aside is not None:
                stack.callback(self.aside.store.close)
            stack.callback(self.painter.close)
            self.tell(AgentStarted(self.settings.lane_policy(self.store.journal_id), self.boot, self.software))
            if self.standby is not None:
                self.tell(self.standby.fault)
            if (listened := left_open(call_records(self.journal))) is not None:
                self.tell(listened)
            for ended in self.alarms.unproven():
                self.tell(ended)
            await self.page_line.start()
            stack.push_async_callback(self.page_line.stop)
            if self.page_process is not None:
                await self.page_process.start()
                stack.push_async_callback(self.page_process.stop)
            await self.screens.start()
            stack.push_async_callback(self.screens.stop)
            if not (self.shadow or self.settings.screens.in_units):
                await self.screen_processes.start()
                stack.push_async_callback(self.screen_processes.stop)
            if self.standby is None:
                await self.link.start()
                stack.push_async_callback(self.link.stop)
            await self._start_devices(stack)
            stack.push_async_callback(self.reader.stop)
            systemd.ready(f"lane {self.settings.lane.id} runs")
            await self._until(over, systemd)
            systemd.stopping()
        if self._anew:
            raise OSError(f"the journal begins anew, and the agent with it: {self._anew}")

    async def _start_devices(self, stack: contextlib.AsyncExitStack) -> None:
        if self.voice is not None:
            await self.voice.start()
            stack.push_async_callback(self.voice.stop)
        await self.contacts.start(self.tell)
        stack.push_async_callback(self.contacts.stop)
        if self.terminal is not None:
            await self.terminal.start(self.tell)
            stack.push_async_callback(self.terminal.stop)
        await self.identifier.start(self.tell)
        stack.push_async_callback(self.identifier.stop)

    async def _until(self, over: asyncio.Event, systemd: Systemd) -> None:
        """The long-running parts side by side."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.agent.run(), name="agent"),
                group.create_task(self.reader.start(), name="reader start"),
                group.create_task(self._watch_store().run(), name="store watch"),
                group.create_task(ClockWatch(self.tell, core=self.link.clock_doubt).run(), name="clock watch"),
                group.create_task(feed_on_progress(systemd, lambda: self.agent.progress), name="watchdog"),
                group.create_task(self._check_link(), name="link check"),
                group.create_task(self._watch_page(), name="page watch"),
                group.create_task(self.watch.run(), name="watch"),
                group.create_task(self.keeper.run(), name="evidence"),
                group.create_task(self._watch_alarms(), name="alarms"),
                group.create_task(self._measure(), name="metrics"),
            ]
            if self.standby is None:
                tasks += [
                    group.create_task(self._sample(), name="telemetry"),
                    group.create_task(self._watch_identity().run(), name="identity"),
                ]
            else:
                tasks.append(group.create_task(self._await_store(self.standby, over), name="own store"))
            await over.wait()
            for task in tasks:
                task.cancel()

    async def _await_store(self, standby: Standby, over: asyncio.Event) -> None:
        await standby.until_back(lambda: self.agent.lane.visit is None)
        over.set()

    def _watch_store(self) -> StoreWatch:
        health = self.settings.health
        return StoreWatch(
            look=lambda: look(self.settings.lane.store.parent),
            tell=self._trouble,
            every_s=health.probe_s,
            min_free_mb=health.min_free_mb,
            warn_free_mb=health.warn_free_mb,
            warn_hours=health.warn_hours,
            wear_limit=health.wear_percent,
            relieve=self.keeper.relieve,
        )

    def _trouble(self, found: HealthEvent) -> None:
        match found:
            case Alarm():
                self.tell(TroubleReported(found.kind, found.detail))
            case AlarmEnded():
                self.tell(TroubleEnded(found.kind))
            case _:
                self.tell(found)

    async def _watch_alarms(self) -> None:
        await self.alarms.run(self.journal, lambda: self.clock.now().utc_ms, self._alarms_moved)

    async def _measure(self) -> None:
        box = self._figures()
        await self.metrics.run(lambda: self.agent.lane, self.page.view, lambda: sample(box))

    def _figures(self) -> BoxSources:
        return BoxSources(
            store=self.settings.lane.store.parent,
            link=self.link.status,
            inbox_wait_ms=self.agent.inbox_wait_ms,
            picture_age_ms=lambda: None if (frame := self._frame()) is None else frame.age_ms,
            read_ms=self.reader.read_ms,
            time_quality=lambda: self.clock.now().quality.value,
        )

    async def _sample(self) -> None:
        """Telemetry, apart from the events."""
        box = self._figures()
        while True:
            bits = status_bits(self.agent.lane, self.metrics.priorities(self.clock.now().utc_ms))
            self.link.add_sample({**sample(box), "status": bits})
            await asyncio.sleep(self.settings.health.telemetry_s)

    def _watch_identity(self) -> IdentityWatch:
        link = self.settings.link
        return IdentityWatch(
            files=[file for file in (link.authority, link.certificate) if file is not None],
            days=self.settings.health.certificate_days,
            now=self.clock.now,
            ring=self.core_ring,
            read_ring=lambda: wiring.core_ring(link.core_keys),
            tell=lambda kind, detail, cause: self.tell(TroubleReported(kind, detail, cause)),
            over=lambda kind, cause: self.tell(TroubleEnded(kind, cause)),
            changed=lambda: self._publish_state(self.agent.lane),
        )

    async def _check_link(self) -> None:
        """A fault of the link's own program must not go unnoticed (lessons 8)."""
        while True:
            self.link.check()
            await asyncio.sleep(1.0)

    async def _watch_page(self) -> None:
        """In manual mode nobody but an officer lets a vehicle go: a lane without its page is an alarm."""
        missing_s = 0
        while True:
            await asyncio.sleep(1.0)
            missing_s = 0 if self.page_line.connected else missing_s + 1
            if missing_s == _PAGE_MISSING_S:
                self.tell(
                    TroubleReported(LaneAlarmKind.PAGE_NOT_SERVED, "nothing has asked the agent for its lane for 20 s")
                )
            elif not missing_s:
                self.tell(TroubleEnded(LaneAlarmKind.PAGE_NOT_SERVED))
