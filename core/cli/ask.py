"""The commands that ask a running core, for traders' clerks, selectors, officers at the compound, the control room."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from core.cli.options import AsJson, Config
from core.cli.output import print_table, say, say_json, shown
from core.cli.sessions import kept_session, language
from core.errors import RefusedError
from core.model.consignment import CargoInformation, of_older_form
from core.model.earliest import WORDS
from core.model.refusals import FormLanguage
from core.office import requests as ask
from core.office.admin import AdminClient
from core.office.answers import Draft
from core.office.bundling import BundleMade, BundleRequest
from core.office.cargo import Lodging
from core.office.service import ImportedBundle
from core.settings import load
from domain.crossing import Direction
from domain.times import hong_kong_text, last_day

T = TypeVar("T")

_IMPORTED_AT_ONCE = 1_000

Vrn = Annotated[str, typer.Argument(help="Vehicle registration mark, as on the plate.")]
Reason = Annotated[str, typer.Option(help="Why; officers will read it.")]


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    trade: tuple[Callable[..., None], ...] = (
        lodge,
        amend,
        cancel,
        hand_to,
        save_draft,
        drafts,
        drop_draft,
        bundle,
        swap,
        debundle,
        take_over,
    )
    officers: tuple[Callable[..., None], ...] = (
        decide,
        hold,
        lift_hold,
        approve_vehicle,
        withdraw_vehicle,
        arrived,
        settle_use,
        settle_claim,
    )
    views: tuple[Callable[..., None], ...] = (
        crossings,
        claims,
        disputed_uses,
        quarantine,
        compound,
        enquire,
        status,
    )
    for panel, commands in {"Traders and drivers": trade, "Officers": officers, "Looking": views}.items():
        for command in commands:
            app.command(rich_help_panel=f"{panel} (ask the running core)")(command)


def ask_core(config: Path, what: Callable[[AdminClient], Awaitable[T]]) -> T:
    """Asks the running core something: as whoever signed in, or else as this login."""
    settings = load(config)

    async def asked() -> T:
        async with AdminClient(settings.core.admin_socket, session=kept_session()) as core:
            return await what(core)

    return asyncio.run(asked())


def _read(file: Path, kind: Any) -> Any:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return msgspec.json.decode(raw, type=kind)
    except OSError as error:
        raise RefusedError(f"{file}: cannot be read ({error.strerror}); give the right path") from error
    except msgspec.DecodeError as error:
        raise RefusedError(f"{file}: {error}; correct the file") from error


JsonFile = Annotated[Path, typer.Argument(help="A JSON file, or - for standard input.")]


OwnerParty = Annotated[str, typer.Option(help="Whose it is; needed where a clerk of the department lodges.")]


def lodge(
    config: Config,
    file: JsonFile,
    party: OwnerParty = "",
    batch: Annotated[str, typer.Option(help="The batch's own number; the file's name if left out.")] = "",
) -> None:
    """Lodge cargo information from a JSON file and print each CCRN. A list is a batch: all of it or nothing.

    The same batch again gives the same CCRNs, so that a file may be sent again. The fields: docs/cargo.md.
    """
    read = _forms(file)
    if isinstance(read, list):
        number = batch or file.name
        lodged = ask_core(config, lambda core: core.lodge_batch(number, read, party=party))
        infos = read
    else:
        lodged, infos = [ask_core(config, lambda core: core.lodge(read, party=party))], [read]
    for given, info in zip(lodged, infos, strict=True):
        _tell_lodging(given, info)


def _forms(file: Path) -> CargoInformation | list[CargoInformation]:
    """A lodgement, or a batch of them; of the form before it had goods items too."""
    plain = _read(file, Any)
    try:
        if isinstance(plain, list):
            return msgspec.convert([of_older_form(one) for one in plain], list[CargoInformation])
        return msgspec.convert(of_older_form(plain), CargoInformation)
    except msgspec.ValidationError as error:
        raise RefusedError(f"{file}: {error}; correct the file") from error


def _form(file: Path) -> CargoInformation:
    form = _forms(file)
    if isinstance(form, list):
        raise RefusedError(f"{file}: has several consignments; give one")
    return form


def _tell_lodging(given: Lodging, info: CargoInformation) -> None:
    say(shown(f"CCRN {given.ccrn}  valid until {last_day(given.valid_until_ms)}  {info.articles}"))
    for advice in given.advice:
        say(shown(f"  please note: {advice.text(language())}"))


Ccrn = Annotated[str, typer.Argument(help="The consignment.")]
Ubr = Annotated[str, typer.Argument(help="The UBR.")]


def amend(config: Config, ccrn: Ccrn, file: JsonFile) -> None:
    """Put another lodgement in place of one that is not bundled; the CCRN stays."""
    form = _form(file)
    _tell_lodging(ask_core(config, lambda core: core.amend(ccrn, form)), form)


def cancel(config: Config, ccrn: Ccrn) -> None:
    """Withdraw a consignment that is not bundled."""
    ask_core(config, lambda core: core.cancel(ccrn))
    say(f"CCRN {ccrn} is cancelled.")


def hand_to(
    config: Config,
    party: Annotated[str, typer.Argument(help="The carrier's party.")],
    ccrn: Annotated[list[str], typer.Argument(help="One or more CCRNs.")],
) -> None:
    """Hand consignments to a carrier: its drivers may then bundle them."""
    ask_core(config, lambda core: core.hand_to(party, *ccrn))
    say(shown(f"{party} may bundle {', '.join(ccrn)}."))


def save_draft(
    config: Config,
    name: Annotated[str, typer.Argument(help="Its name.")],
    file: JsonFile,
    template: Annotated[bool, typer.Option(help="It is a template.")] = False,
) -> None:
    """Keep a lodgement that is not complete, or a template. Nothing of it is checked."""
    form = _read(file, dict[str, Any])
    request = ask.SaveDraft(name=name, form=form, template=template)
    ask_core(config, lambda core: core.send(request, type(None)))
    say(shown(f"{name} is kept."))


def drafts(
    config: Config,
    text: Annotated[str, typer.Argument(help="Only those with this text.")] = "",
) -> None:
    """Your drafts and templates, as JSON."""
    say_json(ask_core(config, lambda core: core.send(ask.ListDrafts(text=text), list[Draft])), indent=2)


def drop_draft(config: Config, name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Throw a draft or template of yours away."""
    ask_core(config, lambda core: core.send(ask.DropDraft(name=name), type(None)))
    say(shown(f"{name} is gone."))


