"""A core's clauses: evidence pictures that a lane sends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from tools.conformance.clauses import Chapter, ClauseBroken, Unseen, must
from tools.conformance.fake_lane import LanePlayed
from tools.conformance.fake_pictures import name_of
from wire.codec import encode
from wire.messages import PictureHeld, PictureOffered, PicturePart

chapter: Chapter[LanePlayed] = Chapter("Pictures")

_PART = 1_000


def _made() -> bytes:
    """A picture: three parts, the last one shorter; never seen before."""
    return secrets.token_bytes(2 * _PART + 500)


def _offered(lane: LanePlayed, name: str, size: int) -> PictureHeld:
    """Offers a picture anew, and waits for the answer.

    Raises:
        Unseen: this core takes no pictures at all.
    """
    offer = PictureOffered(
        lane=lane.lane, offer=secrets.token_hex(8), picture=name, size=size, kind="stops", reason="conformance kit"
    )
    return _told(lane, offer.offer, offer, "an offer of a picture is not answered")


def _told(lane: LanePlayed, offer: str, body: PictureOffered | PicturePart, otherwise: str) -> PictureHeld:
    """Says it, and waits for the next answer under that offer."""
    start = lane.mark()
    lane.say(lane.topics.picture, body)

    def answers() -> list[PictureHeld]:
        return [one for one in lane.all_of(PictureHeld, start) if one.offer == offer]

    lane.until(answers, otherwise)
    return answers()[0]


def _wanted(lane: LanePlayed, picture: bytes) -> PictureHeld:
    """The offer of a new picture, taken."""
    answer = _offered(lane, name_of(picture), len(picture))
    if answer.state == "refused":
        raise Unseen(f"this core takes no picture: {answer.detail}")
    must((answer.state, answer.offset) == ("part", 0), f"of a new picture the core holds {answer.offset} bytes")
    return answer


def _part(lane: LanePlayed, under: PictureHeld, offset: int, data: bytes) -> PicturePart:
    return PicturePart(lane=lane.lane, offer=under.offer, picture=under.picture, offset=offset, data=data)


def _sent(lane: LanePlayed, under: PictureHeld, offset: int, data: bytes) -> PictureHeld:
    """Sends a part and waits for the answer."""
    return _told(lane, under.offer, _part(lane, under, offset, data), "a part of a picture is not answered")


def _portions(picture: bytes, since: int = 0) -> Iterator[tuple[int, bytes]]:
    for offset in range(since, len(picture), _PART):
        yield offset, picture[offset : offset + _PART]


def _finished(lane: LanePlayed, under: PictureHeld, picture: bytes, since: int = 0) -> None:
    """Sends what is missing; each answer says how much is held."""
    answer = under
    for offset, data in _portions(picture, since):
        must(answer.state == "part", f"a picture of which {offset} bytes were sent is {answer.state}")
        must(answer.offset == offset, f"{offset} bytes of a picture were sent, {answer.offset} are held")
        answer = _sent(lane, under, offset, data)
    must(answer.state == "whole", f"all bytes of a picture were sent, and it is {answer.state}: {answer.detail}")
    must(answer.offset == len(picture), f"a whole picture of {len(picture)} bytes is held up to {answer.offset}")


@chapter("C60", "A picture is taken part by part, each answered with how much is held, and is `whole` at the end.")
def taken(lane: LanePlayed) -> None:
    """Three parts."""
    picture = _made()
    _finished(lane, _wanted(lane, picture), picture)


@chapter("C61", "An offer is answered with how much of the picture is held: after a break the lane goes on from there.")
def resumed(lane: LanePlayed) -> None:
    """Two parts of three, then an offer of another name."""
    picture = _made()
    under = _wanted(lane, picture)
    for offset, data in list(_portions(picture))[:2]:
        _sent(lane, under, offset, data)
    again = _offered(lane, under.picture, len(picture))
    must(again.offset == 2 * _PART, f"{2 * _PART} bytes of a picture were taken; offered anew, {again.offset} are held")
    _finished(lane, again, picture, again.offset)


@chapter("C62", "A picture that is held already is `whole` at once, by its hash.")
def known(lane: LanePlayed) -> None:
    """Offered again."""
    picture = _made()
    _finished(lane, _wanted(lane, picture), picture)
    again = _offered(lane, name_of(picture), len(picture))
    must(again.state == "whole", f"a picture that is held is {again.state} when it is offered again")


@chapter("C63", "Bytes that do not have the hash that names them are never `whole`.")
def wrong_hash(lane: LanePlayed) -> None:
    """As many as were offered, but others; twice, since the core may ask for them again."""
    picture = _made()
    under = _wanted(lane, picture)
    for _ in range(2):
        answer = under
        for offset, data in _portions(_made()):
            answer = _sent(lane, under, offset, data)
        must(answer.state != "whole", "a picture with another hash than its name is held as whole")
        under = _offered(lane, name_of(picture), len(picture))
        must(under.state != "whole", "a picture with another hash than its name is held as whole, offered again")
        if under.state == "refused":
            return
        must(under.offset == 0, f"of a picture that was spoilt {under.offset} bytes are kept")


@chapter("C64", "A part that does not begin where the held bytes end is not taken.")
def misplaced(lane: LanePlayed) -> None:
    """Over a gap, and once more what is held already."""
    picture = _made()
    under = _wanted(lane, picture)
    (_, first), (place, second), _last = _portions(picture)
    answer = _sent(lane, under, place, second)
    must(answer.offset == 0, "a part over a gap was taken")
    _sent(lane, under, 0, first)
    answer = _sent(lane, under, 0, first)
    must(answer.offset == _PART, f"a part that came twice makes {answer.offset} bytes of {_PART}")
    _finished(lane, answer, picture, _PART)


@chapter("C65", "A part by another key, under another offer than the last, or naming another lane is not taken.")
def forged(lane: LanePlayed) -> None:
    """Each is the right one in all else."""
    picture = _made()
    under, topic = _wanted(lane, picture), lane.topics.picture
    (_, first), *_rest = _portions(picture)
    good = _part(lane, under, 0, first)
    lane.send(topic, lane.stranger.seal(topic, encode(good)))
    for field in ({"offer": secrets.token_hex(8)}, {"lane": "kit-other-lane"}):
        plain = {name: getattr(good, name) for name in good.__struct_fields__}
        lane.say(topic, PicturePart(**(plain | field)))
    lane.quiet()
    again = _offered(lane, under.picture, len(picture))
    if again.offset:
        raise ClauseBroken(
            f"{again.offset} bytes of a picture were taken that this lane did not send under an open offer"
        )
    _finished(lane, again, picture)
