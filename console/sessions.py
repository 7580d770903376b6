"""Who is logged in: random tokens kept in this process only, so a restart of the box logs everybody out.

Rules of this file: the cookie is a random token and nothing else; only its digest is kept. A session that is idle is
*locked* (it may watch, and asks for the password before it acts: a help call must not ring on a page that logged itself
out); a session past the length of a shift is gone.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from console.officers import OfficerRole
from console.ports import Ticks

MOST = 64
"""Sessions kept at once; the one idle longest goes first. A lane has a handful of pages."""


@dataclass(slots=True)
class Session:
    """One login.

    Attributes:
        officer: whose; of a person whom a wall brought, `login@wall`.
        fingerprint: the officer's at login, or the wall's key's.
        began_ms, active_ms: ticks.
        role: as the wall gave it; None where the officers' file says it.
    """

    officer: str
    fingerprint: str
    csrf: str
    began_ms: int
    active_ms: int
    role: OfficerRole | None = None


@dataclass(slots=True)
class Sessions:
    """Every session of this page."""

    ticks: Ticks
    idle_ms: int
    shift_ms: int
    _open: dict[str, Session] = field(default_factory=dict)

    def open(self, officer: str, fingerprint: str, role: OfficerRole | None = None) -> str:
        """Begins a session and returns its token."""
        token = secrets.token_urlsafe(32)
        now = self.ticks()
        while len(self._open) >= MOST:
            self._open.pop(min(self._open, key=lambda key: self._open[key].active_ms))
        self._open[_digest(token)] = Session(officer, fingerprint, secrets.token_urlsafe(32), now, now, role)
        return token

    def find(self, token: str) -> Session | None:
        """The session of this token; None if there is none or its shift is over."""
        session = self._open.get(_digest(token))
        if session is not None and self.ticks() - session.began_ms >= self.shift_ms:
            self.close(token)
            return None
        return session

    def locked(self, session: Session) -> bool:
        """Whether the session has been idle for too long to act."""
        return self.ticks() - session.active_ms >= self.idle_ms

    def touch(self, session: Session) -> None:
        """Notes that the officer is there; a locked session stays locked."""
        if not self.locked(session):
            session.active_ms = self.ticks()

    def lock(self, session: Session) -> None:
        """The officer leaves the page for a while."""
        session.active_ms = self.ticks() - self.idle_ms

    def unlock(self, session: Session) -> None:
        """The officer has given the password again."""
        session.active_ms = self.ticks()

    def close(self, token: str) -> None:
        """Ends a session; unknown tokens are no error."""
        self._open.pop(_digest(token), None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
