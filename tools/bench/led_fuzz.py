"""Spoilt frames into both ends of an LED board's line: neither may crash or hold more than it must."""

from __future__ import annotations

import contextlib
import json
import random
import resource
import sys
from pathlib import Path
from typing import Any

from display.led.frames import (
    BoardInfo,
    BoardState,
    FrameReader,
    Kind,
    LedLineError,
    LineFrame,
    PictureChunk,
    received_of,
    stored,
)
from display.simulated.led_board import LedBoard


def _sample(chance: random.Random) -> LineFrame:
    name = chance.randbytes(8)
    part = chance.randbytes(chance.randrange(64))
    payloads = {
        Kind.HELLO: b"",
        Kind.ASK: b"",
        Kind.SHOW: name,
        Kind.STORE: PictureChunk(name, chance.random() < 0.5, chance.choice((0, 0, 64, 2**31)), chance.choice((len(part), 64, 2**32 - 1)), part).encode(),
        Kind.INFO: BoardInfo(96, 96, chance.randrange(65_536), 1).encode(),
        Kind.STORED: stored(name, chance.randrange(2**32)),
        Kind.SHOWN: BoardState(name, chance.randrange(256)).encode(),
        Kind.REFUSED: chance.randbytes(chance.randrange(9)),
    }  # fmt: skip
    kind = chance.choice(list(payloads))
    return LineFrame(kind, chance.randrange(256), payloads[kind])


def _spoilt(frame: LineFrame, chance: random.Random) -> bytes:
    match chance.randrange(5):
        case 0:
            return frame.encode()
        case 1:  # whole, and yet wrong: only the payload is
            return LineFrame(frame.kind, frame.number, chance.randbytes(chance.randrange(80))).encode()
        case 2:
            data = bytearray(frame.encode())
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            return bytes(data)
        case 3:
            data = bytearray(frame.encode())
            del data[chance.randrange(len(data)) :]
            return bytes(data)
        case _:
            return chance.randbytes(chance.randrange(40))


def fuzz(*, messages: int, seed: int) -> dict[str, Any]:
    """Feeds so many; what was found: `crashes`, `answers`, `held_bytes_most`, `memory_kb` (by which the greatest memory grew after the first tenth)."""
    chance, board, reader = random.Random(seed), LedBoard((96, 96)), FrameReader()
    crashes = answers = held = 0
    begun = 0
    for number in range(messages):
        data = _spoilt(_sample(chance), chance)
        try:
            answers += len(FrameReader().feed(board.takes(data)))
            for frame in reader.feed(data):
                for decode in (BoardInfo.decode, BoardState.decode, PictureChunk.decode, received_of):
                    with contextlib.suppress(LedLineError):
                        decode(frame.payload)
        except Exception:  # noqa: BLE001 -- what a fuzzer looks for
            crashes += 1
        held = max(held, len(reader._held))  # noqa: SLF001
        if number == messages // 10:
            begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun
    return {
        "messages": messages, "seed": seed, "crashes": crashes, "answers": answers,
        "held_bytes_most": held, "memory_kb": grown,
    }  # fmt: skip


def run_led(*, messages: int, seed: int, json_file: Path | None) -> bool:
    """Prints and writes what was found; whether nothing crashed and memory stayed flat (a megabyte)."""
    found = fuzz(messages=messages, seed=seed)
    line = json.dumps(found)
    sys.stdout.write(line + "\n")
    if json_file is not None:
        json_file.write_text(line + "\n", encoding="utf-8")
    return bool(found["crashes"] == 0 and found["memory_kb"] < 1_024)
