"""The core's settings file (TOML): what may be in it, and one clear line for each thing that is wrong.

Rules of this file: relative paths begin at the file's own folder; nothing has a default that would hide a mistake in a
path. Every problem is collected before any is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from core.errors import CoreSettingsError
from core.link.budget import LaneLimits
from core.link.pictures import Keeping
from core.model.earliest import CrossingPolicy, OpeningHours
from core.office.cargo import BROAD_TERMS, CargoRules
from core.office.service import CargoPolicy
from core.select.criteria import ProfileRule
from core.select.engine import Profile
from core.select.families import WordFamily
from domain.crossing import RELEASE
from domain.times import expected_span
from runtime.sections import Fits, Host, NamedFile, PlaceOfSocket, Port, Problem, SecretFile, Section, Text
from runtime.toml_file import TomlFileError, read_toml
from runtime.toml_table import TableReader
from wire.topics import is_wall

Days = Annotated[int, Meta(ge=1, le=7_300, description="a number of days, 1 to 7300")]
Minutes = Annotated[int, Meta(ge=0, le=24 * 60, description="a number of minutes, 0 to 1440")]


def _is_conninfo(text: str) -> bool:
    """Whether libpq can read it, it names a database, and there is no password in it."""
    try:
        parts = conninfo_to_dict(text)
    except ProgrammingError:
        return False
    return bool(parts.get("dbname")) and not parts.get("password")


Conninfo = Annotated[
    str,
    Fits(_is_conninfo),
    Meta(description='a connection string such as "dbname=rocars host=/var/run/postgresql", without a password'),
]

_FORMER_STORE = (
    "core.store: the core keeps its list in PostgreSQL now; put core.database in its place, and take that file over with "
    "rocars-core import-sqlite (docs/installing.md, The database)"
)
AUTHORITY = "run rocars-core authority, or put the file there"


class CoreSection(Section, frozen=True, kw_only=True):
    """`[core]`: the database and the files of this core; `rocars-core init` makes tables, key and register.

    Attributes:
        database: how to connect to PostgreSQL, as libpq reads it; a password belongs into a passfile.
    """

    database: Conninfo
    signing_key: Path
    lane_keys: Path
    admin_socket: Annotated[Path, PlaceOfSocket("make that folder, for the core's user")]


class LogSection(Section, frozen=True, kw_only=True):
    """`[log]`: how the core makes sure that its list is what it signed (design §2.16).

    Attributes:
        listen_seconds: after a start it listens to its lanes for so long before it proves or changes anything.
        look_through_minutes: between two times that all signatures, links and rows are proved in the background.
        keep_ended_seconds: a row stays in the list for so long after it has ended: its bundle was used, withdrawn or ran out,
            its approval was removed (design §4). Lifted holds stay for 92 days.
    """

    listen_seconds: Annotated[float, Meta(ge=0, le=60, description="a number of seconds, 0 to 60")] = 3.0
    look_through_minutes: Minutes = 15
    keep_ended_seconds: Annotated[float, Meta(ge=1, le=2_678_400, description="a number of seconds, 1 to 2678400")] = (
        86_400
    )


class BrokerSection(Section, frozen=True, kw_only=True):
    """`[[broker]]`: a broker that lanes may be on; the core stays connected to every one."""

    host: Host
    port: Port
    client_id: Text = "core"
    user_name: str = ""
    password_file: Annotated[Path, NamedFile()] | None = None
    authority: Annotated[Path, NamedFile(AUTHORITY)] | None = None
    certificate: Annotated[Path, NamedFile(AUTHORITY)] | None = None
    key: Annotated[Path, SecretFile(AUTHORITY)] | None = None

    def contradictions(self) -> Iterator[Problem]:
        """TLS is whole."""
        if (self.certificate or self.key) and not (self.authority and self.certificate and self.key):
            yield Problem("", "TLS needs authority, certificate and key together", "add what is missing")


class AuthoritySection(Section, frozen=True, kw_only=True):
    """`[authority]`: who signs the certificates of lanes and brokers; no folder where another authority does.

    Attributes:
        folder: where it is (`core.enrolment.authority`); it may be on a medium that is put in only for that.
        lane_days, broker_days: how long what it signs counts.
        warn_days: how long before the end everybody is told.
    """

    folder: Path | None = None
    lane_days: Days = 730
    broker_days: Days = 730
    warn_days: Days = 30


class WallsSection(Section, frozen=True, kw_only=True):
    """`[walls]`: where the walls of the control points order lanes (`core.office.wall_door`); port 0 for nowhere.

    Attributes:
        authority: who signs the walls' certificates; certificate, key: this core's own, for the name the walls reach it by.
        lanes: of each wall, by the name in its certificate, the lanes that it may order.
    """

    host: Host = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="a port, 1 to 65535, or 0 for none")] = 0
    authority: Annotated[Path, NamedFile(AUTHORITY)] | None = None
    certificate: Annotated[Path, NamedFile(AUTHORITY)] | None = None
    key: Annotated[Path, SecretFile(AUTHORITY)] | None = None
    lanes: dict[str, tuple[Text, ...]] = msgspec.field(default_factory=dict)

    def contradictions(self) -> Iterator[Problem]:
        """Whoever listens has TLS and knows its walls."""
        if self.port and not (self.authority and self.certificate and self.key):
            yield Problem("", "needs authority, certificate and key together", "add what is missing")
        for name in self.lanes:
            if not is_wall(name):
                yield Problem(f"lanes.{name}", "is no name of a wall", 'use "wall", or "wall-" and a word')


class BundlingSection(Section, frozen=True, kw_only=True):
    """`[bundling]`: when a bundled vehicle may cross at the earliest (`core.model.earliest`).

    Attributes:
        wait_minutes: from bundling to crossing.
        at_once_schemes: cargo that travels under these alone need not wait.
        lodged_minutes: cargo lodged so many minutes before bundling need not wait; 0: it does.
        swap_keeps: another vehicle takes over the wait of the one before.
        notice_until: nobody need wait until then, by a notice: 2026-11-22T15:04 (Hong Kong); "" for none.
        hours: of control points that close: "07:00-22:00" (Hong Kong).
    """

    wait_minutes: Minutes = 30
    at_once_schemes: tuple[Text, ...] = ()
    lodged_minutes: Annotated[int, Meta(ge=0, le=14 * 24 * 60, description="a number of minutes, 0 to 20160")] = 0
    swap_keeps: bool = False
    notice_until: str = ""
    hours: dict[str, Text] = msgspec.field(default_factory=dict)

    @property
    def policy(self) -> CrossingPolicy:
        """What the earliest crossing is counted by."""
        return CrossingPolicy(
            wait_minutes=self.wait_minutes,
            at_once_schemes=frozenset(self.at_once_schemes),
            lodged_minutes=self.lodged_minutes,
            swap_keeps=self.swap_keeps,
            notice_until_ms=expected_span(self.notice_until)[1] if self.notice_until else 0,
            hours={point: _hours(text) for point, text in self.hours.items()},
        )

    def contradictions(self) -> Iterator[Problem]:
        """Times can be read."""
        if self.notice_until:
            try:
                expected_span(self.notice_until)
            except ValueError:
                yield Problem(
                    "notice_until", "is no time", "write it as 2026-11-22T15:04 (Hong Kong), or leave it empty"
                )
        for point, text in self.hours.items():
            try:
                _hours(text)
            except ValueError:
                yield Problem(f"hours.{point}", f"{text!r} are no hours", 'write them as "07:00-22:00"')


_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _hours(text: str) -> OpeningHours:
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(text)
    from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
    hours = {"opens": 60 * from_hour + from_minute, "closes": 60 * to_hour + to_minute}
    return msgspec.convert(hours, OpeningHours)


class CompoundSection(Section, frozen=True, kw_only=True):
    """`[compound]`: how long a vehicle may take from a lane to the examination compound."""

    due_minutes: Annotated[int, Meta(ge=1, le=24 * 60, description="a number of minutes, 1 to 1440")] = 15


class PicturesSection(Section, frozen=True, kw_only=True):
    """`[pictures]`: evidence pictures that lanes send; without a folder none is taken.

    Attributes:
        quota_mb: MB of 10^6 bytes of all together; the oldest go first.
        days: how long each class is kept; `other_days`: a class not named there.
    """

    folder: Path | None = None
    quota_mb: Annotated[int, Meta(ge=1, description="megabytes, 1 or more")] = 20_000
    days: dict[str, Days] = msgspec.field(default_factory=lambda: {"stops": 180, "near_misses": 90, "complaints": 365})
    other_days: Days = 30


class CargoSection(Section, frozen=True, kw_only=True):
    """`[cargo]`: schemes a consignment may name, and descriptions that are broad, each with a better one to advise."""

    schemes: tuple[Text, ...] = ("ITFS", "SELS")
    broad_terms: dict[str, str] = msgspec.field(default_factory=dict)


class ScreeningSection(Section, frozen=True, kw_only=True):
    """`[screening]`: the action codes, mildest first, the profiles, and words that mean the same. Read anew while the core runs."""

    codes: tuple[Text, ...] = ("release", "inspect")
    rules: tuple[ProfileRule, ...] = ()
    families: tuple[WordFamily, ...] = ()


class LimitsSection(Section, frozen=True, kw_only=True):
    """`[limits]`: what one lane may cost this core (`core.link.budget`).

    Attributes:
        journals_a_day: new journals within 24 hours.
        burst_mb: MB of 10^6 bytes of journal rows at once.
        mb_a_day: MB of them a day in the long run.
    """

    journals_a_day: Annotated[int, Meta(ge=1, le=10_000, description="a number of journals, 1 to 10000")] = 100
    burst_mb: Annotated[int, Meta(ge=1, le=10_000, description="megabytes, 1 to 10000")] = 64
    mb_a_day: Annotated[int, Meta(ge=1, le=100_000, description="megabytes, 1 to 100000")] = 700


class HealthSection(Section, frozen=True, kw_only=True):
    """`[health]`: where `/metrics` and `/health` listen on 127.0.0.1; 0 for nowhere."""

    metrics_port: Annotated[int, Meta(ge=0, le=65_535, description="a port, 1 to 65535, or 0 for none")] = 0


class CoreSettings(Section, frozen=True, kw_only=True):
    """The whole file."""

    core: CoreSection
    brokers: tuple[BrokerSection, ...] = msgspec.field(name="broker")
    points: dict[str, Text]
    authority: AuthoritySection = AuthoritySection()
    bundling: BundlingSection = BundlingSection()
    compound: CompoundSection = CompoundSection()
    pictures: PicturesSection = PicturesSection()
    cargo: CargoSection = CargoSection()
    screening: ScreeningSection = ScreeningSection()
    limits: LimitsSection = LimitsSection()
    health: HealthSection = HealthSection()
    walls: WallsSection = WallsSection()
    log: LogSection = LogSection()

    @property
    def policy(self) -> CargoPolicy:
        """What the cargo service decides by."""
        broad = {term.lower(): better for term, better in self.cargo.broad_terms.items()}
        return CargoPolicy(
            points=self.points,
            cargo=CargoRules(
                schemes=frozenset(self.cargo.schemes),
                points=frozenset(self.points),
                broad_terms={**BROAD_TERMS, **broad},
            ),
            profile=self.profile,
            crossing=self.bundling.policy,
        )

    @property
    def profile(self) -> Profile:
        """What the screening engine decides by."""
        told = self.screening
        return Profile(codes=told.codes, rules=told.rules, families=told.families)

    @property
    def keeping(self) -> Keeping:
        """How evidence pictures are kept."""
        kept = self.pictures
        return Keeping(folder=kept.folder, quota=kept.quota_mb * 1_000_000, days=kept.days, other_days=kept.other_days)

    @property
    def lane_limits(self) -> LaneLimits:
        """What a lane may cost."""
        told = self.limits
        return LaneLimits(
            journals_a_day=told.journals_a_day,
            burst_bytes=told.burst_mb * 1_000_000,
            bytes_a_second=max(1, told.mb_a_day * 1_000_000 // 86_400),
        )

    def contradictions(self) -> Iterator[Problem]:
        """There is a broker, and a control point; codes of profiles are among those in use."""
        if not self.brokers:
            yield Problem("broker", "is empty", "add a section [[broker]] with host and port")
        if not self.points:
            yield Problem("points", "is empty", 'name at least one control point: CODE = "name"')
        codes = self.screening.codes
        if codes[:1] != (RELEASE,):
            remedy = f'put "{RELEASE}" first: the lanes release on that word alone'
            yield Problem("screening.codes", f'does not begin with "{RELEASE}"', remedy)
        for point in self.bundling.hours:
            if point not in self.points:
                yield Problem(f"bundling.hours.{point}", "is not in points", "add it there, or correct it")
        for scheme in self.bundling.at_once_schemes:
            if scheme not in self.cargo.schemes:
                yield Problem(
                    "bundling.at_once_schemes", f'"{scheme}" is not in cargo.schemes', "add it there, or correct it"
                )
        for place, rule in enumerate(self.screening.rules):
            if rule.code not in codes:
                wrong = f'"{rule.code}" is not in screening.codes'
                yield Problem(f"screening.rules[{place}].code", wrong, "add it there, or correct it")


def load(path: Path, *, planned: bool = False) -> CoreSettings:
    """Reads and checks a settings file, and that the files it names are there.

    Args:
        path: the file.
        planned: the files need not be there yet: for the commands that make them.

    Raises:
        CoreSettingsError: with one line for every problem: the file, the key, what is wrong and what to do.
    """
    try:
        table = read_toml(path, example="config/core.toml.example")
    except TomlFileError as error:
        raise CoreSettingsError(f"{path}: {error.problem}") from error
    if isinstance(table.get("core"), dict) and "store" in table["core"] and "database" not in table["core"]:
        raise CoreSettingsError(f"{path}: {_FORMER_STORE}")
    reader = TableReader(path.absolute().parent, on_this_box=not planned)
    settings = reader.read(CoreSettings, table)
    if problems := reader.problems():
        raise CoreSettingsError(*(f"{path}: {problem}" for problem in problems))
    assert settings is not None
    return settings
