"""Rules between keys, and the files that the settings name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from devices.settings import CameraKind, CameraSettings
from edge.settings.load import LaneSettingsError, load, parse


def wrong(folder: Any) -> list[str]:
    """The problems as "key: what; remedy"."""
    with pytest.raises(LaneSettingsError) as error:
        load(folder.file)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "[[link.brokers]]",
            "offline_s = 2\n[[link.brokers]]",
            "link.offline_s: 2 s is shorter than link.fresh_s (3 s); make offline_s at least fresh_s; the design says 3 and 5",
        ),
        (
            "[[link.brokers]]",
            "fresh_s = 1\n[[link.brokers]]",
            "link.fresh_s: 1 s is too short; more than 1 s: a proof comes each second",
        ),
        (
            'host = "127.0.0.1"',
            'host = "10..20.0.5"',
            'link.brokers[0].host: is the text "10..20.0.5"; write a host name or address, such as "10.20.0.5"',
        ),
        (
            'host = "127.0.0.1"',
            'host = "10.1.1.1"',
            "link.brokers[0].host: 10.1.1.1 is reached over the network without TLS; add link.authority, link.certificate and link.key",
        ),
        (
            '[[link.brokers]]\nhost = "127.0.0.1"\nport = 18830',
            "brokers = []",
            "link.brokers: is empty; add a section [[link.brokers]] with host and port",
        ),
        (
            "port = 18830",
            'port = 18830\n[[link.brokers]]\nhost = "127.0.0.1"\nport = 18830',
            "link.brokers[1]: is listed twice; remove one; a second broker is another machine",
        ),
        (
            "line = 4",
            "line = 3",
            "contacts.inputs.help.line: line 3 is also that of contacts.inputs.unladen; give each its own line",
        ),
        (
            "line = 16",
            "line = 3",
            "contacts.outputs.bell.line: line 3 is also that of contacts.inputs.unladen; give each its own line",
        ),
        (
            "compound_loop        =",
            "# compound_loop =",
            'contacts.inputs.compound_loop: is missing, and policy.compound_loop = true needs it; add compound_loop = { line = ..., active = "low" }, or change the policy',
        ),
        (
            "drop_box             =",
            "# drop_box =",
            'contacts.inputs.drop_box: is missing, and policy.manifest = "sensor" needs it; add drop_box = { line = ..., active = "low" }, or change the policy',
        ),
        (
            "unladen              =",
            "# unladen =",
            'contacts.inputs.unladen: is missing; add unladen = { line = ..., active = "low" }',
        ),
        (
            'socket = "demo/contacts.sock"',
            "",
            'contacts.socket: is missing for board simulated; add socket = "contacts.sock"',
        ),
        (
            'board = "simulated"',
            'board = "remote"',
            'contacts.port: is missing for board remote; add port = "/dev/ttyUSB0" or "socket://host:port"',
        ),
        ('kind = "simulated"', 'kind = "rtsp"', 'camera.url: does not fit kind rtsp; write url = "rtsp://..."'),
        (
            'path = "demo/camera.sock"',
            "",
            "camera.path: is missing for kind simulated; add path = the device, file or folder",
        ),
        (
            "fps = 10",
            "fps = 10\nregion = [0.5, 0, 0.6, 1]",
            "camera.region: reaches outside the picture; left + width and top + height are at most 1",
        ),
        (
            "fps = 10",
            "fps = 10\nregion = [0, 0, 1, 0, 1]",
            "camera.region: has 5 numbers; give 4 (left, top, width, height) or x and y of three or more corners",
        ),
        (
            "compound_loop = true",
            "compound_loop = true\nlimits = { raed = 3 }",
            "policy.limits.raed: is no waiting stage of the lane; did you mean read?",
        ),
        (
            "[console]",
            "[health]\nmin_free_mb = 5000\n[console]",
            "health.warn_free_mb: is below health.min_free_mb; warn before it is a fault: write more",
        ),
        (
            "[console]",
            '[console]\nhost = "10.1.1.1"',
            "console.host: 10.1.1.1 can be reached from outside; set tls_certificate and tls_key, or 127.0.0.1",
        ),
    ],
)
def test_an_impossible_value_is_told_with_its_reason(lane_folder: Any, old: str, new: str, line: str) -> None:
    """Values that are each possible can be impossible together."""
    lane_folder.change(old, new)
    assert line in wrong(lane_folder)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "[[link.brokers]]",
            "fresh_s = 86400\noffline_s = 86400\n[[link.brokers]]",
            "link.fresh_s: 86400 s is longer than the law allows; write 3 or less: older proofs prove nothing (design §3)",
        ),
        (
            "[[link.brokers]]",
            "offline_s = 5.1\n[[link.brokers]]",
            "link.offline_s: 5.1 s is longer than the law allows; write 5 or less: older proofs prove nothing (design §3)",
        ),
        (
            "compound_loop = true",
            "compound_loop = true\nconfirm_s = 3600",
            (
                "policy.confirm_s: 3600 s is longer than the law allows; "
                "write 0.5 or less: both screens confirm 3 in that time, or it is taken back (design §2.2)"
            ),
        ),
        (
            "compound_loop = true",
            "compound_loop = true\npaint_s = 11",
            (
                "policy.paint_s: 11 s is longer than the law allows; "
                "write 10 or less: a screen that takes longer is at fault (design §2.2)"
            ),
        ),
        (
            "compound_loop = true",
            "compound_loop = true\nhelp_stuck_s = 60",
            (
                "policy.help_stuck_s: 60 s is longer than the law allows; "
                "write 10 or less: held for longer it is a stuck button (design §2.10)"
            ),
        ),
        (
            "compound_loop = true",
            "compound_loop = true\nlimits = { claim = 86400 }",
            (
                "policy.limits.claim: 86400 s is longer than the law allows; "
                "write 600 or less: nothing waits for ever (design §2.9)"
            ),
        ),
        (
            "release_threshold = 0.9",
            "release_threshold = 0.01",
            (
                "reader.release_threshold: 0.01 is too low; "
                "write 0.9 or more: below it misreads were measured, and they would release"
            ),
        ),
        (
            "[console]",
            '[identifier]\nkind = "mqtt"\nfresh_s = 86400\n[console]',
            (
                "identifier.fresh_s: 86400 s is longer than the law allows; "
                "write 3 or less: an older reading may be of the vehicle before"
            ),
        ),
        (
            "simulation = true",
            "simulation = false",
            (
                "screens.mode: headless is no screen of a real lane: no driver sees anything; "
                'use mode = "fullscreen"; a demonstration says simulation = true in its own file'
            ),
        ),
    ],
)
def test_a_value_that_would_unmake_the_law_is_refused_by_name(lane_folder: Any, old: str, new: str, line: str) -> None:
    """A site may be stricter than the law, and no laxer (attack A14)."""
    lane_folder.change(old, new)
    assert line in wrong(lane_folder)


def test_the_laws_own_values_pass(lane_folder: Any) -> None:
    """As they stand, and stricter."""
    lane_folder.change("compound_loop = true", "compound_loop = true\nconfirm_s = 0.5\nhelp_stuck_s = 10")
    lane_folder.change("[[link.brokers]]", "fresh_s = 3\noffline_s = 5\n[[link.brokers]]")
    assert wrong_or_none(lane_folder) == []


def wrong_or_none(folder: Any) -> list[str]:
    """The problems, none where the file can be used."""
    try:
        load(folder.file)
    except LaneSettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_real_lane_takes_neither_a_simulated_camera_nor_simulated_contacts(lane_folder: Any) -> None:
    """Simulation is a different file, never a part of a real lane's."""
    lane_folder.change("simulation = true", "simulation = false")
    keys = {line.split(":")[0] for line in wrong(lane_folder)}
    assert keys == {"camera.kind", "contacts.board", "screens.mode"}


