"""Who may ask what: one row a request, one column a role. The page `docs/people.md` is made from this table.

Rules of this file: data, and pure functions over it. A request that is not in the table is refused to everybody, and a test
holds that each is in it. People of the trade reach what is theirs (`core.model.ownership`); the department's people reach all.
`own` in a row of the department's people is impossible, for they own nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from core.errors import RefusedError
from core.model.ownership import BUNDLE, CARGO, Handling, Reach
from core.model.people import TRADE, Actor, Role
from core.model.refusals import CentreRefusal, refusal
from core.office import requests as ask
from core.office.cargo import REFERENCE


class Trace(StrEnum):
    """What a request leaves in the audit log."""

    ACT = "act"
    """A line by the part that does it, which knows what came of it."""
    ORDER = "order"
    """A line with the request itself."""
    LOOK = "look"
    """A line with what was looked for."""
    NONE = "none"
    """Nothing: it names no person, cargo or vehicle, and programs ask it all the time; or it is the person's own."""


class Right(NamedTuple):
    """One row.

    Attributes:
        roles: who may, and how far they reach.
        trace: what it leaves.
    """

    roles: Mapping[Role, Reach]
    trace: Trace


_DEPARTMENT = (Role.SELECTOR, Role.SUPERVISOR, Role.CLERK, Role.LANE_OFFICER)
_PEOPLE = (*_DEPARTMENT, Role.TECHNICIAN)


def _row(trace: Trace, *roles: Role) -> Right:
    return Right({role: Reach.OWN if role in TRADE else Reach.ALL for role in roles}, trace)


_T, _D, _SEL, _SUP, _CL, _LO, _TE, _SY = Role

RIGHTS: Mapping[type, Right] = {
    ask.SignIn: _row(Trace.NONE, *Role),
    ask.Resume: _row(Trace.NONE, *Role),
    ask.SignOut: _row(Trace.NONE, *Role),
    ask.Lodge: _row(Trace.ACT, _T, _CL),
    ask.LodgeBatch: _row(Trace.ACT, _T, _CL),
    ask.Amend: _row(Trace.ACT, _T, _CL),
    ask.Cancel: _row(Trace.ACT, _T, _CL),
    ask.HandTo: _row(Trace.ORDER, _T, _CL),
    ask.SaveDraft: _row(Trace.NONE, _T),
    ask.ListDrafts: _row(Trace.NONE, _T),
    ask.DropDraft: _row(Trace.NONE, _T),
    ask.MakeBundle: _row(Trace.ACT, _D, _CL),
    ask.Debundle: _row(Trace.ACT, _D, _CL, _SUP),
    ask.Swap: _row(Trace.ACT, _D, _CL),
    ask.Hold: _row(Trace.ACT, _SEL, _SUP, _LO),
    ask.LiftHold: _row(Trace.ACT, _SEL, _SUP),
    ask.Approve: _row(Trace.ACT, _CL, _SUP),
    ask.WithdrawApproval: _row(Trace.ACT, _CL, _SUP),
    ask.Decide: _row(Trace.ACT, _SEL, _SUP),
    ask.TakeOverRecords: _row(Trace.ACT, _SY),
    ask.Arrived: _row(Trace.ACT, _LO, _SUP),
    ask.TakeAlarm: _row(Trace.ORDER, _LO, _SUP, _TE),
    ask.ClearAlarm: _row(Trace.ORDER, _LO, _SUP, _TE),
    ask.ShelveAlarm: _row(Trace.ORDER, _LO, _SUP, _TE),
    ask.SettleUse: _row(Trace.ACT, _LO, _SUP),
    ask.SettleClaim: _row(Trace.ACT, _LO, _SUP),
    ask.SendCommand: _row(Trace.ORDER, _LO, _SUP, _TE),
    ask.ListCommands: _row(Trace.LOOK, _LO, _SUP, _TE),
    ask.ListPictures: _row(Trace.LOOK, _SEL, _LO, _SUP),
    ask.GetPicture: _row(Trace.ACT, _SEL, _LO, _SUP),
    ask.Lanes: _row(Trace.NONE, *_PEOPLE, _SY),
    ask.Crossings: _row(Trace.LOOK, *_DEPARTMENT),
    ask.Alarms: _row(Trace.LOOK, _SEL, _LO, _SUP, _TE),
    ask.ListDisputedUses: _row(Trace.LOOK, _LO, _SUP),
    ask.ListClaims: _row(Trace.LOOK, _LO, _SUP),
    ask.ListQuarantine: _row(Trace.LOOK, _LO, _SUP, _TE),
    ask.AtCompound: _row(Trace.LOOK, _SEL, _LO, _SUP),
    ask.ReadAudit: _row(Trace.LOOK, _SUP),
    ask.ListAccounts: _row(Trace.LOOK, _SUP, _TE),
    ask.AddParty: _row(Trace.ORDER, _SUP, _CL),
    ask.AddAccount: _row(Trace.ORDER, _SUP),
    ask.SetRoles: _row(Trace.ORDER, _SUP),
    ask.CloseAccount: _row(Trace.ORDER, _SUP),
    ask.NewPassword: _row(Trace.ORDER, _SUP),
    ask.Enquire: _row(Trace.LOOK, _T, _D, *_DEPARTMENT),
    ask.Status: _row(Trace.NONE, *Role),
}

