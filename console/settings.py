"""How the page is served. Values only; where they come from is the composition root's business."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Settings of one lane's page.

    Attributes:
        officers: the officers' file (`officers`).
        host, port: where it listens. Other than loopback needs TLS. Port 0 lets the system choose.
        tls_certificate, tls_key: PEM files; None on loopback.
        names: host names under which browsers reach it, besides loopback's (a page asked for by another name is
            refused: DNS rebinding).
        view_without_login: on loopback only: the page can be watched, though not used, without a login.
        idle_s: after so long without a key or click, actions ask for the password again; watching goes on.
        shift_s: after so long a session ends.
    """

    officers: Path
    host: str = "127.0.0.1"
    port: int = 8480
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    names: tuple[str, ...] = ()
    view_without_login: bool = False
    idle_s: int = 900
    shift_s: int = 43_200

    @property
    def secure(self) -> bool:
        """Whether the page is served over TLS."""
        return self.tls_certificate is not None and self.tls_key is not None

    @property
    def loopback(self) -> bool:
        """Whether the page can be reached from this box only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def allowed_hosts(self) -> list[str]:
        """Host names that requests may carry."""
        return ["127.0.0.1", "localhost", "[::1]", *((self.host,) if not self.loopback else ()), *self.names]

    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, as (key, what to do); empty if nothing is."""
        found: list[tuple[str, str]] = []
        if not self.loopback and not self.secure:
            found.append(
                ("host", f"{self.host} can be reached from outside: set tls_certificate and tls_key, or 127.0.0.1")
            )
        if self.host in {"0.0.0.0", "::"} and not self.names:  # noqa: S104  # compared, not bound
            found.append(("names", "give the host names or addresses under which officers reach the page"))
        if self.view_without_login and not self.loopback:
            found.append(("view_without_login", "only on loopback: set it to false, or host to 127.0.0.1"))
        if (self.tls_certificate is None) != (self.tls_key is None):
            found.append(("tls_key", "tls_certificate and tls_key are given together or not at all"))
        found += [
            (key, f"{path} does not exist: give the PEM file's path")
            for key, path in (("tls_certificate", self.tls_certificate), ("tls_key", self.tls_key))
            if path is not None and not path.is_file()
        ]
        found += [
            (key, "must be above 0")
            for key, value in (("idle_s", self.idle_s), ("shift_s", self.shift_s))
            if value <= 0
        ]
        if not 0 <= self.port <= 65_535:
            found.append(("port", "must be 0 to 65535"))
        return found
