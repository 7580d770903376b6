"""The commands by which the control room speaks with lanes: orders, rows and pictures asked for, how the boxes are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.ask import ask_core, print_all, when
from core.cli.options import AsJson, Config
from core.cli.output import say, shown
from core.errors import RefusedError
from core.office.admin import AdminClient
from core.office.answers import CommandState, LaneStatusView
from wire.commands import COMMANDS

_OWN_COMMAND = ("upload", "fetch")
_GRACE_S = 5.0
_ROWS_S = 15.0

Lane = Annotated[str, typer.Argument(help="The lane.")]
Picture = Annotated[str, typer.Argument(help="The picture's content hash, 64 hexadecimal digits.")]
Good = Annotated[int, typer.Option(help="Seconds for which the command is good.")]


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    orders: tuple[Callable[..., None], ...] = (command, fetch, fetch_picture)
    views: tuple[Callable[..., None], ...] = (lanes, box, commands, pictures, picture)
    for panel, found in {"Lanes": orders, "Looking": views}.items():
        for one in found:
            app.command(rich_help_panel=f"{panel} (ask the running core)")(one)


def command(
    *,
    config: Config,
    lane: Lane,
    name: Annotated[
        str,
        typer.Argument(
            help=f"One of {', '.join(name for name in COMMANDS if name not in _OWN_COMMAND)}; "
            f"for {' and '.join(_OWN_COMMAND)} there are commands of their own."
        ),
    ],
    visit: Annotated[str, typer.Option(help="The visit it concerns, lane/journal/number.")] = "",
    text: Annotated[str, typer.Option(help="Reason or message, for people.")] = "",
    good: Good = 30,
    revert: Annotated[int, typer.Option(help="Seconds after which manual mode so set ends by itself; 0: an hour.")] = 0,
    wait: Annotated[bool, typer.Option(help="Wait for the lane's answer.")] = True,
) -> None:
    """Send a signed command to a lane, and tell what the lane made of it (exit code 1 if it refused or is silent)."""

    async def sent(core: AdminClient) -> CommandState:
        told = await core.command(lane, name, good_seconds=good, revert_seconds=revert, visit=visit, text=text)
        return await core.answer(told, patience=good + _GRACE_S if wait else 0.0)

    state = ask_core(config, sent)
    if wait:
        _tell(state)
    else:
        say(f"command {state.id} sent to lane {lane}")


def _tell(state: CommandState) -> None:
    if state.outcome != "done":
        raise RefusedError(_refusal(state))
    say(f"lane {state.lane}: done{': ' + shown(state.detail) if state.detail else ''}")


def _refusal(state: CommandState) -> str:
    if state.outcome:
        return f"lane {state.lane} refused {state.name}: {shown(state.detail)}"
    return f"lane {state.lane} did not answer; whether it has obeyed is in its journal, when that comes"


def fetch(
    *,
    config: Config,
    lane: Lane,
    first: Annotated[int, typer.Argument(help="The first journal row.", min=1)],
    last: Annotated[int, typer.Argument(help="The last one.", min=1)],
    journal: Annotated[str, typer.Option(help="Which journal; the lane's latest if left out.")] = "",
    good: Good = 30,
) -> None:
    """Ask a lane for at most 500 journal rows again, and compare them with those held here (exit code 1: they differ)."""
    wanted = last - first + 1

    async def asked(core: AdminClient) -> tuple[CommandState, int]:
        name = journal or _latest(await _lane(core, lane))
        before = await _again(core, lane, name)
        told = await core.command(lane, "fetch", good_seconds=good, journal=name, rows=(first, last))
        state = await core.answer(told, patience=good + _GRACE_S)
        came = 0
        for _ in range(int(_ROWS_S / 0.1)):
            came = await _again(core, lane, name) - before
            if came >= wanted or state.outcome != "done":
                break
            await asyncio.sleep(0.1)
        return state, came

    state, came = ask_core(config, asked)
    _tell(state)
    if came < wanted:
        raise RefusedError(
            f"{came} of them came and are the same as those here; the others are lost or differ: see rocars-core alarms"
        )
    say(f"all {came} came, and are the same as those here")


async def _lane(core: AdminClient, lane: str) -> LaneStatusView:
    found = next((one for one in await core.lanes() if one.lane == lane), None)
    if found is None:
        raise RefusedError(f"lane {lane} is not registered; list them with rocars-core lanes")
    return found


def _latest(lane: LaneStatusView) -> str:
    if not lane.journals:
        raise RefusedError(f"lane {lane.lane} has sent no journal yet")
    return lane.journals[-1].journal


async def _again(core: AdminClient, lane: str, journal: str) -> int:
    """Rows of a journal that came again and were the same."""
    found = await _lane(core, lane)
    return next((one.again for one in found.journals if one.journal == journal), 0)


def fetch_picture(*, config: Config, lane: Lane, picture: Picture, good: Good = 30) -> None:
    """Ask a lane for an evidence picture; it comes part by part, and is then in `rocars-core pictures`."""

    async def asked(core: AdminClient) -> CommandState:
        told = await core.command(lane, "upload", good_seconds=good, picture=picture)
        return await core.answer(told, patience=good + _GRACE_S)

    _tell(ask_core(config, asked))


def pictures(
    config: Config,
    lane: Annotated[str, typer.Option(help="Only this lane.")] = "",
    visit: Annotated[str, typer.Option(help="Only this visit, lane/journal/number.")] = "",
    as_json: AsJson = False,
) -> None:
    """Evidence pictures that lanes have sent, newest first."""
    columns: dict[str, Callable[[Any], object]] = {
        "picture": lambda one: one.picture,
        "lane": lambda one: one.lane,
        "class": lambda one: one.kind,
        "bytes": lambda one: one.size,
        "received": lambda one: when(one.received_ms),
    }
    print_all(ask_core(config, lambda core: core.pictures(lane=lane, visit=visit)), as_json, columns)


def picture(
    *,
    config: Config,
    picture: Picture,
    file: Annotated[Path, typer.Argument(help="Where to put it; it must not be there.")],
    purpose: Annotated[str, typer.Option(help="Why it is looked at; kept in the audit log with your name.")],
) -> None:
    """Put an evidence picture into a file."""
    body = ask_core(config, lambda core: core.picture(picture, purpose=purpose))
    try:
        with file.open("xb") as out:
            out.write(body)
    except FileExistsError as error:
        raise RefusedError(f"{file}: is there already; name another file") from error
    say(f"{file}: {len(body)} bytes")


def commands(
    config: Config,
    most: Annotated[int, typer.Option(help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The latest commands to lanes, and what became of them."""
    columns: dict[str, Callable[[Any], object]] = {
        "command": lambda one: one.id,
        "sent": lambda one: when(one.issued_ms),
        "lane": lambda one: one.lane,
        "by": lambda one: one.issuer,
        "what": lambda one: one.name,
        "visit": lambda one: one.visit,
        "text": lambda one: one.text,
        "outcome": lambda one: one.outcome or "no answer",
        "detail": lambda one: one.detail,
    }
    print_all(ask_core(config, lambda core: core.commands(most=most)), as_json, columns)


