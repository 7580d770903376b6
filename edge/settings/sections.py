"""The sections of a lane's settings: frozen, typed values and the words that help who writes them.

Every `description` below is what a technician is told to write instead of a wrong value. Durations are seconds here,
milliseconds in the lane.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.contacts import ContactWire, Output, OutputWire, Pull
from domain.crossing import Direction
from lane_agent.model import Contact
from lane_agent.settling import SURE

Seconds = Annotated[float, Meta(gt=0, le=86_400, description="a number of seconds above 0, such as 3 or 0.5")]
Port = Annotated[int, Meta(ge=1, le=65_535, description="a port number, 1 to 65535")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Pixels = Annotated[int, Meta(ge=32, le=4_096, description="a number of pixels, 32 to 4096")]
Percent = Annotated[int, Meta(ge=1, le=100, description="a percentage, 1 to 100")]
Count = Annotated[int, Meta(ge=0, le=1_000_000, description="a whole number, 0 or more")]
Host = Annotated[str, Meta(min_length=1, pattern=r"^\S+$", description='a host name or address, such as "10.20.0.5"')]
LaneId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
        description='1 to 32 letters, digits, "-" or "_", such as "mkt-in-03"',
    ),
]
PointCode = Annotated[
    str, Meta(pattern=r"^[A-Z0-9]{1,8}$", description='the control point\'s code in capitals, such as "SBC"')
]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the file."""


class LaneSettings(Section, frozen=True, kw_only=True):
    """Which lane this is and where it keeps its records.

    Attributes:
        store: the one SQLite file (journal and codes).
        evidence: the folder of evidence pictures.
    """

    id: LaneId
    point: PointCode
    direction: Direction
    store: Path
    evidence: Path


class Manifest(Enum):
    """Whether the paper manifest is sensed in the drop-in box (domain §4)."""

    NONE = "none"
    SENSOR = "sensor"


class OtherPoint(Enum):
    """Row 15: a bundle that names another control point."""

    ACCEPT = "accept"
    OFFICER = "officer"


class PolicySettings(Section, frozen=True, kw_only=True):
    """What the lane decides by; `limits` replaces single waiting limits by the table's stage names."""

    manifest: Manifest
    other_point: OtherPoint
    compound_loop: bool
    confirm_s: Seconds = 0.5
    paint_s: Seconds = 2.0
    help_stuck_s: Seconds = 10.0
    limits: dict[str, Seconds] = {}


class CameraKind(Enum):
    """Where frames come from. `folder`, `video` and `simulated` are for simulation only."""

    V4L2 = "v4l2"
    RTSP = "rtsp"
    HTTP = "http"
    FOLDER = "folder"
    VIDEO = "video"
    SIMULATED = "simulated"


class CameraSettings(Section, frozen=True, kw_only=True):
    """The lane's camera.

    Attributes:
        path: device, file, folder or socket; `url`: for rtsp and http. The kind says which one is needed.
        region: the lane's part of the picture, in shares of it: left, top, width and height of a box, or x and y of
            three or more corners.
        fps: frames a second wanted of the source.
        stall_s: without a new and different frame for this long, the camera is a fault.
    """

    kind: CameraKind
    path: Path | None = None
    url: str | None = None
    region: Annotated[
        tuple[Share, ...],
        Meta(description="numbers from 0 to 1: [left, top, width, height], or x and y of three or more corners"),
    ] = (0.0, 0.0, 1.0, 1.0)
    fps: Annotated[float, Meta(gt=0, le=120, description="frames a second, above 0 and up to 120")] = 10.0
    stall_s: Seconds = 3.0


class ReaderSettings(Section, frozen=True, kw_only=True):
    """The plate reader.

    Attributes:
        engine: what runs the two networks; "easyocr" needs the extra of that name.
        weights: the folder of the models; left out, the shipped ones.
        release_threshold: the lowest character confidence of a read that may release.
    """

    engine: Literal["onnxruntime", "opencv", "easyocr"] = "onnxruntime"
    weights: Path | None = None
    release_threshold: Share = SURE


class BoardKind(Enum):
    """What carries the contacts."""

    GPIO = "gpio"
    REMOTE = "remote"
    SIMULATED = "simulated"


class ActiveLevel(Enum):
    """The electrical level that means "active"."""

    LOW = "low"
    HIGH = "high"


class InputSettings(Section, frozen=True, kw_only=True):
    """One contact's line: level, resistor, and how long a level must stand (ms)."""

    line: Count
    active: ActiveLevel
    pull: Pull = Pull.NONE
    stable_ms: Annotated[int, Meta(ge=0, le=5_000, description="milliseconds, 0 to 5000, such as 30")] = 30


class OutputSettings(Section, frozen=True, kw_only=True):
    """One output's line and the level that switches it on."""

    line: Count
    active: ActiveLevel


class ContactsSettings(Section, frozen=True, kw_only=True):
    """The table of contacts.

    Attributes:
        chip: of board gpio: /dev/gpiochip<chip>.
        port, baud, silent_s: of board remote: device or socket://host:port; longest silence.
        socket: of board simulated.
    """

    board: BoardKind
    inputs: dict[Contact, InputSettings]
    outputs: dict[Output, OutputSettings] = {}
    chip: Count = 0
    port: str | None = None
    baud: Annotated[int, Meta(ge=300, le=4_000_000, description="a speed, such as 115200")] = 115_200
    silent_s: Seconds = 1.5
    socket: Path | None = None

    def wires(self) -> tuple[ContactWire, ...]:
        """The inputs as the devices want them."""
        return tuple(
            ContactWire(contact, each.line, active_low=each.active is ActiveLevel.LOW, stable_ms=each.stable_ms)
            for contact, each in self.inputs.items()
        )

    def output_wires(self) -> tuple[OutputWire, ...]:
        """The outputs as the devices want them."""
        return tuple(
            OutputWire(output, each.line, active_low=each.active is ActiveLevel.LOW)
            for output, each in self.outputs.items()
        )


