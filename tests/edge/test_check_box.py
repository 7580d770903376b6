"""What the checks of the box itself find, on a box made of folders."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devices.anpr.weights import SHIPPED
from devices.errors import DeviceError
from devices.gpio import look_at_chip
from devices.settings import CameraKind, CameraSettings
from devices.simulated.rtsp_camera import RtspCamera
from edge.checks import box as checks_box
from edge.checks.findings import Finding, Severity, Surroundings
from edge.checks.probe import look_through_camera
from edge.health import DiskRoom
from edge.settings.load import Settings, load, parse
from runtime.clocks import ClockState, kernel_clock
from tests.rigs.films import access_units

Check = Callable[[Settings, Surroundings], Iterator[Finding]]
FILES = sorted(SHIPPED.glob("*.onnx"))
"""Of the networks, and of the one that has eight bits as well."""


def box(root: Path, **given: Any) -> Surroundings:
    """A healthy box whose dev/ and sys/ are under `root`."""
    return replace(
        Surroundings(
            camera=lambda _: "20 frames in 2 s, 1280 x 720",
            clock=lambda: ClockState(synchronised=True, error_ms=3),
            installed=lambda _: True,
            root=root,
        ),
        **given,
    )


def found(check: Check, folder: Any, around: Surroundings) -> list[tuple[Severity, str, str]]:
    """Level, what and remedy of each finding."""
    return [(each.level, each.what, each.remedy) for each in check(load(folder.file), around)]


def test_a_missing_package_is_named_with_its_command(lane_folder: Any) -> None:
    """A demonstration needs the broker, every lane the font."""
    seen = found(checks_box.packages, lane_folder, box(lane_folder.folder, installed=lambda name: name == "mosquitto"))
    assert seen == [
        (Severity.FAULT, "not installed", "apt-get install --no-install-recommends fonts-noto-cjk"),
        (Severity.OK, "installed", ""),
    ]


def test_what_a_voice_needs_is_asked_of_lanes_that_have_one(lane_folder: Any) -> None:
    """The package only suggests it."""
    with lane_folder.file.open("a") as file:
        file.write('\n[voice]\npage = true\nprompts = { speak = "all" }\nsocket = "voice.sock"\n')
    there = {"fonts-noto-cjk", "mosquitto", "pulseaudio-utils"}
    seen = found(checks_box.packages, lane_folder, box(lane_folder.folder, installed=there.__contains__))
    assert [remedy.split()[-1] for level, _, remedy in seen if level is Severity.FAULT] == ["pulseaudio", "espeak-ng"]


def test_our_package_of_the_screens_stands_for_debians(lane_folder: Any) -> None:
    """A lane that was installed with it has no package fonts-noto-cjk, and its files all the same."""
    ours = {"rocars-screens", "mosquitto"}
    seen = found(checks_box.packages, lane_folder, box(lane_folder.folder, installed=lambda name: name in ours))
    assert [level for level, *_ in seen] == [Severity.OK, Severity.OK]


def test_a_box_without_dpkg_is_only_warned(lane_folder: Any) -> None:
    """Not knowing is not a fault."""
    levels = [
        level
        for level, *_ in found(checks_box.packages, lane_folder, box(lane_folder.folder, installed=lambda _: None))
    ]
    assert levels == [Severity.WARNING, Severity.WARNING]


def test_dpkg_knows_itself_and_not_a_package_that_never_was() -> None:
    """The real question to the real dpkg, where there is one."""
    assert checks_box.dpkg_installed("dpkg") in (True, None)
    assert checks_box.dpkg_installed("no-such-package-of-the-lane") in (False, None)


def test_a_store_that_can_be_written_says_how_fast(lane_folder: Any) -> None:
    """The probe leaves nothing behind."""
    before = sorted((lane_folder.folder / "demo").iterdir())
    seen = found(checks_box.store, lane_folder, box(lane_folder.folder))
    assert "durable write in" in seen[0][1] or "a durable write took" in seen[0][1]
    assert all(level is not Severity.FAULT for level, *_ in seen)
    assert sorted((lane_folder.folder / "demo").iterdir()) == before


def test_a_store_whose_folder_went_away_is_a_fault(lane_folder: Any) -> None:
    """The folder was there when the settings were read, and is gone."""
    settings = load(lane_folder.file)
    (lane_folder.folder / "demo").rename(lane_folder.folder / "moved")
    (finding,) = checks_box.store(settings, box(lane_folder.folder))
    assert finding.level is Severity.FAULT
    assert "check disk, mount and owner" in finding.remedy


def test_a_slow_disk_is_told(lane_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every effect waits for the disk."""
    monkeypatch.setattr(checks_box, "look", lambda *_: DiskRoom(write_ms=900.0, free_mb=50_000, wear_percent=None))
    assert found(checks_box.store, lane_folder, box(lane_folder.folder))[0][0] is Severity.WARNING


