"""What an officer is told before he acts: why a button is off, what stops the vehicle, what to read before a release.

Rules of this file: it puts into words what the view says and judges nothing. What stops a vehicle and what the lane
would refuse come from the lane, in the view.
"""

from __future__ import annotations

import hashlib

from console import times, words
from console.acts import ACTS
from console.chinese import told
from console.errors import RequestRefusedError
from console.ports import BundleView, LaneView, VisitView
from console.requests import ActRequest, ReleaseVisit
from console.row_words import row
from console.tongues import Both, chinese_of, joined
from domain.crossing import RELEASE
from lane_agent.acceptance import NO_KNOWN_STOP, THIS_VISIT
from lane_agent.approval import TOLD_BY_THE_CODES
from lane_agent.matching import Standing
from lane_agent.model import Immigration, Link

NO_VEHICLE = Both("No vehicle is in the lane.", "通道內沒有車輛。")


def why_not(view: LaneView) -> dict[str, str]:
    """For every act, why its button is off: the lane would refuse it, or it would change nothing; "" if it is on."""
    refused = dict(view.refuses)
    return {act.name: in_words(refused.get(act.name, ""), view) or told(act.needless(view)) for act in ACTS}


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
        return Both(f"{stops[0]} Only the core can lift it.", f"{chinese_of(stops[0])}只有中央可以解除。")
    return told(words.REFUSALS.get(why) or (f"{why[:1].upper()}{why[1:]}." if why else ""))


def _other_visit(view: LaneView, visit: int) -> str:
    over = Both(f"Visit {visit} is over", f"車次 {visit} 已結束") if visit else Both("", "")
    if view.visit is None:
        return Both(f"{over}. {NO_VEHICLE}", f"{over.chinese}。{NO_VEHICLE.chinese}") if over else NO_VEHICLE
    here = view.visit.id
    return Both(
        f"{over}; another vehicle (visit {here}) is in the lane.",
        f"{over.chinese}；通道內是另一車輛（車次 {here}）。",
    )


def stops_of(visit: VisitView) -> tuple[str, ...]:
    """Every stop that the lane knows for the vehicle, a sentence each."""
    if not visit.must_stop:
        return ()
    held = visit.codes is not None and visit.codes.held
    found = [Both("There is a HOLD on this vehicle.", "此車輛已被截查。")] if held else []
    for one in visit.bundles:
        if one.stops:
            codes = [cargo for cargo in one.bundle.cargo if cargo.code != RELEASE]
            found += [
                Both(
                    f"CCRN {cargo.ccrn} has action code “{cargo.code}”.",
                    f"CCRN {cargo.ccrn} 的行動代碼為「{cargo.code}」。",
                )
                for cargo in codes
            ]
            ubr = one.bundle.ubr
            found += [] if codes else [Both(f"UBR {ubr} lists no consignment.", f"UBR {ubr} 沒有列出貨物。")]
    return tuple(found)


def warnings(view: LaneView) -> tuple[str, ...]:
    """What an officer must have read before a release; empty without a vehicle.

    They come from the codes and the contacts, at any moment of the visit, and not only once the lane itself gave up waiting
    (rows 12, 13 and 16 wait for the Unladen button for a minute without a doubt).
    """
    visit = view.visit
    if visit is None:
        return ()
    found = [
        Both(f"{near.vrn} is HELD, and its mark is one character away.", f"{near.vrn} 已被截查，與此車牌只差一字。")
        for near in visit.near
        if near.held
    ]
    if visit.immigration is not Immigration.CLEARED:
        now = words.IMMIGRATION[visit.immigration]
        found.append(
            Both(f"Immigration has not cleared it ({now.says.lower()}).", f"出入境處未完成檢查（{now.chinese}）。")
        )
    if view.link.verdict is not Link.FRESH:
        found.append(
            Both(
                "The codes are not proven fresh: a hold may not be known here.",
                "中央未有回應，資料或已過時：此處未必知道截查指示。",
            )
        )
    found += _of_the_codes(visit)
    if visit.doubt is not None and visit.doubt not in TOLD_BY_THE_CODES:
        doubt = words.DOUBTS[visit.doubt]
        found.append(Both(f"{doubt.says}.", f"{doubt.chinese}。"))
    return tuple(found)


