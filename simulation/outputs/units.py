"""A unit file run without systemd: started again when it ends, killed when its watchdog is not fed, as the file says."""

from __future__ import annotations

import configparser
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

_TURN_S = 0.01


class UnitFile:
    """What is needed of a `.service` file.

    Args:
        path: the file, a template or not.
        instance: what `%i` stands for.
        elsewhere: paths of an installed lane, and what they are here.
    """

    def __init__(self, path: Path, *, instance: str = "", elsewhere: Mapping[str, str]) -> None:
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[method-assign,assignment]
        parser.read(path)
        self._service = parser["Service"]
        self._instance = instance
        self._elsewhere = elsewhere

    def command(self, key: str = "ExecStart") -> list[str]:
        """The command line, with this machine's paths."""
        text = self._here(self._service[key].replace("%i", self._instance).replace("%%", "%").replace("$$", "$"))
        return shlex.split(text.removeprefix("-"))

    def environment(self) -> dict[str, str]:
        """What the unit adds to it."""
        return dict(each.split("=", 1) for each in shlex.split(self._here(self._service.get("Environment", ""))))

    def _here(self, text: str) -> str:
        for there, here in self._elsewhere.items():
            text = text.replace(there, here)
        return text

    def seconds(self, key: str) -> float:
        """A duration."""
        return float(self._service[key])

    def niceness(self) -> int:
        """Its place before or behind others; a user who may not have it gets a warning and the usual one."""
        return int(self._service.get("Nice", "0"))

    def watchdog_signal(self) -> signal.Signals:
        """How it is ended when it does not feed."""
        return signal.Signals[self._service["WatchdogSignal"]]


class RunningUnit:
    """Keeps a unit's process running.

    Args:
        command: its command line.
        file: how it is kept.
        log: its output is appended here.
        environment: what it is started with.
        name: of its notify socket.
        watched: its watchdog counts; else only others can find it hung.
    """

    def __init__(
        self,
        command: list[str],
        file: UnitFile,
        *,
        log: Path,
        environment: Mapping[str, str],
        name: Path,
        watched: bool = True,
    ) -> None:
        self._command = ["nice", "-n", str(file.niceness()), *command]
        self._file = file
        self._log = log
        self._watched = watched
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(name))
        self._notify.settimeout(_TURN_S)
        usec = round(file.seconds("WatchdogSec") * 1_000_000)
        self._environment = {**environment, "NOTIFY_SOCKET": str(name), "WATCHDOG_USEC": str(usec)}
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.started_s: list[float] = []
        self.ready = False
        self.watchdog_kills = 0
        self._thread = threading.Thread(target=self._keep, name=f"unit {name.name}")
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the process that runs now.

        Raises:
            LookupError: none does.
        """
        if self._process is None or self._process.poll() is not None:
            raise LookupError("it does not run now")
        return self._process.pid

    def starts_since(self, at_s: float) -> int:
        """How often it was started since that moment."""
        return sum(each > at_s for each in self.started_s)

    def send(self, number: signal.Signals) -> None:
        """Sends the process a signal."""
        os.kill(self.pid, number)

    def stop(self) -> None:
        """Ends it for good."""
        self._over.set()
        self._thread.join()
        self._notify.close()

    def _keep(self) -> None:
        while not self._over.is_set():
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
            self.started_s.append(time.monotonic())
            self._watch(self._process)
            self.ready = False
            self._over.wait(self._file.seconds("RestartSec"))

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        fed_s: float | None = None  # the watchdog begins with READY
        limit_s = self._file.seconds("WatchdogSec")
        while process.poll() is None:
            if self._over.is_set():
                process.kill()
            said = self._heard()
            if "READY=1" in said or (fed_s is not None and "WATCHDOG=1" in said):
                fed_s = time.monotonic()
                self.ready = True
            elif self._watched and fed_s is not None and time.monotonic() - fed_s > limit_s:
                self.watchdog_kills += 1
                process.send_signal(self._file.watchdog_signal())
                process.wait()

    def _heard(self) -> str:
        try:
            return self._notify.recv(4_096).decode()
        except TimeoutError:
            return ""
