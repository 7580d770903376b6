"""The echo in the kiosk: that the measure sees one, and that the shipped canceller takes it away, also a late one."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices.voice.settings import Echo
from devices.voice.tone import RATE, find, level_db
from tools.bench.voice import sip
from tools.bench.voice.ear import DRIVER, OFFICER
from tools.bench.voice.echo import ECHO_DB, cancelled, echoed, share_db

MISSING = sip.missing("/usr/bin/espeak-ng")


def test_a_room_gives_back_what_was_said_later_softer_and_blurred() -> None:
    """At the delay and the level that were asked for."""
    said = np.concatenate((DRIVER, np.zeros(RATE, np.int16)))
    heard = echoed(said, 40.0)
    assert find(DRIVER, heard).at_s == pytest.approx(0.040, abs=0.001)
    assert 0.3 < find(DRIVER, heard).likeness < 0.999
    assert level_db(heard) - level_db(said) == pytest.approx(ECHO_DB, abs=0.3)


def test_a_share_is_what_is_left_of_a_voice_whatever_else_is_there() -> None:
    """Halved is 6 dB less, and another voice does not count."""
    for other in (np.zeros_like(OFFICER), OFFICER // 2):
        assert share_db(DRIVER, DRIVER // 2 + other) == pytest.approx(-6.0, abs=0.5)
    assert share_db(DRIVER, OFFICER) < -10.0


@pytest.mark.long
@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_shipped_canceller_takes_a_late_echo_away_and_leaves_the_driver() -> None:
    """80 ms after what the sound card says of itself; without one the echo is as loud as it came."""
    without, shipped = (asyncio.run(cancelled(method, 80.0)) for method in (Echo.NONE, Echo.WEBRTC))
    assert abs(without["erle_db"]) < 1.0
    assert shipped["erle_db"] > 12.0
    assert shipped["near_alone_db"] > -3.0
