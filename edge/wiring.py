"""From settings to the values each part wants. No part is started here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from console.settings import ConsoleSettings
from devices.camera import CameraSettings, CameraSource
from devices.contacts import Board, WiredContacts
from devices.gpio import GpioBoard, lgpio_factory
from devices.reader_protocol import ReaderSettings as ReaderOptions
from devices.remote_io import RemoteBoard
from devices.simulated.board import SimulatedBoard
from display.settings import Mode, ScreenSetting
from edge.settings.load import Settings, milliseconds
from edge.settings.sections import BoardKind, CameraKind, PictureClass
from lane_agent.model import Screen
from lane_agent.state import Lane
from runtime.clocks import monotonic_ms
from runtime.mqtt import Broker, Options, Tls
from sync.link import Limits
from wire.envelope import KeyRing, Signer, public_from_pem

SOURCES = {
    CameraKind.V4L2: CameraSource.V4L2,
    CameraKind.RTSP: CameraSource.STREAM,
    CameraKind.HTTP: CameraSource.STREAM,
    CameraKind.FOLDER: CameraSource.FOLDER,
    CameraKind.VIDEO: CameraSource.VIDEO,
    CameraKind.SIMULATED: CameraSource.SIMULATED,
}


def camera_source(settings: Settings) -> CameraSettings:
    """Where pictures come from."""
    camera = settings.camera
    return CameraSettings(source=SOURCES[camera.kind], place=str(camera.path or camera.url or ""), fps=camera.fps)


def region_of(given: tuple[float, ...]) -> tuple[float, ...]:
    """The lane's part of the picture as the reader takes it: a box by its left, top, right and bottom edge."""
    if len(given) != 4:
        return given
    left, top, width, height = given
    return left, top, min(1.0, left + width), min(1.0, top + height)


def reader_settings(settings: Settings) -> ReaderOptions:
    """The reader process's settings."""
    return ReaderOptions(
        camera=camera_source(settings),
        evidence=str(settings.lane.evidence / PictureClass.READS.value),
        engine=settings.reader.engine,
        weights=str(settings.reader.weights or ""),
        region=region_of(settings.camera.region),
        release=settings.reader.release_threshold,
        stall_ms=milliseconds(settings.camera.stall_s),
    )


def screen_settings(settings: Settings) -> tuple[ScreenSetting, ...]:
    """Both screens; their paint logs are xdb.jsonl and aiop.jsonl in the configured folder."""
    screens = settings.screens
    folder, mode = screens.paint_log, Mode(screens.mode.value)
    return tuple(
        ScreenSetting(screen, (each.width, each.height), mode, folder / f"{screen.value}.jsonl" if folder else None)
        for screen, each in ((Screen.XDB, screens.xdb), (Screen.AIOP, screens.aiop))
    )


def contacts(settings: Settings) -> WiredContacts:
    """The contacts over the configured board."""
    wires, outputs = settings.contacts.wires(), settings.contacts.output_wires()
    return WiredContacts(board=_board(settings), wires=wires, outputs=outputs, clock=monotonic_ms)


def _board(settings: Settings) -> Board:
    table = settings.contacts
    match table.board:
        case BoardKind.GPIO:
            return GpioBoard(
                inputs={each.line: each.pull for each in table.inputs.values()},
                outputs={wire.line: wire.active_low for wire in table.output_wires()},
                factory=lambda: lgpio_factory(table.chip),
                clock=monotonic_ms,
            )
        case BoardKind.REMOTE:
            silent = milliseconds(table.silent_s)
            return RemoteBoard(port=table.port or "", baud=table.baud, clock=monotonic_ms, silent_ms=silent)
        case BoardKind.SIMULATED:
            assert table.socket is not None
            wires, outputs = table.wires(), table.output_wires()
            return SimulatedBoard(socket=table.socket, wires=wires, outputs=outputs, clock=monotonic_ms)


def link_options(settings: Settings) -> Options:
    """How the connection is made; the client id and the subscriptions are the link client's."""
    link = settings.link
    tls = None if link.authority is None else Tls(link.authority, link.certificate, link.key)
    password = link.password_file.read_text(encoding="utf-8").strip() if link.password_file else ""
    return Options(
        brokers=tuple(Broker(each.host, each.port) for each in link.brokers),
        client_id=settings.lane.id,
        subscriptions=(),
        user_name=settings.lane.id if password else "",
        password=password,
        tls=tls,
    )


def link_limits(settings: Settings) -> Limits:
    """Freshness as configured (design §3)."""
    return Limits(
        fresh_ms=milliseconds(settings.link.fresh_s),
        offline_ms=milliseconds(settings.link.offline_s),
        picture_rate=settings.evidence.rate_kb_s * 1_000,
    )


def signer(settings: Settings) -> Signer:
    """The lane's own key.

    Raises:
        OSError: the file has none; its text says what to do.
    """
    path = settings.link.lane_key
    try:
        return Signer.of(settings.lane.id, path.read_bytes())
    except (ValueError, TypeError) as error:  # TypeError: the key is encrypted
        raise OSError(f"link.lane_key {path} is no key this lane can use: {error}") from error


def core_ring(folder: Path) -> KeyRing:
    """The core's public keys: one `<key id>.pem` each.

    Raises:
        OSError: one of the files has none; its text says what to do.
    """
    return KeyRing({file.stem: _core_key(file) for file in sorted(folder.glob("*.pem"))})


def _core_key(file: Path) -> Ed25519PublicKey:
    try:
        return public_from_pem(file.read_bytes())
    except ValueError as error:
        raise OSError(f"link.core_keys {file} is no public key of the core: {error}") from error


def console_settings(settings: Settings) -> ConsoleSettings:
    """The page's settings."""
    page = settings.console
    return ConsoleSettings(
        officers=page.officers,
        host=page.host,
        port=page.port,
        tls_certificate=page.tls_certificate,
        tls_key=page.tls_key,
        names=page.names,
        view_without_login=page.view_without_login,
        idle_s=page.idle_s,
        shift_s=page.shift_s,
    )


def world_socket(settings: Settings) -> Path:
    """Where the world of a demonstration listens for the page's simulation panel."""
    return settings.lane.store.parent / "world.sock"


def wall_facts(lane: Lane) -> dict[str, Any]:
    """What the wall of lanes shows of this lane: plain values, complete."""
    visit = lane.visit
    return {
        "open": lane.opened,
        "manual": sorted(reason.value for reason in lane.manual),
        "faults": sorted(fault.value for fault in lane.faults),
        "row": lane.row,
        "help": lane.help.value,
        "visit": visit.number if visit else 0,
        "vrn": visit.read.vrn if visit and visit.read else "",
        "outcome": visit.outcome.value if visit else "",
    }
