"""The core's half of enrolment: authority, register, endings, and a signing key that is replaced."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner

from core.cli.app import app
from core.enrolment.authority import Authority
from core.enrolment.enrolling import Applicant, EnrolmentService, enrol_here
from core.enrolment.expiry import endings
from core.enrolment.issued import read_list
from core.enrolment.keys import keys_to_give, load_core_ring, load_signing_key, make_signing_key, next_signing_key
from core.enrolment.registry import LaneRegistry
from core.errors import CoreSettingsError, RefusedError
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.settings import load
from simulation.ledgers import database_at
from wire import certificates
from wire.enrolment import EnrolmentError, make_request, read_answer, read_request, read_wanted
from wire.envelope import Signer, key_id, public_to_pem
from wire.records import HoldRecord

DAY_MS = 86_400_000
CONFIG = """
[core]
database = "dbname=rocars"
signing_key = "core-1.key"
lane_keys = "keys"
admin_socket = "s"
[authority]
folder = "authority"
lane_days = 100
[[broker]]
host = "localhost"
port = 8883
authority = "authority.pem"
certificate = "core.pem"
key = "core.pem"
[points]
SZB = "Shenzhen Bay"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A core's folder, complete but for lanes."""
    file = tmp_path / "core.toml"
    file.write_text(CONFIG.replace("dbname=rocars", database_at(tmp_path / "core.db")), encoding="utf-8")
    for command in ("init", "authority"):
        assert CliRunner().invoke(app, [command, "--config", str(file)]).exit_code == 0
    return file


def make_desk(folder: Path, clock: Any) -> tuple[EnrolmentService, LaneRegistry]:
    """A desk in that folder."""
    (folder / "keys").mkdir(exist_ok=True)
    if not (folder / "core-1.key").exists():
        make_signing_key(folder / "core-1.key")
    opened = (folder / "authority").exists()
    authority = (Authority if opened else Authority.make)(folder / "authority", clock)
    registry = LaneRegistry(folder / "keys")
    return EnrolmentService(authority, registry, signing_key=folder / "core-1.key", days=100), registry


def test_the_authoritys_key_is_its_owners_alone_and_never_made_twice(tmp_path: Path, clock: Any) -> None:
    """Mode 0600; open to others, missing or without its certificate it is refused, with what to do."""
    made = Authority.make(tmp_path / "a", clock)
    key = tmp_path / "a/authority.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(CoreSettingsError, match="there is an authority already"):
        Authority.make(tmp_path / "a", clock)
    key.chmod(0o640)
    with pytest.raises(CoreSettingsError, match="run chmod 600"):
        Authority(tmp_path / "a", clock)
    key.chmod(0o600)
    (tmp_path / "a/authority.pem").write_bytes(Authority.make(tmp_path / "b", clock).pem)
    with pytest.raises(CoreSettingsError, match="restore both from one backup"):
        Authority(tmp_path / "a", clock)
    assert made.fingerprint != Authority(tmp_path / "b", clock).fingerprint


def test_the_list_of_the_revoked_outlives_everything_it_speaks_of(tmp_path: Path, clock: Any) -> None:
    """A broker whose list has ended lets nobody in; and what is on it stays, with its own date."""
    authority = Authority.make(tmp_path / "a", clock)
    listed = read_list(authority.revoked_file)
    assert listed.next_update_utc == authority.certificate.not_valid_after_utc
    authority.revoke([7])
    first = read_list(authority.revoked_file).get_revoked_certificate_by_serial_number(7)
    clock.pass_minutes(60)
    authority.revoke([7, 8])
    listed = read_list(authority.revoked_file)
    assert [one.serial_number for one in listed] == [7, 8]
    again = listed.get_revoked_certificate_by_serial_number(7)
    assert first is not None
    assert again is not None
    assert again.revocation_date_utc == first.revocation_date_utc
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
    assert listed.is_signature_valid(authority.certificate.public_key())  # type: ignore[arg-type]


