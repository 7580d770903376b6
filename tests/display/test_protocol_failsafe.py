"""The lines of the protocol, and what a screen makes of what it hears. No process, no clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from display.errors import MalformedLineError
from display.failsafe import Failsafe, Showing
from display.protocol import (
    Painted,
    Pong,
    ScreenBeat,
    ScreenHello,
    ShowOrder,
    decode_for_agent,
    decode_for_screen,
    encode,
)
from lane_agent.model import Screen
from lane_agent.wording import Scene

SAFE = Showing(Scene.WAIT, 0, "", simulated=False, safe=True)
DONE = ShowOrder(Scene.DONE, 7)

MALFORMED = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"show"',
    b"\xff\xfe",
    b'{"type":"\xff"}',
    b'{"type":"beat","\xff":1}',
    b'{"type":"show"}',
    b'{"type":"show","scene":"GO","serial":1}',
    b'{"type":"show","scene":"DONE","serial":-1}',
    b'{"type":"show","scene":"DONE","serial":"1"}',
    b'{"type":"show","scene":"DONE","serial":1,"parameter":"%s"}' % (b"9" * 33),
    b'{"type":"show","scene":"DONE","serial":1,"colour":"red"}',
    b'{"type":"dance"}',
    b'{"scene":"DONE","serial":1}',
    b'{"type":"hello","screen":"xdb"}',
    b'{"type":"beat"}{"type":"beat"}',
]


def _joined() -> Failsafe:
    failsafe = Failsafe(silence_s=2.0, simulated=False)
    failsafe.joined(0.0)
    return failsafe


@pytest.mark.parametrize("line", MALFORMED)
def test_a_line_that_is_not_of_the_protocol_is_refused(line: bytes) -> None:
    """Nothing is guessed: an unknown scene, a wrong type, an unknown key, half a line are all malformed."""
    with pytest.raises(MalformedLineError, match="does not know"):
        decode_for_screen(line)


@pytest.mark.parametrize("message", [ShowOrder(Scene.EARLY, 3, "14:30", simulated=True), ScreenBeat()])
def test_what_the_agent_says_arrives_whole(message: ShowOrder | ScreenBeat) -> None:
    """One line each, nothing lost on the way to the screen."""
    assert encode(message).count(b"\n") == 1
    assert decode_for_screen(encode(message)) == message


@pytest.mark.parametrize("line", [b"\xff\xfe", b'{"type":"pong","\xff":1}', b'{"type":"hello","screen":"\xff"}'])
def test_a_screens_line_that_is_no_utf_8_is_refused(line: bytes) -> None:
    """As every other: the agent ends that connection, and nothing else."""
    with pytest.raises(MalformedLineError, match="does not know"):
        decode_for_agent(line)


@pytest.mark.parametrize("message", [ScreenHello(Screen.AIOP), Painted(Screen.XDB, Scene.DONE, 4), Pong()])
def test_what_a_screen_says_arrives_whole(message: ScreenHello | Painted | Pong) -> None:
    """One line each, nothing lost on the way to the agent."""
    assert decode_for_agent(encode(message)) == message


def test_the_lines_are_as_documented() -> None:
    """The bytes that another implementation would have to send."""
    assert decode_for_screen(b'{"type":"show","scene":"DONE","serial":7,"parameter":"","simulated":false}') == DONE
    assert encode(ScreenHello(Screen.XDB)) == b'{"type":"hello","screen":"xdb"}\n'
    painted = encode(Painted(Screen.XDB, Scene.DONE, 7))
    assert painted == b'{"type":"painted","screen":"xdb","scene":"DONE","serial":7,"safe":false,"listening":false}\n'


def test_before_the_first_order_the_face_is_safe() -> None:
    """A screen that was just started, and one that just connected, say to follow the officer."""
    failsafe = Failsafe(silence_s=2.0, simulated=False)
    assert (failsafe.showing, failsafe.due) == (SAFE, True)
    failsafe.joined(100.0)
    assert failsafe.showing == SAFE


def test_an_order_is_shown_and_beats_keep_it() -> None:
    """What the agent ordered stands for as long as the agent lives."""
    failsafe = _joined()
    failsafe.heard(DONE, 1.0)
    failsafe.painted()
    for now in (2.5, 4.0, 5.5):
        failsafe.heard(ScreenBeat(), now)
        failsafe.passed(now + 1.4)
    assert (failsafe.showing.scene, failsafe.showing.serial, failsafe.due) == (Scene.DONE, 7, False)


def test_silence_past_the_limit_ends_it() -> None:
    """Before the limit it still stands; at the limit the safe face is due."""
    failsafe = _joined()
    failsafe.heard(DONE, 1.0)
    failsafe.painted()
    failsafe.passed(2.999)
    assert failsafe.showing.scene is Scene.DONE
    failsafe.passed(3.0)
    assert (failsafe.showing, failsafe.due) == (SAFE, True)


def test_beats_alone_never_bring_an_old_order_back() -> None:
    """After the safe face only an order counts: the vehicle may have changed meanwhile."""
    failsafe = _joined()
    failsafe.heard(DONE, 0.0)
    failsafe.passed(10.0)
    failsafe.heard(ScreenBeat(), 10.1)
    failsafe.joined(10.2)
    assert failsafe.showing == SAFE
    failsafe.heard(ShowOrder(Scene.STOP, 8), 10.3)
    assert failsafe.showing.scene is Scene.STOP


def test_the_same_order_again_is_painted_again() -> None:
    """The agent asks again because it wants the answer again."""
    failsafe = _joined()
    failsafe.heard(DONE, 0.0)
    failsafe.painted()
    failsafe.heard(DONE, 0.1)
    assert failsafe.due


def test_the_safe_face_of_a_simulated_lane_says_that_it_is_simulated() -> None:
    """What was last known of the lane holds for the safe face too."""
    failsafe = _joined()
    failsafe.heard(ShowOrder(Scene.STOP, 1, simulated=True), 0.0)
    failsafe.lost()
    assert failsafe.showing.simulated
    assert failsafe.showing.safe


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("show"), st.sampled_from(Scene), st.integers(1, 99)),
            st.tuples(st.sampled_from(["beat", "lost", "joined", "painted", "wait"]), st.none(), st.none()),
        ),
        max_size=30,
    )
)
def test_whatever_happened_before_silence_ends_at_the_officer(
    story: list[tuple[str, Scene | None, int | None]],
) -> None:
    """No history makes a screen keep a message through silence, and DONE is shown only if it was the last order."""
    failsafe, now = _joined(), 0.0
    last: Scene | None = None
    for what, scene, serial in story:
        now += 0.5
        failsafe.passed(now)
        match what:
            case "show":
                assert scene is not None
                assert serial is not None
                failsafe.heard(ShowOrder(scene, serial), now)
                last = scene
            case "beat":
                failsafe.heard(ScreenBeat(), now)
            case "lost":
                failsafe.lost()
            case "joined":
                failsafe.joined(now)
            case "painted":
                failsafe.painted()
            case _:
                now += 3.0
                failsafe.passed(now)
                assert failsafe.showing.safe
        assert failsafe.showing.safe or failsafe.showing.scene is last
    failsafe.passed(now + 2.1)
    assert failsafe.showing == SAFE
