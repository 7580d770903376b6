"""A PDF that the core has sealed: where its seal stands, and which bytes it is about (pure).

    ... the PDF up to its last cross-reference
    %rocars-seal {"kid":"core-1","sig":"...","body":"{...}"}
    startxref
    269693
    %%EOF

Rules of this file:
- The seal is a comment before the last `startxref` (ISO 32000-1, 7.2.4 and 7.5.5): readers pass over it, no offset moves, and the file
  ends as a PDF ends.
- What is sealed is the file without that line. Each other byte of the file is sealed, and of the line there is one way to write it.
"""

from __future__ import annotations

from typing import Final

PDF: Final = b"%PDF-"
"""How a PDF begins."""

RECORD_NAME: Final = "story.json"
"""The name of the attachment, which is the record that the pages were made of; there is no other one."""

_MARK: Final = b"%rocars-seal "
_LAST: Final = b"startxref\n"


def with_seal(pages: bytes, seal: bytes) -> bytes:
    """The file that people get.

    Args:
        pages: a PDF.
        seal: one line, its line feed included.

    Raises:
        ValueError: there is no place for a seal in it.
    """
    at = _place(pages)
    if at < 0 or not seal.endswith(b"\n") or b"\n" in seal[:-1] or b"\r" in seal:
        raise ValueError("no PDF that can be sealed")
    return pages[:at] + _MARK + seal + pages[at:]


def without_seal(file: bytes) -> tuple[bytes, bytes]:
    """What is sealed, and the seal's line; the seal is empty where the file has none at its place."""
    at = _place(file)
    mark = file.rfind(b"\n" + _MARK, 0, max(at, 0)) + 1
    if not mark or file.find(b"\n", mark) != at - 1:
        return file, b""
    return file[:mark] + file[at:], file[mark + len(_MARK) : at]


def _place(file: bytes) -> int:
    """Where the last `startxref` begins a line; -1 where none does."""
    return file.rfind(b"\n" + _LAST) + 1 or -1
