"""Where a seal stands in a PDF: before its last cross-reference, and taken out again without a trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.sealed_pages import with_seal, without_seal

PAGES = b"%PDF-1.7\n1 0 obj\nendobj\nstartxref\n9\n%%EOF\nadded\nstartxref\n20\n%%EOF\n"
SEAL = b'{"kid":"core-1"}\n'


def test_the_seal_is_a_comment_and_the_file_ends_as_before() -> None:
    """Before the last of two cross-references; the offset that the file names is the same."""
    file = with_seal(PAGES, SEAL)
    assert file == PAGES[:-19] + b"%rocars-seal " + SEAL + b"startxref\n20\n%%EOF\n"
    assert without_seal(file) == (PAGES, SEAL)


@pytest.mark.parametrize(
    ("pages", "seal"), [(b"%PDF-1.7\n", SEAL), (PAGES, b"{}"), (PAGES, b"a\nb\n"), (PAGES, b"a\rb\n")]
)
def test_what_cannot_be_sealed_is_refused(pages: bytes, seal: bytes) -> None:
    """No cross-reference, or a seal that is not one line."""
    with pytest.raises(ValueError, match="no PDF that can be sealed"):
        with_seal(pages, seal)


@pytest.mark.parametrize(
    "file",
    [
        PAGES,
        b"",
        b"%rocars-seal {}\n",
        PAGES.replace(b"added\n", b"%rocars-seal {}\nadded\n"),
        with_seal(PAGES, SEAL).replace(b"%rocars-seal ", b"%rocars-sea1 "),
        with_seal(PAGES, SEAL) + b"more\nstartxref\n1\n%%EOF\n",
    ],
)
def test_a_seal_elsewhere_is_none(file: bytes) -> None:
    """Nothing between it and the last cross-reference: what is added later is not sealed."""
    assert without_seal(file) == (file, b"")


@given(st.binary(max_size=60), st.binary(max_size=40).filter(lambda line: b"\n" not in line and b"\r" not in line))
def test_whatever_is_sealed_comes_out_again(body: bytes, line: bytes) -> None:
    """Whatever is in it, cross-references and seals included."""
    pages = b"%PDF-1.7\n" + body + b"\nstartxref\n1\n%%EOF\n"
    assert without_seal(with_seal(pages, line + b"\n")) == (pages, line + b"\n")
