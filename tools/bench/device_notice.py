"""How soon a fault of a device is noticed, in real time: a Modbus module and a camera on bad days, over real servers."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import cv2

from devices.camera_condition import small_grey
from devices.contacts import ContactEvent, WiredContacts
from devices.modbus_board import ModbusBoard, ModbusPort
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import (
    ActiveLevel,
    CameraKind,
    CameraSettings,
    InputSettings,
    Output,
    OutputSettings,
    ReaderSettings,
)
from devices.simulated.mjpeg_camera import MjpegCamera
from devices.simulated.modbus_module import SimulatedModbusModule
from lane_agent.events import Event, FaultCleared, FaultRaised
from lane_agent.model import Contact
from runtime.backoff import Backoff
from simulation.waiting import until
from tools.bench.ailing_camera import AILING, well

Notices = dict[str, int]
Spoil = Callable[[SimulatedModbusModule], Awaitable[None]]


def modbus_notices() -> Notices:
    """Ms from each fault to its event."""
    return asyncio.run(_modbus())


async def _modbus() -> Notices:
    found = Notices()
    for name, spoil in _SPOILT.items():
        found[name] = await _one(spoil)
    return found


async def _one(spoil: Spoil) -> int:
    module = SimulatedModbusModule(lines=4)
    port = await module.serve_tcp()
    told: list[ContactEvent] = []
    clock = _monotonic_ms
    board = ModbusBoard(ModbusPort(f"tcp://127.0.0.1:{port}"), inputs={0: None}, outputs=[0], clock=clock)
    contacts = WiredContacts(
        board=board,
        inputs={Contact.UNLADEN: InputSettings(line=0, active=ActiveLevel.HIGH)},
        outputs={Output.BELL: OutputSettings(line=0, active=ActiveLevel.HIGH)},
        apart=True,
        clock=clock,
        backoff=Backoff(0.05, 0.1),
    )
    await contacts.start(told.append)
    await until(lambda: told)
    await asyncio.sleep(0.5)
    began = clock()
    spoiling = asyncio.ensure_future(spoil(module))
    contacts.switch(Output.BELL, True)
    await until(lambda: any(isinstance(one, FaultRaised) for one in told))
    noticed = clock() - began
    await spoiling
    await contacts.stop()
    await module.stop()
    return noticed


async def _off(module: SimulatedModbusModule) -> None:
    await module.stop()


async def _hangs(module: SimulatedModbusModule) -> None:
    module.mute(True)


async def _busy(module: SimulatedModbusModule) -> None:
    module.busy = True


async def _stuck_relay(module: SimulatedModbusModule) -> None:
    module.stuck.add(0)


_SPOILT: dict[str, Spoil] = {"power off": _off, "hangs": _hangs, "busy for ever": _busy, "relay stuck": _stuck_relay}


def camera_notices() -> Notices:
    """Ms from the first bad picture, or none, to the fault CAMERA."""
    with tempfile.TemporaryDirectory() as folder, MjpegCamera(well, fps=10) as camera:
        return asyncio.run(_camera(camera, Path(folder)))


async def _camera(camera: MjpegCamera, folder: Path) -> Notices:
    reference = folder / "reference.png"
    cv2.imwrite(str(reference), small_grey(well()))
    settings = CameraSettings(kind=CameraKind.HTTP, url=f"http://127.0.0.1:{camera.port}/lane", reference=reference)
    state = {"trouble": "", "named": ""}

    def take(event: Event) -> None:
        if isinstance(event, FaultRaised):
            state["trouble"] = event.detail
        elif isinstance(event, FaultCleared):
            state["trouble"] = ""

    reader = ReaderProcess(ReaderSetup(camera=settings, reader=ReaderSettings(), evidence=folder), take)
    await reader.start(60)
    found = Notices()
    try:
        await until(lambda: reader.latest() is not None)
        await _rests(lambda: not state["trouble"])
        for name, shows in {"stalled": None, **AILING}.items():
            began = _monotonic_ms()
            camera.silent = shows is None
            camera.picture_of = shows or well
            await until(lambda: state["trouble"])
            right = shows is None or name in state["trouble"]
            found[name if right else f"{name}, told as {state['trouble'][:60]}"] = _monotonic_ms() - began
            camera.silent, camera.picture_of = False, well
            await _rests(lambda: not state["trouble"])
    finally:
        await reader.stop()
    return found


async def _rests(holds: Callable[[], bool]) -> None:
    """Until it has held for two seconds."""
    since = time.monotonic()
    while time.monotonic() - since < 2:
        await asyncio.sleep(0.05)
        since = since if holds() else time.monotonic()


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
