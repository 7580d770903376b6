"""`rocars-lane`: the commands of the box. `--help` of each is its documentation.

Exit status: 0 done, 1 found something wrong, 2 the command line or a configuration file is wrong.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from console.officers import OfficerBook

app = typer.Typer(
    help="The box of one customs lane: run it, check it, replay its journal, read plates, or watch a demonstration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
officer_app = typer.Typer(help="Officers who may log in to this lane's page.", no_args_is_help=True)
app.add_typer(officer_app, name="officer")

Config = Annotated[Path, typer.Option("--config", help="The lane's TOML file; see config/lane.toml.")]
THE_LANES = Path("/etc/rocars-lane/lane.toml")
"""The file of the box's one lane, where the command is not told of another."""


def _fail(text: str, status: int) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(status)


@app.command()
def run(config: Config) -> None:
    """Run the lane until it is told to stop (SIGTERM)."""
    from edge.lane import LaneBox
    from edge.settings.load import LaneSettingsError, load
    from edge.standby import preflight
    from runtime.journald import log_for_people

    log_for_people("rocars-lane")
    try:
        settings = load(config)
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error

    async def lane() -> None:
        await LaneBox(settings, config, preflight(settings)).run()

    try:
        asyncio.run(lane())
    except OSError as error:
        raise _fail(f"rocars-lane: {error}", 1) from error


@app.command()
def check(
    config: Config = THE_LANES,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
    refuse_simulation: Annotated[bool, typer.Option(help="A simulated lane is an error.")] = False,
    settings_only: Annotated[bool, typer.Option(help="Look at the file and the files it names only.")] = False,
    here: Annotated[bool, typer.Option("--here", help="As whoever runs this, and not as the service does.")] = False,
    walk: Annotated[
        bool, typer.Option("--walk", help="Press, drive and look through the lane; signs a report.")
    ] = False,
    nightly: Annotated[bool, typer.Option("--nightly", help="The part of --walk that needs nobody.")] = False,
) -> None:
    """Tell a technician what is wrong with this box, and what to do. Root looks as the service does."""
    if walk or nightly:
        raise typer.Exit(_walk(config, nightly=nightly and not walk))
    from edge.checks.as_service import NotAsServiceError, this_user
    from edge.checks.command import check_as_service, check_command, seen_by, this_box
    from edge.checks.probe import look_through_camera

    if not (here or settings_only):
        try:
            status = check_as_service(config, as_json=as_json)
        except NotAsServiceError as error:
            raise _fail(f"rocars-lane check: {error}", 1) from error
        if status is not None:
            raise typer.Exit(status)
    raise typer.Exit(
        check_command(
            config,
            this_box(look_through_camera),
            as_json=as_json,
            refuse_simulation=refuse_simulation,
            settings_only=settings_only,
            seen_as=None if here or settings_only else seen_by(this_user()),
        )
    )


def _walk(config: Path, *, nightly: bool) -> int:
    from edge.checks.walk_command import walk_command
    from edge.settings.load import LaneSettingsError

    try:
        return walk_command(config, nightly=nightly, say=typer.echo, agree=typer.confirm, ask=typer.prompt)
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    except OSError as error:
        raise _fail(f"rocars-lane check --walk: {error}", 2) from error


@app.command()
def devices(
    config: Config = THE_LANES,
    seconds: Annotated[float, typer.Option(min=0, help="How long; 0 until you end it.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Once, as a JSON list.")] = False,
) -> None:
    """What every contact, output, terminal and reader says, live. Also beside a running lane; it switches nothing."""
    from edge.devices_command import devices_command
    from edge.settings.load import LaneSettingsError, load

    try:
        asyncio.run(devices_command(load(config), seconds=seconds, as_json=as_json, out=sys.stdout))
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    except OSError as error:
        raise _fail(f"rocars-lane devices: {error}", 1) from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command()
def cameras(
    address: Annotated[str, typer.Argument(help="Of one camera; left out, those of the network are looked for.")] = "",
    login_file: Annotated[Path | None, typer.Option(help="USER:PASSWORD, as camera.login_file.")] = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long cameras have to answer.")] = 3.0,
) -> None:
    """ONVIF cameras of this network: who they are, how their clocks go, and the URLs of their streams for camera.url."""
    from edge.cameras import cameras_command

    try:
        raise typer.Exit(cameras_command(address, login_file, seconds, say=typer.echo))
    except OSError as error:
        raise _fail(f"rocars-lane cameras: {error}", 1) from error


