"""Code lists of the form of seed 004: a code, and its word in English, Traditional and Simplified Chinese.

Rules of this file: data only. The seminar shows these fields as lists and not what is in them; these are the common codes
of UN/ECE Recommendations 20 and 21 and of ISO 6346, and "OTH" where a list cannot be whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CodeWords(NamedTuple):
    """What a code means."""

    english: str
    traditional: str
    simplified: str


CodeList = Mapping[str, CodeWords]

WEIGHTS: CodeList = {
    "KGM": CodeWords("kilogram", "千克", "千克"),
    "TNE": CodeWords("tonne", "公噸", "公吨"),
    "GRM": CodeWords("gram", "克", "克"),
    "LBR": CodeWords("pound", "磅", "磅"),
    "CTM": CodeWords("carat", "克拉", "克拉"),
}
VOLUMES: CodeList = {
    "MTQ": CodeWords("cubic metre", "立方米", "立方米"),
    "LTR": CodeWords("litre", "升", "升"),
    "FTQ": CodeWords("cubic foot", "立方呎", "立方英尺"),
}
QUANTITIES: CodeList = {
    **WEIGHTS,
    **VOLUMES,
    "NMB": CodeWords("number", "個", "个"),
    "PR": CodeWords("pair", "對", "对"),
    "DZN": CodeWords("dozen", "打", "打"),
    "GRO": CodeWords("gross", "籮", "箩"),
    "MTR": CodeWords("metre", "米", "米"),
    "MTK": CodeWords("square metre", "平方米", "平方米"),
    "SET": CodeWords("set", "套", "套"),
}
EQUIPMENT: CodeList = {
    "22G1": CodeWords("20 ft general purpose", "20呎普通貨櫃", "20英尺普通集装箱"),
    "22R1": CodeWords("20 ft refrigerated", "20呎冷凍貨櫃", "20英尺冷藏集装箱"),
    "42G1": CodeWords("40 ft general purpose", "40呎普通貨櫃", "40英尺普通集装箱"),
    "42R1": CodeWords("40 ft refrigerated", "40呎冷凍貨櫃", "40英尺冷藏集装箱"),
    "45G1": CodeWords("40 ft high cube", "40呎高身貨櫃", "40英尺高箱"),
    "45R1": CodeWords("40 ft high cube refrigerated", "40呎高身冷凍貨櫃", "40英尺冷藏高箱"),
    "L5G1": CodeWords("45 ft high cube", "45呎高身貨櫃", "45英尺高箱"),
    "22T1": CodeWords("20 ft tank", "20呎罐式貨櫃", "20英尺罐式集装箱"),
    "OTH": CodeWords("others", "其他", "其他"),
}
AUTHORITIES: CodeList = {
    "TID": CodeWords("Trade and Industry Department", "工業貿易署", "工业贸易署"),
    "DH": CodeWords("Department of Health", "衞生署", "卫生署"),
    "FEHD": CodeWords("Food and Environmental Hygiene Department", "食物環境衞生署", "食物环境卫生署"),
    "AFCD": CodeWords("Agriculture, Fisheries and Conservation Department", "漁農自然護理署", "渔农自然护理署"),
    "EPD": CodeWords("Environmental Protection Department", "環境保護署", "环境保护署"),
    "CED": CodeWords("Customs and Excise Department", "香港海關", "香港海关"),
    "HKPF": CodeWords("Hong Kong Police Force", "香港警務處", "香港警务处"),
    "OFCA": CodeWords("Office of the Communications Authority", "通訊事務管理局辦公室", "通讯事务管理局办公室"),
    "OTH": CodeWords("others", "其他", "其他"),
}
PERMITS: CodeList = {
    "IL": CodeWords("import licence", "進口許可證", "进口许可证"),
    "EL": CodeWords("export licence", "出口許可證", "出口许可证"),
    "RP": CodeWords("removal permit", "移走許可證", "移走许可证"),
    "HC": CodeWords("health certificate", "衞生證明書", "卫生证明书"),
    "CO": CodeWords("certificate of origin", "產地來源證", "原产地证明"),
    "OTH": CodeWords("others", "其他", "其他"),
}
MODES: CodeList = {
    "air": CodeWords("by air", "空運", "空运"),
    "sea": CodeWords("by sea", "海運", "海运"),
    "rail": CodeWords("by rail", "鐵路", "铁路"),
    "river": CodeWords("by river", "內河", "内河"),
    "road": CodeWords("by road", "陸路", "陆路"),
}
DIRECTIONS: CodeList = {
    "inbound": CodeWords("import", "進口", "进口"),
    "outbound": CodeWords("export", "出口", "出口"),
}