DriverName = Annotated[str, typer.Option(help="The driver's name.")]


def bundle(
    *,
    config: Config,
    ccrn: Annotated[list[str], typer.Argument(help="One or more CCRNs.")],
    vrn: Annotated[str, typer.Option(help="Vehicle registration mark.")],
    driver: DriverName,
    direction: Annotated[Direction, typer.Option(help="Into or out of Hong Kong.")],
    point: Annotated[str, typer.Option(help="Code of the expected control point, if known.")] = "",
) -> None:
    """Bundle CCRNs with a vehicle and print the UBR and the earliest crossing time."""
    request = BundleRequest(driver=driver, vrn=vrn, direction=direction, ccrns=tuple(ccrn), point=point)
    _tell_bundle(ask_core(config, lambda core: core.bundle(request)))


def _tell_bundle(made: BundleMade) -> None:
    for ccrn, goods in zip(made.ccrns, made.goods, strict=False):
        say(shown(f"CCRN {ccrn}: {goods}"))
    say(f"You have completed bundling. Your UBR is {made.ubr}.")
    why = WORDS[made.because][list(FormLanguage).index(language())]
    if made.at_once:
        say(f"You can cross immediately: {why}.")
    else:
        say(f"Your earliest crossing time is {hong_kong_text(made.earliest_ms)}: {why}.")


def swap(
    config: Config, ubr: Ubr, vrn: Annotated[str, typer.Option(help="The other vehicle.")], driver: DriverName
) -> None:
    """Put the cargo of a bundle on another vehicle, in one step, and print the new UBR."""
    _tell_bundle(ask_core(config, lambda core: core.swap(ubr, vrn=vrn, driver=driver)))


