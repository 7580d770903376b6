"""The sections `[camera]`, `[reader]`, `[contacts]` and `[identifier]` of a lane's settings.

Every `description` is what a technician is told to write instead of a wrong value. Durations are seconds here,
milliseconds in the lane.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, field

from devices.anpr.extras import install_with
from devices.errors import LabelsWrong
from devices.identifier import LabelTable
from devices.modbus_settings import ModbusSettings
from lane_agent.model import Contact
from lane_agent.settling import SURE
from runtime.camera_address import has_host, login_problems, url_problems
from runtime.sections import (
    Count,
    Fits,
    GivenSecret,
    NamedFile,
    NamedFolder,
    PlaceOfSocket,
    Problem,
    Seconds,
    Section,
    Share,
)

Problems = Iterator[Problem]

SHORTEST_PRESS_MS = 100
"""A quick push of a button, a pulse of Immigration's signal lines, a sheet that falls past the sensor of the box."""
SHORTEST_PASSAGE_MS = 1_000
"""A tractor without a trailer over a loop at 30 km/h."""
_LOOPS = {Contact.STOP_LOOP, Contact.EXIT_LOOP, Contact.COMPOUND_LOOP}

GPIO_LINES = 28
"""BCM 0 to 27: the lines on the header of a Raspberry Pi, all that gpiozero's factory takes."""

_ENGINES = {
    "onnxruntime": ("onnxruntime", ("onnxruntime",)),
    "opencv": ("opencv-python-headless", ("cv2",)),
    "easyocr": ("rocars-lane[easyocr]", ("easyocr", "torch")),
}
"""What to install for each, and the modules it brings."""


def is_serial_port(text: str) -> bool:
    """Whether it names a device, or a serial port on the network."""
    if not text.isprintable() or " " in text:
        return False
    return has_host(text) if text.startswith(("socket://", "rfc2217://")) else text.startswith("/")


Baud = Annotated[int, Meta(ge=300, le=4_000_000, description="a speed, such as 115200")]
SerialPort = Annotated[
    str, Fits(is_serial_port), Meta(description='a device such as "/dev/ttyUSB0", or "socket://host:port"')
]


ContactsPort = Annotated[
    str,
    Fits(lambda text: is_serial_port(text) or (text.startswith("tcp://") and " " not in text and has_host(text))),
    Meta(description='a device such as "/dev/ttyUSB0", "socket://host:port", or for board modbus "tcp://host:502"'),
]


class CameraKind(Enum):
    """Where frames come from. `folder`, `video` and `simulated` are for simulation only."""

    V4L2 = "v4l2"
    RTSP = "rtsp"
    HTTP = "http"
    FOLDER = "folder"
    VIDEO = "video"
    SIMULATED = "simulated"


LIVE_KINDS = frozenset({CameraKind.V4L2, CameraKind.RTSP, CameraKind.HTTP})
"""Those whose stream may be H.264, and is passed on to people as it comes."""

_SCHEMES = {CameraKind.RTSP: ("rtsp://", "rtsps://"), CameraKind.HTTP: ("http://", "https://")}


_LEAST_AREA = 1e-4
"""Of the lane's part, as a share of the picture: a hundredth of each edge. `devices.zone` cannot use less than a hundredth of that."""


