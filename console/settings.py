"""The section `[console]` of a lane's settings: how the officers' page is served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from console.errors import OfficersFileError
from console.officers import officers_in
from runtime.sections import GivenSecret, Host, NamedFile, Port, Problem, SecretFile, Section, is_loopback

WholeSeconds = Annotated[int, Meta(gt=0, description="whole seconds above 0")]


class ConsoleSettings(Section, frozen=True, kw_only=True):
    """Settings of one lane's page.

    Attributes:
        officers: the officers' file (`officers`).
        host, port: where it listens. Other than loopback needs TLS. Port 0, which no file can give, lets the system
            choose.
        tls_certificate, tls_key: PEM files; None on loopback.
        names: host names under which browsers reach it, besides loopback's (a page asked for by another name is
            refused: DNS rebinding).
        view_without_login: on loopback only: the page can be watched, though not used, without a login.
        walls: a folder of the public keys of walls that may open this page signed in and fetch pictures (`wall_visits`); None
            for none.
        idle_s: after so long without a key or click, actions ask for the password again; watching goes on.
        shift_s: after so long a session ends.
        own_unit: the page runs as a unit of its own (`systemd/rocars-lane-page.service`) and outlives the agent; else the agent
            keeps it as a child.
        socket: where the agent listens for the page; left out, beside the lane's store.
    """

    officers: Annotated[Path, SecretFile("add a first officer: rocars-lane officer add NAME --config FILE writes it")]
    host: Host = "127.0.0.1"
    port: Port = 8480
    tls_certificate: Annotated[Path, NamedFile()] | None = None
    tls_key: Annotated[Path, GivenSecret("get it with the page's certificate, and put it there")] | None = None
    names: tuple[Host, ...] = ()
    view_without_login: bool = False
    walls: Path | None = None
    idle_s: WholeSeconds = 900
    shift_s: WholeSeconds = 43_200
    own_unit: bool = False
    socket: Path | None = None

    @property
    def secure(self) -> bool:
        """Whether the page is served over TLS."""
        return self.tls_certificate is not None and self.tls_key is not None

    @property
    def loopback(self) -> bool:
        """Whether the page can be reached from this box only."""
        return is_loopback(self.host)

    @property
    def allowed_hosts(self) -> list[str]:
        """Host names that requests may carry."""
        return ["127.0.0.1", "localhost", "[::1]", *((self.host,) if not self.loopback else ()), *self.names]

    def on_this_box(self) -> Iterator[Problem]:
        """Somebody can log in: in manual mode nobody else can let a vehicle go."""
        try:
            nobody = not self.officers.stat().st_size or not officers_in(self.officers)
        except (OSError, OfficersFileError):
            return  # missing or closed: told by its kind; damaged: the lane runs, and `check` says so
        if nobody:
            remedy = "add a first officer: rocars-lane officer add NAME --config FILE"
            yield Problem("officers", f"{self.officers} has no officer", remedy)

    def contradictions(self) -> Iterator[Problem]:
        """What is reached from outside is served over TLS, under known names, to known officers."""
        if not self.loopback and not self.secure:
            remedy = "set tls_certificate and tls_key, or 127.0.0.1"
            yield Problem("host", f"{self.host} can be reached from outside", remedy)
        if self.walls is not None and not self.secure and not self.loopback:
            yield Problem(
                "walls", "needs TLS: a wall's ticket must not be read on its way", "set tls_certificate and tls_key"
            )
        if self.host in {"0.0.0.0", "::"} and not self.names:  # noqa: S104  # compared, not bound
            remedy = "give the host names or addresses under which officers reach the page"
            yield Problem("names", f"is empty, and {self.host} is no name", remedy)
        if self.view_without_login and not self.loopback:
            yield Problem("view_without_login", "only on loopback", "set it to false, or host to 127.0.0.1")
        if self.own_unit and self.socket is None:
            remedy = 'set socket = "/run/rocars-lane/page.sock", or own_unit to false'
            yield Problem("socket", "is missing, and the page's unit must find the agent", remedy)
        if (self.tls_certificate is None) != (self.tls_key is None):
            missing = "tls_key" if self.tls_key is None else "tls_certificate"
            yield Problem(missing, "is missing", "tls_certificate and tls_key are given together or not at all")
