"""The wall's settings file: the shipped example is right, and a wrong one is told what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rigs.places import ROOT
from wall.errors import WallSettingsError
from wall.settings import load_wall

EXAMPLE = ROOT / "config/wall.toml.example"
FIRST = '[[camera]]\nname = "overview"'
TWICE = '[[camera]]\nname = "overview"\nlanes = ["SZB-IN-07"]\nurl = "rtsp://10.1.2.40/overview"'


def test_the_shipped_example_is_right() -> None:
    """Whoever copies it begins with a file that is in order."""
    settings = load_wall(EXAMPLE, planned=True)
    assert [lane.group for lane in settings.lanes] == ["Inbound", "Outbound"]
    assert settings.core is not None
    assert [(camera.shown, camera.shown.chinese) for camera in settings.cameras] == [("Overview", "全景")]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('id = "SZB-OUT-03"', 'id = "SZB-IN-07"', "SZB-IN-07 stands 2 times"),
        ('name = "wall" ', 'name = "lane-1" ', '"wall", or "wall-" and a word'),
        ("urgent_s = 30", "urgent_s = 1", "a number of seconds, 5 to 86400"),
        ("port = 8490", "port = 8490\nview_without_login = true", "is not possible on a wall"),
        ("https://szb-in-07.example:8480", "szb-in-07", "an address such as"),
        ("rtsp://10.1.2.40", "rtsp://admin:12345@10.1.2.40", "put USER:PASSWORD into a file"),
        ("rtsp://10.1.2.40", "http://10.1.2.40", 'is no RTSP stream; write url = "rtsp://'),
        ('lanes = ["SZB-IN-07", "SZB-OUT-03"]', 'lanes = ["SZB-IN-08"]', "SZB-IN-08 is no lane of this file"),
        ('lanes = ["SZB-IN-07", "SZB-OUT-03"]', "lanes = []", "name the lanes that this camera shows"),
        (FIRST, f"{TWICE}\n{FIRST}", "SZB-IN-07 has two cameras overview"),
        (FIRST, f"{TWICE}\n{FIRST}", "leave one section, with all its lanes"),
    ],
)
def test_a_wrong_setting_is_told_what_to_write(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    """One line a problem: what is wrong, and what to do."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "wall.toml").write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(WallSettingsError, match=told):
        load_wall(tmp_path / "wall.toml", planned=True)
