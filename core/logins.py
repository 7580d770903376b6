"""Logins of the core's machine, as the kernel knows them; what the environment says of them is nobody's proof."""

from __future__ import annotations

import os
import pwd


def login_of(uid: int) -> str:
    """The name of a user; `uid-1234` for one without."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def own_login() -> str:
    """The login that this process runs as."""
    return login_of(os.getuid())
