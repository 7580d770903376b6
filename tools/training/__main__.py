"""`python -m tools.training`: draws, trains and exports the plate models; goes on where it was stopped."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tools.training import plot

STAGES = (
    "all",
    "fonts",
    "recogniser",
    "scenes",
    "detector",
    "finds",
    "look",
    "export",
    "export-look",
    "split",
    "quantise",
    "plot",
)


def main() -> None:
    """Trains what was asked for, then exports it."""
    parser = argparse.ArgumentParser(prog="python -m tools.training", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=STAGES)
    parser.add_argument("--folder", type=Path, required=True, help="checkpoints, logs and drawn scenes")
    parser.add_argument("--fonts", type=Path, action="append", default=[], help="folder with unpacked fonts; repeat")
    parser.add_argument("--weights", type=Path, default=Path("devices/anpr/weights"), help="where ONNX files go")
    parser.add_argument("--mainland", type=Path, help="folder of photographed Mainland plates with labels.csv")
    parser.add_argument(
        "--corrections", type=Path, action="append", default=[], help="folder of rocars-lane corrections; repeat"
    )
    parser.add_argument(
        "--beside", type=Path, action="append", default=[], help="export: another recogniser checkpoint"
    )
    parser.add_argument(
        "--other", type=Path, action="append", default=[], help="export: recogniser checkpoint of another run"
    )
    parser.add_argument("--samples", type=int, default=800_000, help="crops the recogniser sees")
    parser.add_argument("--pictures", type=int, default=160_000, help="scene crops the detector sees")
    parser.add_argument("--scenes", type=int, default=8_000, help="scenes drawn for the detector")
    parser.add_argument("--finds", type=int, default=40_000, help="places drawn for the second look")
    parser.add_argument("--looks", type=int, default=400_000, help="places the second look sees")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop each stage after so long")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--begin", type=int, help="recogniser, look: go on from this one (0, 1) of those in --weights")
    parser.add_argument("--keep", action="store_true", help="export-look: ask those in --weights beside the new one")
    parser.add_argument("--peak", type=float, default=4e-4, help="highest learning rate of what goes on from --weights")
    asked = parser.parse_args()
    fonts = (*asked.fonts, asked.folder, Path("/usr/share/fonts"))
    if asked.what in ("all", "fonts"):
        from tools.training.fonts import fetch  # noqa: PLC0415  each stage loads only what it needs

        print(f"{fetch(asked.folder)} font files fetched")
    if asked.what in ("all", "recogniser"):
        from tools.training import recogniser  # noqa: PLC0415

        until = time.monotonic() + asked.minutes * 60
        begin = None
        if asked.begin is not None:
            begin = recogniser.ShippedStart(asked.weights / "recogniser.onnx", asked.begin, asked.peak)
        recogniser.train(
            asked.folder,
            fonts,
            total=asked.samples,
            seed=asked.seed,
            mainland=asked.mainland,
            corrected=tuple(asked.corrections),
            until=until,
            begin=begin,
        )
    _detector_stages(asked, fonts)
    if asked.what in ("all", "export"):
        from tools.training import export  # noqa: PLC0415

        export.export(
            asked.folder, asked.weights, seed=asked.seed, beside=tuple(asked.beside), others=tuple(asked.other)
        )
    if asked.what == "export-look":
        from tools.training import export  # noqa: PLC0415

        export.replace_look(asked.folder, asked.weights, seed=asked.seed, keep=asked.keep)
    if asked.what == "split":
        from tools.training.split import split  # noqa: PLC0415

        print("done" if split(asked.weights) else "it is done already")
    if asked.what in ("all", "quantise"):
        from tools.training.quantise import quantise  # noqa: PLC0415

        quantise(asked.weights, asked.seed)
    if asked.what in ("all", "plot"):
        print(plot.plot(asked.folder))


def _detector_stages(asked: argparse.Namespace, fonts: tuple[Path, ...]) -> None:
    if asked.what in ("all", "scenes"):
        from tools.training import scenes  # noqa: PLC0415

        scenes.draw_all(asked.folder / "scenes", fonts, count=asked.scenes, seed=asked.seed)
    if asked.what in ("all", "detector"):
        from tools.training import detector  # noqa: PLC0415

        until = time.monotonic() + asked.minutes * 60
        detector.train(asked.folder, fonts, total=asked.pictures, seed=asked.seed, until=until)
    _look_stages(asked, fonts)


def _look_stages(asked: argparse.Namespace, fonts: tuple[Path, ...]) -> None:
    from tools.training import look  # noqa: PLC0415

    if asked.what in ("all", "finds"):
        until = time.monotonic() + asked.minutes * 60
        look.draw_all(
            asked.folder / "finds", fonts, count=asked.finds, seed=asked.seed, weights=asked.weights, until=until
        )
    if asked.what in ("all", "look"):
        until = time.monotonic() + asked.minutes * 60
        begin = None if asked.begin is None else (asked.weights / "look.onnx", asked.begin)
        look.train(asked.folder, total=asked.looks, seed=asked.seed, until=until, begin=begin)


if __name__ == "__main__":
    main()
