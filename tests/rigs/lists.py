"""A small list of codes at a simulated core, and what a lane's copy of it is asked, for tests of the code log."""

from __future__ import annotations

from sync.codelog import CodeLog
from sync.link.log_result import CodeLogHead
from sync.simulated.core_log import SimulatedLog
from wire.codec import encode
from wire.messages import Delta
from wire.records import BundleRecord, CargoRecord, HoldRecord, VehicleRecord


def bundle(ubr: str, vrn: str, code: str = "release", *, deleted: bool = False, used_by: str = "") -> BundleRecord:
    """A bundle of one consignment."""
    cargo = (CargoRecord(ccrn=ubr, code=code),)
    return BundleRecord(
        ubr=ubr, vrn=vrn, direction="inbound", point="MKT", earliest_ms=0, valid_until_ms=2**45, cargo=cargo,
        deleted=deleted, used_by=used_by,
    )  # fmt: skip


def three_steps() -> SimulatedLog:
    """The core's log: two bundles, a hold and an approved vehicle, in three steps."""
    core = SimulatedLog("epoch-1")
    core.change(bundle("1", "AB1234"), bundle("2", "CD5678", "inspect"))
    core.change(HoldRecord(vrn="EF9"))
    core.change(VehicleRecord(vrn="AB1234", mainland="粤ZAB12港"))
    return core


def apply(log: CodeLog, delta: Delta) -> object:
    """Offers a delta as the link does."""
    return log.apply(delta, encode(delta))


def equal(log: CodeLog, core: SimulatedLog) -> bool:
    """Whether the lane is where the core is."""
    return log.head == CodeLogHead(core.epoch, core.version, core.log_hash, core.state_hash)


def bodies(log: CodeLog) -> set[bytes]:
    """The rows of the live list."""
    with log.store.reading() as connection:
        return {
            body for (body,) in connection.execute("SELECT body FROM codes WHERE generation = ?", (log.generation,))
        }
