"""Enrolment as technician and operator walk it: both programs' commands, a real broker, and every wrong step."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.enrolment.expiry import endings
from core.settings import load as load_core
from edge.cli import app
from edge.enrol import IdentityFiles, look
from edge.expiry import IdentityWatch
from edge.settings.load import load, parse
from edge.wiring import core_ring, link_options, signer
from lane_agent.model import Moment, TimeQuality
from runtime.mqtt import Broker, Tls
from runtime.probe_broker import probe_broker
from simulation.broker import BrokerTls, PrivateBroker
from simulation.private_core import PrivateCore
from wire.certificates import PrivateKey, alternatives_of, issued_by, key_from_pem, read_certificates, request_for
from wire.enrolment import EnrolmentError, read_answer, read_request
from wire.envelope import Signer

LANE = "demo-in-01"


class Walk:
    """A core's operator, a broker, and a lane's box, each in a folder."""

    def __init__(self, folder: Path, lane_folder: Any) -> None:
        self.operator = folder / "operator"
        self.broker = PrivateBroker(folder / "broker", tls=BrokerTls.in_folder(folder / "broker"))
        core = PrivateCore(self.operator, self.broker)
        self.config, self.core = core.config, core.command
        self.box = lane_folder
        tls = 'authority = "id/authority.pem"\ncertificate = "id/lane.pem"\nkey = "id/lane.pem"'
        self.box.change('lane_key = "demo/keys/lane.pem"', f'lane_key = "id/signing.pem"\n{tls}')
        self.box.change('core_keys = "demo/keys/core"', 'core_keys = "id/core"')
        self.box.change('host = "127.0.0.1"\nport = 18830', f'host = "localhost"\nport = {self.broker.port}')
        self.id = self.box.folder / "id"
        self.request = self.id / "pending/request.json"
        self.answer = folder / "answer.json"

    def lane(self, *words: str, expect: int = 0, says: str = "") -> str:
        """Runs `rocars-lane enrol`, and returns what it said; `says` answers its question."""
        result = CliRunner().invoke(app, ["enrol", "--config", str(self.box.file), *words], input=says)
        assert result.exit_code == expect, result.output
        return result.output

    def enrol(self, *words: str, expect: int = 0) -> str:
        """The operator signs the request in the pending folder."""
        return self.core(
            "enrol", LANE, "--request", str(self.request), "--out", str(self.answer), *words, expect=expect
        )

    def whole(self) -> None:
        """A first enrolment, without a mistake."""
        self.lane()
        self.enrol("--fingerprint", read_request(self.request.read_bytes()).fingerprint)
        self.lane("--answer", str(self.answer), says="y\n")

    def files(self) -> dict[str, bytes]:
        """What is in use."""
        return {str(file.relative_to(self.id)): file.read_bytes() for file in self.id.rglob("*.pem")}


@pytest.fixture
def walk(tmp_path: Path, lane_folder: Any) -> Iterator[Walk]:
    """Everything before the first step; the broker runs."""
    made = Walk(tmp_path, lane_folder)
    with made.broker:
        yield made


def test_the_whole_walk_leaves_a_lane_that_the_broker_takes_and_the_core_knows(walk: Walk) -> None:
    """Keys made on the box, signed by the operator, compared by two people, installed."""
    said = walk.lane()
    request = read_request(walk.request.read_bytes())
    assert request.fingerprint in said
    answered = walk.enrol("--fingerprint", request.fingerprint)
    assert read_answer(walk.answer.read_bytes()).fingerprint in answered
    asked = walk.lane("--answer", str(walk.answer), says="y\n")
    assert read_answer(walk.answer.read_bytes()).fingerprint in asked
    settings = load(walk.box.file)
    used = signer(settings)
    assert (walk.operator / "lane-keys" / f"{used.kid}.pub").is_file()
    assert core_ring(settings.link.core_keys).kids == {"core-1"}
    assert not walk.request.parent.exists()
    secrets = [file for file in walk.id.iterdir() if file.is_file() and b"PRIVATE" in file.read_bytes()]
    assert {file.name for file in secrets} == {"lane.pem", "signing.pem"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets} == {0o600}


def test_nothing_secret_leaves_the_box_or_is_said(walk: Walk) -> None:
    """Neither file that travels, nor anything on the screen, holds a private key."""
    said = walk.lane()
    keys = [file.read_bytes() for file in (walk.request.parent / "tls.key", walk.request.parent / "signing.pem")]
    said += walk.enrol("--fingerprint", read_request(walk.request.read_bytes()).fingerprint)
    said += walk.lane("--answer", str(walk.answer), says="y\n")
    seen = said.encode() + walk.answer.read_bytes()
    secret = {line for key in keys for line in key.splitlines() if not line.startswith(b"--")}
    assert len(secret) >= 4
    assert not [line for line in secret if line in seen]


def test_a_renewal_needs_no_comparing_and_both_keys_count_meanwhile(walk: Walk) -> None:
    """The request is signed by the key in use; the core knows both until the renewal after it."""
    walk.whole()
    first = signer(load(walk.box.file))
    walk.lane()
    walk.enrol()
    registered = {file.stem for file in (walk.operator / "lane-keys").glob("*.pub")}
    assert len(registered) == 2
    assert first.kid in registered
    walk.lane("--answer", str(walk.answer))
    second = signer(load(walk.box.file))
    assert {first.kid, second.kid} == registered
    assert Signer.of(LANE, (walk.id / "signing.pem.old").read_bytes()).kid == first.kid
    walk.lane()
    walk.enrol()
    assert first.kid not in {file.stem for file in (walk.operator / "lane-keys").glob("*.pub")}


def test_a_stranger_in_a_lanes_name_is_refused_until_the_operator_says_replace(walk: Walk) -> None:
    """A new box has no old key: the old one ends, certificates too."""
    walk.whole()
    old = signer(load(walk.box.file)).kid
    (walk.id / "signing.pem").unlink()
    walk.lane()
    assert "its key did not sign this request" in walk.enrol(expect=1)
    fingerprint = read_request(walk.request.read_bytes()).fingerprint
    walk.enrol("--replace", "--fingerprint", fingerprint)
    assert old not in {file.stem for file in (walk.operator / "lane-keys").glob("*.pub")}
    assert (walk.operator / "lane-keys/revoked" / f"{old}.pub").is_file()
    crl = (walk.operator / "authority/revoked.crl").read_bytes()
    assert crl != (walk.broker.directory / "revoked.crl").read_bytes()


def test_a_fingerprint_that_differs_stops_either_side(walk: Walk) -> None:
    """Somebody else's request, or somebody else's answer."""
    walk.lane()
    assert "not its request" in walk.enrol("--fingerprint", "0000-0000-0000-0000-0000", expect=1)
    walk.enrol("--fingerprint", read_request(walk.request.read_bytes()).fingerprint)
    assert "nothing was changed" in walk.lane("--answer", str(walk.answer), says="n\n", expect=1)
    assert "not the operator's" in walk.lane("--answer", str(walk.answer), "--fingerprint", "1-2", expect=1)
    assert walk.files().keys() == {"pending/signing.pem"}


def test_an_answer_no_broker_takes_changes_nothing(walk: Walk) -> None:
    """The old identity stays until the new one works; --untried is for a box without a network yet."""
    walk.whole()
    before = walk.files()
    walk.lane()
    walk.enrol()
    walk.broker.stop()
    said = walk.lane("--answer", str(walk.answer), expect=1)
    assert "no broker takes the new certificate" in said
    assert f"localhost:{walk.broker.port}" in said
    after = walk.files()
    assert {name: after[name] for name in before} == before
    assert not list(walk.request.parent.glob("trial*"))
    walk.lane("--answer", str(walk.answer), "--untried")
    assert walk.files()["lane.pem"] != before["lane.pem"]


@pytest.mark.parametrize("stop_after", range(8))
def test_a_power_cut_at_any_write_leaves_an_identity_that_works(
    walk: Walk, stop_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of renames the pair fits, and both signing keys are known; the same answer finishes it."""
    walk.whole()
    walk.lane()
    walk.enrol()
    replaced, renames = Path.replace, 0

    def replace(self: Path, target: Path) -> Path:
        nonlocal renames
        if renames == stop_after:
            raise OSError(5, "the power is gone")
        renames += 1
        return replaced(self, target)

    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", replace)
        walk.lane("--answer", str(walk.answer), expect=int(stop_after < 7))
    settings = load(walk.box.file)
    tls = link_options(settings).tls
    assert tls is not None
    assert probe_broker(Broker("localhost", walk.broker.port), tls) == "TLSv1.3"
    assert (walk.operator / "lane-keys" / f"{signer(settings).kid}.pub").is_file()
    if stop_after < 7:
        walk.lane("--answer", str(walk.answer))
    assert not walk.request.parent.exists()