def lanes(config: Config, as_json: AsJson = False) -> None:
    """Every lane: presence, software, last proof, its list, the rows that are here, the core's keys that it believes.

    All journals by name, and telemetry, are in --json and `rocars-core box LANE`.
    """
    columns: dict[str, Callable[[Any], object]] = {
        "lane": lambda one: one.lane,
        "presence": lambda one: f"{one.presence} {one.software}".strip(),
        "last proof": lambda one: when(one.proved_ms),
        "list": lambda one: f"{one.version} {'level' if one.level else 'behind'}" if one.proved_ms else "",
        "rows": lambda one: one.journals[-1].seq if one.journals else "",
        "core's keys": lambda one: "not said" if one.core_keys is None else " ".join(one.core_keys),
    }
    print_all(ask_core(config, lambda core: core.lanes()), as_json, columns)


def box(config: Config, lane: Lane) -> None:
    """How a lane's box is, by its newest telemetry."""
    found = ask_core(config, lambda core: _lane(core, lane))
    if not found.sampled_ms:
        raise RefusedError(f"lane {lane} has sent no telemetry since this core started")
    say(f"lane {lane}, {when(found.sampled_ms)}; {found.shed} samples shed there, {found.missed} lost on the way")
    for name, figure in sorted(found.telemetry.items()):
        say(f"{shown(name):24} {shown(figure)}")
