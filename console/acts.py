"""What an officer can do at the page: one table. Each act is declared here once, with its button, dialog and request.

The request (`console.requests`) says what the browser must send and which event comes of it; whether the lane would
refuse that event now is the lane's own answer (`LaneView.refuses`). `docs/console.md` shows how to add an act.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Any

from console import requests as r
from console.ports import LaneView
from lane_agent.model import ManualReason, Outcome


class Group(Enum):
    """Where the button of an act is. One about the vehicle is always shown; the others only while they are of use."""

    VEHICLE = "vehicle"
    LANE = "lane"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Dialog:
    """What is asked before an act is requested: why, and whatever else its request must give.

    Attributes:
        title, chinese: its heading.
        explains: what will happen.
        confirm, confirm_chinese: the words of its button.
        reasons: typical reasons, each as it is recorded (English, with its Chinese for the reader).
        tone: how its button looks: "go", "stop" or "plain".
    """

    title: str
    chinese: str
    explains: str
    confirm: str
    confirm_chinese: str
    reasons: tuple[str, ...]
    tone: str = "plain"


def _of_use(_view: LaneView) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that an officer can do.

    Attributes:
        request: what the browser sends for it.
        english, chinese: the words of its button.
        group: where its button is.
        tone: how its button looks: "go", "stop" or "plain".
        dialog: asked first; None where the button alone is enough. An act with a reason has one.
        needless: why it would change nothing now, "" if it would. It only turns the button off: the lane is free to
            take the act, and the server refuses nothing for it.
    """

    request: type[r.ActRequest]
    english: str
    chinese: str
    group: Group
    tone: str = "plain"
    dialog: Dialog | None = None
    needless: Callable[[LaneView], str] = _of_use

    @property
    def name(self) -> str:
        """The word by which the browser asks for it."""
        return str(self.request.__struct_config__.tag)

    @property
    def fields(self) -> frozenset[str]:
        """What the request gives: of visit, basis, read, reason, vrn and loop."""
        return frozenset(self.request.__struct_fields__)


def _already_released(view: LaneView) -> str:
    released = view.visit is not None and view.visit.outcome is Outcome.RELEASED
    return "It is already released." if released else ""


def _already_inspected(view: LaneView) -> str:
    sent = view.visit is not None and view.visit.outcome is Outcome.EXAMINE
    return "It is already sent to the compound." if sent else ""


def _already_ordered(view: LaneView) -> str:
    return "Manual mode is already ordered." if ManualReason.ORDER in view.manual else ""


def _not_ordered(view: LaneView) -> str:
    if ManualReason.ORDER in view.manual:
        return ""
    return "No officer ordered manual mode; its other causes end by themselves."


def _not_bypassed(view: LaneView) -> str:
    return "" if view.bypassed else "No loop is bypassed."


def _nothing_owed(view: LaneView) -> str:
    return "" if view.debt else "Immigration owes no answer."


