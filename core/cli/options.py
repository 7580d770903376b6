"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="ROCARS_CORE_CONFIG", help="The core's configuration file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
