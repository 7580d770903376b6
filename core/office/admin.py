"""The operators' interface over a local Unix socket: JSON lines, one answer a request, in order.

Rules of this file: local only; whoever may write to the socket's file may connect (mode 0660). A client may keep its
connection and send many requests; each is carried out whole before the next. The kernel says which login a connection is of
(SO_PEERCRED), and `door` whose account that is; a client cannot name itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from core.errors import CoreError, RefusedError
from core.link.alarms import CoreAlarm
from core.link.claims import HeldClaim
from core.link.compound import Expected
from core.link.disputes import DisputedUse
from core.link.intake import QuarantinedRow
from core.link.pictures import Kept
from core.link.projection import Crossing
from core.logins import login_of
from core.model.consignment import CargoInformation
from core.model.refusals import refusal
from core.office import requests as ask
from core.office.answers import AdminAnswer, CommandState, CoreStatus, EnquiryResult, LaneStatusView, SignedIn
from core.office.bundling import BundleMade, BundleRequest
from core.office.cargo import Lodging
from core.office.door import Caller
from core.office.service import ImportedBundle

T = TypeVar("T")

_TAKEN_AT_ONCE = 1_000
_requests = msgspec.json.Decoder(ask.Request)
_PEER = struct.Struct("3i")  # pid, uid, gid of SO_PEERCRED (unix(7))


class AdminServer:
    """Listens on a socket and has each request carried out.

    Args:
        path: the socket's file; one left by a core that was killed is replaced.
        serve: carries out a request of this connection, at once or, returning a future, soon; raises RefusedError where a
            rule forbids it.
        listening: called once clients can connect.
        before: awaited before a request is carried out; it may have to wait.
    """

    def __init__(
        self,
        path: Path,
        serve: Callable[[ask.Request, Caller], Any],
        listening: Callable[[], None] = lambda: None,
        *,
        before: Callable[[ask.Request, Caller], Awaitable[None]] | None = None,
    ) -> None:
        self._path = path
        self._serve = serve
        self._before = before
        self._listening = listening

    async def run(self) -> None:
        """Serves until cancelled."""
        self._path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._connected, self._path, limit=ask.LONGEST_LINE)
        self._path.chmod(0o660)
        self._listening()
        try:
            async with server:
                await server.serve_forever()
        finally:
            self._path.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller(_login(writer.get_extra_info("socket")))
        # CancelledError: the core ends, and its connections with it; asyncio would log that as a fault
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := await self._line(reader):
                writer.write(await self._answer(line, caller) + b"\n")
                await writer.drain()
        writer.close()
        with contextlib.suppress(
            ConnectionError, asyncio.CancelledError
        ):  # a client that left in the middle of an answer
            await writer.wait_closed()

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        """The next request; nothing where the client is gone or its line is longer than any request."""
        try:
            return await reader.readline()
        except ValueError:
            return b""

    async def _answer(self, line: bytes, caller: Caller) -> bytes:
        try:
            request = _requests.decode(line)
            if self._before is not None:
                await self._before(request, caller)
            result = self._serve(request, caller)
            if isinstance(result, asyncio.Future):
                result = await result
            answer = AdminAnswer(result=msgspec.Raw(msgspec.json.encode(result)))
        except RefusedError as error:
            answer = AdminAnswer(problems=error.problems, refusals=error.refusals)
        except msgspec.ValidationError as error:
            answer = AdminAnswer(problems=(f"the request is not complete: {error}",))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            answer = AdminAnswer(problems=(f"the request is not JSON: {error}",))
        return msgspec.json.encode(answer)


def _login(connection: socket.socket) -> str:
    """The login of whoever is at the other end, as the kernel knows it."""
    return login_of(_PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))[1])


class CoreUnreachableError(CoreError, ConnectionError):
    """No core answers on the socket."""


class AdminClient:
    """Asks a running core.

    >>> async def stop_a_vehicle(socket: Path) -> str:
    ...     async with AdminClient(socket) as core:
    ...         return await core.hold("AB 1234", reason="exercise")

    Args:
        path: the core's socket.
        session: the token of an earlier sign-in; without one it is the account of the login that this process runs as.
    """

    def __init__(self, path: Path, *, session: str = "") -> None:
        self._path = path
        self._session = session
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        try:
            self._streams = await asyncio.open_unix_connection(self._path, limit=ask.LONGEST_LINE)
        except OSError as error:
            raise CoreUnreachableError(
                f"{self._path}: no core answers here; is rocars-core run started with this configuration?"
            ) from error
        if self._session:
            try:
                await self.send(ask.Resume(token=self._session), SignedIn)
            except BaseException:
                await self.__aexit__()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(ConnectionError):
                await self._streams[1].wait_closed()
            self._streams = None

    async def send(self, request: ask.Request, kind: type[T]) -> T:
        """Sends a request and reads its answer as `kind`.

        Raises:
            RefusedError: the core refuses it, for the reasons in `problems`.
            CoreUnreachableError: the core went away before it answered.
        """
        if self._streams is None:
            raise CoreUnreachableError(f"{self._path}: not connected; use `async with`")
        reader, writer = self._streams
        async with self._turn:
            try:
                writer.write(msgspec.json.encode(request) + b"\n")
                await writer.drain()
                line = await reader.readline()
            except ConnectionError as error:
                raise CoreUnreachableError(f"{self._path}: the core has gone away") from error
        if not line:
            raise CoreUnreachableError(f"{self._path}: the core has gone away")
        answer = msgspec.json.decode(line, type=AdminAnswer)
        if answer.problems:
            raise RefusedError(*(answer.refusals or answer.problems))
        return msgspec.json.decode(answer.result, type=kind)

    async def sign_in(self, name: str, password: str, code: str) -> SignedIn:
        """From now on this connection is this account's."""
        return await self.send(ask.SignIn(name=name, password=password, code=code), SignedIn)

    async def sign_out(self) -> None:
        """Ends the session."""
        await self.send(ask.SignOut(), type(None))

    async def lodge(self, cargo: CargoInformation, *, party: str = "") -> Lodging:
        """Lodges cargo information; the department's clerk says for which party."""
        return await self.send(ask.Lodge(cargo=cargo, party=party), Lodging)

    async def lodge_batch(self, batch: str, cargo: Iterable[CargoInformation], *, party: str = "") -> list[Lodging]:
        """Lodges a batch, all of it or nothing; the same batch again is answered by the same CCRNs."""
        return await self.send(ask.LodgeBatch(batch=batch, cargo=tuple(cargo), party=party), list[Lodging])

    async def amend(self, ccrn: str, cargo: CargoInformation) -> Lodging:
        """Puts another lodgement in place of one that is not bundled."""
        return await self.send(ask.Amend(ccrn=ccrn, cargo=cargo), Lodging)

    async def cancel(self, ccrn: str) -> None:
        """Withdraws a consignment that is not bundled."""
        await self.send(ask.Cancel(ccrn=ccrn), type(None))

    async def hand_to(self, party: str, *ccrns: str) -> None:
        """Hands consignments to a carrier, who may then bundle them."""
        await self.send(ask.HandTo(ccrns=ccrns, party=party), type(None))

    async def swap(self, ubr: str, *, vrn: str, driver: str) -> BundleMade:
        """Puts the cargo of a bundle on another vehicle, in one step."""
        return await self.send(ask.Swap(ubr=ubr, vrn=vrn, driver=driver), BundleMade)

    async def bundle(self, request: BundleRequest) -> BundleMade:
        """Bundles CCRNs with a vehicle."""
        return await self.send(ask.MakeBundle(bundle=request), BundleMade)

    async def debundle(self, ubr: str) -> None:
        """Undoes a bundle."""
        await self.send(ask.Debundle(ubr=ubr), type(None))

    async def decide(self, ccrn: str, code: str, *, reason: str) -> None:
        """Gives a consignment a selector's action code."""
        await self.send(ask.Decide(ccrn=ccrn, code=code, reason=reason), type(None))

    async def hold(self, vrn: str, *, reason: str) -> str:
        """Stops a vehicle; returns its normalised VRN."""
        return await self.send(ask.Hold(vrn=vrn, reason=reason), str)

    async def lift_hold(self, vrn: str) -> str:
        """Ends a hold; returns the normalised VRN."""
        return await self.send(ask.LiftHold(vrn=vrn), str)

    async def approve(self, vrn: str, mainland: str = "") -> str:
        """Approves a cross-boundary vehicle; returns its normalised VRN."""
        return await self.send(ask.Approve(vrn=vrn, mainland=mainland), str)

    async def withdraw_approval(self, vrn: str) -> str:
        """Takes a vehicle off the list of approved ones; returns its normalised VRN."""
        return await self.send(ask.WithdrawApproval(vrn=vrn), str)

    async def take_over(
        self,
        bundles: Iterable[ImportedBundle] = (),
        *,
        holds: Sequence[tuple[str, str]] = (),
        vehicles: Sequence[tuple[str, str]] = (),
    ) -> list[str]:
        """Takes over records made elsewhere, a thousand bundles a transaction; returns the UBRs, in order.

        Args:
            bundles: with their own times and codes.
            holds: (VRN, reason).
            vehicles: (VRN, Mainland plate or "").
        """
        if holds or vehicles:
            await self.send(ask.TakeOverRecords(holds=tuple(holds), vehicles=tuple(vehicles)), list[str])
        taken: list[str] = []
        waiting = list(bundles)
        for start in range(0, len(waiting), _TAKEN_AT_ONCE):
            part = tuple(waiting[start : start + _TAKEN_AT_ONCE])
            taken += await self.send(ask.TakeOverRecords(bundles=part), list[str])
        return taken

    async def arrived(self, vrn: str) -> Expected:
        """Says that a vehicle has come to the compound."""
        return await self.send(ask.Arrived(vrn=vrn), Expected)

    async def take_alarm(self, alarm: int) -> CoreAlarm:
        """Says that this officer deals with an alarm."""
        return await self.send(ask.TakeAlarm(alarm=alarm), CoreAlarm)

    async def clear_alarm(self, alarm: int, why: str = "") -> CoreAlarm:
        """Says that an alarm has been dealt with."""
        return await self.send(ask.ClearAlarm(alarm=alarm, why=why), CoreAlarm)

    async def shelve_alarm(self, alarm: int, minutes: int) -> CoreAlarm:
        """Says that nobody is to be called about an alarm for a while."""
        return await self.send(ask.ShelveAlarm(alarm=alarm, minutes=minutes), CoreAlarm)

    async def settle_use(self, ubr: str, *, used: bool, reason: str) -> DisputedUse:
        """Says whether a bundle whose use is disputed was used; returns the dispute that is settled."""
        return await self.send(ask.SettleUse(ubr=ubr, used=used, reason=reason), DisputedUse)

    async def settle_claim(self, ubr: str, *, used: bool, reason: str) -> HeldClaim:
        """Says whether a bundle that a silent lane has claimed was used; returns the claim that is settled."""
        return await self.send(ask.SettleClaim(ubr=ubr, used=used, reason=reason), HeldClaim)

    async def command(
        self, lane: str, name: str, *, good_seconds: int = 30, revert_seconds: int = 0, **arguments: Any
    ) -> str:
        """Sends a signed command to a lane; returns its identifier. `arguments`: see `requests.SendCommand`."""
        request = ask.SendCommand(
            lane=lane,
            name=name,
            good_seconds=good_seconds,
            revert_seconds=revert_seconds,
            **arguments,
        )
        return await self.send(request, str)

    async def answer(self, command: str, *, patience: float) -> CommandState:
        """What became of a command, once its lane has answered or `patience` seconds are over."""
        end = asyncio.get_running_loop().time() + patience
        while True:
            found = await self.send(ask.ListCommands(most=1, id=command), list[CommandState])
            if not found:
                raise RefusedError(refusal("command_unknown", command=command))
            if found[0].outcome or asyncio.get_running_loop().time() > end:
                return found[0]
            await asyncio.sleep(0.1)

    async def commands(self, *, most: int = 50) -> list[CommandState]:
        """The latest commands and what became of them."""
        return await self.send(ask.ListCommands(most=most), list[CommandState])

    async def pictures(self, *, lane: str = "", visit: str = "") -> list[Kept]:
        """The evidence pictures held, newest first; of a lane, of a visit (lane/journal/number)."""
        return await self.send(ask.ListPictures(lane=lane, visit=visit), list[Kept])

    async def picture(self, picture: str, *, purpose: str) -> bytes:
        """The bytes of a picture; that it was looked at is in the audit log."""
        return await self.send(ask.GetPicture(picture=picture, purpose=purpose), bytes)

    async def lanes(self) -> list[LaneStatusView]:
        """Every registered lane."""
        return await self.send(ask.Lanes(), list[LaneStatusView])

    async def crossings(self, *, most: int = 100, lane: str = "") -> list[Crossing]:
        """The latest crossings, newest first."""
        return await self.send(ask.Crossings(most=most, lane=lane), list[Crossing])

    async def alarms(self, *, most: int = 500, cleared: bool = False) -> list[CoreAlarm]:
        """Standing alarms, what nobody has taken first; or all of them, newest first."""
        return await self.send(ask.Alarms(most=most, cleared=cleared), list[CoreAlarm])

    async def disputed_uses(self) -> list[DisputedUse]:
        """Uses of bundles that no read bears out, oldest first."""
        return await self.send(ask.ListDisputedUses(), list[DisputedUse])

    async def claims(self) -> list[HeldClaim]:
        """Bundles that visits have claimed and not used, oldest first."""
        return await self.send(ask.ListClaims(), list[HeldClaim])

    async def quarantined(self, *, most: int = 500) -> list[QuarantinedRow]:
        """Rows that are kept and could not be read whole, newest first."""
        return await self.send(ask.ListQuarantine(most=most), list[QuarantinedRow])

    async def compound(self) -> list[Expected]:
        """The vehicles expected at the compound."""
        return await self.send(ask.AtCompound(), list[Expected])

    async def enquire(self, text: str) -> EnquiryResult:
        """All that is on record for a VRN, CCRN or UBR."""
        return await self.send(ask.Enquire(text=text), EnquiryResult)

    async def status(self) -> CoreStatus:
        """How the core is."""
        return await self.send(ask.Status(), CoreStatus)
