"""Profiles: what they find however it is written, which word hit which value, and edits that count while the core runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CoreSettingsError
from core.model.consignment import GoodsItem
from core.select.criteria import TEXT_CRITERIA, ProfileRule, Vocabulary
from core.select.engine import Profile, ScreeningEngine
from core.select.families import SHIPPED, WordFamily
from core.select.live import LiveProfiles
from core.select.words import fold
from core.settings import load
from domain.crossing import Direction

CIGARETTES = ProfileRule(name="cigarettes", code="inspect", articles="cigarette")
Found = Callable[..., Any]


@pytest.fixture
def screened(make_consignment: Any) -> Found:
    """The finding of one profile on a consignment with these changes."""

    def found(rule: ProfileRule = CIGARETTES, **changes: Any) -> Any:
        families = changes.pop("families", ())
        return ScreeningEngine(Profile(rules=(rule,), families=families)).screen(make_consignment(**changes))

    return found


@pytest.mark.parametrize(
    "articles",
    [
        "10 000 Cigarettes",
        "CIGS",
        "cig",
        "ＣＩＧＳ",
        "ci\u200bgs",
        "c.i.g.s",
        "C I G S in boxes",
        "cïgs",
        "香煙",
        "香烟",
        "香菸 20 條",
        "香 煙",
        "捲煙",
        "卷烟",
        "e-cigarettes",
        "Marlboro cigs 200",
    ],
)
def test_cigarettes_are_found_however_they_are_written(screened: Found, articles: str) -> None:
    """`CIGS` and 香煙 passed the rule on cigarettes."""
    assert screened(articles=articles).code == "inspect"


@pytest.mark.parametrize("articles", ["cigar box hinges", "copper buttons", "significant parts", "煙囪", "cigales", ""])
def test_other_goods_are_not(screened: Found, articles: str) -> None:
    """A family's words count as words, so that what only holds their letters passes."""
    assert screened(articles=articles).code == "release"


def test_a_profile_says_which_term_hit_which_value(screened: Found) -> None:
    """Criterion, term, what was found, where, and what the shipper wrote; also by which family."""
    rule = ProfileRule(name="w", code="inspect", articles="cigarette", consignor="wilson")
    goods = (GoodsItem(articles="pens"), GoodsItem(articles="香煙 20 條"))
    found = screened(rule, goods=goods, consignor="WILSON Ltd")
    cigarettes, wilson = found.hits
    assert (cigarettes.criterion, cigarettes.term, cigarettes.found) == ("articles", "cigarette", "香烟")
    assert (cigarettes.part, cigarettes.value, cigarettes.family) == ("goods[1].articles", "香煙 20 條", "cigarettes")
    assert (wilson.found, wilson.part, wilson.value, wilson.family) == ("wilson", "consignor", "WILSON Ltd", "")
    assert found.why == (
        "articles 'cigarette' hit '香烟' (family cigarettes) in goods[1].articles '香煙 20 條'; "
        "consignor 'wilson' hit 'wilson' in consignor 'WILSON Ltd'"
    )


def test_the_hits_are_kept_with_the_consignment_and_in_the_audit_log(core: Any) -> None:
    """A selector reads why; nobody has to guess."""
    ccrn = core.lodge(articles="香煙")
    known = core.office.consignment(ccrn)
    assert (known.code, known.code_by) == ("inspect", "tobacco")
    assert "香煙" in known.code_why
    (detail,) = core.store.connection.execute("SELECT detail FROM audit WHERE what='lodged'").fetchone()
    assert "'cigarette' hit '香烟'" in detail


@pytest.mark.parametrize(
    ("criterion", "changes"),
    [
        ("articles", {"articles": "a needle here"}),
        ("consignor", {"consignor": "a needle here"}),
        ("consignor", {"consignor_address": "a needle here"}),
        ("consignee", {"consignee": "a needle here"}),
        ("consignee", {"consignee_address": "a needle here"}),
        ("container", {"container": "NEEDLE1"}),
        ("seal", {"seal": "NEEDLE1"}),
        ("packages", {"package_description": "needle"}),
    ],
)
def test_every_criterion_looks_where_it_says(screened: Found, criterion: str, changes: Any) -> None:
    """And nowhere else."""
    assert screened(ProfileRule(name="n", code="inspect", **{criterion: "needle"}), **changes).code == "inspect"
    for other in set(TEXT_CRITERIA) - {criterion}:
        assert screened(ProfileRule(name="n", code="inspect", **{other: "needle"}), **changes).code == "release"


def test_every_criterion_that_is_given_must_hold(screened: Found) -> None:
    """Two of three are not enough."""
    rule = ProfileRule(name="n", code="inspect", articles="pens", consignor="wong", direction="outbound")
    whole = {"articles": "pens", "consignor": "Wong", "direction": Direction.OUTBOUND}
    assert screened(rule, **whole).code == "inspect"
    for name, other in {"articles": "ink", "consignor": "Chan", "direction": Direction.INBOUND}.items():
        assert screened(rule, **{**whole, name: other}).code == "release"


