"""Checks of the box itself: packages, store, camera, models, contacts, screens, clock."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from devices.anpr.engines import ENGINES
from devices.anpr.errors import ReaderError
from devices.anpr.weights import SHIPPED
from devices.anpr.weights import load as load_weights
from devices.errors import DeviceError, DriverMissing
from devices.settings import BoardKind
from devices.voice.settings import Prompting
from display.connectors import plugs
from display.settings import Mode
from display.wording_file import WordingFileError, read_words
from display.words_in_force import too_small
from edge.checks.findings import Finding, Severity, Surroundings, fault, ok, warning
from edge.checks.probe import lane_runs
from edge.health import look
from edge.settings.load import Settings
from edge.settings.sections import LaneMode
from lane_agent.model import Screen

Findings = Iterator[Finding]

COMPOSITOR = "run/rocars-lane-compositor/wayland-0"
"""Its socket; `systemd/rocars-lane-compositor.service` makes it."""

SCREENS_PACKAGE = "rocars-screens"
INSIDE = frozenset({"fonts-noto-cjk", "weston"})
"""Debian's packages that ours takes the place of (`tools/package/screens.py`)."""

SLOW_WRITE_MS = 200.0
"""A durable write slower than this makes drivers wait: the journal is written before every effect."""

_SOFTWARE_IS_NEWER_THAN = datetime(2026, 11, 1, tzinfo=UTC)


def packages(settings: Settings, around: Surroundings) -> Findings:
    """The Debian packages this lane needs at run time (a part of `config/debian-packages.txt`)."""
    lit = settings.screens.in_units and settings.lane.mode is LaneMode.LIVE
    wanted = ["fonts-noto-cjk", *(["weston"] if lit else [])]
    wanted += ["mosquitto"] if settings.simulation else []
    wanted += _for_voice(settings)
    ours = around.installed(SCREENS_PACKAGE)
    for name in wanted:
        match True if ours and name in INSIDE else around.installed(name):
            case True:
                yield ok(f"package {name}", "installed")
            case False:
                yield fault(f"package {name}", "not installed", f"apt-get install --no-install-recommends {name}")
            case None:
                yield warning(f"package {name}", "no dpkg to ask", "this is no Debian: see that it is there")


def _for_voice(settings: Settings) -> list[str]:
    voice = settings.voice
    if not voice.on or settings.lane.mode is LaneMode.SHADOW:
        return []
    spoken = voice.prompts.speak is not Prompting.NONE and voice.prompts.recorded is None
    telephone = ["baresip-core", "libasound2-plugins"] if voice.sip else []
    return ["pulseaudio", "pulseaudio-utils", *telephone, *(["espeak-ng"] if spoken else [])]


def dpkg_installed(name: str) -> bool | None:
    """Asks dpkg; None where there is none."""
    if shutil.which("dpkg-query") is None:
        return None
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == "installed"


def store(settings: Settings, around: Surroundings) -> Findings:
    """The store's folder: a durable write, room, wear; and that evidence can be written."""
    folder = settings.lane.store.parent
    try:
        disk = look(folder, around.root / "sys/block")
    except OSError as problem:
        yield fault("store", f"{folder} cannot be written ({problem})", "check disk, mount and owner of that folder")
        return
    if disk.write_ms > SLOW_WRITE_MS:
        yield warning("store", f"a durable write took {disk.write_ms:.0f} ms", "use a better disk: drivers wait for it")
    else:
        yield ok("store", f"{folder}: durable write in {disk.write_ms:.1f} ms")
    yield _room(settings, disk.free_mb)
    if disk.wear_percent is None:
        yield ok("flash wear", "the disk does not say")
    elif disk.wear_percent >= settings.health.wear_percent:
        yield warning("flash wear", f"{disk.wear_percent} % of its life used", "replace the flash soon")
    else:
        yield ok("flash wear", f"{disk.wear_percent} % of its life used")
    if not os.access(settings.lane.evidence.parent, os.W_OK):
        yield fault("evidence", f"{settings.lane.evidence.parent} cannot be written", "give it to the lane's user")


