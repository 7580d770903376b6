"""`rocars-bench`: speed beside the physical floor, and plates read beside other readers."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Speed of the lane beside its physical floor, and its plate reader beside others.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Option(help="A folder on the disk to be measured.", file_okay=False, exists=True)]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.")]
Weights = Annotated[Path | None, typer.Option(help="Folder of other models than the shipped ones.", exists=True)]
Processes = Annotated[int, typer.Option(min=1, help="How many visits are drawn at a time.")]
Codes = Annotated[int, typer.Option(min=1, help="How many codes the list has.")]


class CallWay(Enum):
    """How an officer is reached."""

    WEBRTC = "webrtc"
    SIP = "sip"


@app.command()
def lane(
    json_file: JsonFile = None,
    folder: Folder = Path(),
    trucks: Annotated[int, typer.Option(min=1, help="Trucks through the shell.")] = 300,
    visits: Annotated[int, typer.Option(min=1, help="Trucks read; a third as many through the process.")] = 30,
    codes: Codes = 100_000,
) -> None:
    """Event to effect, picture to settled read, lookup of a code; about a minute."""
    from tools.bench.lane import run  # noqa: PLC0415 - so that --help is quick

    run(json_file=json_file, folder=folder, trucks=trucks, visits=visits, codes=codes)


@app.command()
def voice(
    *,
    json_file: JsonFile = None,
    fuzz: Annotated[int, typer.Option(min=0, help="Messages of noise at its doors.")] = 0,
    calls: Annotated[int, typer.Option(min=0, help="So many calls of each way in a row instead; 4 s each.")] = 0,
    way: Annotated[list[CallWay] | None, typer.Option(help="Of --calls; both if none.")] = None,
    echo: Annotated[bool, typer.Option("--echo", help="The echo cancellers in a synthetic room instead.")] = False,
    cost: Annotated[int, typer.Option(min=0, help="So many rounds of the lane's work beside a call instead.")] = 0,
) -> None:
    """A help call to a page and one over SIP: times, tones both ways, recordings beside the file; about a minute.

    With --calls: whether each carried both voices, and what the box's processes hold on the way; a status of 1 for a leak.
    With --echo: how much echo each canceller takes away, five minutes. With --cost: CPU and memory of a voice, idle and in a
    call, and the lane's figures beside it; three minutes a round.
    """
    from tools.bench.voice import calls as many  # noqa: PLC0415 - so that --help is quick
    from tools.bench.voice import cost as costs  # noqa: PLC0415
    from tools.bench.voice import echo as echoes  # noqa: PLC0415
    from tools.bench.voice.measure import run  # noqa: PLC0415

    if echo:
        echoes.run_echo(json_file=json_file)
    elif cost:
        costs.run_cost(rounds=cost, json_file=json_file)
    elif not calls:
        run(json_file=json_file, messages=fuzz)
    elif not many.run_calls(number=calls, ways=[one.value for one in way or CallWay], json_file=json_file):
        raise typer.Exit(1)


@app.command()
def store(json_file: JsonFile = None, folder: Folder = Path(), codes: Codes = 100_000) -> None:
    """The store alone: lookup, deltas, snapshot, memory, journal."""
    from tools.bench.codes import main  # noqa: PLC0415 - so that --help is quick

    main(["--codes", str(codes), "--folder", str(folder), *(["--json", str(json_file)] if json_file else [])])


@app.command()
def visits(
    *,
    number: Annotated[int, typer.Option(min=1, help="How many visits are drawn.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the series; the same seed draws the same visits.")] = 1,
    weights: Weights = None,
    processes: Processes = 1,
    json_file: JsonFile = None,
    failures: Annotated[Path | None, typer.Option(help="Write the last picture of each failure here.")] = None,
) -> None:
    """Drawn visits through reader and settling: right, wrong, to the officer, and how soon; half a second a visit."""
    from tools.bench.visits import run  # noqa: PLC0415 - so that --help is quick

    run(number=number, seed=seed, weights=weights, processes=processes, json_file=json_file, failures=failures)


@app.command()
def engines(
    crops: Annotated[int, typer.Option(min=1, help="How many plates are drawn.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the plates; the same seed draws the same ones.")] = 1,
    pictures: Annotated[int, typer.Option(min=1, help="How many lane pictures are drawn for the detector.")] = 50,
    data: Annotated[Path | None, typer.Option(help="A folder of pictures to find plates in.", file_okay=False)] = None,
    json_file: JsonFile = None,
) -> None:
    """The engines on the same crops: whether they agree, time, memory, size; a status of 1 if a text differs."""
    from tools.bench.engines import run  # noqa: PLC0415 - so that --help is quick

    if not run(crops=crops, seed=seed, wholes=pictures, data=data, json_file=json_file):
        raise typer.Exit(1)


@app.command()
def screens(
    json_file: JsonFile = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each part is killed and stopped.")] = 10,
    changes: Annotated[int, typer.Option(min=1, help="How many changes of both signs are timed first.")] = 200,
) -> None:
    """How soon both outputs change, what they cost at rest, and what stands on them while agent, screens and compositor are killed and stopped; 30 seconds a round."""
    from tools.bench.outages import run  # noqa: PLC0415 - so that --help is quick

    run(rounds=rounds, changes=changes, json_file=json_file)


@app.command()
def criteria(
    profiles: Annotated[int, typer.Option(min=1, help="Profiles of three terms.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=10, help="Consignments, no two alike.")] = 200,
    json_file: JsonFile = None,
) -> None:
    """The selectors' profiles on one consignment, beside plain comparison; seconds, a status of 1 over the limit."""
    from tools.bench.criteria import run  # noqa: PLC0415 - so that --help is quick

    if not run(profiles=profiles, rounds=rounds, json_file=json_file):
        raise typer.Exit(1)


