"""The whole box's settings: one TOML file as frozen, typed values. `load` is the only way in.

Rules of this file
- Every mistake is told at once, one line each: file, key, what is wrong, what to do (`LaneSettingsError`).
- Nothing unknown is accepted, nothing is guessed, and no default makes a real lane out of a simulated one or back.
- Relative paths are taken from the file's own folder.
- A lane's id is also its user name, its client id and its certificate's name (design §3): it is written once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edge.settings.files import file_problems
from edge.settings.rules import rule_problems
from edge.settings.sections import (
    BoardKind,
    CameraKind,
    CameraSettings,
    ConsoleSection,
    ContactsSettings,
    EvidenceSettings,
    HealthSettings,
    IdentifierSettings,
    LaneSettings,
    LinkSettings,
    Manifest,
    OtherPoint,
    PolicySettings,
    ReaderSettings,
    ScreensSettings,
    Section,
)
from lane_agent.model import Policy
from runtime.toml_table import Problem, TableReader

__all__ = ["BoardKind", "CameraKind", "LaneSettingsError", "Settings", "load", "milliseconds", "parse"]


class Settings(Section, frozen=True, kw_only=True):
    """The whole file."""

    lane: LaneSettings
    policy: PolicySettings
    camera: CameraSettings
    reader: ReaderSettings
    contacts: ContactsSettings
    screens: ScreensSettings
    link: LinkSettings
    console: ConsoleSection
    identifier: IdentifierSettings = IdentifierSettings()
    health: HealthSettings = HealthSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    simulation: bool = False

    def lane_policy(self, journal: str) -> Policy:
        """The pure lane's policy; `journal` is the store's id."""
        policy = self.policy
        return Policy(
            lane=self.lane.id,
            journal=journal,
            point=self.lane.point,
            direction=self.lane.direction,
            manifest_sensor=policy.manifest is Manifest.SENSOR,
            other_point_accepted=policy.other_point is OtherPoint.ACCEPT,
            compound_loop=policy.compound_loop,
            identifier_required=self.identifier.required,
            confirm_ms=milliseconds(policy.confirm_s),
            paint_ms=milliseconds(policy.paint_s),
            help_stuck_ms=milliseconds(policy.help_stuck_s),
            limits=tuple(sorted((name, milliseconds(limit)) for name, limit in policy.limits.items())),
        )


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least 1."""
    return max(1, round(seconds * 1_000))


class LaneSettingsError(ValueError):
    """The file cannot be used. Its text has one line for each problem.

    Attributes:
        file: the file.
        problems: what is wrong, in the order of the file's sections.
    """

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{file}: {problem}" for problem in self.problems))


def load(path: Path) -> Settings:
    """Reads and checks the file, the files it names included.

    Raises:
        SettingsError: anything at all is wrong; every problem is in it.
    """
    sections, problems = _sections(path)
    problems += rule_problems(sections)
    problems += file_problems(sections)
    if problems:
        raise LaneSettingsError(path, problems)
    return Settings(**sections)


def parse(path: Path) -> Settings:
    """Reads and checks the file alone; the files it names need not exist (for examples and planning).

    Raises:
        SettingsError: the file's own content is wrong.
    """
    sections, problems = _sections(path)
    problems += rule_problems(sections)
    if problems:
        raise LaneSettingsError(path, problems)
    return Settings(**sections)


def _sections(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """Every top-level value that could be read, and what is wrong with the others."""
    table = _table(path)
    reader = TableReader(path.absolute().parent)
    return reader.values(Settings, table), reader.problems


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = Problem("the file", "does not exist", "copy config/lane.toml there and fill it in")
    except OSError as error:
        problem = Problem("the file", f"cannot be read ({error.strerror})", "let the lane's user read it")
    except UnicodeDecodeError:
        problem = Problem("the file", "is not UTF-8 text", "save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        problem = Problem("the file", f"is not TOML: {error}", "correct that place; texts stand in quotes")
    raise LaneSettingsError(path, [problem])
