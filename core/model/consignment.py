"""A lodgement as a value: Parts I to VI of the form of seed 004 (domain §1b.25), and how older lodgements are read.

Rules of this file: values only; what may be in them is `fields`', whether they may be lodged `core.office.cargo`'s.
Weights and quantities are decimals with a unit, never floats: what the shipper wrote is what is kept.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from domain.crossing import Direction

NO_UNIT = ""


class Permit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A licence or permit that goes with goods."""

    number: str
    authority: str
    kind: str


class GoodsItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Part IV, one item: in packages, or in bulk with a weight or a volume.

    Attributes:
        articles: (c) what it is; a specific description, not a broad term.
        packages: (a) number of packages; 0 for bulk.
        package_description: (b) what the packages are, for instance "carton"; "" for bulk.
        bulk: whether it is in bulk, without packages.
    """

    articles: str
    packages: int = 0
    package_description: str = ""
    bulk: bool = False
    gross_weight: Decimal | None = None
    gross_weight_unit: str = NO_UNIT
    gross_volume: Decimal | None = None
    gross_volume_unit: str = NO_UNIT
    net_quantity: Decimal | None = None
    net_unit: str = NO_UNIT
    quantity: Decimal | None = None
    quantity_unit: str = NO_UNIT
    permits: tuple[Permit, ...] = ()

    @property
    def words(self) -> str:
        """The item in a line, as a printed acknowledgement has it: `copper buttons; 550 KGM`."""
        if self.bulk:
            parts = ((self.gross_weight, self.gross_weight_unit), (self.gross_volume, self.gross_volume_unit))
            return "; ".join([self.articles, *(f"{amount} {unit}" for amount, unit in parts if amount is not None)])
        return f"{self.articles}; {self.packages} × {self.package_description}"


class Transhipment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Part V: cargo that only passes through Hong Kong.

    Attributes:
        origin, destination: where it comes from and goes to, two letters (ISO 3166).
        mode: how it leaves or came on its other leg (`codelists.MODES`).
        document: number of the bill of lading or air waybill of that leg.
    """

    origin: str
    destination: str
    mode: str
    document: str = ""


class CargoInformation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a shipper, freight forwarder or agent lodges for one consignment.

    Attributes:
        expected: (h) expected date of arrival or departure: `YYYY-MM-DD`, or with a time, Hong Kong time.
        consignor, consignor_address, consignee, consignee_address: (d)-(g).
        goods: the items, one or more.
        point: code of the expected control point, if known.
        seal: number of the seal or e-lock, if any.
        container: container number, if any (ISO 6346).
        ucr: Unique Consignment Reference of the World Customs Organization, if any.
        equipment: size and type of the container.
        references: the sender's own, at most six.
        scheme: "", or a facilitation scheme the consignment travels under (ITFS, SELS; domain §1f.68).
    """

    direction: Direction
    expected: str
    consignor: str
    consignor_address: str
    consignee: str
    consignee_address: str
    goods: tuple[GoodsItem, ...]
    consignor_city: str = ""
    consignor_country: str = ""
    consignor_subentity: str = ""
    consignor_postcode: str = ""
    consignee_city: str = ""
    consignee_country: str = ""
    consignee_subentity: str = ""
    consignee_postcode: str = ""
    transhipment: Transhipment | None = None
    point: str = ""
    seal: str = ""
    container: str = ""
    ucr: str = ""
    equipment: str = ""
    references: tuple[str, ...] = ()
    scheme: str = ""

    @property
    def articles(self) -> str:
        """Every item's description, one after the other."""
        return "; ".join(item.articles for item in self.goods)


_OLD_GOODS = ("articles", "packages", "package_description")


def of_older_form(plain: Any) -> Any:
    """A lodgement of the form before it had goods items and six references, brought into the present one.

    Args:
        plain: a decoded JSON object; anything else, and one of the present form, is returned as it is.
    """
    if not isinstance(plain, dict) or "goods" in plain or not plain.keys() & set(_OLD_GOODS):
        return plain
    rest = {name: value for name, value in plain.items() if name not in {*_OLD_GOODS, "sender_reference"}}
    reference = plain.get("sender_reference")
    return {
        **rest,
        "goods": [{name: plain[name] for name in _OLD_GOODS if name in plain}],
        **({"references": [reference]} if reference else {}),
    }


def read_lodged(raw: bytes) -> CargoInformation:
    """A lodgement from its stored or submitted JSON, of the present form or the older one.

    Raises:
        msgspec.ValidationError: it is of neither.
        msgspec.DecodeError: it is not JSON.
    """
    return msgspec.convert(of_older_form(msgspec.json.decode(raw)), CargoInformation)
