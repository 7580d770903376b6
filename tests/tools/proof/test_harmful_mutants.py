"""Eight changes that did harm and passed both proof and tests once; each is noticed now. And how mutants are put in place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lane_agent import matching
from tools.proof.code_book import BUNDLES
from tools.proof.harmful import REVIEWED, HarmfulMutant, noticed
from tools.proof.source_fates import noticed_by
from tools.proof.source_mutants import generated, in_place, reworded


def test_there_are_eight() -> None:
    """As many as the review named."""
    assert len({mutant.says for mutant in REVIEWED}) == 8


@pytest.mark.parametrize("mutant", REVIEWED, ids=lambda mutant: mutant.says)
def test_a_change_that_did_harm_is_noticed(mutant: HarmfulMutant) -> None:
    """The slice named for it finds a broken invariant, with the shortest way to it."""
    assert " > " in noticed(mutant)


def test_a_mutant_runs_while_it_is_in_place_and_no_longer() -> None:
    """Whoever holds the function gets the changed code, and afterwards the old one."""
    held = matching.releases
    mutant = reworded(
        "nothing releases", "lane_agent.matching", "return bool(bundle.cargo) and all(", "return False and all("
    )
    assert held(BUNDLES["live"])
    with in_place(mutant):
        assert not held(BUNDLES["live"])
    assert held(BUNDLES["live"])


def test_words_that_are_gone_are_told() -> None:
    """A mutant of words that the source no longer has would be dead for the wrong reason."""
    with pytest.raises(ValueError, match="occurs 0 times"):
        reworded("nothing", "lane_agent.matching", "no such words", "others")


def test_every_condition_of_a_module_is_changed_in_turn() -> None:
    """Comparisons turned, parts of conditions dropped, conditions negated: each another source."""
    mutants = list(generated("lane_agent.matching"))
    names = [mutant.name for mutant in mutants]
    assert len(names) == len(set(names)) > 20
    assert any("turns `codes.core_ms + codes.slack_ms >= bundle.valid_until_ms`" in name for name in names)
    for mutant in mutants:
        with in_place(mutant):
            pass


def test_a_generated_mutant_is_noticed_by_whom_it_names() -> None:
    """A condition of an arrival negated breaks a story; a mutant whose module has nothing alive is an error, not a survivor."""
    mutant = next(one for one in generated("lane_agent.passage") if one.name.endswith("negates `if stuck`"))
    assert noticed_by(mutant).startswith("story ")
    with (
        pytest.raises(LookupError, match="none of its functions"),
        in_place(replace(mutant, module="tools.proof.harmful")),
    ):
        pass
