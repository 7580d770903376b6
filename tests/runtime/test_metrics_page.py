"""`/metrics` and `/health`: what they say, and that a process which hangs cannot look well."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import Counter

from runtime import metrics
from runtime.metrics import MetricsPage, Readings


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def page() -> Iterator[MetricsPage]:
    """A page that listens."""
    found = MetricsPage(free_port())
    found.start()
    yield found
    found.stop()


def get(page: MetricsPage, path: str) -> httpx.Response:
    """What it answers."""
    return httpx.get(f"http://127.0.0.1:{page.port}{path}", timeout=5, trust_env=False)


def test_figures_are_those_that_were_handed_over_last(page: MetricsPage) -> None:
    """In Prometheus' form, with counters of the process' own beside them."""
    Counter("rocars_things", "Things", registry=page.registry).inc(3)
    first, second = Readings(), Readings()
    first.put("rocars_a", "A", 1.0)
    second.put("rocars_b", "B", 2.0, lane="x")
    second.put("rocars_b", "B", None, lane="y")
    second.put_all("rocars_c", "C", {"up": 1.0, "down": 0.0}, "state")
    page.say(first, well=True, health={})
    page.say(second, well=True, health={})
    text = get(page, "/metrics").text
    assert 'rocars_b{lane="x"} 2.0' in text
    assert 'rocars_c{state="down"} 0.0' in text
    assert "rocars_things_total 3.0" in text
    assert "rocars_a" not in text
    assert '"y"' not in text


def test_health_is_what_the_process_says_of_itself(page: MetricsPage) -> None:
    """200 while it does what it is for, 503 otherwise; and 503 before it has said anything."""
    assert get(page, "/health").status_code == 503
    page.say(Readings(), well=True, health={"lane": "x"})
    answer = get(page, "/health")
    assert (answer.status_code, answer.json()["lane"], answer.json()["well"]) == (200, "x", True)
    page.say(Readings(), well=False, health={})
    assert get(page, "/health").status_code == 503
    assert get(page, "/").status_code == 404


def test_a_process_that_hangs_is_not_well(page: MetricsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has a thread of its own: it answers when the process' loop does not, and says so."""
    page.say(Readings(), well=True, health={})
    monkeypatch.setattr(metrics, "STALE_S", 0.0)
    answer = get(page, "/health")
    assert (answer.status_code, answer.json()["hangs"]) == (503, True)


def test_it_listens_on_this_machine_alone(page: MetricsPage) -> None:
    """Figures tell a stranger much."""
    assert page._server is not None
    assert page._server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_costs_the_page_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A lane is not for the sake of its figures."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        page = MetricsPage(taken.getsockname()[1])
        page.start()
        assert page.port == 0
        assert "name another" in caplog.text
        page.stop()


def test_without_a_port_there_is_none() -> None:
    """The default."""
    page = MetricsPage(0)
    page.start()
    page.say(Readings(), well=True, health={})
    assert page.port == 0
    page.stop()
