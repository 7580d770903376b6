"""The site's own words: what a file may change, what it is told, and what the screens then say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from display.scenes import sign
from display.settings import Mode, ScreenSettings, ScreensSettings
from display.wording_file import WordingFileError, read_words, use_words
from display.words_in_force import put_in_force, too_small
from lane_agent.model import Screen
from lane_agent.wording import WORDING, Scene, Tone

SCREENS = ScreensSettings(
    socket=Path("/nowhere"), mode=Mode.HEADLESS, xdb=ScreenSettings(width=256, height=256), aiop=ScreenSettings(width=800, height=600)
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_words() -> Iterator[None]:
    before = dict(WORDING)
    yield
    put_in_force(before)


def written(folder: Path, text: str) -> Path:
    """A wording file."""
    file = folder / "wording.toml"
    file.write_text(text)
    return file


def test_what_the_file_names_is_what_the_screens_say_and_nothing_else_changes(tmp_path: Path) -> None:
    """Other words, the same shape and colour; what is not named keeps its words."""
    use_words(str(written(tmp_path, '[STOP]\ntraditional = "請停車熄匙"\nenglish = "Stop. Engine off"\n')))
    said = sign(Screen.XDB, Scene.STOP)
    assert [line.text for line in said.lines] == ["請停車熄匙", "Stop. Engine off", "请停车"]
    assert said.tone is Tone.STOP
    assert WORDING[Scene.DONE].english == "Clearance Completed. Proceed"
    assert not WORDING[Scene.STOP].seed  # no longer the department's own English


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[DNOE]\nenglish = "x"', "DNOE: is no message of the screens; did you mean DONE?"),
        ('[STOP]\ntradtional = "x"', "STOP.tradtional: is no text of a message; did you mean traditional?"),
        ("[STOP]", "STOP: has no texts; write [STOP]"),
        ('STOP = "x"', "STOP: has no texts; write [STOP]"),
        ('[STOP]\nenglish = " "', "STOP.english: is empty; write the text in quotes"),
        ("[STOP]\nenglish = 3", "STOP.english: is empty; write the text in quotes"),
        (f'[STOP]\nenglish = "{"x" * 61}"', "STOP.english: has 61 characters; a driver reads 60 at most"),
        ('[STOP]\nenglish = "a\\nb"', "which no screen shows; type the text again"),
        ('[STOP]\nenglish = "Stop {earliest}"', "has the wrong place for a time; take the braces out"),
        ('[EARLY]\nenglish = "Too early"', "has the wrong place for a time; write {earliest}"),
        ("[STOP\n", "is not TOML"),
    ],
)
def test_each_mistake_says_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    """And the screens go on with the words that they came with."""
    file = written(tmp_path, text)
    with pytest.raises(WordingFileError) as error:
        read_words(file)
    assert said in str(error.value)
    use_words(str(file))
    assert sign(Screen.XDB, Scene.STOP).lines[1].text == "Please Stop"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Three mistakes, three lines."""
    with pytest.raises(WordingFileError) as error:
        read_words(written(tmp_path, '[DNOE]\nenglish = "x"\n[STOP]\nenglish = ""\nshort = "y"\n'))
    assert len(error.value.problems) == 3


def test_a_text_too_long_for_this_board_is_measured(tmp_path: Path) -> None:
    """In centimetres on the board of this site; the words of the software are in force again afterwards."""
    long = "Please stop your vehicle at the white line, engine switched"
    (problem,) = too_small(SCREENS, read_words(written(tmp_path, f'[STOP]\nenglish = "{long}"\n')))
    assert "STOP (en)" in str(problem)
    assert "say it shorter" in str(problem)
    assert WORDING[Scene.STOP].english == "Please Stop"
    assert not list(too_small(SCREENS, dict(WORDING)))


def test_a_screens_own_process_speaks_them(tmp_path: Path) -> None:
    """By its option, in another process; a file that is missing leaves the words as they are."""
    file = written(tmp_path, '[WAIT]\nenglish = "One moment"\n')
    script = (
        "import sys; from display.wording_file import use_words; use_words(sys.argv[1]); from display.scenes import *;"
    )
    script += "print(sign(Screen.AIOP, Scene.WAIT).lines[1].text)"
    for name, said in ((file, "One moment"), (tmp_path / "none.toml", "Please wait")):
        done = subprocess.run([sys.executable, "-c", script, str(name)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == said