@pytest.mark.parametrize("kind", ["folder", "video"])
def test_a_folder_of_pictures_is_no_camera_of_a_real_lane(lane_folder: Any, kind: str) -> None:
    """Yesterday's trucks must not release today's."""
    lane_folder.change('kind = "simulated"', f'kind = "{kind}"')
    lane_folder.change("simulation = true", "")
    assert any(line.startswith(f"camera.kind: {kind} is no camera of a real lane") for line in wrong(lane_folder))


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("rtsp://", "camera.url: names no host, or a port that does not exist; "),
        ("rtsp:///lane", "camera.url: names no host, or a port that does not exist; "),
        ("rtsp://10..20.7.21/lane", "camera.url: names no host, or a port that does not exist; "),
        ("rtsp://10.20.7.21:70000/lane", "camera.url: names no host, or a port that does not exist; "),
        ("rtsp://admin:pa#ss@10.20.7.21/lane", "camera.url: has a login in it, which would stand in logs"),
        ("rtsp://10.20.7.21/lane one", "camera.url: has a blank in it; "),
        (" rtsp://10.20.7.21/lane", "camera.url: has a blank in it; "),
        ("rtsp://10.20.7.21/l\u00a0", "camera.url: has <U+00A0 NO-BREAK SPACE> in it; "),
        ("http://10.20.7.21/lane", 'camera.url: does not fit kind rtsp; write url = "rtsp://..."'),
    ],
)
def test_a_url_that_reaches_no_camera_is_told(lane_folder: Any, url: str, line: str) -> None:
    """Before anybody waits for its pictures."""
    lane_folder.change('kind = "simulated"\npath = "demo/camera.sock"', f'kind = "rtsp"\nurl = "{url}"')
    (found,) = wrong(lane_folder)
    assert found.startswith(line)


