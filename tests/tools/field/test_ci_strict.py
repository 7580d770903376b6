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


def carried_out(folder: Path, statuses: str, proof: int = 0) -> tuple[int, str, list[str]]:
    """Status, last line, and the options of each field test, of a run whose field tests end so, and its proof."""
    for name, text in {
        "make": "#!/bin/sh\n",
        "python": _FIELD,
        "rocars-lane": f"#!/bin/sh\necho found\nexit {proof}\n",
    }.items():
        place = folder / ("bin" if name == "make" else ".venv/bin") / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", folder / ".ci/run")
    (folder / "statuses").write_text(f"{statuses}\n")
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    ran = subprocess.run(
        [folder / ".ci/run"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "ROCARS_FIELD_STRICT": "1"},
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


@pytest.mark.parametrize(
    ("proof", "ends", "says"),
    [(0, 0, "proof searched whole"), (124, 0, "proof not searched whole"), (1, 1, "found")],
)
def test_a_proof_that_breaks_fails_and_one_that_is_not_over_is_said(
    tmp_path: Path, proof: int, ends: int, says: str
) -> None:
    """After tests and field test, where time is left."""
    status, last, _ = carried_out(tmp_path, "0", proof)
    assert (status, says in last) == (ends, True), last
