"""What waits for a second officer, or became of it, as the browser draws it. Pure.

Rules of this file: it judges nothing; what needs two officers is the lane's own judgement (`lane_agent.approval`).
"""

from __future__ import annotations

from typing import Any

from console.acts import act_named, reason_shown
from console.chinese import SENTENCES, told
from console.ports import LaneView
from console.tongues import Both, chinese_of, joined
from console.words import APPROVALS, LOOPS
from domain.visit_record import ApprovalDeed
from lane_agent.model import Contact

_TOLD_MS = 60_000
"""So long after its time it is still told what became of a request."""


def approval(view: LaneView) -> dict[str, Any] | None:
    """What waits for a second officer, or became of it; None where nothing was asked lately."""
    asked = view.approval
    if asked is None or view.at_ms > asked.until_ms + _TOLD_MS:
        return None
    act = act_named(asked.act)
    loop = LOOPS[Contact(asked.loop)].text if asked.loop else ""
    what = joined(Both(", ", "，"), [act, *([loop] if loop else [])])
    became = APPROVALS[asked.deed]
    by, chinese_by = (f": {asked.second}", f"：{asked.second}") if asked.second else ("", "")
    whole = f"{asked.why[:1].upper()}{asked.why[1:]}."  # a reason of the lane is a sentence that has a Chinese one
    return {
        "id": asked.id,
        "act": asked.act,
        "of_loop": bool(asked.loop),
        "waits": asked.deed is ApprovalDeed.ASKED,
        "officer": asked.officer,
        "says": Both(f"{asked.officer} asks: {what}", f"{asked.officer} 要求：{chinese_of(what)}"),
        "reason": reason_shown(asked.reason),
        "visit": asked.visit,
        "left_s": max(0, -(-(asked.until_ms - view.at_ms) // 1_000)),
        "became": Both(f"{became}{by}", f"{became.chinese}{chinese_by}"),
        "why": told(whole) if whole in SENTENCES else asked.why,
    }
