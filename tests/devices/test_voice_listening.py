"""Listening without having been called: the driver first, the journal second, the microphone last; and every end. Pure."""

from __future__ import annotations

import random

import pytest

from devices.voice import protocol as p
from devices.voice.desk import CallStage
from devices.voice.listening import PAGE_MS, SHOWING_MS, ListenDesk, Listener, MarkPanel, addressed
from domain.listening import ListenEnd, ListenRefusal
from lane_agent.events import CallReported

MOST_MS = 60_000
CHAN = Listener("chan", "10.20.0.5", "c=IN IP4 0.0.0.0\r\na=candidate:1 1 udp 1 8f3c-1.local 4 typ host\r\n")
BOSS = Listener("lau", "10.20.0.6", "v=0", supervises=True)


class Overheard:
    """A desk, what the panel says, and whether the microphone is open, as its deeds have them."""

    def __init__(self, most_ms: int = MOST_MS) -> None:
        self.desk = ListenDesk(most_ms)
        self.now = 1_000
        self.marked = False
        self.open = 0
        self.rows: list[tuple[str, str, str]] = []
        self.sent: list[object] = []
        self.desk.receive_voice(runs=True, now_ms=self.now)
        self.desk.receive_scene(carries=True, now_ms=self.now)
        self.done()

    def done(self) -> list[object]:
        """What is done now, in order."""
        deeds = list(self.desk.drain())
        for deed in deeds:
            match deed:
                case MarkPanel(on):
                    self.marked = on
                case p.Listen(number):
                    self.open = number
                case p.StopListening():
                    self.open = 0
                case CallReported(call, who, detail):
                    self.rows.append((call, who, detail))
        self.sent += deeds
        return deeds

    def begins(self, who: Listener = CHAN) -> int:
        """All of it: wish, panel, journal, microphone."""
        number = self.desk.receive_wish(who, self.now)
        self.desk.receive_shown(so=True, now_ms=self.now)
        self.desk.receive_recorded(self.now)
        self.done()
        return number

    def passes(self, ms: int) -> None:
        """Time, and nothing else."""
        self.now += ms
        self.desk.receive_time(self.now)
        self.done()


def test_the_driver_is_told_first_then_the_journal_and_only_then_is_the_microphone_opened() -> None:
    """In this order, each waiting for the one before."""
    told = Overheard()
    assert told.desk.receive_wish(CHAN, told.now) == 1
    assert told.done() == [MarkPanel(on=True)]
    told.desk.receive_shown(so=True, now_ms=told.now)
    assert told.done() == [CallReported("listening", "chan", "10.20.0.5")]
    assert not told.desk.sight.number
    told.desk.receive_recorded(told.now)
    [listen] = told.done()
    assert isinstance(listen, p.Listen)
    assert told.desk.sight.who == "chan"


def test_the_panel_says_so_until_the_microphone_is_closed_and_the_record_says_how_long_and_why() -> None:
    """The officer ends it; the voice process answers later."""
    told = Overheard()
    number = told.begins()
    for _ in range(20):
        told.passes(1_000)
        assert told.desk.receive_listens(number, told.now)
    told.desk.receive_stop(number, ListenEnd.OFFICER, told.now)
    assert told.done() == [
        p.StopListening(number),
        CallReported("listened", "chan", "10.20.0.5; 20 s; ended by the officer"),
    ]
    assert told.marked
    assert told.desk.refusal(supervises=True) is ListenRefusal.TAKEN
    told.desk.receive_closed(number, "", told.now)
    assert told.done() == [MarkPanel(on=False)]
    assert told.desk.refusal(supervises=False) is None


def _scene(told: Overheard) -> None:
    told.desk.receive_scene(carries=False, now_ms=told.now)


def _panel(told: Overheard) -> None:
    told.desk.receive_shown(so=False, now_ms=told.now)


def _answered(told: Overheard) -> None:
    told.desk.receive_call(CallStage.TAKEN, "wong", told.now)


def _page(told: Overheard) -> None:
    told.passes(PAGE_MS)


def _limit(told: Overheard) -> None:
    for _ in range(MOST_MS // 1_000):
        told.desk.receive_listens(1, told.now)
        told.passes(1_000)


def _voice(told: Overheard) -> None:
    told.desk.receive_voice(runs=False, now_ms=told.now)


def _closed(told: Overheard) -> None:
    told.desk.receive_closed(1, "the page is gone or its network is cut", told.now)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (_scene, ListenEnd.HIDDEN.value),
        (_panel, ListenEnd.HIDDEN.value),
        (_answered, ListenEnd.ANSWERED.value),
        (_page, ListenEnd.PAGE.value),
        (_limit, ListenEnd.LIMIT.value),
        (_voice, ListenEnd.VOICE.value),
        (_closed, "the page is gone or its network is cut"),
    ],
)
def test_it_ends_by_itself_and_on_record(what: object, why: str) -> None:
    """A message that may not carry the line, a panel or page that is gone, an answer, its time, the voice process."""
    told = Overheard()
    told.begins()
    assert callable(what)
    what(told)
    told.done()
    assert told.open == 0
    assert [row[0] for row in told.rows] == ["listening", "listened"]
    assert told.rows[1][2].endswith(why)
    assert not told.desk.receive_listens(1, told.now)


