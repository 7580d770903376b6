"""The configuration and key files: one clear line for each thing that is wrong."""

from __future__ import annotations

import stat
from typing import Any

import pytest

from core.enrolment.keys import load_lane_keys, load_signing_key, make_signing_key
from core.errors import CoreSettingsError
from core.settings import load
from tests.rigs.places import ROOT
from wire.envelope import Signer, key_id, public_from_pem, public_to_pem

EXAMPLE = ROOT / "config" / "core.toml.example"

GOOD = """
[core]
database = "dbname=rocars"
signing_key = "core-1.key"
lane_keys = "lane-keys"
admin_socket = "core.sock"

[[broker]]
host = "127.0.0.1"
port = 1883

[points]
SZB = "Shenzhen Bay"
"""


def written(tmp_path: Any, text: Any) -> Any:
    """A configuration file."""
    path = tmp_path / "core.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Any, text: Any) -> Any:
    """What is wrong with it."""
    with pytest.raises(CoreSettingsError) as refused:
        load(written(tmp_path, text))
    return refused.value.problems


def test_the_least_that_works_has_the_domains_defaults(tmp_path: Any) -> None:
    """Thirty minutes, release first, ITFS and SELS."""
    settings = load(written(tmp_path, GOOD))
    assert settings.policy.crossing.wait_minutes == 30
    assert settings.policy.profile.codes[0] == "release"
    assert settings.policy.cargo.schemes == {"ITFS", "SELS"}
    assert settings.core.database == "dbname=rocars"


def test_the_example_is_a_configuration_that_works(tmp_path: Any) -> None:
    """What is handed out is tried: with the TLS files it names in place."""
    for name in ("authority.pem", "core.pem"):
        (tmp_path / name).touch(mode=0o600)
    text = EXAMPLE.read_text(encoding="utf-8").replace("/var/lib/rocars-core", str(tmp_path))
    settings = load(written(tmp_path, text))
    assert [rule.name for rule in settings.policy.profile.rules] == ["cigarettes", "transhipped electronics"]


WRONG = [
    (
        '[core]\ndatabase = "dbname=a"',
        '[core]\ndatabse = "a"\ndatabase = "dbname=a"',
        "databse: is no known key; did you mean database?",
    ),
    ('"dbname=rocars"', '"rocars"', 'core.database: is the text "rocars"; write a connection string'),
    ('"dbname=rocars"', '"dbname=rocars password=x"', "write a connection string"),
    ('database = "dbname=rocars"', 'store = "core.db"', "rocars-core import-sqlite"),
    ("[points]", "[pionts]\n[points]", "pionts: is no known key; did you mean points?"),
    ("port = 1883", 'port = "1883"', 'broker[0].port: is the text "1883"; write a port number, 1 to 65535'),
    ("port = 1883", "port = 0", "broker[0].port: is the number 0; write a port number, 1 to 65535"),
    ('database = "dbname=rocars"', "", "core.database: is missing; add database = a"),
    ('SZB = "Shenzhen Bay"', "", "points: is empty; name at least one control point"),
    ('SZB = "Shenzhen Bay"', "SZB = 4", "points.SZB: is the number 4; write a text in quotes"),
    ("[[broker]]", "[broker]", "broker: is a section; write a list, as the example file does"),
    ('[[broker]]\nhost = "127.0.0.1"\nport = 1883', "", "broker: is missing; add a section [[broker]]"),
    ('host = "127.0.0.1"', 'host = "127..0.1"', 'broker[0].host: is the text "127..0.1"; write a host name or address'),
    (
        "[points]",
        "[bundling]\nwait_minutes = -1\n[points]",
        "bundling.wait_minutes: is the number -1; write a number of minutes, 0 to 1440",
    ),
    (
        "[points]",
        '[screening]\ncodes = ["inspect"]\n[points]',
        'screening.codes: does not begin with "release"; put "release" first',
    ),
    (
        "port = 1883",
        'port = 1883\nauthority = "no.pem"',
        "no.pem does not exist; run rocars-core authority, or put the file there",
    ),
    (
        "[points]",
        '[[screening.rules]]\nname = "x"\ncode = "odd"\n[points]',
        'screening.rules[0].code: "odd" is not in screening.codes; add it there, or correct it',
    ),
    ('"core.sock"', '"' + "s" * 120 + '"', "core.admin_socket:"),
]