def debundle(config: Config, ubr: Annotated[str, typer.Argument(help="The UBR.")]) -> None:
    """Undo a bundle."""
    ask_core(config, lambda core: core.debundle(ubr))
    say(f"UBR {ubr} is debundled.")


def decide(
    config: Config,
    ccrn: Annotated[str, typer.Argument(help="The consignment.")],
    code: Annotated[str, typer.Argument(help="The action code, as configured.")],
    reason: Reason,
) -> None:
    """Before it crosses: give a consignment an action code, in place of the screening engine's. Afterwards: `decided`."""
    ask_core(config, lambda core: core.decide(ccrn, code, reason=reason))
    say(f"CCRN {ccrn}: {code}")


def hold(config: Config, vrn: Vrn, reason: Reason) -> None:
    """Stop a vehicle at every lane, whatever its cargo."""
    say(f"{ask_core(config, lambda core: core.hold(vrn, reason=reason))} is held.")


def lift_hold(config: Config, vrn: Vrn) -> None:
    """End a hold."""
    say(f"{ask_core(config, lambda core: core.lift_hold(vrn))} is no longer held.")


def approve_vehicle(
    config: Config,
    vrn: Vrn,
    mainland: Annotated[str, typer.Option(help="Its Mainland plate, if it has one.")] = "",
) -> None:
    """Put a vehicle on the list of approved cross-boundary vehicles."""
    say(f"{ask_core(config, lambda core: core.approve(vrn, mainland))} is approved.")


def withdraw_vehicle(config: Config, vrn: Vrn) -> None:
    """Take a vehicle off that list."""
    say(f"{ask_core(config, lambda core: core.withdraw_approval(vrn))} is no longer approved.")


class _Import(msgspec.Struct, forbid_unknown_fields=True):
    bundles: list[ImportedBundle] = []
    holds: list[tuple[str, str]] = []
    vehicles: list[tuple[str, str]] = []


def take_over(config: Config, file: JsonFile) -> None:
    """Import records made elsewhere, with their own times and codes, from a JSON file.

    {"bundles": [{"vrn", "direction", "earliest_ms", "valid_until_ms", "cargo": [[ccrn, code, scheme]], "point",
    "driver", "ubr"}], "holds": [[vrn, reason]], "vehicles": [[vrn, mainland]]}
    """
    from rich.progress import track

    records = _read(file, _Import)

    async def all_of(core: AdminClient) -> int:
        await core.take_over(holds=records.holds, vehicles=records.vehicles)
        starts = range(0, len(records.bundles), _IMPORTED_AT_ONCE)
        for start in track(starts, description="bundles, in thousands", disable=not starts):
            await core.take_over(records.bundles[start : start + _IMPORTED_AT_ONCE])
        return len(records.bundles)

    say(f"{ask_core(config, all_of)} bundles imported.")


def arrived(config: Config, vrn: Vrn) -> None:
    """Say that a vehicle has come to the examination compound."""
    found = ask_core(config, lambda core: core.arrived(vrn))
    say(f"{found.vrn} has arrived; it was sent by lane {found.lane} at {hong_kong_text(found.sent_ms)}.")


def settle_use(
    *,
    config: Config,
    ubr: Annotated[str, typer.Argument(help="The bundle whose use is disputed.")],
    used: Annotated[bool, typer.Option("--used/--live", help="Whether its vehicle has crossed with it.")],
    reason: Reason,
) -> None:
    """Say whether a bundle was used that a lane says it used, without a read of its vehicle."""
    found = ask_core(config, lambda core: core.settle_use(ubr, used=used, reason=reason))
    say(f"UBR {ubr} {'stays used' if used else 'is live again'}; visit {found.visit} had used it.")


def settle_claim(
    *,
    config: Config,
    ubr: Annotated[str, typer.Argument(help="The claimed bundle.")],
    used: Annotated[bool, typer.Option("--used/--free", help="Whether its vehicle has crossed with it.")],
    reason: Reason,
) -> None:
    """Say whether a bundle was used that a lane claimed before it fell silent. Look at the lane first."""
    found = ask_core(config, lambda core: core.settle_claim(ubr, used=used, reason=reason))
    say(f"UBR {ubr} {'is used' if used else 'is free again'}; visit {found.key} had claimed it.")


