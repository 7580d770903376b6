"""One site from bare machines: the centre (core and Debian's own broker) and a lane, installed as docs/installing.md says.

Rules of this file: every step is a command that a person could type there (`FieldMachine.typed`); files that people carry
(requests, answers, settings) are carried, and nothing else is put into a machine.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.field.box import AS_CORE, CORE_CONFIG, FieldBox
from tools.field.debian import ROOT, lend_mirror
from tools.field.machine import FieldMachine
from tools.field.monitors import DISPLAY, FieldMonitors
from tools.field.papers import (
    LANE,
    SHADOW,
    answers_paper,
    bundles_paper,
    compositor_paper,
    core_paper,
    outputs_paper,
    shadow_paper,
)
from tools.field.wires import CENTRE_ADDRESS, Wires
from tools.field.yard import CameraMode, Yard


class Site:
    """Wires, yard, monitors, and the machines.

    Args:
        folder: everything that is written.
        base: the clean Debian.
        tag: begins the names of namespaces.
        packages: by their names, as they are carried to the machines.
        camera: what the camera sends.
    """

    def __init__(self, folder: Path, base: Path, tag: str, packages: Mapping[str, Path], camera: CameraMode) -> None:
        self.folder, self._packages = folder, packages
        self.wires = Wires(tag)
        self.monitors = FieldMonitors(folder / "monitors")
        self.yard = Yard(folder / "yard", self.wires.yard, camera)
        self.lane = FieldMachine("lane", folder / "lane", base, self.wires.lane)
        self.centre = FieldMachine("centre", folder / "centre", base, self.wires.centre)
        self.shadow = FieldMachine("shadow", folder / "shadow", base, self.wires.shadow)
        self.password = secrets.token_urlsafe(9)
        self.box = FieldBox(self.lane, LANE, answers_paper(ROOT), self.password, page=True)

    def install_centre(self) -> None:
        """The core and the broker, from their packages to their running units."""
        type_ = self.centre.typed
        self._carry_software(self.centre, ("rocars-core",), "mosquitto", "openssl")
        type_("install -d -o root -g rocars-core -m 0750 /etc/rocars-core")
        (self.centre.root / CORE_CONFIG[1:]).write_text(core_paper(ROOT), encoding="utf-8")
        type_("install -d -o rocars-core -g rocars-core -m 0700 /var/lib/rocars-core")
        for command in (
            "createuser rocars-core",
            "createdb --owner rocars-core --template template0 --encoding UTF8 rocars",
        ):
            type_(f"runuser -u postgres -- {command}")
        for step in ("init", "authority"):
            type_(f"{AS_CORE}rocars-core {step}")
        roles = " ".join(f"--role {role}" for role in ("supervisor", "technician", "lane_officer", "clerk", "system"))
        type_(f"{AS_CORE}rocars-core account roles rocars-core {roles}")
        self._install_broker()
        type_("systemctl enable --now rocars-core")
        type_(f"{AS_CORE}rocars-core check")

    def _install_broker(self) -> None:
        type_, folder = self.centre.typed, "/etc/mosquitto/rocars"
        type_(f"install -d -o mosquitto -g mosquitto -m 0700 {folder}")
        type_(
            f"cd {folder} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker "
            "-keyout broker.key -out broker.csr"
        )
        type_(f"install -m 0644 {folder}/broker.csr /tmp/broker.csr")
        type_(f"{AS_CORE}rocars-core enrol-broker {CENTRE_ADDRESS} --request /tmp/broker.csr --out /tmp/broker-a")
        type_(f"cp /tmp/broker-a/authority.crt /tmp/broker-a/broker.crt /tmp/broker-a/revoked.crl {folder}/")
        examples = "/usr/share/doc/rocars-core/examples"
        type_(f"cp {examples}/mosquitto.acl.example {folder}/access.acl")
        type_(f"cp {examples}/mosquitto.conf.example /etc/mosquitto/conf.d/rocars.conf")
        type_(f"chown mosquitto: {folder}/* && chmod 600 {folder}/broker.key")
        type_("systemctl enable mosquitto && systemctl restart mosquitto")

    def install_lane(self) -> None:
        """The lane's packages, and the file of answers; it then waits for the core's operator."""
        self._carry_software(self.lane, ("rocars-lane", "rocars-screens"))
        self.lane.outside("apt-get", "clean")
        self.shadow.build(image=self.lane.added)
        self._connect_monitors()
        self.box.begin()

    def install_shadow(self) -> list[str]:
        """A second box beside the lane, in its shadow: the same installation, an identity of its own; what is at fault with it.

        Raises:
            MachineError: a step of it failed.
        """
        self.shadow.boot()
        self.shadow.wait_running()
        box = FieldBox(self.shadow, SHADOW, shadow_paper(ROOT), self.password, page=False)
        box.begin()
        return box.enrol(self.centre)

    def authority(self) -> Path:
        """Whose certificates the officers' browsers believe, as the operator gives it out."""
        return self.centre.root / "var/lib/rocars-core/authority.pem"

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

    def _carry_software(self, machine: FieldMachine, names: Sequence[str], *more: str) -> None:
        """Brings packages and installs them, with what they need from Debian."""
        files = [self._packages[name] for name in names]
        lend_mirror(machine.root)
        for file in files:
            shutil.copy(file, machine.root / "root" / file.name)
        machine.outside("update-ca-certificates")
        machine.typed("apt-get update", mirror=True)
        words = " ".join((*(f"/root/{file.name}" for file in files), *more))
        machine.typed(f"apt-get install --yes --no-install-recommends {words}", mirror=True)

    def bundle(self, wanted: Mapping[str, str]) -> None:
        """At the centre's counter: vehicles with one consignment each (mark: action code)."""
        place = "/var/lib/rocars-core/bundles.json"
        (self.centre.root / place[1:]).write_text(bundles_paper(wanted, time.time_ns() // 1_000_000), encoding="utf-8")
        self.core(f"take-over {place}")

    def core(self, words: str) -> str:
        """A command of the core's operators; what it printed."""
        return self.centre.outside("bash", "-c", f"{AS_CORE}rocars-core {words}")
