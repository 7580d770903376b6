"""One read from what the pictures of a visit say: a vote for each character, then the grammar (domain §3, design §5).

Rules of this file: pure functions over votes; nothing here releases anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.lettering import lettering
from domain.marks import HONG_KONG, Family, family, half_of_plate, normalise


@dataclass(frozen=True, slots=True)
class Vote:
    """What one frame says of one plate: the text, the confidence of each character (0 to 1), and whose plate it is.

    Attributes:
        text, chances: what is read, and how surely each character.
        mainland: colour and grammar say that it is no Hong Kong plate; such a vote never counts for the VRN.
        rows: how many characters each row of the plate has, the upper first; empty where that is not known.
        beside: a Mainland plate hangs with it, and a second look surely sees a plate: it is a vehicle's, and no lettering.
    """

    text: str
    chances: tuple[float, ...]
    mainland: bool = False
    rows: tuple[int, ...] = ()
    beside: bool = False


NOT_SEEN = Vote("", ())
"""What a picture says in which the plate that was seen before is not found."""
SURE = 0.9
"""Confidence that each character needs in each of the pictures that agree (`docs/anpr.md`: how chosen)."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How much agreement a settled read needs (lessons 1-3: minimum character, not mean; consensus, then grammar).

    Attributes:
        frames: frames that must agree on every character.
        whole: of these, frames that must have said the whole text.
        character: a character below this confidence is no agreement, and nothing settles below it, dissent counted.
        share: of all weight given at a position, the part that must be for the winner.
        present: of the pictures since a Hong Kong plate was first found, the part that must show one. A plate that is
            there is found nearly always; a badge or a lamp that passes for one, now and then.
        dissent: lowest confidence of a whole text that says otherwise after a read has settled (`contradicted`).
        personal_frames: frames that must show a mark of no other form than the personalised one, which nearly every
            text has: whole, on a plate that hangs with a Mainland plate,
        personal: and with each character as sure as this.
    """

    frames: int = 3
    whole: int = 2
    character: float = SURE
    share: float = 0.8
    present: float = 0.6
    dissent: float = 0.5
    personal_frames: int = 6
    personal: float = 0.97


@dataclass(frozen=True, slots=True)
class Settled:
    """The frames of a visit agree. `confidence` is the lowest of any character, dissent counted."""

    vrn: str
    mainland: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Unsettled:
    """They do not, and why; `candidates` are what was said, most supported first, for the officer only."""

    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Consensus:
    text: str
    confidence: float
    share: float
    agreeing: int
    whole: int


def settle(votes: Sequence[Vote], law: Thresholds = Thresholds()) -> Settled | Unsettled:
    """One text from the votes of a visit, or the reason why there is none.

    At most one vote a frame for each of the two plates, `NOT_SEEN` where the Hong Kong one is missing. Order does not
    matter. Every character is voted on by itself; the winner must be a Hong Kong mark by its form, every character of it
    agreed on, and it must be proved to be the whole of a vehicle's mark. Lettering, and one row of a plate whose two rows
    other pictures show, count as pictures in which it is not seen.
    """
    texts = [_plain(vote) for vote in votes if not vote.mainland and vote.text]
    ours = _marks(texts)
    if not ours:
        return _nothing(texts, votes)
    pictures = sum(not vote.mainland for vote in votes)
    if len(ours) < law.present * pictures:
        return Unsettled(f"a Hong Kong plate in {len(ours)} of {pictures} pictures only", _candidates(ours))
    found = _consensus(ours, law)
    candidates = _candidates(ours)
    if lacking := _lacking(found, candidates, law) or _unproven(found.text, ours, law):
        return Unsettled(lacking, candidates)
    return Settled(found.text, _witness(votes, law), found.confidence)


def contradicted(votes: Sequence[Vote], vrn: str, law: Thresholds = Thresholds()) -> tuple[str, ...]:
    """What the pictures since `vrn` settled say instead, most supported first; empty while they confirm it.

    As many pictures as a read needs must say otherwise, each with some confidence, and together weigh more than the dissent
    that a read allows. This catches a mark that settled far away, or before a drop ran down the lens.
    """
    since = [_plain(vote) for vote in votes if not vote.mainland and vote.text and not lettering(vote.text)]
    others = [vote for vote in since if vote.text != vrn and not _row_of(vote, vrn) and _weight(vote) >= law.dissent]
    allowed = (1 - law.share) * math.fsum(_weight(vote) for vote in since)
    if len(others) < law.frames or math.fsum(_weight(vote) for vote in others) <= allowed:
        return ()
    return _candidates(others)


def _lacking(found: _Consensus, candidates: tuple[str, ...], law: Thresholds) -> str:
    """What the consensus lacks to count as a read, "" if nothing."""
    if family(found.text) not in HONG_KONG:
        return f"{found.text} is no Hong Kong mark"
    if found.share < law.share:
        return f"frames disagree: {', '.join(candidates[:3])}"
    if found.agreeing < law.frames or found.whole < law.whole:
        return f"{found.agreeing} of {law.frames} needed frames are sure of {found.text}"
    if found.confidence < law.character:
        return f"{found.text} at {found.confidence:.2f}, needed is {law.character:.2f}"
    return ""


def _marks(texts: list[Vote]) -> list[Vote]:
    """Without lettering, and without the one row of a plate of which other pictures show both."""
    ours = [vote for vote in texts if not lettering(vote.text)]
    longer = {vote.text for vote in ours if not half_of_plate(vote.text, vote.rows)}
    return [vote for vote in ours if vote.text in longer or not any(_row_of(vote, text) for text in longer)]


def _row_of(vote: Vote, text: str) -> bool:
    """Whether the vote may be one row of the plate that bears `text`."""
    return half_of_plate(vote.text, vote.rows) and (text.startswith(vote.text) or text.endswith(vote.text))


def _nothing(texts: list[Vote], votes: Sequence[Vote]) -> Unsettled:
    """Why there is no mark where no vote has one."""
    if texts:
        candidates = _candidates(texts)
        return Unsettled(f"{candidates[0]} is {lettering(candidates[0])}, not a mark", candidates)
    return Unsettled("no Hong Kong plate seen" if votes else "no plate seen")


def _unproven(text: str, votes: list[Vote], law: Thresholds) -> str:
    """What proof is missing that the text is the whole mark of a vehicle (design §2.17); "" for none."""
    same = [vote for vote in votes if vote.text == text]
    if sum(not half_of_plate(text, vote.rows) for vote in same) < law.frames:
        row = "lower row of a plate whose upper" if text.isdigit() else "upper row of a plate whose lower"
        return f"{text} may be the {row} one is not seen"
    if family(text) is not Family.PERSONALISED:
        return ""
    proven = sum(vote.beside and _weight(vote) >= law.personal for vote in same)
    if proven < law.personal_frames:
        return f"{text} may be lettering: {proven} of {law.personal_frames} needed frames show it surely on a vehicle's plate"
    return ""


def _plain(vote: Vote) -> Vote:
    """The vote in comparison form; one whose confidences do not fit its text is worth nothing."""
    text = normalise(vote.text)
    chances = vote.chances if len(vote.chances) == len(text) else (0.0,) * len(text)
    return replace(vote, text=text, chances=chances)


def _weight(vote: Vote) -> float:
    return min(vote.chances, default=0.0)


def _candidates(votes: list[Vote]) -> tuple[str, ...]:
    support: dict[str, float] = {}
    for vote in votes:
        support[vote.text] = support.get(vote.text, 0.0) + _weight(vote)
    return tuple(sorted(support, key=lambda text: (-support[text], text))[:5])


def _consensus(votes: list[Vote], law: Thresholds) -> _Consensus:
    """The winner position by position among the votes of the best-supported length; other lengths are dissent."""
    lengths: dict[int, float] = {}
    for vote in votes:
        lengths[len(vote.text)] = lengths.get(len(vote.text), 0.0) + _weight(vote)
    length = max(lengths, key=lambda n: (lengths[n], n))
    peers = [vote for vote in votes if len(vote.text) == length]
    dissent = sum(weight for n, weight in lengths.items() if n != length)
    places = [_place(peers, place, dissent, law) for place in range(length)]
    text = "".join(char for char, _, _, _ in places)
    whole = sum(1 for vote in peers if vote.text == text and _weight(vote) >= law.character)
    return _Consensus(
        text,
        min((round(mean * share, 4) for _, mean, share, _ in places), default=0.0),
        min((share for _, _, share, _ in places), default=0.0),
        min((agreeing for _, _, _, agreeing in places), default=0),
        whole,
    )


def _place(peers: list[Vote], place: int, dissent: float, law: Thresholds) -> tuple[str, float, float, int]:
    """At one position: the winner, its mean confidence, its share of all weight, how many frames are sure of it."""
    said: dict[str, list[float]] = {}
    for vote in peers:
        said.setdefault(vote.text[place], []).append(vote.chances[place])
    weights = {char: math.fsum(chances) for char, chances in said.items()}
    winner = max(weights, key=lambda char: (weights[char], char))
    sure = [chance for chance in said[winner] if chance >= law.character]
    share = weights[winner] / max(1e-9, math.fsum(weights.values()) + dissent)
    return winner, math.fsum(sure) / max(1, len(sure)), share, len(sure)


def _witness(votes: Sequence[Vote], law: Thresholds) -> str | None:
    """The Mainland plate, where the frames agree on one; it is a second witness and never needed for a read."""
    theirs = [_plain(vote) for vote in votes if vote.mainland and vote.text]
    if not theirs:
        return None
    found = _consensus(theirs, law)
    agreed = found.share >= law.share and min(found.agreeing, found.whole) >= law.whole
    return found.text if agreed and family(found.text) in {Family.CROSS_BORDER, Family.MAINLAND} else None
