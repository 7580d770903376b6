"""Every coded value in an officer's words, and what to do next. One table; a test holds it total over the enums.

`says` is short enough for a line on the page, `chinese` is its Traditional Chinese label (ours until the department
confirms it), `todo` is the next thing an officer does, empty where nothing is to be done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from console.chinese import told
from console.tongues import Both
from domain.alarms import LaneAlarmKind, lane_alarm_kind
from domain.crossing import Direction
from domain.visit_record import ApprovalDeed
from lane_agent import contacts
from lane_agent.matching import Standing
from lane_agent.model import Contact, Doubt, Fault, HelpCall, Immigration, Link, ManualReason, Outcome, Ruling, Screen
from lane_agent.wording import WORDING, Scene


@dataclass(frozen=True, slots=True)
class Words:
    """How one coded value is told to an officer."""

    says: str
    chinese: str
    todo: str = ""

    @property
    def text(self) -> Both:
        """`says` in both languages."""
        return Both(self.says, self.chinese)

    @property
    def next(self) -> str:
        """`todo` in both languages."""
        return told(self.todo)

    @property
    def within(self) -> Both:
        """`says` for the middle of a sentence."""
        return Both(self.says[:1].lower() + self.says[1:], self.chinese)


DOUBTS: Final[dict[Doubt, Words]] = {
    Doubt.RESTART: Words(
        "The box restarted while this vehicle stood here",
        "系統曾重新啟動",
        "Look at the vehicle; decide by eye and paper.",
    ),
    Doubt.BEGAN_CLOSED: Words(
        "It drove in while the lane was closed", "通道關閉時駛入", "Open the lane or turn it back."
    ),
    Doubt.CLOSED_MEANWHILE: Words(
        "The lane was closed while it stood here", "停車時通道被關閉", "Decide by eye and paper, or turn it back."
    ),
    Doubt.ANSWER_UNCLEAR: Words(
        "Immigration referred this vehicle, or the one before",
        "出入境處轉介的可能是此車或前車",
        "Ask Immigration which vehicle was meant.",
    ),
    Doubt.FAULT: Words("Equipment failed during this visit", "過程中設備故障", "Decide by eye and paper."),
    Doubt.REFERRED: Words(
        "Immigration referred the driver", "出入境處轉介", "Wait for Immigration before any release."
    ),
    Doubt.SECOND_VEHICLE: Words(
        "A second vehicle is in the lane", "通道內有第二輛車", "Hold both; move the second vehicle back."
    ),
    Doubt.PLATES_DISAGREE: Words(
        "Two readings of the plate disagree", "車牌讀數不一致", "Compare both pictures with the vehicle; type the mark."
    ),
    Doubt.OTHER_VEHICLE: Words(
        "Immigration's terminal named another vehicle",
        "出入境處所指的是另一車輛",
        "Ask Immigration which vehicle it cleared; then decide.",
    ),
    Doubt.BOX_UNUSABLE: Words(
        "The drop-in box is full or jammed", "收集箱已滿或卡紙", "Take the manifest by hand; decide."
    ),
    Doubt.UNIDENTIFIED: Words(
        "The second identifier did not name it", "第二識別器未有識別", "Compare the plate with the vehicle; decide."
    ),
    Doubt.CONTACT_STUCK: Words(
        "A contact was already on when it arrived", "接點訊號異常", "Do not trust the button or signal; ask the driver."
    ),
    Doubt.OVERDUE: Words("It has waited too long", "等候逾時", "Speak with the driver; decide."),
    Doubt.UNCLAIMED: Words(
        "The core did not confirm in time that the bundle is free",
        "未能及時確認捆綁未被使用",
        "Ask the core whether the bundle was used; then decide.",
    ),
    Doubt.CLAIM_REFUSED: Words(
        "The bundle is another visit's",
        "捆綁已由另一車次佔用",
        "Read the alarm; find out which vehicle is the right one, then decide.",
    ),
    Doubt.CONTRADICTION: Words(
        "Unladen pressed against a live bundle", "報稱空車但有捆綁", "Look into the vehicle, then decide."
    ),
    Doubt.HELP_AFTER_DONE: Words(
        "Help pressed after the release", "放行後求助", "Answer; the release is withdrawn until you decide."
    ),
    Doubt.HOLD_AFTER_DONE: Words(
        "A hold arrived after the release", "放行後收到截查指示", "Stop the vehicle now; inspect."
    ),
    Doubt.GROUNDS_GONE: Words(
        "Its bundle was withdrawn after the release", "放行後捆綁已被撤銷", "Stop the vehicle now; ask the core."
    ),
    Doubt.NOT_CONFIRMED: Words(
        "A screen did not confirm what it shows",
        "顯示屏未有確認",
        "Look at the screens; tell the driver by voice or hand.",
    ),
    Doubt.NOT_LEFT: Words("It was told to go and has not left", "未有駛離", "See why; decide again or clear by hand."),
    Doubt.NO_BUNDLE: Words(
        "No bundle, and Unladen was not pressed", "沒有捆綁，亦未按空車鈕", "Ask for the UBR or the paper manifest."
    ),
    Doubt.EARLY: Words("Early arrival", "提早到達", "Tell the driver the time; note the early arrival."),
    Doubt.WRONG_POINT: Words("Bundled for another control point", "捆綁的並非本管制站", "Ask the core; then decide."),
    Doubt.ORDERED: Words("An officer ordered an inspection", "關員指示查驗", "See that the vehicle stops; inspect."),
    Doubt.ANNOUNCED: Words("Announced by an officer over a bypassed loop", "由關員申報到達", "Clear it by hand."),
}

MANUAL: Final[dict[ManualReason, Words]] = {
    ManualReason.LINK: Words(
        "core not answering: records may be old",
        "中央未有回應，資料或已過時",
        "Clear each vehicle by hand; automatic mode returns by itself with the link.",
    ),
    ManualReason.FAULT: Words("equipment fault", "設備故障", "Clear by hand; call the technician."),
    ManualReason.ORDER: Words(
        "ordered by an officer", "按指示轉人手", "When the order is lifted, press “End manual order”."
    ),
    ManualReason.UNVERIFIED: Words(
        "codes not verified yet", "資料尚待核實", "Clear by hand; it ends when the codes are verified."
    ),
    ManualReason.BYPASS: Words(
        "a loop is bypassed", "感應線圈已略過", "Clear by hand; it ends when every loop counts again."
    ),
}

MANUAL_VISIT: Final = Words("take the manifest", "查收載貨清單", "Take the paper manifest and decide for this vehicle.")
"""A vehicle in manual mode, as the state line tells it."""

FAULTS: Final[dict[Fault, Words]] = {
    Fault.CAMERA: Words("Camera gives no picture", "攝影機故障", "Look at the vehicles yourself; call the technician."),
    Fault.READER: Words("Plate reader does not answer", "車牌辨識故障", "Type the marks; call the technician."),
    Fault.CLOCK: Words(
        "The box's clock or the core's cannot be trusted",
        "時鐘故障",
        "Clear by hand; note times by your watch; call the technician.",
    ),
    Fault.STORE: Words(
        "The box cannot record",
        "儲存故障",
        "Clear by hand on paper and type the entries in later. Nothing can be released here.",
    ),
    Fault.SCREEN: Words(
        "A driver's screen does not answer", "顯示屏故障", "Direct drivers by hand; call the technician."
    ),
    Fault.CODES: Words(
        "The codes held here differ from the core's", "資料與中央不符", "Clear by hand; a full copy is being fetched."
    ),
    Fault.CONTACTS: Words(
        "Buttons, loops or signals cannot be trusted", "接點故障", "Ask drivers by voice; call the technician."
    ),
    Fault.IDENTIFIER: Words(
        "The second identifier does not answer", "第二識別器故障", "Compare plates by eye; call the technician."
    ),
    Fault.STUCK_CONTACT: Words(
        "A button or signal was on before the vehicle came",
        "按鈕或訊號在車輛到達前已接通",
        "Clear by hand; free the button, or call the technician.",
    ),
    Fault.WAY_OUT: Words(
        "The way-out loop sees no vehicle leave",
        "出口感應線圈沒有反應",
        "See that vehicles leave; bypass the loop and call the technician.",
    ),
}

OUTCOMES: Final[dict[Outcome, Words]] = {
    Outcome.UNDECIDED: Words("Not decided", "未決定"),
    Outcome.RELEASED: Words("Released", "已放行"),
    Outcome.WITHDRAWN: Words("Release withdrawn", "放行已撤回", "See that the vehicle has stopped; decide again."),
    Outcome.EXAMINE: Words("Inspect", "查驗", "See that the vehicle turns to the compound."),
}

OUTCOME_LEVELS: Final[dict[Outcome, str]] = {
    Outcome.UNDECIDED: "busy",
    Outcome.RELEASED: "done",
    Outcome.WITHDRAWN: "stop",
    Outcome.EXAMINE: "stop",
}
"""How the page marks an outcome."""

RAN: Final[dict[str, Words]] = {
    "22 ran from inspection": Words("RAN FROM INSPECTION", "未往驗貨場 逃離"),
    "22 leaving against the signal": Words("LEFT WITHOUT A RELEASE", "未獲放行而駛離"),
    "22 through a closed lane": Words("RAN THROUGH THE CLOSED LANE", "駛過已關閉通道"),
}
"""What a vehicle did that left against the signal, by the row (`edge.lane_feed.RAN`)."""

RULINGS: Final[dict[Ruling, Words]] = {
    Ruling.NONE: Words("by the system", "由系統"),
    Ruling.RELEASE: Words("released by officer", "關員放行"),
    Ruling.INSPECT: Words("inspection by officer", "關員查驗"),
}

IMMIGRATION: Final[dict[Immigration, Words]] = {
    Immigration.NOT_STARTED: Words("Not started", "未開始"),
    Immigration.RUNNING: Words("In progress", "進行中"),
    Immigration.CLEARED: Words("Cleared", "已完成"),
    Immigration.REFERRED: Words("Referred", "已轉介", "Wait for Immigration."),
}

LINKS: Final[dict[Link, Words]] = {
    Link.FRESH: Words("Codes up to date", "行動代碼最新"),
    Link.STALE: Words("Codes late", "行動代碼延遲", "Nothing new is released; inspection always works."),
    Link.OFFLINE: Words("Core not answering: records may be old", "中央未有回應，資料或已過時", "Clear by hand."),
}

IDENTIFIERS: Final[dict[str, Words]] = {
    "rfid": Words("Label", "標籤"),
    "immigration": Words("Immigration's reader", "出入境處車牌"),
}
"""Second identifiers by their names in records."""

HELP: Final[dict[HelpCall, Words]] = {
    HelpCall.NONE: Words("No call", "沒有求助"),
    HelpCall.RINGING: Words("Driver asks for help", "司機求助", "Answer the call."),
    HelpCall.ANSWERED: Words("Help call answered", "已接聽求助", "End the call when the driver is helped."),
    HelpCall.TALKING: Words("Talking with the driver", "正與司機通話", "End the call when the driver is helped."),
}

DIRECTIONS: Final[dict[Direction, Words]] = {
    Direction.INBOUND: Words("Inbound", "入境"),
    Direction.OUTBOUND: Words("Outbound", "出境"),
}

SCREENS: Final[dict[Screen, Words]] = {
    Screen.XDB: Words("Exit display board", "司機指示板"),
    Screen.AIOP: Words("All-in-one panel", "全合一控制板"),
}

SCENES: Final[dict[Scene, Words]] = {
    scene: Words(wording.english.replace("{hhmm}", "--:--"), wording.traditional.replace("{hhmm}", "--:--"))
    for scene, wording in WORDING.items()
}
"""What the driver reads, from the drivers' own table."""

