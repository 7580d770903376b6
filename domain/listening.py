"""Listening at a kiosk without talking: why it cannot be, and why it ended. Words that both ends of the page's line know."""

from __future__ import annotations

from enum import StrEnum


class ListenRefusal(StrEnum):
    """Why nobody can listen now; the value is what the page's line carries."""

    OFF = "off"  # the site does not allow it
    HIDDEN = "hidden"  # the panel's message may not carry the line that says so
    PANEL = "panel"  # the panel does not confirm that it says so
    TAKEN = "taken"  # another officer listens
    ANSWERED = "answered"  # a call is answered, into which only a supervisor may listen
    VOICE = "voice"  # the voice process does not run, or cannot
    RECORD = "record"  # the journal has not taken its row


class ListenEnd(StrEnum):
    """Why it ended; the value is what the journal says."""

    OFFICER = "ended by the officer"
    LOCKED = "the page locked itself"
    PAGE = "the page is gone"
    ANSWERED = "the call was answered"
    HIDDEN = "the panel can no longer say so"
    LIMIT = "it was as long as it may be"
    VOICE = "the voice process ended it"
    RECORD = "the journal did not take it"
    AGENT = "the agent ended meanwhile"
