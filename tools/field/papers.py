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
from tools.field.wires import CENTRE_ADDRESS, LANE_ADDRESS
from tools.field.yard import BOARD_URL, CAMERA_URL, LINES, SHADOW_BOARD_URL

LANE = "sbc-in-07"
SHADOW = f"{LANE}-shadow"
PAGE_NAME = "lane-07.sbc.example"
"""By which officers reach the lane's page."""
STICK = "/root/stick"
"""What the technician carries between the box and the core's operator."""
POINT = "SBC"
OFFICER = "chan"
OUTPUTS: Mapping[Screen, str] = {Screen.XDB: "X1", Screen.AIOP: "X2"}
"""Connector names that the compositor's X11 backend accepts begin with X."""
_HOUR_MS = 3_600_000


class PaperError(ValueError):
    """A shipped example is not what this test knows; the text says where."""


def filled(example: str, changes: Mapping[str, str]) -> str:
    """An example with pieces of it replaced, in this order; each must be there exactly once by then.

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


def answers_paper(root: Path) -> str:
    """The answers to `rocars-lane setup` for this site's box; its page is for the officers of the whole site.

    Args:
        root: the folder with `config/`.
    """
    return filled(
        _site_paper(root),
        {
            'host = "10.20.7.20"\n': f'host = "{LANE_ADDRESS}"\n',
            'page_certificate = "/media/stick/': f'page_certificate = "{STICK}/',
        },
    )


def shadow_paper(root: Path) -> str:
    """Those for a box in the shadow of that lane: an id of its own, its own board on the same wires, its page for itself.

    Args:
        root: the folder with `config/`.
    """
    paper = _site_paper(root)
    return filled(
        paper,
        {
            f'id = "{LANE}"\n': f'id = "{SHADOW}"\nmode = "shadow"\n',
            BOARD_URL: SHADOW_BOARD_URL,
            f'answer = "{STICK}/{LANE}.': f'answer = "{STICK}/{SHADOW}.',
            section(paper, "console"): "",
            section(paper, "contacts.outputs"): "",
            f'page_certificate = "/media/stick/{LANE}.page.crt"\n': "",
        },
    )


def _site_paper(root: Path) -> str:
    example = (root / "config" / "answers.toml.example").read_text(encoding="utf-8")
    second = '[[link.brokers]]\nhost = "10.20.0.6"\n'
    inputs = "".join(
        f'{contact.value} = {{ line = {line}, active = "high", stable_ms = 30 }}\n' for contact, line in LINES.items()
    )
    places = {
        f'output = "HDMI-A-{number}"': f'output = "{OUTPUTS[screen]}", width = {SIZES[screen][0]}, height = {SIZES[screen][1]}'
        for number, screen in enumerate(SIZES, 1)
    }
    return filled(
        example,
        {
            '"rtsp://10.20.7.21/lane"\n': f'"{CAMERA_URL}"\nregion = [0.02, 0.02, 0.96, 0.96]\n\n[policy]\ncompound_loop = true\n',
            section(example, "contacts"): f'[contacts]\nboard = "remote"\nport = "{BOARD_URL}"\n\n',
            section(example, "contacts.inputs"): f"[contacts.inputs]\n{inputs}\n",
            section(example, "contacts.outputs"): _OUTPUTS,
            **places,
            second: "",
            f'host = "{CENTRE_ADDRESS}"\n': f'host = "{CENTRE_ADDRESS}"\nport = 8883\n',
            'request_to = "/media/stick"': f'request_to = "{STICK}"',
            'answer = "/media/stick/': f'answer = "{STICK}/',
            'time_servers = ["10.20.0.1", "10.20.0.2"]\n': "",
            'password_file = "chan.password"            # one line, chmod 600': 'password_file = "chan.password"',
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


def outputs_paper() -> str:
    """The site's outputs (`/etc/rocars-lane/outputs.ini`), each with the size of its monitor."""
    return "\n".join(
        f"[output]\nname={OUTPUTS[screen]}\nmode={wide}x{high}\n" for screen, (wide, high) in SIZES.items()
    )


def compositor_paper(unit: str, display: str) -> str:
    """The drop-in by which the compositor's unit draws into an X server: its own command with another backend.

    Args:
        unit: the unit as it was installed.
        display: of the X server.

    Raises:
        PaperError: the unit's command is not what this test knows.
    """
    starts = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    command = filled("\n".join(starts), {"--backend=drm-backend.so": "--backend=x11-backend.so --output-count=2"})
    return f"[Service]\nEnvironment=DISPLAY={display}\nExecStart=\n{command}\n"


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