@pytest.mark.parametrize("url", ["rtsp://10.20.7.21/lane", "rtsps://camera-7.lan:554/lane%401", "rtsp://[fd00::7]/"])
def test_a_url_that_names_a_camera_is_taken(lane_folder: Any, url: str) -> None:
    """With a name, a password, a port, an address of either kind."""
    lane_folder.change('kind = "simulated"\npath = "demo/camera.sock"', f'kind = "rtsp"\nurl = "{url}"')
    assert load(lane_folder.file).camera.place == url


@pytest.mark.parametrize(
    "corners", ["0.1, 0.1, 0.9, 0.9, 0.5, 0.5", "0, 0, 1, 1, 1, 0, 0, 1"], ids=["a line", "crossing sides"]
)
def test_corners_around_nothing_are_told(lane_folder: Any, corners: str) -> None:
    """The reader would see no plate, ever."""
    lane_folder.change("fps = 10", f"fps = 10\nregion = [{corners}]")
    assert wrong(lane_folder) == ["camera.region: has no area; give the corners in their order around the lane"]


@pytest.mark.parametrize("box", ["0.5, 0.5, 0.0001, 0.0001", "0, 0, 1, 0.000000001"])
def test_a_box_that_nothing_fits_into_is_refused(lane_folder: Any, box: str) -> None:
    """The reader process would end on it, again and again."""
    lane_folder.change("fps = 10", f"fps = 10\nregion = [{box}]")
    remedy = "give the lane's part of the picture; a plate has to fit into it"
    assert wrong(lane_folder) == [f"camera.region: has no area; {remedy}"]


def test_a_region_with_corners_in_order_is_taken(lane_folder: Any) -> None:
    """In either direction around the lane."""
    lane_folder.change("fps = 10", "fps = 10\nregion = [0.1, 0.1, 0.9, 0.2, 0.5, 0.9]")
    assert load(lane_folder.file).camera.zone == (0.1, 0.1, 0.9, 0.2, 0.5, 0.9)


