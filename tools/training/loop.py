"""What both trainings share: the learning-rate plan, the running average of the weights, checkpoints."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn


def rate(seen: int, total: int, peak: float) -> float:
    """Warm-up, a long constant stretch, a straight way down over the last third.

    The constant stretch makes every checkpoint a fair start for a longer run: resume with a larger total.
    """
    return peak * min(1.0, (seen + 1) / 8000, max(0.02, 3 * (1 - seen / total)))


class Average:
    """Exponential running average of a net's weights; the one that is measured and exported."""

    def __init__(self, net: nn.Module, decay: float = 0.998) -> None:
        self.net = copy.deepcopy(net).eval()
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Takes one step of `net` into the average."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 10))
        for mine, theirs in zip(self.net.state_dict().values(), net.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - decay)
            else:
                mine.copy_(theirs)


def shown() -> Progress:
    """A bar with the rate and the time left; where nobody watches (no terminal) only the log's lines appear."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )


@dataclass
class TrainingRun:
    """One training run: everything a resume needs."""

    net: nn.Module
    optimiser: torch.optim.Optimizer
    average: Average
    file: Path
    log: Path
    seen: int = 0
    progress: Progress = field(default_factory=shown)

    def advance(self, samples: int, total: int) -> None:
        """Counts one batch, for the checkpoint and for the person watching."""
        if not self.progress.tasks:
            self.progress.add_task(self.file.stem, total=total, completed=self.seen)
            self.progress.start()
        self.seen += samples
        self.progress.update(self.progress.task_ids[0], completed=self.seen)

    def end(self, **facts: Any) -> None:
        """The last line of the log and the last checkpoint."""
        self.progress.stop()
        self.note(event="stopped", **facts)
        self.save()

    def save(self) -> None:
        """Writes the checkpoint beside its old self, then swaps them."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.net.state_dict(),
            "steps": self.average.steps,
            "optimiser": self.optimiser.state_dict(),
            "seen": self.seen,
        }
        fresh = self.file.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self.file)

    def resume(self) -> bool:
        """Resumes an earlier run; False where there is none."""
        if not self.file.exists():
            return False
        state = torch.load(self.file)
        self.net.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["average"])
        self.average.steps = state["steps"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.seen = state["seen"]
        return True

    def note(self, **facts: Any) -> None:
        """One JSON line to the log and to the person watching."""
        line = json.dumps({"at": round(time.monotonic()), "seen": self.seen, **facts}, ensure_ascii=False)
        self.progress.console.print(line, soft_wrap=True, highlight=False, markup=False)
        with self.log.open("a", encoding="utf-8") as out:
            out.write(line + "\n")


def start(net: nn.Module, name: str, folder: Path, peak: float) -> TrainingRun:
    """A run of that name under `folder`, resumed if it was begun before."""
    folder.mkdir(parents=True, exist_ok=True)
    net = net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), peak, weight_decay=0.01)
    run = TrainingRun(net, optimiser, Average(net), folder / f"{name}.pt", folder / f"{name}.log")
    run.note(event="resumed" if run.resume() else "begun", parameters=sum(p.numel() for p in net.parameters()))
    return run
