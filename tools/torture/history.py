"""What a run has left behind, read from its files: stores, paint logs, what passed on the cables.

Rules of this file:
- No process is asked; of the product only the wire's own rules (`wire`: envelope, hashes, types) are used.
- Nothing is judged here. What cannot be read is an error of the run, not a finding.
- Times are the machine's monotonic milliseconds; the core's are brought to them by `offset_ms`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from wire.codec import decode, decode_record
from wire.envelope import KeyRing, public_from_pem
from wire.messages import Delta
from wire.records import Record
from wire.topics import LOG

Line = dict[str, Any]
_entries = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of a journal, as it lies in a store."""

    seq: int
    boot: str
    body: bytes
    hash: bytes

    @property
    def entry(self) -> dict[str, Any]:
        """What it says; read anew each time, for a night's run has millions of them."""
        return _entries.decode(self.body)

    @property
    def mono_ms(self) -> int:
        """When it happened."""
        return int(self.entry["at"]["mono_ms"])


@dataclass(frozen=True, slots=True)
class Logged:
    """One delta of the core's log; `flaw` says what is wrong with its payload, "" if nothing."""

    epoch: str
    version: int
    at_ms: int
    body: bytes
    log_hash: bytes
    state_hash: bytes
    delta: Delta | None
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class StoredCrossing:
    """What the core made of a visit: the kinds and facts of its records, its base record, its bundles."""

    records: tuple[tuple[str, dict[str, str]], ...]
    base: dict[str, str]
    ubrs: tuple[str, ...]


@dataclass(slots=True)
class StoredCodes:
    """A list of codes as it lies in a store."""

    epoch: str
    version: int
    bodies: list[bytes]


@dataclass(frozen=True, slots=True)
class StoredName:
    """A name that a store's journal has had: row `base + 1` is row 1 at the core, `first` the first written under it."""

    journal: str
    base: int
    first: int


@dataclass(slots=True)
class StoredJournal:
    """The journal of one store.

    Attributes:
        left: this store was put aside for an older copy: what it had not been acknowledged is gone with it.
        names: all it has had, the present one last.
        rows: by the store's own numbers.
        carried: hashes of the rows carried over into the chain of a name, by the store's numbers.
        acknowledged: by the store's numbers.
        deltas: (epoch, version, log hash) of the signed deltas it keeps.
    """

    left: bool
    names: list[StoredName]
    rows: list[StoredRow]
    carried: dict[tuple[str, int], bytes]
    acknowledged: int
    deltas: list[tuple[str, int, bytes]]

    def chain(self, place: int) -> list[StoredRow]:
        """The rows under the name at `place`, by the core's numbers and with their hashes in that chain."""
        name, following = self.names[place], self.names[place + 1 :]
        last = following[0].first - 1 if following else len(self.rows)
        return [
            StoredRow(row.seq - name.base, row.boot, row.body, self.carried.get((name.journal, row.seq), row.hash))
            for row in self.rows[name.base : last]
        ]

    def written_under(self, seq: int) -> str:
        """The name that the journal had when this row was written."""
        return next(name.journal for name in reversed(self.names) if name.first <= seq or name is self.names[0])

    def kept_until(self, place: int) -> int:
        """The row, by the core's numbers, up to which the core must have the chain at `place`."""
        name, following = self.names[place], self.names[place + 1 :]
        if following:
            return following[0].base - name.base
        return (self.acknowledged if self.left else len(self.rows)) - name.base


@dataclass(slots=True)
class LaneHistory:
    """One lane's files.

    Attributes:
        rows: of all its stores, each row once, in the order of the stores.
        stores: those that were left, in order, then the present one.
        strange: those of second boxes with this lane's key.
        boots: starts of the first box, which a second one has in its copy; empty for the first.
    """

    name: str
    rows: list[StoredRow]
    stores: list[StoredJournal]
    strange: list[StoredJournal]
    codes: StoredCodes
    paint: list[Line]
    wire: list[Line]
    process: list[Line]
    boots: frozenset[str] = frozenset()


