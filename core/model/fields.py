"""Every field of a lodgement, once: the form, its checks, the schema and the manual are made from this table.

Rules of this file: data only. A field is in it exactly if it is in `consignment`, which a test holds. The letters (a) to
(h) are the eight items that the law asks for (seed 003); the parts are those of the form (seed 004). Lengths are ours: the
department's are in specifications that may not be reproduced; they are far above every sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from core.model import codelists
from core.model.codelists import CodeList

MOST_ITEMS = 99
MOST_PERMITS = 10
MOST_REFERENCES = 6
LARGEST = 10**12
"""No number of packages, weight or quantity reaches it."""


class FieldKind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    NUMBER = "whole number"
    AMOUNT = "decimal number"
    CODE = "code"
    TICK = "yes or no"
    DATE = "date"


class Labels(NamedTuple):
    """A field's name in English, Traditional and Simplified Chinese."""

    english: str
    traditional: str
    simplified: str


class CargoField(NamedTuple):
    """One field.

    Attributes:
        name: in `consignment`; those of an item, a permit and the transhipment with their owner before a point.
        part: of the form, I to VI.
        letter: of the law's list, "" for none.
        labels: what people call it.
        kind: how it is filled in.
        most: characters of a text, at most.
        always: whether it may never be empty.
        codes: what it may be, for a code; none where configuration says (points, schemes).
        example: one that is accepted.
        note: what a shipper should know, in English.
    """

    name: str
    part: str
    letter: str
    labels: Labels
    kind: FieldKind
    most: int
    always: bool = False
    codes: CodeList | None = None
    example: str = ""
    note: str = ""

    def label(self, place: int) -> str:
        """Its name in the language of that place in `Labels`, with its letter."""
        return f"({self.letter}) {self.labels[place]}" if self.letter else self.labels[place]


def _address(who: str, part: str, letters: tuple[str, str], words: Labels) -> tuple[CargoField, ...]:
    """Part II or III: the particulars of the consignor or the consignee."""
    english, hant, hans = words
    text = FieldKind.TEXT
    return (
        CargoField(who, part, letters[0], Labels(f"name of {english}", f"{hant}名稱", f"{hans}名称"), text, 140, True),
        CargoField(
            f"{who}_address",
            part,
            letters[1],
            Labels(f"address of {english}", f"{hant}地址", f"{hans}地址"),
            text,
            350,
            True,
            note="estate or building, street and number",
        ),
        CargoField(
            f"{who}_city",
            part,
            "",
            Labels(f"town or city of {english}", f"{hant}城市或地區", f"{hans}城市或地区"),
            text,
            70,
        ),
        CargoField(
            f"{who}_country",
            part,
            "",
            Labels(f"country or territory of {english}", f"{hant}國家或地區代碼", f"{hans}国家或地区代码"),
            text,
            2,
            example="HK",
            note="two letters (ISO 3166)",
        ),
        CargoField(
            f"{who}_subentity",
            part,
            "",
            Labels(f"province or state of {english}", f"{hant}省份或州", f"{hans}省份或州"),
            text,
            70,
        ),
        CargoField(
            f"{who}_postcode",
            part,
            "",
            Labels(f"postcode of {english}", f"{hant}郵政編碼", f"{hans}邮政编码"),
            text,
            17,
        ),
    )


_T, _N, _A, _C = FieldKind.TEXT, FieldKind.NUMBER, FieldKind.AMOUNT, FieldKind.CODE

