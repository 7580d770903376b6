"""Figures and health of a process for whoever watches machines: `/metrics` in Prometheus' form, and `/health`, on loopback.

Rules of this file:
- Loopback only. Who wants it elsewhere puts an exporter or a proxy with TLS before it.
- The process' own loop hands over what it knows, every few seconds; a thread of the library answers with that. So a page
  never waits for the loop, a hung loop cannot look healthy (what is older than `STALE_S` is not), and nobody who asks often
  slows the lane.
- A port that is taken costs the page, never the process.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = logging.getLogger("rocars.metrics")

STALE_S: Final = 15.0
"""What the process handed over longer ago than this says that it hangs."""

Labels = Mapping[str, str]
Start = Callable[..., Any]


@dataclass(slots=True)
class Readings:
    """Figures of one moment: name and help of each, and its values by labels."""

    figures: dict[str, tuple[str, list[tuple[Labels, float]]]] = field(default_factory=dict)

    def put(self, name: str, says: str, value: float | None, **labels: str) -> None:
        """One figure; None, for what cannot be told now, leaves it out."""
        if value is not None:
            self.figures.setdefault(name, (says, []))[1].append((labels, float(value)))

    def put_all(self, name: str, says: str, values: Mapping[str, float], label: str) -> None:
        """One figure for each of several names."""
        for one, value in values.items():
            self.put(name, says, value, **{label: one})


class _Newest(Collector):
    """Gives what was handed over last."""

    def __init__(self) -> None:
        self.readings = Readings()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """As Prometheus asks for it."""
        for name, (says, values) in self.readings.figures.items():
            names = sorted({label for labels, _ in values for label in labels})
            family = GaugeMetricFamily(name, says, labels=names)
            for labels, value in values:
                family.add_metric([labels.get(label, "") for label in names], value)
            yield family


class _Silent(WSGIRequestHandler):
    """Nobody wants a line in the log for each look."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Nothing."""


class _Server(WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


class MetricsPage:
    """The two pages, in a thread of their own.

    Args:
        port: on 127.0.0.1; 0 for none at all.

    Attributes:
        registry: for counters and histograms, which the process adds to by itself.
        port: where it listens, 0 while it does not.
    """

    def __init__(self, port: int) -> None:
        self.registry = CollectorRegistry()
        self.port = 0
        self._wanted = port
        self._newest = _Newest()
        self.registry.register(self._newest)
        self._health: dict[str, Any] = {}
        self._well = False
        self._said_s = -STALE_S
        self._metrics = make_wsgi_app(self.registry)
        self._server: WSGIServer | None = None

    def say(self, readings: Readings, *, well: bool, health: Mapping[str, Any]) -> None:
        """What the process knows of itself now; `well`: it does what it is for."""
        self._newest.readings = readings
        self._health, self._well, self._said_s = dict(health), well, time.monotonic()

    def start(self) -> None:
        """Begins to listen, if it is to."""
        if not self._wanted:
            return
        try:
            self._server = make_server("127.0.0.1", self._wanted, self._answer, _Server, _Silent)
        except OSError as error:
            log.warning(
                "no page of metrics: port %d of 127.0.0.1 cannot be had (%s); name another", self._wanted, error
            )
            return
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Listens no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server, self.port = None, 0

    def _answer(self, environment: dict[str, Any], start: Start) -> Iterable[bytes]:
        match environment.get("PATH_INFO"):
            case "/metrics":
                answer: Iterable[bytes] = self._metrics(environment, start)
                return answer
            case "/health":
                return self._tell_health(start)
            case _:
                start("404 Not Found", [("Content-Type", "text/plain")])
                return [b"/metrics or /health\n"]

    def _tell_health(self, start: Start) -> Iterable[bytes]:
        age = time.monotonic() - self._said_s
        stale = age >= STALE_S
        told = {"well": self._well and not stale, "age_s": round(min(age, 1e6), 1), "hangs": stale, **self._health}
        start("200 OK" if told["well"] else "503 Service Unavailable", [("Content-Type", "application/json")])
        return [json.dumps(told, ensure_ascii=False).encode() + b"\n"]
