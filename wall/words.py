"""The wall's own words, in both languages; whatever a lane's page has words for is taken from there (`console.words`)."""

from __future__ import annotations

import re
from typing import Final

from console import words
from console.officers import OfficerRole
from console.tongues import Both
from console.words import Words
from domain.alarms import CoreAlarmKind
from wall.needs import NOT_HEARD, SECOND_OFFICER, Need, NeedKind
from wall.orders import Became
from wall.point import Heard

HEARD: Final[dict[Heard, Words]] = {
    Heard.UNKNOWN: Words(
        "Not heard yet",
        "未收到通道訊息",
        Both("Look at the lane; call the technician if it stays so.", "查看通道；如持續沒有訊息，請通知技術員。"),
    ),
    Heard.ONLINE: Words("Heard", "連線正常"),
    Heard.STOPPED: Words("The lane's program was stopped", "通道程式已停止", "Clear by hand; call the technician."),
    Heard.LOST: Words(
        "Not heard: its line to the broker broke",
        "與通道失去聯繫",
        Both("Look at the lane; it may go on. Call the technician.", "查看通道，該通道可能仍在運作；並通知技術員。"),
    ),
}

KINDS: Final[dict[NeedKind, Both]] = {
    NeedKind.RAN: Both("Ran", "逃離"),
    NeedKind.HELP: Both("Help", "求助"),
    NeedKind.SECOND: Both("Approve", "待批准"),
    NeedKind.EXCEPTION: Both("Decide", "待決定"),
    NeedKind.SILENT: Both("Not heard", "失聯"),
    NeedKind.FAULT: Both("Fault", "故障"),
}

ROLES: Final[dict[OfficerRole, Both]] = {
    OfficerRole.VIEWER: Both("viewer", "觀看"),
    OfficerRole.OFFICER: Both("officer", "關員"),
    OfficerRole.SUPERVISOR: Both("supervisor", "主管"),
    OfficerRole.TECHNICIAN: Both("technician", "技術員"),
}

BECAME: Final[dict[Became, Both]] = {
    Became.DONE: Both("done", "已執行"),
    Became.REFUSED: Both("NOT DONE, refused", "未執行，被拒"),
    Became.UNKNOWN: Both("NOT KNOWN whether it was done", "未知是否已執行"),
    Became.AWAY: Both(
        "NOT DONE, the core does not answer; use the lane's own page", "未執行，中央沒有回應；請使用通道頁面"
    ),
}

SECOND: Final = Words(
    "Waits for a second officer",
    "等候第二名關員批准",
    Both("Open the lane's page, look, approve or refuse there.", "開啟通道頁面，查看後批准或拒絕。"),
)
APPROVALS: Final[dict[str, Both]] = {
    "asked": Both("Waits for a second officer", "等候第二名關員批准"),
    "approved": Both("Approved by a second officer, and done", "第二名關員已批准並執行"),
    "refused": Both("Refused by a second officer", "第二名關員已拒絕"),
    "lapsed": Both("Lapsed: no second officer approved it in time", "已逾時：限時內無人批准"),
    "void": Both("Void: nothing was done", "已作廢：未有執行"),
}
"""What became of a request for a second officer, as a lane's state names it."""

DEEDS: Final[dict[str, Both]] = {
    "appeared": Both("appeared", "出現"),
    "taken": Both("taken", "已接手"),
    "handed": Both("handed over", "已轉交"),
    "returned": Both("given back", "已退回"),
    "escalated": Both("escalated: nobody took it", "無人接手，已升級"),
    "over": Both("over", "已完結"),
}
"""What becomes of a need, as the wall's store names it."""

