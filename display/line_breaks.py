"""Where a Chinese line may be broken: between words, never inside one.

Rules of this file: the words of the messages (`lane_agent.wording`) are listed here; a word that is not listed may be broken
anywhere.
"""

from __future__ import annotations

import re

_WHOLE = (
    # Traditional
    *(
        "歡迎",
        "請停車",
        "正在",
        "進行",
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
    *("請稍候", "請向", "下方", "咪高峰", "講話", "未能", "讀取", "車牌", "沒有", "捆綁", "紀錄", "請等候", "未到"),
    *("最早", "過關", "時間", "管制站", "並非", "本管制站", "人手", "備妥", "此通道", "已關閉", "已收到", "申報"),
    # Simplified
    *(
        "欢迎",
        "请停车",
        "出入境",
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
    *("记录", "过关", "时间", "人工", "备妥", "已关闭", "已收到", "申报", "请等候", "并非", "本管制站", "进行"),
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