FIELDS: tuple[CargoField, ...] = (
    CargoField(
        "direction",
        "I",
        "",
        Labels("import or export", "進口或出口", "进口或出口"),
        _C,
        10,
        True,
        codelists.DIRECTIONS,
        "outbound",
    ),
    CargoField(
        "expected",
        "I",
        "h",
        Labels("expected date", "預計到達或離開日期", "预计到达或离开日期"),
        FieldKind.DATE,
        25,
        True,
        None,
        "2009-11-07",
        "from 14 days before until 30 minutes before; a time may be added: 2009-11-07T14:30",
    ),
    *_address("consignor", "II", ("d", "e"), Labels("consignor", "發貨人", "发货人")),
    *_address("consignee", "III", ("f", "g"), Labels("consignee", "收貨人", "收货人")),
    CargoField(
        "goods.articles",
        "IV",
        "c",
        Labels("description of articles", "貨品說明", "货品说明"),
        _T,
        512,
        True,
        None,
        "copper buttons",
        "in full: chilled chickens, not meat",
    ),
    CargoField(
        "goods.packages",
        "IV",
        "a",
        Labels("number of packages", "包裝件數", "包装件数"),
        _N,
        12,
        example="12",
        note="not for bulk",
    ),
    CargoField(
        "goods.package_description",
        "IV",
        "b",
        Labels("description of package", "包裝說明", "包装说明"),
        _T,
        70,
        example="carton",
        note="not for bulk",
    ),
    CargoField(
        "goods.bulk",
        "IV",
        "",
        Labels("cargo in bulk", "散裝貨物", "散装货物"),
        FieldKind.TICK,
        5,
        note="needs a weight or a volume",
    ),
    CargoField("goods.gross_weight", "IV", "", Labels("gross weight", "毛重", "毛重"), _A, 16, example="550"),
    CargoField(
        "goods.gross_weight_unit",
        "IV",
        "",
        Labels("unit of gross weight", "毛重單位", "毛重单位"),
        _C,
        3,
        codes=codelists.WEIGHTS,
        example="KGM",
    ),
    CargoField("goods.gross_volume", "IV", "", Labels("gross volume", "總體積", "总体积"), _A, 16),
    CargoField(
        "goods.gross_volume_unit",
        "IV",
        "",
        Labels("unit of gross volume", "體積單位", "体积单位"),
        _C,
        3,
        codes=codelists.VOLUMES,
    ),
    CargoField("goods.net_quantity", "IV", "", Labels("net weight", "淨重數量", "净重数量"), _A, 16),
    CargoField(
        "goods.net_unit",
        "IV",
        "",
        Labels("unit of net weight", "淨重單位", "净重单位"),
        _C,
        3,
        codes=codelists.QUANTITIES,
    ),
    CargoField("goods.quantity", "IV", "", Labels("quantity of cargo", "貨物數量", "货物数量"), _A, 16),
    CargoField(
        "goods.quantity_unit",
        "IV",
        "",
        Labels("unit of quantity", "數量單位", "数量单位"),
        _C,
        3,
        codes=codelists.QUANTITIES,
    ),
    CargoField("permits.number", "IV", "", Labels("permit number", "許可證編號", "许可证编号"), _T, 35, True),
    CargoField(
        "permits.authority",
        "IV",
        "",
        Labels("issuing authority", "簽發機關", "签发机关"),
        _C,
        4,
        True,
        codelists.AUTHORITIES,
    ),
    CargoField(
        "permits.kind", "IV", "", Labels("permit type", "許可證類別", "许可证类别"), _C, 3, True, codelists.PERMITS
    ),
    CargoField(
        "transhipment.origin", "V", "", Labels("coming from", "來自", "来自"), _T, 2, True, None, "CN", "two letters"
    ),
    CargoField(
        "transhipment.destination", "V", "", Labels("going to", "前往", "前往"), _T, 2, True, None, "US", "two letters"
    ),
    CargoField(
        "transhipment.mode",
        "V",
        "",
        Labels("other leg", "另一程運輸方式", "另一程运输方式"),
        _C,
        5,
        True,
        codelists.MODES,
    ),
    CargoField(
        "transhipment.document",
        "V",
        "",
        Labels("bill of lading or air waybill", "提單或空運提單", "提单或空运提单"),
        _T,
        35,
    ),
    CargoField(
        "point",
        "VI",
        "",
        Labels("expected control point", "預計管制站", "预计管制站"),
        _C,
        8,
        example="SBC",
        note="a code of the points in use",
    ),
    CargoField("seal", "VI", "", Labels("seal number", "封條編號", "封条编号"), _T, 35, example="38448"),
    CargoField(
        "container",
        "VI",
        "",
        Labels("container number", "貨櫃編號", "集装箱编号"),
        _T,
        17,
        example="HJLS2345217",
        note="its check digit is checked (ISO 6346)",
    ),
    CargoField("ucr", "VI", "", Labels("UCR", "統一付運編號", "统一货物编号"), _T, 35),
    CargoField(
        "equipment",
        "VI",
        "",
        Labels("size and type of equipment", "設備尺寸及類型", "设备尺寸及类型"),
        _C,
        4,
        codes=codelists.EQUIPMENT,
        example="OTH",
    ),
    CargoField(
        "references",
        "VI",
        "",
        Labels("message sender's reference", "發送人參考編號", "发送人参考编号"),
        _T,
        35,
        example="20091231-001",
        note="at most six",
    ),
    CargoField(
        "scheme",
        "VI",
        "",
        Labels("facilitation scheme", "便利計劃", "便利计划"),
        _C,
        16,
        note="a code of the schemes in use",
    ),
)

BY_NAME: Mapping[str, CargoField] = {field.name: field for field in FIELDS}

BUNDLING: Mapping[str, Labels] = {
    "driver": Labels("driver name", "司機姓名", "司机姓名"),
    "vrn": Labels("vehicle registration mark", "車輛登記號碼", "车辆登记号码"),
    "ccrns": Labels("CCRN", "海關貨物編號", "海关货物编号"),
}
"""The fields of the bundling form of seed 004 that a lodgement has not."""


def label(part: str, place: int) -> str:
    """What people call a part of a form, in the language of that place: `goods[1].articles` says which item it is."""
    path, _, name = part.rpartition(".")
    field = BY_NAME.get(_owner(path) + name) or BY_NAME.get(name)
    if field is None:
        return BUNDLING[part][place] if part in BUNDLING else part
    number = path.partition("[")[2].partition("]")[0]
    item = ("item {}, ", "第{}項", "第{}项")[place].format(int(number) + 1) if number not in {"", "0"} else ""
    return f"{item}{field.label(place)}"


def _owner(path: str) -> str:
    last = path.rpartition(".")[2].partition("[")[0]
    return f"{last}." if last else ""
