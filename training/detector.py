"""Trains the detector on crops of the drawn scenes, cut, scaled, turned and relit anew each time."""

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

from devices.anpr.decode import Found, decode
from training.decoys import scatter
from training.faces import Case, case
from training.loop import Run, rate, start
from training.nets import Detector

BATCH = 16
SIDE = 320  # of a crop; the net is convolutional and runs at any multiple of 32
CELLS = SIDE // 8
PEAK = 2e-3
Quads = NDArray[np.float32]


class Scenes:
    """Every drawn scene, shards kept open as memory maps would be: whole, they fit."""

    def __init__(self, folder: Path, cut: Case, seed: int) -> None:
        self.cut = cut
        self.pictures: list[NDArray[np.uint8]] = []
        self.quads: list[Quads] = []
        self.rng = random.Random(seed)
        for file in sorted(folder.glob("[0-9]*.npz")):
            shard = np.load(file)
            self.pictures += list(shard["pictures"])
            ends = np.cumsum(shard["counts"])[:-1]
            self.quads += [part.reshape(-1, 4, 2) for part in np.split(shard["quads"], ends)]

    def crop(self, number: int) -> tuple[NDArray[np.uint8], Quads]:
        """A random crop of one scene and the corners that lie in it."""
        rng, quads = self.rng, self.quads[number]
        middle = (rng.uniform(0, 640), rng.uniform(0, 640))
        zoom = 2 ** rng.uniform(-0.9, 0.6)
        if len(quads) and rng.random() < 0.8:
            aim = quads[rng.randrange(len(quads))]
            reach = SIDE / zoom * 0.4
            middle = (aim[:, 0].mean() + rng.uniform(-reach, reach), aim[:, 1].mean() + rng.uniform(-reach, reach))
        turn = cv2.getRotationMatrix2D(middle, rng.gauss(0, 3), zoom)
        turn[:, 2] += np.array([SIDE / 2, SIDE / 2]) - np.array(middle)
        edge = rng.choice(
            (cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)
        )  # a mirror image would show plates without labels
        picture = cv2.warpAffine(self.pictures[number], turn, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=edge)
        moved = (quads @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
            moved = (moved * [-1, 1] + [SIDE - 1, 0])[:, [1, 0, 3, 2]].astype(np.float32)
        picture = np.ascontiguousarray(picture, np.uint8)
        scatter(rng, picture, self.cut, moved)
        centres = moved.mean(1) if len(moved) else np.zeros((0, 2))
        return self._lit(picture), moved[((centres > 4) & (centres < SIDE - 4)).all(1)]

    def _lit(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rng = self.rng
        light = picture * np.float32(rng.uniform(0.6, 1.4)) + np.float32(rng.uniform(-30, 30))
        if rng.random() < 0.2:
            light = np.repeat(light.mean(2, keepdims=True), 3, 2)
        return np.asarray(np.clip(light, 0, 255), np.uint8)


def target(quads: Quads) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Heat (1, G, G), corners (8, G, G) in units of eight cells, and where the corners count (1, G, G)."""
    heat = np.zeros((1, CELLS, CELLS), np.float32)
    corners = np.zeros((8, CELLS, CELLS), np.float32)
    weight = np.zeros((1, CELLS, CELLS), np.float32)
    ys, xs = np.mgrid[0:CELLS, 0:CELLS].astype(np.float32)
    for quad in quads:
        cells = quad / 8 - 0.5
        x, y = cells.mean(0)
        wide, tall = (max(0.6, float(side) / 9) for side in np.ptp(cells, 0))
        hill = np.exp(-((xs - x) ** 2 / (2 * wide**2) + (ys - y) ** 2 / (2 * tall**2)))
        hill[int(np.clip(round(float(y)), 0, CELLS - 1)), int(np.clip(round(float(x)), 0, CELLS - 1))] = 1
        near = (hill > 0.4) & (hill > heat[0])
        np.maximum(heat[0], hill, out=heat[0])
        for corner in range(4):
            corners[2 * corner][near] = (cells[corner, 0] - xs[near]) / 8
            corners[2 * corner + 1][near] = (cells[corner, 1] - ys[near]) / 8
        weight[0][near] = hill[near]
    return heat, corners, weight


def loss_of(heat: Tensor, corners: Tensor, wanted: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Focal loss on the heat (few cells are plates), smooth L1 on the corners."""
    hill, places, weight = wanted
    chance = torch.sigmoid(heat).clamp(1e-4, 1 - 1e-4)
    top = (hill > 0.999).float()
    near = (1 - hill) ** 4 * chance**2 * (1 - chance).log()
    focal = -(top * (1 - chance) ** 2 * chance.log() + (1 - top) * near).sum() / top.sum().clamp(min=1)
    off = functional.smooth_l1_loss(corners, places, reduction="none", beta=0.03)
    return focal + 8 * (weight * off).sum() / (weight.sum().clamp(min=1) * 8)


def prepared(pictures: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) bytes as the net takes them."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)


@torch.no_grad()
def score(net: nn.Module, pictures: list[NDArray[np.uint8]], quads: list[Quads]) -> tuple[float, float]:
    """Recall and precision at threshold 0.3: a plate is found if its corners are within a fifth of its height."""
    hits = wanted = found = 0
    for picture, truth in zip(pictures, quads, strict=True):
        heat, corners = net(prepared(picture[None]))
        output = torch.cat([torch.sigmoid(heat), corners], 1)[0].numpy()
        seen = decode(output, threshold=0.3)
        hits += sum(any(_close(quad, one) for one in seen) for quad in truth)
        wanted, found = wanted + len(truth), found + len(seen)
    return hits / max(1, wanted), hits / max(1, found)


def _close(quad: Quads, one: Found) -> bool:
    tall = float(np.linalg.norm(quad[3] - quad[0]))
    return float(np.abs(quad - one.corners).mean()) < max(2.0, 0.2 * tall)


def step(run: Run, scenes: Scenes, total: int, held: int) -> float:
    """One batch; returns its loss."""
    made = [scenes.crop(scenes.rng.randrange(held, len(scenes.pictures))) for _ in range(BATCH)]
    heats, places, weights = zip(*(target(quads) for _, quads in made), strict=True)
    wanted = tuple(torch.from_numpy(np.stack(part)) for part in (heats, places, weights))
    for group in run.optimiser.param_groups:
        group["lr"] = rate(run.seen, total, PEAK)
    x = prepared(np.stack([picture for picture, _ in made])).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        heat, corners = run.net(x)
    loss = loss_of(heat.float(), corners.float(), (wanted[0], wanted[1], wanted[2]))
    run.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(run.net.parameters(), 5.0)
    run.optimiser.step()
    run.average.update(run.net)
    run.seen += BATCH
    return float(loss.detach())


def train(
    folder: Path, fonts: tuple[Path, ...], *, total: int, seed: int, until: float = float("inf"), held: int = 60
) -> Run:
    """Trains until `total` crops are seen, or `until` (monotonic seconds); the first `held` scenes only measure."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    run = start(Detector(), "detector", folder, PEAK)
    scenes = Scenes(folder / "scenes", case(fonts), seed + run.seen)
    run.net.train()
    losses: list[float] = []
    noted = time.monotonic()
    while run.seen < total and time.monotonic() < until:
        losses.append(step(run, scenes, total, held))
        if time.monotonic() - noted > 120:
            recall, precision = score(run.average.net, scenes.pictures[:held], scenes.quads[:held])
            run.note(loss=round(sum(losses) / len(losses), 4), recall=recall, precision=precision)
            run.save()
            losses, noted = [], time.monotonic()
    run.note(event="stopped")
    run.save()
    return run