def test_who_asks_is_told_apart(tmp_path: Path, clock: Any) -> None:
    """New, the lane itself, or somebody else in its name; also for a lane registered by hand under its bare name."""
    desk, registry = make_desk(tmp_path, clock)
    old = Signer.of("szb-in-01", Signer.generate("").to_pem())
    (tmp_path / "keys/szb-in-01.pub").write_bytes(public_to_pem(old.public))
    assert registry.refresh()
    new = Signer.of("szb-in-01", Signer.generate("").to_pem())
    by_itself = make_request("szb-in-01", key=certificates.new_key(), signer=new, current=old)
    assert desk.standing(by_itself) is Applicant.RENEWAL
    assert desk.standing(make_request("szb-in-01", key=certificates.new_key(), signer=new)) is Applicant.STRANGER
    assert (
        desk.standing(make_request("szb-in-01", key=certificates.new_key(), signer=new, current=new))
        is Applicant.STRANGER
    )
    assert desk.standing(make_request("szb-in-02", key=certificates.new_key(), signer=new)) is Applicant.NEW
    desk.enrol(by_itself, at_ms=1)
    assert {file.name for file in (tmp_path / "keys").glob("*.pub")} == {"szb-in-01.pub", f"{new.kid}.pub"}
    assert registry.rings["szb-in-01"].kids == {"szb-in-01", old.kid, new.kid}


def test_a_request_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    """Another lane's name, another key, a key that is not held: each is said."""
    signer, other = (Signer.of("szb-in-01", Signer.generate("").to_pem()) for _ in range(2))
    request = make_request("szb-in-01", key=certificates.new_key(), signer=signer)
    assert read_request(request.to_text()) == request
    text = request.to_text()
    with pytest.raises(EnrolmentError, match="a certificate of another name"):
        read_request(text.replace(b'"lane": "szb-in-01"', b'"lane": "szb-in-02"'))
    swapped = request.signing_key, public_to_pem(other.public).decode()
    with pytest.raises(EnrolmentError, match="does not prove its signing key"):
        read_request(text.replace(*(pem.replace("\n", "\\n").encode() for pem in swapped)))
    with pytest.raises(EnrolmentError, match="is it the right file"):
        read_request(b"\xff" * 10)
    with pytest.raises(EnrolmentError, match="too many for an enrolment request"):
        read_request(b" " * 300_000)


def test_only_p_256_is_signed(tmp_path: Path) -> None:
    """And only a request that whoever holds the key has signed."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP384R1())
    other = x509.CertificateSigningRequestBuilder().subject_name(certificates.common("x")).sign(key, hashes.SHA256())
    with pytest.raises(EnrolmentError, match="not of the kind P-256"):
        read_wanted(other.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(EnrolmentError, match="no usable certificate signing request"):
        read_wanted(b"rubbish")


def test_a_broker_is_certified_for_names_and_addresses_only(tmp_path: Path, clock: Any) -> None:
    """What lanes connect to must stand in it."""
    authority = Authority.make(tmp_path / "a", clock)
    public = certificates.new_key().public_key()
    (made,) = certificates.read_certificates(authority.for_broker(["b.example", "10.0.0.5", "fd00::5"], public, days=9))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["b.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5", "fd00::5"]
    with pytest.raises(RefusedError, match="neither a host name nor an address"):
        authority.for_broker(["ü"], public, days=9)


def test_what_nears_its_end_is_named_with_its_remedy(config: Path) -> None:
    """The core's own, each registered lane's newest, each broker's; the revoked and the renewed are not."""
    settings = load(config)
    now = 0

    def clock() -> int:
        return now

    now = int(
        certificates.read_certificates((config.parent / "core.pem").read_bytes())[0].not_valid_before_utc.timestamp()
    )
    now = (now + 86_400) * 1_000
    authority = Authority(config.parent / "authority", clock)
    desk = EnrolmentService(
        authority, LaneRegistry(config.parent / "keys"), signing_key=config.parent / "core-1.key", days=40
    )
    for lane in ("szb-in-01", "szb-in-02", "szb-in-03"):
        enrol_here(desk, lane, at_ms=now)
    desk.revoke("szb-in-03")
    authority.for_broker(["b.example", "10.20.0.5"], certificates.new_key().public_key(), days=50)
    lanes = ("szb-in-01", "szb-in-02")
    assert endings(settings, lanes, now) == []
    now += 15 * DAY_MS
    enrol_here(desk, "szb-in-02", at_ms=now)
    assert [one.lane for one in endings(settings, lanes, now)] == ["szb-in-01"]
    now += 10 * DAY_MS
    soon = endings(settings, lanes, now)
    assert [(one.lane, one.what) for one in soon] == [("szb-in-01", "lane szb-in-01"), ("", "broker b.example")]
    assert "rocars-lane enrol on that box" in soon[0].remedy
    assert "enrol-broker b.example 10.20.0.5 --request FILE --out FOLDER" in soon[1].remedy
    core = endings(settings, lanes, now + 60 * DAY_MS)
    assert any(one.what.endswith("core.pem") and "--renew-core" in one.remedy for one in core)