def _room(settings: Settings, free: int) -> Finding:
    if free < settings.health.min_free_mb:
        return fault("room", f"{free} MB free, {settings.health.min_free_mb} needed", "free some room on that disk")
    if free < settings.health.warn_free_mb:
        return warning("room", f"{free} MB free", f"keep {settings.health.warn_free_mb} MB free")
    return ok("room", f"{free} MB free")


def camera(settings: Settings, around: Surroundings) -> Findings:
    """Opens the camera and takes frames."""
    if around.camera is None:
        yield warning("camera", "not looked at", "run this check where the camera is")
        return
    try:
        yield ok("camera", around.camera(settings.camera))
    except (DeviceError, OSError) as problem:
        wrong, _colon, remedy = str(problem).rpartition(": ")
        yield fault("camera", wrong or str(problem), remedy if wrong else "see the section [camera]")


def models(settings: Settings, _around: Surroundings) -> Findings:
    """The reader's models against the record of origin beside them, then all of them run by the configured engine."""
    folder, engine = settings.reader.weights or SHIPPED, settings.reader.engine
    try:
        for name, data in load_weights(folder).items():
            yield ok("models", f"{name}, {len(data) // 1_000} kB, is the one weights.json names")
        ENGINES[engine](folder)
        yield ok("reader", f"{engine} runs all of them")
    except ReaderError as problem:
        wrong, _colon, remedy = str(problem).rpartition(": ")
        yield fault("models", wrong, remedy)


def contacts(settings: Settings, around: Surroundings) -> Findings:
    """Whether the board of the contacts is there and may be used; a simulated one is said."""
    match settings.contacts.board:
        case BoardKind.GPIO:
            yield _pins(settings.contacts.chip, around)
        case BoardKind.REMOTE | BoardKind.MODBUS:
            if lane_runs(settings):
                what = f"{settings.contacts.port}: not opened, the running lane has it"
                yield warning("contacts", what, "see the lane's page, or stop the lane and look again")
            else:
                yield from _remote(settings.contacts.port or "", around)
        case BoardKind.SIMULATED:
            yield ok("contacts", f"SIMULATED, over {settings.contacts.socket}")


def _pins(number: int, around: Surroundings) -> Finding:
    """The chip as the driver sees it; a device that is there and no driver for it would leave the lane deaf."""
    device = around.root / f"dev/gpiochip{number}"
    there = _device("contacts", device, "contacts.chip", "gpio")
    if around.chip is None:
        return there
    try:
        return ok("contacts", f"{device}: {around.chip(number)}")
    except DeviceError as problem:
        if there.level is Severity.FAULT and not isinstance(problem, DriverMissing):
            return there
        wrong, _, remedy = str(problem).rpartition(": ")
        return fault("contacts", wrong, remedy)


def immigration(settings: Settings, around: Surroundings) -> Findings:
    """Whether Immigration's terminal is there, where its signals do not come by contacts."""
    port = settings.immigration.port
    if port is None:
        yield ok("immigration", "by contacts")
    elif lane_runs(settings):
        yield warning("immigration", f"{port}: not opened, the running lane has it", "see rocars-lane devices")
    else:
        yield from _remote(port, around, "immigration", "the terminal")


def _remote(port: str, around: Surroundings, section: str = "contacts", what: str = "the board") -> Findings:
    if "://" not in port:
        yield _device(section, around.root / port.lstrip("/"), f"{section}.port", "dialout")
        return
    parts = urlsplit(port)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 502), timeout=3):
            yield ok(section, f"{port} answers")
    except (OSError, ValueError) as problem:
        yield fault(section, f"{port} does not answer ({problem})", f"check {what}'s power and {section}.port")


def _device(area: str, device: Path, key: str, group: str) -> Finding:
    if not device.exists():
        return fault(area, f"{device} is not there", f"check its cable and {key}")
    if not os.access(device, os.R_OK | os.W_OK):
        return fault(area, f"{device} may not be used", f"usermod --append --groups {group} rocars-lane")
    return ok(area, f"{device} is there")


