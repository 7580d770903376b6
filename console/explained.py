"""What a newcomer asks of the page's words: a line for each, behind the button "?" (F1).

Rules of this file: what a button does and what it does not do, in the order in which they are met on the page; only words that
the page shows, as it shows them (`docs/glossary.md` has the others).
"""

from __future__ import annotations

from typing import Final

from console.acts import act_named
from console.tongues import Both

EXPLAINED: Final[tuple[tuple[Both, Both], ...]] = (
    (
        Both("Take", "處理"),
        Both(
            "Says that you see to it: your name stands there for everybody. It decides nothing and does nothing else.",
            "表示由你跟進，所有關員都會看到你的姓名。不會作出任何決定或操作。",
        ),
    ),
    (
        act_named("release"),
        Both(
            "Both screens show “Clearance Completed. Proceed” to the vehicle that stands there.",
            "兩個螢幕向停在通道的車輛顯示「清關完成 請駛離」。",
        ),
    ),
    (
        act_named("inspect"),
        Both(
            "Both screens send the driver to the compound, once Immigration is finished.",
            "出入境檢查完成後，兩個螢幕指示司機駛往驗貨場。",
        ),
    ),
    (
        act_named("correct"),
        Both("The lane looks the vehicle up anew under the mark you type.", "系統以你輸入的車牌重新查核此車輛。"),
    ),
    (
        act_named("take_over"),
        Both(
            "You deal with this vehicle yourself, on paper. The screens never show Clearance Completed for it. It needs "
            "nothing of the system, so it works while other buttons are off.",
            "由你以紙本親自處理此車輛，螢幕不會顯示清關完成。此操作不靠系統，所以其他按鈕停用時仍可使用。",
        ),
    ),
    (
        act_named("order_manual"),
        Both(
            "Officers decide every vehicle, from the next one on, until you end it. The lane also goes into manual "
            "mode by itself while anything is in doubt, and leaves it by itself.",
            "由下一輛車起逐輛由關員決定，直至你結束為止。有任何疑問時通道亦會自行轉為人手模式，其後自行恢復。",
        ),
    ),
    (
        act_named("bypass"),
        Both(
            "A loop is a detector in the road. One that is broken can be left out; the lane then stays in manual mode "
            "until it is put back.",
            "線圈是路面的車輛感應器。故障時可略過；恢復之前通道會一直處於人手模式。",
        ),
    ),
    (
        act_named("write_off"),
        Both(
            "A vehicle left before Immigration had answered. The next answer is taken for that one, unless you say "
            "here that none is owed.",
            "有車輛在出入境處回覆前已駛離，下一個回覆會算作該車，除非你在此表明沒有欠回覆。",
        ),
    ),
    (
        Both("Codes up to date", "行動代碼最新"),
        Both(
            "The core has signed, within 3 seconds, that this lane holds its list. If not, no vehicle is released "
            "by itself.",
            "中央系統在三秒內簽署證明本通道持有最新名單。否則不會自動放行。",
        ),
    ),
    (
        Both("UBR, CCRN", "UBR、CCRN"),
        Both(
            "CCRN: the number of one consignment. UBR: the number under which a driver bundled consignments with this "
            "vehicle; it is used once.",
            "CCRN：一批貨物的編號。UBR：司機把貨物與此車輛捆綁的編號，只可使用一次。",
        ),
    ),
    (
        Both("Label", "標籤"),
        Both(
            "What a second reader says the vehicle is (RFID, Immigration's camera). It may contradict the plate; it is "
            "not the plate. Read the mark from the picture or at the vehicle.",
            "另一讀取器（電子標籤、出入境處攝影機）所示的車輛，可與車牌不符，但並非車牌。請按圖片或在車旁讀出車牌。",
        ),
    ),
    (
        Both("Similar marks", "近似車牌"),
        Both(
            "Marks on the list that differ from what was read by one character. They prove nothing; compare the picture.",
            "名單上與讀取結果相差一個字元的車牌，不能作準，請對照圖片。",
        ),
    ),
    (
        Both("Records", "紀錄傳送"),
        Both(
            "What the lane wrote down goes to the core, which confirms it. Nothing is lost while it waits.",
            "通道的紀錄會傳送中央系統並由其確認，等候期間不會遺失。",
        ),
    ),
)
"""The word, and what it means."""