def test_check_warns_of_what_nears_its_end(config: Path) -> None:
    """A line on standard error; the check itself still passes."""
    config.write_text(config.read_text().replace("lane_days = 100", "lane_days = 100\nwarn_days = 200"))
    result = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 0
    assert f"warning: {config.parent / 'core.pem'}: its certificate ends on" in result.stderr


def test_the_register_follows_its_folder_and_one_bad_file_hurts_one_lane(tmp_path: Path) -> None:
    """Added, replaced, taken away; a file that is no key takes off its own lane alone."""
    registry = LaneRegistry(tmp_path)
    assert not registry.refresh()
    for lane in ("szb-in-01", "szb-in-02"):
        (tmp_path / f"{lane}.pub").write_bytes(public_to_pem(Signer.generate(lane).public))
    assert registry.refresh()
    assert set(registry.rings) == {"szb-in-01", "szb-in-02"}
    (tmp_path / "szb-in-01.pub").write_text("rubbish")
    assert registry.refresh()
    assert set(registry.rings) == {"szb-in-02"}
    assert len(registry.problems) == 1
    assert registry.remove("szb-in-02") == 1
    assert registry.rings == {}
    assert (tmp_path / "revoked/szb-in-02.pub").exists()


def test_a_replaced_signing_key_still_proves_what_it_signed(tmp_path: Path, clock: Any) -> None:
    """Lanes are given keys that can sign; of the old one only the public half stays, and the log is proved with it."""
    first = tmp_path / "core-1.key"
    make_signing_key(first)
    second = next_signing_key(first)
    assert second.name == "core-2.key"
    store = CoreStore(database_at(tmp_path / "core.db"), create=True)
    log = ReplicatedLog(store, load_signing_key(first))
    with store.transaction():
        epoch = log.restart(at_ms=clock(), reason="test")
        log.append([HoldRecord("AB1", "old key")], at_ms=clock())
    make_signing_key(second)
    assert set(keys_to_give(first)) == {"core-1", "core-2"}
    first.unlink()
    assert set(keys_to_give(second)) == {"core-2"}
    assert next_signing_key(second).name == "core-3.key"
    log = ReplicatedLog(store, load_signing_key(second), load_core_ring(second))
    log.check()
    with store.transaction():
        log.append([HoldRecord("AB2", "new key")], at_ms=clock())
    assert set(log.list_at(epoch, 2).rows) == {("hold", "AB1"), ("hold", "AB2")}
    store.close()


def test_a_key_with_a_passphrase_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """Nobody is there to type it when a lane starts after a power cut."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    locked = serialization.BestAvailableEncryption(b"secret")
    for name, key in (("core-1.key", Ed25519PrivateKey.generate()), ("tls.key", certificates.new_key())):
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        (tmp_path / name).write_bytes(pem)
        (tmp_path / name).chmod(0o600)
    with pytest.raises(CoreSettingsError, match="passphrase"):
        load_signing_key(tmp_path / "core-1.key")
    with pytest.raises(ValueError, match="passphrase"):
        certificates.key_from_pem((tmp_path / "tls.key").read_bytes())


def test_the_answer_is_whole_or_refused(tmp_path: Path, clock: Any) -> None:
    """Signed by the core over every field."""
    desk, _ = make_desk(tmp_path, clock)
    answer, _, signer = enrol_here(desk, "szb-in-01", at_ms=5)
    assert signer.kid == key_id("szb-in-01", signer.public)
    text = answer.to_text()
    assert read_answer(text) == answer
    for old, new in ((b'"made_ms": 5', b'"made_ms": 6'), (b"szb-in-01", b"szb-in-02"), (b"core-1", b"core-9")):
        assert old in text
        with pytest.raises(EnrolmentError):
            read_answer(text.replace(old, new))
