"""The replicated log: one list for the territory, changed only by signed, numbered, chained deltas (design §3).

Rules of this file:
- The list is what its signed deltas say. `check` compares rows and head with the newest of them, signature and all.
- Every change of a bundle, hold or vehicle goes through `append`, in the transaction of what caused it; a delta is on
  the disk before anyone can publish it. Who publishes reads the log (`payloads_after`), so a rollback publishes nothing.
- Versions are contiguous from 1 in an epoch; version 0 is the empty list. A new epoch begins only with `restart`.
- Withdrawn bundles and lifted holds stay as tombstones (`wire.records`). A row that has ended leaves by a delta that forgets
  it (`ledger.forgetting` says when); what it was stays in the store, for whoever asks for it later.
- What the list was at a version is `ledger.list_history`'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import psycopg

from core.errors import HistoryError, RefusedError
from core.ledger import list_history
from core.ledger.list_history import HistoricList
from core.ledger.row_by_row import row_by_row
from core.ledger.store import CoreStore, the_row
from domain import times
from wire.codec import decode, decode_record, encode
from wire.envelope import KeyRing, Signer
from wire.errors import WireError
from wire.forgetting import ends_ms, why_kept
from wire.hashes import EMPTY_STATE, StateHash, log_next, log_start
from wire.messages import Delta
from wire.records import BundleRecord, ForgottenRow, HoldRecord, Kind, Record, VehicleRecord
from wire.topics import LOG

ROWS_A_DELTA = 500
BYTES_A_DELTA = 256 << 10  # a quarter of what an envelope may be

Key = tuple[Kind, str]


class LogHead(msgspec.Struct, frozen=True):
    """Where the log stands. `total` is the running sum behind `state_hash` (`wire.hashes.StateHash.total`)."""

    epoch: str
    version: int
    log_hash: bytes
    state_hash: bytes
    total: bytes


class LogPlace(msgspec.Struct, frozen=True):
    """A version of the log, by the hash of all that led there."""

    epoch: str
    version: int
    log_hash: bytes


class ReplicatedLog:
    """The log in its store.

    Args:
        store: an open store; a new one gets its first epoch from `restart`.
        signer: the core's signing key.
        ring: keys whose deltas are believed when history is proved; the signer's own by default.
        keep_ms: how long a row stays after it has ended.

    Attributes:
        guard: asked before a delta is signed, in its transaction: why the list may not be signed, "" if it may.
    """

    def __init__(
        self, store: CoreStore, signer: Signer, ring: KeyRing | None = None, *, keep_ms: int = times.DAY_MS
    ) -> None:
        self._store = store
        self._db = store.connection
        self._signer = signer
        self.keep_ms = keep_ms
        self.ring = ring or signer.ring()
        self.guard: Callable[[], str] = lambda: ""

    def has_begun(self) -> bool:
        """Whether the store has an epoch."""
        return self._db.execute("SELECT 1 FROM head").fetchone() is not None

    def head(self) -> LogHead:
        """Where the log stands.

        Raises:
            HistoryError: the log has not begun.
        """
        return self._read_head(self._ask_head())

    def _ask_head(self) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._db.execute("SELECT epoch, version, log_hash, state_hash, total FROM head")

    def _read_head(self, asked: psycopg.Cursor[tuple[Any, ...]]) -> LogHead:
        row = asked.fetchone()
        if row is None:
            raise HistoryError(f"{self._store.name}: the log has not begun; delete this store and run rocars-core init")
        return LogHead(*row)

    def row(self, kind: Kind, key: str) -> Record | None:
        """The present row of that key, tombstones included."""
        found = self._db.execute("SELECT body FROM rows WHERE kind=%s AND key=%s", (kind, key)).fetchone()
        return decode_record(found[0]) if found else None

    def bundle(self, ubr: str) -> BundleRecord | None:
        """The present row of a bundle."""
        row = self.row("bundle", ubr)
        return row if isinstance(row, BundleRecord) else None

    def forgotten(self, kind: Kind, key: str) -> Record | None:
        """What a row that has left the list was last, with what was said of it since; None while it is in the list."""
        found = self._db.execute(
            "SELECT body FROM forgotten WHERE kind=%s AND key=%s AND NOT EXISTS "
            "(SELECT 1 FROM rows WHERE rows.kind = forgotten.kind AND rows.key = forgotten.key)",
            (kind, key),
        ).fetchone()
        return decode_record(found[0]) if found else None

    def known_bundle(self, ubr: str) -> BundleRecord | None:
        """The row of a bundle, or what it was last."""
        row = self.bundle(ubr) or self.forgotten("bundle", ubr)
        return row if isinstance(row, BundleRecord) else None

    def known_bundles(self, ubrs: Collection[str]) -> dict[str, tuple[BundleRecord, bool]]:
        """Likewise of several, with whether each is in the list; those that never were are left out."""
        found = self._db.execute(
            "SELECT false, key, body FROM forgotten WHERE kind = 'bundle' AND key = ANY(%(keys)s) "
            "UNION ALL SELECT true, key, body FROM rows WHERE kind = 'bundle' AND key = ANY(%(keys)s)",
            {"keys": list(ubrs)},
        )
        rows = {key: (decode_record(body), is_there) for is_there, key, body in sorted(found)}
        return {key: (row, is_there) for key, (row, is_there) in rows.items() if isinstance(row, BundleRecord)}

    def note_forgotten(self, row: Record) -> None:
        """What a forgotten row would be now, by what was said of it late, inside the caller's transaction."""
        self._db.execute("UPDATE forgotten SET body=%s WHERE kind=%s AND key=%s", (encode(row), *row.key))

    def rows_of(self, vrn: str) -> list[Record]:
        """Every row about a normalised VRN."""
        found = self._db.execute("SELECT body FROM rows WHERE vrn=%s ORDER BY kind, key", (vrn,))
        return [decode_record(body) for (body,) in found]

    def rows(self, kind: Kind) -> list[Record]:
        """Every row of a kind, by key."""
        found = self._db.execute("SELECT body FROM rows WHERE kind=%s ORDER BY key", (kind,))
        return [decode_record(body) for (body,) in found]

    def size(self) -> int:
        """How many rows there are."""
        return int(the_row(self._db.execute("SELECT count(*) FROM rows"))[0])

    def row_bodies(self) -> list[bytes]:
        """The canonical bytes of every row, in a fixed order."""
        return [body for (body,) in self._db.execute("SELECT body FROM rows ORDER BY kind, key")]

    def append(self, changes: Iterable[Record], *, at_ms: int) -> int:
        """Makes `changes` the next delta or deltas, inside the caller's transaction; returns the version reached.

        Rows that change nothing are left out; of two rows with one key the later counts.

        Raises:
            RefusedError: a row that every lane would have to refuse; one such row would stop the whole log.
            HistoryError: the list is not what was signed before: nothing more is signed over it.
        """
        newest = {row.key: row for row in map(checked_row, changes)}
        asked_head, asked_bodies = self._ask_head(), self._ask_bodies(newest)  # both on their way while the guard asks
        if why := self.guard():
            raise HistoryError(why)
        head, old = self._read_head(asked_head), _read_bodies(asked_bodies)
        for part in _parts([row for key, row in newest.items() if old.get(key) != encode(row)]):
            head = self._append_one(head, part, old, at_ms)
        return head.version

    def _bodies(self, keys: Collection[Key]) -> dict[Key, bytes]:
        """What the rows of these keys are; those that are not there are left out."""
        return _read_bodies(self._ask_bodies(keys))

    def _ask_bodies(self, keys: Collection[Key]) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._db.execute(
            "SELECT kind, key, body FROM rows JOIN unnest(%s::text[], %s::text[]) AS wanted(kind, key) USING (kind, key)",
            ([kind for kind, _ in keys], [name for _, name in keys]),
        )

    def forget(self, keys: Collection[Key], *, at_ms: int) -> int:
        """Makes rows leave the list by the next delta, inside the caller's transaction; returns the version reached.

        Args:
            keys: of rows in the list, at most `ROWS_A_DELTA`; none makes no delta.
            at_ms: the present time, which every lane looks at.

        Raises:
            RefusedError: one of them is not there, or every lane would have to refuse that it leaves (`wire.forgetting`).
            HistoryError: the list is not what was signed before.
        """
        if why := self.guard():
            raise HistoryError(why)
        head, old = self.head(), self._bodies(keys)
        if not keys:
            return head.version
        if missing := [name for name in keys if name not in old]:
            raise RefusedError(f"{missing[0][0]} {missing[0][1]} is not in the list and cannot be forgotten")
        if kept := [why for body in old.values() if (why := why_kept(decode_record(body), at_ms))]:
            raise RefusedError(f"it cannot be forgotten: {kept[0]}")
        return self._forget_one(head, old, at_ms).version

    def _append_one(self, head: LogHead, rows: Sequence[Record], old: Mapping[Key, bytes], at_ms: int) -> LogHead:
        state = StateHash(head.total)
        for row in rows:
            self._replace(row, state, old.get(row.key), at_ms)
        delta = Delta(
            epoch=head.epoch,
            version=head.version + 1,
            previous=head.log_hash,
            changes=tuple(rows),
            state_hash=state.digest(),
        )
        return self._sign(head, delta, state, at_ms)

    def _forget_one(self, head: LogHead, old: Mapping[Key, bytes], at_ms: int) -> LogHead:
        state = StateHash(head.total)
        for body in old.values():
            state.remove(body)
        delta = Delta(
            epoch=head.epoch,
            version=head.version + 1,
            previous=head.log_hash,
            changes=(),
            state_hash=state.digest(),
            forgets=tuple(ForgottenRow(*key) for key in old),
            core_ms=at_ms,
        )
        self._take_out(list(old), at_ms)
        return self._sign(head, delta, state, at_ms)

    def _sign(self, head: LogHead, delta: Delta, state: StateHash, at_ms: int) -> LogHead:
        body = encode(delta)
        return self._follow(head, delta, body, self._signer.seal(LOG, body), state, at_ms)

    def _follow(  # noqa: PLR0917 -- a delta, its bytes, its envelope, and where it leads
        self, head: LogHead, delta: Delta, body: bytes, payload: bytes, state: StateHash, at_ms: int
    ) -> LogHead:
        """Makes a delta part of the log, and where it leads the head."""
        following = LogHead(head.epoch, delta.version, log_next(head.log_hash, body), delta.state_hash, state.total())
        self._db.execute(
            "INSERT INTO log(epoch, version, at_ms, payload, log_hash, state_hash) VALUES (%s, %s, %s, %s, %s, %s)",
            (head.epoch, delta.version, at_ms, payload, following.log_hash, delta.state_hash),
        )
        self._set_head(following)
        return following

    def _replace(self, row: Record, state: StateHash, old: bytes | None, at_ms: int) -> None:
        if old is not None:
            state.remove(old)
        body = encode(row)
        state.add(body)
        self._db.execute(
            "INSERT INTO rows(kind, key, vrn, body, ends_ms) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (kind, key) DO UPDATE SET vrn = excluded.vrn, body = excluded.body, ends_ms = excluded.ends_ms",
            (*row.key, row.vrn, body, ends_ms(row, at_ms, self.keep_ms)),
        )

    def _take_out(self, keys: Collection[Key], at_ms: int) -> None:
        """Rows leave the list; what they were is kept beside it."""
        self._db.execute(
            "WITH gone AS (DELETE FROM rows USING unnest(%s::text[], %s::text[]) AS wanted(kind, key) "
            "WHERE rows.kind = wanted.kind AND rows.key = wanted.key RETURNING rows.kind, rows.key, rows.vrn, rows.body) "
            "INSERT INTO forgotten(kind, key, vrn, body, at_ms) SELECT kind, key, vrn, body, %s FROM gone "
            "ON CONFLICT (kind, key) DO UPDATE SET vrn = excluded.vrn, body = excluded.body, at_ms = excluded.at_ms",
            ([kind for kind, _ in keys], [name for _, name in keys], at_ms),
        )

    def put(self, row: Record) -> None:
        """Replaces a row without a delta, inside the caller's transaction; only before `restart`, which signs all rows."""
        self._replace(row, StateHash(), None, 0)

    def drop(self, key: Key) -> None:
        """Takes a row out without a delta, as `put` puts one in."""
        self._db.execute("DELETE FROM rows WHERE kind=%s AND key=%s", key)

    def _set_head(self, head: LogHead) -> None:
        self._db.execute(
            "INSERT INTO head(id, epoch, version, log_hash, state_hash, total) VALUES (1, %s, %s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, "
            "log_hash = excluded.log_hash, state_hash = excluded.state_hash, total = excluded.total",
            (head.epoch, head.version, head.log_hash, head.state_hash, head.total),
        )

    def restart(self, *, at_ms: int, reason: str, keep: Callable[[Record], bool] = lambda _: True) -> str:
        """Begins a new epoch inside the caller's transaction and returns its name.

        The rows that `keep` accepts become its first deltas; the old epoch's deltas stay, for history.
        """
        kept = [row for row in map(decode_record, self.row_bodies()) if keep(row)]
        number = int(the_row(self._db.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM epochs"))[0])
        epoch = f"{number}-{secrets.token_hex(8)}"
        self._db.execute(
            "INSERT INTO epochs(number, epoch, began_ms, reason) VALUES (%s, %s, %s, %s)",
            (number, epoch, at_ms, reason),
        )
        self._db.execute("DELETE FROM rows")
        self._set_head(LogHead(epoch, 0, log_start(epoch), EMPTY_STATE, StateHash().total()))
        self.append(kept, at_ms=at_ms)
        return epoch

    def payloads_after(self, epoch: str, version: int) -> Iterator[tuple[int, bytes]]:
        """(version, signed payload) of every delta of `epoch` after `version`, in order."""
        query = "SELECT version, payload FROM log WHERE epoch=%s AND version>%s ORDER BY version"
        yield from row_by_row(self._db, query, (epoch, version))

    def news(self, epoch: str, version: int) -> tuple[LogPlace, list[bytes]]:
        """Where the log stands, and the signed payloads since that version; of another epoch all it has. In one round trip."""
        rows = self._db.execute(
            "SELECT true, epoch, version, log_hash FROM head "
            "UNION ALL SELECT false, epoch, version, payload FROM log WHERE epoch=%s AND version>%s",
            (epoch, version),
        )
        *found, (_, *where) = sorted(rows)
        place = LogPlace(*where)
        if place.epoch != epoch:
            return place, [payload for _, payload in self.payloads_after(place.epoch, 0)]
        return place, [payload for *_, payload in found]

    def envelopes_after(self, epoch: str, version: int, log_hash: bytes, *, most: int) -> list[bytes] | None:
        """The deltas' envelopes that bring a lane from `version` to the head.

        Returns:
            None where only a snapshot can: another epoch, another chain at that version, or more than `most` deltas.
        """
        head = self.head()
        if epoch != head.epoch or not 0 <= head.version - version <= most:
            return None
        if self.hash_at(epoch, version) != log_hash:
            return None
        return [payload for _, payload in self.payloads_after(epoch, version)]

    def hash_at(self, epoch: str, version: int) -> bytes | None:
        """The chain value after that version, None where it is not here."""
        if version == 0:
            return log_start(epoch)
        row = self._db.execute("SELECT log_hash FROM log WHERE epoch=%s AND version=%s", (epoch, version)).fetchone()
        return row[0] if row else None

    def goes_on_from(self, place: LogPlace) -> bool:
        """Whether this log is that one, as it was or continued."""
        head = self.head()
        if head.epoch != place.epoch or head.version < place.version:
            return False
        return self.hash_at(place.epoch, place.version) == place.log_hash

    def state_at(self, epoch: str, version: int) -> bytes | None:
        """The state hash after that version, None where it is not here."""
        row = self._db.execute("SELECT state_hash FROM log WHERE epoch=%s AND version=%s", (epoch, version)).fetchone()
        return row[0] if row else None

    def knows(self, epoch: str) -> bool:
        """Whether this store has, or had, that epoch."""
        return self._db.execute("SELECT 1 FROM epochs WHERE epoch=%s", (epoch,)).fetchone() is not None

    def newest(self, epoch: str) -> int:
        """The newest version of an epoch whose delta is here; 0 if none is."""
        return int(the_row(self._db.execute("SELECT COALESCE(MAX(version), 0) FROM log WHERE epoch=%s", (epoch,)))[0])

    def adopt(self, delta: Delta, body: bytes, payload: bytes, *, at_ms: int) -> None:
        """Makes a delta that this core has signed, and lost, part of the log again, inside the caller's transaction.

        Args:
            delta: it follows the head.
            body: its signed bytes.
            payload: its envelope, whose signature was checked.
            at_ms: the present time.

        Raises:
            HistoryError: the rows after it would not have the signed state hash; nothing has changed.
        """
        head = self.head()
        state = StateHash(head.total)
        changes, gone = {row.key: row for row in delta.changes}, [one.key for one in delta.forgets]
        old = self._bodies([*changes, *gone])
        for key in (*changes, *gone):
            if key in old:
                state.remove(old[key])
        state.add_all(map(encode, changes.values()))
        if state.digest() != delta.state_hash:
            raise HistoryError(f"the rows after version {delta.version} do not have the state hash signed with it")
        state = StateHash(head.total)
        for key, row in changes.items():
            self._replace(row, state, old.get(key), at_ms)
        for key in gone:
            if key in old:
                state.remove(old[key])
        self._take_out(gone, at_ms)
        self._follow(head, delta, body, payload, state, at_ms)

    def version_at(self, at_ms: int) -> tuple[str, int]:
        """As `list_history.version_at`, in this log."""
        return list_history.version_at(self._db, at_ms)

    def list_at(self, epoch: str, version: int) -> HistoricList:
        """As `list_history.list_at`, in this log."""
        return list_history.list_at(self._db, self.ring, epoch, version)

    def check(self) -> None:
        """Compares rows and head with the newest signed delta; run before anything is published.

        Its signature covers the state hash of all rows and, through the chain, every delta before it.

        Raises:
            HistoryError: they disagree; a technician must restore a backup, or `rocars-core restart-log`.
        """
        head = self.head()
        state = StateHash()
        for body in self.row_bodies():
            state.add(body)
        remedy = f"{self._store.name}: restore a backup, or begin a new epoch with rocars-core restart-log"
        if state.digest() != head.state_hash or state.total() != head.total:
            raise HistoryError(f"the rows do not have the state hash of version {head.version}. {remedy}")
        if self.hash_at(head.epoch, head.version) != head.log_hash:
            raise HistoryError(f"the last delta is not that of version {head.version}. {remedy}")
        why = self._unsigned(head)
        if why:
            raise HistoryError(f"{why}. {remedy}")

    def _unsigned(self, head: LogHead) -> str:
        """Why the head is not what was signed; "" if it is."""
        if not self.knows(head.epoch):
            return f"the list is of epoch {head.epoch!r}, which never began here"
        if head.version == 0:
            return "" if head.state_hash == EMPTY_STATE else "there are rows, and no delta that brought them"
        where = (head.epoch, head.version)
        (payload,) = the_row(self._db.execute("SELECT payload FROM log WHERE epoch=%s AND version=%s", where))
        try:
            body = self.ring.open(LOG, payload)
            delta = decode(Delta, body)
        except WireError as error:
            return f"the last delta, version {head.version}, cannot be believed: {error}"
        signed = (delta.epoch, delta.version, log_next(delta.previous, body), delta.state_hash)
        if signed != (head.epoch, head.version, head.log_hash, head.state_hash):
            return f"the head is not what the last delta, version {head.version}, was signed for: somebody changed it"
        return ""


def _read_bodies(asked: psycopg.Cursor[tuple[Any, ...]]) -> dict[Key, bytes]:
    return {(kind, key): body for kind, key, body in asked}


def checked_row(row: Record) -> Record:
    """The row, if a lane can read it back from its bytes and it fits a message."""
    raw = encode(row)
    try:
        decode_record(raw)
    except WireError as error:
        raise RefusedError(f"{row.key[0]} {row.key[1]!r} cannot go into the lanes' list: {error}") from error
    if len(raw) > BYTES_A_DELTA:
        raise RefusedError(f"{row.key[0]} {row.key[1]} has {len(raw)} bytes, at most {BYTES_A_DELTA} fit; shorten it")
    return row


def _parts(rows: Sequence[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    size = 0
    for row in rows:
        length = len(encode(row))
        if part and (len(part) >= ROWS_A_DELTA or size + length > BYTES_A_DELTA):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part


def live(row: Record, now_ms: int, *, grace_ms: int) -> bool:
    """Whether a row is carried into a new epoch: every hold; of the others those not withdrawn, used or long expired."""
    match row:
        case BundleRecord():
            return not row.deleted and not row.used_by and row.valid_until_ms + grace_ms > now_ms
        case HoldRecord():
            return True  # lifted ones by name too: a lane goes on to no list that says nothing of a hold it knows
        case VehicleRecord():
            return not row.deleted
