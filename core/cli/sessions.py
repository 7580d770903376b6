"""What a command knows of the person at the keyboard: the session they began, and their language."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from core.errors import CoreSettingsError
from core.model.refusals import FormLanguage

SESSION_FILE = "ROCARS_CORE_SESSION"
LANGUAGE = "ROCARS_LANGUAGE"


def session_file() -> Path:
    """Where the token of a session is kept, for the commands that follow."""
    named = os.environ.get(SESSION_FILE)
    if named:
        return Path(named)
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return Path(folder) / "rocars-core.session" if folder else Path.home() / ".rocars-core-session"


def kept_session() -> str:
    """The token of the session that was begun here; "" for none."""
    try:
        return session_file().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def keep_session(token: str) -> None:
    """Keeps a token, readable by this login alone; "" throws it away.

    Raises:
        CoreSettingsError: the file cannot be written.
    """
    file = session_file()
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
    if not token:
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CoreSettingsError(
            f"{file}: cannot be written ({error.strerror}); name another with {SESSION_FILE}"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as kept:
        kept.write(token)


def language() -> FormLanguage:
    """The language in which refusals and advice are told (`ROCARS_LANGUAGE`: en, zh-Hant or zh-Hans).

    Raises:
        CoreSettingsError: it is none of them.
    """
    named = os.environ.get(LANGUAGE, FormLanguage.ENGLISH)
    try:
        return FormLanguage(named)
    except ValueError:
        raise CoreSettingsError(f"{LANGUAGE}={named}: is none of {', '.join(FormLanguage)}") from None
