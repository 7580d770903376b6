"""Every word a driver sees, in one file: the messages in three languages, their short forms, and the labels (domain §5).

Traditional Chinese first and largest, then English, then Simplified Chinese. The English of the four seed
messages is the department's own (seed 004); the Chinese is ours until the department confirms it.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.notices import DriverNotice
from lane_agent.frozen import Constant


class Scene(Constant):
    """What a screen can show. The value is the key used on the wire, in the journal and in paint logs."""

    WELCOME = "WELCOME"
    STOP = "STOP"
    IMMIGRATION = "IMMIGRATION"
    IMMIGRATION_TURN = "IMMIGRATION_TURN"  # the XDB is Immigration's at this moment (seed 004: shared board)
    WATCH = "WATCH"
    RECEIVED = "RECEIVED"  # the answer to a press of Unladen, a declaration in law
    UNLADEN = "UNLADEN"
    MANIFEST = "MANIFEST"
    DONE = "DONE"
    EXAMINE = "EXAMINE"
    HELP = "HELP"
    TALK = "TALK"
    WAIT = "WAIT"
    NOPLATE = "NOPLATE"
    NOBUNDLE = "NOBUNDLE"
    EARLY = "EARLY"
    WRONGPOINT = "WRONGPOINT"
    OFFICER = "OFFICER"
    MANUAL = "MANUAL"
    CLOSED = "CLOSED"


class Tone(Constant):
    """The kind of a scene; the display gives each its own colour AND its own shape (never colour alone)."""

    NEUTRAL = "neutral"
    STOP = "stop"
    GO = "go"
    EXAMINE = "examine"
    ASK = "ask"
    OFFICER = "officer"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Wording:
    """One message. `{earliest}` is the only placeholder: a time of the day in Hong Kong, with its date where that is not today.

    Attributes:
        english: the English text.
        traditional: Traditional Chinese (Hong Kong).
        simplified: Simplified Chinese.
        tone: the kind of message.
        short: (Traditional, English) for a board too coarse for the sentence; a blank is where the Traditional line breaks.
        seed: whether the English is attested in the department's own slides.
    """

    english: str
    traditional: str
    simplified: str
    tone: Tone
    short: tuple[str, str]
    seed: bool = False


WORDING: dict[Scene, Wording] = {
    Scene.WELCOME: Wording("Welcome", "歡迎", "欢迎", Tone.NEUTRAL, ("歡迎", "Welcome"), seed=True),
    Scene.STOP: Wording("Please Stop", "請停車", "请停车", Tone.STOP, ("請停車", "Please Stop"), seed=True),
    Scene.IMMIGRATION: Wording(
        "Immigration clearance in progress",
        "正在進行出入境檢查",
        "正在进行出入境检查",
        Tone.NEUTRAL,
        ("正在進行 出入境檢查", "Immigration"),
    ),
    Scene.IMMIGRATION_TURN: Wording(
        "Immigration", "出入境檢查", "出入境检查", Tone.NEUTRAL, ("出入境檢查", "Immigration")
    ),
    Scene.WATCH: Wording(
        "Watch for Customs instructions",
        "請留意海關指示",
        "请留意海关指示",
        Tone.NEUTRAL,
        ("請留意 海關指示", "See next message"),
        seed=True,
    ),
    Scene.RECEIVED: Wording(
        "Unladen declaration received. Please wait",
        "已收到空車申報 請稍候",
        "已收到空车申报 请稍候",
        Tone.NEUTRAL,
        ("已收到 空車申報", "Declaration received"),
    ),
    Scene.UNLADEN: Wording(
        'Unladen? Press "Unladen Vehicle" button',
        "空車請按「空車」按鈕",
        "空车请按“空车”按钮",
        Tone.ASK,
        ("空車請按 「空車」按鈕", "Empty? Press button"),
    ),
    Scene.MANIFEST: Wording(
        "Drop paper manifest into drop-in box",
        "請將載貨清單投入收集箱",
        "请将载货清单投入收集箱",
        Tone.ASK,
        ("請投入 載貨清單", "Drop manifest"),
        seed=True,
    ),
    Scene.DONE: Wording(
        "Clearance Completed. Proceed",
        "清關完成 請駛離",
        "清关完成 请驶离",
        Tone.GO,
        ("清關完成 請駛離", "Cleared. Proceed"),
        seed=True,
    ),
    Scene.EXAMINE: Wording(
        "Go to Customs Examination Compound for Inspection",
        "請駛往海關驗貨場接受檢查",
        "请驶往海关验货场接受检查",
        Tone.EXAMINE,
        ("請駛往 海關驗貨場", "To Customs compound"),
        seed=True,
    ),
    Scene.HELP: Wording(
        "Help requested. An officer will assist you",
        "已通知海關人員 請稍候",
        "已通知海关人员 请稍候",
        Tone.HELP,
        ("已通知 海關人員", "Help requested"),
    ),
    Scene.TALK: Wording(
        "Speak into the microphone below",
        "請向下方咪高峰講話",
        "请对下方麦克风讲话",
        Tone.HELP,
        ("請向咪高峰 講話", "Speak to microphone"),
    ),
    Scene.WAIT: Wording("Please wait", "請稍候", "请稍候", Tone.NEUTRAL, ("請稍候", "Please wait")),
    Scene.NOPLATE: Wording(
        "Cannot read plate. Please wait",
        "未能讀取車牌 請稍候",
        "未能读取车牌 请稍候",
        Tone.NEUTRAL,
        ("未能讀取 車牌", "Cannot read plate"),
    ),
    Scene.NOBUNDLE: Wording(
        "No bundling record. Please wait",
        "沒有捆綁紀錄 請稍候",
        "没有捆绑记录 请稍候",
        Tone.OFFICER,
        ("沒有 捆綁紀錄", "No bundling record"),
    ),
    Scene.EARLY: Wording(
        "Early arrival. Earliest crossing {earliest}",
        "未到過關時間 最早 {earliest}",
        "未到过关时间 最早 {earliest}",
        Tone.OFFICER,
        ("未到時間 {earliest}", "Early arrival"),
    ),
    Scene.WRONGPOINT: Wording(
        "Bundled for another control point. Please wait",
        "捆綁的並非本管制站 請稍候",
        "捆绑的并非本管制站 请稍候",
        Tone.OFFICER,
        ("捆綁的 並非本站", "Other control point"),
    ),
    Scene.OFFICER: Wording(
        "Please wait for an officer",
        "請等候海關人員",
        "请等候海关人员",
        Tone.OFFICER,
        ("請等候 海關人員", "Wait for officer"),
    ),
    Scene.MANUAL: Wording(
        "Manual clearance. Have your manifest ready",
        "人手清關 請備妥載貨清單",
        "人工清关 请备妥载货清单",
        Tone.OFFICER,
        ("請備妥 載貨清單", "Manifest ready"),
    ),
    Scene.CLOSED: Wording("Lane closed", "此通道已關閉", "此通道已关闭", Tone.STOP, ("此通道 已關閉", "Lane closed")),
}


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """A line below the panel's message, in three languages."""

    english: str
    traditional: str
    simplified: str


