"""What `rocars-lane setup` does with its answers: step by step, each of which may be done already.

    0  done, and the check found nothing but warnings    1  a fault was found    2  the answers cannot be used
    3  the lane waits for the core's operator: run it again with the answer

Rules of this file
- Broken off anywhere, it is run again: every step looks first whether it is done. No key is made twice.
- The lane's file is replaced whole, and what it replaced stays beside as `.old`.
- A running lane is not touched; it takes the new settings at its next start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.errors import OfficersFileError
from console.officers import OfficerBook
from edge.cli_enrol import make_request, take_answer
from edge.enrol import IdentityFiles
from edge.settings.load import Settings, parse
from edge.settings.sections import LaneMode
from edge.setup import page, system
from edge.setup.answers import SetupAnswers, SetupSection
from runtime.files import PRIVATE, write_whole
from wire.enrolment import EnrolmentError

Say = Callable[[str], None]
Agree = Callable[[str], bool]
STEPS = 7
WAITS = 3


class SetupError(RuntimeError):
    """A step cannot be done; the text says what to do, and running it again goes on from there."""


@dataclass(slots=True)
class Progress:
    """Says which step is under way."""

    say: Say
    number: int = 0

    @contextmanager
    def step(self, name: str) -> Iterator[Say]:
        """A step; what is said in it stands below its name."""
        self.number += 1
        self.say(f"[{self.number}/{STEPS}] {name}")
        yield lambda text: self.say("\n".join(f"      {line}" for line in text.splitlines()))


def carry_out(answers: SetupAnswers, config: Path, *, say: Say, agree: Agree) -> int:
    """Every step but the check; returns 0 or `WAITS`.

    Args:
        answers: checked.
        config: where the lane's file goes.
        say: takes lines for a person.
        agree: asks a person a question.

    Raises:
        SetupError, EnrolmentError, OSError: a step cannot be done; the text says what to do.
    """
    progress, setup = Progress(say), answers.setup
    with progress.step("settings") as tell:
        settings = _settings(answers, config, tell)
    places = IdentityFiles.of(settings)
    with progress.step("officers") as tell:
        _officers(settings, answers, places, tell)
    with progress.step("identity") as tell:
        waits = not _identity(settings, setup, places, tell, agree)
    with progress.step("officers' page") as tell:
        waits = not _page(settings, setup, places, tell) or waits
    with progress.step("time") as tell:
        tell(
            system.set_time_servers(setup.time_servers)
            if setup.time_servers
            else "left as it is: no time servers given"
        )
    with progress.step("sleep") as tell:
        if system.runs_systemd():
            system.forbid_sleep()
            tell("forbidden: a box that sleeps loses its clock")
        else:
            tell("not looked at: no systemd runs here")
    if waits:
        say("The lane waits for the core's operator. Run this again with what the operator gives you.")
    return WAITS if waits else 0


def start_screens(answers: SetupAnswers) -> None:
    """Before the check, which looks at them: they need no lane, and say "please wait" without one.

    Those of a shadow are masked: the lane's unit wants them, and a box without monitors would try for ever.

    Raises:
        SetupError: they do not start.
    """
    if not (answers.setup.start and system.runs_systemd()):
        return
    if answers.settings.lane.mode is LaneMode.SHADOW:
        system.systemctl("mask", "--now", *system.SCREENS)
        return
    system.systemctl("unmask", *system.SCREENS)
    _start(system.SCREENS)


def start_lane(setup: SetupSection, *, faults: bool, say: Say) -> None:
    """The last step, after the check: until then camera, pins and ports are free to be looked at.

    Faults do not keep a lane from starting: it begins in manual mode and says why.

    Raises:
        SetupError: it does not start.
    """
    say(f"[{STEPS}/{STEPS}] start")
    if not (setup.start and system.runs_systemd()):
        say("      not asked for; by hand: systemctl enable --now rocars-lane")
        return
    say(f"      {', '.join(_start(system.LANE))}")
    if faults:
        say("      in manual mode until what the check found is mended")


def _start(units: Sequence[str]) -> list[str]:
    try:
        return system.start_units(units)
    except system.UnitsError as error:
        raise SetupError(str(error)) from error


def _settings(answers: SetupAnswers, config: Path, say: Say) -> Settings:
    content = answers.text.encode()
    store = answers.settings.lane.store.parent
    if not store.is_dir():
        raise SetupError(f"{store} does not exist: install the package rocars-lane, or make it for the lane's user")
    if config.exists() and config.read_bytes() == content:
        say(f"{config} is so already")
        return parse(config)
    if config.exists():
        old = config.with_name(f"{config.name}.old")
        old.unlink(missing_ok=True)
        os.link(config, old)
        say(f"what was there is {old}")
    config.parent.mkdir(parents=True, exist_ok=True)
    owner = (0, store.stat().st_gid) if os.geteuid() == 0 else None
    write_whole(config, content, mode=0o640, owner=owner)
    say(f"{config} written: lane {answers.settings.lane.id} at {answers.settings.lane.point}")
    return parse(config)


def _officers(settings: Settings, answers: SetupAnswers, places: IdentityFiles, say: Say) -> None:
    file, setup = settings.console.officers, answers.setup
    book = OfficerBook(file)
    if setup.officers_from is not None and not file.exists():
        OfficerBook(_private_copy(setup.officers_from, file, places)).names()
        say(f"taken over from {setup.officers_from}")
    for officer in setup.officers:
        if not (file.exists() and officer.name in book.names()):
            book.add(
                officer.name, officer.password_file.read_text(encoding="utf-8").rstrip("\r\n"), shown=officer.shown
            )
    for typed in answers.typed:
        book.add(typed.name, typed.password, shown=typed.shown)
    if file.exists():
        if places.owner_if_root is not None:
            os.chown(file, *places.owner_if_root)
        say(f"{', '.join(book.names()) or 'nobody'} may log in")
    else:
        say("nobody may log in yet: rocars-lane officer add NAME --config FILE")


def _private_copy(source: Path, target: Path, places: IdentityFiles) -> Path:
    return write_whole(target, source.read_bytes(), mode=PRIVATE, owner=places.owner_if_root)


def _identity(settings: Settings, setup: SetupSection, places: IdentityFiles, say: Say, agree: Agree) -> bool:
    """Whether the lane is enrolled now."""
    if places.request.exists() and setup.answer is not None and setup.answer.exists():
        take_answer(
            settings, setup.answer, fingerprint=setup.fingerprint or "", untried=setup.untried, agree=agree, say=say
        )
    if places.request.exists():
        _copied(places.request, f"{places.lane}.request.json", setup, say)
        say(f"waits for the operator's answer to {places.request}")
        return False
    if places.certificate.exists() and places.lane_key.exists():
        say("enrolled")
        return True
    stick = None if setup.request_to is None else setup.request_to / f"{places.lane}.request.json"
    make_request(settings, again=False, out=stick, say=say)
    return False


def _page(settings: Settings, setup: SetupSection, places: IdentityFiles, say: Say) -> bool:
    """Whether the page has what it needs."""
    console = settings.console
    if console.tls_key is None or console.tls_certificate is None:
        say("on this box alone: no certificate is needed")
        return True
    wanted = page.page_request(places, console.tls_key)
    if setup.page_certificate is not None and setup.page_certificate.exists() and places.authority.exists():
        page.take_page(places, console, setup.page_certificate)
    if console.tls_certificate.exists():
        say(f"served over TLS with {console.tls_certificate}")
        return True
    file = write_whole(console.tls_key.with_suffix(".csr"), wanted, owner=places.owner_if_root)
    _copied(file, f"{places.lane}.page.csr", setup, say)
    names = " ".join(page.names_of(console))
    say(f"its request is {file}; the core's operator runs")
    say(
        f"    rocars-core enrol-page {places.lane} {names} --request {places.lane}.page.csr --out {places.lane}.page.crt --config FILE"
    )
    return False


def _copied(file: Path, name: str, setup: SetupSection, say: Say) -> None:
    if setup.request_to is not None:
        shutil.copyfile(file, setup.request_to / name)
        say(f"copied to {setup.request_to / name}")


def explained(error: Exception) -> str:
    """What went wrong, in words for a person."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; run this as root"
    return str(error)


REFUSALS = (SetupError, EnrolmentError, OfficersFileError, OSError, ValueError)
"""What `carry_out` raises where a person has to do something."""
