"""The site's own words for the screens, from a file that no programmer touches: read, checked, put in force.

```toml
[MANUAL]                          # a scene of docs/screens.md; what is not named keeps its words
traditional = "人手清關 請備妥載貨清單"
english = "Manual clearance. Have your manifest ready"
simplified = "人工清关 请备妥载货清单"
short_traditional = "人手清關 備妥清單"   # for boards under 192 pixels
short_english = "Manifest ready"
```

Rules of this file: every mistake is told at once, with what to write instead. A screen whose file cannot be used shows the words
that the software came with; what a message means, its shape and its colour no file can change.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lane_agent.wording import WORDING, Scene, Wording
from runtime.sections import Problem
from runtime.toml_file import TomlFileError, read_toml

log = logging.getLogger("display")

TEXTS = ("traditional", "english", "simplified", "short_traditional", "short_english")
LONGEST = 60
"""Characters of one text: longer than any that can be read from a cab; whether it fits is measured (`display.words_in_force`)."""
EARLIEST = "{earliest}"


class WordingFileError(ValueError):
    """The file cannot be used. `problems` has a line for each mistake."""

    def __init__(self, file: Path, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))


def read_words(file: Path) -> dict[Scene, Wording]:
    """The words that the file changes.

    Raises:
        WordingFileError: anything at all is wrong; every problem is in it.
    """
    try:
        table = read_toml(file, example="the example in docs/screens.md")
    except TomlFileError as error:
        raise WordingFileError(file, [error.problem]) from error
    problems = [problem for name, given in table.items() for problem in _mistakes(name, given)]
    if problems:
        raise WordingFileError(file, problems)
    return {Scene(name): _changed(WORDING[Scene(name)], given) for name, given in table.items()}


def _mistakes(name: str, given: Any) -> Iterator[Problem]:
    if name not in Scene.__members__:
        yield Problem(name, "is no message of the screens", _did_you_mean(name, tuple(Scene.__members__)))
    elif not isinstance(given, dict) or not given:
        yield Problem(name, "has no texts", f"write [{name}] and below it one or more of {', '.join(TEXTS)}")
    else:
        for text, said in given.items():
            yield from _wrong_text(Scene(name), text, said)


def _wrong_text(scene: Scene, text: str, said: Any) -> Iterator[Problem]:
    key = f"{scene.value}.{text}"
    if text not in TEXTS:
        yield Problem(key, "is no text of a message", _did_you_mean(text, TEXTS))
    elif not isinstance(said, str) or not said.strip():
        yield Problem(key, "is empty", "write the text in quotes, or take the line out to keep the words there were")
    elif len(said) > LONGEST:
        yield Problem(key, f"has {len(said)} characters", f"a driver reads {LONGEST} at most: say it shorter")
    elif bad := sorted({one for one in said if not one.isprintable()}):
        yield Problem(key, f"has the character {bad[0]!a}, which no screen shows", "type the text again, in one line")
    elif (EARLIEST in said) is not (scene is Scene.EARLY) or "{" in said.replace(EARLIEST, ""):
        remedy = f"write {EARLIEST} where the time stands" if scene is Scene.EARLY else "take the braces out"
        yield Problem(key, "has the wrong place for a time", remedy)


def _did_you_mean(name: str, names: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, names, n=1) or difflib.get_close_matches(name.upper(), names, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"


def _changed(words: Wording, given: Mapping[str, str]) -> Wording:
    short = (given.get("short_traditional", words.short[0]), given.get("short_english", words.short[1]))
    named: dict[str, Any] = {name: said for name, said in given.items() if not name.startswith("short_")}
    return replace(words, short=short, seed=words.seed and "english" not in named, **named)


def use_words(file: str) -> None:
    """This process' table has the file's words from now on; "" or a file that cannot be used leaves the software's own."""
    if not file:
        return
    try:
        WORDING.update(read_words(Path(file)))
    except WordingFileError as error:
        log.warning("the wording file cannot be used: the words of the software count\n%s", error)
