"""The call machine: what driver, officer and journal are told, step by step. Pure; time is what the test says."""

from __future__ import annotations

import random

import pytest

from devices.voice import protocol as p
from devices.voice.desk import CallDesk, CallRules, CallStage
from lane_agent import events as e

ONE, TWO = "sip:100@exchange", "sip:200@exchange"
RULES = CallRules(numbers=(ONE, TWO), answer_ms=20_000, unanswered_ms=60_000, lost_ms=5_000, coming_key="5")


class Told:
    """A desk and what it has done, in order; the lane takes whatever it is asked."""

    def __init__(self, rules: CallRules = RULES) -> None:
        self.desk = CallDesk(rules)
        self.now = 0
        self.deeds: list[object] = []

    def drain(self) -> list[object]:
        """What the desk wants done now."""
        done = list(self.desk.drain())
        self.deeds += done
        return done

    def passes(self, ms: int, step: int = 100) -> list[object]:
        """Time passes, and nothing else happens."""
        done: list[object] = []
        for _ in range(ms // step):
            self.now += step
            self.desk.receive_time(self.now)
            done += self.drain()
        return done

    def report(self, report: p.ToAgent) -> list[object]:
        """The voice process says this."""
        self.desk.receive_report(report, self.now)
        return self.drain()

    def rings(self) -> int:
        """The lane rings; which call was begun, 0 for none."""
        self.desk.receive_ring("ring", self.now)
        dialled = [deed for deed in self.drain() if isinstance(deed, p.Dial)]
        return dialled[-1].attempt if dialled else 0

    def notes(self) -> list[str]:
        """What is on record, in order."""
        return [deed.call for deed in self.deeds if isinstance(deed, e.CallReported)]


def sound(attempt: int, *, sent: bool = True, heard: bool = True) -> p.Sound:
    """Both ends' sound, as the voice process reports it."""
    return p.Sound(attempt, sent, heard, -30.0, -25.0)


def test_a_telephone_that_is_answered_talks_once_sound_flows_both_ways() -> None:
    """Sound of one side alone is no conversation."""
    told = Told()
    attempt = told.rings()
    told.report(p.Rang(attempt))
    assert e.HelpAnswered(ONE) in told.report(p.Answered(attempt))
    assert told.report(sound(attempt, heard=False)) == []
    assert told.report(sound(attempt))[0] == e.AudioChanged(flowing=True)
    assert told.notes() == ["rang", "answered", "talking"]
    assert told.desk.sight.driver_db == -30.0


def test_a_page_talks_only_while_it_says_that_it_hears() -> None:
    """The box sends; whether it arrives, the other end must say."""
    told = Told(CallRules())
    assert told.rings() == 0
    told.desk.receive_ring("answer", 0)
    attempt = told.desk.receive_page("chan", "10.0.0.5", "v=0", 0)
    assert p.Offer(attempt, "v=0") in told.drain()
    assert told.report(sound(attempt)) == []
    told.desk.receive_page_hears(attempt, -20.0, told.now)
    assert told.report(sound(attempt))[0] == e.AudioChanged(flowing=True)
    for _ in range(20):  # the page no longer hears, all else goes on
        told.passes(200)
        told.report(sound(attempt))
    assert e.AudioChanged(flowing=False) in told.deeds


def test_sound_that_stops_alone_ends_talk_and_then_the_call() -> None:
    """The signalling is as it was. The driver is told within about a second, and after five it rings again."""
    told = Told()
    attempt = told.rings()
    told.report(p.Answered(attempt))
    told.report(sound(attempt))
    assert told.passes(900) == []
    assert told.passes(300) == [e.AudioChanged(flowing=False)]
    over = told.passes(4_000)
    assert over == [p.HangUp(attempt), e.CallLost("no sound for 5 s")]
    assert told.rings() == attempt + 1


@pytest.mark.parametrize(
    ("why", "note"),
    [(p.Ended.BUSY, "busy"), (p.Ended.REFUSED, "refused"), (p.Ended.UNREACHABLE, "unreachable")],
)
def test_a_number_that_cannot_take_the_call_is_followed_by_the_next(why: p.Ended, note: str) -> None:
    """And each outcome is on record."""
    told = Told()
    told.report(p.Closed(told.rings(), why, "486 Busy Here"))
    dialled = [deed for deed in told.passes(1_500) if isinstance(deed, p.Dial)]
    assert [dial.number for dial in dialled] == [TWO]
    assert told.notes() == [note, "escalated"]


def test_a_number_that_rings_unanswered_is_missed_and_the_next_one_called() -> None:
    """After `answer_s`, whatever the exchange would wait."""
    told = Told()
    attempt = told.rings()
    told.report(p.Rang(attempt))
    done = told.passes(20_000)
    assert p.HangUp(attempt) in done
    assert told.notes() == ["rang", "missed", "escalated"]
    assert told.desk.sight.who == TWO


def test_a_call_that_nobody_answers_is_an_alarm_until_somebody_does() -> None:
    """Once, not every minute."""
    told = Told()
    told.rings()
    raised = [deed for deed in told.passes(150_000, 500) if isinstance(deed, e.TroubleReported)]
    assert [one.kind for one in raised] == ["HelpUnanswered"]
    told.desk.receive_ring("answer", told.now)
    assert [deed.kind for deed in told.drain() if isinstance(deed, e.TroubleEnded)] == ["HelpUnanswered"]


def test_an_answer_at_the_page_lets_the_telephone_be() -> None:
    """One call a box: whoever is first has it."""
    told = Told()
    attempt = told.rings()
    told.desk.receive_ring("answer", 0)
    assert told.drain() == [p.HangUp(attempt)]
    assert told.report(p.Answered(attempt)) == []  # the telephone was taken at the same moment
    assert told.desk.sight.stage is CallStage.TAKEN


def test_the_key_of_a_telephone_says_that_an_officer_comes() -> None:
    """Another key says nothing."""
    told = Told()
    attempt = told.rings()
    told.report(p.Answered(attempt))
    assert told.report(p.KeyPressed(attempt, "1")) == []
    assert told.report(p.KeyPressed(attempt, "5")) == [e.OfficerSent(ONE)]
    told.desk.receive_officer_sent()
    assert told.drain() == [p.HangUp(attempt)]


def test_a_telephone_that_hangs_up_ends_the_call() -> None:
    """As a click on End call does."""
    told = Told()
    attempt = told.rings()
    told.report(p.Answered(attempt))
    told.report(sound(attempt))
    done = told.report(p.Closed(attempt, p.Ended.HUNG_UP))
    assert [deed for deed in done if not isinstance(deed, e.CallReported)] == [
        e.AudioChanged(flowing=False),
        e.HelpEnded(ONE, "hung up"),
    ]


@pytest.mark.parametrize("why", [p.Ended.BROKE, p.Ended.HUNG_UP])
def test_a_page_that_goes_away_leaves_a_driver_who_still_needs_somebody(why: p.Ended) -> None:
    """A closed browser is no end of a call: only the officer's word is."""
    told = Told(CallRules())
    told.rings()
    told.desk.receive_ring("answer", 0)
    attempt = told.desk.receive_page("chan", "10.0.0.5", "v=0", 0)
    told.drain()
    assert [type(deed) for deed in told.report(p.Closed(attempt, why, "gone"))] == [e.CallLost]


def test_a_word_about_an_older_call_changes_nothing() -> None:
    """Whatever it is."""
    told = Told()
    old = told.rings()
    told.passes(20_000)
    for late in (p.Rang(old), p.Answered(old), sound(old), p.KeyPressed(old, "5"), p.Closed(old, p.Ended.BUSY)):
        assert told.report(late) == []


def test_no_order_of_whatever_words_connects_two_or_talks_before_an_answer() -> None:  # noqa: PLR0912 -- one case a word
    """Fuzz: the desk never raises, dials one at a time, and TALK needs an answer."""
    chance = random.Random(7)
    told = Told()
    open_calls, answered = 0, False
    for _ in range(20_000):
        attempt = max(0, told.desk.attempt - chance.choice((0, 0, 0, 1)))
        match chance.randrange(10):
            case 0 | 1:
                told.desk.receive_ring(chance.choice(("ring", "answer", "end")), told.now)
            case 2:
                told.desk.receive_page("chan", "here", "v=0", told.now)
                answered = True
            case 3:
                told.desk.receive_page_hears(attempt, -30.0, told.now)
            case 4:
                told.desk.receive_voice_gone(told.now)
            case 5:
                told.desk.receive_officer_sent()
            case _:
                report = chance.choice(
                    [
                        p.Rang(attempt),
                        p.Answered(attempt),
                        sound(attempt, heard=chance.random() < 0.8),
                        p.KeyPressed(attempt, "5"),
                        p.Closed(attempt, chance.choice(list(p.Ended))),
                    ]
                )
                told.desk.receive_report(report, told.now)
        told.now += chance.randrange(3_000)
        told.desk.receive_time(told.now)
        for deed in told.drain():
            match deed:
                case p.Dial() | p.Offer():
                    open_calls = deed.attempt
                case p.HangUp():
                    assert deed.attempt <= told.desk._attempt
                case e.HelpAnswered():
                    answered = True
                case e.AudioChanged(True):
                    assert answered
                    assert open_calls
                case _:
                    pass
