"""Trains the second look on what the detector in use sees of drawn finds."""

from __future__ import annotations

import random
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.look import FindKind
from devices.anpr.plate_reader import PlateReader
from tools.training import shipped
from tools.training.finds import Find, finds
from tools.training.loop import TrainingRun, rate, start
from tools.training.nets import Looker
from tools.training.scenes import stock

SHARD = 1_000
BATCH = 64
PEAK = 2e-3
HELD = 1  # shards that only measure
SMOOTHING = 0.0
"""Of the labels: with 0.02 the network learns to be no surer than 0.983, and `devices.anpr.look.A_PLATE` asks 0.96 of some."""
_LOW = 0.2  # detector scores that are looked at while learning: every mistake it might make


def draw_all(folder: Path, folders: tuple[Path, ...], *, count: int, seed: int, weights: Path, until: float) -> None:
    """Draws shards of finds under `folder`, `count` finds in all, leaving those already there; stops at `until`."""
    cv2.setNumThreads(1)
    kept = stock(folders)
    reader = PlateReader(OnnxRuntimeEngine(weights), threshold=_LOW)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(-(-count // SHARD)):
        file = folder / f"{number:04d}.npz"
        if file.exists():
            continue
        if time.monotonic() > until:
            return
        rng, noise = random.Random(f"{seed}/finds/{number}"), np.random.default_rng([seed, number, 9])
        made: list[Find] = []
        while len(made) < SHARD:
            made += finds(rng, noise, kept, reader)
        fresh = folder / f"new{number:04d}.npz"
        np.savez(fresh, seen=np.stack([seen for seen, _ in made]), kinds=np.array([kind for _, kind in made], np.int64))
        fresh.replace(file)
        print(
            f"finds: shard {number + 1}: {np.bincount([kind for _, kind in made], minlength=len(FindKind))}", flush=True
        )


def prepared(seen: NDArray[np.float16]) -> Tensor:
    """As the net takes them."""
    return torch.from_numpy(seen.astype(np.float32))


def _shaken(x: Tensor) -> Tensor:
    """Each find and each of its channels a little stronger or weaker, and noise."""
    count, channels = x.shape[:2]
    gain = (0.85 + 0.3 * torch.rand(count, 1, 1, 1)) * (1 + 0.1 * torch.randn(count, channels, 1, 1))
    return x * gain + 0.05 * torch.randn_like(x)


@torch.no_grad()
def score(net: nn.Module, seen: NDArray[np.float16], kinds: NDArray[np.int64]) -> dict[str, float]:
    """By kind the share told right, and of all that is no whole plate the share taken for one with 0.5 and with 0.9."""
    said = torch.cat([torch.softmax(net(prepared(part)), 1) for part in np.array_split(seen, max(1, len(seen) // 256))])
    best = said.argmax(1).numpy()
    found = {
        kind.name.lower(): float((best[kinds == kind] == kind).mean()) for kind in FindKind if (kinds == kind).any()
    }
    whole = said[:, [FindKind.ONE_ROW, FindKind.TWO_ROWS]].max(1).values.numpy()
    none = ~np.isin(kinds, (FindKind.ONE_ROW, FindKind.TWO_ROWS))
    shares = {"taken_50": float((whole[none] > 0.5).mean()), "taken_90": float((whole[none] > 0.9).mean())}
    shares["kept_50"] = float((whole[~none] > 0.5).mean())
    return {name: round(value, 4) for name, value in (found | shares).items()}


def step(run: TrainingRun, seen: NDArray[np.float16], kinds: NDArray[np.int64], total: int) -> float:
    """One batch; returns its loss."""
    for group in run.optimiser.param_groups:
        group["lr"] = rate(run.seen, total, PEAK)
    logits = run.net(_shaken(prepared(seen)))
    loss = functional.cross_entropy(logits.float(), torch.from_numpy(kinds), label_smoothing=SMOOTHING)
    run.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(run.net.parameters(), 5.0)
    run.optimiser.step()
    run.average.update(run.net)
    run.advance(len(kinds), total)
    return float(loss.detach())


def train(
    folder: Path, *, total: int, seed: int, until: float = float("inf"), begin: tuple[Path, int] | None = None
) -> TrainingRun:
    """Trains until `total` finds are seen, or `until` (monotonic seconds); the first shard only measures.

    A run that is new goes on from the network of that number in the shipped file `begin`, if there is one.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    shards = [np.load(file) for file in sorted((folder / "finds").glob("[0-9]*.npz"))]
    held, rest = shards[:HELD], shards[HELD:]
    seen = np.concatenate([shard["seen"] for shard in rest])
    kinds = np.concatenate([shard["kinds"] for shard in rest])
    apart = (np.concatenate([one["seen"] for one in held]), np.concatenate([one["kinds"] for one in held]))
    if begin is not None and not (folder / "look.pt").exists():
        file, number = begin
        shipped.checkpoint(shipped.looker(file, number, prepared(seen[:1_000])), folder / "look.pt", PEAK)
    run = start(Looker(), "look", folder, PEAK)
    noise = np.random.default_rng([seed, run.seen])
    run.net.train()
    losses: list[float] = []
    noted = time.monotonic()
    while run.seen < total and time.monotonic() < until:
        chosen = noise.integers(0, len(kinds), BATCH)
        losses.append(step(run, seen[chosen], kinds[chosen], total))
        if time.monotonic() - noted > 30:
            run.note(loss=round(sum(losses) / len(losses), 4), **score(run.average.net, *apart))
            run.save()
            losses, noted = [], time.monotonic()
    run.end(**score(run.average.net, *apart))
    return run
