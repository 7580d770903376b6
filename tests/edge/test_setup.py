"""`rocars-lane setup` as a site's technician walks it: a file of answers, the operator between, and the questions."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from console.officers import OfficerBook
from edge.cli import app
from edge.settings.load import LaneSettingsError, load, parse
from edge.setup.answers import OF_THE_SITE, merged, read_answers, template
from edge.setup.steps import WAITS
from edge.setup.system import set_time_servers
from edge.setup.toml_text import toml_text
from simulation.broker import BrokerTls, PrivateBroker
from simulation.private_core import PrivateCore
from tests.rigs.places import ROOT
from wire.certificates import alternatives_of, fits, issued_by, key_from_pem, read_certificates
from wire.enrolment import read_answer, read_request

LANE = "sbc-in-07"
PASSWORD = "a quiet evening at the bridge"
TEMPLATE = template()
EXAMPLE = ROOT / "config/answers.toml.example"


class Site:
    """A box's folders, an operator with a core, a broker, and the file of answers of that box."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box, self.stick = folder / "box", folder / "stick"
        for place in (self.box / "var", self.box / "run", self.stick):
            place.mkdir(parents=True)
        self.broker = PrivateBroker(folder / "broker", tls=BrokerTls.in_folder(folder / "broker"))
        core = PrivateCore(folder / "operator", self.broker)
        self.core: Callable[..., str] = core.command
        self.config = self.box / "etc/lane.toml"
        self.file = folder / "answers.toml"
        self.write()

    def answers(self) -> dict[str, Any]:
        """The example's, with this box's places."""
        given = tomllib.loads(EXAMPLE.read_text())
        etc, var = self.box / "etc", self.box / "var"
        given["lane"] |= {"store": str(var / "lane.db"), "evidence": str(var / "evidence")}
        given["camera"] = {"kind": "rtsp", "url": "rtsp://127.0.0.1:9/lane"}
        given["contacts"]["chip"] = 9
        given["screens"]["socket"] = str(self.box / "run/screens.sock")
        given["link"] = {
            "brokers": [{"host": "localhost", "port": self.broker.port}],
            "authority": str(etc / "tls/authority.pem"),
            "certificate": str(etc / "tls/lane.pem"),
            "key": str(etc / "tls/lane.pem"),
            "lane_key": str(etc / "keys/lane.pem"),
            "core_keys": str(etc / "keys/core"),
        }
        page = {"tls_certificate": str(etc / "tls/page.pem"), "tls_key": str(etc / "tls/page.key")}
        given["console"] = {
            "host": "127.0.0.2",
            "names": ["lane-07.example"],
            "officers": str(var / "officers.json"),
            **page,
        }
        given["setup"] = {
            "request_to": str(self.stick),
            "answer": f"stick/{LANE}.answer.json",
            "page_certificate": f"stick/{LANE}.page.crt",
            "start": False,
            "officers": [{"name": "chan", "shown": "Chan Tai Man", "password_file": "chan.password"}],
        }
        return given

    def write(self, change: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
        """The files of the answers."""
        given = self.answers()
        change(given)
        self.file.write_text(toml_text(given))
        (self.folder / "chan.password").write_text(f"{PASSWORD}\n")
        (self.folder / "chan.password").chmod(0o600)

    def setup(self, *words: str, typed: str = "") -> Result:
        """Runs the command."""
        call = ["setup", "--config", str(self.config), *(words or ("--answers", str(self.file)))]
        return CliRunner().invoke(app, call, input=typed)

    def operator(self) -> None:
        """Signs both requests that are on the stick."""
        request = self.stick / f"{LANE}.request.json"
        shown = read_request(request.read_bytes()).fingerprint
        answer = self.stick / f"{LANE}.answer.json"
        self.core("enrol", LANE, "--request", str(request), "--out", str(answer), "--fingerprint", shown)
        page = ("--request", str(self.stick / f"{LANE}.page.csr"), "--out", str(self.stick / f"{LANE}.page.crt"))
        self.core("enrol-page", LANE, "127.0.0.2", "lane-07.example", *page)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Before the first step; the broker runs."""
    made = Site(tmp_path)
    with made.broker:
        yield made


def test_from_a_file_of_answers_to_a_lane_that_the_brokers_take(site: Site) -> None:
    """One command, the operator, the same command: settings, officers, identity and the page's TLS, all by one authority."""
    first = site.setup()
    assert first.exit_code == WAITS, first.output
    assert "waits for the core's operator" in first.output
    assert "rocars-core enrol-page sbc-in-07 lane-07.example 127.0.0.2" in first.output
    site.operator()
    shown = read_answer((site.stick / f"{LANE}.answer.json").read_bytes()).fingerprint
    site.write(lambda given: given["setup"].update(fingerprint=shown))
    second = site.setup()
    assert second.exit_code == 1, "no camera and no pins here: the check says so, and nothing else is wrong"
    faults = [line.split(": ")[2] for line in second.output.splitlines() if line.startswith("fault: ")]
    here = {"camera", "contacts", "screen xdb", "screen aiop", "screens", "compositor", "clock"}
    assert set(faults) <= here, second.output
    assert "contacts" in faults
    settings = load(site.config)
    assert OfficerBook(settings.console.officers).verify("chan", PASSWORD)
    assert "ok: " in second.output
    assert "SBC, Shenzhen Bay, as the core has it" in second.output
    assert settings.console.tls_certificate is not None
    assert settings.console.tls_key is not None
    (page,) = read_certificates(settings.console.tls_certificate.read_bytes())
    assert fits(page, key_from_pem(settings.console.tls_key.read_bytes()))
    assert issued_by(page, read_certificates(settings.link.authority.read_bytes()))  # type: ignore[union-attr]
    assert set(alternatives_of(page)) == {"127.0.0.2", "lane-07.example"}
    for secret in (settings.console.tls_key, settings.link.lane_key, settings.console.officers):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_run_again_it_makes_nothing_twice(site: Site) -> None:
    """Before and after the operator: same keys, same request, same file."""
    site.setup()
    before = {file: file.read_bytes() for file in site.folder.rglob("*") if file.is_file() and "etc" in file.parts}
    again = site.setup()
    assert again.exit_code == WAITS
    assert "is so already" in again.output
    assert {file: file.read_bytes() for file in before if file.suffix != ".csr"} == {
        file: content for file, content in before.items() if file.suffix != ".csr"
    }


def test_new_answers_replace_the_file_whole_and_keep_the_old_one(site: Site) -> None:
    """A mistake is one command away from what was before."""
    site.setup()
    was = site.config.read_text()
    site.write(lambda given: given["camera"].update(url="rtsp://127.0.0.1:9/other"))
    assert "what was there is" in site.setup().output
    assert parse(site.config).camera.url == "rtsp://127.0.0.1:9/other"
    assert site.config.with_name("lane.toml.old").read_text() == was


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda given: given["camera"].update(url="rtsp://"), "camera.url: "),
        (lambda given: given["contacts"]["inputs"].pop("stop_loop"), "contacts.inputs.stop_loop: is missing"),
        (lambda given: given["setup"]["officers"][0].update(name="Chan Tai Man"), "setup.officers[0].name: "),
        (lambda given: given["setup"]["officers"][0].update(password_file="none"), "setup.officers[0].password_file: "),
        (lambda given: given["setup"].update(request_to="no/stick"), "setup.request_to: "),
        (lambda given: given["setup"].update(time_servers=["10..0.1"]), "setup.time_servers[0]: "),
        (lambda given: given.update(lans={}), "lans: is no known key"),
        (lambda given: given["setup"].update(sart=True), "setup.sart: is no known key; did you mean start?"),
    ],
)
def test_wrong_answers_are_named_and_change_nothing(site: Site, change: Callable[[Any], object], says: str) -> None:
    """Status 2, one line each, and the box is as it was."""
    site.write(change)
    result = site.setup()
    assert result.exit_code == 2, result.output
    assert says in result.stderr
    assert not site.config.exists()
    assert not (site.box / "var/officers.json").exists()