@pytest.mark.parametrize(
    ("rule", "lodged", "applies"),
    [
        ({}, "", True),
        ({"scheme": "ITFS"}, "ITFS", True),
        ({"scheme": "ITFS"}, "", False),
        ({"scheme": "ITFS"}, "SELS", False),
        ({"not_schemes": ("ITFS",)}, "ITFS", False),
        ({"not_schemes": ("ITFS",)}, "SELS", True),
        ({"not_schemes": ("",)}, "", True),
    ],
)
def test_schemes_are_compared_as_they_are(screened: Found, rule: Any, lodged: str, applies: bool) -> None:
    """Wanted, spared, or of no matter."""
    found = screened(ProfileRule(name="n", code="inspect", articles="button", **rule), scheme=lodged)
    assert (found.code == "inspect") is applies


def test_a_profile_without_any_term_applies_to_all(screened: Found) -> None:
    """As it always did: everything to be inspected is a profile too."""
    assert screened(ProfileRule(name="all", code="inspect")).hits == ()
    assert screened(ProfileRule(name="all", code="inspect")).code == "inspect"


def test_todays_profiles_find_inside_words_as_before(screened: Found) -> None:
    """The profile's own term counts anywhere; only a family's other words are words."""
    assert screened(ProfileRule(name="b", code="inspect", articles="board"), articles="cardboards").code == "inspect"


def test_configuration_adds_families_and_words_to_them(screened: Found) -> None:
    """A new word of the street is data."""
    more = (WordFamily(name="cigarettes", words=("白色朋友",)), WordFamily(name="toys", words=("teddy", "玩具熊")))
    assert screened(articles="白色朋友 10", families=more).hits[0].family == "cigarettes"
    assert (
        screened(ProfileRule(name="t", code="inspect", articles="Teddy"), articles="玩具熊", families=more).code
        == "inspect"
    )
    assert screened(articles="白色朋友 10").code == "release"


def test_a_term_in_the_plural_or_in_chinese_belongs_to_its_family(screened: Found) -> None:
    """Whoever wrote the profile wrote one of its words."""
    for term in ("Cigarettes", "香煙", "CIGS"):
        assert screened(ProfileRule(name="n", code="inspect", articles=term), articles="捲煙").code == "inspect"


def test_every_shipped_word_is_found_by_every_other_of_its_family(screened: Found) -> None:
    """In either writing, in capitals, and in the plural."""
    words = Vocabulary()
    for family in SHIPPED:
        for word in family.words:
            assert family.name in words.families_of(fold(word)), word
            assert words.found_by(family.name, fold(f"two {word.upper()} here")), word


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    """What a profile and a shipper wrote meet in one form."""
    once = fold(text)
    assert fold(once) == once


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=8))
def test_traditional_and_simplified_meet(text: str) -> None:
    """Whichever way a shipper writes."""
    from opencc import OpenCC

    assert fold(OpenCC("t2s").convert(text)) == fold(text)


GOOD = Path("config/core.toml.example").read_text(encoding="utf-8")
RULE = '[[screening.rules]]\nname = "pens"\ncode = "inspect"\narticles = "pen"\n'


def write(path: Path, text: str) -> None:
    """Writes a file that differs from before by its time, however coarse the disk's clock is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def watched(path: Path) -> tuple[LiveProfiles, list[Profile]]:
    """A watch of a file, and what it put in force."""
    used: list[Profile] = []
    return LiveProfiles(path, lambda file: load(file, planned=True).profile, used.append), used


def test_an_edit_counts_once_the_file_is_at_rest(tmp_path: Path) -> None:
    """An editor writes in steps; a file that changed between two looks is looked at again."""
    path = tmp_path / "core.toml"
    write(path, GOOD)
    live, used = watched(path)
    assert live.look() == ""
    write(path, GOOD[: len(GOOD) // 2])
    assert live.look() == ""
    write(path, GOOD + RULE)
    assert live.look() == ""
    assert "3 profiles in force" in live.look()
    assert [rule.name for rule in used[-1].rules][-1] == "pens"
    assert live.look() == ""
    assert len(used) == 1


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (GOOD + RULE.replace("inspect", "inspekt"), "is not in screening.codes"),
        (GOOD + "[[screening.rules]\n", "core.toml"),
        (GOOD + RULE.replace("articles", "artikles"), "artikles"),
        ("", "core"),
    ],
)
def test_a_wrong_edit_keeps_the_old_ones_and_says_why(tmp_path: Path, spoilt: str, why: str) -> None:
    """Until it is mended; then the new ones count and nothing is said any more."""
    path = tmp_path / "core.toml"
    write(path, GOOD)
    live, used = watched(path)
    write(path, spoilt)
    live.look()
    assert "stay as they were" in live.look()
    assert why in live.problem
    assert used == []
    write(path, GOOD + RULE)
    live.look()
    live.look()
    assert (live.problem, len(used)) == ("", 1)


def test_a_file_that_is_gone_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    """Editors rename; a file that stays away is told of."""
    path = tmp_path / "core.toml"
    write(path, GOOD)
    live, used = watched(path)
    path.unlink()
    live.look()
    assert "stay as they were" in live.look()
    write(path, GOOD)
    live.look()
    live.look()
    assert (live.problem, len(used)) == ("", 1)


def test_the_shipped_example_can_be_read() -> None:
    """The operator starts from it."""
    assert [rule.name for rule in load(Path("config/core.toml.example"), planned=True).profile.rules] == [
        "cigarettes",
        "transhipped electronics",
    ]
    with pytest.raises(CoreSettingsError):
        load(Path("config/none.toml"), planned=True)