class CameraSettings(Section, frozen=True, kw_only=True):
    """The lane's camera.

    Attributes:
        path: device, file, folder, or the socket that a simulated world writes to; `url`: for rtsp and http. The kind
            says which one is needed.
        login_file: USER:PASSWORD of a network camera, in a file that only the lane may read; never in `url`. A camera that takes
            them elsewhere than before the host has {user} and {password} in its `url`.
        region: the lane's part of the picture, in shares of it: left, top, width and height of a box, or x and y of
            three or more corners.
        fps: the most pictures a second that are looked at; what a folder or a video file gives.
        stall_s: without a new and different frame for this long, the camera is a fault.
        reference: a picture of the empty lane that a technician has approved, against which a camera that has moved or is out of
            focus is found (`rocars-lane check --walk` stores it); without it neither is.
    """

    kind: CameraKind
    path: Path | None = None
    url: str | None = None
    login_file: Annotated[Path, GivenSecret("write USER:PASSWORD into it, chmod 600")] | None = None
    region: Annotated[
        tuple[Share, ...],
        Meta(description="numbers from 0 to 1: [left, top, width, height], or x and y of three or more corners"),
    ] = (0.0, 0.0, 1.0, 1.0)
    fps: Annotated[float, Meta(gt=0, le=120, description="frames a second, above 0 and up to 120")] = 10.0
    stall_s: Seconds = 3.0
    reference: Annotated[Path, NamedFile("store it: rocars-lane check --walk")] | None = None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """What the region reaches to: its left, top, right and bottom edge."""
        zone = self.zone
        if len(self.region) == 4:
            return zone[0], zone[1], zone[2], zone[3]
        return min(zone[::2]), min(zone[1::2]), max(zone[::2]), max(zone[1::2])

    @property
    def place(self) -> str:
        """The path or URL in use."""
        return str(self.path or self.url or "")

    @property
    def zone(self) -> tuple[float, ...]:
        """The region as `devices.zone` takes it: a box by its left, top, right and bottom edge."""
        if len(self.region) != 4:
            return self.region
        left, top, width, height = self.region
        return left, top, min(1.0, left + width), min(1.0, top + height)

    def contradictions(self) -> Problems:
        """The place fits the kind; the region has an area."""
        if schemes := _SCHEMES.get(self.kind):
            fits = f"does not fit kind {self.kind.value}"
            yield from url_problems(self.url or "", schemes, fits, self.login_file)
        elif self.path is None:
            yield Problem("path", f"is missing for kind {self.kind.value}", "add path = the device, file or folder")
        yield from self._region_problems()

    def _region_problems(self) -> Problems:
        numbers = self.region
        if len(numbers) == 4:
            left, top, width, height = numbers
            if not (width > 0 and height > 0 and left + width <= 1 and top + height <= 1):
                yield Problem("region", "reaches outside the picture", "left + width and top + height are at most 1")
            elif width * height < _LEAST_AREA:
                yield Problem(
                    "region", "has no area", "give the lane's part of the picture; a plate has to fit into it"
                )
        elif len(numbers) < 6 or len(numbers) % 2:
            remedy = "give 4 (left, top, width, height) or x and y of three or more corners"
            yield Problem("region", f"has {len(numbers)} numbers", remedy)
        elif _area(numbers) < _LEAST_AREA:
            yield Problem("region", "has no area", "give the corners in their order around the lane")

    def on_this_box(self) -> Problems:
        """A device may be plugged in later: that is a fault of the lane, not of its file. Pictures and logins are there or not."""
        yield from login_problems(self.login_file)
        if self.path is None or self.kind not in {CameraKind.FOLDER, CameraKind.VIDEO}:
            return
        right = self.path.is_dir() if self.kind is CameraKind.FOLDER else self.path.is_file()
        if not right:
            yield Problem("path", f"{self.path} is no {self.kind.value}", "correct the path")


def _area(corners: tuple[float, ...]) -> float:
    """Of the polygon, by the shoelace formula."""
    points = list(zip(corners[::2], corners[1::2], strict=True))
    return abs(sum(x * b - a * y for (x, y), (a, b) in zip(points, points[1:] + points[:1], strict=True))) / 2


READING_S = 3.0
"""A second identifier's reading is of the vehicle that stands there for no longer (docs/asyncapi.json, `down/plate`)."""


