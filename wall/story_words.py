"""What stands in a lane's journal, in words: events, effects, records and their facts, in both languages.

Rules of this file: whatever a lane's page has words for is taken from there. A name that this version does not know is told as it
is, made readable: nothing of a story is left out because of it.
"""

from __future__ import annotations

import re
from typing import Final

from console import words
from console.row_words import row
from console.tongues import Both
from domain.visit_record import CallNote
from lane_agent.contacts import CONTACTS

EVENTS: Final[dict[str, Both]] = {
    "AgentStarted": Both("The lane's program started", "通道程式啟動"),
    "ContactChanged": Both("Contact", "接點"),
    "PlateSettled": Both("Plate read", "已讀取車牌"),
    "PlateUnread": Both("Plate not read", "未能讀取車牌"),
    "PlateDoubted": Both("Later pictures say another plate", "其後圖片顯示另一車牌"),
    "PlateSeenAgain": Both("Looked again, the plate was read as", "再次查看，車牌讀數為"),
    "SecondVehicleSeen": Both("A second vehicle was seen", "發現第二輛車"),
    "IdentifierRead": Both("Second identifier", "第二識別器"),
    "ImmigrationSignalled": Both("Immigration's terminal", "出入境處終端機"),
    "LinkChanged": Both("Link to the core", "與中央的連線"),
    "CodesVerified": Both("Action codes verified", "行動代碼已核實"),
    "CodesChanged": Both("The list changed for this vehicle", "名單內此車的資料有變"),
    "CodesFound": Both("The list answered", "名單查詢結果"),
    "ClaimAnswered": Both("The core answered whether the bundle is free", "中央回覆捆綁是否未被使用"),
    "ScenePainted": Both("A screen shows", "顯示屏已顯示"),
    "ShowLapsed": Both("An order to show 3 was too old and was not done", "顯示「清關完成」的指令過時，未有執行"),
    "TimerFired": Both("Time ran out", "時限屆滿"),
    "FaultRaised": Both("Fault", "故障"),
    "FaultCleared": Both("Fault gone", "故障已消除"),
    "TroubleReported": Both("Trouble reported", "報告問題"),
    "TroubleEnded": Both("Trouble over", "問題已消除"),
    "AlarmHandled": Both("Alarm dealt with", "警報已處理"),
    "WordsReceived": Both("Words from the control room", "控制室訊息"),
    "OfficerReleased": Both("Officer: release", "關員：放行"),
    "OfficerInspected": Both("Officer: inspect", "關員：查驗"),
    "OfficerCorrected": Both("Officer typed the mark", "關員輸入車牌"),
    "OfficerTookOver": Both("Officer: clear by hand", "關員：人手清關"),
    "LaneOpened": Both("Lane opened", "通道開放"),
    "LaneClosed": Both("Lane closed", "通道關閉"),
    "ManualOrdered": Both("Manual mode ordered", "指示轉人手模式"),
    "ManualEnded": Both("Manual mode ended", "結束人手模式"),
    "LoopBypassed": Both("Loop bypassed", "略過感應線圈"),
    "VehicleAnnounced": Both("Vehicle announced by an officer", "關員報告車輛到達"),
    "DebtWrittenOff": Both("Late answer of Immigration written off", "註銷出入境處遲來的回覆"),
    "HelpAnswered": Both("Help call answered", "已接聽求助"),
    "HelpEnded": Both("Help call ended", "求助已結束"),
    "AudioChanged": Both("Sound between the driver and whoever answered", "司機與接聽者之間的聲音"),
    "CallLost": Both("The voice of the call broke off; it rings again", "通話中斷，重新響鈴"),
    "OfficerSent": Both("An officer is sent to the lane", "已派關員前往通道"),
    "CallReported": Both("Intercom", "對講機"),
}
EFFECTS: Final[dict[str, Both]] = {
    "StartReading": Both("reading of the plate began", "開始讀取車牌"),
    "StopReading": Both("reading of the plate ended", "結束讀取車牌"),
    "LookAgain": Both("another look at the plate", "再次查看車牌"),
    "LookUp": Both("looked up in the list", "查詢名單"),
    "Consume": Both("bundle used", "已使用捆綁"),
    "Claim": Both("asked the core whether the bundle is free", "向中央查詢捆綁是否未被使用"),
    "GiveBack": Both("bundle given back", "退回捆綁"),
    "Ring": Both("intercom", "對講機"),
}
QUIET: Final = frozenset({"StartTimer", "CancelTimer"})
"""Effects that tell nothing of the vehicle; they stand in the row word for word."""

