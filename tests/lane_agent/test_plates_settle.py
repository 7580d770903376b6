"""Settling: many frames, one mark or none (design §5, lessons 1 to 3)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.marks import HONG_KONG, family, normalise
from lane_agent.settling import NOT_SEEN, Settled, Thresholds, Unsettled, Vote, contradicted, settle

LAW = Thresholds()
ordinary = st.builds(
    lambda a, b, n: f"{a}{b}{n}",
    st.sampled_from("ABCDEFGHJKLMNPRSTUWXYZ"),
    st.sampled_from("ABCDEFGHJKLMNPRSTUWXYZ"),
    st.integers(1, 9999),
)
anything = st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=1, max_size=8)
chance = st.floats(0, 1)


def vote(text: str, sure: float = 0.97, *, mainland: bool = False) -> Vote:
    """A frame equally sure of every character."""
    return Vote(text, (sure,) * len(text), mainland)


@st.composite
def any_vote(draw: st.DrawFn) -> Vote:
    """Any text with any confidences."""
    text = draw(anything)
    return Vote(text, tuple(draw(chance) for _ in text), draw(st.booleans()))


def test_three_sure_frames_settle() -> None:
    """What every frame says is what the lane gets, with both plates."""
    votes = [vote("LT3482"), vote("粤ZR12A港", mainland=True)] * 3
    assert settle(votes) == Settled("LT3482", "粤ZR12A港", 0.97)


def test_two_frames_are_not_enough() -> None:
    """However sure they are."""
    result = settle([vote("LT3482", 1.0)] * 2)
    assert isinstance(result, Unsettled)
    assert result.reason == "2 of 3 needed frames are sure of LT3482"


def test_one_doubtful_character_keeps_the_whole_read_open() -> None:
    """The minimum counts, not the mean (lessons 2)."""
    doubtful = Vote("LT3482", (1.0, 1.0, 0.6, 1.0, 1.0, 1.0))
    assert isinstance(settle([doubtful] * 10), Unsettled)


def test_each_character_is_voted_on_by_itself() -> None:
    """A dropped certainty in one place of one frame does not cost the other places their vote."""
    doubt = Vote("LT3432", (0.97, 0.97, 0.97, 0.97, 0.2, 0.97))
    votes = [*[vote("LT3482")] * 3, doubt, vote("LT3482", 0.9)]
    result = settle(votes)
    assert isinstance(result, Settled)
    assert result.vrn == "LT3482"
    assert result.confidence < 0.95


def test_a_lasting_disagreement_goes_to_the_officer() -> None:
    """Half the frames say 6 and half 8: no read, and both are named as candidates."""
    result = settle([vote("LT3482"), vote("LT3462")] * 6)
    assert isinstance(result, Unsettled)
    assert result.reason.startswith("frames disagree")
    assert set(result.candidates) == {"LT3482", "LT3462"}


def test_nothing_settles_below_the_threshold_once_dissent_is_counted() -> None:
    """Three frames just sure enough and one that doubts: together they are not sure enough."""
    votes = [*[vote("LT3482", 0.92)] * 9, vote("LT3462", 0.9)]
    result = settle(votes)
    assert isinstance(result, Unsettled)
    assert result.reason == "LT3482 at 0.83, needed is 0.90"
    assert isinstance(settle([*votes, *[vote("LT3482", 0.99)] * 12]), Settled)


def test_a_sure_reading_of_another_length_is_dissent() -> None:
    """A lost 1 is as bad as a wrong one."""
    assert isinstance(settle([vote("LT1182"), vote("LT182")] * 5), Unsettled)


def test_lettering_that_is_no_mark_is_refused_after_the_vote() -> None:
    """Grammar judges the consensus (lessons 1)."""
    result = settle([vote("AAAAA9BC9")] * 5)
    assert isinstance(result, Unsettled)
    assert "no Hong Kong mark" in result.reason


def test_a_mainland_plate_alone_never_becomes_the_vrn() -> None:
    """A black plate whose Chinese characters were dropped reads like a Hong Kong mark; its colour says otherwise."""
    assert settle([vote("ZY153", mainland=True)] * 8) == Unsettled("no Hong Kong plate seen")
    assert settle([]) == Unsettled("no plate seen")


def test_a_mainland_plate_the_frames_disagree_on_is_left_out() -> None:
    """It is a witness: no witness is better than a false one, and the read itself stands."""
    votes = [vote("LT3482")] * 4 + [vote("粤ZR12A港", mainland=True), vote("粤ZR12A澳", mainland=True)] * 2
    assert settle(votes) == Settled("LT3482", None, 0.97)


def test_confidences_that_do_not_fit_the_text_are_worth_nothing() -> None:
    """A malformed vote cannot help a mark to settle."""
    assert isinstance(settle([Vote("LT3482", (1.0,))] * 5), Unsettled)


@given(st.lists(any_vote(), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_frames_does_not_matter(votes: list[Vote], rng: random.Random) -> None:
    """Settling is a vote, not a race."""
    shuffled = list(votes)
    rng.shuffle(shuffled)
    assert settle(shuffled) == settle(votes)


@given(st.lists(any_vote(), max_size=14))
def test_what_settles_was_said_whole_by_enough_sure_frames_and_is_a_mark(votes: list[Vote]) -> None:
    """No composite of frames that nobody read, nothing unsure, nothing that is no mark."""
    result = settle(votes)
    if isinstance(result, Settled):
        sure = [
            v for v in votes if not v.mainland and normalise(v.text) == result.vrn and min(v.chances) >= LAW.character
        ]
        assert len(sure) >= LAW.whole
        assert family(result.vrn) in HONG_KONG
        assert result.vrn == normalise(result.vrn)
        assert LAW.character <= result.confidence <= 1


@given(ordinary, st.lists(st.floats(LAW.character, 1), min_size=3, max_size=10))
def test_frames_that_all_agree_and_are_sure_always_settle(mark: str, sures: list[float]) -> None:
    """Nothing but disagreement or doubt keeps a read open."""
    result = settle([vote(mark, sure) for sure in sures])
    assert isinstance(result, Settled)
    assert result.vrn == mark


@given(st.lists(any_vote(), max_size=8), st.integers(1, 6))
def test_more_agreement_never_unsettles(votes: list[Vote], more: int) -> None:
    """A settled mark stays settled when further frames say the same."""
    before = settle(votes)
    if isinstance(before, Settled):
        after = settle([*votes, *[vote(before.vrn, 0.99)] * more])
        assert isinstance(after, Settled)
        assert after.vrn == before.vrn


@given(ordinary, ordinary, st.integers(1, 10))
def test_an_even_split_between_two_marks_never_settles(one: str, other: str, count: int) -> None:
    """Two vehicles, or one that cannot be read: the officer's."""
    if normalise(one) != normalise(other):
        assert isinstance(settle([vote(one), vote(other)] * count), Unsettled)


