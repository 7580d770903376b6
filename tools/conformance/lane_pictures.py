"""A lane's clauses: evidence pictures on the way to the core."""

from __future__ import annotations

import secrets

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_pictures import held
from tools.conformance.lane_events import filled
from wire.codec import encode
from wire.messages import Command, PictureHeld, PictureOffered, PicturePart

chapter: Chapter[CorePlayed] = Chapter("Pictures")


def _order(core: CorePlayed, picture: str) -> Command:
    """The lane is asked for a picture, and has answered."""
    core.next_nonce()
    command = core.command("upload", picture=picture, text="conformance kit")
    core.say(core.topics.command, command)
    core.until(lambda: core.replies(command), "a command for a picture is not answered")
    return command


def _asked(core: CorePlayed, begun: bytes = b"") -> str:
    """The picture that the kit was told of is asked for anew; the core holds no more than its beginning."""
    picture = core.needed_picture()
    core.album.put_back(picture, begun)
    outcome = core.replies(_order(core, picture))[0]
    must(outcome.outcome == "done", f"a command for picture {picture} was refused: {outcome.detail}")
    return picture


def _whole(core: CorePlayed, picture: str) -> bytes:
    core.until(lambda: picture in {*core.album.whole, *core.album.wrong}, "the picture does not come in whole")
    must(picture in core.album.whole, "the bytes that came do not have the hash that names the picture")
    return core.album.whole[picture]


def _parts(core: CorePlayed, picture: str, since: int) -> list[PicturePart]:
    return [part for part in core.all_of(PicturePart, since) if part.picture == picture]


def _offer(core: CorePlayed, picture: str, since: int) -> PictureOffered:
    """The lane's offer of a picture, unanswered."""

    def offers() -> list[PictureOffered]:
        return [offer for offer in core.all_of(PictureOffered, since) if offer.picture == picture]

    core.until(offers, "a picture that was asked for is not offered")
    return offers()[-1]


def _answer(core: CorePlayed, answer: PictureHeld) -> None:
    core.say(core.topics.picture_held, answer)


@chapter(
    "L90", "A picture that the core asks for comes part by part, has the hash that names it, and is done at `whole`."
)
def comes(core: CorePlayed) -> None:
    """From the first byte to the last, and nothing afterwards."""
    start = core.mark()
    picture = _asked(core)
    whole = _whole(core, picture)
    must(_offer(core, picture, start).size == len(whole), "a picture was offered with another size than it has")
    core.heard_out()
    after = core.mark()
    core.next_nonce(2)
    said = [one.body for one in core.said[after:] if getattr(one.body, "picture", "") == picture]
    must(not said, "after the core said that it holds the whole picture, the lane says more of it")


@chapter("L91", "The lane goes on from the byte up to which the core says that it holds a picture.")
def resumed(core: CorePlayed) -> None:
    """The core has half of it already."""
    picture = _asked(core)
    whole = _whole(core, picture)
    half = len(whole) // 2
    start = core.mark()
    _asked(core, whole[:half])
    core.until(lambda: _parts(core, picture, start), "no part of a picture comes")
    first = _parts(core, picture, start)[0]
    must(first.offset == half, f"the core holds {half} bytes, and the lane sends from byte {first.offset} on")
    must(_whole(core, picture) == whole, "a picture that was asked for twice is not the same")


@chapter("L92", "After a part the lane waits until the core has said how much it holds.")
def one_at_a_time(core: CorePlayed) -> None:
    """The first part is not answered."""
    core.collecting, start = False, core.mark()
    picture = _asked(core)
    _answer(core, held(_offer(core, picture, start), 0))
    core.until(lambda: _parts(core, picture, start), "no part of a picture comes")
    core.heard_out()
    core.next_nonce()
    parts = _parts(core, picture, start)
    must(len(parts) == 1, f"{len(parts)} parts came, and the first was not answered")
    core.collecting = True
    _whole(core, picture)


@chapter("L93", "An answer by another key, or to another offer than the open one, says nothing of a picture.")
def forged(core: CorePlayed) -> None:
    """Each says that the whole picture is held; a lane that believes it offers it no more."""
    core.collecting, start = False, core.mark()
    picture = _asked(core)
    offer, topic = _offer(core, picture, start), core.topics.picture_held
    good = held(offer, offer.size, "whole")
    core.send(topic, core.stranger.seal(topic, encode(good)))
    _answer(core, PictureHeld(lane=core.lane, offer=secrets.token_hex(8), picture=picture, offset=0, state="whole"))
    core.heard_out()
    core.collecting = True
    core.until(lambda: picture in core.album.whole, "a forged answer was believed: the picture is not sent any more")


@chapter("L94", "A command for a picture that the lane does not have is refused, and answered so.")
def unknown(core: CorePlayed) -> None:
    """A name that nothing has."""
    (reply, *_) = core.replies(_order(core, secrets.token_hex(32)))
    must(reply.outcome == "refused", "the lane says that it sends a picture that it cannot have")
    must(reply.detail, "refused without a reason")


@chapter("L95", "While rows of the journal wait to be sent, no part of a picture is sent.")
def after_events(core: CorePlayed) -> None:
    """The window is full, and nothing is acknowledged for a while."""
    core.needed_picture()
    filled(core)
    start = core.mark()
    picture = _asked(core)
    core.heard_out()
    core.next_nonce()
    must(not _parts(core, picture, start), "a part of a picture was sent while rows waited")
    core.acknowledging = True
    core.settle()
    _whole(core, picture)
