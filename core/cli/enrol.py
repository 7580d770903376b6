"""The commands of enrolment: authority, lanes, brokers. None of them needs a running core.

A running core notices within a second what they change in the register of lanes.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from core.cli.options import Config
from core.cli.output import say
from core.enrolment.authority import Authority
from core.enrolment.enrolling import Applicant, EnrolmentService, core_pair, enrol_here
from core.enrolment.registry import LaneRegistry
from core.errors import CoreSettingsError, RefusedError
from core.files import write_whole
from core.settings import CoreSettings, load
from runtime.files import PRIVATE
from wire import certificates
from wire.enrolment import EnrolmentError, Request, check_name, read_request, read_wanted
from wire.topics import IMMIGRATION, MONITOR, WALL, check_lane, is_wall

PANEL = "Keys and certificates"
Lane = Annotated[str, typer.Argument(help="The lane's id.")]
Out = Annotated[Path | None, typer.Option(help="Where to write the answer; LANE.answer.json if left out.")]
Fingerprint = Annotated[
    str, typer.Option(help="What the box showed; without it you are asked to compare. A renewal needs neither.")
]


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    for command in (authority, enrol, enrol_broker, enrol_page, enrol_immigration, enrol_monitor, enrol_wall, revoke):
        app.command(rich_help_panel=PANEL)(command)


def utc_ms() -> int:
    """The present time, UTC ms, by this machine's clock."""
    return time.time_ns() // 1_000_000  # noqa: TID251 - a part of the composition root


def authority(
    config: Config,
    renew_core: Annotated[bool, typer.Option("--renew-core", help="A new certificate of the core's own, too.")] = False,
) -> None:
    """Make the authority that signs for lanes and brokers, once, and the core's own certificate. Nothing is made twice."""
    settings = load(config, planned=True)
    folder = _folder(settings)
    if not (folder / "authority.key").exists():
        made = Authority.make(folder, utc_ms)
        say(f"authority made: {folder} (authority.key: keep it secret, and a backup); it is {made.fingerprint}")
    opened = Authority(folder, utc_ms)
    pairs = ((one.certificate, one.key) for one in settings.brokers if one.certificate and one.key)
    for certificate, key in dict.fromkeys(pairs):
        if renew_core or not certificate.exists():
            _write_pair(certificate, key, *core_pair(opened, days=settings.authority.lane_days))
            say(f"the core's own certificate made: {certificate}")
    for file in dict.fromkeys(one.authority for one in settings.brokers if one.authority):
        if not file.exists():
            write_whole(file, opened.pem)


def _write_pair(certificate: Path, key: Path, certificate_pem: bytes, key_pem: bytes) -> None:
    """Both in one step where they are one file; else the key first: a running core reads them when it connects."""
    if certificate == key:
        write_whole(certificate, certificate_pem + key_pem, mode=PRIVATE)
        return
    write_whole(key, key_pem, mode=PRIVATE)
    write_whole(certificate, certificate_pem)


def enrol(
    lane: Lane,
    config: Config,
    *,
    request: Annotated[Path | None, typer.Option(help="The file that `rocars-lane enrol` wrote on the box.")] = None,
    out: Out = None,
    fingerprint: Fingerprint = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="The box was replaced or lost its keys: the old ones end now.")
    ] = False,
    here: Annotated[
        Path | None,
        typer.Option(help="For demonstrations only: make the lane's keys here, and all it needs, in FOLDER."),
    ] = None,
) -> None:
    """Enrol a lane, or renew it: sign its request, register its key, and write the answer that the box installs."""
    settings = load(config)
    check_name(lane)
    desk = desk_of(settings)
    if here is not None:
        _enrol_here(desk, lane, here)
        return
    asked = _asked(lane, request)
    _agree(desk.standing(asked), asked, fingerprint, replace=replace)
    answer = desk.enrol(asked, at_ms=utc_ms())
    path = write_whole(out or Path(f"{lane}.answer.json"), answer.to_text())
    say(f"{lane} is enrolled. Take {path} to the box: rocars-lane enrol --answer {path.name} --config FILE")
    say(f"The box will show: {answer.fingerprint}")


