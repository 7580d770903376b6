"""A wall's settings file (TOML): one control point, its lanes, the brokers, the page, and how long a need may wait.

Rules of this file: relative paths begin at the file's own folder. Every problem is collected before any is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from console.errors import OfficersFileError
from console.officers import OfficerRole, officers_in
from console.settings import ConsoleSettings
from console.tongues import Both
from domain.alarm_traits import Priority
from runtime.camera_address import login_problems, url_problems
from runtime.sections import (
    Fits,
    GivenSecret,
    Host,
    NamedFile,
    Port,
    Problem,
    SecretFile,
    Section,
    Text,
    is_loopback,
)
from runtime.toml_file import TomlFileError, read_toml
from runtime.toml_table import TableReader
from wall.errors import WallSettingsError
from wall.video_link import link_problems
from wire.topics import WALL, check_lane, is_wall

OFFICER = "add a first officer: rocars-wall officer add NAME --config FILE writes it"
AUTHORITY = "get it from the core: rocars-core enrol-wall"


def _is_lane(text: str) -> bool:
    try:
        check_lane(text)
    except ValueError:
        return False
    return True


def _is_page(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and not parts.query and not parts.fragment


LaneName = Annotated[str, Fits(_is_lane), Meta(description='a lane\'s name as its box has it, such as "SZB-IN-07"')]
PageAddress = Annotated[str, Fits(_is_page), Meta(description='an address such as "https://szb-in-07.example:8480"')]
WallName = Annotated[str, Fits(is_wall), Meta(description=f'"{WALL}", or "{WALL}-" and a word')]
WaitSeconds = Annotated[int, Meta(ge=5, le=86_400, description="a number of seconds, 5 to 86400")]


class WallSection(Section, frozen=True, kw_only=True):
    """`[wall]`: which control point this is, and this process's own files.

    Attributes:
        point: the control point, as people call it; point_chinese: the same in Chinese, where that differs.
        name: by which the brokers, the core and the lanes know this wall.
        store: its file: needs, who took them, who looked at what.
        lane_keys: the public keys of the lanes, one `<lane>.pub` each, as the core's register has them. What a broker says in
            a lane's name without them is not shown.
        page_key: the wall's own key (`rocars-wall key` makes it); its public half is given to the boxes (`[console] walls`). Without
            it there are no pictures, and lanes' pages open without a login.
        pages_authority: who signed the certificates of the lanes' pages.
        video_link: where the site's own video system shows a lane at a time, with places (`wall.video_link`); "" for none.
    """

    point: Text
    point_chinese: str = ""
    name: WallName = WALL
    store: Path
    lane_keys: Path
    page_key: Annotated[Path, SecretFile("make it: rocars-wall key --config FILE")] | None = None
    pages_authority: Annotated[Path, NamedFile()] | None = None
    video_link: str = ""

    def contradictions(self) -> Iterator[Problem]:
        """The link leads to one place, with nothing in it that only we could fill."""
        if self.video_link:
            yield from link_problems(self.video_link)

    def on_this_box(self) -> Iterator[Problem]:
        """The keys are there, and the store has a folder."""
        if not self.lane_keys.is_dir():
            remedy = "copy the folder lane-keys of the core here, and again whenever a lane is enrolled"
            yield Problem("lane_keys", f"{self.lane_keys} is no folder", remedy)
        if not self.store.parent.is_dir():
            yield Problem("store", f"{self.store.parent} does not exist", "make that folder, for the wall's user")


class WallPageSection(ConsoleSettings, frozen=True, kw_only=True):
    """`[page]`: how the wall is served; the keys are those of a lane's page (`console.settings`).

    There is no watching without a login here: plates of a whole control point are on it.
    """

    officers: Annotated[Path, SecretFile(OFFICER)]
    port: Port = 8490

    def on_this_box(self) -> Iterator[Problem]:
        """Somebody can log in."""
        try:
            nobody = not self.officers.stat().st_size or not officers_in(self.officers)
        except (OSError, OfficersFileError):
            return  # missing or closed: told by its kind; damaged: `run` says so
        if nobody:
            yield Problem("officers", f"{self.officers} has no officer", OFFICER)

    def contradictions(self) -> Iterator[Problem]:
        """As on a lane's page; and nobody watches without a login."""
        yield from super().contradictions()
        if self.view_without_login:
            remedy = "leave it out: for a screen on the wall add an account with the role viewer"
            yield Problem("view_without_login", "is not possible on a wall", remedy)