class ReaderSettings(Section, frozen=True, kw_only=True):
    """The plate reader.

    Attributes:
        engine: what runs the two networks, one of `devices.anpr.engines.ENGINES`; "easyocr" needs the extra of that
            name.
        weights: the folder of the models; left out, the shipped ones.
        release_threshold: the lowest character confidence of a read that may release.
    """

    engine: Literal["onnxruntime", "opencv", "easyocr"] = "onnxruntime"
    weights: Annotated[Path, NamedFolder("name the folder of the models, or leave the key out")] | None = None
    release_threshold: Share = SURE

    def contradictions(self) -> Problems:
        """No weaker read than the figures of `docs/anpr.md` were measured with may release."""
        if self.release_threshold < SURE:
            remedy = f"write {SURE:g} or more: below it misreads were measured, and they would release"
            yield Problem("release_threshold", f"{self.release_threshold:g} is too low", remedy)

    def on_this_box(self) -> Problems:
        """The engine is installed; the lane itself would say so only as a fault of its reader."""
        requirement, modules = _ENGINES[self.engine]
        if missing := [module for module in modules if find_spec(module) is None]:
            remedy = f"{install_with(requirement)}, or choose another engine"
            yield Problem("engine", f"{self.engine} is not installed (no module {' and no '.join(missing)})", remedy)


class BoardKind(Enum):
    """What carries the contacts."""

    GPIO = "gpio"
    MODBUS = "modbus"
    REMOTE = "remote"
    SIMULATED = "simulated"


class ActiveLevel(Enum):
    """The electrical level that means "active"."""

    LOW = "low"
    HIGH = "high"


class Pull(Enum):
    """The resistor on an input, where the board has one to switch."""

    UP = "up"
    DOWN = "down"
    NONE = "none"  # the wiring brings its own


class Output(Enum):
    """What the lane can switch besides its screens."""

    BELL = "bell"  # rings at the officer's post while a help call is unanswered
    LAMP = "lamp"  # lit on the panel while a help call is open
    ALARM = "alarm"  # a siren or beacon in the control room
    UNLADEN_LAMP = "unladen_lamp"  # lit on the panel once an unladen press has counted in this visit
    GO = "go"  # the green of a signal head, red being its rest contact; on while both screens stand at 3
    BARRIER = "barrier"  # opens a barrier for as long


class InputSettings(Section, frozen=True, kw_only=True):
    """The line of one contact.

    Attributes:
        active: low for a button to ground with a pull-up.
        line: the pin, the line of the remote board, or the Modbus address.
        stable_ms: how long a level must last before it counts.
        counter: of board modbus: the address of the low word in which the module counts this input, where it does.
    """

    line: Count
    active: ActiveLevel
    counter: Count | None = None
    pull: Pull = Pull.NONE
    stable_ms: Annotated[int, Meta(ge=0, le=5_000, description="milliseconds, 0 to 5000, such as 30")] = 30

    @property
    def active_low(self) -> bool:
        """Whether the contact is active while the line is low."""
        return self.active is ActiveLevel.LOW


MOVES_VEHICLES = (Output.GO, Output.BARRIER)
"""Outputs that tell a driver to go: whatever is lost, they must fall off."""


class OutputSettings(Section, frozen=True, kw_only=True):
    """One output's line and the level that switches it on.

    Attributes:
        read_back: the input line that follows it, such as a lamp's current relay or a barrier's end switch; none where it is
            not wired.
    """

    line: Count
    active: ActiveLevel
    read_back: InputSettings | None = None

    @property
    def active_low(self) -> bool:
        """Whether a low level switches it on."""
        return self.active is ActiveLevel.LOW