def test_what_is_found_now_and_then_is_no_plate() -> None:
    """A badge on the cab, taken for a plate in every third picture."""
    badge = [vote("FH460")] * 4
    assert isinstance(settle(badge), Settled)
    result = settle([*badge, *[NOT_SEEN] * 8])
    assert isinstance(result, Unsettled)
    assert result == Unsettled("a Hong Kong plate in 4 of 12 pictures only", ("FH460",))
    assert isinstance(settle([*badge, *[NOT_SEEN] * 2]), Settled)


def test_three_pictures_and_a_fifth_of_the_weight_contradict_a_read() -> None:
    """Not two, not three among twenty, not those that are hardly legible, and never the Mainland plate."""
    others = [vote("LT348")] * 3
    assert contradicted([vote("LT3482")] * 8 + others, "LT3482") == ("LT348",)
    assert contradicted([vote("LT3482")] * 2 + others[:2], "LT3482") == ()
    assert contradicted([vote("LT3482")] * 20 + others, "LT3482") == ()
    assert contradicted([vote("LT348", 0.49)] * 30, "LT3482") == ()
    assert contradicted([NOT_SEEN, vote("粤ZR12A港", mainland=True)] * 30, "LT3482") == ()


@given(votes=st.lists(any_vote(), max_size=20), rng=st.randoms(use_true_random=False), mark=ordinary)
def test_pictures_that_bear_a_read_out_never_make_it_contradicted(
    votes: list[Vote], rng: random.Random, mark: str
) -> None:
    """Neither by what they add nor by when they come."""
    before = contradicted(votes, mark)
    more = [*votes, vote(mark, rng.random())]
    rng.shuffle(more)
    assert set(contradicted(more, mark)) <= set(before)
    assert mark not in before


def rows(text: str, *lengths: int, sure: float = 0.99) -> Vote:
    """A frame that read so many characters in each row."""
    return Vote(text, (sure,) * len(text), rows=lengths)


@pytest.mark.parametrize(
    ("half", "why"),
    [
        (rows("SD", 2), "SD may be the upper row of a plate whose lower one is not seen"),
        (rows("7550", 4), "7550 may be the lower row of a plate whose upper one is not seen"),
        (rows("7550", 0, 4), "7550 may be the lower row of a plate whose upper one is not seen"),
        (rows("7550"), "7550 may be the lower row of a plate whose upper one is not seen"),
        (rows("LUCK", 4), "LUCK may be the upper row of a plate whose lower one is not seen"),
    ],
)
def test_letters_alone_and_digits_alone_are_half_a_plate_however_sure(half: Vote, why: str) -> None:
    """As long as no other row was read: dirt on a row leaves no trace (A11)."""
    result = settle([half] * 24)
    assert isinstance(result, Unsettled)
    assert result.reason == why
    assert result.candidates == (half.text,)


def test_digits_in_two_rows_are_a_whole_plate() -> None:
    """Both rows were read."""
    assert isinstance(settle([rows("7550", 2, 2)] * 3), Settled)