@app.command()
def setup(
    config: Config = THE_LANES,
    answers: Annotated[
        Path | None, typer.Option(help="A file of answers; else you are asked. See answers.toml.example.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Write what you answer to this file, for the next box.")] = None,
) -> None:
    """From a bare box to a lane that starts: settings, officers, identity, page, time; ends in check. Run it again at will.

    Status 3: the lane waits for the core's operator; run it again with the answer.
    """
    from edge.setup.command import setup_command

    raise typer.Exit(setup_command(config, answers, save, say=typer.echo, agree=typer.confirm, ask=typer.prompt))


@app.command()
def enrol(
    config: Config = THE_LANES,
    answer: Annotated[Path | None, typer.Option(help="The core's operator's answer, to be installed.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the request here, too: a stick to carry it on.")] = None,
    again: Annotated[bool, typer.Option("--again", help="New keys, though others wait for their answer.")] = False,
    fingerprint: Annotated[str, typer.Option(help="What the operator sees; else you are asked to compare.")] = "",
    untried: Annotated[bool, typer.Option("--untried", help="Install without trying it with the brokers.")] = False,
) -> None:
    """Make this lane's keys and a request for the core's operator; then install the answer. Renews likewise."""
    from edge.cli_enrol import make_request, take_answer
    from edge.settings.load import LaneSettingsError, parse
    from wire.enrolment import EnrolmentError

    try:
        settings = parse(config)
        if answer is None:
            make_request(settings, again=again, out=out, say=typer.echo)
        else:
            take_answer(settings, answer, fingerprint=fingerprint, untried=untried, agree=typer.confirm, say=typer.echo)
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    except (EnrolmentError, OSError) as error:
        raise _fail(f"rocars-lane enrol: {error}", 1) from error


