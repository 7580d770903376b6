"""The lane as a telephone: Debian's baresip as a child, driven over its control socket.

Rules of this file:

1. One call at a time. A number is dialled only when the call before is gone from baresip too; a call that comes in is refused.
2. baresip says when a call rings, is answered, ends; whether sound flows it says when asked (`audio_debug`): packets sent and
   received so far. More of them than the last time is sound; its level meter is no witness, it repeats its last value for ever
   once nothing is decoded any more. What cannot be read is no sound.
3. A registration that has not been confirmed for longer than the exchange granted has lapsed, whatever baresip believes
   (lessons 28). After a refusal or no answer baresip waits for half an hour in the end: here the account is made anew well
   before that, while no call is open.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from devices.voice import protocol as p
from devices.voice import sip_config
from devices.voice.netstring import NetstringError, Netstrings, framed
from devices.voice.settings import SipSettings
from devices.voice.sound import end_child, spawn_child
from devices.voice.tone import SILENCE_DB
from runtime.backoff import Backoff

log = logging.getLogger("rocars.voice")

_START_S: Final = 15.0
_CLOSE_S: Final = 2.0
_REGISTER_GRACE_S: Final = 15.0
_BACKOFF_S: Final = (0.5, 10.0)
_RENEW_S: Final = (5.0, 30.0)
_REFUSED_S: Final = 300.0
"""Before a password that was refused is given again: exchanges shut out who tries often."""

_REFUSAL: Final = re.compile(r"^(401|403|404|407)\b")
_FAILED: Final = re.compile(r"\bERR\b")
_GRANTED: Final = re.compile(r"OK\b.*Expires (\d{1,6})s")
_SENT = re.compile(r"TX: packets=(\d{1,12})")
_RECEIVED = re.compile(r"rcvd=(\d{1,12})")
_CODE = re.compile(r"^(\d{3}) ")
_OUTGOING: Final = "outgoing"
_ASKED_SOUND: Final = "sound"
_ASKED_REGISTRATION: Final = "registration"
_TOOK_AWAY: Final = "account"


def why_closed(reason: str) -> p.Ended:
    """What baresip's reason for the end of a call that nobody had answered means."""
    found = _CODE.match(reason)
    code = int(found.group(1)) if found else 0
    if code in (486, 600):
        return p.Ended.BUSY
    if code in (403, 603):
        return p.Ended.REFUSED
    return p.Ended.UNREACHABLE


class Side:
    """Whether sound flows on one side of a call: by packets that were counted, and as loud as the meter says."""

    def __init__(self) -> None:
        self._packets = 0
        self._flowed = False
        self._db = SILENCE_DB

    def count(self, packets: int) -> None:
        """So many since the call began."""
        self._flowed = self._flowed or packets > self._packets
        self._packets = packets

    def meter(self, db: float) -> None:
        """The level meter's newest value."""
        self._db = max(SILENCE_DB, min(0.0, db)) if math.isfinite(db) else SILENCE_DB

    def drain(self) -> tuple[bool, float]:
        """Whether packets have passed since the last time, and how loud this side is, dB below full scale."""
        flowed, self._flowed = self._flowed, False
        return flowed, self._db if flowed else SILENCE_DB