OF_CORE: Final[dict[CoreAlarmKind, Both]] = {
    CoreAlarmKind.BUNDLE_USED_TWICE: Both("Bundle used twice", "捆綁重複使用"),
    CoreAlarmKind.UNKNOWN_BUNDLE_USED: Both("Unknown bundle used", "使用不明捆綁"),
    CoreAlarmKind.USE_WITHOUT_READ: Both("Bundle used without a read", "未讀車牌而使用捆綁"),
    CoreAlarmKind.USED_UNDER_CLAIM: Both("Bundle used that another had claimed", "使用他人已預留的捆綁"),
    CoreAlarmKind.LANE_DISBELIEVED: Both("Lane no longer believed", "通道紀錄不獲採信"),
    CoreAlarmKind.COMPOUND_OVERDUE: Both("Vehicle has not reached the compound", "車輛逾時未到驗貨場"),
    CoreAlarmKind.EVENT_REFUSED: Both("Journal row refused", "日誌項目被拒"),
    CoreAlarmKind.EVENT_QUARANTINED: Both("Journal row cannot be read whole", "日誌項目未能完整讀取"),
    CoreAlarmKind.LANE_OVER_BUDGET: Both("Lane sends too many rows", "通道發送過多項目"),
    CoreAlarmKind.LANE_WENT_BACK: Both("Lane's store is an older copy", "通道資料為舊版本"),
    CoreAlarmKind.TWO_BOXES: Both("Two boxes with one lane's key", "兩部主機使用同一通道密鑰"),
    CoreAlarmKind.ROWS_LATE: Both("Journal rows do not arrive", "日誌項目未送達"),
    CoreAlarmKind.JOURNAL_REPLACED: Both("Lane began another journal", "通道更換日誌"),
    CoreAlarmKind.ROWS_MISSING: Both("Journal rows missing at the core", "中央欠缺日誌項目"),
    CoreAlarmKind.CORE_WENT_BACK: Both("Core's list is older than a lane's", "中央名單較通道舊"),
    CoreAlarmKind.CORE_FORKED: Both("Core's list has forked", "中央名單出現分歧"),
    CoreAlarmKind.LIST_EDITED: Both("Core's list was changed in its store", "中央名單被直接更改"),
    CoreAlarmKind.CODES_DIFFER: Both("Lane's codes differ from the core's", "通道與中央的行動代碼不符"),
    CoreAlarmKind.CORE_KEY_MISSING: Both("Lane lacks the core's key", "通道欠缺中央密鑰"),
    CoreAlarmKind.MESSAGE_REFUSED: Both("Lane's message refused", "通道訊息被拒"),
    CoreAlarmKind.PICTURE_REFUSED: Both("Picture refused", "圖片被拒"),
    CoreAlarmKind.PICTURE_NOT_KEPT: Both("Picture not kept", "圖片未能保存"),
    CoreAlarmKind.CERTIFICATE_ENDS: Both("Certificate about to expire", "證書即將到期"),
}
"""Alarms that the core raises itself; a lane's are in `console.words`."""

REFUSED: Final[dict[str, str]] = {
    "It is over.": "此事項已完結。",
    "It is not yours to hand over.": "此事項並非由你處理，不能轉交。",
    "You asked for it yourself: somebody else must approve it.": "此要求由你提出，須由另一人批准。",
    "That officer asked for it: somebody else must approve it.": "此要求由該關員提出，須由另一人批准。",
    "There is no such lane.": "沒有此通道。",
    "There is no such officer.": "沒有此關員。",
    "There is no such message.": "沒有此訊息。",
    "There is no such order.": "沒有此指令。",
    "You are on shift already.": "你已在當值。",
    "You are not on shift.": "你並非當值。",
    "Give a reason.": "請輸入原因。",
    "This is about one vehicle: choose its lane.": "此指令只涉及一輛車，請選擇其通道。",
}
"""Refusals of the wall, in Chinese."""


def refused(text: str) -> Both:
    """A refusal in both languages; one that names a person is told by its pattern."""
    who, found, _ = text.partition(" has taken it meanwhile.")
    if found:
        return Both(text, f"{who} 已先行處理。")
    if still := re.fullmatch(r"You still have (\d+) taken: .*", text):
        return Both(text, f"你尚有 {still[1]} 項處理中，請先轉交或放回。")
    return Both(text, REFUSED.get(text, text))


SIGN_IN: Final[dict[str, str]] = {
    "The sign-in was not begun here, or was used, or took too long: begin again.": "登入並非由此開始、已使用或逾時，請重新開始。",
    "The answer came from another provider.": "回覆來自另一登入服務。",
    "The control room's provider did not sign you in.": "控制室登入服務沒有讓你登入。",
    "The control room's provider gave no token.": "控制室登入服務沒有發出憑證。",
    "The provider's token is for another client.": "登入憑證屬於另一系統。",
    "The provider's token is too old: begin again.": "登入憑證過時，請重新開始。",
    "Your account has no role at this wall. Ask whoever administers the accounts.": "你的帳戶在此沒有身分，請聯絡帳戶管理員。",
    "The provider names itself otherwise than the settings, or is not on HTTPS.": "登入服務與設定不符，或並非使用 HTTPS。",
    "The control room's provider refuses this sign-in: begin again.": "控制室登入服務拒絕此次登入，請重新開始。",
    "The control room's provider does not answer. Log in here with an account of this wall.": (
        "控制室登入服務沒有回應，請使用本系統的帳戶登入。"
    ),
    "Sign in with the control room's account again.": "請以控制室帳戶再次登入。",
}


def sign_in_refused(text: str) -> Both:
    """Why the control room's account signs nobody in, in both languages; the technician's detail is in the log."""
    usual = {
        "The provider's token is not good here": "登入憑證無效。",
        "The provider's name for you": "登入名稱格式不符。",
    }
    chinese = next((told for start, told in usual.items() if text.startswith(start)), "登入服務的資料無法讀取。")
    return Both(text, SIGN_IN.get(text, chinese))


def alarm_title(kind: str, *, of_core: bool) -> Both:
    """What an alarm of that kind is called, by its name in the core's store."""
    own = next((words_ for known, words_ in OF_CORE.items() if of_core and known.value == kind), None)
    return named_title(kind).text if own is None else own


def title(need: Need) -> Words:
    """What a need says, and what to do about it."""
    return named_title(need.title)


def named_title(name: str) -> Words:
    """Likewise, by the name of its worst alarm."""
    if name == SECOND_OFFICER:
        return SECOND
    return HEARD[Heard.LOST] if name == NOT_HEARD else words.alarm(name)