RECORDS: Final[dict[str, Both]] = {
    "Ignored": Both("did not count", "不獲計算"),
    "VehicleArrived": Both("vehicle arrived", "車輛到達"),
    "RowEntered": Both("now", "進入"),
    "UnladenDeclared": Both("driver declared unladen", "司機報稱空車"),
    "Corrected": Both("mark corrected", "車牌已更正"),
    "ReleasedByOfficer": Both("released by an officer", "由關員放行"),
    "SentToCompound": Both("sent to the examination compound", "轉往驗貨場"),
    "Withdrawn": Both("release withdrawn", "放行已撤回"),
    "HeldUp": Both("held up by the queue in front", "前車阻塞"),
    "WayOutOfVehicleBefore": Both("way out of the vehicle before", "前車駛出"),
    "VisitEnded": Both("visit ended", "過程結束"),
    "HelpRequested": Both("driver asked for help", "司機求助"),
    "HelpAnswered": Both("help call answered", "已接聽求助"),
    "HelpEnded": Both("help call ended", "求助已結束"),
    "CallReported": Both("intercom", "對講機"),
    "OfficerSent": Both("driver was told that an officer comes", "已告知司機關員將前來"),
    "LaneOpened": Both("lane opened", "通道開放"),
    "LaneClosed": Both("lane closed", "通道關閉"),
    "ManualOrdered": Both("manual mode ordered", "指示轉人手模式"),
    "ManualEnded": Both("manual mode ended", "結束人手模式"),
    "LoopBypassed": Both("loop bypassed", "略過感應線圈"),
    "WordsReceived": Both("words received", "收到訊息"),
    "AlarmHandled": Both("alarm dealt with", "警報已處理"),
    "ImmigrationDebtPaid": Both("late answer for the vehicle before", "遲來的回覆屬於前車"),
    "ImmigrationDebtLapsed": Both("late answer no longer awaited", "不再等候遲來的回覆"),
    "ImmigrationDebtWrittenOff": Both("late answer written off", "註銷遲來的回覆"),
}
FACTS: Final[dict[str, Both]] = {
    "arrived_ms": Both("arrived", "到達"),
    "claimed": Both("bundles that the core confirmed", "中央已確認的捆綁"),
    "claim": Both("the core's receipt", "中央確認"),
    "code": Both("code", "代碼"),
    "event": Both("event", "事件"),
    "live": Both("live bundles", "有效的捆綁"),
    "early": Both("too early", "未到時間"),
    "elsewhere": Both("for another control point", "其他管制站"),
    "opposite": Both("for the other direction", "方向不符"),
    "ended": Both("expired, used or withdrawn", "已失效"),
    "minutes_early": Both("minutes too early", "提早分鐘"),
    "bypassed": Both("bypassed", "已略過"),
    "evidence": Both("pictures", "圖片"),
    "identifiers": Both("second identifiers", "第二識別器讀數"),
    "lane_id": Both("lane", "通道"),
    "limit_ms": Both("limit (ms)", "時限（毫秒）"),
    "near": Both("near-misses on the list", "名單上的相近車牌"),
    "pressed_ms": Both("pressed", "按鈕時間"),
    "prompts": Both("times the driver was asked", "提示司機次數"),
    "software": Both("software", "軟件"),
    "system": Both("the system had", "系統原先判斷"),
    "vouched": Both("origin proved", "來源已核實"),
    "why": Both("because", "原因"),
    "ccrns": Both("CCRN", "CCRN"),
    "confidence": Both("least certain character", "最低字元可信度"),
    "contact": Both("contact", "接點"),
    "decided_ms": Both("decided", "決定"),
    "detail": Both("detail", "詳情"),
    "direction": Both("direction", "方向"),
    "doubt": Both("cause", "原因"),
    "epoch": Both("epoch of the list", "名單紀元"),
    "fault": Both("fault", "故障"),
    "how": Both("left by", "離開方式"),
    "identified": Both("second identifier", "第二識別器"),
    "immigration_ms": Both("Immigration finished", "出入境檢查完成"),
    "issuer": Both("from", "發出者"),
    "left_ms": Both("left", "離開"),
    "link": Both("action codes", "行動代碼"),
    "loop": Both("loop", "感應線圈"),
    "mainland": Both("Mainland plate", "內地車牌"),
    "manifest": Both("manifest seen", "已查閱載貨清單"),
    "mode": Both("mode", "模式"),
    "name": Both("", ""),
    "officer": Both("officer", "關員"),
    "outcome": Both("outcome", "結果"),
    "paper": Both("paper manifest", "紙本載貨清單"),
    "point": Both("control point", "管制站"),
    "quality": Both("clock", "時鐘"),
    "reason": Both("reason", "理由"),
    "refusal": Both("refused", "被拒"),
    "row": Both("line of the decision table", "決策表項目"),
    "ruling": Both("ruling", "裁決"),
    "scene": Both("message", "訊息"),
    "schemes": Both("schemes", "計劃"),
    "screen": Both("screen", "顯示屏"),
    "signal": Both("signal", "訊號"),
    "source": Both("source", "來源"),
    "state_hash": Both("hash of the list", "名單雜湊值"),
    "text": Both("words", "內容"),
    "timer": Both("timer", "時限"),
    "ubrs": Both("UBR", "UBR"),
    "unladen": Both("unladen pressed", "已按空車鈕"),
    "unread": Both("not read because", "未能讀取原因"),
    "version": Both("version of the list", "名單版本"),
    "vrn": Both("mark", "車牌"),
    "call": Both("", ""),
    "candidates": Both("may be", "可能是"),
    "who": Both("at", "於"),
    "on": Both("closed", "接通"),
}
VALUES: Final[dict[str, Both]] = {
    "automatic": Both("automatic", "自動"),
    "manual": Both("manual", "人手"),
    "reader": Both("plate reader", "車牌辨識"),
    "yes": Both("yes", "是"),
    "no": Both("no", "否"),
    "none": Both("none", "沒有"),
    "granted": Both("given", "已確認"),
    "agrees": Both("agrees", "相符"),
    "differs": Both("differs", "不符"),
    "proven": Both("proven", "已核實"),
    "system": Both("this box's", "本機時鐘"),
    "unsure": Both("NOT SURE", "不可靠"),
}
ON: Final = {True: Both("on", "接通"), False: Both("off", "斷開")}
"""A contact; the sound of a call."""