@pytest.mark.parametrize(("old", "new", "line"), WRONG)
def test_each_mistake_has_one_line_with_file_key_and_remedy(tmp_path: Any, old: Any, new: Any, line: Any) -> None:
    """A technician reads the file, the key, what is wrong, what to do."""
    base = GOOD.replace('database = "dbname=rocars"', 'database = "dbname=a"') if old.startswith("[core]") else GOOD
    (problem,) = problems(tmp_path, base.replace(old, new, 1))
    assert problem.startswith(f"{tmp_path / 'core.toml'}: ")
    assert line in problem


def test_every_mistake_is_told_at_once(tmp_path: Any) -> None:
    """Not one a run."""
    bad = (
        GOOD.replace("1883", "70000")
        .replace('"core.sock"', "7")
        .replace("[points]", "[compound]\ndue_minutes = 0\n[points]")
    )
    assert len(problems(tmp_path, bad)) == 3


def test_half_a_tls_pair_is_named(tmp_path: Any) -> None:
    """A certificate without its key would fail at the first connection only."""
    (tmp_path / "c.pem").touch()
    (problem,) = problems(tmp_path, GOOD.replace("port = 1883", 'port = 1883\ncertificate = "c.pem"'))
    assert "together" in problem


def test_a_missing_file_and_broken_toml_are_named(tmp_path: Any) -> None:
    """The two mistakes before any key."""
    with pytest.raises(CoreSettingsError, match="give the right path with --config"):
        load(tmp_path / "none.toml")
    (problem,) = problems(tmp_path, "[core\n")
    assert "is not TOML" in problem
    assert "line 1" in problem


def test_the_signing_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Any) -> None:
    """Mode 0600; a second make is refused; a key that others can read is refused."""
    path = tmp_path / "core-1.key"
    public = make_signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public.read_bytes() == public_to_pem(load_signing_key(path).public)
    assert load_signing_key(path).kid == "core-1"
    with pytest.raises(CoreSettingsError, match="already"):
        make_signing_key(path)
    path.chmod(0o640)
    with pytest.raises(CoreSettingsError, match="chmod 600"):
        load_signing_key(path)


def test_a_key_that_is_missing_or_no_key_is_named(tmp_path: Any) -> None:
    """And its contents are never part of the message."""
    with pytest.raises(CoreSettingsError, match="rocars-core init"):
        load_signing_key(tmp_path / "none.key")
    bad = tmp_path / "bad.key"
    bad.write_text("SECRET", encoding="utf-8")
    bad.chmod(0o600)
    with pytest.raises(CoreSettingsError) as refused:
        load_signing_key(bad)
    assert "SECRET" not in str(refused.value)


def test_lane_keys_are_named_by_their_files_and_two_may_overlap(tmp_path: Any) -> None:
    """While a lane's key is replaced, the old and the new one count."""
    for name in ("szb-in-01", "szb-in-01.2027", "mkt-in-02"):
        (tmp_path / f"{name}.pub").write_bytes(public_to_pem(Signer.generate(name).public))
    rings = load_lane_keys(tmp_path)
    own = key_id("szb-in-01", public_from_pem((tmp_path / "szb-in-01.pub").read_bytes()))
    assert rings["szb-in-01"].kids == {"szb-in-01", own, "szb-in-01.2027"}
    assert set(rings) == {"szb-in-01", "mkt-in-02"}


def test_a_lane_key_that_is_none_is_named(tmp_path: Any) -> None:
    """All of them at once."""
    (tmp_path / "szb-in-01.pub").write_text("rubbish", encoding="utf-8")
    (tmp_path / "bad name.pub").write_bytes(public_to_pem(Signer.generate("x").public))
    with pytest.raises(CoreSettingsError) as refused:
        load_lane_keys(tmp_path)
    assert len(refused.value.problems) == 2
    with pytest.raises(CoreSettingsError, match="no such directory"):
        load_lane_keys(tmp_path / "none")