def _asked(lane: str, file: Path | None) -> Request:
    if file is None:
        raise RefusedError(f"give the lane's request: rocars-core enrol {lane} --request FILE")
    try:
        asked = read_request(file.read_bytes())
    except OSError as error:
        raise RefusedError(f"{file}: cannot be read ({error.strerror}); give the right path") from error
    except EnrolmentError as error:
        raise RefusedError(f"{file}: {error}") from error
    if asked.lane != lane:
        raise RefusedError(f"{file}: is the request of lane {asked.lane}, not of {lane}; give the right one")
    return asked


def _agree(standing: Applicant, asked: Request, fingerprint: str, *, replace: bool) -> None:
    """Returns if the request may be granted; a person is asked where no signature answers.

    Raises:
        RefusedError: it may not.
    """
    if standing is Applicant.RENEWAL:
        return
    if standing is Applicant.STRANGER and not replace:
        raise RefusedError(
            f"lane {asked.lane} is enrolled, and its key did not sign this request. If the box was replaced or lost "
            "its keys, say --replace: the old keys and certificates end. Otherwise find out who made the request"
        )
    same = fingerprint == asked.fingerprint if fingerprint else _compared(asked)
    if not same:
        raise RefusedError(f"the request's fingerprint is {asked.fingerprint}, the box's another: not its request")


def _compared(asked: Request) -> bool:
    say(f"The request of lane {asked.lane} has the fingerprint {asked.fingerprint}")
    return typer.confirm("Does the box show the same?")


def _enrol_here(desk: EnrolmentService, lane: str, folder: Path) -> None:
    answer, key, signer = enrol_here(desk, lane, at_ms=utc_ms())
    (folder / "core").mkdir(parents=True, exist_ok=True)
    write_whole(folder / "lane.pem", answer.certificate.encode() + key, mode=PRIVATE)
    write_whole(folder / "signing.pem", signer.to_pem(), mode=PRIVATE)
    write_whole(folder / "authority.pem", answer.authority.encode())
    for kid, pem in answer.core_keys.items():
        write_whole(folder / "core" / f"{kid}.pem", pem.encode())
    say(f"{lane} is enrolled, for a demonstration: {folder} has its keys")


def enrol_broker(
    names: Annotated[list[str], typer.Argument(help="Every host name and address by which lanes reach the broker.")],
    config: Config,
    out: Annotated[Path, typer.Option(help="A folder for broker.crt, authority.crt, revoked.crl (and broker.key).")],
    request: Annotated[
        Path | None, typer.Option(help="A signing request made on the broker's machine; else its key is made here.")
    ] = None,
) -> None:
    """Make a broker's certificate: the names lanes connect to must be in it."""
    settings = load(config, planned=True)
    opened = Authority(_folder(settings), utc_ms)
    days = settings.authority.broker_days
    out.mkdir(parents=True, exist_ok=True)
    if request is None:
        key = certificates.new_key()
        public = key.public_key()
        write_whole(out / "broker.key", certificates.key_to_pem(key), mode=PRIVATE)
    else:
        public = _wanted(request)
    write_whole(out / "broker.crt", opened.for_broker(names, public, days=days))
    write_whole(out / "authority.crt", opened.pem)
    write_whole(out / "revoked.crl", opened.revoked_file.read_bytes())
    say(f"broker {names[0]}: put what is in {out} where its mosquitto.conf says, and reload it (SIGHUP)")


def enrol_page(
    lane: Lane,
    names: Annotated[list[str], typer.Argument(help="Every host name and address by which officers reach its page.")],
    config: Config,
    request: Annotated[Path, typer.Option(help="The signing request that `rocars-lane setup` made on the box.")],
    out: Annotated[Path, typer.Option(help="Where to write the certificate.")],
) -> None:
    """Make the certificate of a lane's page, for officers' browsers. A name of a broker is refused: lanes would believe it."""
    settings = load(config, planned=True)
    opened = Authority(_folder(settings), utc_ms)
    if taken := {one.host.lower() for one in settings.brokers} & {name.lower() for name in names}:
        raise RefusedError(f"{', '.join(sorted(taken))}: is the name of a broker; give the page names of its own")
    days = settings.authority.lane_days
    write_whole(out, opened.for_page(check_lane(lane), names, _wanted(request), days=days))
    say(f"Take {out} to the box of {lane}, name it as setup.page_certificate, and run rocars-lane setup again")


