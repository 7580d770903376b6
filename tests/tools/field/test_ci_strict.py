"""What continuous integration makes of the field test's exit status: the script itself, with a field test that only ends."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rigs.places import ROOT

_FIELD = """\
#!/bin/sh
echo "$@" >>ran
read -r status rest <statuses
echo "$rest" >statuses
exit "$status"
"""


def carried_out(folder: Path, statuses: str) -> tuple[int, str, list[str]]:
    """Status, last line, and the options of each field test, of a run whose field tests end so."""
    for name, text in {"make": "#!/bin/sh\n", "python": _FIELD}.items():
        place = folder / ("bin" if name == "make" else ".venv/bin") / name
        place.parent.mkdir(parents=True)
        place.write_text(text)
        place.chmod(0o755)
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", folder / ".ci/run")
    (folder / "statuses").write_text(f"{statuses}\n")
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    ran = subprocess.run(
        [folder / ".ci/run"], capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    return ran.returncode, ran.stdout.splitlines()[-1], (folder / "ran").read_text().splitlines()


@pytest.mark.parametrize(
    ("statuses", "ends", "says"),
    [
        ("0", 0, "tests (0 s) and field test passed"),
        ("1 0", 0, "field test passed"),
        ("1 1", 1, "FIELD TEST FAILED"),
        ("124 124", 1, "FIELD TEST FAILED"),
        ("3", 0, "FIELD TEST NOT RUN"),
        ("1 3", 1, "FIELD TEST FAILED"),
    ],
)
def test_what_the_field_test_finds_fails_and_what_it_could_not_do_is_said(
    tmp_path: Path, statuses: str, ends: int, says: str
) -> None:
    """One more try; and a second one that suddenly cannot is no way out."""
    status, last, ran = carried_out(tmp_path, statuses)
    assert (status, says in last) == (ends, True), last
    assert len(ran) == len(statuses.split())
    assert all("--packages build/field/packages" in line for line in ran[1:])
