"""The files that a technician and an operator fill in: the shipped examples with this site's addresses, and no more.

Rules of this file: a value is changed where the example has it, once; an example that has it no longer, or twice, is an
error of this test and not a guess.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.crossing import Direction
from lane_agent.model import Screen
from tools.field.glass import SIZES
from tools.field.wires import CENTRE_ADDRESS
from tools.field.yard import BOARD_URL, CAMERA_URL, LINES

LANE = "sbc-in-07"
POINT = "SBC"
OFFICER = "chan"
OUTPUTS: Mapping[Screen, str] = {Screen.XDB: "X1", Screen.AIOP: "X2"}
"""Connector names that the compositor's X11 backend accepts begin with X."""
_HOUR_MS = 3_600_000


class PaperError(ValueError):
    """A shipped example is not what this test knows; the text says where."""


def filled(example: str, changes: Mapping[str, str]) -> str:
    """An example with pieces of it replaced; each must be there exactly once.

    Raises:
        PaperError: one is not.
    """
    for old, new in changes.items():
        if (times := example.count(old)) != 1:
            raise PaperError(f"the shipped example has {old!r} {times} times, not once")
        example = example.replace(old, new)
    return example


def section(text: str, name: str) -> str:
    """The text of one TOML table, from its header to the next."""
    begins = text.index(f"\n[{name}]") + 1
    ends = text.find("\n[", begins)
    return text[begins : ends + 1 if ends >= 0 else len(text)]


def lane_paper(root: Path) -> str:
    """The lane's settings for this site.

    Args:
        root: the folder with `config/`.
    """
    example = (root / "config" / "lane.toml").read_text(encoding="utf-8")
    xdb, aiop = SIZES[Screen.XDB], SIZES[Screen.AIOP]
    second = '[[link.brokers]]\nhost = "10.20.0.6"\nport = 8883\n'
    inputs = "".join(
        f'{contact.value} = {{ line = {line}, active = "high", stable_ms = 30 }}\n'
        for contact, line in LINES.items()
    )
    return filled(
        example,
        {
            'url = "rtsp://10.20.7.21/lane"': f'url = "{CAMERA_URL}"',
            section(example, "contacts"): f'[contacts]\nboard = "remote"\nport = "{BOARD_URL}"\n\n',
            section(example, "contacts.inputs"): f"[contacts.inputs]\n{inputs}\n",
            section(example, "contacts.outputs"): _OUTPUTS,
            **{f'output = "HDMI-A-{number}"': f'output = "{name}"' for number, name in enumerate(OUTPUTS.values(), 1)},
            "width = 1024, height = 1024": f"width = {xdb[0]}, height = {xdb[1]}",
            "width = 800,  height = 600": f"width = {aiop[0]}, height = {aiop[1]}",
            second: "",
            "compound_loop = false": "compound_loop = true",
            "region = [0.10, 0.20, 0.80, 0.75]": "region = [0.02, 0.02, 0.96, 0.96]",
        },
    )


_OUTPUTS = """\
[contacts.outputs]
bell  = { line = 8, active = "high" }
lamp  = { line = 9, active = "high" }
alarm = { line = 10, active = "high" }

"""


def core_paper(root: Path) -> str:
    """The core's settings for this site: one broker, on the core's own machine."""
    example = (root / "config" / "core.toml.example").read_text(encoding="utf-8")
    second = example[example.index("[[broker]]", example.index("[[broker]]") + 1) : example.index("# Control points")]
    return filled(example, {second: "", '"broker-a.example"': f'"{CENTRE_ADDRESS}"'})


def weston_paper() -> str:
    """The compositor's two outputs, each with the size of its monitor; they take the windows that ask for them by name."""
    parts = ["[core]\nrequire-input=false\n"]
    for screen, (wide, high) in SIZES.items():
        parts.append(f"[output]\nname={OUTPUTS[screen]}\nmode={wide}x{high}\napp-ids={OUTPUTS[screen]}\n")
    return "\n".join(parts)


def bundles_paper(wanted: Mapping[str, str], now_ms: int, *, first_ccrn: int = 2_001_067_889) -> str:
    """Bundles for `rocars-core take-over`, and their vehicles: good for a day.

    Args:
        wanted: the action code of each mark's one consignment.
        now_ms: UTC.
        first_ccrn: number of the first consignment.
    """
    bundles: list[dict[str, Any]] = [
        {
            "vrn": vrn,
            "direction": Direction("inbound").value,
            "earliest_ms": now_ms - _HOUR_MS,
            "valid_until_ms": now_ms + 24 * _HOUR_MS,
            "cargo": [[f"{first_ccrn + number:010d}", code, ""]],
            "point": POINT,
        }
        for number, (vrn, code) in enumerate(wanted.items())
    ]
    return json.dumps({"bundles": bundles, "vehicles": [[vrn, ""] for vrn in wanted]})
