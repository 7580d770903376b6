"""The commands about the core's own signing keys: make the next one, see which lanes have it, destroy the last one.

Rules of this file:
- Which lanes have a key is known from what they say of themselves (`up/state`); one that never said is counted as one
  that lacks it. A running core is asked; without one nothing is known.
- A private key that some lane may still need is destroyed only by force: with it goes the only way to give that lane
  the next key without going there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer

from core.cli.enrol import PANEL, desk_of, utc_ms
from core.cli.options import Config
from core.cli.output import print_table, say
from core.cli.sessions import kept_session
from core.enrolment.keys import load_core_ring, load_signing_key, make_signing_key, next_signing_key
from core.errors import RefusedError
from core.files import write_whole
from core.office.admin import AdminClient, CoreUnreachableError
from core.office.answers import CoreStatus, LaneStatusView
from core.settings import CoreSettings, load
from runtime.files import flush_folder
from wire.envelope import key_id

Name = Annotated[str, typer.Argument(help="The key's name, with or without the digits that signing-keys shows.")]


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    for command in (new_signing_key, core_keys, signing_keys, retire_signing_key):
        app.command(rich_help_panel=PANEL)(command)


@dataclass(frozen=True, slots=True)
class Holders:
    """The registered lanes, by whether they have a key of the core's; `silent` ones have not said."""

    have: tuple[str, ...]
    lack: tuple[str, ...]
    silent: tuple[str, ...]

    @classmethod
    def of(cls, key: str, lanes: Sequence[LaneStatusView]) -> Holders:
        """By what the lanes said; `key` is a name with digits (`envelope.key_id`)."""
        told = {one.lane: one.core_keys for one in lanes}
        return cls(
            tuple(lane for lane, keys in told.items() if keys is not None and key in keys),
            tuple(lane for lane, keys in told.items() if keys is not None and key not in keys),
            tuple(lane for lane, keys in told.items() if keys is None),
        )

    @property
    def missing(self) -> str:
        """The lanes that may not have it, in words; "" if all have."""
        parts = [f"missing at {', '.join(self.lack)}"] if self.lack else []
        parts += [f"not known of {', '.join(self.silent)}"] if self.silent else []
        return "; ".join(parts)


def new_signing_key(config: Config) -> None:
    """Make the core's next signing key beside the present one; nothing is signed with it yet."""
    settings = load(config, planned=True)
    path = next_signing_key(settings.core.signing_key)
    make_signing_key(path)
    say(f"made: {path}. Next, in this order:")
    say("1. rocars-core core-keys --out FILE, and on every box: rocars-lane enrol --answer FILE --config CONFIG")
    say(f'2. when rocars-core signing-keys shows that all have it: core.signing_key = "{path.name}", and restart')
    say(f"3. rocars-core retire-signing-key {settings.core.signing_key.stem}")


def core_keys(
    config: Config,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    sign_with: Annotated[
        str, typer.Option(help="Another key of the core's, for a lane that does not have the present one.")
    ] = "",
) -> None:
    """Write the core's public keys for every lane: before the core changes its signing key."""
    settings = load(config, planned=True)
    other = _private(settings.core.signing_key, sign_with) if sign_with else None
    answer = desk_of(settings).core_keys(at_ms=utc_ms(), sign_with=other)
    write_whole(out, answer.to_text())
    say(f"{out}: the keys {', '.join(sorted(answer.core_keys))}, signed by {answer.signed.kid}")


def signing_keys(config: Config) -> None:
    """The core's keys, what each does, and which lanes have it."""
    settings = load(config, planned=True)
    present = settings.core.signing_key
    asked = _asked(settings)
    lines: list[tuple[str, ...]] = []
    for key in load_core_ring(present).prints:
        name = _stem(key)
        if name == present.stem:
            does = "signs"
        else:
            does = "can sign" if present.with_stem(name).exists() else "proves old signatures"
        holders = Holders.of(key, asked[1]) if asked else None
        lines.append((key, does, *(_held_by(holders) if holders else ("not known", "the core does not run"))))
    titles = ("key", "what it does", "lanes that have it", "lanes that may not")
    print_table({title: itemgetter(place) for place, title in enumerate(titles)}, lines)
    if not (public := present.with_suffix(".pub")).exists():
        say(f"{public}: is missing, the half of the key that signs that lanes need; restore it from the backup")
    if asked and asked[0].signing and _stem(asked[0].signing) != present.stem:
        say(f"The running core still signs with {asked[0].signing}: restart it")


