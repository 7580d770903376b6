"""Where a line may be broken, and what a coarse board says.

Rules of this file: a Chinese line is broken between words, never inside one, so the words of the messages are listed
here; a word that is not listed may be broken anywhere. A board under `COARSE_BELOW` pixels cannot carry the full
sentences of domain §5 legibly: it shows the pictogram, a short Traditional text and a short English one. These short
texts are our own, to be confirmed by the department like the rest of domain §5.
"""

from __future__ import annotations

import re

from lane_agent.wording import Scene

COARSE_BELOW = 224
"""Boards with a shorter side than this, in pixels, show the short words."""

_WHOLE = (
    # Traditional
    *(
        "歡迎",
        "請停車",
        "正在",
        "辦理",
        "出入境",
        "檢查",
        "請留意",
        "海關",
        "指示",
        "海關人員",
        "海關驗貨場",
        "空車",
        "請按",
        "「空車」",
        "按鈕",
    ),
    *("請將", "載貨清單", "投入", "收集箱", "清關", "完成", "請駛離", "請駛往", "驗貨場", "接受", "已通知", "人員"),
    *("請稍候", "請向", "下方", "咪高峰", "講話", "未能", "讀取", "車牌", "沒有", "捆綁", "記錄", "請依", "未到"),
    *("最早", "允許", "過關", "時間", "管制站", "不符", "人手", "交予", "此通道", "關閉"),
    # Simplified
    *(
        "欢迎",
        "请停车",
        "办理",
        "检查",
        "请留意",
        "海关",
        "海关人员",
        "海关验货场",
        "空车",
        "请按",
        "“空车”",
        "按钮",
        "请将",
        "载货清单",
        "清关",
    ),
    *("请驶离", "请驶往", "验货场", "人员", "请稍候", "请对", "麦克风", "讲话", "读取", "车牌", "没有", "捆绑"),
    *("记录", "允许", "过关", "时间", "人工", "交给", "关闭"),
)
_LONGEST = max(len(word) for word in _WHOLE)
_WORDS = frozenset(_WHOLE)
_LATIN = re.compile(r"[ -~]+")


def pieces(text: str) -> tuple[str, ...]:
    """The unbreakable pieces of one Chinese clause without blanks: longest listed word first, a time stays whole."""
    found: list[str] = []
    place = 0
    while place < len(text):
        latin = _LATIN.match(text, place)
        length = len(latin[0]) if latin else _word_length(text, place)
        found.append(text[place : place + length])
        place += length
    return tuple(found)


def _word_length(text: str, place: int) -> int:
    return next((n for n in range(_LONGEST, 1, -1) if text[place : place + n] in _WORDS), 1)


SHORT: dict[Scene, tuple[str, str]] = {
    Scene.WELCOME: ("歡迎", "Welcome"),
    Scene.STOP: ("請停車", "Please Stop"),
    Scene.IMMIGRATION: ("正在辦理 出入境檢查", "Immigration"),
    Scene.IMMIGRATION_TURN: ("出入境檢查", "Immigration"),
    Scene.WATCH: ("請留意 海關指示", "Watch Customs"),
    Scene.UNLADEN: ("空車請按 「空車」按鈕", "Unladen? Press"),
    Scene.MANIFEST: ("請投入 載貨清單", "Drop manifest"),
    Scene.DONE: ("清關完成 請駛離", "Completed"),
    Scene.EXAMINE: ("請駛往 海關驗貨場", "Examination"),
    Scene.HELP: ("已通知 海關人員", "Help is coming"),
    Scene.TALK: ("請向咪高峰 講話", "Speak below"),
    Scene.WAIT: ("請稍候", "Please wait"),
    Scene.NOPLATE: ("未能讀取 車牌", "Plate not read"),
    Scene.NOBUNDLE: ("沒有 捆綁記錄", "No record"),
    Scene.EARLY: ("未到時間 {hhmm}", "Early arrival"),
    Scene.WRONGPOINT: ("捆綁 管制站不符", "Wrong point"),
    Scene.OFFICER: ("請依海關 人員指示", "Follow officer"),
    Scene.MANUAL: ("人手清關 請交清單", "Hand manifest"),
    Scene.CLOSED: ("此通道關閉", "Lane closed"),
}
"""(Traditional, English) for a coarse board; a blank is where the Traditional line breaks."""
