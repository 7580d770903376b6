"""How long profiles take over one consignment: a thousand of three terms each, and what folding and reading them anew cost.

The goods of the consignment are long and in three writings; every profile is asked, none of its answers is remembered from the
consignment before. Beside it, in the same run: the same terms looked for by plain comparison of lower-cased text, which is what
the engine did before it folded and explained.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.model.consignment import CargoInformation, GoodsItem
from core.select.criteria import ProfileRule
from core.select.engine import Profile, ScreeningEngine
from domain.crossing import Direction

LIMIT_MS = 5.0
_WORDS = ("cigarette", "wine", "circuit board", "手機", "gold bar", "buttons", "paper", "polymer")


def rules(number: int) -> tuple[ProfileRule, ...]:
    """Profiles of three terms; the first two of most of them hit, the last of one in a hundred does."""
    return tuple(
        ProfileRule(
            name=f"profile {place}",
            code="inspect",
            articles=_WORDS[place % len(_WORDS)],
            consignor="wilson",
            consignee="training" if place % 100 == 0 else f"consignee {place}",
        )
        for place in range(number)
    )


def consignment(place: int) -> CargoInformation:
    """One of many, no two alike."""
    articles = f"lot {place}: ＣＩＧＳ, 香煙 20 條, red wine, 手機殼, copper buttons and paper; " * 4
    return CargoInformation(
        direction=Direction.INBOUND,
        expected="2026-11-23",
        consignor=f"Wilson Development Limited {place}",
        consignor_address="1 Bao'an Road, Shenzhen",
        consignee="Training Company",
        consignee_address="Castle Peak Road, Tsuen Wan",
        goods=(GoodsItem(articles=articles, packages=1, package_description="carton"),) * 3,
    )


def run(*, profiles: int, rounds: int, json_file: Path | None) -> bool:
    """Measures, prints and writes; whether the median is within the limit."""
    every = rules(profiles)
    ready_ms = [_ms(lambda: ScreeningEngine(Profile(rules=every))) for _ in range(3)]
    engine = ScreeningEngine(Profile(rules=every))
    hits = len(engine.findings(consignment(-1)))
    screened = [_ms(lambda place=place: engine.screen(consignment(place))) for place in range(rounds)]  # type: ignore[misc]
    plain = [_ms(lambda place=place: list(_plain(every, consignment(place)))) for place in range(rounds)]  # type: ignore[misc]
    figures = {
        "profiles": profiles,
        "hits": hits,
        "screen_p50_ms": round(statistics.median(screened), 3),
        "screen_p99_ms": round(statistics.quantiles(screened, n=100)[98], 3),
        "plain_p50_ms": round(statistics.median(plain), 3),
        "ratio_to_plain": round(statistics.median(screened) / statistics.median(plain), 2),
        "ready_ms": round(min(ready_ms), 1),
        "limit_ms": LIMIT_MS,
    }
    text = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(text + "\n", encoding="utf-8")
    print(f"{profiles} profiles of three terms on one consignment: {figures['screen_p50_ms']} ms (limit {LIMIT_MS} ms)")
    print(text)
    return statistics.median(screened) <= LIMIT_MS


def _ms(what: Callable[[], object]) -> float:
    """CPU time: others on the machine are no fault of the engine."""
    start = time.process_time()
    what()
    return 1e3 * (time.process_time() - start)


def _plain(every: tuple[ProfileRule, ...], info: CargoInformation) -> Iterator[str]:
    for rule in every:
        pairs = ((rule.articles, info.articles), (rule.consignor, info.consignor), (rule.consignee, info.consignee))
        if all(term.casefold() in value.casefold() for term, value in pairs):
            yield rule.name