@app.command()
def traffic(
    *,
    codes: Codes = 100_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long the quiet lane is watched.")] = 30,
    trucks: Annotated[int, typer.Option(min=1, help="Trucks through the busy lane.")] = 100,
    connects: Annotated[int, typer.Option(min=1, help="Connections with TLS.")] = 200,
    json_file: JsonFile = None,
) -> None:
    """What a lane costs a broker: packets and bytes, quiet and busy, snapshot, connections; docs/scale.md's figures."""
    from tools.bench.traffic import run  # noqa: PLC0415 - so that --help is quick

    run(json_file=json_file, codes=codes, seconds=seconds, trucks=trucks, connects=connects)


@app.command()
def alarms(
    *,
    faults: Annotated[int, typer.Option(min=1, help="Faults of all kinds, raised and cleared.")] = 1_000,
    restarts: Annotated[int, typer.Option(min=0, help="Kills of the box in between.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the story.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """Whether standing alarms are the live faults, at the lane and at the core; half a minute, a status of 1 if not."""
    from tools.bench.alarms import run  # noqa: PLC0415 - so that --help is quick

    if not run(json_file=json_file, faults=faults, restarts=restarts, seed=seed):
        raise typer.Exit(1)


@app.command()
def centre(
    *,
    seconds: Annotated[float, typer.Option(min=0.2, help="Of each measurement.")] = 3,
    rounds: Annotated[int, typer.Option(min=1, help="How often the core and the bare database take turns.")] = 3,
    holds: Annotated[int, typer.Option(min=1, help="Vehicles that are held.")] = 200,
    aged: Annotated[int, typer.Option(min=0, help="Bundles that have passed before; 0 leaves this out.")] = 0,
    json_file: JsonFile = None,
) -> None:
    """Lodgings and bundlings a second beside bare PostgreSQL, with 1, 8 and 32 clients; from a hold to the broker; a minute.

    With --aged 6100000 also a list after a year: some twenty minutes and 15 GB of disk.
    """
    from tools.bench.centre import run  # noqa: PLC0415 - so that --help is quick

    run(json_file=json_file, seconds=seconds, rounds=rounds, holds=holds, aged=aged)


Parts = Annotated[str, typer.Option("--only", help="Of snapshot, delta, curve, cuts; with commas between.")]


@app.command()
def link(
    *,
    codes: Codes = 100_000,
    only: Parts = "snapshot,delta,curve,cuts",
    rounds: Annotated[int, typer.Option(min=1, help="How many snapshots.")] = 9,
    deltas: Annotated[int, typer.Option(min=1, help="How many deltas over the broker.")] = 300,
    million: Annotated[bool, typer.Option("--million", help="1,000,000 codes in the curve too.")] = False,
    cuts: Annotated[int, typer.Option(min=1, help="How many cuts of each kind.")] = 200,
    lanes: Annotated[int, typer.Option(min=1, help="Lanes that are cut side by side.")] = 25,
    folder: Folder = Path(),
    json_file: JsonFile = None,
) -> None:
    """Snapshot, delta and hashes beside their floors; from a cut to manual mode and back; about six minutes."""
    from tools.bench.link.command import PARTS, LinkPlan, run  # noqa: PLC0415 - so that --help is quick

    names = list(dict.fromkeys(name.strip() for name in only.split(",")))
    if unknown := set(names) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are only {', '.join(PARTS)}")
    plan = LinkPlan(codes=codes, rounds=rounds, deltas=deltas, million=million, cuts=cuts, lanes=lanes)
    run(json_file=json_file, folder=folder.absolute(), only=names, plan=plan)


@app.command()
def claims(
    *,
    trucks: Annotated[int, typer.Option(min=1, help="Of each kind, at each round trip, with and without.")] = 100,
    round_trip: Annotated[list[int] | None, typer.Option(help="Milliseconds; may be repeated.", min=0)] = None,
    core_trucks: Annotated[int, typer.Option(min=1, help="Through the core at its limit.")] = 2_000,
    core_lanes: Annotated[int, typer.Option(min=1, help="Side by side there.")] = 100,
    folder: Folder = Path(),
    json_file: JsonFile = None,
) -> None:
    """What claim before release costs: time to screen 3 and trucks a minute, with and without; about five minutes."""
    from tools.bench.claims import ClaimsPlan, run  # noqa: PLC0415 - so that --help is quick

    times = tuple(round_trip or (0, 50))
    plan = ClaimsPlan(trucks=trucks, round_trips_ms=times, core_trucks=core_trucks, core_lanes=core_lanes)
    run(json_file=json_file, folder=folder.absolute(), plan=plan)


@app.command()
def fuzz(
    messages: Annotated[int, typer.Option(min=1, help="How many.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Of the messages; the same seed draws the same ones.")] = 1,
    signed: Annotated[bool, typer.Option("--signed", help="By senders who hold a valid key.")] = False,
    led: Annotated[bool, typer.Option("--led", help="Into both ends of an LED board's line instead.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Hostile messages into every subscription of lane and core; a status of 1 if one was not refused and counted.

    With --signed they come from a registered lane and from the core's own key: nobody may end, memory stays flat, and
    another lane is answered all the while.
    """
    from tools.bench.fuzz import run  # noqa: PLC0415 - so that --help is quick
    from tools.bench.signed_fuzz import run_signed  # noqa: PLC0415

    if led:
        from tools.bench.led_fuzz import run_led  # noqa: PLC0415

        fuzzed = run_led
    else:
        fuzzed = run_signed if signed else run
    if not fuzzed(messages=messages, seed=seed, json_file=json_file):
        raise typer.Exit(1)


@app.command()
def storm(
    lanes: Annotated[int, typer.Option(min=1, help="Light lanes on one broker.")] = 500,
    seconds: Annotated[float, typer.Option(min=1, help="How long they are watched at rest.")] = 20,
    patience: Annotated[float, typer.Option(min=1, help="Seconds they have to become fresh, each time.")] = 90,
    json_file: JsonFile = None,
) -> None:
    """Many lanes on one broker: at rest, all at once, and after the broker was killed; a minute or more."""
    from tools.bench.storm import run  # noqa: PLC0415 - so that --help is quick

    run(lanes=lanes, seconds=seconds, patience_s=patience, json_file=json_file)


Names = Annotated[str, typer.Option("--only", help="Of ours, boxed, rapidocr, tesseract; with commas between.")]
DrawnSetNames = Annotated[
    list[str] | None,
    typer.Option("--set", help="A drawn set (touching, aside, …, negatives), or all; may be repeated, or with commas."),
]
Pythons = Annotated[
    list[str] | None, typer.Option("--python", help="NAME=PATH: a contender's own interpreter; may be repeated.")
]


@app.command()
def plates(
    *,
    data: Annotated[Path | None, typer.Option(help="A folder of labelled pictures.", file_okay=False)] = None,
    crops: Annotated[Path | None, typer.Option(help="A folder of Mainland crops; its odd rows are read.")] = None,
    sets: DrawnSetNames = None,
    sets_folder: Annotated[Path | None, typer.Option(help="Where drawn sets are kept for the next run.")] = None,
    number: Annotated[int | None, typer.Option(min=1, help="Pictures of each drawn set.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawn sets.")] = 71,
    json_file: JsonFile = None,
    only: Names = "ours,rapidocr,tesseract",
    python: Pythons = None,
    engine: Annotated[str, typer.Option(help="Of our reader.")] = "onnxruntime",
    weights: Annotated[Path | None, typer.Option(help="Of our reader; the shipped ones if none.")] = None,
    side: Annotated[int | None, typer.Option(help="Of our detector, pixels.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Of our detector: what scores less is no plate.")] = None,
    core: Annotated[int | None, typer.Option(help="The core that all run on; the first allowed if none.")] = None,
    wrong: Annotated[bool, typer.Option("--wrong", help="List every plate that was missed.")] = False,
) -> None:
    """Exact reads, wrong answers, time, memory and size: our reader, RapidOCR and Tesseract on the same pictures."""
    from tools.bench.plates.command import DrawnSets, PlatesPlan, run  # noqa: PLC0415 - so that --help is quick
    from tools.bench.plates.labels import LabelsError  # noqa: PLC0415

    ours = ["--engine", engine, *(["--weights", str(weights)] if weights else [])]
    ours += [] if side is None else ["--side", str(side)]
    ours += [] if threshold is None else ["--threshold", str(threshold)]
    plan = PlatesPlan(_names(only), ours, _pythons(python or []), core, wrong)
    wanted = DrawnSets(_sets(sets or []), sets_folder, number, seed)
    if data is None and crops is None and not wanted.names:
        raise typer.BadParameter("name a folder with --data or --crops, or a drawn set with --set")
    try:
        run(data=data, crops=crops, sets=wanted, json_file=json_file, plan=plan)
    except LabelsError as error:
        raise typer.BadParameter(str(error)) from error


def _sets(given: list[str]) -> list[str]:
    from tools.bench.plates_sets.catalogue import SETS  # noqa: PLC0415

    names = list(dict.fromkeys(name.strip() for each in given for name in each.split(",")))
    if unknown := set(names) - {*SETS, "all"}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are only {', '.join(SETS)}, and all")
    return list(SETS) if "all" in names else names


def _names(only: str) -> list[str]:
    from tools.bench.plates.command import MODES, OTHERS  # noqa: PLC0415

    names = list(dict.fromkeys(name.strip() for name in only.split(",")))
    if unknown := set(names) - {*MODES, *OTHERS}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are only {', '.join((*MODES, *OTHERS))}")
    return names


def _pythons(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if any(not path for _, _, path in pairs):
        raise typer.BadParameter("--python is NAME=PATH, such as rapidocr=benchenv/bin/python")
    return {name: path for name, _, path in pairs}


@app.command()
def reliability(
    *,
    number: Annotated[int, typer.Option(min=1, help="How many visits are drawn.")] = 30_000,
    seed: Annotated[int, typer.Option(help="Of the series; the same seed draws the same visits.")] = 1,
    weights: Weights = None,
    fonts: Annotated[list[Path] | None, typer.Option(help="Folder with held-out fonts; repeat.", exists=True)] = None,
    processes: Processes = 1,
    json_file: JsonFile = None,
    svg: Annotated[Path | None, typer.Option(help="Write the reliability curve to this file.")] = None,
) -> None:
    """Stated confidence against what was right, and what each threshold lets through; a tenth of a second a visit."""
    from tools.bench.reliability import run  # noqa: PLC0415 - so that --help is quick

    run(
        number=number,
        seed=seed,
        weights=weights,
        folders=tuple(fonts or ()),
        processes=processes,
        json_file=json_file,
        picture=svg,
    )


@app.command()
def camera(
    *,
    json_file: JsonFile = None,
    seconds: Annotated[float, typer.Option(min=2, help="Of each measurement of CPU time.")] = 10,
    arrivals: Annotated[int, typer.Option(min=1, help="How many vehicles arrive.")] = 20,
    key_frames: Annotated[float, typer.Option(min=0.2, help="Seconds between two key frames.")] = 1,
    films: Annotated[
        Path | None, typer.Option(help="A folder where the film is kept.", file_okay=False, exists=True)
    ] = None,
) -> None:
    """A network camera over a real RTSP server: CPU at rest and in a visit, arrivals, stalls, memory; three minutes."""
    from tools.bench.camera import run  # noqa: PLC0415 - so that --help is quick

    run(json_file=json_file, seconds=seconds, number=arrivals, every_s=key_frames, films=films)


@app.command()
def live(
    *,
    json_file: JsonFile = None,
    seconds: Annotated[float, typer.Option(min=2, help="Of each measurement.")] = 10,
) -> None:
    """The live picture from glass to glass, at a lane's page and at a wall; a minute."""
    from tools.bench.live import run  # noqa: PLC0415 - so that --help is quick

    run(json_file=json_file, seconds=seconds)


@app.command()
def devices(
    *,
    presses: Annotated[int, typer.Option(min=8, help="With random bounce, in simulated time.")] = 100_000,
    real: Annotated[int, typer.Option(min=8, help="In real time, over TCP.")] = 400,
    seed: Annotated[int, typer.Option(help="Of the fingers.")] = 1,
    faults: Annotated[bool, typer.Option(help="How soon each fault is noticed, and what an idle box costs.")] = True,
    json_file: JsonFile = None,
) -> None:
    """Presses lost and doubled over GPIO and Modbus; how soon faults are noticed; a status of 1 if one is late or lost."""
    from tools.bench.devices import run  # noqa: PLC0415 - so that --help is quick

    if not run(presses=presses, real=real, seed=seed, faults=faults, json_file=json_file):
        raise typer.Exit(1)


@app.command()
def unplug(
    seconds: Annotated[float, typer.Option(min=5, help="How long trucks pass.")] = 1_800,
    seed: Annotated[int, typer.Option(help="Of the story.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """Devices unplugged and hung at random while trucks pass; a status of 1 for a wrong release or a fault unnoticed."""
    from tools.bench.unplug import run  # noqa: PLC0415 - so that --help is quick

    if not run(seconds=seconds, seed=seed, json_file=json_file):
        raise typer.Exit(1)


@app.command("device-fuzz")
def device_fuzz(
    number: Annotated[int, typer.Option(min=1, help="Of inputs, over all parsers.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Of the inputs.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """Every parser of what a device says, with rubbish and half-truths; a status of 1 for a crash or growing memory."""
    from tools.bench.device_fuzz import run  # noqa: PLC0415 - so that --help is quick

    if not run(number=number, seed=seed, json_file=json_file):
        raise typer.Exit(1)


@app.command()
def wall(
    *,
    lanes: Annotated[int, typer.Option(min=1, help="Simulated lanes.")] = 64,
    seconds: Annotated[float, typer.Option(min=1, help="How long the page is watched.")] = 30,
    processes: Annotated[int, typer.Option(min=1, help="Processes that the lanes play in.")] = 2,
    json_file: JsonFile = None,
) -> None:
    """The wall: from an event in a lane to the pixel on the page, and what server and browser cost; a minute or two."""
    from tools.bench.wall import WallPlan, run  # noqa: PLC0415 - so that --help is quick

    run(WallPlan(lanes=lanes, seconds=seconds, processes=processes), json_file=json_file)


@app.command()
def shift(
    *,
    lanes: Annotated[int, typer.Option(min=1, help="Simulated lanes.")] = 64,
    hours: Annotated[float, typer.Option(min=0.05, help="Of the shift.")] = 8,
    speed: Annotated[float, typer.Option(min=1, help="Seconds of the shift in one of ours.")] = 16,
    processes: Annotated[int, typer.Option(min=1, help="Processes that the lanes play in.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the trucks and the officers.")] = 1,
    pdf: Annotated[Path | None, typer.Option(help="The day's page, printed.")] = None,
    json_file: JsonFile = None,
) -> None:
    """A shift at the wall with three scripted officers; half an hour as it is; a status of 1 where a need was late, lost or taken twice."""
    from tools.bench.shift import ShiftPlan, run  # noqa: PLC0415 - so that --help is quick

    plan = ShiftPlan(lanes=lanes, hours=hours, speed=speed, processes=processes, seed=seed)
    if not run(plan, json_file=json_file, pdf=pdf):
        raise typer.Exit(1)


def main() -> None:
    """The entry point."""
    app(prog_name="rocars-bench")


if __name__ == "__main__":
    main()