class ContactsSettings(Section, frozen=True, kw_only=True):
    """The table of contacts.

    Attributes:
        chip: of board gpio: /dev/gpiochip<chip>.
        port, baud, silent_s: of boards remote and modbus: device or socket://host:port, for modbus tcp://host:port;
            longest silence.
        modbus: of board modbus: which module, and where it keeps its inputs.
        socket: of board simulated.
    """

    board: BoardKind
    inputs: dict[Contact, InputSettings]
    outputs: dict[Output, OutputSettings] = field(default_factory=dict)
    chip: Count = 0
    port: ContactsPort | None = None
    baud: Baud = 115_200
    silent_s: Seconds = 1.5
    modbus: ModbusSettings = field(default_factory=ModbusSettings)
    socket: Annotated[Path, PlaceOfSocket("make that folder, for the lane's user")] | None = None

    def contradictions(self) -> Problems:
        """The board has what its kind needs; every contact has its own line, and no filter swallows a press."""
        if self.board is BoardKind.REMOTE and not self.port:
            remedy = 'add port = "/dev/ttyUSB0" or "socket://host:port"'
            yield Problem("port", "is missing for board remote", remedy)
        if self.board is BoardKind.SIMULATED and self.socket is None:
            yield Problem("socket", "is missing for board simulated", 'add socket = "contacts.sock"')
        yield from self._modbus()
        yield from self._safe_on_loss()
        for key, line, other in shared_lines(self.inputs, self.outputs, apart=self.apart):
            wrong = f"line {line} is also that of contacts.{other}"
            yield Problem(f"{key}.line", wrong, "give each its own line")
        if self.board is BoardKind.GPIO:
            for key, line in _lines(self.inputs, self.outputs):
                if line >= GPIO_LINES:
                    remedy = f"write the BCM number of the line, 0 to {GPIO_LINES - 1}"
                    yield Problem(f"{key}.line", f"board gpio has no line {line}", remedy)
        for contact, each in self.inputs.items():
            loop = contact in _LOOPS
            shortest = SHORTEST_PASSAGE_MS if loop else SHORTEST_PRESS_MS
            if each.stable_ms >= shortest:
                wrong = f"{each.stable_ms} ms swallows a short {'passage' if loop else 'press'}"
                yield Problem(f"inputs.{contact.value}.stable_ms", wrong, f"write less than {shortest}, such as 30")

    @property
    def apart(self) -> bool:
        """Whether inputs and outputs have numbers of their own: a Modbus module's inputs and coils do."""
        return self.board is BoardKind.MODBUS

    def _safe_on_loss(self) -> Problems:
        """A barrier or a green that stands because the box is gone releases whoever comes."""
        for output in MOVES_VEHICLES:
            if output not in self.outputs:
                continue
            key = f"outputs.{output.value}"
            if self.outputs[output].active is ActiveLevel.LOW and self.board is BoardKind.GPIO:
                yield Problem(
                    f"{key}.active", "low is what a pin without power may be", 'wire it to switch on by "high"'
                )
            if self.board is BoardKind.REMOTE:
                yield Problem(
                    key, "nothing says that a remote board lets go when it is alone", "use board modbus or gpio"
                )
            if self.board is BoardKind.MODBUS and self.modbus.failsafe_s is None:
                remedy = "set the module's own time-out (host watchdog: outputs off), and write it as modbus.failsafe_s"
                yield Problem(key, "would stand when the box is gone", remedy)

    def _modbus(self) -> Problems:
        if self.board is BoardKind.MODBUS and not (self.port or "").startswith(("/", "tcp://")):
            yield Problem("port", "is no Modbus module", 'write port = "tcp://host:502" or "/dev/ttyUSB0"')
        elif self.board is not BoardKind.MODBUS and (self.port or "").startswith("tcp://"):
            yield Problem("port", "tcp:// is for board modbus", 'write "socket://host:port", or board = "modbus"')
        for contact, each in self.inputs.items():
            if each.counter is not None and self.board is not BoardKind.MODBUS:
                wrong = f"is of no use to board {self.board.value}"
                yield Problem(f"inputs.{contact.value}.counter", wrong, "remove it: only a Modbus module counts")


def shared_lines(
    inputs: Mapping[Contact, InputSettings], outputs: Mapping[Output, OutputSettings], *, apart: bool = False
) -> Iterator[tuple[str, int, str]]:
    """(key, line, the earlier key) of everything that is on a line already in use; `apart`: outputs have their own."""
    taken: dict[tuple[str, int], str] = {}
    for key, line in _lines(inputs, outputs):
        side = "inputs" if key.endswith(".read_back") else key.partition(".")[0]
        place = (side if apart else "", line)
        if place in taken:
            yield key, line, taken[place]
        taken.setdefault(place, key)


