"""What belongs into each package. Tests compare this table with what the rooms import, so nothing is missing or idle.

Rules of this file: what runs in the field alone. No broker, browser, compiler, linter or test belongs to a lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Architecture(Enum):
    """Debian's name of a machine; `platform` is what the wheels for it are called."""

    AMD64 = "amd64"
    ARM64 = "arm64"

    @property
    def platform(self) -> str:
        """For `uv --python-platform`: Debian 12 has glibc 2.36."""
        return {"amd64": "x86_64", "arm64": "aarch64"}[self.value] + "-manylinux_2_36"

    @property
    def tools(self) -> str:
        """What the names of Debian's binutils for it begin with, on any machine."""
        return {"amd64": "x86_64", "arm64": "aarch64"}[self.value] + "-linux-gnu-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One package.

    Attributes:
        name: of the package and of its command.
        says: the line that `apt show` prints first.
        rooms: our own packages in it.
        libraries: of `pyproject.toml`, those that it uses; theirs follow from the lock.
        entry: module and function of its command.
        schema: module and name of the store's schema.
        trial: what must load before a version of it may become the current one.
        units: patterns of its files below systemd/.
        examples: files of config/ that are shipped as examples.
    """

    name: str
    says: str
    rooms: tuple[str, ...]
    libraries: tuple[str, ...]
    entry: tuple[str, str]
    schema: tuple[str, str]
    trial: tuple[str, ...]
    units: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def role(self) -> str:
        """Its word in `config/debian-packages.txt`."""
        return self.name.removeprefix("rocars-")


_LINK = ("paho-mqtt", "msgspec", "cryptography", "sqlite-utils", "prometheus-client")
_COMMANDS = ("typer", "rich")

LANE = Product(
    name="rocars-lane",
    says="the software of the box in a customs lane",
    rooms=("edge", "console", "display", "devices", "sync", "lane_agent", "wire", "runtime", "domain"),
    libraries=(
        "opencv-python-headless",
        "onnxruntime",
        "av",
        "aiortc",
        "numpy",
        "gpiozero",
        "lgpio",
        "pymodbus",
        "pyserial",
        "onvif-zeep-async",
        *_LINK,
        "pygame-ce",
        "starlette",
        "uvicorn",
        "jinja2",
        "python-multipart",
        "argon2-cffi",
        *_COMMANDS,
    ),
    entry=("edge.cli", "main"),
    schema=("sync.schema", "LANE_SCHEMA"),
    trial=(
        "edge.lane",
        "edge.cli",
        "devices.reader_child",
        "devices.voice.webrtc",
        "cv2",
        "onnxruntime",
        "av",
        "lgpio",
        "serial",
        "pymodbus",
        "onvif",
        "pygame",
    ),
    units=("rocars-lane*", "*-rocars-lane.rules"),
    examples=("lane.toml", "answers.toml.example"),
)

CORE = Product(
    name="rocars-core",
    says="the central side of the customs lanes",
    rooms=("core", "wire", "runtime", "domain"),
    libraries=(*_LINK, "psycopg", "argon2-cffi", "pyotp", "opencc", "pypdf", *_COMMANDS),
    entry=("core.cli.app", "main"),
    schema=("core.ledger.store", "CORE_SCHEMA"),
    trial=("core.cli.app", "core.service", "paho.mqtt.client", "psycopg", "opencc", "argon2", "pyotp", "pypdf"),
    units=("rocars-core*",),
    examples=(
        "core.toml.example",
        "mosquitto.conf.example",
        "mosquitto.acl.example",
        "postgresql.conf.example",
        "repmgr.conf.example",
    ),
)

WALL = Product(
    name="rocars-wall",
    says="the wall of lanes of a control point",
    rooms=("wall", "console", "display", "lane_agent", "wire", "runtime", "domain"),
    libraries=(
        *_LINK,
        "pygame-ce",
        "pyserial",  # of the room `display`, for its boards of LEDs; a wall opens no line
        "httpx",
        "av",
        "joserfc",
        "weasyprint",
        "markupsafe",
        "starlette",
        "uvicorn",
        "jinja2",
        "python-multipart",
        "argon2-cffi",
        "typer",
    ),
    entry=("wall.cli", "main"),
    schema=("wall.store", "WALL_SCHEMA"),
    trial=("wall.cli", "wall.process", "wall.camera_child", "weasyprint", "httpx", "av", "paho.mqtt.client", "pygame"),
    units=("rocars-wall*",),
    examples=("wall.toml.example",),
)

PRODUCTS = (LANE, CORE, WALL)
