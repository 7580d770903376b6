"""Pictures to be sent to the core: a queue in the store, the bytes among the evidence.

Rules of this file:
- The queue survives a restart; a picture leaves it when the core holds it, refuses it, or the picture is gone.
- Sending does not change how long a picture is kept here: retention alone deletes it (`sync.evidence`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sync.evidence import Evidence
from sync.link import Upload
from sync.store import LaneStore

NO_CLASS = "none"


class PictureQueue:
    """The queue, in order.

    Args:
        store: keeps the queue.
        evidence: the pictures; None where this lane keeps none.
        asked_class: the class of pictures that the centre asked for, as for a complaint; None leaves them as they are.
    """

    def __init__(self, store: LaneStore, evidence: Evidence | None = None, *, asked_class: str | None = None) -> None:
        self._store = store
        self._evidence = evidence
        self._asked_class = asked_class

    def waiting(self) -> tuple[Upload, ...]:
        """Everything still to be sent."""
        sql = "SELECT picture, size, kind, reason, asked FROM uploads ORDER BY place"
        with self._store.reading() as connection:
            found = connection.execute(sql).fetchall()
        return tuple(Upload(picture, size, kind, reason, bool(asked)) for picture, size, kind, reason, asked in found)

    def add(self, picture: str, kind: str, reason: str, *, asked: bool = False) -> Upload:
        """Queues a picture and returns what the link machine needs.

        Raises:
            OSError: there is no such picture, or it is not what its name says (StoreError: the queue is not kept).
        """
        size = len(self._required_evidence().get(picture))
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM uploads WHERE picture = ?", (picture,))
            connection.execute(
                "INSERT INTO uploads (picture, size, kind, reason, asked) VALUES (?, ?, ?, ?, ?)",
                (picture, size, kind, reason, int(asked)),
            )
        return Upload(picture, size, kind, reason, asked)

    def add_asked(self, picture: str, reason: str) -> Upload:
        """As `add`, for a command; the picture is kept as long as one of a complaint from now on.

        Raises:
            OSError: as `add`.
        """
        evidence = self._required_evidence()
        if self._asked_class is not None:
            evidence.reclass(picture, self._asked_class)
        place = evidence.path(picture)
        return self.add(picture, place.parent.name if place is not None else NO_CLASS, reason, asked=True)

    def read(self, picture: str, offset: int, length: int) -> bytes:
        """Bytes of a picture.

        Raises:
            OSError: it is gone, or shorter than it was.
        """
        place = self._required_evidence().path(picture)
        if place is None:
            raise FileNotFoundError(f"evidence {picture}: it was pruned before it could be sent")
        with place.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
        if len(data) != length:
            raise OSError(f"evidence {place}: it is shorter than it was; check the medium")
        return data

    def done(self, picture: str) -> None:
        """It need not be sent any more.

        Raises:
            StoreError: it is still in the queue, and is offered once more after a restart.
        """
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM uploads WHERE picture = ?", (picture,))

    def _required_evidence(self) -> Evidence:
        if self._evidence is None:
            raise FileNotFoundError("this lane keeps no evidence pictures")
        return self._evidence


def queue_all(outgoing: PictureQueue, pictures: Iterable[str], kind: str, take: Callable[[Upload], None]) -> list[str]:
    """Queues pictures of a class; returns those that cannot be sent, with the reason."""
    problems = []
    for picture in pictures:
        try:
            take(outgoing.add(picture, kind, kind))
        except OSError as error:
            problems.append(str(error))
    return problems