class WallBrokerSection(Section, frozen=True, kw_only=True):
    """`[[broker]]`: a broker that lanes may be on; the wall listens at every one."""

    host: Host
    port: Port
    user_name: str = ""
    password_file: Annotated[Path, NamedFile()] | None = None
    authority: Annotated[Path, NamedFile(AUTHORITY)] | None = None
    certificate: Annotated[Path, NamedFile(AUTHORITY)] | None = None
    key: Annotated[Path, SecretFile(AUTHORITY)] | None = None

    def contradictions(self) -> Iterator[Problem]:
        """TLS is whole."""
        if (self.certificate or self.key) and not (self.authority and self.certificate and self.key):
            yield Problem("", "TLS needs authority, certificate and key together", "add what is missing")


class CoreLineSection(Section, frozen=True, kw_only=True):
    """`[core]`: where the core listens for walls (its section `[walls]`); without it this wall orders nothing."""

    host: Host
    port: Port
    authority: Annotated[Path, NamedFile(AUTHORITY)]
    certificate: Annotated[Path, NamedFile(AUTHORITY)]
    key: Annotated[Path, SecretFile(AUTHORITY)]


def _is_issuer(text: str) -> bool:
    parts = urlsplit(text)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


IssuerAddress = Annotated[
    str, Fits(_is_issuer), Meta(description='an https address such as "https://login.customs.example/realms/szb"')
]


class OidcSection(Section, frozen=True, kw_only=True):
    """`[oidc]`: the control room's own accounts (OpenID Connect); without it people sign in here alone.

    Attributes:
        issuer: the provider, exactly as its discovery document names it.
        client_id, client_secret: what this wall is there; without a secret a public client.
        address: this wall as browsers reach it; the provider must know `<address>/oidc/back`.
        authority: who signed the provider's certificate; left out, the system's authorities.
        scopes: what is asked for; login_claim, shown_claim: the claims that hold the login and the name that others see.
        roles_claim: the claim that holds groups or roles, `a.b` for one inside another; roles: which of them is which role here.
        label, label_chinese: what its button says.
    """

    issuer: IssuerAddress
    client_id: Text
    address: PageAddress
    roles: dict[str, OfficerRole]
    client_secret: Annotated[Path, GivenSecret("get it from the provider, and put it there")] | None = None
    authority: Annotated[Path, NamedFile()] | None = None
    scopes: tuple[Text, ...] = ("openid", "profile")
    login_claim: Text = "preferred_username"
    shown_claim: Text = "name"
    roles_claim: Text = "groups"
    label: Text = "Control room account"
    label_chinese: Text = "控制室帳戶"

    def contradictions(self) -> Iterator[Problem]:
        """Somebody has a role, and an ID token is asked for."""
        if not self.roles:
            yield Problem(
                "roles", "is empty: nobody could sign in", 'write such as roles = { "customs-officers" = "officer" }'
            )
        if "openid" not in self.scopes:
            yield Problem("scopes", 'is without "openid"', "add it: without it there is no ID token")


class LaneSection(Section, frozen=True, kw_only=True):
    """`[[lane]]`: a lane of this point.

    Attributes:
        id: its name.
        group: under which heading it stands, such as "Inbound", "" for none; group_chinese: the same in Chinese.
        page: its own page; "" where the wall cannot reach it: then there are no pictures of it, and no page to open.
    """

    id: LaneName
    group: str = ""
    group_chinese: str = ""
    page: PageAddress | None = None


_CAMERA_NAMES = {"overview": Both("Overview", "全景"), "rear": Both("Rear", "車尾")}
"""Names of cameras that the wall has its own words for."""


class CameraSection(Section, frozen=True, kw_only=True):
    """`[[camera]]`: a further camera of the point, which shows one lane or several. A lane's own camera is not here: its page has it.

    Attributes:
        name: "overview", "rear", or the site's own word; name_chinese: that word in Chinese, where it differs.
        lanes: those that it shows.
        url: of its stream, RTSP, H.264; without a login.
        login_file: USER:PASSWORD of the camera, in a file that only the wall may read.
    """

    name: Annotated[str, Meta(pattern=r"^\S(.{0,38}\S)?$", description="a word or some, up to 40 signs")]
    lanes: tuple[LaneName, ...]
    url: Text
    name_chinese: Annotated[str, Meta(max_length=40)] = ""
    login_file: Annotated[Path, GivenSecret("write USER:PASSWORD into it, chmod 600")] | None = None

    @property
    def shown(self) -> Both:
        """What officers read on its button."""
        usual = _CAMERA_NAMES.get(self.name, Both(self.name, self.name))
        return Both(str(usual), self.name_chinese) if self.name_chinese else usual

    def contradictions(self) -> Iterator[Problem]:
        """The address is one, and it shows something."""
        yield from url_problems(self.url, ("rtsp://", "rtsps://"), "is no RTSP stream", self.login_file)
        if not self.lanes:
            yield Problem("lanes", "is empty", "name the lanes that this camera shows")

    def on_this_box(self) -> Iterator[Problem]:
        """Its login is one."""
        yield from login_problems(self.login_file)