NOTICES: dict[DriverNotice, NoticeWords] = {
    DriverNotice.QUEUE: NoticeWords("Queue ahead. Please wait", "前面車多 請稍候", "前面车多 请稍候"),
    DriverNotice.DELAY: NoticeWords(
        "Clearance takes longer. Please be patient", "清關需時較長 請耐心等候", "清关需时较长 请耐心等候"
    ),
    DriverNotice.SYSTEM: NoticeWords("System fault. Please be patient", "系統故障 請耐心等候", "系统故障 请耐心等候"),
    DriverNotice.ENGINE_OFF: NoticeWords("Please switch off the engine", "請關掉引擎", "请关闭发动机"),
    DriverNotice.STAY_INSIDE: NoticeWords("Please stay in your vehicle", "請留在車內", "请留在车内"),
    DriverNotice.WINDOW: NoticeWords("Please lower your window", "請降下車窗", "请降下车窗"),
    DriverNotice.DOCUMENTS: NoticeWords("Have your documents ready", "請備妥文件", "请备妥文件"),
}
"""Ours until the department confirms them, like the rest."""

LISTENED_TO = NoticeWords("An officer is listening", "海關人員正在聆聽", "海关人员正在聆听")
"""The panel's line while an officer hears the kiosk's microphone and the driver cannot hear him; ours, like the notices."""

CARRIES_NOTICE = frozenset(
    {Scene.STOP, Scene.IMMIGRATION, Scene.WATCH, Scene.WAIT, Scene.NOPLATE, Scene.NOBUNDLE, Scene.EARLY}
    | {Scene.WRONGPOINT, Scene.OFFICER, Scene.MANUAL, Scene.HELP}
)
"""The panel's messages below which a notice may stand: the driver waits, and is asked for nothing.

Never below one that sends him on his way or to the compound, that asks him for something or acknowledges it, during a call, or
where no vehicle is.
"""

CARRIES_LISTENING = CARRIES_NOTICE | {Scene.TALK}
"""The panel's messages below which `LISTENED_TO` may stand. Under any other nobody can listen (docs/decisions.md, The voice)."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def earliest_in_words(parameter: str) -> tuple[str, str]:
    """(Chinese, English) for `{earliest}`: `12-01 04:30` is 12月1日 04:30 and 1 Dec 04:30; anything else stays as it is."""
    date, blank, clock = parameter.partition(" ")
    month, dash, day = date.partition("-")
    if not (blank and dash and month.isdecimal() and day.isdecimal() and 1 <= int(month) <= len(MONTHS)):
        return parameter, parameter
    return f"{int(month)}月{int(day)}日 {clock}", f"{int(day)} {MONTHS[int(month) - 1]} {clock}"


CUSTOMS = ("海關", "Customs")
"""(Traditional, English) at the head of a sign: who speaks, since the board is shared with Immigration (seed 004)."""

UNLADEN_BUTTON = ("空車", "Unladen Vehicle", "空车")
HELP_BUTTON = ("求助", "Help", "求助")
"""(Traditional, English, Simplified) above the panel's two buttons; the English is seed 004's."""

SIMULATION = "SIMULATION 模擬"
"""The ribbon across every sign of a simulated lane."""
