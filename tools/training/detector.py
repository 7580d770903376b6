"""Trains the detector on crops of the drawn scenes, cut, scaled, turned and relit anew each time."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from devices.anpr.detections import Detection, peaks, placed
from tools.training.decoys import scatter
from tools.training.faces import TypeCase, case
from tools.training.loop import TrainingRun, rate, start
from tools.training.nets import Detector

SIDES = ((256, 24), (256, 24), (320, 16), (448, 8))
"""Side of a crop and crops in a batch, one of these at random; only the largest shows plates wider than 300 px whole."""
PEAK = 2e-3
TALL = 32  # pixels; how high a plate is whose corners count as one pixel off when they are one pixel off
Quads = NDArray[np.float32]
Maps = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


class Scenes:
    """Every drawn scene; the pictures are mapped, not loaded, so that they need no memory of their own."""

    def __init__(self, folder: Path, cut: TypeCase, seed: int) -> None:
        self.cut = cut
        self.pictures: list[NDArray[np.uint8]] = []
        self.quads: list[Quads] = []
        self.rng = random.Random(seed)
        for file in sorted(folder.glob("[0-9]*.npz")):
            self.pictures += list(np.load(file.with_suffix(".npy"), mmap_mode="r"))
            shard = np.load(file)
            ends = np.cumsum(shard["counts"])[:-1]
            self.quads += [part.reshape(-1, 4, 2) for part in np.split(shard["quads"], ends)]

    def crop(self, number: int, side: int) -> tuple[NDArray[np.uint8], Quads]:
        """A random crop of one scene, `side` pixels square, and the corners that lie in it."""
        rng, quads = self.rng, self.quads[number]
        turn = self._aimed(quads, side)
        edge = rng.choice((cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT))  # a mirror image shows plates without labels
        cut = cv2.warpAffine(self.pictures[number], turn, (side, side), flags=cv2.INTER_AREA, borderMode=edge)
        picture = np.asarray(cut, np.uint8)
        moved = (quads @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
            moved = (moved * [-1, 1] + [side - 1, 0])[:, [1, 0, 3, 2]].astype(np.float32)
        picture = np.ascontiguousarray(picture, np.uint8)
        scatter(rng, picture, self.cut, moved)
        centres = moved.mean(1) if len(moved) else np.zeros((0, 2))
        return self._lit(picture), moved[((centres > 4) & (centres < side - 4)).all(1)]

    def _aimed(self, quads: Quads, side: int) -> NDArray[np.float64]:
        """Where the crop is cut out, how large and how turned: mostly about a plate, anywhere else now and then."""
        rng = self.rng
        middle = (rng.uniform(0, 640), rng.uniform(0, 640))
        zoom = 2 ** (rng.uniform(-0.9, 0.6) if side < 400 else rng.uniform(-0.5, 0.8))
        if len(quads) and rng.random() < 0.8:
            aim = quads[rng.randrange(len(quads))]
            reach = side / zoom * 0.4
            middle = (aim[:, 0].mean() + rng.uniform(-reach, reach), aim[:, 1].mean() + rng.uniform(-reach, reach))
        turn = cv2.getRotationMatrix2D(middle, rng.gauss(0, 3), zoom)
        turn[:, 2] += np.array([side / 2 - middle[0], side / 2 - middle[1]])
        return np.asarray(turn)

    def _lit(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rng = self.rng
        light = picture * np.float32(rng.uniform(0.6, 1.4)) + np.float32(rng.uniform(-30, 30))
        if rng.random() < 0.15:  # hardly any contrast left
            light = (light - light.mean()) * np.float32(rng.uniform(0.25, 0.7)) + np.float32(rng.uniform(60, 200))
        if rng.random() < 0.2:
            light = np.repeat(light.mean(2, keepdims=True), 3, 2)
        return np.asarray(np.clip(light, 0, 255), np.uint8)


def target(quads: Quads, side: int) -> Maps:
    """Heat (1, G, G), corners (8, G, G) in units of eight cells, and how much they count (2, G, G), G = side / 8.

    The second plane of the last is how many pixels a pixel counts for: on a low plate more, on a high one less.
    """
    cells_across = side // 8
    heat = np.zeros((1, cells_across, cells_across), np.float32)
    corners = np.zeros((8, cells_across, cells_across), np.float32)
    weight = np.zeros((2, cells_across, cells_across), np.float32)
    ys, xs = np.mgrid[0:cells_across, 0:cells_across].astype(np.float32)
    for quad in quads:
        cells = quad / 8 - 0.5
        x, y = cells.mean(0)
        wide, tall = (max(0.6, float(edge) / 9) for edge in np.ptp(cells, 0))
        hill = np.exp(-((xs - x) ** 2 / (2 * wide**2) + (ys - y) ** 2 / (2 * tall**2)))
        last = cells_across - 1
        hill[int(np.clip(round(float(y)), 0, last)), int(np.clip(round(float(x)), 0, last))] = 1
        near = (hill > 0.4) & (hill > heat[0])
        np.maximum(heat[0], hill, out=heat[0])
        for corner in range(4):
            corners[2 * corner][near] = (cells[corner, 0] - xs[near]) / 8
            corners[2 * corner + 1][near] = (cells[corner, 1] - ys[near]) / 8
        weight[0][near] = hill[near]
        weight[1][near] = np.clip(TALL / height_of(quad), 0.3, 2.0)
    return heat, corners, weight


def height_of(quad: Quads) -> float:
    """Of a plate, pixels: the mean of its two upright sides."""
    return float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2


def loss_of(heat: Tensor, corners: Tensor, wanted: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Focal loss on the heat (few cells are plates), smooth L1 on the corners against the plate's height."""
    hill, places, weight = wanted
    chance = torch.sigmoid(heat).clamp(1e-4, 1 - 1e-4)
    top = (hill > 0.999).float()
    near = (1 - hill) ** 4 * chance**2 * (1 - chance).log()
    focal = -(top * (1 - chance) ** 2 * chance.log() + (1 - top) * near).sum() / top.sum().clamp(min=1)
    share, scale = weight[:, :1], weight[:, 1:]
    off = functional.smooth_l1_loss(corners * scale, places * scale, reduction="none", beta=0.015)
    return focal + 12 * (share * off).sum() / (share.sum().clamp(min=1) * 8)


