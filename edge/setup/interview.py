"""The questions of `rocars-lane setup`. Each answer is checked as the settings would be, before the next question."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from console.officers import check_name, check_password
from display.settings import ScreenSettings
from edge.settings.load import LaneSettingsError
from edge.setup.answers import SetupAnswers, TypedOfficer, checked, template
from edge.setup.toml_text import toml_text
from lane_agent.contacts import REQUIRED
from lane_agent.model import Contact
from runtime.files import write_whole
from runtime.sections import is_host, is_loopback

Say = Callable[[str], None]
Ask = Callable[..., Any]
_NONE = "none"
_STABLE_MS = {Contact.STOP_LOOP: 50, Contact.EXIT_LOOP: 50, Contact.COMPOUND_LOOP: 50}
_PAGE = {"tls_certificate": "/etc/rocars-lane/tls/page.pem", "tls_key": "/etc/rocars-lane/tls/page.key"}


class Interview:
    """One conversation.

    Args:
        before: the lane's file as it is, whose values are offered; empty for a new box.
        ask: as `typer.prompt`.
    """

    def __init__(self, before: Mapping[str, Any], *, say: Say, ask: Ask) -> None:
        self.before = before
        self._example = template()
        self._say, self.ask = say, ask
        self.given: dict[str, Any] = {}

    def question(self, section: str, key: str, words: str, *, default: Any = None) -> Any:
        """Asks until the settings would take it; keeps and returns it."""
        offered = self._offered(section, key, default)
        while True:
            typed = self.ask(words, default=offered)
            table = self.given
            for name in section.split("."):
                table = table.setdefault(name, {})
            table[key] = value = _value(typed)
            wrong = self._wrong(f"{section}.{key}")
            if not wrong:
                return value
            self._say(f"  {wrong}")

    def _offered(self, section: str, key: str, default: Any) -> Any:
        for source in (self.before, self._example):
            if key in source.get(section, {}):
                return source[section][key]
        return default

    def _wrong(self, path: str) -> str:
        """What the settings say against this key, whatever else is still missing."""
        try:
            checked(self.given, Path("the answers"))
        except LaneSettingsError as error:
            own = (each for each in error.problems if each.key == path or each.key.startswith((f"{path}.", f"{path}[")))
            return next((f"{each.wrong}; {each.remedy}" for each in own), "")
        return ""

    def lines(self, part: str, names: Mapping[str, bool], settings: Callable[[str, int], dict[str, Any]]) -> None:
        """Asks for the line of each contact or output.

        Args:
            part: "inputs" or "outputs".
            names: each, and whether every lane has it.
            settings: its other values, from its name and line.
        """
        before = self.before.get("contacts", {}).get(part, {})
        table = self.given["contacts"].setdefault(part, {})
        for name, required in names.items():
            while True:
                offered = before.get(name, {}).get("line", None if required else _NONE)
                typed = self.ask(f"  line of {name}{'' if required else ' (none: not wired)'}", default=offered)
                if str(typed) == _NONE and not required:
                    table.pop(name, None)
                    break
                value = _value(typed)
                table[name] = before.get(name, {}) | settings(name, value) | {"line": value}
                wrong = self._wrong(f"contacts.{part}.{name}")
                if not wrong:
                    break
                self._say(f"  {wrong}")

    def hosts(self, words: str, offered: str, *, least: int = 0) -> list[str]:
        """Asks for host names or addresses, with commas."""
        while True:
            typed = str(self.ask(words, default=offered))
            found = [each.strip() for each in typed.replace(" ", ",").split(",") if each.strip() not in {"", _NONE}]
            wrong = [each for each in found if not is_host(each)]
            if not wrong and len(found) >= least:
                return found
            self._say(f"  {', '.join(wrong) or 'nothing'}: write host names or addresses, with commas between them")


def interview(config: Path, save: Path | None, *, say: Say, agree: Callable[[str], bool], ask: Ask) -> SetupAnswers:
    """Asks everything; returns it checked.

    Args:
        config: the lane's file, whose values are offered where there is one.
        save: also write the answers here, without passwords.
        say: takes lines for a person.
        agree: asks a person yes or no.
        ask: asks a person for a text, as `typer.prompt`.

    Raises:
        LaneSettingsError: together the answers cannot be used.
        OSError: they cannot be saved.
    """
    talk = Interview(_before(config), say=say, ask=ask)
    say("Enter takes what stands in brackets.")
    _lane(talk)
    _devices(talk, say)
    _screens(talk, say)
    _network(talk)
    typed = _officers(talk, agree, say)
    talk.given["setup"] = {
        "time_servers": talk.hosts("Time servers", _NONE),
        "start": agree("Start the lane at the end, and at every boot?"),
    }
    answer = str(ask("The core's operator's answer, if you have it (a file)", default=_NONE))
    if answer != _NONE:
        talk.given["setup"]["answer"] = answer
    if save is not None:
        write_whole(save, toml_text(talk.given).encode())
        say(f"the answers are in {save}")
    found = checked(talk.given, save or Path("answers.toml"))
    return SetupAnswers(found.text, found.settings, found.setup, tuple(typed))


def _before(config: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _lane(talk: Interview) -> None:
    talk.question("lane", "id", "Lane id (also its name at the brokers)")
    talk.question("lane", "point", "Control point (the core's operator has the list)")
    talk.question("lane", "direction", "Direction: inbound or outbound")
    talk.question("policy", "manifest", "Paper manifest: none or sensor")


def _devices(talk: Interview, say: Say) -> None:
    kind = talk.question("camera", "kind", "Camera: rtsp, http or v4l2", default="rtsp")
    if kind == "v4l2":
        talk.question("camera", "path", "Camera device", default="/dev/video0")
    else:
        talk.question("camera", "url", "Camera address", default=f"{kind}://")
    board = talk.question("contacts", "board", "Board of the contacts: gpio or remote", default="gpio")
    if board == "gpio":
        talk.question("contacts", "chip", "Number of its chip", default=0)
        say("Lines are BCM numbers. A button to ground is active low with a pull-up; change that in the file.")
    else:
        talk.question("contacts", "port", "Port of the board", default="/dev/ttyUSB0")
    pull = {"pull": "up"} if board == "gpio" else {}
    talk.lines(
        "inputs",
        {contact.value: contact in REQUIRED for contact in Contact},
        lambda name, _: {"active": "low", **pull, "stable_ms": _STABLE_MS.get(Contact(name), 30)},
    )
    talk.lines("outputs", dict.fromkeys(("bell", "lamp", "alarm"), False), lambda *_: {"active": "high"})


def _screens(talk: Interview, say: Say) -> None:
    connectors = [path.parent.name.split("-", 1)[1] for path in sorted(Path("/sys/class/drm").glob("card*-*/status"))]
    say(f"Screens at this box: {', '.join(connectors) or 'none seen'}")
    for number, screen in enumerate(("xdb", "aiop")):
        before = talk.before.get("screens", {}).get(screen, {})
        key = "output" if "output" in ScreenSettings.__struct_fields__ else "display"
        offered = (
            connectors[number] if key == "output" and number < len(connectors) else None if key == "output" else number
        )
        talk.question(f"screens.{screen}", key, f"Which {key} is the {screen} on?", default=before.get(key, offered))


def _network(talk: Interview) -> None:
    before = talk.before.get("link", {}).get("brokers", [])
    hosts = talk.hosts("Brokers", ", ".join(each["host"] for each in before) or _NONE, least=1)
    talk.given["link"] = {"brokers": [{"host": host, "port": 8883} for host in hosts]}
    host = talk.question("console", "host", "Address at which officers reach the page; 127.0.0.1: at this box alone")
    if not is_loopback(host):
        talk.given["console"] |= _PAGE | {"names": talk.hosts("Other names of the page", _NONE)}


def _officers(talk: Interview, agree: Callable[[str], bool], say: Say) -> list[TypedOfficer]:
    typed = list[TypedOfficer]()
    while agree("Add an officer?" if not typed else "Another one?"):
        name = str(talk.ask("  Login, lower case"))
        try:
            check_name(name)
            password = str(talk.ask("  Password", hide_input=True, confirmation_prompt=True))
            check_password(name, password)
        except ValueError as error:
            say(f"  {error}")
            continue
        typed.append(TypedOfficer(name, password, str(talk.ask("  Name as the page shows it", default=name))))
    return typed


def _value(typed: Any) -> Any:
    """A number where it is one."""
    text = str(typed).strip()
    return int(text) if isinstance(typed, str) and text.isdigit() else typed if not isinstance(typed, str) else text
