"""Somebody logged in at a lane's page, over plain HTTP."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

PASSWORD = "correct horse battery"


def log_in(client: httpx.Client, name: str = "chan", password: str = PASSWORD) -> httpx.Response:
    """Logs in through the form, as a browser does."""
    token = re.search(r'name="token" value="(\w+)"', client.get("/login").text)
    assert token
    return client.post("/login", data={"name": name, "password": password, "token": token[1]})


class PageClient:
    """A logged-in client that knows its CSRF token."""

    def __init__(self, served: Any, name: str = "chan") -> None:
        self.served, self.name = served, name
        self.http = httpx.Client(base_url=served.url)
        assert log_in(self.http, name).status_code == 303
        found = re.search(r'name="csrf" content="([\w-]+)"', self.http.get("/").text)
        assert found
        self.headers = {"X-CSRF-Token": found[1]}

    def view(self) -> dict[str, Any]:
        """The first view of a new stream: the lane as this page is told of it."""
        with self.http.stream("GET", "/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    view: dict[str, Any] = json.loads(line.removeprefix("data: "))
                    return view
        raise AssertionError("the stream said nothing")

    def post(self, path: str, **asked: Any) -> httpx.Response:
        """Asks for something."""
        return self.http.post(path, json=asked, headers=self.headers)