class Telephone:
    """One lane's.

    Args:
        settings: as configured.
        folder: private, for baresip's files.
        sound_socket: of the sound server.
        environment: of the sound server.
        password: for the registrar, "" for none.
        tell: where reports go.
        clock: monotonic, seconds.
        command: before `baresip`, for tests that put it elsewhere.
    """

    def __init__(
        self,
        settings: SipSettings,
        *,
        folder: Path,
        sound_socket: Path,
        environment: dict[str, str],
        password: str,
        tell: Callable[[p.ToAgent], None],
        clock: Callable[[], float],
        command: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._sound_socket = sound_socket
        self._environment = environment | {"ALSA_CONFIG_PATH": str(folder / "asound.conf")}
        self._password = password
        self._tell = tell
        self._clock = clock
        self._command = command
        self._control: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._attempt = 0  # the call that is ours now, 0 for none
        self._call = ""  # baresip's name for it
        self._placed = False  # it has been dialled: what baresip says from now on is about it
        self._established = False
        self._free = asyncio.Event()
        self._free.set()
        self._dialling: asyncio.Task[None] | None = None
        self._driver, self._officer = Side(), Side()
        self._registered_s: float | None = None
        self._register_fault = ""
        self._began_s = clock()
        self._granted_s = settings.register_s
        self._renewing = Backoff(*_RENEW_S)
        self._renew_at_s = 0.0
        self._asked: dict[str, int] = {}

    @property
    def pid(self) -> int | None:
        """Of the baresip that runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Keeps one running until cancelled."""
        backoff = Backoff(*_BACKOFF_S)
        try:
            while True:
                began_s = self._clock()
                why = await self._once()
                log.warning("telephone: %s", why)
                self._tell(p.Health("telephone", why))
                self._broken(why)
                if self._clock() - began_s > _BACKOFF_S[1]:
                    backoff.reset()
                await asyncio.sleep(backoff.next_s())
        finally:
            if self._dialling is not None:
                self._dialling.cancel()
            await end_child(self._process)

    def dial(self, attempt: int, number: str) -> None:
        """Calls a number; a call before it is ended first."""
        self.hang_up(self._attempt)
        self._attempt, self._call, self._established, self._placed = attempt, "", False, False
        self._driver, self._officer = Side(), Side()
        if self._dialling is not None:
            self._dialling.cancel()
        self._dialling = asyncio.create_task(self._dial(attempt, number), name="dial")

    def hang_up(self, attempt: int) -> None:
        """Ends a call, if it is this one."""
        if not attempt or attempt != self._attempt:
            return
        if self._dialling is not None:
            self._dialling.cancel()
        self._attempt = 0
        if not self._free.is_set():
            self._order("hangup", "")

    def hang_up_whatever(self) -> None:
        """The agent is gone: nobody would end this call."""
        self.hang_up(self._attempt)

    def sound(self) -> p.Sound | None:
        """What has flowed since the last time in the call that is established; None without one. Asks for the next time."""
        if not self._attempt or not self._established:
            return None
        self._order("audio_debug", "", about=_ASKED_SOUND)
        (sent, driver_db), (heard, officer_db) = self._driver.drain(), self._officer.drain()
        return p.Sound(self._attempt, sent, heard, driver_db, officer_db)

    def registration(self) -> str | None:
        """Why the exchange does not know this lane; "" while it does, or where there is none; None while that is not yet known."""
        if not self._settings.registrar:
            return ""
        if self._registered_s is None:
            waits = self._clock() - self._began_s <= _REGISTER_GRACE_S
            return self._register_fault or (None if waits else "not registered yet")
        age_s = self._clock() - self._registered_s
        if age_s > self._granted_s + _REGISTER_GRACE_S:
            return f"registered {age_s:.0f} s ago, and not since; {self._register_fault or 'no answer'}"
        return ""

    def keep_registered(self) -> None:
        """Asks how the registration is, and has one that failed made anew while no call is open. Call it once a second."""
        if not self._settings.registrar or self._control is None:
            return
        self._order("reginfo", "", about=_ASKED_REGISTRATION)
        now_s = self._clock()
        if not self._register_fault or self._attempt or not self._free.is_set() or now_s < self._renew_at_s:
            return
        self._renew_at_s = now_s + self._renewing.next_s()
        self._order("uadel", self._settings.address, about=_TOOK_AWAY)

    async def _dial(self, attempt: int, number: str) -> None:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._free.wait()
        except TimeoutError:
            await end_child(self._process)  # it does not let go of a call: a fresh one does
            self._closed(attempt, p.Ended.UNREACHABLE, "the telephone did not end the call before")
            return
        if self._control is None:
            self._closed(attempt, p.Ended.UNREACHABLE, "the telephone does not run")
            return
        self._free.clear()
        self._placed = True
        self._asked[str(attempt)] = attempt
        self._order("dial", number, about=str(attempt))

    def _order(self, command: str, params: str, *, about: str = "-") -> None:
        if self._control is not None and not self._control.is_closing():
            self._control.write(framed({"command": command, "params": params, "token": about}))

    async def _once(self) -> str:
        """One baresip from start to end; why it ended."""
        port = _free_port()
        try:
            sip_config.write(
                self._folder,
                self._settings,
                control_port=port,
                sound_socket=self._sound_socket,
                password=self._password,
            )
            self._process = await spawn_child(
                *self._command, "baresip", "-f", str(self._folder),
                env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return str(error)
        self._free.set()
        self._call, self._began_s = "", self._clock()
        try:
            reader, self._control = await self._connect(port)
            self._tell(p.Health("telephone"))
            return await self._listen(reader)
        except OSError as error:
            return f"baresip cannot be driven: {error}"
        finally:
            if self._control is not None:
                self._control.close()
                self._control = None
            await end_child(self._process)

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _START_S
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port, limit=65_536)
            except OSError:
                if loop.time() > until_s or (self._process is not None and self._process.returncode is not None):
                    raise
            await asyncio.sleep(0.05)

    async def _listen(self, reader: asyncio.StreamReader) -> str:
        netstrings = Netstrings()
        while chunk := await reader.read(65_536):
            try:
                for message in netstrings.take(chunk):
                    self.take(message)
            except NetstringError as error:
                return f"baresip's control socket: {error}"
        return "baresip ended"

    def take(self, message: dict[str, Any]) -> None:
        """One message of the control socket. What is not of a form that is known changes nothing."""
        if message.get("event") is True:
            event = {name: value for name, value in message.items() if isinstance(value, str)}
            self._event(event.get("type", ""), event)
        elif message.get("response") is True and message.get("ok") is False:
            attempt = self._asked.pop(str(message.get("token")), 0)
            if attempt:
                self._free.set()
                self._closed(attempt, p.Ended.UNREACHABLE, f"not dialled: {str(message.get('data'))[:100]}")
        elif message.get("response") is True and message.get("token") == _ASKED_SOUND and self._established:
            self._count(str(message.get("data")))
        elif message.get("response") is True and message.get("token") == _ASKED_REGISTRATION:
            self._granted(str(message.get("data")))
        elif message.get("response") is True and message.get("token") == _TOOK_AWAY:
            self._order("uanew", sip_config.account(self._settings, self._password))

    def _granted(self, said: str) -> None:
        """For how long the exchange took it. What it said before this socket was open is only heard here."""
        if (found := _GRANTED.search(said)) is not None:
            self._granted_s = max(self._settings.register_s, float(found.group(1)))
            if self._registered_s is None and not self._register_fault:
                self._registered_s = self._clock()
        elif _FAILED.search(said) and not self._register_fault:
            self._failed("the exchange does not take it")

    def _failed(self, why: str) -> None:
        if _REFUSAL.match(why):
            self._renew_at_s = self._clock() + _REFUSED_S
        elif not self._register_fault:
            self._renew_at_s = self._clock() + self._renewing.next_s()
        self._register_fault = why

    def _count(self, said: str) -> None:
        """Packets so far; the other end may have had several senders."""
        if (sent := _SENT.search(said)) is not None:
            self._driver.count(int(sent.group(1)))
            self._officer.count(sum(int(number) for number in _RECEIVED.findall(said)))

    def _event(self, kind: str, event: dict[str, str]) -> None:
        match kind:
            case "REGISTER_OK":
                self._registered_s, self._register_fault = self._clock(), ""
                self._renewing.reset()
            case "REGISTER_FAIL":
                self._failed(event.get("param", "")[:120] or "refused")
            case "CALL_INCOMING":
                self._order("hangup", "")
            case _ if kind.startswith("CALL_") or event.get("class") == "VU_REPORT":
                if event.get("direction") == _OUTGOING:
                    self._call_event(kind, event)
            case _:
                pass

    def _call_event(self, kind: str, event: dict[str, str]) -> None:
        name, param = event.get("id", ""), event.get("param", "")
        if name and self._placed and not self._call and kind != "CALL_CLOSED":
            self._call = name
        if kind == "CALL_CLOSED":
            self._free.set()
        if not self._attempt or not self._placed or (name and self._call and name != self._call):
            return
        match kind:
            case "CALL_RINGING" | "CALL_PROGRESS":
                self._tell(p.Rang(self._attempt))
            case "CALL_ESTABLISHED":
                self._established = True
                self._tell(p.Answered(self._attempt))
            case "CALL_DTMF_START" if len(param) == 1:
                self._tell(p.KeyPressed(self._attempt, param))
            case "CALL_CLOSED":
                hung_up = self._established and "rtp" not in param.lower()
                why = p.Ended.HUNG_UP if hung_up else p.Ended.BROKE if self._established else why_closed(param)
                self._closed(self._attempt, why, param[:200])
            case "VU_TX_REPORT" | "VU_RX_REPORT":
                with contextlib.suppress(ValueError):
                    (self._driver if kind == "VU_TX_REPORT" else self._officer).meter(float(param))
            case _:
                pass

    def _closed(self, attempt: int, why: p.Ended, detail: str) -> None:
        if attempt == self._attempt:
            self._attempt, self._call, self._established = 0, "", False
        self._asked.pop(str(attempt), None)
        self._tell(p.Closed(attempt, why, detail))

    def _broken(self, why: str) -> None:
        """The program is gone, and its call with it."""
        self._registered_s, self._register_fault = None, ""
        if self._attempt:
            self._closed(self._attempt, p.Ended.BROKE if self._established else p.Ended.UNREACHABLE, why[:200])


def _free_port() -> int:
    """A port of loopback that nobody uses: baresip keeps its last one for a minute after it ended."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