def _lines(
    inputs: Mapping[Contact, InputSettings], outputs: Mapping[Output, OutputSettings]
) -> Iterator[tuple[str, int]]:
    yield from ((f"inputs.{contact.value}", each.line) for contact, each in inputs.items())
    yield from ((f"outputs.{output.value}", each.line) for output, each in outputs.items())
    for output, each in outputs.items():
        if each.read_back is not None:
            yield f"outputs.{output.value}.read_back", each.read_back.line


class IdentifierKind(Enum):
    """What names the vehicle besides the plate reader."""

    NONE = "none"
    SERIAL = "serial"
    MQTT = "mqtt"
    CAMERA = "camera"


class IdentifierSettings(Section, frozen=True, kw_only=True):
    """The second identifier.

    Attributes:
        required: no automatic release unless it names the mark that was read; its loss is a fault then.
        silent_s: the longest silence.
        port, baud, labels: of kind serial: device, or a URL such as socket://host:port; the table of labels, left out
            where a label carries the mark itself.
        topic, fresh_s: of kind mqtt: where Immigration's reader speaks, the lane's own topic if left out; of kind camera: where a
            camera that reads plates itself speaks; how old a reading may be.
    """

    kind: IdentifierKind = IdentifierKind.NONE
    required: bool = False
    silent_s: Seconds = 3.0
    port: SerialPort | None = None
    baud: Baud = 115_200
    labels: Path | None = None
    topic: (
        Annotated[
            str,
            Meta(pattern=r"^[^#+\s]{1,200}\Z", description="one topic, without + and #, such as immigration/sbc-in-07"),
        ]
        | None
    ) = None
    fresh_s: Seconds = READING_S

    @property
    def vouched(self) -> bool:
        """Whether the origin of what it names is proved: a cable of its own, and not a network (design §2.5)."""
        return self.kind is IdentifierKind.SERIAL and self.port is not None and self.port.startswith("/dev/")

    def contradictions(self) -> Problems:
        """Each kind has what it needs, and nothing is given that it does not use."""
        kind = self.kind
        if kind is IdentifierKind.SERIAL and not self.port:
            remedy = 'add port = "/dev/ttyUSB1" or "socket://host:port"'
            yield Problem("port", "is missing for kind serial", remedy)
        if kind is IdentifierKind.NONE and self.required:
            remedy = 'write kind = "serial" or "mqtt", or leave it out'
            yield Problem("required", "there is no identifier to require", remedy)
        elif self.required and not self.vouched:
            remedy = (
                'only a reader on a cable of its own proves who named the mark: port = "/dev/…", or required = false'
            )
            yield Problem("required", "what comes over a network unsigned may contradict and proves nothing", remedy)
        if kind is not IdentifierKind.SERIAL and self.labels is not None:
            yield Problem("labels", f"is of no use to kind {kind.value}", "remove it: only serial reads labels")
        if kind not in {IdentifierKind.MQTT, IdentifierKind.CAMERA} and self.topic is not None:
            yield Problem("topic", f"is of no use to kind {kind.value}", "remove it: only mqtt and camera have a topic")
        if kind is IdentifierKind.CAMERA and self.topic is None:
            yield Problem(
                "topic", "is missing for kind camera", "write the topic that the camera publishes its metadata to"
            )
        if self.fresh_s > READING_S:
            remedy = f"write {READING_S:g} or less: an older reading may be of the vehicle before"
            yield Problem("fresh_s", f"{self.fresh_s:g} s is longer than the law allows", remedy)
        if self.silent_s < 1:
            remedy = "at least 1 s: an identifier answers about once a second"
            yield Problem("silent_s", f"{self.silent_s:g} s is too short", remedy)

    def on_this_box(self) -> Problems:
        """The table of labels can be used."""
        if self.labels is None:
            return
        try:
            LabelTable(self.labels)
        except LabelsWrong as problem:
            wrong, _, remedy = str(problem).rpartition(": ")
            yield Problem("labels", wrong, remedy)