LOOPS: Final[dict[Contact, Words]] = {
    contact: Words(contacts.CONTACTS[contact].says, contacts.CONTACTS[contact].chinese) for contact in contacts.LOOPS
}
"""Contacts that an officer may bypass."""

STANDINGS: Final[dict[Standing, Both]] = {
    Standing.LIVE: Both("live", "有效"),
    Standing.EARLY: Both("early", "未到時間"),
    Standing.ELSEWHERE: Both("other control point", "其他管制站"),
    Standing.OPPOSITE: Both("other direction", "方向不符"),
    Standing.WITHDRAWN: Both("withdrawn", "已撤銷"),
    Standing.USED: Both("used", "已使用"),
    Standing.EXPIRED: Both("expired", "已過期"),
}

REFUSALS: Final[dict[str, str]] = {
    "4 has been shown: the hold must be lifted at the core": (
        "The driver was sent to the compound; only the core can lift that."
    ),
    "4 has been shown": "It is already sent to the compound.",
}
"""Refusals of the lane (`lane_agent.acceptance`) that name a scene by its number; all others are told in its own words."""

APPROVALS: Final[dict[ApprovalDeed | None, Both]] = {
    ApprovalDeed.ASKED: Both("Waits for a second officer", "等候第二名關員批准"),
    ApprovalDeed.REFUSED: Both("REFUSED", "已拒絕"),
    ApprovalDeed.LAPSED: Both("LAPSED: nobody approved it in time", "已逾時：限時內無人批准"),
    ApprovalDeed.VOID: Both("VOID: nothing was done", "已作廢：未有執行"),
    None: Both("Approved and done", "已批准並執行"),
}
"""What became of a request for a second officer; None once he has approved it."""

