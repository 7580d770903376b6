"""Signing in: a password (Argon2id), a one-time code (TOTP, RFC 6238), and the lock after wrong tries.

Rules of this file: no store, no clock. An unknown name costs as much time as a wrong password. A code counts once: its step
is remembered, and none up to it counts again.
"""

from __future__ import annotations

import functools
import secrets

import msgspec
import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.model.refusals import CentreRefusal, refusal
from domain import times

LEAST = 12
"""Characters of a password, as at the lanes."""

LONGEST = 1_024
STEP_S = 30
DRIFT_STEPS = 1
"""A code of the step before or after counts: clocks and people are not exact."""

MOST_WRONG = 5
LOCKED_MS = 15 * times.MINUTE_MS


class SignInState(msgspec.Struct, frozen=True, kw_only=True):
    """What a store keeps of an account for signing in.

    Attributes:
        password: its Argon2id hash; "" where nobody signs in with it.
        secret: of the codes, base32.
        step: the last whose code counted.
        wrong: tries since the last right one.
        locked_until_ms: no try counts before, UTC ms.
    """

    password: str
    secret: str
    step: int = 0
    wrong: int = 0
    locked_until_ms: int = 0


def password_problem(name: str, password: str) -> CentreRefusal | None:
    """What is wrong with a new password."""
    if len(password) < LEAST:
        return refusal("password_short", least=LEAST)
    if name in password.casefold():
        return refusal("password_name")
    return None


def hashed(password: str) -> str:
    """The Argon2id hash of a password."""
    return _hasher().hash(password)


def is_password(password: str, known: str) -> bool:
    """Whether this is the password of a hash; "" for an account that has none. Tens of milliseconds in any case."""
    try:
        _hasher().verify(known or _decoy(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return bool(known)


def new_secret() -> str:
    """A secret for one-time codes, base32."""
    return pyotp.random_base32()


def secret_link(name: str, secret: str) -> str:
    """The address by which an authenticator takes a secret over."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=name, issuer_name="ROCARS")


def code_at(secret: str, at_ms: int) -> str:
    """The code of a moment."""
    return pyotp.TOTP(secret, interval=STEP_S).at(at_ms // 1000)


def step_of(code: str, state: SignInState, now_ms: int) -> int:
    """The step whose code this is, of those that count now; 0 for none."""
    if not state.secret:
        return 0
    codes = pyotp.TOTP(state.secret, interval=STEP_S)
    present = now_ms // (1000 * STEP_S)
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if step > state.step and secrets.compare_digest(codes.generate_otp(step).encode(), code.strip().encode()):
            return step
    return 0


def is_locked(state: SignInState, now_ms: int) -> bool:
    """Whether no try counts now."""
    return now_ms < state.locked_until_ms


def after_try(state: SignInState, *, step: int, now_ms: int) -> SignInState:
    """What is kept after a try: `step` is its code's, 0 where password or code was wrong."""
    if step:
        return msgspec.structs.replace(state, step=step, wrong=0, locked_until_ms=0)
    wrong = state.wrong + 1
    if wrong < MOST_WRONG:
        return msgspec.structs.replace(state, wrong=wrong)
    return msgspec.structs.replace(state, wrong=0, locked_until_ms=now_ms + LOCKED_MS)


@functools.cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@functools.cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_hex(16))
