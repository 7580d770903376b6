"""Options that several commands share."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="ROCARS_CORE_CONFIG", help="The core's configuration file.")
]
Officer = Annotated[
    str, typer.Option("--officer", default_factory=getpass.getuser, help="Who acts; kept in the diary.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
