"""What the process of a further camera (`wall.camera_child`) says to the wall (`wall.point_cameras`), which loads none of its libraries."""

from __future__ import annotations

from typing import Final

OPEN: Final = "open"
"""On standard output: the camera is open, and its stream is offered."""

REFUSED: Final = 3
"""Exit status: the camera refuses the login."""

FAILED: Final = 4
"""Exit status: it does not open, or gave nothing more."""
