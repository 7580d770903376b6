"""The trade's counter: lodging alone or in batches, amending, cancelling, bundling, swapping the vehicle.

Rules of this file: each is one transaction, all of it or nothing, in which whose it is is written down too. The rules are
`cargo`, `bundling` and `core.model`'s; whether the asker may is looked at before (`rights`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.errors import RefusedError
from core.ledger.store import CoreStore
from core.model.consignment import CargoInformation
from core.model.ownership import BUNDLE, CARGO
from core.model.people import Actor
from core.model.refusals import CentreRefusal, refusal
from core.office import cargo, papers, people
from core.office.bundling import BundleMade, BundleRequest, Consignment, vehicle_problem
from core.office.cargo import Lodging
from core.office.service import CargoService
from core.select.engine import CodeFinding, rank
from domain.crossing import Direction
from domain.marks import normalise
from domain.times import UtcClock

_MOST_TOLD = 50
"""Problems named of a batch; more would not be read."""


class TradeCounter:
    """Serves traders and drivers, and the clerk who acts for them.

    Args:
        clock: the present time in UTC ms.
    """

    def __init__(self, store: CoreStore, office: CargoService, clock: UtcClock) -> None:
        self._store = store
        self._db = store.connection
        self._office = office
        self._clock = clock

    def lodge(self, info: CargoInformation, *, who: Actor, party: str = "") -> Lodging:
        """Lodges one consignment.

        Raises:
            RefusedError: each reason, in the order of the form.
        """
        owner = self._owner(who, party)
        with self._store.transaction():
            return self._lodged(info, who, owner)

    def _owner(self, who: Actor, party: str) -> str:
        """Whose a lodgement is: the asker's own party, or the one that the department's clerk names."""
        if people.is_of_trade(who):
            return who.party
        if not people.is_party(self._db, party):
            raise RefusedError(refusal("party_unknown", party=party) if party else refusal("no_owner"))
        return party

    def _lodged(self, info: CargoInformation, who: Actor, owner: str) -> Lodging:
        lodging = self._office.lodge(info, who=who.words)
        people.own(self._db, CARGO, lodging.ccrn, party=owner, account=who.account)
        return lodging

    def lodge_batch(
        self, batch: str, infos: Sequence[CargoInformation], *, who: Actor, party: str = ""
    ) -> tuple[Lodging, ...]:
        """Lodges a batch. The same batch of the same party again is answered by the CCRNs that it has.

        Raises:
            RefusedError: each reason with its consignment; then nothing of it is lodged.
        """
        owner, now = self._owner(who, party), self._clock()
        _check_size(batch, infos)
        digest = papers.digest_of(infos)
        with self._store.transaction():
            before = papers.lodged_before(self._db, owner, batch, digest, now_ms=now)
            if before:
                return tuple(self._again(ccrn) for ccrn in before)
            if problems := self._batch_problems(infos, now):
                raise RefusedError(*problems[:_MOST_TOLD])
            lodged = tuple(self._lodged(info, who, owner) for info in infos)
            ccrns = [one.ccrn for one in lodged]
            papers.keep_batch(self._db, owner, batch, digest=digest, ccrns=ccrns, now_ms=now)
        return lodged

    def _batch_problems(self, infos: Sequence[CargoInformation], now: int) -> list[CentreRefusal]:
        rules = self._office.rules.cargo
        return [
            msgspec.structs.replace(problem, consignment=number)
            for number, info in enumerate(infos, 1)
            for problem in cargo.problems_of(info, now_ms=now, rules=rules)
        ]

    def _again(self, ccrn: str) -> Lodging:
        known = self._office.consignment(ccrn)
        if known is None:
            raise RefusedError(refusal("decide_unknown", ccrn=ccrn))
        return Lodging(ccrn=ccrn, lodged_ms=known.lodged_ms, valid_until_ms=known.valid_until_ms)

    def amend(self, ccrn: str, info: CargoInformation, *, who: Actor) -> Lodging:
        """Puts another lodgement in place of one. Its code never becomes milder by it: what was found before stays found.

        Raises:
            RefusedError: it is bundled, has crossed or was cancelled, or the new one may not be lodged.
        """
        now, rules = self._clock(), self._office.rules.cargo
        with self._store.transaction():
            known = self._changeable(ccrn)
            if problems := cargo.problems_of(info, now_ms=now, rules=rules):
                raise RefusedError(*problems)
            old = known.info
            changed = ", ".join(one.part for one in cargo.changes(old, info)) if old else ""
            self._office.replace(ccrn, info, self._stricter(known, info))
            self._store.write_diary(at_ms=now, who=who.words, what="amended", detail=f"CCRN {ccrn}: {changed}")
        advice = cargo.advice_on(info, rules)
        return Lodging(ccrn=ccrn, lodged_ms=known.lodged_ms, valid_until_ms=known.valid_until_ms, advice=advice)

    def _stricter(self, known: Consignment, info: CargoInformation) -> CodeFinding:
        """What profiles say of the new lodgement, or what was said of the old one, where that is not milder."""
        engine = self._office.engine
        found, codes = engine.screen(info), engine.profile.codes
        if rank(found.code, codes) > rank(known.code, codes) or known.code == codes[0]:
            return found
        return CodeFinding(known.code, known.code_by)

    def cancel(self, ccrn: str, *, who: Actor) -> None:
        """Withdraws a consignment that is not bundled; its CCRN is never used again.

        Raises:
            RefusedError: it is bundled, has crossed, or was cancelled.
        """
        now = self._clock()
        with self._store.transaction():
            self._changeable(ccrn)
            self._office.withdraw(ccrn, now)
            self._store.write_diary(at_ms=now, who=who.words, what="cancelled", detail=f"CCRN {ccrn}")

    def _changeable(self, ccrn: str) -> Consignment:
        known = self._office.held_consignment(ccrn)
        if known is None:
            raise RefusedError(refusal("decide_unknown", ccrn=ccrn))
        if known.crossed:
            raise RefusedError(refusal("amend_crossed", ccrn=ccrn))
        if known.cancelled_ms:
            raise RefusedError(refusal("cancelled", ccrn=ccrn))
        if known.ubr:
            raise RefusedError(refusal("amend_bundled", ccrn=ccrn, ubr=known.ubr))
        if known.info is None:
            raise RefusedError(refusal("nothing_lodged", ccrn=ccrn))
        return known

    def bundle(self, form: BundleRequest, *, who: Actor) -> BundleMade:
        """Bundles, for the asker's party; a clerk's bundles are nobody's of the trade.

        Raises:
            RefusedError: every reason at once, for the driver.
        """
        with self._store.transaction():
            made = self._office.bundle(form, who=who.words)
            people.own(self._db, BUNDLE, made.ubr, party=who.party, account=who.account)
        self._office.sign()
        return made

    def swap(self, ubr: str, *, vrn: str, driver: str, who: Actor) -> BundleMade:
        """Puts the cargo of a bundle on another vehicle: the old bundle is withdrawn and a new one made, or neither.

        Raises:
            RefusedError: there is no such bundle, it was used or withdrawn, or it cannot be bundled with that vehicle.
        """
        if problems := list(vehicle_problem(vrn)):
            raise RefusedError(*problems)
        with self._store.transaction():
            made = self._swapped(ubr, vrn, driver, who)
        self._office.sign()
        return made

    def _swapped(self, ubr: str, vrn: str, driver: str, who: Actor) -> BundleMade:
        self._office.hold_cargo(ubr)
        old = self._office.unused(ubr)
        if normalise(vrn) == old.vrn:
            raise RefusedError(refusal("same_vehicle", ubr=ubr, vrn=old.vrn))
        ccrns = tuple(line.ccrn for line in old.cargo)
        way = Direction(old.direction)
        form = BundleRequest(driver=driver, vrn=vrn, direction=way, ccrns=ccrns, point=old.point)
        owner = people.owned(self._db, BUNDLE, ubr)
        self._office.debundle(ubr, who=who.words)
        made = self._office.bundle(form, who=who.words, waited_ms=old.earliest_ms)
        party = owner.party if owner else who.party
        people.own(self._db, BUNDLE, made.ubr, party=party, account=who.account)
        return made


def _check_size(batch: str, infos: Sequence[CargoInformation]) -> None:
    if not batch.strip():
        raise RefusedError(refusal("batch_unnamed"))
    if not infos:
        raise RefusedError(refusal("batch_empty"))
    if len(infos) > papers.MOST_IN_BATCH:
        raise RefusedError(refusal("batch_too_long", count=len(infos), most=papers.MOST_IN_BATCH))