def test_every_wrong_step_is_told_with_the_right_one(walk: Walk, tmp_path: Path) -> None:
    """Answer before request; a second request; a wrong file; another lane's answer; a changed answer."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    assert "is it the right file?" in walk.lane("--answer", str(wrong), expect=1)
    walk.lane()
    assert "say --again" in walk.lane(expect=1)
    walk.enrol("--fingerprint", read_request(walk.request.read_bytes()).fingerprint)
    walk.lane("--again")
    assert "another request than the last one" in walk.lane("--answer", str(walk.answer), says="y\n", expect=1)
    changed = walk.answer.read_bytes().replace(b"core-1", b"core-7")
    wrong.write_bytes(changed)
    assert "changed after the core signed it" in walk.lane("--answer", str(wrong), expect=1)
    assert f"is the request of lane {LANE}, not of szb-in-02" in walk.core(
        "enrol", "szb-in-02", "--request", str(walk.request), expect=1
    )
    assert "give the lane's request" in walk.core("enrol", LANE, expect=1)
    assert "give the right path" in walk.core("enrol", LANE, "--request", "/nowhere", expect=1)
    assert "somebody else by it" in walk.core("enrol", "core", "--request", str(walk.request), expect=1)


def test_an_answer_without_waiting_keys_says_to_ask_first(walk: Walk) -> None:
    """An answer installed twice, or on another box."""
    walk.whole()
    assert "run rocars-lane enrol first" in walk.lane("--answer", str(walk.answer), expect=1)


def test_an_older_answer_is_refused(walk: Walk) -> None:
    """It could bring back a core's key that is trusted no more."""
    walk.whole()
    old = walk.answer.parent / "old.json"
    walk.core("core-keys", "--out", str(old))
    walk.core("new-signing-key")
    new = walk.answer.parent / "new.json"
    walk.core("core-keys", "--out", str(new))
    walk.lane("--answer", str(new))
    assert "a newer answer was installed before" in walk.lane("--answer", str(old), expect=1)


