"""The wall of lanes at this page: it comes in with a ticket that its key has signed, and brings a person, or fetches pictures.

Rules of this file (docs/wall.md has what is protected against whom):
- The lane makes a challenge up, and the ticket signs it with the lane's name: good for this lane, once, for `CHALLENGE_MS`. No
  clock is compared: boxes without a core have none to trust.
- Which walls may come is a folder of public keys on the box. A key that is taken away ends its sessions at once.
- The person is who the wall says, and is called `login@wall` here, which no officer's login at the lane can be; the role comes with the
  ticket. A ticket for pictures is a viewer's.
- A session that came so and has locked itself is not unlocked here: its password is the wall's. It is opened from there again.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.access import Access
from console.errors import RequestRefusedError
from console.officers import OfficerRole
from console.ports import Ticks
from wire.codec import decode
from wire.envelope import KeyRing, public_from_pem
from wire.errors import WireRefusedError
from wire.topics import ROOT

CHALLENGE_MS: Final = 30_000
_MOST: Final = 64
"""Challenges that are open at once; the oldest gives its place."""


class WallTicket(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="wall_ticket"):
    """What a wall signs; `person` is the login there, "" to fetch pictures for its tiles."""

    lane: str
    challenge: str
    person: str
    role: OfficerRole


def ticket_topic(lane: str) -> str:
    """What a ticket is signed for, beside its body."""
    return f"{ROOT}/lane/{lane}/page"


def wall_ring(folder: Path) -> KeyRing:
    """The walls' public keys: `<wall>.pub`; a file that is no key counts for nothing."""
    found = {}
    for file in sorted(folder.glob("*.pub")):
        try:
            found[file.stem] = public_from_pem(file.read_bytes())
        except (OSError, ValueError):
            continue
    return KeyRing(found)


class WallVisits:
    """The routes `/wall/challenge` and `/wall/enter`.

    Args:
        lane: this lane's name, asked when it is needed: the agent learns it when it starts.
        folder: of the walls' public keys.
        access: the page's.
        ticks: a monotonic clock.
    """

    def __init__(self, lane: Callable[[], str], folder: Path, *, access: Access, ticks: Ticks) -> None:
        self._lane, self._folder, self._access, self._ticks = lane, folder, access, ticks
        self._open: dict[str, int] = {}

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [Route("/wall/challenge", self._challenge), Route("/wall/enter", self._enter, methods=["POST"])]

    async def _challenge(self, request: Request) -> Response:
        """Something to sign; anybody may have one."""
        del request
        made = secrets.token_hex(16)
        while len(self._open) >= _MOST:
            self._open.pop(next(iter(self._open)))
        self._open[made] = self._ticks()
        return Response(msgspec.json.encode({"challenge": made, "lane": self._lane()}), media_type="application/json")

    async def _enter(self, request: Request) -> Response:
        """A ticket: begins a session. Not asked for by our own page, so the ticket alone is what lets somebody in."""
        form = await request.form(max_files=0, max_fields=1)
        wall, key, ticket = self._opened(str(form.get("ticket", "")))
        person = f"{ticket.person or 'pictures'}@{wall}"
        # A redirect would still be the other site's request, which brings no strict cookie: the page itself goes on.
        response = HTMLResponse(
            '<!doctype html><html lang="en"><title>Lane</title><meta http-equiv="refresh" content="0;url=/">'
            '<a href="/">Open the lane</a>'
        )
        role = ticket.role if ticket.person else OfficerRole.VIEWER
        self._access.log_in_from_wall(request, response, person=person, fingerprint=key, role=role)
        return response

    def _opened(self, text: str) -> tuple[str, str, WallTicket]:
        """The wall, its key's print, and the ticket.

        Raises:
            RequestRefusedError: it is none, of a wall that may not come, for another lane, used or too old (403).
        """
        ring = wall_ring(self._folder)
        try:
            payload = base64.urlsafe_b64decode(text.encode())
            body = ring.open(ticket_topic(self._lane()), payload, largest=2_048)
            ticket = decode(WallTicket, body)
            wall = msgspec.msgpack.decode(payload)["kid"]
        except (binascii.Error, ValueError, WireRefusedError) as error:
            raise RequestRefusedError(
                403, "The wall's ticket is not good here; open the lane from the wall again."
            ) from error
        made = self._open.pop(ticket.challenge, None)
        if made is None or self._ticks() - made > CHALLENGE_MS or ticket.lane != self._lane():
            raise RequestRefusedError(
                403, "The wall's ticket was used or is too old; open the lane from the wall again."
            )
        return wall, _print_of(ring, wall), ticket

    def fingerprint(self, person: str) -> str:
        """The print of the key by which `person` came; "" once that wall may not come any more."""
        return _print_of(wall_ring(self._folder), person.rpartition("@")[2])


def _print_of(ring: KeyRing, wall: str) -> str:
    return next((one for one in ring.prints if one.rpartition(".")[0] == wall), "")
