"""Scripted officers at a real wall, through its doors alone: log in, begin the shift, take from the queue, act at the lane's page, end it.

Rules of this file:
- An officer knows what the page is sent (`/events`) and nothing else; he takes one need after the other as the page orders them, and
  takes what is urgent also while he deals with something else. What he has taken he deals with one by one.
- He acts as an officer does: the lane's page, opened from the wall by its ticket, and there the acts of its buttons.
- Times are of the shift: `speed` of its seconds are one of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import ssl
import time
from collections import Counter
from typing import Any

import httpx
import msgspec

REACTION_S = (4.0, 10.0)
"""From a need that appears to an officer's click, if he is free, or if it is urgent."""
DEAL_S = {"help": (30.0, 60.0), "exception": (20.0, 50.0), "ran": (15.0, 30.0)}
"""What dealing with a need takes; what is not here ends by itself."""
_TIMEOUT = httpx.Timeout(20.0, read=30.0)
_PATIENCE_S = 10.0
"""For news of what was handed over or is over to come."""
_ONE_EACH = httpx.Limits(max_keepalive_connections=0)


class ScriptedOfficer:
    """One officer.

    Args:
        url: of the wall.
        name, password: of the login.
        trust: checks the lanes' pages.
        speed: seconds of the shift in one of ours.
        rng: chance.
        place: among the officers, from 0: the second of them leaves the first need to the first where two wait.

    Attributes:
        did: how often he did what, and was refused.
    """

    def __init__(
        self,
        url: str,
        name: str,
        password: str,
        *,
        trust: ssl.SSLContext,
        speed: float,
        rng: random.Random,
        place: int = 0,
    ) -> None:
        self.name, self._place = name, place
        self.did: Counter[str] = Counter()
        self._url, self._password, self._trust, self._speed, self._rng = url, password, trust, speed, rng
        # The wall hangs up soon after an answer: a browser asks again on another connection, this client would not.
        self._wall = httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, trust_env=False, limits=_ONE_EACH)
        self._headers: dict[str, str] = {}
        self.needs: dict[str, dict[str, Any]] = {}
        self._mine: asyncio.Queue[str] = asyncio.Queue()
        self._busy = False
        self._tasks: list[asyncio.Task[None]] = []

    # --- the shift -------------------------------------------------------------------------------------------------------

    async def begin(self) -> list[dict[str, Any]]:
        """Logs in and begins the shift; the notes that were shown."""
        form = (await self._wall.get("/login")).text
        fields = {"name": self.name, "password": self._password, "token": _field(form, r'name="token" value="([^"]+)"')}
        await self._wall.post("/login", data=fields)
        page = (await self._wall.get("/")).text
        self._headers = {"X-CSRF-Token": _field(page, r'name="csrf" content="([^"]+)"')}
        notes: list[dict[str, Any]] = (await self._wall.get("/shift")).json()
        await self._asked("/shift/begin", {})
        self._tasks = [
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._take()),
            asyncio.create_task(self._deal()),
        ]
        self._tasks.append(asyncio.create_task(self._stay()))
        return notes

    async def end(self, to: str, note: str) -> int:
        """Hands what is left to somebody, or back to the queue with `to` "", and ends the shift; how many were left.

        Raises:
            RuntimeError: the wall refused to end it, or he could not go on during the shift.
        """
        for task in self._tasks[1:]:
            task.cancel()
        ended = await asyncio.gather(*self._tasks[1:], return_exceptions=True)
        ill = [one for one in ended if isinstance(one, Exception)]  # not CancelledError
        if ill:
            raise RuntimeError(f"{self.name} could not go on: {ill[0]!r}") from ill[0]
        left: set[str] = set()
        until = time.monotonic() + _PATIENCE_S
        while (said := await self._post("/shift/end", {"note": note})).status_code == httpx.codes.CONFLICT:
            for key in self._held():  # a colleague may have handed something over that is not heard of yet
                left.add(key)
                await self._post("/needs/hand", {"need": key, "to": to})  # 409: over meanwhile
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name}: the wall does not end the shift: {said.text}")
            await asyncio.sleep(0.05)
        if said.status_code != httpx.codes.OK:
            raise RuntimeError(f"{self.name}: /shift/end: {said.status_code} {said.text}")
        while self._held():  # what was over at that moment is soon told
            if time.monotonic() > until:
                raise RuntimeError(f"the wall ended the shift of {self.name} with {self._held()} taken")
            await asyncio.sleep(0.05)
        return len(left)

    def _held(self) -> list[str]:
        """What he has taken, as far as he has heard."""
        return [key for key, need in self.needs.items() if need["taken_by"] == self.name]

    async def leave(self) -> None:
        """Logs out."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._post("/logout", {})
        await self._wall.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self._wall.post(path, json=body, headers=self._headers)

    async def _asked(self, path: str, body: dict[str, Any]) -> None:
        found = await self._post(path, body)
        if found.status_code != httpx.codes.OK:
            raise RuntimeError(f"{self.name}: {path}: {found.status_code} {found.text}")

    async def _stay(self) -> None:
        """A hand at the mouse: the page does not lock."""
        while True:
            await asyncio.sleep(60)
            await self._post("/here", {})

    # --- what the page shows ---------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                async with self._wall.stream("GET", "/events") as answer:
                    name = ""
                    async for line in answer.aiter_lines():
                        if line.startswith("event: "):
                            name = line[7:]
                        elif line.startswith("data: ") and name in {"all", "some"}:
                            self._heard(msgspec.json.decode(line[6:]), whole=name == "all")
            await asyncio.sleep(0.5)

    def _heard(self, told: dict[str, Any], *, whole: bool) -> None:
        if whole:
            self.needs.clear()
        for key, fields in told.get("needs", {}).items():
            if fields is None:
                self.needs.pop(key, None)
            else:
                self.needs[key] = self.needs.get(key, {}) | fields

    async def _take(self) -> None:
        """Takes what is on top, if he is free or it is urgent."""
        while True:
            await asyncio.sleep(0.05)
            waiting = sorted(
                (need for need in self.needs.values() if not need["taken_by"]), key=lambda one: one["rank"]
            )
            waiting = [one for one in waiting if not self._busy or one["priority"] in {"urgent", "high"}]
            if not waiting:
                continue
            await self._passes(*REACTION_S)
            key = waiting[min(self._place, len(waiting) - 1)]["key"]
            if self.needs.get(key, {}).get("taken_by", "gone"):
                continue  # he sees that a colleague was quicker, or that it is over
            found = await self._post("/needs/take", {"need": key, "had": ""})
            self.did["taken" if found.status_code == httpx.codes.OK else "was_too_late"] += 1
            if found.status_code == httpx.codes.OK:
                self._busy = True
                self._mine.put_nowait(key)

    async def _passes(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self._rng.uniform(least_s, most_s) / self._speed)

    # --- acting at the lane ----------------------------------------------------------------------------------------------

    async def _deal(self) -> None:
        while True:
            key = await self._mine.get()
            self._busy = True
            need = self.needs.get(key)
            if need is not None and need["kind"] in DEAL_S:
                await self._passes(*DEAL_S[need["kind"]])
                for _ in range(4):
                    if key not in self.needs:
                        break
                    try:
                        await self._act(need)
                    except (httpx.HTTPError, StopAsyncIteration, RuntimeError) as error:
                        self.did[f"lane_page_failed: {type(error).__name__} {error}"[:90]] += 1
                    await self._gone(key)
            self._busy = not self._mine.empty()

    async def _gone(self, key: str) -> None:
        """Waits a moment until the lane has said that it is over."""
        for _ in range(20):
            if key not in self.needs:
                return
            await asyncio.sleep(0.05)

    async def _act(self, need: dict[str, Any]) -> None:
        async with self._lane(need["lane"]) as (client, headers):
            view = await _view(client)
            match need["kind"]:
                case "help":
                    await self._does(client, headers, "answer")
                    await self._does(client, headers, "end_call", reason="driver was helped")
                case "ran":
                    await self._close(client, headers, view, need["visit"])
                case _:
                    await self._decide(client, headers, view)

    async def _decide(self, client: httpx.AsyncClient, headers: dict[str, str], view: dict[str, Any]) -> None:
        """Decides by what the page shows.

        A debt of Immigration's is written off, a mark that was not read corrected; then the vehicle is released after the
        warnings, or cleared by hand.
        """
        visit = view["visit"]
        if visit is None:
            await self._close(client, headers, view, 0)
            return
        about = {"visit": visit["id"], "reason": "papers in order"}
        # An answer that came may be this vehicle's: he asks Immigration, and looks again.
        if not view["why_not"]["write_off"]:
            await self._does(client, headers, "write_off", **(about | {"reason": "Immigration confirmed by phone"}))
            return
        if not visit["vrn"] and visit["guess"]:
            seen = visit["candidates"][-1]["vrn"]
            await self._does(client, headers, "correct", vrn=seen, **(about | {"reason": "seen in the picture"}))
            view = await _view(client)
        if await self._does(client, headers, "release", basis=view["basis"], read=True, **about):
            return
        await self._does(client, headers, "take_over", **about)

    async def _close(
        self, client: httpx.AsyncClient, headers: dict[str, str], view: dict[str, Any], visit: int
    ) -> None:
        """Takes the alarms of a visit and closes those that no cause ends."""
        for alarm in view["alarms"]:
            if alarm["state"] != "closed" and visit in {0, alarm["visit"]}:
                await client.post("/acknowledge", json={"alarm": alarm["id"]}, headers=headers)
                body = {"alarm": alarm["id"], "reason": "patrol told"}
                found = await client.post("/close-alarm", json=body, headers=headers)
                self.did[f"close_alarm_{found.status_code}"] += 1

    async def _does(self, client: httpx.AsyncClient, headers: dict[str, str], act: str, **about: Any) -> bool:
        found = await client.post("/action", json={"action": act, **about}, headers=headers)
        done = found.status_code == httpx.codes.OK
        self.did[act if done else f"{act}_refused"] += 1
        return done

    @contextlib.asynccontextmanager
    async def _lane(self, lane: str) -> Any:
        """The lane's own page, opened from the wall."""
        form = await self._wall.get(f"/lanes/{lane}/enter")
        if form.status_code != httpx.codes.OK:
            raise RuntimeError(form.text)
        where = _field(form.text, r'action="([^"]+)"')
        async with httpx.AsyncClient(
            base_url=where.removesuffix("/wall/enter"), verify=self._trust, timeout=_TIMEOUT, trust_env=False
        ) as client:
            (
                await client.post(where, data={"ticket": _field(form.text, r'name="ticket" value="([^"]+)"')})
            ).raise_for_status()
            page = (await client.get("/")).text
            yield client, {"X-CSRF-Token": _field(page, r'name="csrf" content="([^"]+)"')}


async def _view(client: httpx.AsyncClient) -> dict[str, Any]:
    """What the lane's page shows now."""
    async with client.stream("GET", "/events") as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                found: dict[str, Any] = msgspec.json.decode(line[6:])
                return found
    raise RuntimeError("the lane's page ended its stream")


def _field(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"the page has no {pattern}")
    return found[1]
