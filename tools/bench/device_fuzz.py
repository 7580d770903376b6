"""Rubbish and half-truths into every parser of what a device says: nothing raised but what the parser may raise, memory flat.

| parser | fed with |
|---|---|
| contact board, label reader, terminal: lines | random bytes; good lines with bytes changed, left out, doubled; lines without end |
| Modbus: answers, TCP and RTU | good frames changed likewise, through pymodbus's own framers and decoder, and what the driver makes of odd answers |
| pictures: JPEG and H.264 | good pictures changed likewise |
| ONVIF: answers to discovery | good XML changed likewise; other answers are read by zeep, in a command of its own |
| MQTT metadata of cameras | good JSON changed likewise |
"""

from __future__ import annotations

import ctypes
import gc
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from devices import identifier_protocol, onvif_discovery, remote_protocol, terminal_protocol
from devices.camera_condition import CameraCondition
from devices.camera_metadata import marks_of
from tools.bench.ailing_camera import well
from tools.bench.modbus_frames import ModbusParsers

Parse = Callable[[bytes], object]
_BATCHES = 10
GROWS_MB = 24.0
"""What the allocator may still grow by after the first batch."""


def spoilt(good: bytes, chance: random.Random) -> bytes:
    """A good input with something wrong, or nothing but noise."""
    deed = chance.randrange(8)
    data = bytearray(good)
    if deed == 0 or not data:
        return chance.randbytes(chance.randrange(200))
    if deed == 1:
        return bytes(data[: chance.randrange(len(data))])
    if deed == 2:
        at = chance.randrange(len(data))
        return bytes(data[:at] + data[at + chance.randrange(1, 9) :])
    if deed == 3:
        at = chance.randrange(len(data))
        return bytes(data[:at] + data[at : at + 20] * chance.randrange(2, 60) + data[at:])
    for _ in range(chance.randrange(1, 6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def parsers(modbus: ModbusParsers) -> dict[str, tuple[Sequence[bytes], Parse, int]]:
    """Each parser by its name: good inputs, the parser, and how dear it is beside the cheapest."""
    board, labels, terminal = (
        remote_protocol.LineReader(),
        identifier_protocol.MessageReader(),
        terminal_protocol.TerminalReader(),
    )
    return {
        "contact board": (_BOARD, board.feed, 1),
        "label reader": (_LABELS, labels.feed, 1),
        "terminal": (_TERMINAL, terminal.feed, 1),
        "modbus tcp": (modbus.tcp, modbus.take_tcp, 1),
        "modbus rtu": (modbus.rtu, modbus.take_rtu, 1),
        "onvif discovery": (_ANSWERS, _discovered, 2),
        "camera metadata": (_METADATA, marks_of, 1),
        "pictures": (_JPEGS, _picture, 40),
    }


_BOARD = [
    remote_protocol.encode(one)
    for one in (
        remote_protocol.Levels(7, (True, False, True)),
        remote_protocol.RawEdge(8, 3, True, 12),
        remote_protocol.Switched(1, True),
    )
]
_LABELS = [
    identifier_protocol.encode(one) for one in (identifier_protocol.Alive(), identifier_protocol.Labelled(5, "AB1234"))
]
_TERMINAL = [
    terminal_protocol.encode(one)
    for one in (
        terminal_protocol.TerminalAlive(),
        terminal_protocol.TerminalSaid("C41F", 7, terminal_protocol.TerminalVerb.CLEARED, 120, "AB1234"),
    )
]
_ANSWERS = [
    (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><d:ProbeMatches xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/'
        b'discovery"><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/name/Lane%20Camera</d:Scopes><d:XAddrs>http://10.20.7.21:8080/onvif/'
        b"device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
    )
]
_METADATA = [
    json.dumps(
        {
            "UtcTime": "2026-11-30T10:00:00Z",
            "Data": {"LicensePlateInfo": {"PlateNumber": {"Value": "AB1234", "Likelihood": 0.9}}},
        }
    ).encode(),
    json.dumps({"plate": "AB1234", "confidence": 0.97}).encode(),
]
_JPEGS = [cv2.imencode(".jpg", cv2.resize(well(number), (160, 90)))[1].tobytes() for number in range(3)]


def _discovered(data: bytes) -> object:
    return onvif_discovery.camera_of(data)


_condition = CameraCondition((0.0, 0.0, 1.0, 1.0))


def _picture(data: bytes) -> object:
    """As a camera's picture goes: decoded, if it can be, and looked at."""
    if not data:
        return None
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if found is None else _condition.saw(np.asarray(found, np.uint8), 0, empty=True)


def fuzz(number: int, seed: int) -> tuple[Counter[str], list[str], list[float]]:
    """So many inputs, spread by what they cost; how many each got, what was raised, and the memory after each batch."""
    chance = random.Random(seed)
    with closing(ModbusParsers(chance)) as modbus:
        return _fuzz(number, chance, parsers(modbus))


def _fuzz(
    number: int, chance: random.Random, plan: dict[str, tuple[Sequence[bytes], Parse, int]]
) -> tuple[Counter[str], list[str], list[float]]:
    found, raised, memory = Counter[str](), list[str](), list[float]()
    names = [name for name, (_, _, dear) in plan.items() for _ in range(max(1, 40 // dear))]
    for batch in range(_BATCHES):
        for _ in range(number // _BATCHES):
            name = chance.choice(names)
            good, parse, _dear = plan[name]
            data = spoilt(chance.choice(good), chance)
            found[name] += 1
            try:
                parse(data)
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                if len(raised) < 20:
                    raised.append(f"{name}: {error!r} from {data[:60]!r}")
        for (
            good,
            parse,
            _dear,
        ) in plan.values():  # so that no parser keeps the last rubbish, a picture of 60,000 lines say
            parse(good[0])
        memory.append(_memory_mb())
        if batch and memory[-1] - memory[0] > 4 * GROWS_MB:
            break
    return found, raised, memory


def _memory_mb() -> float:
    """Of this process, without what the allocator only keeps for later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000


def run(*, number: int, seed: int, json_file: Path | None) -> bool:
    """The measurement; whether nothing was raised and memory stayed flat."""
    began = time.process_time()
    with Console(stderr=True).status("fuzzing"):
        found, raised, memory = fuzz(number, seed)
    figures = {
        "inputs": sum(found.values()),
        "by_parser": dict(found),
        "raised": raised,
        "memory_mb": [round(one, 1) for one in memory],
        "cpu_s": round(time.process_time() - began, 1),
    }
    text = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(text + "\n", encoding="utf-8")
    print(text)
    return not raised and memory[-1] - memory[0] <= GROWS_MB
