"""From settings to the values each part wants. No part is started here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices.contact_faults import ContactFaults
from devices.contacts import Board, WiredContacts
from devices.gpio import GpioBoard, lgpio_factory
from devices.identifier import Identifier, WatchedIdentifier
from devices.modbus_board import ModbusBoard, ModbusPort
from devices.reader_protocol import ReaderSetup
from devices.remote_io import RemoteBoard
from devices.settings import BoardKind, InputSettings
from devices.simulated.board import SimulatedBoard
from devices.terminal import WatchedTerminal
from devices.terminal_serial import SerialTerminal
from devices.terminal_settings import ImmigrationKind
from edge.device_table import DeviceTable
from edge.places import live_socket, page_socket
from edge.settings.load import Settings
from lane_agent.state import Lane
from runtime.clocks import monotonic_ms
from runtime.mqtt import Broker, Options, Tls
from runtime.sections import milliseconds
from sync.link import Limits
from sync.settings import PictureClass
from wire.envelope import KeyRing, Signer, public_from_pem


def reader_setup(settings: Settings) -> ReaderSetup:
    """What the reader process is given."""
    evidence = settings.lane.evidence / PictureClass.READS.value
    live = live_socket(page_socket(settings))
    return ReaderSetup(camera=settings.camera, reader=settings.reader, evidence=evidence, live=live)


def contacts(settings: Settings, faults: ContactFaults) -> WiredContacts:
    """The contacts over the configured board; `faults` are shared with the terminal."""
    table = settings.contacts
    return WiredContacts(
        board=_board(settings),
        inputs=table.inputs,
        outputs=table.outputs,
        clock=monotonic_ms,
        apart=table.apart,
        faults=faults,
    )


def terminal(settings: Settings, faults: ContactFaults) -> WatchedTerminal | None:
    """Immigration's terminal, or None where its signals are contacts. The department's own is chosen here."""
    chosen = settings.immigration
    if chosen.kind is ImmigrationKind.CONTACTS:
        return None
    driver = SerialTerminal(
        port=chosen.port or "", baud=chosen.baud, clock=monotonic_ms, silent_ms=milliseconds(chosen.silent_s)
    )
    return WatchedTerminal(terminal=driver, faults=faults, vouched=chosen.vouched)


def _board(settings: Settings) -> Board:
    table = settings.contacts
    match table.board:
        case BoardKind.GPIO:
            return GpioBoard(
                inputs={each.line: each.pull for each in _input_lines(settings)},
                outputs={each.line: each.active_low for each in table.outputs.values()},
                factory=lambda: lgpio_factory(table.chip),
                clock=monotonic_ms,
            )
        case BoardKind.MODBUS:
            return ModbusBoard(
                ModbusPort(table.port or "", table.modbus.unit, table.baud, table.modbus.parity),
                inputs={each.line: each.counter for each in _input_lines(settings)},
                outputs=[each.line for each in table.outputs.values()],
                table=table.modbus.table,
                counters=table.modbus.counters,
                poll_ms=table.modbus.poll_ms,
                silent_ms=milliseconds(table.silent_s),
                clock=monotonic_ms,
            )
        case BoardKind.REMOTE:
            silent = milliseconds(table.silent_s)
            return RemoteBoard(port=table.port or "", baud=table.baud, clock=monotonic_ms, silent_ms=silent)
        case BoardKind.SIMULATED:
            assert table.socket is not None
            return SimulatedBoard(socket=table.socket, inputs=table.inputs, outputs=table.outputs, clock=monotonic_ms)


def _input_lines(settings: Settings) -> list[InputSettings]:
    """Contacts, and what is read back of outputs."""
    backs = [each.read_back for each in settings.contacts.outputs.values()]
    return [*settings.contacts.inputs.values(), *(each for each in backs if each is not None)]


def device_table(settings: Settings, wired: WiredContacts, faults: ContactFaults, second: Identifier) -> DeviceTable:
    """What every device last said."""
    others = {
        name: section.port or ""
        for name, section in (("immigration", settings.immigration), ("identifier", settings.identifier))
        if section.kind.value not in {"contacts", "none"}
    }

    def troubles() -> dict[str, str]:
        lost = second.trouble if isinstance(second, WatchedIdentifier) else ""
        return faults.causes | ({"identifier": lost} if lost else {})

    return DeviceTable(
        inputs=[(contact, each.line) for contact, each in settings.contacts.inputs.items()],
        outputs=settings.contacts.outputs,
        others=others,
        troubles=troubles,
        lit=lambda: wired.lit,
    )


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


def wall_facts(
    lane: Lane, approval: dict[str, Any] | None = None, notice: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What the wall of lanes shows of this lane: plain values, complete; `approval`, `notice` as `second_officer` and `driver_notice` tell them."""
    visit = lane.visit
    return {
        "open": lane.opened,
        "manual": sorted(reason.value for reason in lane.manual),
        "faults": sorted(fault.value for fault in lane.faults),
        "row": lane.row,
        "help": lane.help.value,
        "visit": visit.number if visit else 0,
        "arrived_ms": visit.arrived.utc_ms if visit else 0,
        "vrn": visit.read.vrn if visit and visit.read else "",
        "doubt": visit.doubt.value if visit and visit.doubt else "",
        "outcome": visit.outcome.value if visit else "",
        "link": lane.link.value,
        "xdb": lane.face.xdb.value,
        "aiop": lane.face.aiop.value,
        "parameter": lane.face.parameter,
        "painted": sorted(screen.value for screen in lane.face.painted),
        "approval": approval or {},
        "notice": notice or {},
    }