@app.command()
def replay(
    store: Annotated[Path, typer.Argument(help="A lane's store, also beside a running agent.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="The lane's TOML file: for the core's keys and the pictures.")
    ] = None,
) -> None:
    """Re-run the journal: the same states and effects, and no byte changed since it was written.

    The journal's chain has no key: only with --config it is also held against what the core signed for, and it is seen
    whether pictures were taken away.
    """
    from edge.replay import replay_store
    from edge.settings.load import LaneSettingsError, parse

    try:
        settings = parse(config) if config is not None else None
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    problems, rows = replay_store(store, settings)
    for problem in problems:
        typer.echo(problem, err=True)
    typer.echo(f"{rows} journal rows of {store}: {'NOT sound' if problems else 'sound, and step gives them again'}")
    if settings is None:
        typer.echo("not looked at without --config: the core's signature under its rows, and the pictures", err=True)
    raise typer.Exit(int(bool(problems)))


@app.command()
def visits(
    store: Annotated[Path, typer.Argument(help="A lane's store, also beside a running agent.")],
    vrn: Annotated[str, typer.Option(help="Only visits in which this mark was read.")] = "",
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each visit.")] = False,
) -> None:
    """Why was this truck stopped: the last visits with row, doubt, reason and officer. Changes nothing."""
    from edge.past_visits import last_visits, plain, print_visits
    from runtime.store_errors import StoreError

    try:
        found = last_visits(store, vrn=vrn, most=most)
    except StoreError as error:
        raise _fail(str(error), 1) from error
    if not as_json:
        print_visits(found)
    else:
        for one in found:
            typer.echo(json.dumps(plain(one), ensure_ascii=False))


@app.command()
def corrections(
    out: Annotated[Path, typer.Argument(help="The folder to make: pictures and labels.csv.")],
    config: Config = THE_LANES,
) -> None:
    """Export what officers corrected: picture, read and truth, as far as the pictures are still kept. Changes nothing.

    The folder shows vehicles and their marks: it is carried as evidence is. Nothing is sent anywhere.
    """
    from edge.corrections import export
    from edge.settings.load import LaneSettingsError, parse
    from runtime.store_errors import StoreError

    try:
        lane = parse(config).lane
        done = export(lane.store, lane.evidence, out)
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    except FileExistsError as error:
        raise _fail(f"rocars-lane corrections: {out} is there already; name a folder that is not", 2) from error
    except (StoreError, OSError) as error:
        raise _fail(f"rocars-lane corrections: {error}", 1) from error
    gone = f"; {done.without_picture} more have no picture any longer" if done.without_picture else ""
    typer.echo(f"{done.written} corrections written to {out}{gone}")


@app.command()
def screens(
    config: Config = THE_LANES,
    seconds: Annotated[float, typer.Option(min=0, help="How long each scene stands.")] = 4.0,
    gallery: Annotated[
        Path | None, typer.Option(help="Write pictures of all scenes there instead; touches no screen.")
    ] = None,
) -> None:
    """Show every scene on both screens in turn, with a ribbon. Only with the lane closed, empty and stopped."""
    from display.errors import DisplayError
    from edge.screens_round import ScreensRefusedError, show_all
    from edge.settings.load import LaneSettingsError, load
    from runtime.store_errors import StoreError

    try:
        if gallery is not None:
            from display.pictures import write_all

            typer.echo(f"{len(write_all(gallery))} pictures in {gallery}")
            return
        well = asyncio.run(show_all(load(config), typer.echo, seconds=seconds))
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    except (ScreensRefusedError, DisplayError, StoreError) as error:
        raise _fail(f"rocars-lane screens: {error}", 1) from error
    if not well:
        raise typer.Exit(1)


def prompts(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.", file_okay=False)],
    recorded: Annotated[Path | None, typer.Option(help="Folder of the site's own recordings.", exists=True)] = None,
) -> None:
    """Every spoken text in every language as a file to listen to, with its duration and loudness."""
    from devices.voice.prompt_files import PromptError, write_all

    try:
        for name, seconds, db in write_all(out, recorded):
            typer.echo(f"{name}  {seconds:5.2f} s  {db:6.1f} dB")
    except (PromptError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


@app.command("shadow-report")
def shadow_report(
    store: Annotated[Path, typer.Argument(help="The store of a lane in mode shadow, also beside its running agent.")],
    officers: Annotated[Path, typer.Option(help="What the officers did: CSV with time,vrn,decision.", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Where a shadow lane and the officers differ, the worst first. Status 1: it would have released what they did not."""
    from edge.past_visits import last_visits
    from edge.shadow_report import Verdict, compared, plain, print_compared, read_decisions
    from runtime.store_errors import StoreError

    try:
        found = compared(last_visits(store, most=sys.maxsize), read_decisions(officers))
    except (StoreError, OSError) as error:
        raise _fail(f"rocars-lane shadow-report: {error}", 1) from error
    except ValueError as error:
        raise _fail(f"rocars-lane shadow-report: {error}", 2) from error
    if as_json:
        typer.echo(json.dumps(plain(found), ensure_ascii=False))
    else:
        print_compared(found)
    raise typer.Exit(int(any(each.verdict is Verdict.WRONGLY_RELEASED for each in found)))


@app.command()
def read(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, videos, folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each file or frame.")] = False,
    engine: Annotated[str, typer.Option(help="onnxruntime, opencv or easyocr.")] = "onnxruntime",
) -> None:
    """Read the plates in pictures: the mark the lane would act on, and why there is none."""
    from devices.anpr.errors import ReaderError
    from edge.read import json_line, print_table, readings

    try:
        found = readings(paths, engine=engine)
        if as_json:
            for one in found:
                typer.echo(json_line(one, sys.stdout.encoding))
        else:
            print_table(found)
    except (OSError, ReaderError, ValueError) as error:
        raise _fail(f"rocars-lane read: {error}", 1) from error


@officer_app.command("add")
def officer_add(
    name: Annotated[str, typer.Argument(help="Login name, lower case.")],
    config: Config = THE_LANES,
    shown: Annotated[str, typer.Option(help="Name as the page shows it.")] = "",
) -> None:
    """Add an officer, or give a new password; it is asked for, never an argument."""
    from console.errors import OfficersFileError
    from console.officers import OfficerBook, check_name
    from edge.settings.load import LaneSettingsError, parse

    try:
        book = OfficerBook(parse(config).console.officers)
        check_name(name)
        book.add(name, typer.prompt("Password", hide_input=True, confirmation_prompt=True), shown=shown)
    except (LaneSettingsError, OfficersFileError) as error:
        raise _fail(str(error), 2) from error
    except ValueError as error:
        raise _fail(f"rocars-lane officer add: {error}", 2) from error
    typer.echo(f"{name} may log in.")


@officer_app.command("remove")
def officer_remove(name: str, config: Config = THE_LANES) -> None:
    """Take an officer off the list."""
    from console.errors import OfficersFileError
    from console.officers import OfficerBook
    from edge.settings.load import LaneSettingsError, parse

    try:
        OfficerBook(parse(config).console.officers).remove(name)
    except (LaneSettingsError, OfficersFileError) as error:
        raise _fail(str(error), 2) from error
    except KeyError as error:
        raise _fail(f"rocars-lane officer remove: there is no officer {name}", 2) from error
    typer.echo(f"{name} may no longer log in.")


@officer_app.command("list")
def officer_list(config: Config = THE_LANES) -> None:
    """Who may log in: login and the name that the page shows."""
    with _officers_file(config, "list") as book:
        for name in book.names():
            typer.echo(f"{name}  {book.shown(name)}")


@officer_app.command("export")
def officer_export(
    file: Annotated[Path, typer.Argument(help="Where to write them; it holds their password hashes: keep it secret.")],
    config: Config = THE_LANES,
) -> None:
    """Write every officer to a file, for the other lanes of a control point."""
    with _officers_file(config, "export") as book:
        typer.echo(f"{len(book.export(file))} officers written to {file} (mode 600)")


@officer_app.command("import")
def officer_import(
    file: Annotated[Path, typer.Argument(help="Another lane's export.")],
    config: Config = THE_LANES,
    only: Annotated[bool, typer.Option("--only", help="Remove officers who are not in it.")] = False,
) -> None:
    """Take over the officers of another lane, with the passwords they have there."""
    with _officers_file(config, "import") as book:
        taken = book.take(file, only=only)
    for what, names in zip(("added", "changed", "removed"), taken, strict=True):
        typer.echo(f"{what}: {', '.join(names) or 'nobody'}")


@contextmanager
def _officers_file(config: Path, command: str) -> Iterator[OfficerBook]:
    """The lane's officers; what is wrong with a file ends the command with one line and status 2."""
    from console.errors import OfficersFileError
    from console.officers import OfficerBook
    from edge.settings.load import LaneSettingsError, parse

    try:
        yield OfficerBook(parse(config).console.officers)
    except (LaneSettingsError, OfficersFileError) as error:
        raise _fail(str(error), 2) from error
    except ValueError as error:
        raise _fail(f"rocars-lane officer {command}: {error}", 2) from error


slots_app = typer.Typer(help="Versions of the software on this box: the current one, the one before, and the way back.")
app.add_typer(slots_app, name="slots")


@slots_app.callback(invoke_without_command=True)
def slots(context: typer.Context) -> None:
    """Versions of the software on this box; without a word, a list of them."""
    from runtime.slots import SlotError, SlotRoot
    from runtime.versions import print_versions

    if context.invoked_subcommand is not None:
        return
    try:
        print_versions(SlotRoot.of_this_process(), typer.echo)
    except SlotError as error:
        raise _fail(f"rocars-lane slots: {error}", 1) from error


@slots_app.command("back")
def slots_back(
    config: Config = THE_LANES,
    to: Annotated[str, typer.Option(help="Another version than the one before.")] = "",
    restart: Annotated[bool, typer.Option("--restart", help="Restart the lane, too: between two vehicles.")] = False,
) -> None:
    """Go back to the version before. The store stays as it is: nothing that was recorded since is lost."""
    from edge.settings.load import LaneSettingsError, parse
    from runtime.slots import SlotError, SlotRoot
    from runtime.store_errors import StoreError
    from runtime.versions import StoreForm, go_back

    try:
        root = SlotRoot.of_this_process()
        store = StoreForm.of_file(parse(config).lane.store) if config.exists() else None
        go_back(root, store, to=to, service="rocars-lane", restart=restart, say=typer.echo)
    except LaneSettingsError as error:
        raise _fail(str(error), 2) from error
    except (SlotError, StoreError, OSError) as error:
        raise _fail(f"rocars-lane slots back: {error}", 1) from error


# Commands of rooms that stand above the box (demonstration, proof); a box in the field has none of them installed.
for _entry in sorted(entry_points(group="rocars_lane.commands"), key=lambda entry: entry.name):
    _entry.load()(app)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