@pytest.mark.parametrize("port", ["socket://", "socket://10.20.7.9:x", "tty USB0", "ttyUSB0", "usb://1"])
def test_a_cable_that_leads_nowhere_is_told(lane_folder: Any, port: str) -> None:
    """Of the contacts and of the identifier alike."""
    lane_folder.change('board = "simulated"', f'board = "remote"\nport = "{port}"')
    lane_folder.change("[screens]", f'[identifier]\nkind = "serial"\nport = "{port}"\n\n[screens]')
    device = 'write a device such as "/dev/ttyUSB0"'
    assert wrong(lane_folder) == [
        f'contacts.port: is the text "{port}"; {device}, "socket://host:port", or for board modbus "tcp://host:502"',
        f'identifier.port: is the text "{port}"; {device}, or "socket://host:port"',
    ]


def test_a_modbus_module_is_on_a_cable_or_at_an_address(lane_folder: Any) -> None:
    """Its inputs and its coils are counted apart, so both may be number 3; what it needs is said."""
    lane_folder.change('board = "simulated"', 'board = "modbus"\nport = "tcp://10.20.7.9"')
    lane_folder.change("[contacts.outputs]", '[contacts.modbus]\nunit = 3\ncounters = "coils"\n\n[contacts.outputs]')
    lane_folder.change("line = 16", "line = 3")
    remedy = 'write "input_registers" or "holding_registers"'
    assert wrong(lane_folder) == [f"contacts.modbus.counters: coils hold single bits; {remedy}"]
    lane_folder.change('counters = "coils"', "poll_ms = 10")
    settings = load(lane_folder.file)
    assert (settings.contacts.modbus.unit, settings.contacts.modbus.poll_ms, settings.contacts.apart) == (3, 10, True)
    lane_folder.change("tcp://10.20.7.9", "socket://10.20.7.9:502")
    assert wrong(lane_folder) == ['contacts.port: is no Modbus module; write port = "tcp://host:502" or "/dev/ttyUSB0"']


def test_only_a_modbus_module_has_counters_and_a_tcp_port(lane_folder: Any) -> None:
    """On another board they would be silently without use."""
    lane_folder.change('board = "simulated"', 'board = "remote"\nport = "tcp://10.20.7.9:502"')
    lane_folder.change("line = 3,", "line = 3, counter = 3,")
    assert wrong(lane_folder) == [
        'contacts.port: tcp:// is for board modbus; write "socket://host:port", or board = "modbus"',
        "contacts.inputs.unladen.counter: is of no use to board remote; remove it: only a Modbus module counts",
    ]


def test_the_pins_of_the_box_end_at_27(lane_folder: Any) -> None:
    """Board gpio is the header of a Raspberry Pi; what a remote board has, only that board knows."""
    lane_folder.change('board = "simulated"', 'board = "gpio"')
    lane_folder.change("line = 16", "line = 27")
    lane_folder.change("line = 3", "line = 28")
    remedy = "write the BCM number of the line, 0 to 27"
    assert wrong(lane_folder) == [f"contacts.inputs.unladen.line: board gpio has no line 28; {remedy}"]


@pytest.mark.parametrize(
    ("contact", "ms", "lost", "below"),
    [("immigration_cleared", 100, "press", 100), ("help", 5_000, "press", 100), ("exit_loop", 1_000, "passage", 1_000)],
)
def test_a_filter_that_swallows_what_it_waits_for_is_told(
    lane_folder: Any, contact: str, ms: int, lost: str, below: int
) -> None:
    """A level must last longer than the filter, or it never counts."""
    before = next(line for line in lane_folder.file.read_text().splitlines() if line.startswith(contact))
    lane_folder.change(before, before.split("stable_ms")[0] + f"stable_ms = {ms} }}")
    key = f"contacts.inputs.{contact}.stable_ms"
    assert wrong(lane_folder) == [f"{key}: {ms} ms swallows a short {lost}; write less than {below}, such as 30"]
    lane_folder.change(f"stable_ms = {ms}", f"stable_ms = {below - 1}")
    assert load(lane_folder.file).contacts.inputs


