"""`rocars-lane enrol`: the lane's half of its enrolment, and of every renewal.

    enrol                  makes new keys beside the ones in use, and a request for the core's operator
    enrol --answer FILE    checks the operator's answer, tries it with the brokers, and puts it in place

Rules of this file
- Private keys are made here, mode 0600, for the lane's user, and never leave the box; no message holds a byte of one.
- What is in use stays in use until the new works: the answer is tried with the brokers first, and what is replaced stays
  beside as `.old`.
- A power cut at any moment leaves a lane that works. Each file is replaced in one step, in an order in which every state
  between is good: keys of the core and authorities first (more are trusted), then the TLS pair, one file, then the
  signing key (the core knows both). Only then what is no longer trusted goes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.settings.load import Settings
from runtime.files import write_whole
from wire import certificates
from wire.enrolment import (
    EnrolmentAnswer,
    EnrolmentError,
    Request,
    check_answer,
    known,
    make_request,
    read_answer,
    read_request,
)
from wire.envelope import KeyRing, Signer, public_from_pem

PENDING = "pending"
_TLS, _SIGNING, _REQUEST = "tls.key", "signing.pem", "request.json"
_INSTALLED = "enrolled.json"

Trial = Callable[[Path, Path, Path], list[str]]
"""Tries (authority, certificate, key) with every broker; one line each, "" where it takes them."""


@dataclass(frozen=True, slots=True)
class IdentityFiles:
    """Where this lane's identity is, from its settings (`of`)."""

    lane: str
    authority: Path
    certificate: Path
    key: Path
    lane_key: Path
    core_keys: Path
    owner: tuple[int, int]

    @classmethod
    def of(cls, settings: Settings) -> IdentityFiles:
        """The places that the settings name.

        Raises:
            EnrolmentError: the settings name no TLS files.
        """
        link = settings.link
        if link.authority is None or link.certificate is None or link.key is None:
            raise EnrolmentError("the settings lack link.authority, link.certificate or link.key; see config/lane.toml")
        kept = settings.lane.store.parent
        if not kept.is_dir():
            raise EnrolmentError(f"lane.store: {kept} does not exist; make it first, for the lane's user")
        return cls(
            lane=settings.lane.id,
            authority=link.authority,
            certificate=link.certificate,
            key=link.key,
            lane_key=link.lane_key,
            core_keys=link.core_keys,
            owner=(kept.stat().st_uid, kept.stat().st_gid),
        )

    @property
    def owner_if_root(self) -> tuple[int, int] | None:
        """The lane's user and group, to whom root gives what it writes; nobody else can give files away."""
        return self.owner if os.geteuid() == 0 else None

    @property
    def pending(self) -> Path:
        """The folder of keys that wait for their answer."""
        return self.lane_key.parent / PENDING

    @property
    def request(self) -> Path:
        """The request of the keys that wait."""
        return self.pending / _REQUEST

    @property
    def installed(self) -> Path:
        """The last answer that was installed."""
        return self.core_keys.parent / _INSTALLED


def ask(places: IdentityFiles, *, again: bool = False) -> Request:
    """Makes new keys and the request for them, signed also by the key in use, where there is one.

    Args:
        places: where they go.
        again: throw away keys that still wait for an answer.

    Raises:
        EnrolmentError: keys wait already, or no lane can have this name.
        OSError: a file cannot be written.
    """
    if places.request.exists() and not again:
        raise EnrolmentError(
            f"a request waits for its answer since it was made: {places.request}. Take that file to the core's operator, "
            "or say --again for new keys; its answer is then worth nothing"
        )
    key, signer = certificates.new_key(), Signer.of(places.lane, Signer.generate("").to_pem())
    request = make_request(places.lane, key=key, signer=signer, current=_in_use(places))
    _folder(places.pending, places, mode=0o700)
    places.request.unlink(missing_ok=True)
    _write(places.pending / _TLS, certificates.key_to_pem(key), places, mode=0o600)
    _write(places.pending / _SIGNING, signer.to_pem(), places, mode=0o600)
    _write(places.request, request.to_text(), places)
    return request


