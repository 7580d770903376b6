"""What the centre may order of a lane (`messages.Command`): each command's arguments, and what it does.

The lane judges by this table (`sync.link.commands`), the core's command line lists it, and the contract prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

ARGUMENTS = ("visit", "text", "revert_ms", "picture", "journal", "first", "last")
"""The fields of a `Command` that say what exactly is ordered; one that is empty, or 0, is not given."""


@dataclass(frozen=True, slots=True)
class CommandForm:
    """One command.

    Attributes:
        does: what it does, in words for the contract.
        needs: arguments without which it is refused.
        may: arguments that it takes besides; any other is refused.
    """

    does: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


COMMANDS = {
    "manual": CommandForm("manual mode; it ends by itself after revert_ms, or an hour", may=("text", "revert_ms")),
    "automatic": CommandForm("ends manual mode that was set from afar", may=("text",)),
    "open": CommandForm("opens the lane, as an officer there would"),
    "close": CommandForm("closes the lane between visits, as an officer there would", needs=("text",)),
    "answered": CommandForm("the help call was answered", may=("text", "visit")),
    "message": CommandForm("words for the officer at the lane", needs=("text",), may=("visit",)),
    "notice": CommandForm(
        "a line below the panel's message: `text` is its name in the fixed list, or none; for revert_ms, or two minutes; half an hour "
        "at most, and no longer than the visit",
        needs=("text",),
        may=("visit", "revert_ms"),
    ),
    "release_visit": CommandForm(
        "as an officer at the lane, with the lane's own checks, and only while fresh", needs=("visit", "text")
    ),
    "inspect_visit": CommandForm("sends the vehicle to the compound", needs=("visit", "text")),
    "restart_reader": CommandForm("ends the reader's process, which is started anew", may=("text",)),
    "take_alarm": CommandForm("the issuer deals with an alarm of the lane: kind/visit/cause", needs=("text",)),
    "close_alarm": CommandForm(
        "the issuer ends an alarm of the lane: kind/visit/cause, a bar, and what became of it", needs=("text",)
    ),
    "upload": CommandForm("sends an evidence picture", needs=("picture",), may=("text",)),
    "fetch": CommandForm("sends journal rows again", needs=("journal", "first", "last"), may=("text",)),
}