def test_both_screens_on_one_output_are_told(lane_folder: Any) -> None:
    """One would cover the other, and each would call itself painted."""
    lane_folder.change('mode = "headless"', 'mode = "fullscreen"')
    lane_folder.change("height = 512", 'height = 512, output = "HDMI-A-1"')
    lane_folder.change("height = 600", 'height = 600, output = "HDMI-A-1"')
    problem = (
        'HDMI-A-1 is also that of screens.xdb, and each fills it; give each its own, such as "HDMI-A-1" and "HDMI-A-2"'
    )
    assert wrong(lane_folder) == [f"screens.aiop.output: {problem}"]
    lane_folder.change('600, output = "HDMI-A-1"', '600, output = "HDMI-A-2"')
    assert load(lane_folder.file).screens.in_units


def test_a_full_screen_without_its_connector_is_told(lane_folder: Any) -> None:
    """By number of display, the order of two cables would decide which screen is which."""
    lane_folder.change('mode = "headless"', 'mode = "fullscreen"')
    remedy = 'add output = "HDMI-A-1", or whichever connector it is on: ls /sys/class/drm'
    assert wrong(lane_folder) == [
        f"screens.{screen}.output: is missing, and a full screen needs it; {remedy}" for screen in ("xdb", "aiop")
    ]


def test_the_number_of_a_display_is_refused_with_what_to_write(lane_folder: Any) -> None:
    """It was a key once, and nothing read it."""
    lane_folder.change("height = 512", "height = 512, display = 1")
    assert wrong(lane_folder) == [
        "screens.xdb.display: is no known key; remove it; known here: height, led, monitor, output, width"
    ]


def test_a_screen_of_no_such_size_is_told(lane_folder: Any) -> None:
    """The process of that screen would end at once, and again."""
    lane_folder.change("width = 800, height = 600", "width = 800, height = 800")
    assert wrong(lane_folder) == [
        "screens.aiop: there is no AIOP 800x800; the panel is 4:3, from 320x240 to 1600x1200 pixels"
    ]


def test_a_silence_that_a_screen_does_not_take_is_told(lane_folder: Any) -> None:
    """`python -m display` takes no more than ten seconds."""
    lane_folder.change('mode = "headless"', 'mode = "headless"\nsilent_s = 11')
    assert wrong(lane_folder) == ["screens.silent_s: is the number 11; write a number of seconds, 0.2 to 10"]