class QueueSection(Section, frozen=True, kw_only=True):
    """`[queue]`: seconds that a need of each priority may wait untaken before everybody is called again, louder."""

    urgent_s: WaitSeconds = 30
    high_s: WaitSeconds = 60
    medium_s: WaitSeconds = 180

    def limit_ms(self, priority: Priority) -> int:
        """How long a need of this priority may wait; low ones call nobody."""
        seconds = {Priority.URGENT: self.urgent_s, Priority.HIGH: self.high_s, Priority.MEDIUM: self.medium_s}
        return 1_000 * seconds.get(priority, 86_400)


def _are_shifts(texts: tuple[str, ...]) -> bool:
    return (
        bool(texts)
        and all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) for text in texts)
        and len(set(texts)) == len(texts)
    )


class NumbersSection(Section, frozen=True, kw_only=True):
    """`[numbers]`: how the page of numbers counts.

    Attributes:
        shifts: when each shift of a day begins, Hong Kong time.
        goal_s: seconds that a truck should take from arrival to departure (seed 001: 20).
    """

    shifts: Annotated[
        tuple[str, ...], Fits(_are_shifts), Meta(description='different times such as ["07:00", "15:00", "23:00"]')
    ] = ("07:00", "15:00", "23:00")
    goal_s: Annotated[int, Meta(ge=1, le=600, description="a number of seconds, 1 to 600")] = 20


class WallSettings(Section, frozen=True, kw_only=True):
    """The whole file."""

    wall: WallSection
    page: WallPageSection
    brokers: tuple[WallBrokerSection, ...] = msgspec.field(name="broker")
    lanes: tuple[LaneSection, ...] = msgspec.field(name="lane")
    cameras: tuple[CameraSection, ...] = msgspec.field(name="camera", default=())
    queue: QueueSection = QueueSection()
    core: CoreLineSection | None = None
    oidc: OidcSection | None = None
    numbers: NumbersSection = NumbersSection()

    def contradictions(self) -> Iterator[Problem]:
        """There is a broker; there are lanes, each once."""
        if not self.brokers:
            yield Problem("broker", "is empty", "add a section [[broker]] with host and port")
        if not self.lanes:
            yield Problem("lane", "is empty", "add a section [[lane]] with the id of each lane of the point")
        names = [lane.id for lane in self.lanes]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem("lane", f"{name} stands {names.count(name)} times", "leave one section for each lane")
        yield from self._camera_problems(set(names))

    def _camera_problems(self, names: set[str]) -> Iterator[Problem]:
        """A camera shows lanes of this point, has a name of its own at each, and stands once."""
        urls = [one.url for one in self.cameras]
        seen: set[tuple[str, str]] = set()
        for camera in self.cameras:
            for lane in camera.lanes:
                if lane not in names:
                    yield Problem("camera.lanes", f"{lane} is no lane of this file", "correct it, or add its [[lane]]")
                elif (lane, camera.name) in seen:
                    yield Problem("camera.name", f"{lane} has two cameras {camera.name}", "give them different names")
                seen.add((lane, camera.name))
        for url in sorted({url for url in urls if urls.count(url) > 1}):
            remedy = "leave one section, with all its lanes: it is opened once"
            yield Problem("camera.url", f"{url} stands {urls.count(url)} times", remedy)


def load_wall(path: Path, *, planned: bool = False) -> WallSettings:
    """Reads and checks a settings file, and that the files it names are there.

    Args:
        path: the file.
        planned: the files need not be there yet: for the commands that make them.

    Raises:
        WallSettingsError: with one line for every problem: the file, the key, what is wrong and what to do.
    """
    try:
        table = read_toml(path, example="config/wall.toml.example")
    except TomlFileError as error:
        raise WallSettingsError(f"{path}: {error.problem}") from error
    reader = TableReader(path.absolute().parent, on_this_box=not planned)
    settings = reader.read(WallSettings, table)
    if problems := reader.problems():
        raise WallSettingsError(*(f"{path}: {problem}" for problem in problems))
    assert settings is not None
    return settings
