"""The drawn lane's camera, as a sensor."""

from __future__ import annotations

from pathlib import Path

from devices.stall import REMEMBERED
from simulation.drawn.camera import DrawnCamera
from simulation.drawn.trucks import CameraView


def drawn(folder: Path, pictures: int) -> list[bytes]:
    """So many pictures of an empty lane."""
    camera = DrawnCamera(folder / "none", view=CameraView((320, 180), seed=1))
    return [camera.draw().image.tobytes() for _ in range(pictures)]


def test_no_two_pictures_of_an_empty_lane_are_the_same(tmp_path: Path) -> None:
    """Else the stall's watch takes it for a frozen one."""
    pictures = drawn(tmp_path, REMEMBERED)
    assert len(set(pictures)) == len(pictures)


def test_a_frozen_sensor_gives_one_picture_again_and_again(tmp_path: Path) -> None:
    """As the watch must find it."""
    camera = DrawnCamera(tmp_path / "none", view=CameraView((320, 180), seed=1))
    camera.draw()
    camera.freeze(frozen=True)
    assert len({camera.draw().image.tobytes() for _ in range(5)}) == 1
