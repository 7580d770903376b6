"""What an officer is told before he acts: why a button is off, what stops the vehicle, what to read before a release.

Rules of this file: it puts into words what the view says and judges nothing. What stops a vehicle and what the lane
would refuse come from the lane, in the view.
"""

from __future__ import annotations

import hashlib

from console import words
from console.acts import ACTS
from console.errors import RequestRefusedError
from console.ports import LaneView, VisitView
from console.requests import ActRequest, ReleaseVisit
from domain.crossing import RELEASE
from lane_agent.acceptance import NO_KNOWN_STOP, THIS_VISIT
from lane_agent.model import Immigration, Link

NO_VEHICLE = "No vehicle is in the lane."


def why_not(view: LaneView) -> dict[str, str]:
    """For every act, why its button is off: the lane would refuse it, or it would change nothing; "" if it is on."""
    refused = dict(view.refuses)
    return {act.name: in_words(refused.get(act.name, ""), view) or act.needless(view) for act in ACTS}


def in_words(why: str, view: LaneView, visit: int = 0) -> str:
    """The lane's refusal as a sentence, with what the page knows of it; "" for none.

    Args:
        why: the lane's reason (`lane_agent.acceptance.Check.why`).
        view: the lane as it is now.
        visit: the visit that the act was about, 0 if the act was not asked for yet.
    """
    if why == THIS_VISIT.why:
        return _other_visit(view, visit)
    stops = stops_of(view.visit) if view.visit is not None else ()
    if why == NO_KNOWN_STOP.why and stops:
        return f"{stops[0]} Only the core can lift it."
    return words.REFUSALS.get(why) or (f"{why[:1].upper()}{why[1:]}." if why else "")


def _other_visit(view: LaneView, visit: int) -> str:
    over = f"Visit {visit} is over" if visit else ""
    if view.visit is None:
        return f"{over}. {NO_VEHICLE}" if over else NO_VEHICLE
    return f"{over}; another vehicle (visit {view.visit.id}) is in the lane."


def stops_of(visit: VisitView) -> tuple[str, ...]:
    """Every stop that the lane knows for the vehicle, a sentence each."""
    if not visit.must_stop:
        return ()
    found = ["There is a HOLD on this vehicle."] if visit.codes is not None and visit.codes.held else []
    for one in visit.bundles:
        if one.stops:
            codes = [cargo for cargo in one.bundle.cargo if cargo.code != RELEASE]
            found += [f"CCRN {cargo.ccrn} has action code “{cargo.code}”." for cargo in codes]
            found += [] if codes else [f"UBR {one.bundle.ubr} lists no consignment."]
    return tuple(found)


def warnings(view: LaneView) -> tuple[str, ...]:
    """What an officer must have read before a release; empty without a vehicle."""
    visit = view.visit
    if visit is None:
        return ()
    found = [f"{near.vrn} is HELD, and its mark is one character away." for near in visit.near if near.held]
    if visit.immigration is not Immigration.CLEARED:
        found.append(f"Immigration has not cleared it ({words.IMMIGRATION[visit.immigration].says.lower()}).")
    if view.link.verdict is not Link.FRESH:
        found.append("The codes are not proven fresh: a hold may not be known here.")
    if visit.read is None:
        found.append("No plate has been read: the codes cannot be asked.")
    if visit.doubt is not None:
        found.append(f"{words.DOUBTS[visit.doubt].says}.")
    return tuple(found)


def basis(view: LaneView) -> str:
    """What a release would be based on, as a short token. It changes when anything does that an officer should see.

    A release carries the token of the view that the officer was shown; the server refuses it when the lane has learnt
    something since (a hold that arrives while the dialog is open).
    """
    visit = view.visit
    if visit is None:
        return ""
    vrn = visit.read.vrn if visit.read else ""
    facts = (
        stops_of(visit),
        visit.id,
        vrn,
        view.row,
        visit.outcome,
        visit.immigration,
        visit.unladen,
        visit.doubt,
        warnings(view),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def check_seen(asked: ActRequest, view: LaneView) -> None:
    """Checks that a release was decided on what there is to see now. One of another visit is left for the lane to refuse.

    Raises:
        RequestRefusedError: something has changed, or the warnings were not read (409).
    """
    if not isinstance(asked, ReleaseVisit) or view.visit is None or view.visit.id != asked.visit:
        return
    if asked.basis != basis(view):
        raise RequestRefusedError(409, "Not released: something changed while you decided. Look again.")
    if warnings(view) and not asked.read:
        raise RequestRefusedError(409, "Not released: confirm first that you have read the warnings.")
