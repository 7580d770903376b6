"""What a screen's unit is made of, each part alone: its place, its settings, its kept face, the compositor's messages."""

from __future__ import annotations

import configparser
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from display.faces import FaceStore
from display.settings import DEFAULT_SIZE
from display.unit_loop import SettingsWatch
from display.unit_settings import Remembered, UnitSettings, read
from display.wayland.client import Compositor, WaylandOutput
from display.wayland.place import Wanted, find
from display.wayland.wire import Arguments, Wire
from lane_agent.model import Screen
from simulation.outputs.units import UnitFile
from tests.rigs.places import ROOT

BOARD = WaylandOutput("HDMI-A-1", "ACM LED 98", (1024, 1024), 4)
PANEL = WaylandOutput("HDMI-A-2", "NEC P15", (1024, 768), 5)
SETTINGS = """
[screens]
socket = "/run/agent.sock"
mode = "fullscreen"
silent_s = 3
xdb = { width = 1024, height = 1024, output = "HDMI-A-1", monitor = "LED 98" }
aiop = { width = 800, height = 600, output = "HDMI-A-2" }
"""


def wanted(output: str = "HDMI-A-1", monitor: str = "", size: tuple[int, int] = (1024, 1024)) -> Wanted:
    """The board's."""
    return Wanted(Screen.XDB, output, monitor, size)


def test_a_screen_is_placed_on_its_connector_whatever_the_order() -> None:
    """Cards number their outputs as they like."""
    for outputs in ((BOARD, PANEL), (PANEL, BOARD)):
        place = find(wanted(monitor="LED 98"), outputs)
        assert (place.output, place.size, place.trouble) == (BOARD, (1024, 1024), "")


def test_swapped_cables_are_named_and_get_the_safe_face_only() -> None:
    """Where the right monitor is, is said, so that nobody has to look for it."""
    swapped = (
        WaylandOutput("HDMI-A-1", "NEC P15", (1024, 1024), 4),
        WaylandOutput("HDMI-A-2", "ACM LED 98", (1024, 1024), 5),
    )
    place = find(wanted(monitor="LED 98"), swapped)
    assert place.output == swapped[0]
    assert place.trouble == ("HDMI-A-1 has the monitor 'NEC P15', not 'LED 98', which is on HDMI-A-2: swap the cables")


@pytest.mark.parametrize(
    ("outputs", "seen"), [((), "no output has one"), ((PANEL,), "there is HDMI-A-2 'NEC P15' 1024x768")]
)
def test_a_pulled_monitor_has_no_place_and_what_is_left_is_named(outputs: tuple[WaylandOutput, ...], seen: str) -> None:
    """Never another's."""
    place = find(wanted(), outputs)
    assert place.output is None
    assert place.trouble == f"no monitor on HDMI-A-1; {seen}"


def test_a_sign_larger_than_its_output_is_a_trouble_and_the_face_is_made_to_fit() -> None:
    """A cut message may say the opposite."""
    place = find(Wanted(Screen.XDB, "HDMI-A-2", "", (1024, 1024)), (PANEL,))
    assert (place.output, place.size) == (PANEL, (768, 768))
    assert place.trouble == "HDMI-A-2 has 1024x768 pixels, the sign 1024x1024"
    tiny = WaylandOutput("HDMI-A-2", "", (64, 64), 5)
    assert find(Wanted(Screen.XDB, "HDMI-A-2", "", (1024, 1024)), (tiny,)).output is None


def test_without_settings_each_screen_has_an_output_of_its_own_and_a_trouble() -> None:
    """Both get the face; neither may show an order."""
    unknown = [find(Wanted(screen, "", "", DEFAULT_SIZE[screen]), (BOARD, PANEL)) for screen in Screen]
    assert [place.output for place in unknown] == [BOARD, PANEL]
    assert all(place.trouble for place in unknown)
    assert find(Wanted(Screen.AIOP, "", "", (800, 600)), (BOARD,)).output is None


