"""The reasons officers give most, offered by the dialogs; free text goes with them. And the dialogs themselves, as data."""

from __future__ import annotations

from dataclasses import dataclass

from console.ports import Action


@dataclass(frozen=True, slots=True)
class Dialog:
    """One dialog.

    Attributes:
        action: what it asks for.
        title, chinese: its heading.
        explains: what will happen.
        confirm, confirm_chinese: the words of its button.
        reasons: typical reasons, each as it is recorded (English, with its Chinese for the reader).
        tone: how its button looks: "go", "stop" or "plain".
    """

    action: Action
    title: str
    chinese: str
    explains: str
    confirm: str
    confirm_chinese: str
    reasons: tuple[str, ...]
    tone: str = "plain"


DIALOGS: tuple[Dialog, ...] = (
    Dialog(
        Action.RELEASE,
        "Release this vehicle",
        "放行此車輛",
        "Both screens will tell the driver “Clearance Completed. Proceed”. Your name and reason are recorded.",
        "Release",
        "放行",
        (
            "Paper manifest checked and in order 艙單核對無誤",
            "Bundle confirmed with the core by phone 已致電核實捆綁",
            "Vehicle seen empty 已查看為空車",
            "Supervisor's instruction 主管指示",
            "Exercise 演習",
        ),
        tone="go",
    ),
    Dialog(
        Action.INSPECT,
        "Send to the examination compound",
        "轉往驗貨場查驗",
        "Both screens will direct the driver to the compound once Immigration is finished.",
        "Send to compound",
        "轉往驗貨場",
        (
            "Profile of vehicle or driver 車輛或司機可疑",
            "Paper manifest does not match 艙單不符",
            "Seal or load irregular 封條或貨物異常",
            "Control room's instruction 控制室指示",
            "Exercise 演習",
        ),
        tone="stop",
    ),
    Dialog(
        Action.CORRECT,
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
    Dialog(
        Action.TAKE_OVER,
        "Clear by hand",
        "人手處理",
        "Ends this visit in the system; the screens say “Follow officer's instructions”. Nothing is released on screen.",
        "Take over",
        "人手處理",
        (
            "Cleared on paper 以紙本清關",
            "Turned back 已掉頭",
            "Breakdown in the lane 車輛故障",
            "Handed to Immigration 交出入境處",
            "No vehicle here: loop stuck 無車輛，感應線圈故障",
        ),
    ),
    Dialog(
        Action.CLOSE,
        "Close the lane",
        "關閉通道",
        "Takes effect when the present vehicle has left.",
        "Close lane",
        "關閉通道",
        ("End of shift 下更", "Equipment fault 設備故障", "Incident 事故", "Traffic control 交通管制"),
        tone="stop",
    ),
    Dialog(
        Action.ORDER_MANUAL,
        "Order manual mode",
        "轉為人手模式",
        "Takes effect between vehicles, until you end it.",
        "Order manual mode",
        "轉人手模式",
        ("Instruction 指示", "Exercise 演習", "Equipment suspected 懷疑設備異常"),
    ),
    Dialog(
        Action.BYPASS,
        "Bypass a stuck loop",
        "略過感應線圈",
        "The lane no longer counts this loop; vehicles are announced and cleared by hand. In manual mode only.",
        "Bypass loop",
        "略過線圈",
        ("Loop stuck on 線圈卡住", "Loop does not react 線圈沒有反應"),
    ),
    Dialog(
        Action.RESTORE,
        "Count a bypassed loop again",
        "恢復感應線圈",
        "The lane counts this loop again.",
        "Restore loop",
        "恢復線圈",
        ("Repaired and tested 已修復及測試", "Bypassed by mistake 誤操作"),
    ),
    Dialog(
        Action.END_CALL,
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
)
