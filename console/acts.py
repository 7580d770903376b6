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
from console import times
from console.desks import Acted, Deciding
from console.ports import LaneView
from console.tongues import Both, Tongue, part
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
        usual: the reason that is chosen when it opens, "" for none.
        direct: a click on a typical reason is enough; for what harms nobody.
    """

    title: str
    chinese: str
    explains: str
    explains_chinese: str
    confirm: str
    confirm_chinese: str
    reasons: tuple[str, ...]
    tone: str = "plain"
    usual: str = ""
    direct: bool = False


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
        key: the function key that presses it, "" for none; it is shown on the button.
        call: what it does to the voice of a page's call: "takes", "ends", "" for nothing. A locked page may do that, too.
    """

    request: type[r.ActRequest]
    english: str
    chinese: str
    group: Group
    tone: str = "plain"
    dialog: Dialog | None = None
    needless: Callable[[LaneView], str] = _of_use
    key: str = ""
    call: str = ""

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
        key="F2",
        tone="go",
        needless=_already_released,
        dialog=Dialog(
            "Release this vehicle",
            "放行此車輛",
            "Both screens will tell the driver “Clearance Completed. Proceed”. Your name and reason are recorded.",
            "兩個螢幕會向司機顯示「清關完成 請駛離」。你的姓名及原因會記錄在案。",
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
        "轉往驗貨場",
        Group.VEHICLE,
        key="F4",
        tone="stop",
        needless=_already_inspected,
        dialog=Dialog(
            "Send to the examination compound",
            "轉往驗貨場查驗",
            "Both screens will direct the driver to the compound once Immigration is finished.",
            "出入境檢查完成後，兩個螢幕會指示司機駛往驗貨場。",
            "Send to compound",
            "轉往驗貨場",
            (
                "Profile of vehicle or driver 車輛或司機可疑",
                "Paper manifest does not match 載貨清單不符",
                "Seal or load irregular 封條或貨物異常",
                "Control room's instruction 控制室指示",
                "Exercise 演習",
                "Plates do not match the record 車牌與紀錄不符",
            ),
            tone="stop",
        ),
    ),
    Act(
        r.CorrectPlate,
        "Correct plate",
        "更正車牌",
        Group.VEHICLE,
        key="F8",
        dialog=Dialog(
            "Correct the plate",
            "更正車牌",
            "Type the Hong Kong mark as you see it. The lane looks the vehicle up again under this mark.",
            "請按所見輸入香港車牌。系統會以此車牌重新查核。",
            "Use this mark",
            "使用此車牌",
            (
                "Read from the picture 從圖片讀出",
                "Read at the vehicle 在車旁讀出",
                "From the driver's documents 根據司機文件",
            ),
            usual="Read from the picture 從圖片讀出",
        ),
    ),
    Act(
        r.TakeOverVisit,
        "Clear by hand",
        "人手清關",
        Group.VEHICLE,
        key="F9",
        dialog=Dialog(
            "Clear by hand",
            "人手清關",
            "Ends this visit in the system; the screens say “Please wait for an officer”. Nothing is released on screen.",
            "系統會結束此車次；螢幕顯示「請等候海關人員」，不會顯示放行。",
            "Clear by hand",
            "人手清關",
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
            "現時車輛駛離後生效。",
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
            "在車輛之間生效，直至你結束為止。",
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
            "系統不再理會此線圈，車輛由關員申報並以人手清關。只限人手模式。",
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
            "系統會再次使用此線圈。",
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
        "Immigration owes no answer",
        "出入境處沒有欠回覆",
        Group.LANE,
        needless=_nothing_owed,
        dialog=Dialog(
            "Immigration owes no answer for a vehicle before",
            "出入境處沒有欠前車的回覆",
            "Immigration began with a vehicle that left without an answer, so its next answer was taken for that one. "
            "Ask Immigration first: an answer that came since then will count for the vehicle that is here now.",
            "出入境處開始檢查的一輛車未有結果便離開，其後的回覆因而算作該車。請先向出入境處查詢：此後的回覆將算作現時車輛。",
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
        key="F7",
        tone="go",
        call="takes",
    ),
    Act(
        r.SendOfficer,
        "Officer coming",
        "派員到場",
        Group.HELP,
    ),
    Act(
        r.EndHelp,
        "End call",
        "結束通話",
        Group.HELP,
        key="F7",
        call="ends",
        dialog=Dialog(
            "End the help call",
            "結束求助通話",
            "The driver's panel returns to where it was.",
            "司機控制板會返回原來畫面。",
            "End call",
            "結束通話",
            (
                "Question answered 已解答",
                "Officer sent to the lane 已派員到場",
                "Vehicle sent to compound 轉往驗貨場",
                "Pressed by mistake 誤按",
            ),
            direct=True,
        ),
    ),
)
"""In the order of their buttons."""

_BY_NAME = {act.name: act for act in ACTS}


_REASONS = tuple(reason for act in ACTS if act.dialog for reason in act.dialog.reasons)


def reason_shown(text: str) -> str:
    """A recorded reason, a typical one among it in the language of the page; the rest as it was written."""
    typical = next((one for one in _REASONS if text.startswith(one)), "")
    if not typical:
        return text
    rest = text.removeprefix(typical)
    return Both(part(typical, Tongue.ENGLISH) + rest, part(typical, Tongue.CHINESE) + rest)


def act_named(name: str) -> Both:
    """What the button of an act says."""
    act = _BY_NAME[name]
    return Both(act.english, act.chinese)


def acted(last: Acted, shown: str) -> Both:
    """Who did what, and when."""
    act, at = _BY_NAME[last.act], times.clock(last.at_ms)
    return Both(f"{shown} did “{act.english}” at {at}.", f"{shown} 於 {at} 執行「{act.chinese}」。")


def deciding(one: Deciding, shown: str) -> Both:
    """Who is deciding what at another page."""
    act = _BY_NAME[one.act]
    return Both(
        f"Another officer is deciding: {shown}, “{act.english}”.", f"另一關員正在決定：{shown}，「{act.chinese}」。"
    )


REQUESTS: Any = reduce(operator.or_, (act.request for act in ACTS))
"""The union of their requests, as msgspec decodes it."""