TIMES: Final = frozenset({"arrived_ms", "immigration_ms", "decided_ms", "left_ms", "pressed_ms"})
"""Facts that are moments, UTC ms."""


def named(table: dict[str, Both], name: str) -> Both:
    """The words of a name; of one that is not known, the name made readable."""
    if name in table:
        return table[name]
    readable = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip() or "?"
    return Both(readable, readable)


CALLS: Final[dict[str, Both]] = {
    "ring": Both("rings", "響鈴"),
    "answer": Both("answered", "已接聽"),
    "end": Both("ended", "結束"),
    CallNote.RANG: Both("rang there", "對方響鈴"),
    CallNote.BUSY: Both("was busy", "對方忙線"),
    CallNote.REFUSED: Both("was refused", "對方拒接"),
    CallNote.MISSED: Both("nobody answered in time", "無人及時接聽"),
    CallNote.UNREACHABLE: Both("could not be reached", "未能接通"),
    CallNote.ESCALATED: Both("the next number is called", "改撥下一號碼"),
    CallNote.ANSWERED: Both("answered", "已接聽"),
    CallNote.TALKING: Both("each hears the other", "雙方可通話"),
    CallNote.LOST: Both("the voice broke off", "通話中斷"),
    CallNote.ENDED: Both("ended", "結束"),
}
"""What an intercom's effect or a report of it says (`lane_agent.effects.Ring`, `domain.visit_record.CallNote`)."""

_CODED: Final[dict[str, dict[str, Both]]] = {
    "call": {str(name): told for name, told in CALLS.items()},
    "outcome": {one.value: told.text for one, told in words.OUTCOMES.items()},
    "doubt": {one.value: told.text for one, told in words.DOUBTS.items()},
    "reason": {one.value: told.text for one, told in words.DOUBTS.items()},
    "system": {one.value: told.text for one, told in words.DOUBTS.items()},
    "ruling": {one.value: told.text for one, told in words.RULINGS.items()},
    "link": {one.value: told.text for one, told in words.LINKS.items()},
    "direction": {one.value: told.text for one, told in words.DIRECTIONS.items()},
    "fault": {one.value: told.text for one, told in words.FAULTS.items()},
    "screen": {one.value: told.text for one, told in words.SCREENS.items()},
    "scene": {one.value: told.text for one, told in words.SCENES.items()},
    "signal": {one.value: told.text for one, told in words.IMMIGRATION.items()},
}
"""The words of coded values, by the fact that has them; a reason is a doubt's where the lane itself withdrew a release."""

_LOOPS: Final = {one.value: Both(told.says, told.chinese) for one, told in CONTACTS.items()}


def value_words(name: str, value: str) -> Both:
    """A fact's value in words, where it is a coded one."""
    if name == "name" and (number := value.partition(" ")[0]).isdecimal():
        return row(int(number), value).text
    known = _CODED.get(name, {}) | (_LOOPS if name in {"contact", "loop", "signal", "how"} else {})
    return known.get(value) or VALUES.get(value) or Both(value, value)
