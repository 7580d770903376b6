"""Hostile messages: random bytes, and honest messages spoilt at the level of envelope, body or field. Same seed, same ones.

Rules of this file:
- None of them is one that its reader should act on: not signed by the right key for that topic, or signed but not
  what the contract allows, or of the past (`HostileSample.stale`).
- What is drawn is only bytes and a topic; who reads them is the caller's (`fuzz`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from wire.codec import encode
from wire.envelope import LIMIT, Signer

DEPTH = 20_000
RETAINED = "retained"
_NAMES = ("type", "lane", "kid", "body", "sig", "nonce", "version", "seq", "hash", "zz")


@dataclass(frozen=True, slots=True)
class HostileSample:
    """An honest message.

    Attributes:
        topic, body: as they would be signed.
        stale: it is refused although it is honest, for it is of the past, or answers what nobody asked.
        keeps: it may be retained.
    """

    topic: str
    body: msgspec.Struct
    stale: bool = False
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and how it was made."""

    kind: str
    topic: str
    payload: bytes
    retained: bool = False


class Hostile:
    """Draws messages for one reader.

    Args:
        rng: the only source of chance.
        signer: the key that the reader believes.
        samples: what it may honestly hear.
        topics: every topic it listens to, and some it does not.
    """

    def __init__(
        self, rng: random.Random, signer: Signer, samples: Sequence[HostileSample], topics: Sequence[str]
    ) -> None:
        self._rng = rng
        self._signer = signer
        self._foreign = (Signer.generate(signer.kid), Signer.generate("foreign"))
        self._topics = tuple(topics)
        self._bodies = [(sample.topic, encode(sample.body)) for sample in samples]
        self._sealed = [(topic, signer.seal(topic, body)) for topic, body in self._bodies]
        self._stale = [(one.topic, signer.seal(one.topic, encode(one.body))) for one in samples if one.stale]
        self._retained = [(one.topic, signer.seal(one.topic, encode(one.body))) for one in samples if not one.keeps]
        self._huge = bytes(LIMIT + 1)
        deep = b"\x91" * DEPTH + b"\x00"
        self._deep = [deep, *(signer.seal(topic, deep) for topic, _ in self._bodies)]
        self._draws: dict[str, tuple[float, Callable[[], tuple[str, bytes]]]] = {
            "noise": (10, lambda: (self._topic(), rng.randbytes(rng.randrange(200)))),
            "cut short": (10, self._cut_short),
            "bytes changed": (15, self._flipped),
            "fields of the envelope changed": (15, self._envelope),
            "fields of the body changed, signature kept": (15, self._body),
            "signed by another key": (10, self._by_another),
            "signed for another topic": (10, self._moved),
            "signed, not the contract": (8, self._rubbish),
            "stale": (6, lambda: rng.choice(self._stale)),
            RETAINED: (4, lambda: rng.choice(self._retained)),
            "deep": (1, lambda: (self._topic(), rng.choice(self._deep))),
            "huge": (0.05, self._too_big),
        }
        self._kinds = list(self._draws)
        self._weights = [weight for weight, _ in self._draws.values()]

    def draw(self) -> Message:
        """The next one."""
        (kind,) = self._rng.choices(self._kinds, self._weights)
        topic, payload = self._draws[kind][1]()
        return Message(kind, topic, payload, retained=kind == RETAINED)

    def _topic(self) -> str:
        return self._rng.choice(self._topics)

    def _cut_short(self) -> tuple[str, bytes]:
        topic, payload = self._rng.choice(self._sealed)
        return topic, payload[: self._rng.randrange(len(payload))]

    def _flipped(self) -> tuple[str, bytes]:
        topic, payload = self._rng.choice(self._sealed)
        spoilt = bytearray(payload)
        for place in {self._rng.randrange(len(spoilt)) for _ in range(self._rng.randint(1, 8))}:
            spoilt[place] ^= self._rng.randint(1, 255)
        return topic, bytes(spoilt)

    def _envelope(self) -> tuple[str, bytes]:
        topic, payload = self._rng.choice(self._sealed)
        return topic, self._changed(payload)

    def _body(self) -> tuple[str, bytes]:
        """The body is another, and the signature that of the honest one."""
        topic, body = self._rng.choice(self._bodies)
        changed = self._changed(body)
        sig = self._signer.sign(topic, body) if changed != body else b""
        return topic, msgspec.msgpack.encode({"kid": self._signer.kid, "body": changed, "sig": sig})

    def _by_another(self) -> tuple[str, bytes]:
        topic, body = self._rng.choice(self._bodies)
        return topic, self._rng.choice(self._foreign).seal(topic, body)

    def _moved(self) -> tuple[str, bytes]:
        topic, payload = self._rng.choice(self._sealed)
        others = [other for other in self._topics if other != topic]
        return self._rng.choice(others), payload

    def _rubbish(self) -> tuple[str, bytes]:
        """By the right key for the right topic, but not a message: a field too many, or no map at all."""
        topic, body = self._rng.choice(self._bodies)
        fields = msgspec.msgpack.decode(body)
        fields[f"unknown{self._rng.randrange(100)}"] = self._value()
        rubbish = self._rng.choice((msgspec.msgpack.encode(fields), self._rng.randbytes(40), b"\xc0", b""))
        return topic, self._signer.seal(topic, rubbish)

    def _too_big(self) -> tuple[str, bytes]:
        return self._topic(), self._rng.randbytes(8) + self._huge

    def _changed(self, raw: bytes) -> bytes:
        """A map with a field lost, renamed, changed or added; never the same."""
        fields: dict[str, Any] = msgspec.msgpack.decode(raw)
        name = self._rng.choice(list(fields))
        match self._rng.randrange(4):
            case 0:
                del fields[name]
            case 1:
                fields[f"{name}_"] = fields.pop(name)
            case 2:
                fields[name] = self._other(fields[name])
            case _:
                fields[self._rng.choice(_NAMES) + "2"] = self._value()
        return msgspec.msgpack.encode(fields)

    def _other(self, value: object) -> object:
        """Of the same kind and another value, or of another kind."""
        if self._rng.random() < 0.5:
            return [self._value(), value]
        match value:
            case bool():
                return not value
            case int():
                return self._rng.choice((value + 1, -value - 1, 2**63))
            case str():
                return value + self._rng.choice(("x", "\0", "/../", "火" * 50))
            case bytes():
                return value[:-1] if value and self._rng.random() < 0.5 else value + self._rng.randbytes(1)
            case _:
                return None if value is not None else 0

    def _value(self) -> object:
        return self._rng.choice((None, True, -1, 2**64 - 1, float("nan"), "x" * 300, b"\xff" * 64, [[[[]]]], {"a": {}}))
