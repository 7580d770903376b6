"""The stated parts of the proof: every pair of disturbances of the ordinary course, and special courses one by one.

One search over all letters at once would have too many states to visit; the slices state what is covered instead. In
all of them a vehicle may come, be read, be cleared, wait for ever or drive off at any moment.
"""

from __future__ import annotations

from itertools import combinations

from domain.crossing import Direction
from lane_agent.model import Policy
from tools.proof.answers import MEANINGS
from tools.proof.search import Slice

ORDINARY = ("pass", "immigration", "read", "limits")
SLOWLY = ("drive", "immigration", "read", "limits")
"""The ordinary course, with every moment of driving off apart."""

DISTURBANCES = (
    "referral",
    "unladen",
    "plates",
    "tailgating",
    "officer",
    "link",
    "camera",
    "help",
    "doors",
    "modes",
    "changes",
    "restart",
    "screens",
)
"""Every two of these are proved together."""


def _pair(one: str, other: str) -> Slice:
    both = (one, other)
    answers: tuple[str, ...] = ("live", "approved") if "unladen" in both else ("live", "hold")
    if "screens" in both and "officer" not in both and "changes" not in both:
        answers = answers[:1]  # what the screens do to 4 is proved with those two
    return Slice(f"{one} and {other}", (*ORDINARY, *both), answers, late_screens="screens" in both)


PAIRS: tuple[Slice, ...] = tuple(_pair(one, other) for one, other in combinations(DISTURBANCES, 2))

FULL = Policy(manifest_sensor=True, compound_loop=True, unseen_limit=2)
OUTBOUND = Policy(direction=Direction.OUTBOUND, unseen_limit=2)
PATIENT = Policy(held_up_ms=120_000, unseen_limit=2)
"""A lane that lets 3 wait for the queue in front."""
REQUIRED = Policy(identifier_required=True, unseen_limit=2)

HELD_UP: tuple[Slice, ...] = tuple(
    Slice(f"held up and {one}", (*ORDINARY, "held up", one), ("live",), PATIENT, late_screens=one == "screens")
    for one in (*DISTURBANCES, "bypass exit", "way out", "doubted", "others", "older")
)
"""A 3 over its time, with each disturbance."""

