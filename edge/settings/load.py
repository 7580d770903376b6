"""The whole box's settings: one TOML file as frozen, typed values. `load` is the only way in.

Rules of this file
- Every mistake is told at once, one line each: file, key, what is wrong, what to do (`LaneSettingsError`).
- Nothing unknown is accepted, nothing is guessed, and no default makes a real lane out of a simulated one or back.
- Relative paths are taken from the file's own folder.
- A lane's id is also its user name, its client id and its certificate's name (design §3): it is written once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from console.settings import ConsoleSettings
from devices.settings import CameraSettings, ContactsSettings, IdentifierSettings, ReaderSettings
from devices.terminal_settings import ImmigrationSettings
from devices.voice.settings import VoiceSettings
from display.settings import ScreensSettings
from edge.settings.rules import rule_problems
from edge.settings.sections import HealthSettings, LaneSettings, Manifest, OtherPoint, PolicySettings, SecondFor
from lane_agent.model import Policy
from runtime.sections import Problem, Section, milliseconds
from runtime.toml_file import TomlFileError, read_toml
from runtime.toml_table import TableReader
from sync.settings import EvidenceSettings, LinkSettings


class Settings(Section, frozen=True, kw_only=True):
    """The whole file."""

    lane: LaneSettings
    policy: PolicySettings
    camera: CameraSettings
    reader: ReaderSettings
    contacts: ContactsSettings
    screens: ScreensSettings
    link: LinkSettings
    console: ConsoleSettings
    identifier: IdentifierSettings = IdentifierSettings()
    immigration: ImmigrationSettings = ImmigrationSettings()
    health: HealthSettings = HealthSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    voice: VoiceSettings = VoiceSettings()
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
            held_up_ms=milliseconds(policy.held_up_s),
            second_release=SecondFor.RELEASE in policy.second_officer,
            second_bypass=SecondFor.BYPASS in policy.second_officer,
            second_ms=milliseconds(policy.second_officer_s),
            limits=tuple(sorted((name, milliseconds(limit)) for name, limit in policy.limits.items())),
        )


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
    """Reads and checks the file, and that this box has the files and libraries it names.

    Raises:
        LaneSettingsError: anything at all is wrong; every problem is in it.
    """
    return _read(path, on_this_box=True)


def parse(path: Path) -> Settings:
    """Reads and checks the file alone; the files it names need not exist (for examples and planning).

    Raises:
        LaneSettingsError: the file's own content is wrong.
    """
    return _read(path, on_this_box=False)


def _read(path: Path, *, on_this_box: bool) -> Settings:
    try:
        table = read_toml(path, example="config/lane.toml")
    except TomlFileError as error:
        raise LaneSettingsError(path, [error.problem]) from error
    reader = TableReader(path.absolute().parent, on_this_box=on_this_box)
    sections = reader.values(Settings, table)
    if problems := reader.problems(rule_problems(sections)):
        raise LaneSettingsError(path, problems)
    return Settings(**sections)
