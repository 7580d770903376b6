"""What is said to drivers, in one table: Cantonese, Putonghua, English, in this order; it follows `lane_agent.wording`.

The words are for the ear: whole sentences, no brackets, a number said as people say it. The department must confirm them, as
it must those on the screens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lane_agent.wording import Scene


class SpokenLanguage(Enum):
    """A language that is spoken; the value is part of a file's name."""

    CANTONESE = "yue"
    PUTONGHUA = "cmn"
    ENGLISH = "en"


ESPEAK = {SpokenLanguage.CANTONESE: "yue", SpokenLanguage.PUTONGHUA: "cmn", SpokenLanguage.ENGLISH: "en-gb"}
"""The voices of espeak-ng: understandable, and no pleasure; a site records its own, file by file."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text.

    Attributes:
        cantonese, putonghua, english: what is said.
        rank: the smaller one goes first when two wait.
        times: how often the whole is said at once.
        again: it is said once more if the driver does not follow.
        help: it belongs to a help call.
    """

    cantonese: str
    putonghua: str
    english: str
    rank: int
    times: int = 1
    again: bool = True
    help: bool = False

    def text(self, language: SpokenLanguage) -> str:
        """In one language."""
        return {
            SpokenLanguage.CANTONESE: self.cantonese,
            SpokenLanguage.PUTONGHUA: self.putonghua,
            SpokenLanguage.ENGLISH: self.english,
        }[language]


PROMPTS: dict[Scene, Prompt] = {
    Scene.HELP: Prompt(
        "已經通知海關人員，請等一等。",
        "已经通知海关人员，请稍候。",
        "Customs has been called. Please wait.",
        rank=0,
        again=False,
        help=True,
    ),
    Scene.EXAMINE: Prompt(
        "請駛去海關驗貨場接受檢查。",
        "请驶往海关验货场接受检查。",
        "Please go to the Customs Examination Compound for inspection.",
        rank=1,
        times=2,
    ),
    Scene.STOP: Prompt("請停車。", "请停车。", "Please stop.", rank=2),
    Scene.DONE: Prompt(
        "清關完成，請開車離開。",
        "清关完成，请驶离。",
        "Clearance completed. Please proceed.",
        rank=3,
    ),
    Scene.EARLY: Prompt(
        "未到最早過關時間，請等候海關人員。",
        "未到最早过关时间，请等候海关人员。",
        "You are early. Please wait for an officer.",
        rank=4,
    ),
    Scene.UNLADEN: Prompt(
        "空車請按空車按鈕。",
        "空车请按空车按钮。",
        "If your vehicle is empty, press the Unladen Vehicle button.",
        rank=5,
    ),
    Scene.MANIFEST: Prompt(
        "請將載貨清單放入收集箱。",
        "请将载货清单投入收集箱。",
        "Please drop the paper manifest into the box.",
        rank=6,
    ),
    Scene.RECEIVED: Prompt(
        "已收到空車申報，請等一等。",
        "已收到空车申报，请稍候。",
        "Your unladen declaration has been received. Please wait.",
        rank=7,
        again=False,
    ),
}
"""Of each scene that is spoken; the others are silent."""
