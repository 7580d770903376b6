"""The screening engine: profiles by data give every consignment an action code before the truck arrives.

Rules of this file: pure. The strictest matching profile wins; a selector's decision replaces the engine's in either
direction (seed 002: selectors "make use of the screening engine ... to decide"). A code is a string, exactly as the lane will
see it; only the one release code releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.model.consignment import CargoInformation
from core.select.criteria import Criteria, FoldedCargo, ProfileRule, TermHit, Vocabulary
from core.select.families import WordFamily
from domain.crossing import RELEASE

INSPECT = "inspect"
NOBODY = "screening"
"""Who gave a code that no profile asked for."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The engine's configuration.

    Attributes:
        codes: every action code in use, mildest first; the first is the release code.
        rules: the profiles.
        families: words that mean the same, beside those shipped.
    """

    codes: tuple[str, ...] = (RELEASE, INSPECT)
    rules: tuple[ProfileRule, ...] = ()
    families: tuple[WordFamily, ...] = ()


class CodeFinding(msgspec.Struct, frozen=True):
    """A code, and who gave it: a profile's name, "screening" where none applied, or "selector <name>".

    Attributes:
        hits: which term of that profile hit which value.
    """

    code: str
    by: str
    hits: tuple[TermHit, ...] = ()

    @property
    def why(self) -> str:
        """The hits in a line."""
        return "; ".join(hit.words for hit in self.hits)


class ScreeningEngine:
    """Profiles made ready: their terms folded once, their words in families.

    Args:
        profile: what it decides by.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._vocabulary = Vocabulary(profile.families)
        self._criteria = [Criteria(rule, self._vocabulary) for rule in profile.rules]

    def findings(self, info: CargoInformation) -> list[CodeFinding]:
        """What every profile that applies says, in their order."""
        cargo = FoldedCargo(info, self._vocabulary)
        found = ((criteria.rule, criteria.hits(cargo)) for criteria in self._criteria)
        return [CodeFinding(rule.code, rule.name, hits) for rule, hits in found if hits is not None]

    def screen(self, info: CargoInformation) -> CodeFinding:
        """The code for a consignment: the strictest of the matching profiles, release where none matches."""
        order = self.profile.codes
        nothing = CodeFinding(RELEASE, NOBODY)
        return max(self.findings(info), key=lambda finding: rank(finding.code, order), default=nothing)


def rank(code: str, codes: Sequence[str]) -> int:
    """How strict a code is; one that is not listed is stricter than all (design §2.4: unknown codes stop)."""
    return codes.index(code) if code in codes else len(codes)


def strictest(codes: Iterable[str], order: Sequence[str]) -> str:
    """The code that decides for several consignments on one vehicle.

    Raises:
        ValueError: there is no code at all.
    """
    return max(codes, key=lambda code: rank(code, order))
