"""The core's configuration file (TOML): what may stand in it, and one clear line for each thing that is wrong.

Rules of this file: paths are relative to the configuration file; nothing has a default that would hide a mistake in a
path. Every problem is collected before any is reported.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from core.errors import CoreSettingsError
from core.link.pictures import Keeping
from core.office.cargo import BROAD_TERMS, CargoRules
from core.office.screening import Profile, ProfileRule
from core.office.service import CargoPolicy
from domain.crossing import RELEASE

T = TypeVar("T")

_LONGEST_SOCKET = 107  # what the kernel takes as the name of a Unix socket

Text = Annotated[str, Meta(min_length=1)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Days = Annotated[int, Meta(ge=1, le=7_300)]
Minutes = Annotated[int, Meta(ge=0, le=24 * 60)]


class CoreSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[core]`: the files of this core."""

    store: Text
    signing_key: Text
    lane_keys: Text
    admin_socket: Text


class BrokerSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[[broker]]`: a broker that lanes may be on; the core stays connected to every one."""

    host: Text
    port: Port
    client_id: Text = "core"
    user_name: str = ""
    password_file: str = ""
    authority: str = ""
    certificate: str = ""
    key: str = ""


class AuthoritySection(msgspec.Struct, frozen=True, kw_only=True):
    """`[authority]`: who signs the certificates of lanes and brokers; no folder where another authority does.

    Attributes:
        folder: where it is (`core.enrolment.authority`).
        lane_days, broker_days: how long what it signs counts.
        warn_days: how long before the end everybody is told.
    """

    folder: str = ""
    lane_days: Days = 730
    broker_days: Days = 730
    warn_days: Days = 30


class BundlingSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[bundling]`: how long after bundling a vehicle may cross at the earliest."""

    wait_minutes: Minutes = 30


class CompoundSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[compound]`: how long a vehicle may take from a lane to the examination compound."""

    due_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 15


class PicturesSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[pictures]`: evidence pictures that lanes send; without a folder none is taken.

    Attributes:
        quota_mb: MB of 10^6 bytes of all together; the oldest go first.
        days: how long each class is kept; `other_days`: a class not named there.
    """

    folder: str = ""
    quota_mb: Annotated[int, Meta(ge=1)] = 20_000
    days: dict[str, Days] = msgspec.field(default_factory=lambda: {"stops": 180, "near_misses": 90, "complaints": 365})
    other_days: Days = 30


class CargoSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[cargo]`: schemes a consignment may name, and descriptions that are too broad, each with a better one."""

    schemes: tuple[Text, ...] = ("ITFS", "SELS")
    broad_terms: dict[str, str] = {}


class ScreeningSection(msgspec.Struct, frozen=True, kw_only=True):
    """`[screening]`: the action codes, mildest first, and the profiles."""

    codes: tuple[Text, ...] = ("release", "inspect")
    rules: tuple[dict[str, Any], ...] = ()


class CoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that has been checked; `folder` is where relative paths begin."""

    folder: Path
    core: CoreSection
    brokers: tuple[BrokerSection, ...]
    authority: AuthoritySection
    rules: CargoPolicy
    due_ms: int
    keeping: Keeping

    def path(self, text: str) -> Path:
        """A path of the file as it is meant: relative to the configuration file."""
        return self.folder / text


_SECTIONS: dict[str, Any] = {
    "core": CoreSection,
    "authority": AuthoritySection,
    "bundling": BundlingSection,
    "compound": CompoundSection,
    "pictures": PicturesSection,
    "cargo": CargoSection,
    "screening": ScreeningSection,
}
_KEYS = (*_SECTIONS, "broker", "points")


