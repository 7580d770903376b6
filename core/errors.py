"""Everything the core can complain about, split by who must act.

CoreError
├── RefusedError             the trader, driver or officer: the request breaks a rule; nothing was changed
├── CoreSettingsError        the technician: a configuration, key or store is not usable
├── HistoryError             the technician: the stored log contradicts its own hashes; nothing is published from it
└── CoreUnreachableError     the technician: no core answers on the operators' socket (`admin`)

What a lane sends wrongly is no exception: it is refused, counted and an alarm (`link`, `intake`).
"""

from __future__ import annotations

from core.model.refusals import CentreRefusal, FormLanguage


class CoreError(Exception):
    """The root of the tree; the message tells its reader what to do."""


class RefusedError(CoreError, ValueError):
    """A request breaks one or more rules; nothing was changed.

    Attributes:
        refusals: one for each broken rule, in the order of the form; a plain sentence where only our own people ask.
        problems: the same as sentences in English.
    """

    def __init__(self, *problems: str | CentreRefusal) -> None:
        self.refusals = problems
        self.problems = tuple(map(str, problems))
        super().__init__("; ".join(self.problems))

    def told(self, language: FormLanguage) -> tuple[str, ...]:
        """The sentences in a language, as far as they are there in it."""
        return tuple(one.text(language) if isinstance(one, CentreRefusal) else one for one in self.refusals)


class CoreSettingsError(CoreError, ValueError):
    """A configuration, key file or store cannot be used.

    Attributes:
        problems: one line each: file, key, what is wrong and the remedy.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class HistoryError(CoreError, RuntimeError):
    """The stored log and its hashes disagree."""