def print_all(value: list[Any], as_json: bool, columns: dict[str, Callable[[Any], object]]) -> None:
    """A list as a table, or as JSON."""
    if as_json:
        say_json(value)
    else:
        print_table(columns, value)


def when(utc_ms: int) -> str:
    """A time for people; "never" for 0."""
    return hong_kong_text(utc_ms) if utc_ms else "never"


CROSSING_COLUMNS: dict[str, Callable[[Any], object]] = {
    "visit": lambda one: one.key,
    "arrived": lambda one: when(one.first_ms),
    "VRN": lambda one: one.vrn or "not read",
    "row": lambda one: one.ended.row or "",
    "outcome": lambda one: one.ended.outcome or "in the lane",
    "doubt": lambda one: one.ended.doubt,
    "reason": lambda one: one.ended.reason,
    "officer": lambda one: one.ended.officer,
    "UBR": lambda one: ", ".join(one.ubrs),
}
"""Of the table of crossings. `doubt` is why the lane left the visit to an officer (`docs/lane.md`), `reason` the officer's."""


def crossings(
    config: Config,
    lane: Annotated[str, typer.Option(help="Only this lane.")] = "",
    most: Annotated[int, typer.Option(help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The latest crossings: what each vehicle was told, why it was stopped, and by whom. More of one visit: `decided`."""
    found = ask_core(config, lambda core: core.crossings(most=most, lane=lane))
    print_all(found, as_json, CROSSING_COLUMNS)


def disputed_uses(config: Config, as_json: AsJson = False) -> None:
    """Bundles that lanes say they used without a read of the vehicle; they release nobody until settle-use."""
    columns: dict[str, Callable[[Any], object]] = {
        "UBR": lambda one: one.ubr,
        "visit": lambda one: one.visit,
        "heard": lambda one: when(one.at_ms),
    }
    print_all(ask_core(config, lambda core: core.disputed_uses()), as_json, columns)


def claims(config: Config, as_json: AsJson = False) -> None:
    """Bundles that a visit has claimed and not used yet. One that stays for minutes is of a lane that fell silent."""
    columns: dict[str, Callable[[Any], object]] = {
        "UBR": lambda one: one.ubr,
        "visit": lambda one: one.key,
        "claimed": lambda one: when(one.at_ms),
    }
    print_all(ask_core(config, lambda core: core.claims()), as_json, columns)


def quarantine(
    config: Config,
    most: Annotated[int, typer.Option(help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Rows of lanes' journals that are kept and in which not everything could be read, newest first."""
    columns: dict[str, Callable[[Any], object]] = {
        "lane": lambda one: one.lane,
        "journal": lambda one: one.journal,
        "row": lambda one: one.seq,
        "received": lambda one: when(one.at_ms),
        "why": lambda one: one.why,
    }
    print_all(ask_core(config, lambda core: core.quarantined(most=most)), as_json, columns)


def compound(config: Config, as_json: AsJson = False) -> None:
    """Vehicles on their way to the examination compound."""
    columns: dict[str, Callable[[Any], object]] = {
        "VRN": lambda one: one.vrn or "not read",
        "lane": lambda one: one.lane,
        "sent": lambda one: when(one.sent_ms),
        "due": lambda one: when(one.due_ms),
        "overdue": lambda one: "OVERDUE" if one.overdue else "",
    }
    print_all(ask_core(config, lambda core: core.compound()), as_json, columns)


def enquire(config: Config, text: Annotated[str, typer.Argument(help="VRN, CCRN or UBR.")]) -> None:
    """All that is on record for a vehicle (its latest visits too), consignment or bundle, as JSON."""
    found = ask_core(config, lambda core: core.enquire(text))
    say_json(found, indent=2)


def status(config: Config) -> None:
    """How the core is, as JSON."""
    found = ask_core(config, lambda core: core.status())
    say_json(found, indent=2)
