"""The rows of the decision table in an officer's words: by the row's name where it has its own, else by its number.

One table; a test holds it total over `lane_agent.table.TABLE` and over the numbers of domain §4.
"""

from __future__ import annotations

from typing import Final

from console.words import Words

_DECIDE = "Decide: release, inspect or clear by hand."
_LEAVING = "Tell the control room and the compound; keep the pictures."

NUMBERS: Final[dict[int, Words]] = {
    1: Words("Lane closed", "通道已關閉", "Open the lane when it is staffed."),
    2: Words("Waiting for a vehicle", "等候車輛"),
    3: Words("Vehicle in the lane: Immigration has not begun", "車輛到達，等候出入境檢查"),
    4: Words("Immigration clearance in progress", "正在進行出入境檢查"),
    5: Words(
        "Immigration has referred this vehicle",
        "出入境處轉介",
        "Wait for Immigration. It cannot be released here: inspect, or clear by hand.",
    ),
    6: Words("Driver asks for help", "司機求助", "Answer the call."),
    7: Words("Manual clearance", "人手清關", "Take the paper manifest and decide for this vehicle."),
    8: Words(
        "Plate not certain",
        "車牌未能確定",
        "Compare the picture with the vehicle, press “Correct plate” and type its mark.",
    ),
    9: Words(
        "INSPECT: to the examination compound", "須查驗：轉往驗貨場", "See that the vehicle turns to the compound."
    ),
    10: Words("Unladen, declared and confirmed", "空車，已確認"),
    11: Words(
        "Driver says unladen, but goods are bundled",
        "報稱空車，但有捆綁紀錄",
        "Ask the driver, look into the vehicle, then decide.",
    ),
    12: Words("No bundle for this vehicle", "沒有捆綁紀錄", "Ask for the UBR or the paper manifest; then decide."),
    13: Words(
        "Bundle cannot be used: expired, used or undone",
        "捆綁紀錄已失效",
        "Ask for the UBR; the driver bundles again, or inspect.",
    ),
    14: Words(
        "Early: crossing not allowed yet", "未到最早允許過關時間", "Tell the driver the time; note the early arrival."
    ),
    15: Words(
        "Bundled for another control point", "捆綁的並非本管制站", "Ask the core; then release, or turn it back."
    ),
    16: Words("Bundled for the other direction", "捆綁方向不符", "Ask for the UBR; the driver bundles again."),
    17: Words("Laden, all checks passed", "載貨，已通過核對"),
    18: Words("Consignment under a facilitation scheme", "便利計劃貨物"),
    19: Words("Link lost, codes still proven fresh", "連線中斷，資料仍屬最新"),
    20: Words(
        "UNKNOWN: codes are not proven fresh",
        "資料未經核實",
        "No record here does NOT mean “not bundled”. Check by phone, then decide.",
    ),
    21: Words("Equipment fault", "設備故障", "Clear by hand; call the technician."),
    22: Words("Vehicle left against the signal", "車輛不依指示駛離", _LEAVING),
}
"""Row numbers of domain §4."""

NAMES: Final[dict[str, Words]] = {
    "22 through a closed lane": Words("A vehicle drove through the closed lane", "車輛駛過已關閉通道", _LEAVING),
    "22 leaving against the signal": Words("Vehicle is leaving WITHOUT a release", "車輛未獲放行而駛離", _LEAVING),
    "22 ran from inspection": Words("Vehicle did NOT turn to the compound", "車輛未有駛往驗貨場", _LEAVING),
    "22 leaving": Words("Released vehicle is leaving", "已放行車輛正駛離"),
    "7 released by officer": Words("Released by an officer", "關員放行"),
    "7 stands": Words("Released by an officer", "關員放行"),
    "8 taken over, still here": Words("Cleared by hand: the vehicle is still here", "已人手處理，車輛仍在"),
    "17 stands": Words("Released: the vehicle may drive off", "已放行"),
    "9 inspect by officer": Words("INSPECT, by an officer's order", "關員指示查驗", NUMBERS[9].todo),
    "20 not fresh": Words("Waiting for proof that the codes are fresh", "等候資料核實"),
    "8 at the officer": Words("Waiting for an officer", "等候關員決定", _DECIDE),
    "8 otherwise": Words("Waiting for an officer", "等候關員決定", _DECIDE),
    "8 plate not read": Words(
        "Plate not read", "未能讀取車牌", "Look at the picture or the vehicle, press “Correct plate” and type its mark."
    ),
    "8 reading": Words("Reading the plate", "正在讀取車牌"),
    "8 near-miss of a held vehicle": Words(
        "Plate is ONE CHARACTER away from a held vehicle's",
        "與被截查車牌相差一字",
        "Compare picture and vehicle, type the true mark. Do not release before.",
    ),
    "8 second identifier awaited": Words("Waiting for the second identifier", "等候第二識別器"),
    "8 Mainland plate differs": Words(
        "Mainland plate is not the one on record",
        "內地車牌與紀錄不符",
        "Compare both plates with the vehicle; then decide.",
    ),
    "10 unladen: drop manifest": Words("Unladen, confirmed: waiting for the manifest", "空車：等候投入載貨清單"),
    "10 unladen released": Words("Released, unladen", "空車，已放行"),
    "10 unladen not proved": Words(
        "Unladen pressed, but a similar plate is on record",
        "報稱空車，有近似車牌紀錄",
        "Compare the plate, look into the vehicle.",
    ),
    "10 unladen not approved": Words(
        "Unladen pressed by a vehicle not on the approved list",
        "報稱空車，車輛不在名單",
        "Check papers, look into the vehicle.",
    ),
    "12 no bundle: press if empty": Words(
        "No bundle: driver asked to press Unladen if empty", "沒有捆綁，等候按空車鈕"
    ),
    "13 bundle ended: press if empty": Words(
        "Bundle ended: driver asked to press Unladen if empty", "捆綁失效，等候按空車鈕"
    ),
    "16 other direction: press if empty": Words(
        "Bundled the other way: driver asked to press Unladen if empty", "捆綁方向不符，等候按空車鈕"
    ),
    "15 other point": Words("Bundled for another control point: asking the core", "捆綁的並非本管制站，正查詢中央"),
    "17 laden: drop manifest": Words("Laden, checked: waiting for the manifest", "載貨：等候投入載貨清單"),
    "17 laden released": Words("Released, laden", "載貨，已放行"),
    "17 deciding": Words("Checking the codes", "正在核對資料"),
}
"""Rows whose own words say more than their number's."""


def row(number: int, name: str) -> Words:
    """Words for a row of the decision table; none yet (0, "") and unknown ones included."""
    return NAMES.get(name) or NUMBERS.get(number) or Words("No decision yet", "未有決定")
