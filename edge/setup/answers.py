"""What may be answered: the sections of a lane's settings, as `config/lane.toml` has them, and `[setup]` beside them.

Rules of this file
- Whatever a file of answers leaves out is as in `config/lane.toml`, so a site's boxes differ by a few lines.
- The same checks as of a settings file, with the same words, before anything on the box is changed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from console.officers import check_name
from edge.settings.load import LaneSettingsError, Settings, parse
from edge.setup.toml_text import toml_text
from runtime.files import write_whole
from runtime.sections import Fits, Host, NamedFile, NamedFolder, Problem, SecretLine, Section, Text
from runtime.toml_file import TomlFileError, read_toml
from runtime.toml_table import TableReader

TEMPLATE = Path(__file__).parents[2] / "config/lane.toml"


def _is_login(text: str) -> bool:
    try:
        check_name(text)
    except ValueError:
        return False
    return True


class OfficerAnswer(Section, frozen=True, kw_only=True):
    """One who may log in; the password is the one line of a file that only root can read."""

    name: Annotated[str, Fits(_is_login)]
    password_file: Annotated[Path, SecretLine("write the password as one line into {path}, and chmod 600 {path}")]
    shown: str = ""


class SetupSection(Section, frozen=True, kw_only=True):
    """`[setup]`: what is no setting of the lane.

    Attributes:
        officers: who may log in.
        officers_from: an officers' file of another lane, taken over as it is.
        request_to: a folder into which the requests for the core's operator are copied: a stick.
        answer: the operator's answer to the enrolment, as soon as it is there.
        fingerprint: of that answer, as the operator saw it; without it somebody is asked to compare.
        untried: put the identity in place without trying it with the brokers.
        page_certificate: what the operator made of the page's request, as soon as it is there.
        time_servers: whom the box asks for the time.
        start: start the lane at the end, and at every boot.
    """

    officers: tuple[OfficerAnswer, ...] = ()
    officers_from: Annotated[Path, NamedFile()] | None = None
    request_to: Annotated[Path, NamedFolder("mkdir -p {path}, or put the stick in")] | None = None
    answer: Path | None = None
    fingerprint: Text | None = None
    untried: bool = False
    page_certificate: Path | None = None
    time_servers: tuple[Host, ...] = ()
    start: bool = True

    def contradictions(self) -> Iterator[Problem]:
        """Officers come from one place."""
        if self.officers and self.officers_from is not None:
            yield Problem("officers_from", "is given beside setup.officers", "give one of the two")


@dataclass(frozen=True, slots=True)
class TypedOfficer:
    """An officer whose password was typed at a prompt; it is in no file."""

    name: str
    password: str = field(repr=False)
    shown: str = ""


@dataclass(frozen=True, slots=True)
class SetupAnswers:
    """Everything that was answered, checked.

    Attributes:
        text: the lane's file.
        settings: the same, read.
        setup: the rest.
        typed: officers whose passwords were typed.
    """

    text: str
    settings: Settings
    setup: SetupSection
    typed: tuple[TypedOfficer, ...] = ()


def template() -> dict[str, Any]:
    """The settings of the example, which stand where nothing is answered; without what is only true of its own site."""
    whole = read_toml(TEMPLATE, example="config/lane.toml")
    for section, key in (*OF_THE_SITE, *_OF_THE_EXAMPLE):
        whole[section].pop(key, None)
    for screen in ("xdb", "aiop"):
        for key in ("output", "display", "monitor"):
            whole["screens"][screen].pop(key, None)
    return whole


OF_THE_SITE = (
    ("lane", "id"),
    ("lane", "point"),
    ("lane", "direction"),
    ("camera", "kind"),
    ("contacts", "board"),
    ("contacts", "inputs"),
    ("link", "brokers"),
)
"""Never assumed: a wire or an address of another site's is worse than a question."""

_OF_THE_EXAMPLE = (
    ("camera", "url"),
    ("camera", "region"),
    ("contacts", "chip"),
    ("contacts", "outputs"),
    ("policy", "limits"),
)


def read_answers(file: Path) -> SetupAnswers:
    """Reads a file of answers.

    Raises:
        LaneSettingsError: it cannot be used; every problem is in it.
    """
    try:
        given = read_toml(file, example="config/answers.toml.example")
    except TomlFileError as error:
        raise LaneSettingsError(file, [error.problem]) from error
    return checked(given, file)


def checked(given: Mapping[str, Any], file: Path) -> SetupAnswers:
    """Fills up what was answered from the example, and checks all of it.

    Args:
        given: sections of the lane's file, and "setup".
        file: where they are from, for messages; relative paths of `[setup]` start at its folder.

    Raises:
        LaneSettingsError: every problem is in it.
    """
    reader = TableReader(file.absolute().parent, on_this_box=True)
    setup = reader.read(SetupSection, given.get("setup", {}), "setup")
    problems = list(reader.problems())
    whole = merged(template(), {key: value for key, value in given.items() if key != "setup"})
    text = f"# Written by rocars-lane setup. Every key is explained in docs/installing.md.\n\n{toml_text(whole)}"
    settings: Settings | None = None
    try:
        settings = _parsed(text)
    except LaneSettingsError as error:
        problems += error.problems
    if problems or settings is None or setup is None:
        raise LaneSettingsError(file, problems)
    return SetupAnswers(text, settings, setup)


def _parsed(text: str) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        return parse(write_whole(Path(folder) / "lane.toml", text.encode()))


def merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`base`, and over it what was given: section by section, key by key, and each screen's own keys likewise."""
    whole: dict[str, Any] = {name: dict(part) if isinstance(part, Mapping) else part for name, part in base.items()}
    for name, part in given.items():
        if not (isinstance(part, Mapping) and isinstance(whole.get(name), dict)):
            whole[name] = part
            continue
        for key, value in part.items():
            below = whole[name].get(key) if name == "screens" else None
            whole[name][key] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value
    return whole