def test_the_cores_new_key_reaches_a_running_lane_and_the_old_one_leaves_it(walk: Walk) -> None:
    """Both count during the change; the ring of a running lane follows the folder."""
    walk.whole()
    settings = load(walk.box.file)
    ring = core_ring(settings.link.core_keys)
    told: list[tuple[str, str]] = []
    shown: list[tuple[str, ...]] = []
    watch = IdentityWatch(
        files=(),
        days=30,
        now=lambda: Moment(0, 0, TimeQuality.UNSURE),
        ring=ring,
        read_ring=lambda: core_ring(settings.link.core_keys),
        tell=lambda *alarm: told.append(alarm),
        changed=lambda: shown.append(ring.prints),
    )
    watch.look_at_keys()
    file = walk.answer.parent / "keys.json"
    walk.core("new-signing-key")
    walk.core("core-keys", "--out", str(file))
    walk.lane("--answer", str(file))
    watch.look_at_keys()
    assert ring.kids == {"core-1", "core-2"}
    walk.config.write_text(walk.config.read_text().replace("core-1.key", "core-2.key"))
    (walk.operator / "core-1.key").unlink()
    walk.core("core-keys", "--out", str(file))
    walk.lane("--answer", str(file))
    watch.look_at_keys()
    assert ring.kids == {"core-2"}
    assert [[one.split(".")[0] for one in prints] for prints in shown] == [["core-1", "core-2"], ["core-2"]]
    assert not told
    (settings.link.core_keys / "core-2.pem").write_text("rubbish")
    watch.look_at_keys()
    watch.look_at_keys()
    assert ring.kids == {"core-2"}
    assert len(told) == 1


