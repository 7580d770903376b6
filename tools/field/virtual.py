"""A whole virtual machine: Debian's own kernel, a disk made of a root folder, and a graphics card with two outputs.

Rules of this file: QEMU calculates every instruction (TCG), so that it needs no virtualisation and its times say nothing.
Commands go in by QEMU's guest agent, an installed program of Debian; pictures come out of the card, one for each output.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from simulation.children import ChildProcess
from tools.field.glass import Pixels
from tools.field.machine import MachineError

CARD = "gpu0"
_DISK_MB = 4_000
_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
for module in {modules}; do /bin/busybox modprobe $module; done
while ! [ -b /dev/vda ]; do /bin/busybox usleep 20000; done
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox umount /proc
exec /bin/busybox switch_root /root /sbin/init
"""


def unpack_kernel(package: Path, into: Path) -> tuple[Path, str]:
    """Unpacks Debian's kernel package and puts its modules in order; the kernel, and its version."""
    subprocess.run(["dpkg-deb", "-x", package, into], check=True)
    version = next((into / "lib/modules").iterdir()).name
    subprocess.run(["depmod", "--basedir", into, version], check=True)
    return into / f"boot/vmlinuz-{version}", version


def pack_start(kernel: Path, version: str, work: Path) -> Path:
    """The first programs: busybox, the modules that the disk needs, and what mounts it."""
    stage = work / "start"
    for folder in ("bin", "dev", "proc", "root", f"lib/modules/{version}"):
        (stage / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", stage / "bin/busybox")
    modules = kernel / "lib/modules" / version
    for name in modules.glob("modules.*"):
        shutil.copy(name, stage / "lib/modules" / version)
    for path in modules_of(kernel, version, _MODULES):
        place = stage / path.relative_to(kernel)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    (stage / "init").write_text(_INIT.format(modules=" ".join(_MODULES)), encoding="ascii")
    (stage / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(stage)) for path in sorted(stage.rglob("*")))
    packed = work / "start.cpio"
    with packed.open("wb") as file:
        subprocess.run(
            ["cpio", "--quiet", "--create", "--format=newc"], cwd=stage, input=names.encode(), stdout=file, check=True
        )
    return packed


def modules_of(kernel: Path, version: str, modules: Iterable[str]) -> list[Path]:
    """Files of modules, and of those that they need."""
    asked = ["modprobe", "--dirname", str(kernel), "--set-version", version, "--show-depends", "--all", *modules]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return list(dict.fromkeys(Path(line.split()[1]) for line in said.splitlines() if line.startswith("insmod")))


def make_disk(root: Path, disk: Path) -> None:
    """An ext4 image of a root folder."""
    with disk.open("wb") as file:
        file.truncate(_DISK_MB * 1_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", root, disk], check=True)


class VirtualMachine:
    """One, of a disk.

    Args:
        folder: sockets, pictures and the console's log.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._qemu = ChildProcess(folder / "console.log")

    @property
    def log(self) -> Path:
        """What its console said."""
        return self._qemu.log

    def boot(self, kernel: Path, start: Path, disk: Path, options: str) -> None:
        """Powers it on.

        Args:
            kernel: Debian's.
            start: the first programs.
            disk: its disk.
            options: more for the kernel's command line.
        """
        sockets = {name: self._folder / f"{name}.sock" for name in ("monitor", "agent")}
        self._qemu.start(
            *("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "1536"),
            *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
            *("-kernel", kernel, "-initrd", start, "-append", f"console=ttyS0 panic=-1 {options}"),
            *("-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"),
            *("-device", f"virtio-gpu-pci,id={CARD},max_outputs=2"),
            *("-chardev", f"socket,id=agent,path={sockets['agent']},server=on,wait=off", "-device", "virtio-serial"),
            *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
            *("-qmp", f"unix:{sockets['monitor']},server=on,wait=off"),
        )

    def power_off(self) -> None:
        """Pulls the plug."""
        self._qemu.end(patience=3.0)

    def picture(self, head: int) -> Pixels | None:
        """What the card sends to a monitor, (height, width, 3) blue-green-red; None for nothing.

        Raises:
            MachineError: QEMU does not answer.
        """
        file = self._folder / f"head{head}.ppm"
        file.unlink(missing_ok=True)
        self._check_alive()
        with contextlib.closing(_Talk(self._folder / "monitor.sock", 10.0)) as monitor:
            monitor.receive()
            monitor.ask("qmp_capabilities")
            said = monitor.ask("screendump", filename=str(file), device=CARD, head=head)
        if "error" in said or not file.exists():
            return None
        picture = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        return None if picture is None else np.asarray(picture, dtype=np.uint8)

    def run(self, command: str, seconds: float = 60.0) -> str:
        """Runs a shell command in it as root; what it printed.

        Raises:
            MachineError: the machine, or the command, does not answer.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._check_alive()
            with contextlib.suppress(OSError, ValueError, KeyError):
                return self._run(command, until)
            time.sleep(0.5)
        raise MachineError(f"{command}: no answer from the virtual machine within {seconds:g} s")

    def _check_alive(self) -> None:
        if self._qemu.status is not None:
            raise MachineError(f"the virtual machine ended: {self._qemu.last_words(6)}")

    def _run(self, command: str, until: float) -> str:
        with contextlib.closing(_Talk(self._folder / "agent.sock", 10.0)) as agent:
            agent.ask("guest-ping")
            started = agent.ask("guest-exec", path="/bin/sh", arg=["-c", command], **{"capture-output": True})
            pid = started["return"]["pid"]
            while time.monotonic() < until:
                said = agent.ask("guest-exec-status", pid=pid)["return"]
                if said["exited"]:
                    return "".join(base64.b64decode(said.get(name, "")).decode() for name in ("out-data", "err-data"))
                time.sleep(0.2)
        raise TimeoutError(command)


class _Talk:
    """Questions and answers in JSON, a line each, as QEMU's monitor and guest agent speak."""

    def __init__(self, place: Path, seconds: float) -> None:
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._link.settimeout(seconds)
        self._link.connect(str(place))
        self._lines = self._link.makefile("rb")

    def close(self) -> None:
        """Ends it."""
        self._lines.close()
        self._link.close()

    def receive(self) -> dict[str, Any]:
        """The next line."""
        return dict(json.loads(self._lines.readline()))

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """A command; its answer. What QEMU tells by itself meanwhile is passed over."""
        self._link.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "event" in (said := self.receive()):
            continue
        return said
