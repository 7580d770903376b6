"""One site from bare machines: the centre (core and Debian's own broker) and a lane, installed as docs/installing.md says.

Rules of this file: every step is a command that a person could type there (`FieldMachine.typed`); files that people carry
(requests, answers, settings) are carried, and nothing else is put into a machine.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from tools.field.debian import ROOT, lend_mirror
from tools.field.machine import FieldMachine, MachineError
from tools.field.monitors import DISPLAY, FieldMonitors
from tools.field.papers import (
    LANE,
    OFFICER,
    STICK,
    answers_paper,
    bundles_paper,
    compositor_paper,
    core_paper,
    filled,
    outputs_paper,
)
from tools.field.wires import CENTRE_ADDRESS, Wires
from tools.field.yard import Yard

CORE_CONFIG = "/etc/rocars-core/core.toml"
_AS_CORE = f"ROCARS_CORE_CONFIG={CORE_CONFIG} runuser -u rocars-core -- "
_WAITS = 3
"""How `rocars-lane setup` ends while it waits for the operator's answer."""
_NO_CONNECTOR = re.compile(r"screen (xdb|aiop): X\d is no connector of this box")
_FINGERPRINT = re.compile(r"^(?:The box will show: | {4,})((?:[0-9a-f]{4}-)+[0-9a-f]{4})$", re.MULTILINE)