def test_a_lane_that_missed_the_new_key_takes_it_from_an_answer_by_the_old_one(walk: Walk, tmp_path: Path) -> None:
    """The core signs with the new key already; one signed by that is refused, with the old one it is believed."""
    walk.whole()
    walk.core("new-signing-key")
    walk.config.write_text(walk.config.read_text().replace("core-1.key", "core-2.key"))
    file = tmp_path / "keys.json"
    walk.core("core-keys", "--out", str(file))
    assert "not signed by a core this lane knows" in walk.lane("--answer", str(file), expect=1)
    walk.core("core-keys", "--sign-with", "core-1", "--out", str(file))
    walk.lane("--answer", str(file))
    assert core_ring(load(walk.box.file).link.core_keys).kids == {"core-1", "core-2"}


def test_keys_from_nobody_this_lane_knows_are_refused(walk: Walk, tmp_path: Path) -> None:
    """The core's keys alone are believed by signature only: nobody compares a fingerprint for them."""
    walk.core("core-keys", "--out", str(walk.answer))
    places = IdentityFiles.of(parse(walk.box.file))
    with pytest.raises(EnrolmentError, match="not signed by a core this lane knows"):
        look(places, walk.answer)


def test_a_certificate_near_its_end_is_an_alarm_once_a_day(walk: Walk) -> None:
    """With its file and the remedy; and never by a clock that is unsure."""
    walk.whole()
    settings = load(walk.box.file)
    assert settings.link.certificate is not None
    (certificate,) = read_certificates(settings.link.certificate.read_bytes())
    end_ms = int(certificate.not_valid_after_utc.timestamp() * 1_000)
    at = Moment(0, end_ms - 29 * 86_400_000, TimeQuality.UNSURE)
    told: list[tuple[str, str, str]] = []
    over: list[tuple[str, str]] = []
    ring = core_ring(settings.link.core_keys)
    watch = IdentityWatch(
        files=[settings.link.certificate],
        days=30,
        now=lambda: at,
        ring=ring,
        read_ring=lambda: ring,
        tell=lambda *alarm: told.append(alarm),
        over=lambda *alarm: over.append(alarm),
    )
    watch.look()
    assert not told
    at = Moment(1_000, end_ms - 31 * 86_400_000, TimeQuality.PROVEN)
    watch.look()
    assert not told
    for mono_ms in (2_000, 3_000, 80_000_000):
        at = Moment(mono_ms, end_ms - 29 * 86_400_000, TimeQuality.PROVEN)
        watch.look()
    ((kind, detail, cause),) = told
    assert cause == str(settings.link.certificate)
    assert kind == "CertificateEnds"
    assert str(settings.link.certificate) in detail
    assert "rocars-lane enrol" in detail
    assert not over
    at = Moment(80_600_000, end_ms - 31 * 86_400_000, TimeQuality.PROVEN)  # renewed, as it were
    watch.look()
    watch.look()
    assert over == [("CertificateEnds", cause)]


def asked_for(folder: Path, key: PrivateKey) -> Path:
    """The signing request that a broker's machine makes of the key it has."""
    file = folder / "broker.csr"
    file.write_bytes(request_for("broker", key))
    return file


def reload(broker: PrivateBroker) -> None:
    """As `systemctl reload mosquitto`; returns when every later connection meets the new files."""
    log = broker.directory / "broker.log"
    said = log.read_text().count("Reloading config")
    broker.reload()
    end = time.monotonic() + 30
    while log.read_text().count("Reloading config") == said:
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.01)


