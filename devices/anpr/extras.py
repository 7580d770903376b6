"""How the library of a reader engine is installed: on a box from a package beside the lane's, in a checkout from the index."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from runtime.slots import FACTS

_EXTRA = re.compile(r"(rocars-lane)\[([a-z]+)\]")


def install_with(requirement: str, home: Path | None = None) -> str:
    """The command, for people.

    Args:
        requirement: as pip would be told, such as `rocars-lane[easyocr]`.
        home: of the software that runs; this interpreter's if left out.
    """
    extra = _EXTRA.fullmatch(requirement)
    if extra and ((home or Path(sys.prefix)) / FACTS).is_file():  # a version of the package: no pip is in it
        return f"install it with apt install ./{extra[1]}-{extra[2]}_VERSION_ARCHITECTURE.deb"
    return f"install it with {sys.executable} -m pip install '{requirement}'"
