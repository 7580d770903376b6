"""The screening engine: rules by data give every consignment an action code before the truck arrives.

Rules of this file: the strictest matching rule wins; a selector's decision replaces the engine's in either direction
(seed 002: selectors "make use of the screening engine ... to decide"). A code is a string, exactly as the lane will
see it; only the one release code releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.office.cargo import CargoInformation
from domain.crossing import RELEASE

INSPECT = "inspect"


class ProfileRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile. Every criterion that is given must hold; texts are found anywhere, without regard to case.

    Attributes:
        name: what the profile is called in records.
        code: the action code it assigns.
        not_schemes: consignments under these schemes are exempt (ITFS: inspected once, here or at the airport).
    """

    name: str
    code: str
    direction: str = ""
    articles: str = ""
    consignor: str = ""
    consignee: str = ""
    scheme: str = ""
    not_schemes: tuple[str, ...] = ()

    def matches(self, info: CargoInformation) -> bool:
        """Whether the profile applies to a consignment."""
        if info.scheme and info.scheme in self.not_schemes:
            return False
        exact = ((self.direction, info.direction.value), (self.scheme, info.scheme))
        texts = ((self.articles, info.articles), (self.consignor, info.consignor), (self.consignee, info.consignee))
        return all(want in ("", has) for want, has in exact) and all(
            want.casefold() in has.casefold() for want, has in texts
        )


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The engine's configuration.

    Attributes:
        codes: every action code in use, mildest first; the first is the release code.
        rules: the profiles.
    """

    codes: tuple[str, ...] = (RELEASE, INSPECT)
    rules: tuple[ProfileRule, ...] = ()


class CodeFinding(msgspec.Struct, frozen=True):
    """A code, and who gave it: a profile's name, "screening" where none applied, or "selector <login>"."""

    code: str
    by: str


def screen(info: CargoInformation, profile: Profile) -> CodeFinding:
    """The engine's code for a consignment: the strictest of the matching rules, release where none matches."""
    found = [CodeFinding(rule.code, rule.name) for rule in profile.rules if rule.matches(info)]
    return max(found, key=lambda finding: rank(finding.code, profile.codes), default=CodeFinding(RELEASE, "screening"))


def rank(code: str, codes: Sequence[str]) -> int:
    """How strict a code is; one that is not listed is stricter than all (design §2.4: unknown codes stop)."""
    return codes.index(code) if code in codes else len(codes)


def strictest(codes: Iterable[str], order: Sequence[str]) -> str:
    """The code that decides for several consignments on one vehicle.

    Raises:
        ValueError: there is no code at all.
    """
    return max(codes, key=lambda code: rank(code, order))
