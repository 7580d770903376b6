"""Noise, and real messages damaged, at everything that the voice reads: control socket, lines of both ends, signalling."""

from __future__ import annotations

import json
import random
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.voice import protocol as p
from devices.voice.netstring import NetstringError, Netstrings, framed
from devices.voice.settings import SipSettings
from devices.voice.telephone import Telephone

_EVENTS = (
    "CALL_INCOMING",
    "CALL_RINGING",
    "CALL_ESTABLISHED",
    "CALL_CLOSED",
    "CALL_DTMF_START",
    "VU_RX_REPORT",
    "REGISTER_OK",
)
_COUNTS = ("psent=0 rcvd=35\n  TX: packets=37, octets=1", "rcvd=\u0663 TX: packets=9", "rcvd= TX: packets=" + "9" * 40)
_WORDS = ("", "outgoing", "incoming", "486 Busy Here", "-96.00", "nan", "5", "x" * 300, "\x00", "1e999")
_SIP = SipSettings(address="sip:lane@10.0.0.1", numbers=("sip:a@10.0.0.2",))


def fuzz(number: int, *, seed: int) -> dict[str, Any]:
    """So many messages; how many crashed something, and how memory went.

    Returns:
        `messages`, `refused` (said to be malformed), `crashes`, `rss_growth_kb`.
    """
    chance = random.Random(seed)
    kinds: tuple[Callable[[random.Random], bool], ...] = (_netstring, _line, _Phone().event)
    refused = crashes = 0
    base = 0
    for at in range(number):
        if at == number // 10:
            base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            refused += kinds[at % len(kinds)](chance)
        except Exception:  # noqa: BLE001 -- whatever it is, it is what is counted
            crashes += 1
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base
    return {"messages": number, "refused": refused, "crashes": crashes, "rss_growth_kb": growth}


def _damaged(chance: random.Random, content: bytes) -> bytes:
    mixed = bytearray(content)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(mixed) or 1)
        match chance.randrange(3):
            case 0:
                mixed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del mixed[at : at + chance.randrange(6)]
            case _:
                mixed[at:at] = chance.randbytes(chance.randrange(6))
    return bytes(mixed)


def _event(chance: random.Random) -> dict[str, Any]:
    event: dict[str, Any] = {"event": chance.choice((True, True, True, 1, None)), "type": chance.choice(_EVENTS)}
    for name in ("direction", "id", "param", "class"):
        if chance.random() < 0.8:
            event[name] = chance.choice((*_WORDS, 7, None, ["x"], {"a": 1}))
    if chance.random() < 0.2:
        answer = {"response": True, "ok": chance.choice((True, False, 0)), "token": chance.choice(("sound", "1", 7))}
        event |= answer | {"event": False, "data": chance.choice((*_COUNTS, *_WORDS, None, 7))}
    return event


def _netstring(chance: random.Random) -> bool:
    strings = Netstrings()
    content = _damaged(chance, framed(_event(chance))) if chance.random() < 0.8 else chance.randbytes(60)
    try:
        for _ in strings.take(content):
            pass
    except NetstringError:
        return True
    return False


def _line(chance: random.Random) -> bool:
    messages: tuple[p.ToAgent | p.ToVoice, ...] = (
        p.Sound(3, True, False),
        p.Closed(4, p.Ended.BUSY),
        p.Offer(1, "v=0"),
    )
    line = _damaged(chance, p.encode(chance.choice(messages)))
    refused = 0
    for decode in (p.decode_for_agent, p.decode_for_voice):
        try:
            decode(line)
        except p.VoiceLineError:
            refused += 1
    return refused == len(messages) - 1


class _Phone:
    """A telephone in a call that hears nothing but noise; what it tells is of the protocol."""

    def __init__(self) -> None:
        self._phone = Telephone(
            _SIP, folder=Path(tempfile.gettempdir()), sound_socket=Path("none"), environment={}, password="",
            tell=lambda message: json.loads(p.encode(message)), clock=lambda: 0.0,
        )  # fmt: skip

    def event(self, chance: random.Random) -> bool:
        """One message of the control socket."""
        phone = self._phone
        phone._attempt, phone._placed, phone._established = 1, True, True  # noqa: SLF001 -- dialling takes a baresip
        phone.take(_event(chance))
        if (sound := phone.sound()) is not None:
            p.encode(sound)
        return False
