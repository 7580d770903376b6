"""Logins of network cameras, over real RTSP connections on loopback: let in, refused, and never told to anybody."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from devices.camera import Newest
from devices.camera_login import CameraAddress
from devices.dated_picture import CameraError
from devices.settings import CameraKind, CameraSettings
from devices.simulated.rtsp_camera import CameraRefusal, RtspCamera
from runtime.camera_address import read_login
from tests.rigs.films import access_units

_UNITS = access_units(50, every=10, fps=10)
AWKWARD = "p#s/s?w@r:d%41 密碼"
"""Every character that means something in a URL."""


def login(folder: Path, text: str) -> Path:
    """A file of that content."""
    file = folder / "camera-login"
    file.write_text(text, encoding="utf-8")
    return file


def looking(camera: RtspCamera, file: Path | None, path: str = "lane") -> Newest:
    """The camera, being read."""
    url = f"rtsp://127.0.0.1:{camera.port}/{path}"
    return Newest(CameraSettings(kind=CameraKind.RTSP, url=url, login_file=file))


def complaint(newest: Newest) -> str:
    """What is wrong, as soon as it is said."""
    until = time.monotonic() + 10
    while not newest.error and time.monotonic() < until:
        time.sleep(0.02)
    return newest.error


@pytest.mark.parametrize("digest", [True, False])
def test_any_password_is_written_as_it_is(tmp_path: Path, digest: bool) -> None:
    """Nothing is escaped by hand; both ways in which cameras ask."""
    with (
        RtspCamera(_UNITS, login=("admin", AWKWARD), digest=digest) as camera,
        looking(camera, login(tmp_path, f"\ufeffadmin:{AWKWARD}\n")) as newest,
    ):
        assert newest.after(0, 10) is not None, newest.error
        assert camera.logins == 0


def test_a_camera_that_takes_the_login_in_its_path_gets_it_there(tmp_path: Path) -> None:
    """The settings have places in the URL, and not the login."""
    with (
        RtspCamera(_UNITS) as camera,
        looking(camera, login(tmp_path, "admin:p&=x"), "user={user}&password={password}") as newest,
    ):
        assert newest.after(0, 10) is not None, newest.error
    assert camera.paths[0].endswith("/user=admin&password=p%26%3Dx")


def test_a_refused_login_is_said_and_tried_ever_more_seldom(tmp_path: Path) -> None:
    """Asked twice a second, a camera locks the address: one attempt within five seconds, where there were ten."""
    with (
        RtspCamera(_UNITS, login=("admin", "right")) as camera,
        looking(camera, login(tmp_path, "admin:wrong-password")) as newest,
    ):
        said = complaint(newest)
        time.sleep(4.5)
        assert camera.logins == 1
    assert "the camera refuses the login: correct user or password" in said
    assert "wrong-password" not in said


def test_a_camera_that_wants_a_login_and_gets_none_says_how_to_give_it() -> None:
    """Not "check the cable"."""
    with RtspCamera(_UNITS, login=("admin", "right")) as camera:
        assert "wants a login: name a file with USER:PASSWORD as camera.login_file" in complaint(looking(camera, None))


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (CameraRefusal.UDP_ONLY, "sends by UDP only.*switch RTSP over TCP"),
        (CameraRefusal.NO_STREAM, "knows no such stream: correct the path"),
    ],
)
def test_what_a_camera_refuses_is_said_with_its_own_remedy(refusal: CameraRefusal, words: str) -> None:
    """No technician walks to a cable for it."""
    with RtspCamera(_UNITS, refusal=refusal) as camera:
        said = complaint(looking(camera, None))
    assert re.search(words, said), said


def test_what_ffmpeg_says_of_an_address_has_no_password_in_it(tmp_path: Path) -> None:
    """It quotes the whole address in each error, login and all."""
    with RtspCamera(_UNITS) as camera:
        pass
    said = complaint(looking(camera, login(tmp_path, "admin:planted-secret")))
    assert "Connection refused" in said
    assert "planted-secret" not in said
    assert "admin:" not in said


def test_a_password_that_a_library_quotes_all_the_same_is_masked(tmp_path: Path) -> None:
    """As it is, and as the address has it."""
    settings = CameraSettings(kind=CameraKind.RTSP, url="rtsp://10.0.0.9/x", login_file=login(tmp_path, "a:p#1"))
    address = CameraAddress(settings)
    assert address.clean("tried rtsp://a:p%231@10.0.0.9/x with p#1") == "tried *** with ***"


@pytest.mark.parametrize("text", ["", "admin", "admin:", ":secret", "admin:secret\nroot:secret\n"])
def test_a_file_that_is_no_login_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    """With what belongs into it."""
    file = login(tmp_path, text)
    with pytest.raises(OSError, match="is no login: write USER:PASSWORD in one line") as raised:
        read_login(file)
    assert "secret" not in str(raised.value)
    settings = CameraSettings(kind=CameraKind.RTSP, url="rtsp://10.0.0.9/x", login_file=file)
    with pytest.raises(CameraError, match="is no login"):
        CameraAddress(settings)
    assert [problem.key for problem in settings.on_this_box()] == ["login_file"]