ACTS: tuple[Act, ...] = (
    Act(
        r.ReleaseVisit,
        "Release",
        "放行",
        Group.VEHICLE,
        tone="go",
        needless=_already_released,
        dialog=Dialog(
            "Release this vehicle",
            "放行此車輛",
            "Both screens will tell the driver “Clearance Completed. Proceed”. Your name and reason are recorded.",
            "Release",
            "放行",
            (
                "Paper manifest checked and in order 載貨清單核對無誤",
                "Bundle confirmed with the core by phone 已致電核實捆綁",
                "Vehicle seen empty 已查看為空車",
                "Supervisor's instruction 主管指示",
                "Exercise 演習",
            ),
            tone="go",
        ),
    ),
    Act(
        r.InspectVisit,
        "Inspect",
        "轉驗貨場",
        Group.VEHICLE,
        tone="stop",
        needless=_already_inspected,
        dialog=Dialog(
            "Send to the examination compound",
            "轉往驗貨場查驗",
            "Both screens will direct the driver to the compound once Immigration is finished.",
            "Send to compound",
            "轉往驗貨場",
            (
                "Profile of vehicle or driver 車輛或司機可疑",
                "Paper manifest does not match 載貨清單不符",
                "Seal or load irregular 封條或貨物異常",
                "Control room's instruction 控制室指示",
                "Exercise 演習",
            ),
            tone="stop",
        ),
    ),
    Act(
        r.CorrectPlate,
        "Correct plate",
        "更正車牌",
        Group.VEHICLE,
        dialog=Dialog(
            "Correct the plate",
            "更正車牌",
            "Type the Hong Kong mark as you see it. The lane looks the vehicle up again under this mark.",
            "Use this mark",
            "使用此車牌",
            (
                "Read from the picture 從圖片讀出",
                "Read at the vehicle 在車旁讀出",
                "From the driver's documents 根據司機文件",
            ),
        ),
    ),
    Act(
        r.TakeOverVisit,
        "Clear by hand",
        "人手處理",
        Group.VEHICLE,
        dialog=Dialog(
            "Clear by hand",
            "人手處理",
            "Ends this visit in the system; the screens say “Please wait for an officer”. Nothing is released on screen.",
            "Clear by hand",
            "人手處理",
            (
                "Cleared on paper 以紙本清關",
                "Turned back 已掉頭",
                "Breakdown in the lane 車輛故障",
                "Handed to Immigration 交出入境處",
                "No vehicle here: loop stuck 無車輛，感應線圈故障",
            ),
        ),
    ),
    Act(
        r.OpenLane,
        "Open lane",
        "開放通道",
        Group.LANE,
        tone="go",
    ),
    Act(
        r.CloseLane,
        "Close lane",
        "關閉通道",
        Group.LANE,
        dialog=Dialog(
            "Close the lane",
            "關閉通道",
            "Takes effect when the present vehicle has left.",
            "Close lane",
            "關閉通道",
            ("End of shift 下更", "Equipment fault 設備故障", "Incident 事故", "Traffic control 交通管制"),
            tone="stop",
        ),
    ),
    Act(
        r.OrderManual,
        "Manual mode",
        "轉人手模式",
        Group.LANE,
        needless=_already_ordered,
        dialog=Dialog(
            "Order manual mode",
            "轉為人手模式",
            "Takes effect between vehicles, until you end it.",
            "Order manual mode",
            "轉人手模式",
            ("Instruction 指示", "Exercise 演習", "Equipment suspected 懷疑設備異常"),
        ),
    ),
    Act(
        r.EndManual,
        "End manual order",
        "結束人手指示",
        Group.LANE,
        needless=_not_ordered,
    ),
    Act(
        r.BypassLoop,
        "Bypass loop",
        "略過線圈",
        Group.LANE,
        dialog=Dialog(
            "Bypass a stuck loop",
            "略過感應線圈",
            "The lane no longer counts this loop; vehicles are announced and cleared by hand. In manual mode only.",
            "Bypass loop",
            "略過線圈",
            ("Loop stuck on 線圈卡住", "Loop does not react 線圈沒有反應"),
        ),
    ),
    Act(
        r.RestoreLoop,
        "Restore loop",
        "恢復線圈",
        Group.LANE,
        needless=_not_bypassed,
        dialog=Dialog(
            "Count a bypassed loop again",
            "恢復感應線圈",
            "The lane counts this loop again.",
            "Restore loop",
            "恢復線圈",
            ("Repaired and tested 已修復及測試", "Bypassed by mistake 誤操作"),
        ),
    ),
    Act(
        r.AnnounceVehicle,
        "Vehicle is here",
        "車輛到達",
        Group.LANE,
    ),
    Act(
        r.WriteOffDebt,
        "Immigration's answer was for this vehicle",
        "出入境處回覆屬此車",
        Group.LANE,
        needless=_nothing_owed,
        dialog=Dialog(
            "Immigration owes no answer for a vehicle before",
            "出入境處沒有欠前車的回覆",
            "Immigration began with a vehicle that left without an answer, so its next answer was taken for that one. "
            "Ask Immigration first: an answer that came since then will count for the vehicle that is here now.",
            "Write off",
            "確認",
            (
                "Immigration confirmed by phone 已致電出入境處核實",
                "Immigration confirmed at the counter 已向出入境處櫃檯核實",
            ),
        ),
    ),
    Act(
        r.AnswerHelp,
        "Answer",
        "接聽",
        Group.HELP,
        tone="go",
    ),
    Act(
        r.EndHelp,
        "End call",
        "結束通話",
        Group.HELP,
        dialog=Dialog(
            "End the help call",
            "結束求助通話",
            "The driver's panel returns to where it was.",
            "End call",
            "結束通話",
            (
                "Question answered 已解答",
                "Officer sent to the lane 已派員到場",
                "Vehicle sent to compound 轉往驗貨場",
                "Pressed by mistake 誤按",
            ),
        ),
    ),
)
"""In the order of their buttons."""

REQUESTS: Any = reduce(operator.or_, (act.request for act in ACTS))
"""The union of their requests, as msgspec decodes it."""
