"""The values of a journal's facts in words, in both languages: codes, moments, and why something did not count.

Rules of this file: whatever a lane's page has words for is taken from there. A value that this version does not know, and whatever
people wrote, is told as it is.
"""

from __future__ import annotations

import re
from typing import Final

from console import words
from console.acts import ACTS, act_named
from console.chinese import SENTENCES
from console.row_words import row
from console.tongues import Both
from domain.visit_record import CallNote
from lane_agent.contacts import CONTACTS
from lane_agent.wording import NOTICES
from wall.story_words import EVENTS

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
    "vehicle left": Both("the vehicle left", "車輛已離開"),
    "released": Both("released", "已放行"),
    "followed closely": Both("another vehicle followed closely", "後車緊隨"),
    "no way out seen": Both("no loop of a way out", "未見駛出"),
    "by hand": Both("an officer's hand", "關員人手"),
    "taken": Both("taken", "已跟進"),
    "closed": Both("closed", "已關閉"),
    "shelved": Both("shelved", "已擱置"),
    "officer": Both("officer", "關員"),
    "terminal": Both("Immigration's terminal", "出入境處終端機"),
}
ON: Final = {True: Both("on", "接通"), False: Both("off", "斷開")}
"""A contact; the sound of a call."""

TIMES: Final = frozenset({"arrived_ms", "immigration_ms", "decided_ms", "left_ms", "pressed_ms", "until_ms"})
"""Facts that are moments, UTC ms."""

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
    CallNote.LISTENING: Both("began to listen", "開始聆聽"),
    CallNote.LISTENED: Both("no longer listens", "停止聆聽"),
}
"""What an intercom's effect or a report of it says (`lane_agent.effects.Ring`, `domain.visit_record.CallNote`)."""

TIMERS: Final[dict[str, Both]] = {
    "stage": Both("of what was shown", "顯示階段"),
    "paint": Both("for a screen to show it", "等候顯示屏"),
    "gone": Both("for the way out", "等候駛出"),
    "held_up": Both("with the queue in front", "前車阻塞"),
    "look": Both("of a look at the plate", "再次查看車牌"),
    "help": Both("of a help button held down", "求助鈕長按"),
    "debt": Both("of Immigration's late answer", "等候出入境處遲來的回覆"),
}
"""What each timer of a lane is for, after "Time ran out"."""

WHYS: Final[dict[str, Both]] = {
    "belongs to another visit": Both("it belongs to another visit", "屬另一車輛的過程"),
    "its edge is not of this visit": Both("its edge is not of this visit", "訊號不屬此車輛"),
    "Immigration has not begun with this visit": Both(
        "Immigration has not begun with this visit", "出入境檢查未為此車輛開始"
    ),
    "nobody has answered a help call": Both("nobody has answered a help call", "未有人接聽求助"),
    "answers an older look": Both("it answers an older look", "屬較早的查看"),
    "is about another plate": Both("it is about another plate", "屬另一車牌"),
    "answers an older question": Both("it answers an older question", "屬較早的查詢"),
    "answers a claim that is over": Both("it answers a claim that is over", "屬已結束的查詢"),
    "an older scene was painted": Both("an older message was shown", "顯示的是較早的訊息"),
    "another scene was ordered since": Both("another message was ordered since", "其後已指示另一訊息"),
    "that timer is no longer wanted": Both("that timer is no longer wanted", "該時限已不適用"),
    "4 has been shown: the hold must be lifted at the core": Both(
        "the driver was sent to the compound: the core lifts that", "司機已被指示往驗貨場，須由中央解除"
    ),
    "4 has been shown": Both("the driver was sent to the compound", "司機已被指示往驗貨場"),
    "a level at start, not an edge": Both("a level at start, not an edge", "啟動時的狀態，並非變化"),
    "there is no such notice": Both("there is no such line", "沒有此訊息"),
    "the driver has been told where to go": Both("the driver has been told where to go", "已指示司機去向"),
    "no read in time": Both("no read in time", "未及時讀取"),
    "no plate seen": Both("no plate seen", "不見車牌"),
    "no Hong Kong plate seen": Both("no Hong Kong plate seen", "不見香港車牌"),
}
"""Why an event did not count (`lane_agent.acceptance`), and why no plate was read (`lane_agent.settling`), in fixed words."""

_READINGS: Final = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"a Hong Kong plate in (\d+) of (\d+) pictures only", r"\2 張圖片中只有 \1 張見到香港車牌"),
        (r"(\S+) is no Hong Kong mark", r"\1 並非香港車牌"),
        (r"frames disagree(: (?P<m>.*))?", r"各圖片讀數不一 \g<m>"),
        (r"(\d+) of (\d+) needed frames are sure of (\S+)", r"需要 \2 張圖片肯定 \3，只有 \1 張"),
        (r"(\S+) at ([0-9.]+), needed is ([0-9.]+)", r"\1 可信度 \2，需要 \3"),
        (r"(\S+) is .*, not a mark", r"\1 並非車牌，是車身文字"),
        (r"(\S+) may be the lower row of .*", r"\1 可能是下行，不見上行"),
        (r"(\S+) may be the upper row of .*", r"\1 可能是上行，不見下行"),
        (r"(\S+) may be lettering: (\d+) of (\d+) .*", r"\1 可能是車身文字：需要 \3 張圖片證實，只有 \2 張"),
    )
)
"""Why no plate was read, where the reader says it with what it read (`lane_agent.settling`)."""

_CODED: Final[dict[str, dict[str, Both]]] = {
    "call": {str(name): told for name, told in CALLS.items()},
    "timer": TIMERS,
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
    "notice": {one.value: Both(told.english, told.traditional) for one, told in NOTICES.items()},
    "act": {act.name: act_named(act.name) for act in ACTS},
    "deed": {deed.value: told for deed, told in words.APPROVALS.items() if deed is not None},
}
"""The words of coded values, by the fact that has them; a reason is a doubt's where the lane itself withdrew a release."""

_LOOPS: Final = {one.value: Both(told.says, told.chinese) for one, told in CONTACTS.items()}


def value_words(name: str, value: str) -> Both:
    """A fact's value in words, where it is a coded one."""
    if name in {"name", "system"} and (number := value.partition(" ")[0]).isdecimal():
        return row(int(number), value).text
    if name in {"why", "unread"} and (why := why_words(value)) is not None:
        return why
    if name == "event":
        return EVENTS.get(value) or _LOOPS.get(value) or Both(value, value)
    known = _CODED.get(name, {}) | (_LOOPS if name in {"contact", "loop", "signal", "how"} else {})
    return known.get(value) or VALUES.get(value) or Both(value, value)


def why_words(value: str) -> Both | None:
    """Why something did not count, or no plate was read; None where this version does not know it."""
    if value in WHYS:
        return WHYS[value]
    sentence = f"{value[:1].upper()}{value[1:]}."
    if sentence in SENTENCES:
        return Both(value, SENTENCES[sentence].rstrip("。"))
    for pattern, chinese in _READINGS:
        if (found := pattern.fullmatch(value)) is not None:
            return Both(value, found.expand(chinese).strip())
    return None