def test_a_screen_reads_its_own_section_and_a_mistake_elsewhere_darkens_nothing(tmp_path: Path) -> None:
    """Camera, brokers and the rest may be wrong."""
    file = tmp_path / "lane.toml"
    file.write_text(SETTINGS + '[camera]\nkind = "sideways"\n')
    assert read(file, Screen.XDB) == UnitSettings(
        output="HDMI-A-1", monitor="LED 98", size=(1024, 1024), socket="/run/agent.sock", silent_s=3.0
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[screens]", "[screens", "is not TOML"),
        ("width = 800", "width = 801", "there is no AIOP 801x600"),
        (', output = "HDMI-A-2"', "", "screens.aiop.output: is missing"),
        ('"fullscreen"', '"window"', 'is "window"; the screens\' units need "fullscreen"'),
        (SETTINGS, "", "screens: is missing"),
    ],
)
def test_settings_that_cannot_be_used_are_told_and_those_of_before_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, old: str, new: str, says: str
) -> None:
    """The next start as well: they are on the disk."""
    file, remembered = tmp_path / "lane.toml", Remembered(tmp_path, Screen.AIOP)
    file.write_text(SETTINGS)
    before = remembered.or_new(file)
    assert before.output == "HDMI-A-2"
    file.write_text(SETTINGS.replace(old, new))
    assert Remembered(tmp_path, Screen.AIOP).or_new(file) == before
    assert says in caplog.text


def test_with_nothing_remembered_a_screen_hears_nobody(tmp_path: Path) -> None:
    """It does not know who it is."""
    for spoil in (lambda: None, lambda: (tmp_path / "xdb.json").write_text("{")):
        spoil()
        found = Remembered(tmp_path, Screen.XDB).or_new(tmp_path / "missing.toml")
        assert found == UnitSettings(size=DEFAULT_SIZE[Screen.XDB])
    assert Remembered(None, Screen.XDB).or_new(tmp_path / "missing.toml").socket == ""


def test_settings_that_cannot_be_remembered_count_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A full or missing disk."""
    (tmp_path / "lane.toml").write_text(SETTINGS)
    assert Remembered(tmp_path / "no", Screen.XDB).or_new(tmp_path / "lane.toml").output == "HDMI-A-1"
    assert "cannot be remembered" in caplog.text


def test_only_settings_that_differ_end_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saved again, broken, or changed elsewhere: the face stays where it is."""
    file, remembered, now = tmp_path / "lane.toml", Remembered(tmp_path, Screen.XDB), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    file.write_text(SETTINGS)
    watch = SettingsWatch(file, remembered.or_new(file), remembered)

    def after(text: str) -> bool:
        file.write_text(text)
        now[0] += 2
        return watch.changed()

    assert not after(SETTINGS + "\n")
    assert not after("[screens")
    assert not after(SETTINGS.replace("HDMI-A-2", "DP-1"))  # the other screen's
    assert after(SETTINGS.replace("HDMI-A-1", "DP-1"))