class Site:
    """Wires, yard, monitors, and the two machines.

    Args:
        folder: everything that is written.
        base: the clean Debian.
        tag: begins the names of namespaces.
        packages: by their names, as they are carried to the machines.
    """

    def __init__(self, folder: Path, base: Path, tag: str, packages: Mapping[str, Path]) -> None:
        self.folder, self._packages = folder, packages
        self.wires = Wires(tag)
        self.monitors = FieldMonitors(folder / "monitors")
        self.yard = Yard(folder / "yard", self.wires.yard)
        self.lane = FieldMachine("lane", folder / "lane", base, self.wires.lane)
        self.centre = FieldMachine("centre", folder / "centre", base, self.wires.centre)
        self.password = secrets.token_urlsafe(9)
        self._said = ""

    def install_centre(self) -> None:
        """The core and the broker, from their packages to their running units."""
        type_ = self.centre.typed
        self._carry_software(self.centre, "rocars-core", "mosquitto", "openssl")
        type_("install -d -o root -g rocars-core -m 0750 /etc/rocars-core")
        (self.centre.root / CORE_CONFIG[1:]).write_text(core_paper(ROOT), encoding="utf-8")
        type_("install -d -o rocars-core -g rocars-core -m 0700 /var/lib/rocars-core")
        for command in (
            "createuser rocars-core",
            "createdb --owner rocars-core --template template0 --encoding UTF8 rocars",
        ):
            type_(f"runuser -u postgres -- {command}")
        for step in ("init", "authority"):
            type_(f"{_AS_CORE}rocars-core {step}")
        self._install_broker()
        type_("systemctl enable --now rocars-core")
        type_(f"{_AS_CORE}rocars-core check")

    def _install_broker(self) -> None:
        type_, folder = self.centre.typed, "/etc/mosquitto/rocars"
        type_(f"install -d -o mosquitto -g mosquitto -m 0700 {folder}")
        type_(
            f"cd {folder} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker "
            "-keyout broker.key -out broker.csr"
        )
        type_(f"install -m 0644 {folder}/broker.csr /tmp/broker.csr")
        type_(f"{_AS_CORE}rocars-core enrol-broker {CENTRE_ADDRESS} --request /tmp/broker.csr --out /tmp/broker-a")
        type_(f"cp /tmp/broker-a/authority.crt /tmp/broker-a/broker.crt /tmp/broker-a/revoked.crl {folder}/")
        examples = "/usr/share/doc/rocars-core/examples"
        type_(f"cp {examples}/mosquitto.acl.example {folder}/access.acl")
        type_(f"cp {examples}/mosquitto.conf.example /etc/mosquitto/conf.d/rocars.conf")
        type_(f"chown mosquitto: {folder}/* && chmod 600 {folder}/broker.key")
        type_("systemctl enable mosquitto && systemctl restart mosquitto")

    def install_lane(self) -> None:
        """The lane's package, and the file of answers; it then waits for the core's operator."""
        self._carry_software(self.lane, "rocars-lane")
        self._connect_monitors()
        stick = self.lane.root / STICK[1:]
        stick.mkdir()
        (stick / "answers.toml").write_text(answers_paper(ROOT), encoding="utf-8")
        (stick / f"{OFFICER}.password").touch(mode=0o600)
        (stick / f"{OFFICER}.password").write_text(f"{self.password}\n", encoding="ascii")
        self._set_up(_WAITS)

    def enrol_lane(self) -> list[str]:
        """The technician's walk between box and operator: two small files, two fingerprints. Ends in running units.

        Returns:
            What `rocars-lane setup` found to be at fault with the box.
        """
        request, answer = f"{LANE}.request.json", f"{LANE}.answer.json"
        here, there = self.lane.root / STICK[1:], self.centre.root / "var/lib/rocars-core"
        shutil.copy(here / request, there / request)
        told = self.centre.typed(
            f"cd /var/lib/rocars-core && {_AS_CORE}rocars-core enrol {LANE} --request {request} "
            f"--fingerprint '{fingerprint_of(self._said)}'"
        )
        shutil.copy(there / answer, here / answer)
        with (here / "answers.toml").open("r+", encoding="utf-8") as paper:
            text = paper.read()
            paper.seek(0)
            paper.write(filled(text, {"# fingerprint = ": f'fingerprint = "{fingerprint_of(told)}" # '}))
        return faults_of(self._set_up(0, 1))

    def _set_up(self, *statuses: int) -> str:
        """`rocars-lane setup`, typed; what it said, with its status as the last line.

        Raises:
            MachineError: it ended with another status than one of these.
        """
        self._said = self.lane.typed(f"rocars-lane setup --answers {STICK}/answers.toml; echo status $?", check=False)
        if self._said.splitlines()[-1] not in {f"status {status}" for status in statuses}:
            raise MachineError(f"rocars-lane setup: {self._said[-1_500:]}")
        return self._said

    def _connect_monitors(self) -> None:
        """The one thing that differs from a box with monitors of its own.

        No kernel here has a graphics card, so the compositor draws its two outputs into windows of an X server. All else
        of its unit stays.
        """
        unit = (self.lane.root / "lib/systemd/system/rocars-lane-compositor.service").read_text(encoding="utf-8")
        place = self.lane.root / "etc/systemd/system/rocars-lane-compositor.service.d"
        place.mkdir(parents=True)
        (place / "monitors.conf").write_text(compositor_paper(unit, DISPLAY), encoding="utf-8")
        (self.lane.root / "etc/rocars-lane/outputs.ini").write_text(outputs_paper(), encoding="utf-8")
        self.lane.outside("systemctl", "daemon-reload")

    def _carry_software(self, machine: FieldMachine, name: str, *more: str) -> None:
        """Brings the package and installs it, with what it needs from Debian."""
        package = self._packages[name]
        lend_mirror(machine.root)
        shutil.copy(package, machine.root / "root" / package.name)
        machine.outside("update-ca-certificates")
        machine.typed("apt-get update", mirror=True)
        words = " ".join((f"/root/{package.name}", *more))
        machine.typed(f"apt-get install --yes --no-install-recommends {words}", mirror=True)

    def bundle(self, wanted: Mapping[str, str]) -> None:
        """At the centre's counter: vehicles with one consignment each (mark: action code)."""
        place = "/var/lib/rocars-core/bundles.json"
        (self.centre.root / place[1:]).write_text(bundles_paper(wanted, time.time_ns() // 1_000_000), encoding="utf-8")
        self.core(f"take-over {place} --officer clerk")

    def core(self, words: str) -> str:
        """A command of the core's operators; what it printed."""
        return self.centre.outside("bash", "-c", f"{_AS_CORE}rocars-core {words}")


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
