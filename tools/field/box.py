"""A lane's box set up by its papers and enrolled at the centre, as docs/installing.md says; the live lane's, and a shadow's."""

from __future__ import annotations

import re
import shutil

from tools.field.machine import FieldMachine, MachineError
from tools.field.papers import OFFICER, PAGE_NAME, STICK, filled
from tools.field.wires import LANE_ADDRESS

CORE_CONFIG = "/etc/rocars-core/core.toml"
AS_CORE = f"ROCARS_CORE_CONFIG={CORE_CONFIG} runuser -u rocars-core -- "
_WAITS = 3
"""How `rocars-lane setup` ends while it waits for the operator's answer."""
_NO_CONNECTOR = re.compile(r"screen (xdb|aiop): X\d is no connector of this box")
_FINGERPRINT = re.compile(r"^(?:The box will show: | {4,})((?:[0-9a-f]{4}-)+[0-9a-f]{4})$", re.MULTILINE)


class FieldBox:
    """One box that the package is installed on.

    Args:
        machine: it.
        lane: its id.
        answers: the file of answers.
        password: of the officer.
        page: its page has a certificate.
    """

    def __init__(self, machine: FieldMachine, lane: str, answers: str, password: str, *, page: bool) -> None:
        self.machine, self.lane = machine, lane
        self._answers, self._password, self._page = answers, password, page
        self._said = ""

    def begin(self) -> None:
        """The answers are carried to it and used; it then waits for the core's operator.

        Raises:
            MachineError: it does not.
        """
        stick = self.machine.root / STICK[1:]
        stick.mkdir()
        (stick / "answers.toml").write_text(self._answers, encoding="utf-8")
        (stick / f"{OFFICER}.password").touch(mode=0o600)
        (stick / f"{OFFICER}.password").write_text(f"{self._password}\n", encoding="ascii")
        self._set_up(_WAITS)

    def enrol(self, centre: FieldMachine) -> list[str]:
        """The technician's walk between box and operator: small files, two fingerprints. Ends in running units.

        Returns:
            What `rocars-lane setup` found to be at fault with the box.

        Raises:
            MachineError: a step of it failed.
        """
        here, there = self.machine.root / STICK[1:], centre.root / "var/lib/rocars-core"
        request, answer = f"{self.lane}.request.json", f"{self.lane}.answer.json"
        shutil.copy(here / request, there / request)
        told = centre.typed(
            f"cd /var/lib/rocars-core && {AS_CORE}rocars-core enrol {self.lane} --request {request} "
            f"--fingerprint '{fingerprint_of(self._said)}'"
        )
        shutil.copy(there / answer, here / answer)
        if self._page:
            signing, made = f"{self.lane}.page.csr", f"{self.lane}.page.crt"
            shutil.copy(here / signing, there / signing)
            centre.typed(
                f"cd /var/lib/rocars-core && {AS_CORE}rocars-core enrol-page {self.lane} {PAGE_NAME} {LANE_ADDRESS} "
                f"--request {signing} --out {made}"
            )
            shutil.copy(there / made, here / made)
        paper = here / "answers.toml"
        named = filled(
            paper.read_text(encoding="utf-8"), {"# fingerprint = ": f'fingerprint = "{fingerprint_of(told)}" # '}
        )
        paper.write_text(named, encoding="utf-8")
        return faults_of(self._set_up(0, 1))

    def _set_up(self, *statuses: int) -> str:
        """`rocars-lane setup`, typed; what it said, with its status as the last line.

        Raises:
            MachineError: it ended with another status than one of these.
        """
        self._said = self.machine.typed(
            f"rocars-lane setup --answers {STICK}/answers.toml; echo status $?", check=False
        )
        if self._said.splitlines()[-1] not in {f"status {status}" for status in statuses}:
            raise MachineError(f"rocars-lane setup: {self._said[-1_500:]}")
        return self._said


def faults_of(said: str) -> list[str]:
    """The faults that the box's check found; that a container has no connectors is none.

    Args:
        said: what it printed, and its status as the last line.

    Raises:
        MachineError: the status is not what the faults say.
    """
    lines = said.splitlines()
    faults = [line.strip() for line in lines if line.strip().startswith("fault:")]
    if lines[-1] != f"status {int(bool(faults))}":
        raise MachineError(f"the check ended with {lines[-1]}, with these faults: {faults}: {said[-300:]}")
    return [fault for fault in faults if not _NO_CONNECTOR.search(fault)]


def fingerprint_of(said: str) -> str:
    """The fingerprint that a command of enrolment printed.

    Raises:
        MachineError: it printed none.
    """
    found = _FINGERPRINT.search(said)
    if found is None:
        raise MachineError(f"no fingerprint in: {said}")
    return found.group(1)
