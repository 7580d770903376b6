"""Container numbers by ISO 6346: the check digit, and what a reader that knows neither I nor O makes of them."""

from __future__ import annotations

import pytest

from domain.containers import check_digit, container_number


@pytest.mark.parametrize("number", ["CSQU3054383", "CAAU6333245", "MSKU9070323", "HLXU2008419"])
def test_the_check_digit_is_that_of_real_containers(number: str) -> None:
    """Numbers that are public as examples, or stand on photographed doors."""
    assert check_digit(number[:10]) == int(number[10])
    assert container_number(f"{number[:4]} {number[4:10]}-{number[10]}") == number


@pytest.mark.parametrize("place", range(4, 11))
def test_one_wrong_digit_is_found_out(place: int) -> None:
    """But for one: a check digit of 0 also stands for 10, so one other digit may pass."""
    right = "CSQU3054383"
    wrong = [right[:place] + other + right[place + 1 :] for other in "0123456789" if other != right[place]]
    assert sum(container_number(one) is not None for one in wrong) <= 1


def test_i_and_o_are_letters_in_the_owner_code_and_digits_in_the_number() -> None:
    """A plate reader says 1 and 0 for them."""
    number = "FCIU" + "305438"
    whole = number + str(check_digit(number))
    assert container_number(whole.replace("I", "1")) == whole
    assert container_number("CSQU3O54383") == "CSQU3054383"


@pytest.mark.parametrize("text", ["", "LT3482", "CSQU305438", "CSQU30543833", "CSQA3054383", "集CSQU3054380"])
def test_what_is_no_container_number_is_none(text: str) -> None:
    """Too short, too long, no category, a wrong digit."""
    assert container_number(text) is None