@pytest.mark.parametrize("path", [".".join(each) for each in OF_THE_SITE])
def test_what_only_the_site_knows_is_never_assumed(site: Site, path: str) -> None:
    """The example's wires and addresses are another lane's."""
    section, key = path.split(".")
    site.write(lambda given: given[section].pop(key))
    with pytest.raises(LaneSettingsError) as refused:
        read_answers(site.file)
    assert any(problem.key.startswith(path) and problem.wrong == "is missing" for problem in refused.value.problems)


def test_a_page_cannot_take_the_name_of_a_broker(site: Site) -> None:
    """Its key is on a box in a lane: whoever has it would be a broker to every other lane."""
    site.setup()
    request = ("--request", str(site.stick / f"{LANE}.page.csr"), "--out", str(site.stick / "page.crt"))
    for name in ("localhost", "LocalHost"):
        assert "is the name of a broker" in site.core("enrol-page", LANE, name, *request, expect=1)
    assert "neither a host name nor an address" in site.core("enrol-page", LANE, "*.example", *request, expect=1)
    assert not (site.stick / "page.crt").exists()


def test_a_page_certificate_of_another_key_or_name_is_refused(site: Site) -> None:
    """Before it is put in place; the page would not start, or no browser would believe it."""
    site.setup()
    site.operator()
    shown = read_answer((site.stick / f"{LANE}.answer.json").read_bytes()).fingerprint
    site.write(lambda given: given["setup"].update(fingerprint=shown, page_certificate="stick/other.crt"))
    request = ("--request", str(site.stick / f"{LANE}.page.csr"), "--out", str(site.stick / "other.crt"))
    site.core("enrol-page", LANE, "lane-07.example", *request)
    assert "lacks 127.0.0.2" in site.setup().stderr
    (site.box / "etc/tls/page.key").unlink()
    result = site.setup()
    assert result.exit_code == 1
    assert "is for another key" in result.stderr
    assert not (site.box / "etc/tls/page.pem").exists()