def test_a_broker_renewed_as_its_warning_says_keeps_its_key_and_every_name(walk: Walk, tmp_path: Path) -> None:
    """Followed word for word, and taken up by a reload: a lane that connects by the second name still gets in."""
    walk.whole()
    home = walk.broker.directory
    key = key_from_pem((home / "broker.key").read_bytes())
    request = asked_for(tmp_path, key)
    walk.core("enrol-broker", "b.example", "localhost", "127.0.0.1", "--request", str(request), "--out", str(home))
    reload(walk.broker)
    walk.config.write_text(walk.config.read_text().replace("[authority]", "[authority]\nwarn_days = 800"))
    settings = load_core(walk.config)
    warned = {one.what: one.remedy for one in endings(settings, [LANE], time.time_ns() // 1_000_000)}
    (words,) = re.findall(r"rocars-core (enrol-broker .*)", warned["broker b.example"])
    places = {"FILE": str(request), "FOLDER": str(tmp_path / "again")}
    walk.core(*(places.get(word, word) for word in words.split()))
    (renewed,) = read_certificates((tmp_path / "again/broker.crt").read_bytes())
    assert alternatives_of(renewed) == ["b.example", "localhost", "127.0.0.1"]
    assert not (tmp_path / "again/broker.key").exists()
    shutil.copy(tmp_path / "again/broker.crt", home)
    reload(walk.broker)
    lane = walk.id / "lane.pem"
    for name in ("localhost", "127.0.0.1"):
        probe_broker(Broker(name, walk.broker.port), Tls(walk.id / "authority.pem", lane, lane))


def test_a_new_authority_beside_the_old_one_never_shuts_a_lane_out(walk: Walk, tmp_path: Path) -> None:
    """The order of `docs/installing.md`: brokers and core believe both, lanes are renewed, then brokers, then the core."""
    walk.whole()
    home, operator = walk.broker.directory, walk.operator
    certificate, key = home / "broker.crt", key_from_pem((home / "broker.key").read_bytes())
    core = operator / "core.pem"

    def connects() -> None:
        """With the lane's own and the core's own files, as they are now."""
        lane = walk.id / "lane.pem"
        for authority, pair in ((walk.id / "authority.pem", lane), (operator / "authority.pem", core)):
            probe_broker(Broker("localhost", walk.broker.port), Tls(authority, pair, pair))

    old = operator / "authority"
    walk.config.write_text(walk.config.read_text().replace('folder = "authority"', 'folder = "authority-2"'))
    walk.core("authority")
    new = operator / "authority-2"
    alone = read_certificates((new / "authority.pem").read_bytes())
    both = (new / "authority.pem").read_bytes() + (old / "authority.pem").read_bytes()
    for place in (new / "authority.pem", home / "authority.crt", operator / "authority.pem"):
        place.write_bytes(both)
    (home / "revoked.crl").write_bytes((new / "revoked.crl").read_bytes() + (old / "revoked.crl").read_bytes())
    reload(walk.broker)
    connects()
    walk.lane()
    walk.enrol()
    walk.lane("--answer", str(walk.answer))
    assert issued_by(read_certificates((walk.id / "lane.pem").read_bytes())[0], alone)
    connects()
    out = tmp_path / "again"
    walk.core("enrol-broker", "localhost", "--request", str(asked_for(tmp_path, key)), "--out", str(out))
    shutil.copy(out / "broker.crt", certificate)
    reload(walk.broker)
    connects()
    walk.core("authority", "--renew-core")
    connects()
    assert all(issued_by(read_certificates(file.read_bytes())[0], alone) for file in (core, certificate))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_keys_made_by_root_belong_to_the_lanes_user(walk: Walk) -> None:
    """The technician is root; the lane is not."""
    os.chown(load_store_folder(walk), 65534, 65534)
    walk.whole()
    owners = {file.stat().st_uid for file in walk.id.rglob("*")}
    assert owners == {65534}


def load_store_folder(walk: Walk) -> Path:
    """Where the lane's user is known from."""
    return parse(walk.box.file).lane.store.parent