def prepared(pictures: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) bytes as the net takes them."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """Shares of 1, and how far corners are from the truth, as a share of the plate's height (median)."""

    recall: float
    precision: float
    corner: float


@torch.no_grad()
def score(net: nn.Module, pictures: list[NDArray[np.uint8]], quads: list[Quads]) -> DetectorScore:
    """At threshold 0.3; a plate is found if its corners are within a fifth of its height."""
    wanted = found = 0
    near: list[float] = []
    for picture, truth in zip(pictures, quads, strict=True):
        heat, corners = net(prepared(picture[None]))
        hot, offsets = torch.sigmoid(heat)[0, 0].numpy(), corners[0].numpy()
        at = peaks(hot, threshold=0.3)
        seen = placed(hot, at, offsets[:, at[:, 0], at[:, 1]].T)
        off = [min((error(quad, one) for one in seen), default=9.0) for quad in truth]
        near += [one for quad, one in zip(truth, off, strict=True) if one < max(0.2, 2 / height_of(quad))]
        wanted, found = wanted + len(truth), found + len(seen)
    return DetectorScore(len(near) / max(1, wanted), len(near) / max(1, found), statistics.median(near or [1.0]))


def error(quad: Quads, one: Detection) -> float:
    """Mean distance of the corners from the true ones, as a share of the plate's height."""
    return float(np.linalg.norm(quad - one.corners, axis=1).mean()) / height_of(quad)


def step(run: TrainingRun, scenes: Scenes, total: int, held: int) -> float:
    """One batch; returns its loss."""
    side, size = SIDES[scenes.rng.randrange(len(SIDES))]
    made = [scenes.crop(scenes.rng.randrange(held, len(scenes.pictures)), side) for _ in range(size)]
    heats, places, weights = zip(*(target(quads, side) for _, quads in made), strict=True)
    wanted = tuple(torch.from_numpy(np.stack(part)) for part in (heats, places, weights))
    for group in run.optimiser.param_groups:
        group["lr"] = rate(run.seen, total, PEAK)
    x = prepared(np.stack([picture for picture, _ in made])).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        features = run.net.features(x)
    heat, corners = run.net.say(features.float())
    loss = loss_of(heat, corners, (wanted[0], wanted[1], wanted[2]))
    run.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(run.net.parameters(), 5.0)
    run.optimiser.step()
    run.average.update(run.net)
    run.advance(size, total)
    return float(loss.detach())


def train(
    folder: Path, fonts: tuple[Path, ...], *, total: int, seed: int, until: float = float("inf"), held: int = 100
) -> TrainingRun:
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
            reached = score(run.average.net, scenes.pictures[:held], scenes.quads[:held])
            run.note(loss=round(sum(losses) / len(losses), 4), **asdict(reached))
            run.save()
            losses, noted = [], time.monotonic()
    run.end(**asdict(score(run.average.net, scenes.pictures[:held], scenes.quads[:held])))
    return run