@dataclass(slots=True)
class CoreHistory:
    """The core's store.

    Attributes:
        bundled: every UBR that its own tables have.
        requests, proofs: of two cores, what was acknowledged to whom asked, and which of them proved something when.
        forgotten: (epoch, version, how long before the restore it was signed, ms) of deltas that a restore took from it.
    """

    log: list[Logged]
    codes: StoredCodes
    state_hash: bytes
    events: dict[tuple[str, str], list[StoredRow]]
    crossings: dict[tuple[str, str, int], StoredCrossing]
    alarms: dict[tuple[str, str, int, str], int] = field(default_factory=dict)
    forgotten: list[tuple[str, int, int]] = field(default_factory=list)
    bundled: frozenset[str] = frozenset()
    requests: list[Line] = field(default_factory=list)
    proofs: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class RunHistory:
    """All of it. `offset_ms`: UTC minus monotonic; `boxes`: second boxes with a lane's key, as lanes of its name."""

    offset_ms: int
    ended_ms: int
    lanes: list[LaneHistory]
    boxes: list[LaneHistory]
    core: CoreHistory
    faults: list[Line]
    trucks: list[Line]


def spans(history: RunHistory, lane: str, kinds: set[str]) -> list[tuple[int, int]]:
    """(from, until) of the faults of these kinds at a lane."""
    found: list[tuple[int, int]] = []
    began: int | None = None
    for line in history.faults:
        if line["lane"] == lane and line.get("fault") in kinds:
            began = line["t"]
        elif line["lane"] == lane and line.get("ended") in kinds and began is not None:
            found.append((began, line["t"]))
            began = None
    return found if began is None else [*found, (began, history.ended_ms)]


def read_history(folder: Path) -> RunHistory:
    """Everything that a run wrote under `folder`.

    Raises:
        OSError, sqlite3.Error: a file is missing or cannot be read.
    """
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    lanes = [_lane(folder / "lanes" / name, name) for name in facts["lanes"]]
    return RunHistory(
        offset_ms=facts["utc_ms"] - facts["mono_ms"],
        ended_ms=facts["mono_ms"],
        lanes=lanes,
        boxes=[_second(box, lane) for lane in lanes for box in _boxes(folder / "lanes" / lane.name)],
        core=_core(folder / "core", {row.hash: row.body for lane in lanes for row in lane.rows}),
        faults=lines(folder / "faults.jsonl"),
        trucks=lines(folder / "trucks.jsonl"),
    )