def _of_the_codes(visit: VisitView) -> list[Both]:
    """What the codes, the Unladen button and the drop-in box say against a release."""
    if visit.read is None:
        return [Both("No plate has been read: the codes cannot be asked.", "未有車牌，無法查核行動代碼。")]
    if visit.codes is None:
        return [Both("The codes have not been asked for this vehicle yet.", "尚未查核此車輛的行動代碼。")]
    pending = [one for one in visit.bundles if one.standing in _PENDING]
    found = [_standing(one) for one in visit.bundles if one.standing in _PENDING - {Standing.LIVE}]
    if visit.unladen:
        if pending:
            found.append(
                Both(
                    "The driver pressed Unladen, but goods are bundled for this vehicle.",
                    "司機報稱空車，但有捆綁紀錄。",
                )
            )
        elif not visit.codes.approved:
            found.append(
                Both("Unladen was pressed by a vehicle not on the approved list.", "報稱空車的車輛不在批准名單。")
            )
    elif not pending:
        found += [_standing(one) for one in visit.bundles]
        found.append(
            Both(
                "It has no bundle that can be used, and Unladen was not pressed.",
                "沒有可用的捆綁紀錄，司機亦未按空車鈕。",
            )
        )
    if visit.manifest is False and not visit.manual:
        found.append(Both("The manifest has not been dropped into the box.", "載貨清單尚未投入收集箱。"))
    return found


_PENDING = frozenset({Standing.LIVE, Standing.EARLY, Standing.ELSEWHERE})


def _standing(shown: BundleView) -> Both:
    bundle, stands = shown.bundle, words.STANDINGS[shown.standing]
    more = times.short(bundle.earliest_ms) if shown.standing is Standing.EARLY else Both("", "")
    more = Both(bundle.point, bundle.point) if shown.standing is Standing.ELSEWHERE else more
    english, chinese = (f" ({one})" if one else "" for one in (more, more.chinese))
    return Both(f"Bundle UBR {bundle.ubr}: {stands}{english}.", f"捆綁 UBR {bundle.ubr}：{stands.chinese}{chinese}。")


def facts(view: LaneView) -> dict[str, str]:
    """What a release would be based on: what each fact is called, and what it says now; empty without a vehicle."""
    visit = view.visit
    if visit is None:
        return {}
    by = f", {visit.officer}" if visit.officer else ""
    ruling, outcome = words.RULINGS[visit.ruling], words.OUTCOMES[visit.outcome]
    doubt = words.DOUBTS[visit.doubt].text if visit.doubt is not None else Both("none", "沒有")
    lines = [*stops_of(visit), *warnings(view)]
    return {
        "visit": str(visit.id),
        "plate": visit.read.vrn if visit.read else Both("not read", "未讀取"),
        "state": row(view.row, view.row_name).text,
        "shown": outcome.text,
        "decided": Both(f"{ruling.says}{by}", f"{ruling.chinese}{by}"),
        "immigration": words.IMMIGRATION[visit.immigration].text,
        "unladen": Both("pressed", "已按") if visit.unladen else Both("not pressed", "未按"),
        "doubt": doubt,
        "against": joined(Both(" ", ""), lines) or Both("nothing", "沒有"),
    }


FACTS = {
    "visit": Both("Visit", "車次"),
    "plate": Both("Plate", "車牌"),
    "state": Both("State", "狀態"),
    "shown": Both("Shown to the driver", "向司機顯示"),
    "decided": Both("Decided", "決定"),
    "immigration": Both("Immigration", "出入境"),
    "unladen": Both("Unladen button", "空車鈕"),
    "doubt": Both("Doubt", "疑點"),
    "against": Both("Against a release", "不利放行"),
}
"""What the facts of `facts` are called."""


def basis(view: LaneView) -> str:
    """What a release would be based on, as a short token. It changes when anything does that an officer should see.

    It changes with every start of the agent, too: nobody knows what drove meanwhile, nor whether a copy of its store was
    put back, in which another vehicle has this visit's number.

    A release carries the token of the view that the officer was shown; the server refuses it when the lane has learnt
    something since (a hold that arrives while the dialog is open).
    """
    found = facts(view)
    if not found:
        return ""
    now = {name: str(text) for name, text in found.items()} | {"row": view.row_name, "start": view.start}
    return hashlib.sha256(repr(sorted(now.items())).encode()).hexdigest()[:16]


def check_seen(asked: ActRequest, view: LaneView) -> None:
    """Checks that a release was decided on what there is to see now. One of another visit is left for the lane to refuse.

    Raises:
        RequestRefusedError: something has changed, or the warnings were not read (409).
    """
    if not isinstance(asked, ReleaseVisit) or view.visit is None or view.visit.id != asked.visit:
        return
    if asked.basis != basis(view):
        raise RequestRefusedError(
            409,
            Both(
                "Not released: something changed while you decided. Look again.", "未有放行：情況已改變，請重新查看。"
            ),
        )
    if warnings(view) and not asked.read:
        raise RequestRefusedError(
            409, Both("Not released: confirm first that you have read the warnings.", "未有放行：請先確認已閱警告。")
        )