def test_the_core_and_the_lane_compare_their_control_points(site: Site) -> None:
    """A lane of a point that the core does not know let every truck fall to row 15, and nothing said why."""
    site.write(lambda given: given["lane"].update(point="XYZ"))
    site.setup()
    site.operator()
    shown = read_answer((site.stick / f"{LANE}.answer.json").read_bytes()).fingerprint
    site.write(lambda given: (given["lane"].update(point="XYZ"), given["setup"].update(fingerprint=shown)))
    assert "control point: the core knows no XYZ; it knows" in site.setup().output


def test_asked_by_questions_it_corrects_at_once_and_saves_the_answers(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a technician types at the box; a wrong answer is asked again with what to write instead."""
    monkeypatch.setattr("edge.setup.interview.template", lambda: _template_of(site))
    monkeypatch.setattr("edge.setup.answers.template", lambda: _template_of(site))
    typed = ["SBC IN 07", LANE, "SBC", "inbound", "", "rtsp", "rtsp://", "rtsp://127.0.0.1:9/lane", "gpio", "9"]
    lines = {"stop_loop": "5", "exit_loop": "6", "unladen": "13", "help": "999\n19"}
    lines |= {"immigration_started": "16", "immigration_cleared": "20", "immigration_referred": "21"}
    saved = site.folder / "saved.toml"
    from lane_agent.contacts import REQUIRED
    from lane_agent.model import Contact

    typed += [lines.get(contact.value, "none") if contact in REQUIRED else "none" for contact in Contact]
    typed += ["none", "none", "none", "HDMI-A-1", "HDMI-A-2", "10..0.1", "localhost", "127.0.0.1"]
    typed += ["y", "chan", PASSWORD, PASSWORD, "Chan Tai Man", "n", "none", "n", "none"]
    result = site.setup("--save", str(saved), typed="".join(f"{line}\n" for line in typed))
    assert result.exit_code == WAITS, result.output + result.stderr
    assert "write 1 to 32 letters" in result.output
    assert "board gpio has no line 999" in result.output
    settings = parse(site.config)
    assert (settings.lane.id, settings.contacts.chip) == (LANE, 9)
    assert OfficerBook(settings.console.officers).verify("chan", PASSWORD)
    assert PASSWORD not in saved.read_text() + site.config.read_text() + result.output
    assert tomllib.loads(saved.read_text())["lane"]["id"] == LANE


def _template_of(site: Site) -> dict[str, Any]:
    """The example with this box's places, which a person is not asked for."""
    whole = merged(TEMPLATE, {})
    given = site.answers()
    for section, keys in (("lane", ("store", "evidence")), ("screens", ("socket",))):
        whole[section] |= {key: given[section][key] for key in keys}
    whole["link"] |= {key: value for key, value in given["link"].items() if key != "brokers"}
    whole["console"] |= {"officers": given["console"]["officers"]}
    return whole


@pytest.mark.parametrize(
    ("source", "file", "text"),
    [
        (
            "lib/systemd/systemd-timesyncd",
            "etc/systemd/timesyncd.conf.d/rocars-lane.conf",
            "[Time]\nNTP=10.0.0.1 b.example\n",
        ),
        (
            "usr/sbin/chronyd",
            "etc/chrony/sources.d/rocars-lane.sources",
            "server 10.0.0.1 iburst\nserver b.example iburst\n",
        ),
    ],
)
def test_the_time_source_that_is_there_is_told(
    source: str, file: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a file of its own beside Debian's; without a source the technician is told what to install."""
    monkeypatch.setattr("edge.setup.system.runs_systemd", lambda: False)
    assert "apt-get install" in set_time_servers(["10.0.0.1"], tmp_path)
    (tmp_path / source).parent.mkdir(parents=True)
    (tmp_path / source).touch()
    set_time_servers(["10.0.0.1", "b.example"], tmp_path)
    assert (tmp_path / file).read_text() == text


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), WORDS)
KEYS = st.text("abcdefghijklmnop_", min_size=1, max_size=8)


SMALL = st.dictionaries(KEYS, PLAIN, max_size=3)
SECTION = st.dictionaries(KEYS, st.one_of(PLAIN, st.lists(PLAIN, max_size=3), SMALL), max_size=4)


@given(st.dictionaries(KEYS, SECTION, max_size=3))
def test_settings_written_as_toml_read_as_the_same(settings: dict[str, Any]) -> None:
    """Whatever text is in them."""
    assert tomllib.loads(toml_text(settings)) == settings


def test_every_shipped_example_reads_as_it_was_written_again() -> None:
    """Lists of tables and tables of tables, too."""
    for file in (EXAMPLE, ROOT / "config/lane.toml"):
        settings = tomllib.loads(file.read_text())
        assert tomllib.loads(toml_text(settings)) == settings
        assert os.linesep not in toml_text({})