def lines(path: Path) -> list[Line]:
    """A file of JSON lines; one that was cut by the end of its writer is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _lines_there(path: Path) -> list[Line]:
    return lines(path) if path.exists() else []


def _open(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))


def _boxes(folder: Path) -> list[Path]:
    return sorted((folder / "boxes").glob("*"))


def _second(folder: Path, first: LaneHistory) -> LaneHistory:
    """A second box: of its rows only those that it wrote itself."""
    found, boots = _lane(folder, first.name), frozenset(row.boot for row in first.rows)
    return replace(found, rows=[row for row in found.rows if row.boot not in boots], boots=boots)


def _lane(folder: Path, name: str) -> LaneHistory:
    store = folder / "disk" / "lane.db"
    stores = [_journal(path, left=True) for path in sorted((folder / "left").glob("*.db"))]
    stores.append(_journal(store, left=False))
    once = {(row.boot, row.seq): row for one in reversed(stores) for row in reversed(one.rows)}
    with _open(store) as db:
        generation, epoch, version = db.execute("SELECT generation, epoch, version FROM code_head").fetchone()
        bodies = [body for (body,) in db.execute("SELECT body FROM codes WHERE generation = ?", (generation,))]
    return LaneHistory(
        name=name,
        rows=list(once.values())[::-1],
        stores=stores,
        strange=[_journal(box / "disk" / "lane.db", left=True) for box in _boxes(folder)],
        codes=StoredCodes(epoch, version, bodies),
        paint=lines(folder / "paint.jsonl"),
        wire=lines(folder / "wire.jsonl"),
        process=lines(folder / "process.jsonl"),
    )


def _journal(path: Path, *, left: bool) -> StoredJournal:
    with _open(path) as db:
        return StoredJournal(
            left=left,
            names=[StoredName(*one) for one in db.execute("SELECT journal, base, first FROM journals ORDER BY number")],
            rows=[StoredRow(*one) for one in db.execute("SELECT seq, boot, body, hash FROM journal ORDER BY seq")],
            carried={(one[0], one[1]): one[2] for one in db.execute("SELECT journal, seq, hash FROM carried")},
            acknowledged=db.execute("SELECT acknowledged FROM outbox").fetchone()[0],
            deltas=db.execute("SELECT epoch, version, log_hash FROM deltas").fetchall(),
        )


def _core(folder: Path, known: dict[bytes, bytes]) -> CoreHistory:
    ring = KeyRing({file.stem: public_from_pem(file.read_bytes()) for file in folder.glob("*.pub")})
    with _open(folder / "core.db") as db:
        signed = _signed_first(folder)
        log = db.execute(
            "SELECT epoch, version, at_ms, payload, log_hash, state_hash FROM log ORDER BY rowid"
        ).fetchall()
        epoch, version, state_hash = db.execute("SELECT epoch, version, state_hash FROM head").fetchone()
        return CoreHistory(
            log=[_logged(ring, *found[:2], signed.get((*found[:2], found[4]), found[2]), *found[3:]) for found in log],
            codes=StoredCodes(epoch, version, [body for (body,) in db.execute("SELECT body FROM rows")]),
            state_hash=state_hash,
            events=_events(db, known),
            crossings=_crossings(db),
            alarms=_alarms(db),
            forgotten=_forgotten(folder, {(found[0], found[1], found[4]) for found in log}),
            bundled=frozenset(ubr for (ubr,) in db.execute("SELECT ubr FROM bundles")),
            requests=_lines_there(folder / "requests.jsonl"),
            proofs=_lines_there(folder / "proofs.jsonl"),
        )


def _left(folder: Path) -> list[tuple[int, list[tuple[str, int, bytes, int]]]]:
    """(when it was left, its (epoch, version, log hash, time)) of each store that was put aside for a copy; UTC ms."""
    found = []
    for path in sorted((folder / "left").glob("*.db")):
        with _open(path) as db:
            at_ms = int(path.stem)
            found.append((at_ms, db.execute("SELECT epoch, version, log_hash, at_ms FROM log").fetchall()))
    return found


def _signed_first(folder: Path) -> dict[tuple[str, int, bytes], int]:
    """When each delta was signed, where a core that lost it took it back later from a lane."""
    found: dict[tuple[str, int, bytes], int] = {}
    for _, log in _left(folder):
        for epoch, version, digest, at_ms in log:
            found.setdefault((epoch, version, digest), at_ms)
    return found


def _forgotten(folder: Path, known: set[tuple[str, int, bytes]]) -> list[tuple[str, int, int]]:
    return [
        (epoch, version, left_ms - at_ms)
        for left_ms, log in _left(folder)
        for epoch, version, digest, at_ms in log
        if (epoch, version, digest) not in known
    ]


def _logged(ring: KeyRing, epoch: str, version: int, at_ms: int, payload: bytes, *hashes: bytes) -> Logged:
    try:
        body = ring.open(LOG, payload)
        return Logged(epoch, version, at_ms, body, hashes[0], hashes[1], decode(Delta, body))
    except ValueError as error:
        return Logged(epoch, version, at_ms, b"", hashes[0], hashes[1], None, str(error))


def _events(db: sqlite3.Connection, known: dict[bytes, bytes]) -> dict[tuple[str, str], list[StoredRow]]:
    """The rows of every journal; a body that is equal to a lane's is that one, and not kept twice."""
    found: dict[tuple[str, str], list[StoredRow]] = {}
    sql = "SELECT lane, journal, seq, boot, body, hash FROM events ORDER BY seq, rowid"
    for lane, journal, seq, boot, body, digest in db.execute(sql):
        same = known.get(digest)
        row = StoredRow(seq, boot, same if same is not None and same == body else body, digest)
        found.setdefault((lane, journal), []).append(row)
    return found


def _crossings(db: sqlite3.Connection) -> dict[tuple[str, str, int], StoredCrossing]:
    found = {}
    for lane, journal, visit, records, base, ubrs in db.execute(
        "SELECT lane, journal, visit, records, base, ubrs FROM crossings"
    ):
        plain = tuple((one[0], one[2]) for one in map(_as_list, json.loads(records)))
        found[lane, journal, visit] = StoredCrossing(plain, json.loads(base), tuple(json.loads(ubrs)))
    return found


def _as_list(record: Any) -> list[Any]:
    return [record["kind"], record["at_ms"], record["facts"]] if isinstance(record, dict) else list(record)


def _alarms(db: sqlite3.Connection) -> dict[tuple[str, str, int, str], int]:
    sql = "SELECT lane, journal, visit, kind, sum(count) FROM alarms WHERE of_core = 0 GROUP BY lane, journal, visit, kind"
    return {(lane, journal, visit, kind): count for lane, journal, visit, kind, count in db.execute(sql)}


def records(bodies: Iterable[bytes]) -> dict[tuple[str, str], Record]:
    """Rows of a list by their key."""
    found = map(decode_record, bodies)
    return {one.key: one for one in found}