_ALARM_TITLES: Final[dict[LaneAlarmKind, tuple[str, str]]] = {
    LaneAlarmKind.RUN_THROUGH: ("Vehicle left against the signal", "車輛不依指示駛離"),
    LaneAlarmKind.LEFT_UNSEEN: ("A vehicle left unseen", "車輛去向不明"),
    LaneAlarmKind.FAULT: ("Equipment fault with a vehicle in the lane", "設備故障"),
    LaneAlarmKind.FAULT_RAISED: ("Equipment fault", "設備故障"),
    LaneAlarmKind.RESTARTED_WITH_VEHICLE: ("The box restarted with a vehicle here", "重新啟動時有車輛"),
    LaneAlarmKind.ARRIVED_CLOSED: ("A vehicle drove into the closed lane", "車輛駛入已關閉通道"),
    LaneAlarmKind.CODES_IN_DOUBT: ("The codes here are in doubt", "行動代碼存疑"),
    LaneAlarmKind.CODES_MISMATCH: ("The codes here differ from the core's", "資料與中央不符"),
    LaneAlarmKind.MESSAGE_REFUSED: ("A message was refused", "訊息被拒"),
    LaneAlarmKind.STORE_WENT_BACK: ("This lane's records are an old copy", "通道紀錄為舊副本"),
    LaneAlarmKind.ROWS_UNACKNOWLEDGED: ("The core does not confirm this lane's records", "中央未確認通道紀錄"),
    LaneAlarmKind.PAGE_NOT_SERVED: ("The officers' page was not served", "人員頁面曾經中斷"),
    LaneAlarmKind.SESSION_TAKEN_OVER: ("Another machine uses this lane's name", "通道身分被佔用"),
    LaneAlarmKind.BROKER_REFUSES: ("The broker refuses this lane", "中介拒絕本通道"),
    LaneAlarmKind.CORE_CLOCK_DOUBTED: ("The core's time is not believed", "中央時間不可信"),
    LaneAlarmKind.CORE_CLOCK_STEPPED: ("The core's clock was set", "中央時鐘已調校"),
    LaneAlarmKind.PICTURE_NOT_SENT: ("A picture was not sent", "圖片未能傳送"),
    LaneAlarmKind.CLOCK_STEPPED: ("The clock was set", "時鐘已調校"),
    LaneAlarmKind.STORE_ROOM_LOW: ("Little room on the disk", "儲存空間不足"),
    LaneAlarmKind.STORE_WORN: ("The disk is nearly worn out", "儲存器接近壽命"),
    LaneAlarmKind.EVIDENCE_OVER_LIMIT: ("Pictures take more room than planned", "圖片佔用空間過多"),
    LaneAlarmKind.CERTIFICATE_ENDS: ("A certificate of the box is about to end", "憑證即將到期"),
    LaneAlarmKind.CORE_KEYS_UNREADABLE: ("The core's keys here cannot be read", "中央金鑰無法讀取"),
    LaneAlarmKind.STORE_FAILED: ("The box could not record", "儲存失敗"),
    LaneAlarmKind.REFERRED: ("Immigration referred a driver", "出入境處轉介"),
    LaneAlarmKind.MANUAL_VISIT: ("Vehicle to be cleared by hand", "車輛須人手清關"),
    LaneAlarmKind.NOT_FRESH: ("Vehicle while the codes are not fresh", "資料未經核實"),
    LaneAlarmKind.AT_OFFICER: ("A vehicle waits for an officer", "車輛等候關員"),
    LaneAlarmKind.OVERDUE: ("A vehicle has waited too long", "等候逾時"),
    LaneAlarmKind.PLATE_UNREAD: ("Plate not read", "未能讀取車牌"),
    LaneAlarmKind.NEAR_MISS: ("Plate one character from a held vehicle's", "與被截查車牌相差一字"),
    LaneAlarmKind.PLATES_DISAGREE: ("Plates disagree", "車牌不一致"),
    LaneAlarmKind.UNLADEN_NOT_PROVED: ("Unladen declaration not confirmed", "空車申報未能確認"),
    LaneAlarmKind.CLAIM_REFUSED: ("The core refuses this visit its bundle", "中央系統拒絕確認捆綁"),
    LaneAlarmKind.CONTRADICTION: ("Unladen pressed against a bundle", "報稱空車但有捆綁"),
    LaneAlarmKind.NO_BUNDLE: ("Vehicle without a bundle", "車輛沒有捆綁紀錄"),
    LaneAlarmKind.EARLY_ARRIVAL: ("Early arrival", "提早到達"),
    LaneAlarmKind.OTHER_POINT: (
        "Bundled for another control point; the driver waits",
        "捆綁的並非本管制站，司機等候中",
    ),
    LaneAlarmKind.IMMIGRATION_ANSWER_UNCLEAR: (
        "Immigration's answer may be for the vehicle before",
        "出入境處的回覆可能屬於前車",
    ),
    LaneAlarmKind.IMMIGRATION_OTHER_VEHICLE: (
        "Immigration's terminal names another vehicle",
        "出入境處終端機所指的是另一車輛",
    ),
    LaneAlarmKind.REVERSED_OUT: ("A vehicle backed out of the lane", "車輛倒車離開通道"),
    LaneAlarmKind.WRONG_WAY: ("A vehicle came in by the way out", "車輛由出口駛入"),
    LaneAlarmKind.TAILGATED: ("Two vehicles left in one visit", "兩車尾隨離開"),
    LaneAlarmKind.SIGNAL_STUCK: ("A contact is stuck", "接點卡住"),
    LaneAlarmKind.SIGNAL_DEAD: ("A contact does not move", "接點沒有反應"),
    LaneAlarmKind.OUTPUT_DEAD: ("A lamp or output does not follow", "燈號或輸出沒有反應"),
    LaneAlarmKind.BOX_FULL: ("Drop-in box full", "收集箱已滿"),
    LaneAlarmKind.BOX_JAMMED: ("Drop-in box jammed", "收集箱卡紙"),
    LaneAlarmKind.BOX_NEARLY_FULL: ("Drop-in box nearly full", "收集箱將滿"),
    LaneAlarmKind.MANIFEST_BY_HAND: ("A manifest cannot be dropped", "無法投入載貨清單"),
    LaneAlarmKind.BOX_OPEN: ("Drop-in box open", "收集箱被打開"),
    LaneAlarmKind.CABINET_OPEN: ("Cabinet open", "機櫃門被打開"),
    LaneAlarmKind.WRONG_POINT: ("Bundled for another control point", "捆綁的並非本管制站"),
    LaneAlarmKind.IDENTIFIER_LOST: ("Second identifier lost; vehicles are judged without it", "第二識別器失聯"),
    LaneAlarmKind.IDENTIFIER_STUCK: ("Second identifier repeats a vehicle that has left", "第二識別器重複讀數"),
    LaneAlarmKind.IDENTIFIER_UNKNOWN: ("A label that stands for no mark", "未登記標籤"),
    LaneAlarmKind.CONTACT_STUCK: ("A contact was on before the vehicle came", "接點訊號異常"),
    LaneAlarmKind.HELP: ("Driver asked for help", "司機求助"),
    LaneAlarmKind.HELP_UNANSWERED: ("Nobody answers the driver", "司機求助無人接聽"),
    LaneAlarmKind.INTERCOM_FAILED: ("The intercom does not work", "對講機故障"),
    LaneAlarmKind.HELP_STUCK: ("Help button held too long: stuck?", "求助按鈕卡住"),
    LaneAlarmKind.WITHDRAWN: ("Release withdrawn", "放行已撤回"),
    LaneAlarmKind.RELEASE_REFUSED: ("An officer's release was not borne out", "關員放行未獲確認"),
}

ALARMS: Final[dict[LaneAlarmKind, Words]] = {
    kind: Words(*titles, kind.remedy) for kind, titles in _ALARM_TITLES.items()
}
"""Alarms of the lane by kind; what to do is the table's (`domain.alarms`)."""


def alarm(name: str) -> Words:
    """Words for an alarm, by the name in the journal; of a kind that this version does not know, the name made readable."""
    kind = lane_alarm_kind(name)
    if kind is not None:
        return ALARMS[kind]
    readable = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip().capitalize()
    return Words(readable or "Alarm", "警報", "Look at the lane; tell the control room if in doubt.")


HELD_UP = Both(
    "Held up by the queue in front: it has not moved and its plate is in view, so Clearance Completed stays.",
    "前車阻塞：車輛未有移動，車牌仍可見，故保留「清關完成」。",
)
"""Why 3 stands over its time."""