TECHNICAL_COMMANDS = frozenset(
    {"manual", "automatic", "message", "restart_reader", "take_alarm", "close_alarm", "fetch", "upload"}
)
"""What a technician may order a lane; to release or stop a vehicle is an officer's."""


def right_of(who: Actor, request: ask.Request) -> Right:
    """The row of a request that this person may make.

    Raises:
        RefusedError: none of their roles may make it.
    """
    right = RIGHTS.get(type(request), Right({}, Trace.NONE))
    reaching = who.roles.intersection(right.roles)
    if not reaching or (isinstance(request, ask.SendCommand) and not _may_order(reaching, request.name)):
        raise RefusedError(_not_theirs(who, request, right))
    return right


def _may_order(roles: frozenset[Role], name: str) -> bool:
    return roles != {Role.TECHNICIAN} or name in TECHNICAL_COMMANDS


def _not_theirs(who: Actor, request: ask.Request, right: Right) -> CentreRefusal:
    needed = ", ".join(sorted(role for role in right.roles if role is not Role.TECHNICIAN)) or ", ".join(right.roles)
    return refusal("role", account=who.account, request=tag_of(request), needed=needed or "none")


def reach_of(who: Actor, request: ask.Request) -> Reach:
    """How far somebody reaches with a request that they may make: the widest of their roles."""
    reaches = {reach for role, reach in RIGHTS[type(request)].roles.items() if role in who.roles}
    return Reach.ALL if Reach.ALL in reaches else Reach.OWN


class Concern(NamedTuple):
    """A thing that a request is about.

    Attributes:
        kind: `ownership.CARGO` or `ownership.BUNDLE`; "" for a reference that may be either.
        unknown: how its being foreign is told: in the words of an unknown one.
    """

    kind: str
    number: str
    touch: Handling
    unknown: CentreRefusal


def concerns(request: ask.Request) -> Iterator[Concern]:
    """Whose things a request is about, for whoever reaches only their own."""
    match request:
        case ask.Amend(ccrn=ccrn) | ask.Cancel(ccrn=ccrn):
            yield Concern(CARGO, ccrn, Handling.CHANGE, refusal("decide_unknown", ccrn=ccrn))
        case ask.HandTo(ccrns=ccrns):
            for ccrn in ccrns:
                yield Concern(CARGO, ccrn, Handling.CHANGE, refusal("decide_unknown", ccrn=ccrn))
        case ask.MakeBundle(bundle=form):
            for ccrn in filter(REFERENCE.fullmatch, dict.fromkeys(form.ccrns)):
                yield Concern(CARGO, ccrn, Handling.BUNDLE, refusal("ccrn_unknown", part="ccrns", ccrn=ccrn))
        case ask.Debundle(ubr=ubr) | ask.Swap(ubr=ubr):
            yield Concern(BUNDLE, ubr, Handling.CHANGE, refusal("ubr_unknown", ubr=ubr))
        case _:
            return


def tag_of(request: ask.Request) -> str:
    """A request's name."""
    return str(request.__struct_config__.tag)