def load(path: Path, *, planned: bool = False) -> CoreSettings:
    """Reads and checks a configuration file, and that the files it names are there.

    Args:
        path: the file.
        planned: the files need not be there yet: for the commands that make them.

    Raises:
        SettingsError: with one line for every problem: the file, the key, what is wrong and what to do.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CoreSettingsError(
            f"{path}: cannot be read ({error.strerror}); give the right path with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CoreSettingsError(f"{path}: is not TOML ({error}); correct that line") from error
    reader = _Reader(path)
    settings = reader.settings(plain)
    if settings is not None:
        reader.socket(settings)
        if not planned:
            reader.files(settings)
    if reader.problems or settings is None:
        raise CoreSettingsError(*reader.problems)
    return settings


class _Reader:
    """Collects the problems of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def say(self, key: str, problem: str) -> None:
        self.problems.append(f"{self.path}: {key}: {problem}")

    def settings(self, plain: dict[str, Any]) -> CoreSettings | None:
        self.known_keys("", plain, _KEYS)
        parts: dict[str, Any] = {name: self.table(kind, name, plain.get(name, {})) for name, kind in _SECTIONS.items()}
        brokers = self.brokers(plain.get("broker"))
        points = self.points(plain.get("points"))
        rules = self.screening_rules(parts["screening"])
        if self.problems:
            return None
        return CoreSettings(
            folder=self.path.parent,
            core=parts["core"],
            brokers=brokers,
            authority=parts["authority"],
            rules=_rules(parts, points, rules),
            due_ms=parts["compound"].due_minutes * 60_000,
            keeping=_keeping(self.path.parent, parts["pictures"]),
        )

    def known_keys(self, where: str, plain: dict[str, Any], known: tuple[str, ...]) -> None:
        for name in plain:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
                self.say(f"{where}{name}", f"unknown key; {hint}")

    def table(self, kind: type[T], where: str, plain: object) -> T | None:
        """A table as `kind`; each of its keys is looked at by itself, so that each problem has its own line."""
        if not isinstance(plain, dict):
            self.say(where, f"must be a table; write [{where}]")
            return None
        before = len(self.problems)
        fields = {field.name: field for field in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
        self.known_keys(f"{where}.", plain, tuple(fields))
        values = {}
        for name, field in fields.items():
            if name in plain:
                values[name] = self.value(f"{where}.{name}", plain[name], field.type)
            elif field.required:
                self.say(f"{where}.{name}", "is missing; add it (config/core.toml.example shows how)")
        return kind(**values) if len(self.problems) == before else None

    def value(self, key: str, plain: object, kind: Any) -> Any:
        try:
            return msgspec.convert(plain, kind)
        except msgspec.ValidationError as error:
            self.say(key, f"{str(error).replace('`', '')}; correct the value {plain!r}")
            return None

    def brokers(self, plain: object) -> tuple[BrokerSection, ...]:
        if not isinstance(plain, list) or not plain:
            self.say("broker", "is missing; add [[broker]] with host and port")
            return ()
        found = [self.table(BrokerSection, f"broker[{place}]", one) for place, one in enumerate(plain, start=1)]
        return tuple(one for one in found if one is not None)

    def points(self, plain: object) -> dict[str, str]:
        if not isinstance(plain, dict) or not plain:
            self.say("points", 'is missing; name at least one control point: CODE = "name"')
            return {}
        for code, name in plain.items():
            if not isinstance(name, str) or not name:
                self.say(f"points.{code}", "must be the control point's name, a text")
        return plain

    def files(self, settings: CoreSettings) -> None:
        """The files that only a technician can put there; what `rocars-core init` makes is looked at when opened."""
        remedy = "run rocars-core authority" if settings.authority.folder else "put the file there"
        for place, broker in enumerate(settings.brokers, start=1):
            for name in ("password_file", "authority", "certificate", "key"):
                path = settings.path(getattr(broker, name))
                if getattr(broker, name) and not path.is_file():
                    self.say(f"broker[{place}].{name}", f"{path} is not there; {remedy}")
                elif getattr(broker, name) and name == "key" and _open_to_others(path):
                    self.say(f"broker[{place}].{name}", f"{path} can be read by others; run chmod 600 on it")
            if (broker.certificate or broker.key) and not (broker.authority and broker.certificate and broker.key):
                self.say(f"broker[{place}]", "TLS needs authority, certificate and key together; add what is missing")

    def socket(self, settings: CoreSettings) -> None:
        socket = str(settings.path(settings.core.admin_socket).absolute())
        if len(socket.encode()) > _LONGEST_SOCKET:
            self.say("core.admin_socket", f"{socket} is longer than {_LONGEST_SOCKET} bytes; choose a shorter path")

    def screening_rules(self, section: ScreeningSection | None) -> tuple[ProfileRule, ...]:
        if section is None:
            return ()
        if section.codes[:1] != (RELEASE,):
            self.say("screening.codes", f"must begin with {RELEASE!r}: the lanes release on that word alone")
        names = [f"screening.rules[{place}]" for place, _ in enumerate(section.rules, start=1)]
        found = [self.table(ProfileRule, name, one) for name, one in zip(names, section.rules, strict=True)]
        for name, rule in zip(names, found, strict=True):
            if rule is not None and rule.code not in section.codes:
                self.say(f"{name}.code", f"{rule.code!r} is not in screening.codes; add it there or correct it")
        return tuple(rule for rule in found if rule is not None)


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _keeping(folder: Path, section: PicturesSection) -> Keeping:
    return Keeping(
        folder=folder / section.folder if section.folder else None,
        quota=section.quota_mb * 1_000_000,
        days=section.days,
        other_days=section.other_days,
    )


def _rules(parts: dict[str, Any], points: dict[str, str], rules: tuple[ProfileRule, ...]) -> CargoPolicy:
    cargo: CargoSection = parts["cargo"]
    broad = {term.lower(): better for term, better in cargo.broad_terms.items()}
    return CargoPolicy(
        points=points,
        cargo=CargoRules(schemes=frozenset(cargo.schemes), broad_terms={**BROAD_TERMS, **broad}),
        profile=Profile(codes=parts["screening"].codes, rules=rules),
        wait_ms=parts["bundling"].wait_minutes * 60_000,
    )
