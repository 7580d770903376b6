"""Trains the recogniser on crops drawn as it goes: no sample is ever seen twice."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from devices.anpr.alphabet import ALPHABET, CLASS, COLUMNS
from devices.anpr.contrast import levelled
from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.plate_reader import PlateReader
from tools.training import photographs, shipped
from tools.training.crops import GreyPlate, sample
from tools.training.faces import TypeCase, case
from tools.training.loop import TrainingRun, rate, start
from tools.training.nets import Recogniser
from tools.training.photographs import Photograph

BATCH = 64
PEAK = 2e-3
INVERTED = 0.08  # `levelled` makes all plates dark on light, and is sometimes wrong about which is which
PHOTOGRAPHED = 0.06


@dataclass(frozen=True, slots=True)
class ShippedStart:
    """Weights to go on from: recogniser `number` (from 0) of a shipped file, and the highest learning rate."""

    file: Path
    number: int
    peak: float


class CropSource:
    """Endless batches; the same seed and batch number give the same samples.

    Args:
        cut: what the characters are drawn with.
        seed: of everything random.
        known: photographed plates to mix in; may be empty.
    """

    def __init__(self, cut: TypeCase, seed: int, known: tuple[Photograph, ...] = ()) -> None:
        self.cut = cut
        self.seed = seed
        self.known = known

    def batch(self, number: int, size: int = BATCH) -> tuple[NDArray[np.uint8], NDArray[np.int8], list[str]]:
        """Pictures (size, 64, 160), targets (size, 3, 40), texts."""
        rng, noise = random.Random(f"{self.seed}/{number}"), np.random.default_rng([self.seed, number])
        neighbour: GreyPlate | None = None
        rows = []
        for _ in range(size):
            if self.known and rng.random() < PHOTOGRAPHED:
                rows.append(photographs.sample(rng, noise, self.known))
                continue
            picture, wanted, plate = sample(rng, noise, self.cut, neighbour)
            neighbour = plate or neighbour
            rows.append((picture, wanted, plate.text if plate else ""))
        return np.stack([r[0] for r in rows]), np.stack([r[1] for r in rows]), [r[2] for r in rows]


def prepared(pictures: NDArray[np.uint8]) -> Tensor:
    """Grey bytes as the net takes them: (B, 1, 64, 160), dark on light (`devices.anpr.contrast`)."""
    levels = np.stack([levelled(picture) for picture in pictures])[:, None]
    return torch.from_numpy(levels).contiguous(memory_format=torch.channels_last)


def _shaken(x: Tensor) -> Tensor:
    count = x.shape[0]
    x = torch.where(torch.rand(count, 1, 1, 1) < INVERTED, -x, x)
    return x * (0.8 + 0.4 * torch.rand(count, 1, 1, 1)) + 0.1 * torch.randn(count, 1, 1, 1)


def loss_of(logits: Tensor, wanted: Tensor, texts: list[str]) -> Tensor:
    """Column by column where the character is known to be, plus CTC for what is read in the end."""
    weight = torch.ones(logits.shape[2])
    weight[0] = 0.4
    dense = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten().long(), weight, ignore_index=-1)
    lengths = torch.tensor([len(text) for text in texts])
    flat = torch.tensor([CLASS[char] for text in texts for char in text])
    steps = torch.full((len(texts),), logits.shape[1])
    ctc = functional.ctc_loss(logits.log_softmax(2).transpose(0, 1), flat, steps, lengths, zero_infinity=True)
    return dense + 0.3 * ctc


def greedy(logits: Tensor) -> list[str]:
    """The text of each sample by the likeliest class of each column."""
    texts = []
    for columns in logits.argmax(2).tolist():
        text, last = "", 0
        for place, value in enumerate(columns):
            last = 0 if place % COLUMNS == 0 else last
            text += ALPHABET[value - 1] if value and value != last else ""
            last = value
        texts.append(text)
    return texts


@torch.no_grad()
def right(net: nn.Module, pictures: NDArray[np.uint8], texts: list[str]) -> float:
    """The share of crops read exactly."""
    hits = 0
    for at in range(0, len(texts), BATCH):
        found = greedy(net(prepared(pictures[at : at + BATCH])))
        hits += sum(one == other for one, other in zip(found, texts[at : at + BATCH], strict=True))
    return hits / len(texts)


def step(run: TrainingRun, source: CropSource, total: int, peak: float = PEAK) -> float:
    """One batch; returns its loss."""
    pictures, wanted, texts = source.batch(run.seen // BATCH)
    for group in run.optimiser.param_groups:
        group["lr"] = rate(run.seen, total, peak)
    with torch.autocast("cpu", torch.bfloat16):
        logits = run.net(_shaken(prepared(pictures)))
    loss = loss_of(logits.float(), torch.from_numpy(wanted), texts)
    run.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(run.net.parameters(), 5.0)
    run.optimiser.step()
    run.average.update(run.net)
    run.advance(BATCH, total)
    return float(loss.detach())


def train(
    folder: Path,
    fonts: tuple[Path, ...],
    *,
    total: int,
    seed: int,
    mainland: Path | None = None,
    corrected: tuple[Path, ...] = (),
    until: float = float("inf"),
    begin: ShippedStart | None = None,
) -> TrainingRun:
    """Trains until `total` samples are seen, or `until` (monotonic seconds); saves every two minutes.

    Args:
        folder: checkpoint and log.
        fonts: folders with font files.
        total: samples; the learning rate falls over the last third.
        seed: of the drawing.
        mainland: a folder of photographed Mainland plates (`tools.training.photographs`), if there is one.
        corrected: folders that `rocars-lane corrections` wrote, if there are any.
        until: stop at this monotonic second.
        begin: shipped weights to go on from; None to begin from nothing.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    known = photographs.load(mainland) if mainland else ()
    if corrected:
        reader = PlateReader(OnnxRuntimeEngine())
        known += tuple(one for each in corrected for one in photographs.corrected(each, reader))
    source = CropSource(case(fonts), seed, known)
    pictures, _, texts = CropSource(source.cut, seed + 1_000_000).batch(0, 512)
    if begin and not (folder / "recogniser.pt").exists():
        net = shipped.recogniser(begin.file, begin.number, prepared(pictures))
        shipped.checkpoint(net, folder / "recogniser.pt", begin.peak)
    peak = begin.peak if begin else PEAK
    run = start(Recogniser(), "recogniser", folder, peak)
    run.note(event="measured", drawn_right=right(run.average.net, pictures, texts))
    run.net.train()
    losses: list[float] = []
    noted = time.monotonic()
    while run.seen < total and time.monotonic() < until:
        losses.append(step(run, source, total, peak))
        if time.monotonic() - noted > 120:
            run.note(loss=round(sum(losses) / len(losses), 4), drawn_right=right(run.average.net, pictures, texts))
            run.save()
            losses, noted = [], time.monotonic()
    run.end(drawn_right=right(run.average.net, pictures, texts))
    return run