def test_an_engine_that_is_not_installed_is_told_with_its_extra(
    lane_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example may name it; this box cannot run it."""
    monkeypatch.setitem(sys.modules, "torch", None)  # nowhere to be found, installed or not
    monkeypatch.setitem(sys.modules, "easyocr", None)
    lane_folder.change('engine = "onnxruntime"', 'engine = "easyocr"')
    (line,) = wrong(lane_folder)
    assert line.startswith("reader.engine: easyocr is not installed (no module easyocr and no torch); install it with ")
    assert "pip install 'rocars-lane[easyocr]'" in line
    assert parse(lane_folder.file).reader.engine == "easyocr"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a secret\nand another\n", "has 2 lines"),
        (b"", "has 0 lines"),
        ("\ufeffa secret\n".encode(), "begins with a byte order mark"),
        (b"a secret \n", "has a blank at an end"),
        (b"s\xe9cret\n", "is not UTF-8 text"),
    ],
)
def test_a_password_file_is_one_line(lane_folder: Any, content: bytes, says: str) -> None:
    """Whatever else is in it would go to the broker as part of the password, which then is wrong; it is never shown."""
    lane_folder.secret("password", content)
    lane_folder.change("[link]", '[link]\npassword_file = "password"')
    (problem,) = wrong(lane_folder)
    assert "link.password_file: " in problem
    assert says in problem
    assert "secret" not in problem


@pytest.mark.parametrize("content", [b"", b'{"officers": {}}'])
def test_an_officers_file_without_an_officer_is_refused(lane_folder: Any, content: bytes) -> None:
    """As one that is missing: in manual mode nobody could let a vehicle go."""
    lane_folder.secret("demo/officers.json", content)
    (problem,) = wrong(lane_folder)
    assert "console.officers: " in problem
    assert "has no officer; add a first officer: rocars-lane officer add NAME" in problem


@pytest.mark.parametrize("name", ["demo/keys/lane.pem", "demo/officers.json"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused_and_chmod_named(lane_folder: Any, name: str, mode: int) -> None:
    """The remedy is a command that can be typed as it stands."""
    path = lane_folder.folder / name
    path.chmod(mode)
    (line,) = wrong(lane_folder)
    assert line.endswith(f"{path} is open to other users; chmod 600 {path}")


def test_tls_keys_and_passwords_are_secrets_too(lane_folder: Any) -> None:
    """Every private file is held to the same rule."""
    lane_folder.certify("lane")
    lane_folder.change(
        "[[link.brokers]]",
        'authority = "demo/lane.pem"\ncertificate = "demo/lane.pem"\nkey = "demo/lane.key"\n'
        'password_file = "demo/password"\n[[link.brokers]]',
    )
    lane_folder.secret("demo/password", b"secret").chmod(0o644)
    (lane_folder.folder / "demo/lane.key").chmod(0o644)
    assert [line.split(":")[0] for line in wrong(lane_folder)] == ["link.key", "link.password_file"]


def test_certificate_and_key_come_together(lane_folder: Any) -> None:
    """Half a pair is no TLS; a pair without an authority checks nobody."""
    lane_folder.certify("lane")
    lane_folder.change("[[link.brokers]]", 'certificate = "demo/lane.pem"\n[[link.brokers]]')
    assert [line.split(":")[0] for line in wrong(lane_folder)] == ["link.key", "link.authority"]


def test_missing_files_are_told_with_what_to_do(lane_folder: Any) -> None:
    """Keys, weights, officers and folders: each with the command or the place."""
    (lane_folder.folder / "demo/keys/lane.pem").unlink()
    (lane_folder.folder / "demo/officers.json").unlink()
    lane_folder.change("release_threshold = 0.9", 'weights = "heavy"')
    lane_folder.change('core_keys = "demo/keys/core"', 'core_keys = "demo/keys/none"')
    lane_folder.change('store = "demo/lane.db"', 'store = "gone/lane.db"')
    lines = wrong(lane_folder)
    assert [line.split(":")[0] for line in lines] == [
        "lane.store",
        "reader.weights",
        "link.lane_key",
        "link.core_keys",
        "console.officers",
    ]
    assert "rocars-lane enrol --config FILE" in lines[2]
    assert "rocars-lane officer add NAME" in lines[4]


def test_a_video_that_is_not_there_is_a_mistake_and_an_unplugged_camera_is_not(lane_folder: Any) -> None:
    """A device may be plugged in later: that is a fault of the lane, told by the lane."""
    lane_folder.change('kind = "simulated"', 'kind = "video"')
    assert any(line.startswith("camera.path:") and "is no video" in line for line in wrong(lane_folder))
    lane_folder.change('kind = "video"', 'kind = "v4l2"')
    assert load(lane_folder.file).camera.path == lane_folder.folder / "demo/camera.sock"


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:planted@10.0.0.9/x",
        "rtsp://admin@10.0.0.9/x",
        "rtsp://10.0.0.9/user=admin&password=planted&channel=1",
        "rtsp://10.0.0.9/x?token=planted",
        "rtsp://admin:pl#ant/ed@10.0.0.9/x",
    ],
)
def test_a_login_in_the_url_of_a_camera_is_refused_and_not_repeated(url: str) -> None:
    """It would stand in every message of the camera, on the page, and in a journal that forbids deletion."""
    (problem,) = CameraSettings(kind=CameraKind.RTSP, url=url).contradictions()
    assert (problem.key, problem.wrong) == ("url", "has a login in it, which would stand in logs and on the page")
    assert "login_file" in problem.remedy
    assert "planted" not in str(problem)


def test_places_for_a_login_in_the_url_need_the_file() -> None:
    """And with it they are no login."""
    url = "rtsp://10.0.0.9/user={user}&password={password}&channel=1"
    (problem,) = CameraSettings(kind=CameraKind.RTSP, url=url).contradictions()
    assert problem.key == "login_file"
    assert not list(CameraSettings(kind=CameraKind.RTSP, url=url, login_file=Path("x")).contradictions())