class IdentifierKind(Enum):
    """What names the vehicle besides the plate reader."""

    NONE = "none"
    SERIAL = "serial"
    MQTT = "mqtt"


class IdentifierSettings(Section, frozen=True, kw_only=True):
    """The second identifier.

    Attributes:
        required: no automatic release unless it names the mark that was read; its loss is a fault then.
        silent_s: the longest silence.
        port, baud, labels: of kind serial: device, or a URL such as socket://host:port; the table of labels, left out
            where a label carries the mark itself.
        topic, fresh_s: of kind mqtt: where Immigration's reader speaks, the lane's own topic if left out; how old a
            reading may be.
    """

    kind: IdentifierKind = IdentifierKind.NONE
    required: bool = False
    silent_s: Seconds = 3.0
    port: str | None = None
    baud: Annotated[int, Meta(ge=300, le=4_000_000, description="a speed, such as 115200")] = 115_200
    labels: Path | None = None
    topic: (
        Annotated[
            str,
            Meta(pattern=r"^[^#+\s]{1,200}$", description="one topic, without + and #, such as immigration/sbc-in-07"),
        ]
        | None
    ) = None
    fresh_s: Seconds = 3.0


class ScreenMode(Enum):
    """How the screens are put up."""

    WINDOW = "window"
    FULLSCREEN = "fullscreen"
    HEADLESS = "headless"


class ScreenSettings(Section, frozen=True, kw_only=True):
    """One screen: size in pixels, and which of the box's displays it is."""

    width: Pixels
    height: Pixels
    display: Annotated[int, Meta(ge=0, le=7, description="the display's number, 0 to 7")] = 0


class ScreensSettings(Section, frozen=True, kw_only=True):
    """Both screens.

    Attributes:
        socket: the Unix socket over which scenes go out and paint reports come back.
        silent_s: a screen whose feed is silent this long shows its safe face.
        paint_log: a folder for paint logs, or none.
    """

    socket: Path
    mode: ScreenMode
    xdb: ScreenSettings
    aiop: ScreenSettings
    silent_s: Seconds = 2.0
    paint_log: Path | None = None


class PictureClass(Enum):
    """Evidence pictures by what became of the visit; the value is the folder's name."""

    READS = "reads"
    NEAR_MISSES = "near_misses"  # of a held vehicle
    STOPS = "stops"
    COMPLAINTS = "complaints"  # asked for by the centre


Days = Annotated[int, Meta(ge=1, le=3_650, description="a number of days, 1 to 3650")]
Megabytes = Annotated[int, Meta(ge=1, le=10_000_000, description="megabytes, 1 or more")]


class EvidenceSettings(Section, frozen=True, kw_only=True):
    """How long evidence pictures are kept here, and which are sent to the core by themselves (domain §8).

    Attributes:
        reads_days, reads_mb: pictures of ordinary visits.
        kept_days, kept_mb: of stops and of near-misses, each; `kept_mb` also of complaints.
        complaint_days: those the centre asked for.
        send: the classes that are sent without being asked for.
        rate_kb_s: thousands of bytes of pictures a second at most.
    """

    reads_days: Days = 30
    reads_mb: Megabytes = 4_000
    kept_days: Days = 180
    kept_mb: Megabytes = 2_000
    complaint_days: Days = 365
    send: tuple[PictureClass, ...] = ()
    rate_kb_s: Annotated[int, Meta(ge=1, le=100_000, description="thousands of bytes a second, 1 or more")] = 64


class BrokerSettings(Section, frozen=True, kw_only=True):
    """Where one broker listens."""

    host: Host
    port: Port = 8883


class LinkSettings(Section, frozen=True, kw_only=True):
    """The link to the core (design §3).

    Attributes:
        brokers: independent brokers, walked in this order.
        authority, certificate, key: PEM files of TLS both ways; may be left out for loopback only.
        password_file: the broker password's file where certificates are not used; one line, mode 0600.
        lane_key: this lane's Ed25519 private key (PKCS 8 PEM, mode 0600): signs its events.
        core_keys: folder of the core's public keys, one `<key id>.pem` each.
        fresh_s, offline_s: design §3's limits.
    """

    brokers: tuple[BrokerSettings, ...]
    lane_key: Path
    core_keys: Path
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    password_file: Path | None = None
    fresh_s: Seconds = 3.0
    offline_s: Seconds = 5.0


class ConsoleSection(Section, frozen=True, kw_only=True):
    """The officers' page; the meaning of each key is `console.settings.ConsoleSettings`'s."""

    officers: Path
    host: Host = "127.0.0.1"
    port: Port = 8480
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    names: tuple[Host, ...] = ()
    view_without_login: bool = False
    idle_s: Annotated[int, Meta(gt=0, description="whole seconds above 0")] = 900
    shift_s: Annotated[int, Meta(gt=0, description="whole seconds above 0")] = 43_200


class HealthSettings(Section, frozen=True, kw_only=True):
    """How the box watches itself: store probe, free space (MB), flash wear, days before a certificate ends."""

    probe_s: Seconds = 30.0
    min_free_mb: Count = 200
    warn_free_mb: Count = 1_000
    wear_percent: Percent = 90
    warn_hours: Count = 48
    telemetry_s: Seconds = 10.0
    certificate_days: Count = 30