def test_half_a_plate_neither_settles_nor_keeps_the_whole_one_from_settling_nor_doubts_it() -> None:
    """A picture with the lower row alone is one in which the plate was not seen."""
    whole, half = rows("DX1833", 2, 4), rows("1833", 4)
    result = settle([whole, half, whole, whole])
    assert isinstance(result, Settled)
    assert result.vrn == "DX1833"
    assert isinstance(settle([whole] * 3 + [half] * 3), Unsettled)
    assert contradicted([half] * 10, "DX1833") == ()
    assert contradicted([rows("1834", 4)] * 10, "DX1833") == ("1834",)


def test_what_fits_only_the_personalised_form_needs_a_vehicles_plate_and_more_and_surer_pictures() -> None:
    """Nearly every text has that form (A12): six pictures, 0.97, and a Mainland plate beside it."""
    hung = replace(vote("MYPR1NCE", 0.98), beside=True)
    assert isinstance(settle([hung] * LAW.personal_frames), Settled)
    for votes in (
        [hung] * (LAW.personal_frames - 1),
        [vote("MYPR1NCE", 0.98)] * 24,
        [replace(vote("MYPR1NCE", 0.96), beside=True)] * 24,
    ):
        result = settle(votes)
        assert isinstance(result, Unsettled)
        assert result.reason.startswith("MYPR1NCE may be lettering")


def test_lettering_never_settles_and_does_not_hide_the_mark_beside_it() -> None:
    """The label on a container, alone and above a truck's plate."""
    label = replace(vote("96H1GH", 0.99), beside=True)
    result = settle([label] * 24)
    assert result == Unsettled("96H1GH is a label of height, not a mark", ("96H1GH",))
    assert isinstance(settle([label, *[vote("VC7418")] * 3]), Settled)
    assert contradicted([label] * 10, "VC7418") == ()


def test_the_least_that_suffices_suffices() -> None:
    """Three pictures in five, a whole text at half its confidence, six frames of a personalised mark at just 0.97."""
    assert isinstance(settle([*[vote("LT3482")] * 3, *[NOT_SEEN] * 2]), Settled)
    assert contradicted([vote("LT348", LAW.dissent)] * 30, "LT3482") == ("LT348",)
    assert isinstance(settle([replace(vote("MYPR1NCE", LAW.personal), beside=True)] * LAW.personal_frames), Settled)
    assert settle([vote("LT3482")] * 3 + [vote("粤ZR12A港", mainland=True)] * LAW.whole) == Settled(
        "LT3482", "粤ZR12A港", 0.97
    )


def test_a_text_that_no_frame_was_sure_of_as_a_whole_settles_only_with_two_that_were() -> None:
    """Each character may be sure in most frames, and yet nobody has read the plate."""
    unsure = [Vote("LT3482", tuple(0.3 if at == place else 0.97 for at in range(6))) for place in range(6)]
    assert settle(unsure) == Unsettled("5 of 3 needed frames are sure of LT3482", ("LT3482",))
    assert isinstance(settle([*unsure, vote("LT3482")]), Unsettled)
    assert isinstance(settle([*unsure, *[vote("LT3482")] * LAW.whole]), Settled)


def test_a_frame_that_is_sure_of_another_text_has_not_said_the_whole_one() -> None:
    """Each of six sure frames has another character wrong, and those that say the text are not sure of its first."""
    wrong = [vote("LT3482"[:at] + "ZZ9999"[at] + "LT3482"[at + 1 :], 0.99) for at in (1, 2, 3, 4, 5, 1)]
    result = settle([*wrong, *[Vote("LT3482", (0.85, *(0.99,) * 5))] * 30])
    assert isinstance(result, Unsettled)
    assert result.reason == "6 of 3 needed frames are sure of LT3482"


def test_a_witness_is_what_two_frames_and_four_fifths_of_them_say_in_a_mainland_form() -> None:
    """One frame, or a plate whose Chinese characters were not read, is none; the read itself stands."""
    ours, whole = [vote("LT3482")] * 3, vote("粤ZR12A港", 1.0, mainland=True)
    others = {
        "粤ZR12A港": [*[whole] * 4, vote("粤ZR12A澳", 1.0, mainland=True)],
        None: [whole],
        "": [vote("ZY153", mainland=True)] * 3,
    }
    for witness, votes in others.items():
        assert settle([*ours, *votes]) == Settled("LT3482", witness or None, 0.97)


def test_a_row_alone_still_bears_out_the_same_text_that_others_show_in_two() -> None:
    """Three pictures show both rows; three took them for one: that is six pictures with the plate in it."""
    assert isinstance(settle([rows("7550", 2, 2)] * 3 + [rows("7550", 4)] * 3), Settled)


def test_the_upper_row_alone_does_not_doubt_the_whole_plate_either() -> None:
    """Letters at its head, as digits at its end."""
    assert contradicted([rows("DX", 2)] * 10, "DX1833") == ()
    assert isinstance(settle([*[rows("DX1833", 2, 4)] * 3, rows("DX", 2)]), Settled)
