"""What the process that draws pages says by its exit status, to whoever started it; beside both, so that neither loads the other."""

from __future__ import annotations

from typing import Final

FAILED: Final = 4
"""The pages could not be drawn; its log line says why."""

TOO_LARGE: Final = 5
"""They would take more memory or processor than a story may."""
