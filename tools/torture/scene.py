"""What a fault works on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tools.torture.forger import Liar
from tools.torture.site import LaneUnderTest, TortureSite


@dataclass(frozen=True, slots=True)
class FaultSite:
    """What a fault works on. `post` and `liar` are of its lane; for a fault of all, of the first."""

    site: TortureSite
    post: LaneUnderTest
    liar: Liar
    rng: random.Random
    seconds: float