def _held_by(holders: Holders) -> tuple[str, str]:
    every = len(holders.have) + len(holders.lack) + len(holders.silent)
    return f"{len(holders.have)} of {every}", holders.missing


def retire_signing_key(
    name: Name,
    config: Config,
    *,
    force: Annotated[bool, typer.Option("--force", help="Though lanes may still need it.")] = False,
) -> None:
    """Destroy the private half of a key that signs no more; the public half stays, to prove what it signed."""
    settings = load(config, planned=True)
    present = settings.core.signing_key
    file = _private(present, name)
    if file == present:
        raise RefusedError(
            f"{present.stem} is what this core signs with; name the next key in core.signing_key and restart the core first"
        )
    if not file.exists():
        raise RefusedError(f"{file}: there is no such private key; rocars-core signing-keys shows those that there are")
    problem = _still_needed(settings, file.stem, _asked(settings))
    if problem and not force:
        raise RefusedError(f"{problem}, or say --force")
    file.unlink()
    flush_folder(file.parent)
    if problem:
        say(f"warning: {problem}", err=True)
    say(f"{file} is destroyed (backups may hold it); {file.with_suffix('.pub').name} stays, for ever.")
    say("The lanes drop it with the next rocars-core core-keys.")


def _still_needed(settings: CoreSettings, name: str, asked: tuple[CoreStatus, list[LaneStatusView]] | None) -> str:
    """Why a key must not go yet, "" if it may."""
    present = settings.core.signing_key.stem
    if asked is None:
        return "the core does not run, so it is not known which lanes still need the key; start it"
    status, lanes = asked
    if _stem(status.signing) != present:
        return f"the running core still signs with {status.signing}; restart it"
    missing = Holders.of(status.signing, lanes).missing
    if not missing:
        return ""
    return (
        f"the key that signs now, {status.signing}, is {missing}. Without {name} such a lane can be given keys only by "
        f"enrolling it anew. Give them: rocars-core core-keys --sign-with {name} --out FILE, and on the box rocars-lane "
        "enrol --answer FILE"
    )


def warning(settings: CoreSettings) -> str:
    """Where a running core's lanes may lack the key that the configuration names: what would happen; else ""."""
    try:
        asked = _asked(settings)
    except RefusedError:  # this login may check files, and ask nothing
        return ""
    if asked is None:
        return ""
    present = settings.core.signing_key
    signer = load_signing_key(present)
    key = key_id(signer.kid, signer.public)
    status, lanes = asked
    if key == status.signing:  # a lane that has not said anything is no news then
        lanes = [one for one in lanes if one.core_keys is not None]
    missing = Holders.of(key, lanes).missing
    return f"the signing key {key} is {missing}; a core that signs with it is not believed there" if missing else ""


def _stem(key: str) -> str:
    """The name of a key without its digits."""
    return key.rpartition(".")[0]


def _private(present: Path, name: str) -> Path:
    """The private key of that name beside the present one; with digits they must be that key's."""
    return present.with_stem(_stem(name) if name in load_core_ring(present).prints else name)


def _asked(settings: CoreSettings) -> tuple[CoreStatus, list[LaneStatusView]] | None:
    """The running core and its lanes; None if none runs."""

    async def asked() -> tuple[CoreStatus, list[LaneStatusView]]:
        async with AdminClient(settings.core.admin_socket, session=kept_session()) as core:
            return await core.status(), await core.lanes()

    try:
        return asyncio.run(asked())
    except CoreUnreachableError:
        return None
