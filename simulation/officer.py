"""A simulated officer who works the real lane page over HTTP: logs in, watches the stream of views, presses buttons.

The page's own rules apply to him: session, CSRF token, the visit's number and the basis of what he saw.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import ssl
import threading
from typing import Any
from urllib.parse import urlencode, urlsplit

_TOKEN = re.compile(r'name="token"[^>]*value="([^"]+)"')
_CSRF = re.compile(r'name="csrf"[^>]*content="([^"]+)"|data-csrf="([^"]+)"')


_LINK = {"calm": "fresh", "officer": "stale", "stop": "offline"}


class PageRefusedError(RuntimeError):
    """The page refused an action; the text has its words."""


class HandsOffError(RuntimeError):
    """The simulated officer only watches: a person at the page acts in his place."""


class _Reached(http.client.HTTPSConnection):
    """A page under its own name, reached at another address: what a name server or a relay would do."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, reach: tuple[str, int]) -> None:
        super().__init__(host, port, timeout=10, context=context)
        self._tls, self._reach = context, reach

    def connect(self) -> None:
        """Checks the page's certificate against its name."""
        plain = socket.create_connection(self._reach, self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class SimulatedOfficer:
    """One officer at one lane page.

    Args:
        address: the page's address, http://host:port/ or https://host:port/.
        name, password: his login.
        trusts: whose certificates his browser believes; needed for https.
        reach: where that host is, if its name does not say so.

    Attributes:
        view: the newest view as the page's stream gave it, {} before the first.
        only_watches: he presses nothing any more, so that people can practise.
    """

    def __init__(
        self,
        address: str,
        name: str,
        password: str,
        *,
        trusts: ssl.SSLContext | None = None,
        reach: tuple[str, int] | None = None,
    ) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._trusts, self._reach = trusts, reach or (self._host, self._port)
        self._name, self._password = name, password
        self._cookies: dict[str, str] = {}
        self._csrf = ""
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self.view: dict[str, Any] = {}
        self.only_watches = False

    @property
    def link(self) -> str:
        """What the page says of the link: "fresh", "stale", "offline", "" before the first view."""
        return _LINK.get(self.view.get("link", {}).get("level", ""), "")

    @property
    def version(self) -> int:
        """The version of the codes that the page names; -1 before the first view."""
        words = self.view.get("link", {}).get("codes", "").split(",")[0].split()
        return int(words[-1]) if words and words[-1].isdecimal() else -1

    @property
    def delivered(self) -> bool:
        """The page says that the core has every event."""
        return bool(self.view.get("link", {}).get("waiting") == "all delivered")

    @property
    def vrn(self) -> str:
        """The mark of the vehicle in the lane as the page shows it, "" for none."""
        return str((self.view.get("visit") or {}).get("vrn", ""))

    @property
    def identifiers(self) -> str:
        """Who else named that vehicle, as the page says it."""
        return str((self.view.get("visit") or {}).get("identifiers", ""))

    @property
    def visit(self) -> int:
        """The number of the open visit, 0 for none."""
        return int((self.view.get("visit") or {}).get("id", 0))

    async def log_in(self) -> None:
        """Logs in and begins to watch.

        Raises:
            PageRefusedError: the page does not know him.
        """
        await asyncio.to_thread(self._log_in)
        self._watcher = threading.Thread(target=self._watch, name=f"page of {self._name}", daemon=True)
        self._watcher.start()

    def leave(self) -> None:
        """Stops watching; the thread ends with the next view."""
        self._stop.set()

    async def act(self, action: str, **fields: Any) -> str:
        """Presses a button of the page; `visit` and `basis` are those of the newest view unless given.

        Raises:
            PageRefusedError: the page or the lane refused.
            HandsOffError: he only watches.
        """
        if self.only_watches:
            raise HandsOffError(action)
        return await asyncio.to_thread(self._act, action, fields)

    async def take(self, alarm: str) -> None:
        """Presses *Take* on an alarm, by its id on the page.

        Raises:
            PageRefusedError: it is over, or was never there.
        """
        status, answer = await asyncio.to_thread(self._post, "/acknowledge", {"alarm": alarm})
        if status != 200:
            raise PageRefusedError(f"take {alarm}: {answer}")

    def _post(self, path: str, fields: dict[str, Any]) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "X-CSRF-Token": self._csrf, "Origin": self._origin()}
        return self._send("POST", path, json.dumps(fields), headers)

    def _log_in(self) -> None:
        _, page = self._send("GET", "/login")
        found = _TOKEN.search(page)
        if found is None:
            raise PageRefusedError("the login page has no form token")
        form = urlencode({"name": self._name, "password": self._password, "token": found.group(1)})
        status, page = self._send("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        if status != 303:
            raise PageRefusedError(f"login refused with status {status}")
        _, page = self._send("GET", "/")
        token = _CSRF.search(page)
        if token is None:
            raise PageRefusedError("the lane page has no CSRF token")
        self._csrf = token.group(1) or token.group(2)

    def _act(self, action: str, fields: dict[str, Any]) -> str:
        if action == "release":
            fields = {"basis": self.view.get("basis", ""), "read": True, **fields}
        status, answer = self._post("/action", {"action": action, **fields})
        words = str(json.loads(answer).get("words", ""))
        if status != 200:
            raise PageRefusedError(f"{action}: {words}")
        return words

    def _origin(self) -> str:
        return f"http{'s' if self._trusts else ''}://{self._host}:{self._port}"

    def _connection(self) -> http.client.HTTPConnection:
        if self._trusts is not None:
            return _Reached(self._host, self._port, self._trusts, self._reach)
        return http.client.HTTPConnection(*self._reach, timeout=10)

    def _send(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
        connection = self._connection()
        try:
            connection.request(method, path, body or None, self._headers(headers or {}))
            response = connection.getresponse()
            self._keep(response)
            return response.status, response.read().decode()
        finally:
            connection.close()

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {**more, "Cookie": cookies} if cookies else more

    def _keep(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie") or ():
            name, _, value = header.split(";", 1)[0].partition("=")
            self._cookies[name] = value

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_views()
            except (OSError, http.client.HTTPException, ValueError):
                self._stop.wait(0.5)

    def _read_views(self) -> None:
        connection = self._connection()
        try:
            connection.request("GET", "/events", headers=self._headers({}))
            response = connection.getresponse()
            while not self._stop.is_set() and (line := response.readline()):
                if line.startswith(b"data: "):
                    self.view = json.loads(line[6:]) or self.view
        finally:
            connection.close()