def screens(settings: Settings, around: Surroundings) -> Findings:
    """Whether there is something to paint on."""
    if settings.lane.mode is LaneMode.SHADOW:
        yield ok("screens", "none: a shadow shows nothing")
        return
    desktop = around.environment.get("WAYLAND_DISPLAY") or around.environment.get("DISPLAY")
    match settings.screens.mode:
        case Mode.HEADLESS if settings.simulation:
            yield ok("screens", "headless, as a demonstration may be")
        case Mode.HEADLESS:
            yield fault("screens", "headless: no driver sees anything", 'write screens.mode = "fullscreen"')
        case Mode.FULLSCREEN:
            yield from _full_screens(settings, around)
        case _ if desktop:
            yield ok("screens", f"desktop {desktop}")
        case _:
            yield fault("screens", "no desktop: neither DISPLAY nor WAYLAND_DISPLAY", "start it where the desktop is")


def wording(settings: Settings, _around: Surroundings) -> Findings:
    """The site's own words: that they can be used, and read from a cab."""
    file = settings.screens.wording
    if file is None:
        return
    try:
        words = read_words(file)
        problems = list(too_small(settings.screens, words))
    except WordingFileError as error:
        problems = list(error.problems)
        words = {}
    for problem in problems:
        yield fault("wording", f"{file}: {problem.key} {problem.wrong}", problem.remedy)
    if not problems:
        yield ok("wording", f"{len(words)} messages in the site's own words")


def _full_screens(settings: Settings, around: Surroundings) -> Findings:
    """The connectors of both, and the compositor that lights them."""
    found = {plug.name: plug for plug in plugs(around.root)}
    there = ", ".join(f"{plug.name} '{plug.monitor}'" for plug in found.values() if plug.connected) or "none"
    for screen in Screen:
        wanted = settings.screens.of(screen)
        if wanted.led is not None:
            yield ok(f"screen {screen.value}", f"an LED board at {wanted.led.url}; its own unit asks it")
            continue
        plug = found.get(wanted.output or "")
        area = f"screen {screen.value}"
        if plug is None:
            yield fault(area, f"{wanted.output} is no connector of this box", f"those with a monitor: {there}")
        elif not plug.connected:
            yield fault(area, f"no monitor on {plug.name}", f"check cable and power; connectors with one: {there}")
        elif wanted.monitor and wanted.monitor not in plug.monitor:
            remedy = "swap the cables, or correct the monitor"
            yield fault(area, f"{plug.name} has '{plug.monitor}', not '{wanted.monitor}'", remedy)
        else:
            yield ok(area, f"{plug.name} has '{plug.monitor}'")
    yield from _meeting_place(settings.screens.socket.parent)
    if (around.root / COMPOSITOR).exists():
        yield ok("compositor", "runs")
    else:
        yield fault("compositor", "does not run", "systemctl status rocars-lane-compositor")


def _meeting_place(folder: Path) -> Findings:
    """The screens run as a user of their own, and reach the agent by the group of this folder."""
    if folder.is_dir() and not folder.stat().st_mode & stat.S_ISGID:
        remedy = 'write screens.socket = "/run/rocars-lane-screens/agent.sock"'
        yield fault("screens", f"their user cannot reach a socket in {folder}", remedy)


def clock(_: Settings, around: Surroundings) -> Findings:
    """Whether the clock is disciplined, and not before this software was made (a box without a battery clock)."""
    now = around.utc()
    if now < _SOFTWARE_IS_NEWER_THAN:
        yield fault("clock", f"it says {now:%Y-%m-%d}", "connect the time source; certificates look not yet valid")
        return
    try:
        state = around.clock()
    except OSError as problem:
        yield warning("clock", f"the kernel does not say ({problem})", "see `timedatectl`")
        return
    if state.synchronised:
        yield ok("clock", f"synchronised, at most {state.error_ms} ms off")
    else:
        yield warning("clock", "not synchronised", "enable a time source: timedatectl set-ntp true")
