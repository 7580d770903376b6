"""The parts of a core, put together on its store: what `service` runs."""

from __future__ import annotations

from pathlib import Path

from core.enrolment.keys import load_core_ring, load_signing_key
from core.enrolment.registry import LaneRegistry
from core.ledger import checkpoints, event_months
from core.ledger.changes import Sequencer
from core.ledger.forgetting import Forgetter
from core.ledger.lease import Lease
from core.ledger.log import LogPlace, ReplicatedLog
from core.ledger.store import CoreStore
from core.link.compound import Compound
from core.link.gateway import LaneGateway
from core.link.intake import Intake
from core.link.pictures import PictureStore
from core.link.projection import Projection
from core.logins import own_login
from core.office import people
from core.office.door import PeopleDoor
from core.office.looking_back import LookingBack
from core.office.service import CargoService
from core.select.engine import Profile, ScreeningEngine
from core.select.live import LiveProfiles
from core.settings import CoreSettings, load
from domain.times import UtcClock
from runtime.clocks import monotonic_ms


class CoreParts:
    """The parts of a core on its store, put together.

    Args:
        settings: the whole file.
        clock: the present time, UTC ms.
        file: the settings' file, to be watched for other profiles; none: they stay.
        lease: what this core has taken; left out where no other core can be.
        told: the newest list that this process has told anybody of, where it had the lease before and has kept it.

    Raises:
        CoreSettingsError: a file is missing or not usable.
        HistoryError: the store contradicts its own hashes.
    """

    def __init__(
        self,
        settings: CoreSettings,
        clock: UtcClock,
        file: Path | None = None,
        lease: Lease | None = None,
        told: LogPlace | None = None,
    ) -> None:
        self.lease = lease
        self._told = told
        self.settings = settings
        self.file = file
        self.clock = clock
        self.signer = load_signing_key(settings.core.signing_key)
        self.registry = LaneRegistry(settings.core.lane_keys)
        self.store = CoreStore(settings.core.database, term=lease.term if lease else 0)
        try:
            self._put_together()
        except BaseException:
            self.store.close()
            raise

    def _put_together(self) -> None:
        settings, clock, lease, connection = self.settings, self.clock, self.lease, self.store.connection
        self.log = ReplicatedLog(
            self.store,
            self.signer,
            load_core_ring(settings.core.signing_key),
            keep_ms=round(1_000 * settings.log.keep_ended_seconds),
        )
        self.log.check()
        event_months.make_ahead(settings.core.database, now_ms=clock())
        self.compound = Compound(connection, within_ms=settings.compound.due_minutes * 60_000)
        self.projection = Projection(connection, self.log, self.compound)
        self.intake = Intake(self.store, self.projection, settings.lane_limits)
        self.sequencer = Sequencer(self.store, self.log)
        self.forgetter = Forgetter(self.store, self.log, ticks=monotonic_ms)
        self.sequencer.take(at_ms=clock())  # what was asked for before and not signed
        self.office = CargoService(self.store, settings.policy, clock, sign=lambda now: self.sequencer.take(at_ms=now))
        open_first_account(self.store, clock())
        self.door = PeopleDoor(self.store, clock)
        self.profiles = LiveProfiles(self.file, lambda path: load(path).profile, self._use) if self.file else None
        self.gallery = PictureStore(settings.keeping, clock)
        self.exchange = LaneGateway(
            store=self.store,
            log=self.log,
            intake=self.intake,
            signer=self.signer,
            rings=self.registry.rings,
            clock=clock,
            gallery=self.gallery,
            listen_ms=0 if self.knows_its_database() else round(1_000 * settings.log.listen_seconds),
            ticks=monotonic_ms,
            may_prove=lease.is_live if lease else lambda: True,
        )

    def knows_its_database(self) -> bool:
        """Whether it cannot be a copy of the past, so that lanes need not be listened to first (`link.wholeness`)."""
        if self.lease is None:
            return False
        kept = self.lease.was_kept and self._told is not None and self.log.goes_on_from(self._told)
        return kept or self.lease.saw_it_served

    def looking_back(self) -> LookingBack:
        """What walls are told of the past, from a connection of its own."""
        database = self.settings.core.database
        return LookingBack(
            lambda: CoreStore(database, reading=True),
            signer=self.signer,
            ring=self.log.ring,
            rings=lambda: self.registry.rings,
            gallery=self.gallery,
            clock=self.clock,
        )

    def keep_checkpoint(self) -> int:
        """Keeps the list whole once a day, from a connection of its own; its version, 0 where nothing was due."""
        return checkpoints.keep(self.settings.core.database, self.signer, self.log.ring, at_ms=self.clock())

    def _use(self, profile: Profile) -> None:
        self.office.engine = ScreeningEngine(profile)


def open_first_account(store: CoreStore, now_ms: int) -> None:
    """Makes the login that runs a core without accounts its supervisor, so that somebody can open the others."""
    with store.transaction() as connection:
        first = people.open_first(connection, own_login())
        if first is not None:
            detail = f"account {first.name} of login {first.login}: {', '.join(first.roles)}"
            store.write_diary(at_ms=now_ms, who="core", what="opened first account", detail=detail)
