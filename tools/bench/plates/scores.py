"""How well a contender read: exact matches, marks to act on, confused characters. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

from tools.bench.plates.labels import Label, LabelKind, LabelledPicture
from tools.bench.plates.matching import best_looking, comparable, latin, nearest, texts
from tools.bench.plates.wire import ContenderHello, ContenderReply, Cost

LATIN = "粤Z…港, Latin part"
FOUND = "anything read there"


@dataclass(slots=True)
class Proportion:
    """A count of a total."""

    right: int = 0
    of: int = 0

    def count(self, right: bool) -> None:
        """One more."""
        self.right += right
        self.of += 1


@dataclass(slots=True)
class Acting:
    """What would have been acted on, over the pictures with a readable Hong Kong plate.

    Attributes:
        right, wrong, silent: pictures; in wrong ones the mark is that of no readable plate in it.
        officers: of the silent ones, those whose marks the law gives the officer always (`Label.officers`).
        unlabelled: marks given for pictures without a readable Hong Kong plate, of so many.
    """

    right: int = 0
    wrong: int = 0
    silent: int = 0
    officers: int = 0
    unlabelled: Proportion = field(default_factory=Proportion)


@dataclass(slots=True)
class ContenderScore:
    """One contender over one set of pictures.

    Attributes:
        hello: what it said of itself.
        exact: by kind of plate.
        acting: by release threshold; by "" where a contender has none, and its best-looking string is taken.
        confused: (true, read) characters of plates found and misread; "" for one that is added or dropped.
        missed: a line for every plate not read and every mark wrongly given.
        costs: what each picture took.
    """

    hello: ContenderHello
    exact: dict[str, Proportion] = field(default_factory=dict)
    acting: dict[str, Acting] = field(default_factory=dict)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    def add(self, shown: LabelledPicture, reply: ContenderReply) -> None:
        """One picture."""
        for label in shown.labels:
            self._plate(shown, label, reply)
        for release in reply.marks or ("",):
            self._acted(shown, reply, release)
        self.costs.append(reply.cost)

    def median(self, name: str) -> float:
        """Of one field of `Cost` over the pictures."""
        figures: list[float] = [getattr(cost, name) for cost in self.costs]
        return statistics.median(figures)

    @property
    def median_parts(self) -> dict[str, float]:
        """Of each named part, over the pictures that had it."""
        parts = [cost.parts for cost in self.costs]
        names = dict.fromkeys(name for each in parts for name in each)
        return {name: statistics.median(each[name] for each in parts if name in each) for name in names}

    @property
    def peak_mb(self) -> float:
        """Of the process, over all pictures."""
        return max(cost.peak_mb for cost in self.costs)

    def _plate(self, shown: LabelledPicture, label: Label, reply: ContenderReply) -> None:
        said = texts(label, reply.answers, pieces=self.hello.pieces)
        truth = comparable(label.plate)
        self._count(label.kind.value, truth in said)
        self._count(FOUND, any(said))
        if label.kind is LabelKind.CROSS_BORDER:
            self._count(LATIN, latin(truth) in map(latin, said))
        if truth in said:
            return
        closest = nearest(label, reply.answers)
        read = comparable(closest.text) if closest else ""
        if read and not self.hello.pieces:
            self.confused.update(differences(truth, read))
        sure = f" at {closest.confidence:.2f}" if read and closest else ""
        self.missed.append(f"{shown.file.name}: {truth} read {read or 'as nothing'}{sure}")

    def _count(self, row: str, right: bool) -> None:
        self.exact.setdefault(row, Proportion()).count(right)

    def _acted(self, shown: LabelledPicture, reply: ContenderReply, release: str) -> None:
        acting = self.acting.setdefault(release, Acting())
        truths = {comparable(label.plate) for label in shown.labels if label.kind.hong_kong}
        given = reply.marks[release] if release else best_looking(reply.answers)
        if not truths:
            acting.unlabelled.count(given is not None)
            if given is not None and release == self.hello.release:
                self.missed.append(f"{shown.file.name}: would act on {given}, and shows no legible Hong Kong plate")
        elif given is None:
            acting.silent += 1
            acting.officers += all(label.officers for label in shown.labels if label.kind.hong_kong)
        elif given in truths:
            acting.right += 1
        else:
            acting.wrong += 1
            if release == self.hello.release:
                self.missed.append(f"{shown.file.name}: would act on {given}, is {' or '.join(sorted(truths))}")


def differences(truth: str, read: str) -> list[tuple[str, str]]:
    """The fewest single changes from one text to the other: (true, read), "" for an added or a dropped character."""
    best: list[list[tuple[str, str]]] = [[("", char) for char in read[:end]] for end in range(len(read) + 1)]
    for char in truth:
        row = [[*best[0], (char, "")]]
        for place, other in enumerate(read):
            swap = best[place] if char == other else [*best[place], (char, other)]
            row.append(min(swap, [*best[place + 1], (char, "")], [*row[-1], ("", other)], key=len))
        best = row
    return best[-1]