def test_help_rings_while_somebody_listens_and_he_hears_on_until_it_is_answered() -> None:
    """A ringing call is no end; an answer is."""
    told = Overheard()
    number = told.begins()
    told.desk.receive_call(CallStage.RINGING, "", told.now)
    assert told.done() == []
    assert told.desk.number == number
    told.desk.receive_call(CallStage.CONNECTED, "chan", told.now)
    told.done()
    assert told.open == 0


def test_only_a_supervisor_listens_into_a_call_and_never_into_his_own() -> None:
    """The call of another goes on; who answers himself has a voice of his own."""
    told = Overheard()
    told.desk.receive_call(CallStage.CONNECTED, "wong", told.now)
    assert told.desk.receive_wish(CHAN, told.now) == 0
    assert told.desk.refused is ListenRefusal.ANSWERED
    assert told.begins(BOSS) == told.open
    told.desk.receive_call(CallStage.TAKEN, "wong", told.now)
    assert told.open
    told.desk.receive_call(CallStage.CONNECTED, "lau", told.now)
    told.done()
    assert told.open == 0


def test_a_panel_that_does_not_confirm_lets_nobody_listen_and_leaves_no_row() -> None:
    """Neither one that says no, nor one that says nothing."""
    told = Overheard()
    told.desk.receive_wish(CHAN, told.now)
    told.desk.receive_shown(so=False, now_ms=told.now)
    told.desk.receive_wish(CHAN, told.now)
    told.passes(SHOWING_MS)
    told.desk.receive_shown(so=True, now_ms=told.now)  # too late
    told.done()
    assert told.desk.refused is ListenRefusal.PANEL
    assert (told.rows, told.open, told.marked) == ([], 0, False)


def test_without_a_row_in_the_journal_nobody_listens() -> None:
    """A journal that does not take it, within its time; its row, when it comes, lets no later one begin before its own."""
    told = Overheard()
    told.desk.receive_wish(CHAN, told.now)
    told.desk.receive_shown(so=True, now_ms=told.now)
    told.passes(SHOWING_MS)
    told.done()
    assert told.desk.refused is ListenRefusal.RECORD
    assert [row[0] for row in told.rows] == ["listening", "listened"]
    assert not told.marked
    second = told.begins(BOSS)
    assert told.open == 0
    told.desk.receive_recorded(told.now)
    told.done()
    assert told.open == second


def test_why_nobody_can_listen_is_said_before_anybody_tries() -> None:
    """The site, the voice process, the panel's message, another listener."""
    assert ListenDesk(0).refusal(supervises=True) is ListenRefusal.OFF
    assert ListenDesk(MOST_MS).refusal(supervises=True) is ListenRefusal.VOICE
    told = Overheard()
    told.desk.receive_scene(carries=False, now_ms=told.now)
    assert told.desk.refusal(supervises=True) is ListenRefusal.HIDDEN
    told.desk.receive_scene(carries=True, now_ms=told.now)
    told.begins()
    assert told.desk.refusal(supervises=True) is ListenRefusal.TAKEN


def test_a_browser_that_hides_its_address_is_found_where_its_request_came_from() -> None:
    """Its random name means nothing on another network."""
    assert "8f3c-1.local" in CHAN.sdp
    assert " 10.20.0.5 4 typ host" in addressed(CHAN.sdp, CHAN.station)
    assert addressed(BOSS.sdp, BOSS.station) == BOSS.sdp
    told = Overheard()
    told.begins()
    assert [deed.sdp for deed in told.sent if isinstance(deed, p.Listen)] == [addressed(CHAN.sdp, CHAN.station)]


def test_whatever_happens_no_microphone_is_open_that_the_panel_does_not_tell_of() -> None:  # noqa: PLR0912 -- one case a word
    """Fuzz: the desk never raises; open means shown, recorded and below a message that carries it; every row has its end."""
    chance, told = random.Random(11), Overheard()
    carries = shown = True
    for _ in range(20_000):
        number = max(0, told.desk.number - chance.choice((0, 0, 0, 1)))
        match chance.randrange(11):
            case 0 | 1 | 2:
                told.desk.receive_wish(chance.choice((CHAN, BOSS)), told.now)
            case 3 | 4:
                shown = chance.random() < 0.8
                told.desk.receive_shown(so=shown, now_ms=told.now)
            case 5:
                told.desk.receive_scene(carries=(carries := chance.random() < 0.8), now_ms=told.now)
            case 6:
                told.desk.receive_call(chance.choice(list(CallStage)), chance.choice(("chan", "lau", "")), told.now)
            case 7:
                told.desk.receive_voice(runs=chance.random() < 0.8, now_ms=told.now)
            case 8:
                told.desk.receive_stop(number, chance.choice(list(ListenEnd)), told.now)
            case 9:
                told.desk.receive_closed(number, "", told.now)
            case _:
                told.desk.receive_listens(number, told.now)
        for deed in told.done():
            if isinstance(deed, CallReported) and deed.call == "listening" and chance.random() < 0.9:
                told.desk.receive_recorded(told.now)
                told.done()
            elif isinstance(deed, CallReported) and deed.call == "listening":
                told.desk._unwritten -= 1  # the row comes too late for it
        told.now += chance.randrange(800)
        told.passes(0)
        if told.open:
            assert told.marked
            assert carries
            assert shown
        began = sum(row[0] == "listening" for row in told.rows)
        assert began - sum(row[0] == "listened" for row in told.rows) in {0, 1}
        assert not told.open or began > len(told.rows) - began
    assert sum(isinstance(deed, p.Listen) for deed in told.sent) > 100
