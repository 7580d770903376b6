"""Two monitors on the box's compositor: one X server in the box's own network, and who hangs its windows side by side."""

from __future__ import annotations

from pathlib import Path

from simulation.children import ChildProcess
from tools.field.glass import PLACES, SIZES, WHOLE

DISPLAY = ":4177"
_HANGER = Path(__file__).with_name("hanger.py")


class FieldMonitors:
    """The two monitors; plugged in anew whenever the machine starts.

    Args:
        folder: where the picture's file and the logs are.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.picture = folder / "Xvfb_screen0"
        self._folder = folder
        self._server, self._hanger = ChildProcess(folder / "xvfb.log"), ChildProcess(folder / "hanger.log")

    @property
    def logs(self) -> tuple[Path, ...]:
        """What the X server and the hanger said."""
        return self._server.log, self._hanger.log

    def plug(self, pid1: int) -> None:
        """Starts them within the network and the shared memory of the machine whose PID 1 this is.

        Its programs then find them at `DISPLAY`, and nothing of the outside is in its files.
        """
        self.unplug()
        self.picture.unlink(missing_ok=True)
        inside = ("nsenter", "-t", str(pid1), "-n", "-i", "--")
        size = f"{WHOLE[0]}x{WHOLE[1]}x24"
        self._server.start(
            *inside, "Xvfb", DISPLAY, "-screen", "0", size, "-fbdir", self._folder, "-ac", "-noreset", "-nocursor",
            "-nolisten", "unix", "-nolock", "-s", "0",
        )  # fmt: skip
        places = [f"{SIZES[one][0]}x{SIZES[one][1]}+{left}+{top}" for one, (left, top) in PLACES.items()]
        self._hanger.start(*inside, "/usr/bin/python3", _HANGER, DISPLAY, *places)

    def unplug(self) -> None:
        """Takes them away."""
        self._hanger.end(patience=2.0)
        self._server.end(patience=2.0)
