"""Netstrings of JSON, as baresip's control socket speaks: `<length>:<json>,`. What is malformed is an error, never a guess."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

LONGEST: Final = 65_536
_DIGITS: Final = 6


class NetstringError(ValueError):
    """The other side does not speak netstrings; the connection is of no more use."""


def framed(message: dict[str, str]) -> bytes:
    """One message."""
    body = json.dumps(message).encode()
    return str(len(body)).encode() + b":" + body + b","


class Netstrings:
    """Takes bytes as they come and gives whole messages."""

    def __init__(self) -> None:
        self._held = b""

    def take(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """The messages that are whole now.

        Raises:
            NetstringError: it is no netstring of a JSON object, or one longer than `LONGEST`.
        """
        self._held += chunk
        while (body := self._whole()) is not None:
            yield _object(body)

    def _whole(self) -> bytes | None:
        head, colon, rest = self._held.partition(b":")
        if not colon:
            if len(head) > _DIGITS or (head and not head.isdigit()):
                raise NetstringError(f"no length: {head[:20]!r}")
            return None
        if not head.isdigit() or len(head) > _DIGITS or int(head) > LONGEST:
            raise NetstringError(f"no length: {head[:20]!r}")
        size = int(head)
        if len(rest) <= size:
            return None
        if rest[size : size + 1] != b",":
            raise NetstringError("a netstring does not end where it says")
        self._held = rest[size + 1 :]
        return rest[:size]


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NetstringError(f"not JSON: {body[:40]!r}") from error
    if not isinstance(found, dict):
        raise NetstringError(f"not an object: {body[:40]!r}")
    return found