def test_a_kept_face_comes_back_whole_or_not_at_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A disk that turned a bit must not put anything else on the board."""
    store, pixels = FaceStore(tmp_path, "xdb"), bytes(range(256)) * 16
    assert store.load((32, 32), simulated=False) is None
    store.keep(pixels, (32, 32), simulated=False)
    assert store.load((32, 32), simulated=False) == pixels
    assert store.load((32, 32), simulated=True) is None
    (file,) = tmp_path.glob("*.face")
    for spoilt in (file.read_bytes()[:-1], b"\1" + file.read_bytes()[1:], b""):
        file.write_bytes(spoilt)
        assert store.load((32, 32), simulated=False) is None
    assert FaceStore(None, "xdb").load((32, 32), simulated=False) is None
    FaceStore(tmp_path / "no", "xdb").keep(pixels, (32, 32), simulated=False)
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("site", ["", "[output]\nname=HDMI-A-1\nmode=1024x1024\n"])
def test_the_compositor_gets_a_shell_without_panel_fading_or_keys_and_what_the_site_says(
    tmp_path: Path, site: str
) -> None:
    """The unit's own command. Its shell's own client stays: it covers with black what a dead screen leaves."""
    for folder in ("run/rocars-lane-compositor", "etc/rocars-lane"):
        (tmp_path / folder).mkdir(parents=True)
    if site:
        (tmp_path / "etc/rocars-lane/outputs.ini").write_text(site)
    places = {f"/{name}/rocars": f"{tmp_path}/{name}/rocars" for name in ("run", "etc")}
    unit = UnitFile(ROOT / "systemd/rocars-lane-compositor.service", elsewhere=places)
    subprocess.run(unit.command("ExecStartPre"), check=False)
    written = (tmp_path / "run/rocars-lane-compositor/weston.ini").read_text()
    parser = configparser.ConfigParser()
    parser.read_string(written)
    assert parser["core"]["require-input"] == "false"
    assert (parser["shell"]["panel-position"], parser["shell"]["startup-animation"]) == ("none", "none")
    assert written.endswith(site)
    assert parser["shell"]["background-color"] == "0xff000000"
    assert "client" not in parser["shell"]


@contextmanager
def compositor(path: Path, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something that listens as a compositor does, and answers as the test wants."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connected, _ = listener.accept()
            with connected:
                answer(connected)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def event(number: int, opcode: int, body: bytes) -> bytes:
    """A message of the compositor."""
    return struct.pack("=II", number, (8 + len(body)) << 16 | opcode) + body


def text(some: str) -> bytes:
    """A string as it travels."""
    raw = some.encode() + b"\0"
    return struct.pack("=I", len(raw)) + raw + b"\0" * (-len(raw) % 4)


def test_messages_that_arrive_in_pieces_are_put_together(tmp_path: Path) -> None:
    """And numbers that are free again are used again: a screen that runs for years must not use up its own."""
    heard: list[tuple[int, int, str]] = []
    message = event(2, 5, struct.pack("=i", -7) + text("HDMI-A-1")) + event(1, 1, struct.pack("=I", 2))

    def answer(connected: socket.socket) -> None:
        for byte in message:
            connected.sendall(bytes([byte]))
        connected.recv(1)

    with compositor(tmp_path / "w", answer):
        wire = Wire(tmp_path / "w")
        first = wire.new(lambda opcode, told: heard.append((opcode, told.integer(), told.text())))
        end = time.monotonic() + 10
        while wire.new(lambda *_: None) != first and time.monotonic() < end:
            wire.receive()
        wire.close()
    assert heard == [(5, -7, "HDMI-A-1")]


def receive_on(wire: Wire) -> None:
    """Takes in what comes, until that is an error."""
    for _ in range(1_000):
        wire.receive()
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (event(1, 0, struct.pack("=II", 3, 1) + text("bad surface")), ConnectionAbortedError, "bad surface"),
        (struct.pack("=II", 2, 3 << 16), ConnectionAbortedError, "speaks no Wayland"),
        (b"", ConnectionResetError, "closed the connection"),
    ],
)
def test_a_compositor_that_refuses_or_goes_is_an_error(
    tmp_path: Path, said: bytes, error: type[ConnectionError], words: str
) -> None:
    """Never silence: the screen has to know that nobody sees it."""
    with compositor(tmp_path / "w", lambda connected: connected.sendall(said)):
        wire = Wire(tmp_path / "w")
        with pytest.raises(error, match=words):
            receive_on(wire)
        wire.close()


def test_a_compositor_that_says_nothing_from_the_start_is_ended(tmp_path: Path) -> None:
    """It accepts and never answers: what an earlier picture of its is still standing on is unknown."""
    program = (
        "import socket, sys, time\n"
        "listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); listener.listen(); time.sleep(60)"
    )
    with subprocess.Popen(["/usr/bin/env", "python3", "-c", program, str(tmp_path / "w")]) as hung:
        while not (tmp_path / "w").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        with pytest.raises(TimeoutError, match="was ended"):
            Compositor(tmp_path / "w", patience_s=0.3, mono_s=time.monotonic)
        assert hung.wait(10) == -9


def test_nobody_listening_is_an_error_and_leaves_no_file_open(tmp_path: Path) -> None:
    """The screen tries again twenty times a second."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(FileNotFoundError):
            Wire(tmp_path / "none")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_null_string_is_empty() -> None:
    """Monitors without a name have one."""
    arguments = Arguments(struct.pack("=II", 0, 9))
    assert (arguments.text(), arguments.uint()) == ("", 9)