def _in_use(places: IdentityFiles) -> Signer | None:
    """The lane's present signing key; None where it has none that can sign."""
    try:
        return Signer.of(places.lane, places.lane_key.read_bytes())
    except (OSError, ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that fits this lane.

    Attributes:
        known: the core signed it with a key this lane has; otherwise its fingerprint must be compared.
        identity: it brings a new certificate; otherwise the core's keys alone.
    """

    answer: EnrolmentAnswer
    known: bool
    identity: bool


def look(places: IdentityFiles, file: Path) -> Checked:
    """Reads an answer and checks that it fits this lane's waiting keys and its name, and is not an old one.

    Raises:
        EnrolmentError: it does not, and what to do.
        OSError: it cannot be read.
    """
    answer = read_answer(file.read_bytes())
    believed = known(answer, _core_ring(places))
    _not_older(places, answer)
    if not answer.certificate:
        if not believed:
            raise EnrolmentError(
                "these keys are not signed by a core this lane knows; enrol the lane, or get them again"
            )
        return Checked(answer, known=True, identity=False)
    check_answer(answer, lane=places.lane, key=_waiting_key(places))
    return Checked(answer, known=believed, identity=True)


def _core_ring(places: IdentityFiles) -> KeyRing:
    keys = {}
    for file in sorted(places.core_keys.glob("*.pem")):
        try:
            keys[file.stem] = public_from_pem(file.read_bytes())
        except ValueError:
            continue  # told by `rocars-lane check`; here it proves nothing
    return KeyRing(keys)


def _not_older(places: IdentityFiles, answer: EnrolmentAnswer) -> None:
    if not places.installed.is_file():
        return
    try:
        last = read_answer(places.installed.read_bytes())
    except EnrolmentError:
        return  # only a memory of what was installed; damaged, it forbids nothing
    if answer.made_ms < last.made_ms:
        raise EnrolmentError("a newer answer was installed before; get a new one from the core's operator")


def _waiting_key(places: IdentityFiles) -> certificates.PrivateKey:
    try:
        read_request(places.request.read_bytes())
        return certificates.key_from_pem((places.pending / _TLS).read_bytes())
    except FileNotFoundError as error:
        raise EnrolmentError("no keys wait for an answer on this box; run rocars-lane enrol first") from error
    except ValueError as error:
        raise EnrolmentError(f"the waiting keys in {places.pending} are damaged ({error}); say --again") from error


def install(places: IdentityFiles, checked: Checked, trial: Trial | None) -> list[str]:
    """Tries the answer with the brokers and puts it in place.

    Args:
        places: where it goes.
        checked: by `look`, and believed.
        trial: None to put it in place untried.

    Returns:
        What brokers said against it that other brokers did not.

    Raises:
        EnrolmentError: no broker takes it; nothing was changed.
        OSError: a file cannot be written; every file is the old one or the new one, and the lane works.
    """
    against = _tried(places, checked, trial) if checked.identity and trial is not None else []
    answer = checked.answer
    _folder(places.core_keys, places, mode=0o750)
    for kid, pem in answer.core_keys.items():
        _write(places.core_keys / f"{kid}.pem", pem.encode(), places)
    if checked.identity:
        _put(places.authority, answer.authority.encode(), places)
        _put_pair(places, answer.certificate.encode(), (places.pending / _TLS).read_bytes())
        _put(places.lane_key, (places.pending / _SIGNING).read_bytes(), places, mode=0o600)
    for file in places.core_keys.glob("*.pem"):
        if file.stem not in answer.core_keys:
            file.replace(file.with_suffix(".pem.old"))
    _write(places.installed, answer.to_text(), places)
    if checked.identity:
        _clear(places)
    return against


def _tried(places: IdentityFiles, checked: Checked, trial: Trial) -> list[str]:
    """Shakes hands with each broker as the new lane would; at least one must take it."""
    pair, authority = places.pending / "trial.pem", places.pending / "authority.pem"
    pem = checked.answer.certificate.encode() + (places.pending / _TLS).read_bytes()
    _write(pair, pem, places, mode=0o600)
    _write(authority, checked.answer.authority.encode(), places)
    try:
        said = trial(authority, pair, pair)
    finally:
        pair.unlink()
        authority.unlink()
    if all(said):
        raise EnrolmentError(
            "no broker takes the new certificate, so nothing was changed:\n"
            + "\n".join(f"  {line}" for line in said)
            + "\nMend that, or say --untried to install it all the same"
        )
    return [line for line in said if line]


def _put_pair(places: IdentityFiles, certificate: bytes, key: bytes) -> None:
    """One file for both is one step; of two, the key goes first and a power cut between leaves a pair that is none."""
    if places.certificate == places.key:
        _put(places.certificate, certificate + key, places, mode=0o600)
        return
    _put(places.key, key, places, mode=0o600)
    _put(places.certificate, certificate, places)


def _put(path: Path, content: bytes, places: IdentityFiles, *, mode: int = 0o644) -> None:
    """Replaces a file; the old one stays beside as `.old`."""
    if path.exists():
        old = path.with_name(f"{path.name}.old")
        old.unlink(missing_ok=True)
        os.link(path, old)
    _write(path, content, places, mode=mode)


def _write(path: Path, content: bytes, places: IdentityFiles, *, mode: int = 0o644) -> None:
    """Whole or not at all, on the disk when it returns, for the lane's user."""
    _folder(path.parent, places, mode=0o750)
    write_whole(path, content, mode=mode, owner=places.owner_if_root)


def _folder(path: Path, places: IdentityFiles, *, mode: int) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, mode=mode)
        path.chmod(mode)
        _give(path, places)


def _give(path: Path, places: IdentityFiles) -> None:
    """To the lane's user, whose store is; who is not root makes files of his own anyway."""
    if os.geteuid() == 0:
        os.chown(path, *places.owner)


def _clear(places: IdentityFiles) -> None:
    """The request goes first: without it nothing waits any more."""
    places.request.unlink()
    for file in places.pending.iterdir():
        file.unlink()
    places.pending.rmdir()