SPECIAL: tuple[Slice, ...] = (
    Slice("every record", (*ORDINARY, "unladen"), tuple(MEANINGS)),
    Slice("every record, lenient", (*ORDINARY, "unladen"), tuple(MEANINGS), Policy(other_point_accepted=True)),
    Slice(
        "every record changing",
        (*ORDINARY, "changes"),
        ("live", "early", "unknown", "empty", "live+mixed", "elsewhere-inspect"),
    ),
    Slice("every record, manifest", (*ORDINARY, "unladen", "drop_box"), ("live", "approved", "nothing", "hold"), FULL),
    Slice("manifest and help", (*ORDINARY, "drop_box", "help"), ("live",), FULL),
    Slice("manifest and officer", (*ORDINARY, "drop_box", "officer"), ("live",), FULL),
    Slice("driving off", (*SLOWLY, "officer"), ("live", "hold")),
    Slice("driving off, held up", (*SLOWLY, "held up"), ("live",), PATIENT),
    Slice("driving off, compound", (*SLOWLY, "compound", "officer"), ("hold", "live"), FULL),
    Slice("driving off, help", (*SLOWLY, "help"), ("live",)),
    Slice("driving off, doors and faults", (*SLOWLY, "doors", "camera"), ("live",)),
    Slice("driving off, second vehicle", (*SLOWLY, "tailgating", "changes"), ("live", "hold")),
    Slice("driving off, restart", (*SLOWLY, "restart"), ("live",)),
    Slice("marks and officer", (*ORDINARY, "marks", "officer"), ("live", "hold")),
    Slice("marks and plates", (*ORDINARY, "marks", "plates"), ("live", "nothing")),
    Slice("witness", (*ORDINARY, "witness", "unladen"), ("live+approved", "approved", "approved-bare", "live")),
    Slice("witness and officer's mark", (*ORDINARY, "witness", "plates", "officer"), ("live+approved",)),
    Slice(
        "neighbours", (*ORDINARY, "plates", "unladen"), ("live+near-held", "approved+near-held", "live+near-bundled")
    ),
    Slice("neighbouring marks", (*ORDINARY, "near marks", "unladen"), ("live", "approved")),
    Slice("neighbouring marks, identifier required", (*ORDINARY, "near marks", "plates"), ("live",), REQUIRED),
    Slice(
        "outbound lane",
        (*ORDINARY, "unladen"),
        ("live", "opposite", "opposite-inspect", "live+opposite", "hold"),
        OUTBOUND,
    ),
    Slice("way out occupied", (*ORDINARY, "way out", "unladen"), ("live", "approved")),
    Slice("manual and referral", (*ORDINARY, "modes", "referral", "officer"), ("live",)),
    Slice("stuck lines and typed marks", (*ORDINARY, "stuck", "plates"), ("live",)),
    Slice("two identifiers", (*ORDINARY, "marks", "sources"), ("live", "hold")),
    Slice("identifier required", (*ORDINARY, "plates", "marks", "unladen"), ("live", "approved", "hold"), REQUIRED),
    Slice("identifier required, officer", (*ORDINARY, "marks", "officer"), ("live", "hold"), REQUIRED),
    Slice("identifier required, lost", (*ORDINARY, "marks", "identifier", "help"), ("live",), REQUIRED),
    Slice("identifier required, link", (*ORDINARY, "marks", "link"), ("live",), REQUIRED),
    Slice("read doubted, plates and officer", (*ORDINARY, "doubted", "plates", "officer"), ("live", "hold")),
    Slice("read doubted, unladen and help", (*ORDINARY, "doubted", "unladen", "help"), ("live", "approved")),
    Slice("read doubted, link and restart", (*ORDINARY, "doubted", "link", "restart"), ("live",)),
    Slice("read doubted, driving off", (*SLOWLY, "doubted", "changes"), ("live", "hold")),
    Slice("unread and officer", (*ORDINARY, "unread", "plates", "officer"), ("live", "hold")),
    Slice("store and officer", (*ORDINARY, "store", "officer"), ("live", "hold")),
    Slice("store and help", (*ORDINARY, "store", "help"), ("live",)),
    Slice("store and camera", (*ORDINARY, "store", "camera"), ("live",)),
    Slice("code book fails", (*ORDINARY, "codes", "officer"), ("live", "hold"), doubtful=True),
    Slice("code book and link", (*ORDINARY, "link", "codes", "verified"), ("live", "nothing"), doubtful=True),
    Slice("early and officer", (*ORDINARY, "officer", "unladen"), ("early", "elsewhere", "early+approved", "nothing")),
    Slice("early and help", (*ORDINARY, "help"), ("early", "elsewhere", "nothing")),
    Slice("voice", (*ORDINARY, "help", "voice"), ("live", "nothing")),
    Slice("voice, driving off", (*SLOWLY, "help", "voice"), ("live",)),
    Slice("voice and officer", (*ORDINARY, "help", "voice", "officer"), ("live",)),
    Slice("help held", (*SLOWLY, "help", "help held"), ("live", "nothing")),
    Slice("help held and officer", (*ORDINARY, "help held", "officer"), ("live",)),
    Slice("safe faces", (*ORDINARY, "fallback", "screens", "officer"), ("live",), late_screens=True),
    Slice("stuck lines", (*ORDINARY, "stuck", "officer", "unladen"), ("live", "approved")),
    Slice("stuck lines and restart", (*ORDINARY, "stuck", "restart"), ("live", "hold")),
    Slice("bypass", (*ORDINARY, "modes", "bypass"), ("live",)),
    Slice("bypass, way out", (*SLOWLY, "modes", "bypass exit"), ("live",)),
    Slice("bypass and officer", ("drive", "immigration", "modes", "bypass", "officer"), ("live",)),
    Slice("from the start", (*ORDINARY, "doors", "link", "verified"), ("live",), live=False),
    Slice("inputs of others", (*ORDINARY, "others", "older", "late", "officer"), ("live", "hold")),
    Slice("inputs of others, compound", (*SLOWLY, "others", "late", "compound", "drop_box"), ("live", "hold"), FULL),
    Slice("unnamed and help", (*ORDINARY, "unnamed", "help"), ("live",)),
    Slice("unnamed, doors and modes", (*ORDINARY, "unnamed", "doors", "modes"), ("live",)),
    Slice("Immigration's debt", (*ORDINARY, "referral", "debt", "officer"), ("live", "hold")),
    Slice("terminal, plates and officer", ("pass", "read", "limits", "terminal", "plates", "officer"), ("live",)),
    Slice("terminal, marks", ("pass", "read", "limits", "terminal", "marks"), ("live",)),
    Slice("terminal and contacts, debt", (*ORDINARY, "terminal", "debt"), ("live",)),
    Slice(
        "terminal, unproved", ("pass", "read", "limits", "terminal", "terminal, unproved", "debt"), ("live", "approved")
    ),
    Slice("terminal, late and restart", ("pass", "read", "limits", "terminal", "terminal, late", "restart"), ("live",)),
    Slice(
        "terminal, identifier required",
        ("pass", "read", "limits", "terminal", "unladen"),
        ("live", "approved"),
        REQUIRED,
    ),
    Slice("terminal, driving off", ("drive", "read", "limits", "terminal", "debt"), ("live",)),
    Slice("drop-in box unusable", (*ORDINARY, "unladen", "drop_box", "box"), ("live", "approved"), FULL),
    Slice("drop-in box unusable, officer", (*ORDINARY, "drop_box", "box", "officer"), ("live",), FULL),
    Slice("telltales", (*ORDINARY, "telltales"), ("live",)),
    Slice("Immigration's debt, restart", (*ORDINARY, "debt", "restart"), ("live",)),
    Slice("an order too late", (*ORDINARY, "lapse", "officer"), ("live",), late_screens=True),
    Slice("claims and officer", (*ORDINARY, "claims", "officer", "changes"), ("live", "hold"), late_claims=True),
    Slice("claims, two bundles", (*ORDINARY, "claims", "changes"), ("live", "live+several"), late_claims=True),
    Slice("claims, driving off", (*SLOWLY, "claims", "officer"), ("live",), late_claims=True),
    Slice("claims, link and restart", (*ORDINARY, "claims", "link", "restart"), ("live",), late_claims=True),
    Slice("claims, unladen and plates", (*ORDINARY, "claims", "unladen", "plates"), ("live",), late_claims=True),
    Slice("claims, doors and faults", (*ORDINARY, "claims", "doors", "camera"), ("live",), late_claims=True),
    Slice("claims, help and referral", (*ORDINARY, "claims", "help", "referral"), ("live",), late_claims=True),
    Slice("claims, others", (*ORDINARY, "claims", "others", "older"), ("live", "hold"), late_claims=True),
    Slice("late answers", (*ORDINARY, "changes", "officer"), ("live", "hold"), late_answers=True),
    Slice("late answers, help", (*ORDINARY, "help", "officer", "referral"), ("live",), late_answers=True),
    Slice("late answers, others", (*ORDINARY, "others", "older", "codes"), ("live", "hold"), late_answers=True),
)

SLICES: tuple[Slice, ...] = PAIRS + HELD_UP + SPECIAL