def test_worn_flash_and_little_room_are_told(lane_folder: Any) -> None:
    """The worst of the two estimators of any eMMC counts."""
    life = lane_folder.folder / "sys/block/mmcblk0/device"
    life.mkdir(parents=True)
    (life / "life_time").write_text("0x02 0x0a\n")
    lane_folder.change("[console]", "[health]\nmin_free_mb = 1\nwarn_free_mb = 1000000\n[console]")
    seen = found(checks_box.store, lane_folder, box(lane_folder.folder))
    assert (Severity.WARNING, "100 % of its life used", "replace the flash soon") in seen
    assert any(level is Severity.WARNING and "keep 1000000 MB free" in remedy for level, _, remedy in seen)


def test_the_camera_is_told_in_its_own_words(lane_folder: Any) -> None:
    """What the camera's own opening says is passed on, with the section to look at."""

    def broken(_: CameraSettings) -> str:
        raise DeviceError("no frame within 3 s")

    assert found(checks_box.camera, lane_folder, box(lane_folder.folder))[0] == (
        Severity.OK,
        "20 frames in 2 s, 1280 x 720",
        "",
    )
    (seen,) = found(checks_box.camera, lane_folder, box(lane_folder.folder, camera=broken))
    assert seen[0] is Severity.FAULT
    assert "no frame within 3 s" in seen[1]
    (seen,) = found(checks_box.camera, lane_folder, box(lane_folder.folder, camera=None))
    assert seen[0] is Severity.WARNING


def test_models_are_compared_with_their_paper_of_origin_and_then_run(lane_folder: Any) -> None:
    """A model file cut short by a full disk must not be read with."""
    shutil.copytree(SHIPPED, lane_folder.folder / "mine")
    lane_folder.change("release_threshold = 0.9", 'weights = "mine"')
    seen = found(checks_box.models, lane_folder, box(lane_folder.folder))
    assert [level for level, *_ in seen] == [Severity.OK] * (len(FILES) + 1)
    assert seen[-1][1] == "onnxruntime runs all of them"
    (lane_folder.folder / "mine/recogniser.onnx").write_bytes(b"cut")
    (seen_cut,) = found(checks_box.models, lane_folder, box(lane_folder.folder))
    assert seen_cut[0] is Severity.FAULT
    assert "reinstall the software" in seen_cut[2]


def test_no_model_at_all_is_a_fault(lane_folder: Any) -> None:
    """An empty folder reads no plates."""
    (lane_folder.folder / "empty").mkdir()
    lane_folder.change("release_threshold = 0.9", 'weights = "empty"')
    (seen,) = found(checks_box.models, lane_folder, box(lane_folder.folder))
    assert seen[0] is Severity.FAULT
    assert "[reader] weights" in seen[2]


