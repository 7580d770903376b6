"""Words that mean the same goods, as data. A profile that looks for one of a family finds every other.

Rules of this file: data only, as people write the words; the engine folds them (`words`). Configuration adds families and
adds words to these (`[[screening.families]]`). A word in Latin letters counts as a whole word, with or without an s; the
term that the profile itself names counts anywhere, as it always did.
"""

from __future__ import annotations

import msgspec


class WordFamily(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words for the same goods.

    Attributes:
        name: what the family is called in records.
        words: in any language and writing.
    """

    name: str
    words: tuple[str, ...]


SHIPPED: tuple[WordFamily, ...] = (
    WordFamily(
        name="cigarettes",
        words=(
            "cigarette",
            "cig",
            "ciggy",
            "ciggies",
            "smokes",
            "香煙",
            "香菸",
            "捲煙",
            "卷煙",
            "紙煙",
            "煙仔",
            "煙枝",
        ),
    ),
    WordFamily(name="tobacco", words=("tobacco", "baccy", "煙草", "菸草", "煙絲", "煙葉", "熟煙", "水煙")),
    WordFamily(name="cigars", words=("cigar", "cheroot", "cigarillo", "雪茄")),
    WordFamily(
        name="heated and electronic tobacco",
        words=(
            "vape",
            "vaping",
            "e-cigarette",
            "heatstick",
            "heat stick",
            "heated tobacco",
            "電子煙",
            "加熱煙",
            "煙彈",
            "煙油",
        ),
    ),
    WordFamily(
        name="spirits",
        words=(
            "spirits",
            "liquor",
            "whisky",
            "whiskey",
            "brandy",
            "vodka",
            "baijiu",
            "烈酒",
            "白酒",
            "威士忌",
            "白蘭地",
        ),
    ),
    WordFamily(name="wine", words=("wine", "葡萄酒", "紅酒", "紅葡萄酒", "白葡萄酒")),
    WordFamily(name="motor fuel", words=("diesel", "petrol", "gasoline", "light oil", "柴油", "汽油", "電油")),
    WordFamily(
        name="circuit boards",
        words=("circuit board", "pcb", "pcba", "motherboard", "mainboard", "電路板", "線路板", "主板", "底板"),
    ),
    WordFamily(
        name="integrated circuits",
        words=(
            "integrated circuit",
            "ic chip",
            "microchip",
            "semiconductor",
            "cpu",
            "集成電路",
            "芯片",
            "晶片",
            "半導體",
        ),
    ),
    WordFamily(
        name="mobile phones",
        words=(
            "mobile phone",
            "smartphone",
            "handset",
            "cellphone",
            "iphone",
            "手機",
            "手提電話",
            "流動電話",
            "智能電話",
        ),
    ),
    WordFamily(name="gold", words=("gold bar", "gold bullion", "bullion", "金條", "金磚", "黃金")),
    WordFamily(name="ivory", words=("ivory", "象牙")),
    WordFamily(name="pangolin", words=("pangolin", "pangolin scale", "穿山甲", "甲片")),
    WordFamily(name="rhino horn", words=("rhino horn", "rhinoceros horn", "犀牛角")),
    WordFamily(name="bird's nest", words=("bird's nest", "birds nest", "edible nest", "燕窩")),
    WordFamily(name="dried seafood", words=("abalone", "sea cucumber", "shark fin", "鮑魚", "海參", "魚翅", "花膠")),
    WordFamily(
        name="frozen meat", words=("frozen meat", "frozen beef", "frozen pork", "凍肉", "冷凍肉", "凍牛肉", "凍豬肉")
    ),
    WordFamily(name="arms", words=("firearm", "pistol", "rifle", "ammunition", "槍械", "手槍", "步槍", "彈藥", "槍支")),
    WordFamily(name="fireworks", words=("firework", "firecracker", "煙花", "爆竹", "鞭炮")),
    WordFamily(
        name="drugs", words=("cocaine", "heroin", "ketamine", "cannabis", "可卡因", "海洛英", "氯胺酮", "大麻", "毒品")
    ),
    WordFamily(name="waste", words=("e-waste", "scrap", "electronic waste", "廢料", "電子廢物", "廢電路板")),
)
