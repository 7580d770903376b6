"""Small words that several generated pages share."""

from __future__ import annotations


def hours_or_minutes(ms: int) -> str:
    """A duration as people say it.

    >>> hours_or_minutes(300_000)
    '5 minutes'
    """
    minutes = ms // 60_000
    hours, left = divmod(minutes, 60)
    return f"{hours} hour{'s' if hours > 1 else ''}" if hours and not left else f"{minutes} minutes"