def test_an_engine_that_cannot_be_loaded_is_a_fault_with_its_command(
    lane_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models are sound; what was chosen to run them is there and does not load."""
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails, installed or not
    lane_folder.change('engine = "onnxruntime"', 'engine = "easyocr"')
    *models, missing = checks_box.models(parse(lane_folder.file), box(lane_folder.folder))
    assert [each.level for each in models] == [Severity.OK] * len(FILES)
    assert missing.level is Severity.FAULT
    assert missing.what.startswith("the reader engine easyocr cannot be loaded (")
    assert missing.remedy.startswith(f"install it with {sys.executable} -m pip install 'rocars-lane[easyocr]'")


def test_simulated_contacts_are_called_simulated(lane_folder: Any) -> None:
    """Nobody should take a demonstration for a lane."""
    assert "SIMULATED" in found(checks_box.contacts, lane_folder, box(lane_folder.folder))[0][1]


def test_a_gpio_chip_that_is_missing_is_named_with_its_key(lane_folder: Any) -> None:
    """The chip is looked for where the kernel puts it."""
    lane_folder.change('board = "simulated"', 'board = "gpio"\nchip = 4')
    (seen,) = found(checks_box.contacts, lane_folder, box(lane_folder.folder))
    assert seen[0] is Severity.FAULT
    assert seen[1].endswith("dev/gpiochip4 is not there")
    assert "contacts.chip" in seen[2]
    (lane_folder.folder / "dev").mkdir()
    (lane_folder.folder / "dev/gpiochip4").touch()
    assert found(checks_box.contacts, lane_folder, box(lane_folder.folder))[0][0] is Severity.OK


def test_pins_without_a_driver_are_a_fault_though_the_chip_is_there(
    lane_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default board of a lane, on a box whose software lacks lgpio: it said ok, and the lane was deaf."""
    lane_folder.change('board = "simulated"', 'board = "gpio"\nchip = 4')
    (lane_folder.folder / "dev").mkdir()
    (lane_folder.folder / "dev/gpiochip4").touch()
    monkeypatch.setitem(sys.modules, "lgpio", None)  # an import of it fails, installed or not
    (seen,) = found(checks_box.contacts, lane_folder, box(lane_folder.folder, chip=look_at_chip))
    assert seen[:2] == (Severity.FAULT, "the driver of the pins (lgpio) is not installed")
    assert seen[2].startswith("install rocars-lane again")


def test_the_driver_of_the_pins_is_installed_and_is_asked(lane_folder: Any) -> None:
    """On every architecture, this one included. A file that is no chip is told as the driver tells it."""
    lane_folder.change('board = "simulated"', 'board = "gpio"\nchip = 4')
    (lane_folder.folder / "dev").mkdir()
    (lane_folder.folder / "dev/gpiochip4").touch()
    (seen,) = found(checks_box.contacts, lane_folder, box(lane_folder.folder, chip=look_at_chip))
    assert seen[0] is Severity.FAULT
    assert seen[1].startswith("/dev/gpiochip4 cannot be opened (")


def test_a_remote_board_over_tcp_must_answer(lane_folder: Any) -> None:
    """Connecting is proof of the cable; the port after it is closed is not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        lane_folder.change('board = "simulated"', f'board = "remote"\nport = "socket://127.0.0.1:{port}"')
        assert found(checks_box.contacts, lane_folder, box(lane_folder.folder))[0][0] is Severity.OK
    assert found(checks_box.contacts, lane_folder, box(lane_folder.folder))[0][0] is Severity.FAULT


def test_the_board_of_a_running_lane_is_left_alone(lane_folder: Any) -> None:
    """A board with one line drops the first for a second: the live lane had a fault for our looking."""
    page = load(lane_folder.file).console
    with socket.create_server((page.host, page.port)), socket.create_server(("127.0.0.1", 0)) as board:
        lane_folder.change(
            'board = "simulated"', f'board = "remote"\nport = "socket://127.0.0.1:{board.getsockname()[1]}"'
        )
        (seen,) = found(checks_box.contacts, lane_folder, box(lane_folder.folder))
        board.settimeout(0.2)
        with pytest.raises(TimeoutError):
            board.accept()
    assert seen[0] is Severity.WARNING
    assert "the running lane has it" in seen[1]


def test_a_remote_board_on_a_cable_must_be_there(lane_folder: Any) -> None:
    """A serial device is a file."""
    lane_folder.change('board = "simulated"', 'board = "remote"\nport = "/dev/ttyUSB9"')
    (seen,) = found(checks_box.contacts, lane_folder, box(lane_folder.folder))
    assert seen[0] is Severity.FAULT
    assert "contacts.port" in seen[2]


@pytest.mark.parametrize(
    ("mode", "environment", "level"),
    [
        ("headless", {}, Severity.OK),
        ("window", {"DISPLAY": ":0"}, Severity.OK),
        ("window", {}, Severity.FAULT),
    ],
)
def test_there_must_be_something_to_paint_on(
    lane_folder: Any, mode: str, environment: dict[str, str], level: Severity
) -> None:
    """A window needs a desktop."""
    lane_folder.change('mode = "headless"', f'mode = "{mode}"')
    (seen,) = found(checks_box.screens, lane_folder, box(lane_folder.folder, environment=environment))
    assert seen[0] is level


def edid(maker: str, name: str) -> bytes:
    """What a monitor says of itself."""
    letters = sum((ord(letter) - 64) << shift for letter, shift in zip(maker, (10, 5, 0), strict=True))
    block = b"\0\0\0\xfc\0" + name.encode().ljust(13, b"\n")[:13]
    return (b"\0" * 8 + letters.to_bytes(2, "big")).ljust(72, b"\0") + block.ljust(56, b"\0")


def full_screens(lane_folder: Any, monitors: dict[str, bytes | None]) -> list[Any]:
    """What is found of a lane on full screens, on a box with these connectors; None: nothing is plugged in there."""
    lane_folder.change('mode = "headless"', 'mode = "fullscreen"')
    lane_folder.change("height = 512", 'height = 512, output = "HDMI-A-1", monitor = "LED 98"')
    lane_folder.change("height = 600", 'height = 600, output = "HDMI-A-2"')
    for name, said in monitors.items():
        folder = lane_folder.folder / f"sys/class/drm/card1-{name}"
        folder.mkdir(parents=True)
        (folder / "status").write_text("disconnected\n" if said is None else "connected\n")
        (folder / "edid").write_bytes(said or b"")
    return found(checks_box.screens, lane_folder, box(lane_folder.folder))


def test_both_connectors_need_their_monitors_and_a_compositor(lane_folder: Any) -> None:
    """A card alone is not enough: without a compositor one screen at most can be lit."""
    (lane_folder.folder / "demo").chmod(0o2750)
    (lane_folder.folder / "run/rocars-lane-compositor").mkdir(parents=True)
    (lane_folder.folder / "run/rocars-lane-compositor/wayland-0").touch()
    seen = full_screens(lane_folder, {"HDMI-A-1": edid("ACM", "LED 98"), "HDMI-A-2": edid("NEC", "P15")})
    assert {level for level, *_ in seen} == {Severity.OK}
    assert [what for _, what, _ in seen[:2]] == ["HDMI-A-1 has 'ACM LED 98'", "HDMI-A-2 has 'NEC P15'"]


def test_a_shadow_needs_neither_monitors_nor_a_compositor(lane_folder: Any) -> None:
    """It shows nothing, so a box without a screen is right for it."""
    lane_folder.change('id = "', 'mode = "shadow"\nid = "')
    assert full_screens(lane_folder, {}) == [(Severity.OK, "none: a shadow shows nothing", "")]


def test_swapped_pulled_and_unknown_connectors_are_told(lane_folder: Any) -> None:
    """With what the box has, so that the right name need not be looked for; and a folder the screens cannot enter."""
    seen = full_screens(lane_folder, {"HDMI-A-1": edid("NEC", "P15"), "HDMI-A-2": None})
    assert {level for level, *_ in seen} == {Severity.FAULT}
    text = " ".join(f"{what}: {remedy}" for _, what, remedy in seen)
    assert "HDMI-A-1 has 'NEC P15', not 'LED 98': swap the cables" in text
    assert "no monitor on HDMI-A-2" in text
    assert "their user cannot reach a socket in" in text
    assert "systemctl status rocars-lane-compositor" in text


def test_a_connector_the_box_does_not_have_is_told(lane_folder: Any) -> None:
    """A mistyped name, or another card."""
    seen = full_screens(lane_folder, {"DP-1": edid("NEC", "P15")})
    assert "HDMI-A-1 is no connector of this box: those with a monitor: DP-1 'NEC P15'" in ": ".join(seen[0][1:])


def test_a_real_lane_without_a_screen_is_a_fault(lane_folder: Any) -> None:
    """Headless is for demonstrations: no driver would see anything."""
    settings = load(lane_folder.file)
    real = type(settings)(
        **{name: getattr(settings, name) for name in settings.__struct_fields__} | {"simulation": False}
    )
    (finding,) = checks_box.screens(real, box(lane_folder.folder))
    assert finding.level is Severity.FAULT


@pytest.mark.parametrize(
    ("given", "level", "says"),
    [
        ({}, Severity.OK, "at most 3 ms off"),
        ({"clock": lambda: ClockState(synchronised=False, error_ms=16_000)}, Severity.WARNING, "not synchronised"),
        ({"utc": lambda: datetime(2000, 1, 1, tzinfo=UTC)}, Severity.FAULT, "2000-01-01"),
    ],
)
def test_the_clock_is_told(lane_folder: Any, given: dict[str, Any], level: Severity, says: str) -> None:
    """A box without a battery clock starts weeks back, and TLS calls every certificate not yet valid."""
    (seen,) = found(checks_box.clock, lane_folder, box(lane_folder.folder, **given))
    assert seen[0] is level
    assert says in seen[1]


def test_a_kernel_that_hides_its_clock_is_a_warning(lane_folder: Any) -> None:
    """A sandbox may forbid the question."""

    def hidden() -> ClockState:
        raise PermissionError(1, os.strerror(1))

    assert found(checks_box.clock, lane_folder, box(lane_folder.folder, clock=hidden))[0][0] is Severity.WARNING


def test_this_machines_own_clock_state_can_be_read() -> None:
    """The structure handed to the kernel has the right layout: the error it gives is no nonsense."""
    state = kernel_clock()
    assert 0 <= state.error_ms <= 16_000_000


def test_after_a_look_no_thread_decodes_any_more() -> None:
    """One that did while the interpreter went down ended a check that had found everything in order with a SIGSEGV."""
    with RtspCamera(access_units(20, every=10, fps=10), fps=10) as camera:
        url = f"rtsp://127.0.0.1:{camera.port}/lane"
        said = look_through_camera(CameraSettings(kind=CameraKind.RTSP, url=url))
        left = [thread for thread in threading.enumerate() if thread.name == "camera"]
    assert said.startswith("gives pictures of")
    assert not left