def enrol_immigration(
    config: Config,
    request: Annotated[Path, typer.Option(help="The signing request (PKCS 10) made by Immigration's side.")],
    out: Annotated[Path, typer.Option(help="A folder for immigration.crt and authority.crt.")],
) -> None:
    """Make the certificate of Immigration's plate reader: it may write its one topic a lane, and nothing else."""
    _make_client(IMMIGRATION, config, request, out)
    say(f"{out}: give both files to Immigration's side; every lane still needs its public signing key")


def enrol_monitor(
    config: Config,
    request: Annotated[Path, typer.Option(help="The signing request (PKCS 10) made where the boxes are watched.")],
    out: Annotated[Path, typer.Option(help="A folder for monitor.crt and authority.crt.")],
) -> None:
    """Make the certificate of whoever watches the boxes: it may read presence and telemetry, and write nothing."""
    _make_client(MONITOR, config, request, out)
    say(f"{out}: give both files to whoever watches the boxes")


def enrol_wall(
    config: Config,
    request: Annotated[Path, typer.Option(help="The signing request (PKCS 10) made where the wall runs.")],
    out: Annotated[Path, typer.Option(help="A folder for the wall's certificate and authority.crt.")],
    name: Annotated[str, typer.Option(help="Of the wall: wall, or wall- and a word.")] = WALL,
) -> None:
    """Make the certificate of a control point's wall: it reads what the lanes say of themselves, and orders at the core."""
    if not is_wall(name):
        raise RefusedError(f"{name!r} is no name of a wall: use {WALL}, or {WALL}- and a word such as {WALL}-szb")
    _make_client(check_lane(name), config, request, out)
    say(
        f"{out}: take both files to the wall; a name other than {WALL} needs its own lines in each broker's access list"
    )


def _make_client(name: str, config: Path, request: Path, out: Path) -> None:
    """A certificate for somebody at the brokers who is no lane."""
    settings = load(config, planned=True)
    opened = Authority(_folder(settings), utc_ms)
    out.mkdir(parents=True, exist_ok=True)
    pem = opened.for_client(name, _wanted(request), days=settings.authority.lane_days)
    write_whole(out / f"{name}.crt", pem)
    write_whole(out / "authority.crt", opened.pem)


def _wanted(file: Path) -> certificates.PublicKey:
    try:
        return certificates.public_of(read_wanted(file.read_bytes()))
    except OSError as error:
        raise RefusedError(f"{file}: cannot be read ({error.strerror}); give the right path") from error
    except ValueError as error:
        raise RefusedError(f"{file}: {error}") from error


def revoke(lane: Lane, config: Config) -> None:
    """End a lane: its box was stolen, or is no more. The core refuses it within a second; then tell the brokers."""
    settings = load(config)
    opened = Authority(_folder(settings), utc_ms)
    registry = LaneRegistry(settings.core.lane_keys)
    desk = EnrolmentService(opened, registry, signing_key=settings.core.signing_key, days=1)
    keys, ended = desk.revoke(lane)
    if not keys and not ended:
        raise RefusedError(f"no lane {lane} is enrolled; known: {', '.join(registry.rings) or 'none'}")
    say(f"{lane} is revoked: {keys} signing keys and {ended} certificates. The core refuses what it says.")
    say(f"Copy {opened.revoked_file} to every broker: then it makes no new connection. One that it has stays, and")
    say("hears the log; add these two lines at the end of every broker's access.acl, and it hears nothing any more:")
    say(f"user {lane}\ntopic deny #")
    say("Then on every broker: systemctl reload mosquitto. Take the lines out before the lane is enrolled anew.")


def desk_of(settings: CoreSettings) -> EnrolmentService:
    """The desk at which this core's lanes are enrolled."""
    return EnrolmentService(
        Authority(_folder(settings), utc_ms),
        LaneRegistry(settings.core.lane_keys),
        signing_key=settings.core.signing_key,
        days=settings.authority.lane_days,
        points=settings.points,
    )


def _folder(settings: CoreSettings) -> Path:
    if not settings.authority.folder:
        raise CoreSettingsError(
            "authority.folder: is missing; add [authority] to the configuration (config/core.toml.example)"
        )
    return settings.authority.folder
