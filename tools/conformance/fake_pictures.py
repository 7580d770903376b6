"""What a core that is played holds of the lane's pictures, and what it answers."""

from __future__ import annotations

import hashlib

from wire.messages import PictureHeld, PictureOffered, PicturePart


def name_of(picture: bytes) -> str:
    """A picture's name: the hash of its bytes."""
    return hashlib.sha256(picture).hexdigest()


def held(offer: PictureOffered, offset: int, state: str = "part", detail: str = "") -> PictureHeld:
    """The answer to an offer, or to a part under it."""
    return PictureHeld(
        lane=offer.lane,
        offer=offer.offer,
        picture=offer.picture,
        offset=offset,
        state=state,  # type: ignore[arg-type]
        detail=detail,
    )


class Album:
    """The pictures, in memory.

    Attributes:
        whole: by name, those whose bytes are all here and have that name.
        wrong: the names of those whose bytes did not; such a one is refused from then on.
    """

    def __init__(self) -> None:
        self.whole: dict[str, bytes] = {}
        self.wrong: set[str] = set()
        self._parts: dict[str, bytes] = {}
        self._offer: PictureOffered | None = None

    def put_back(self, picture: str, begun: bytes = b"") -> None:
        """Of this picture no more is held than its first bytes."""
        self.whole.pop(picture, None)
        self._parts[picture] = begun

    def offered(self, offer: PictureOffered) -> PictureHeld:
        """From where on it is wanted."""
        self._offer = offer
        if offer.picture in self.wrong:
            return held(offer, 0, "refused", "its bytes do not have the hash that names it")
        if offer.picture in self.whole:
            return held(offer, offer.size, "whole")
        return held(offer, len(self._parts.get(offer.picture, b"")))

    def part(self, part: PicturePart) -> PictureHeld | None:
        """What is held with it; None where it belongs to no offer that is open."""
        offer = self._offer
        if offer is None or (offer.offer, offer.picture) != (part.offer, part.picture):
            return None
        begun = self._parts.get(part.picture, b"")
        if part.offset != len(begun) or len(begun) + len(part.data) > offer.size:
            return held(offer, len(begun))
        begun += part.data
        self._parts[part.picture] = begun
        return self._finished(offer, begun) if len(begun) == offer.size else held(offer, len(begun))

    def _finished(self, offer: PictureOffered, picture: bytes) -> PictureHeld:
        del self._parts[offer.picture]
        if name_of(picture) != offer.picture:
            self.wrong.add(offer.picture)
            return held(offer, 0, "refused", "its bytes do not have the hash that names it")
        self.whole[offer.picture] = picture
        return held(offer, offer.size, "whole")
