"""The measurements of devices in short: presses in simulated time, rubbish into every parser, a minute of unplugging judged."""

from __future__ import annotations

import random

from tools.bench.device_fuzz import GROWS_MB, fuzz
from tools.bench.devices import over_gpio, over_modbus


def test_no_press_is_lost_or_doubled_over_pins() -> None:
    """Bouncing buttons over gpiozero's mock pins."""
    found = over_gpio(400, random.Random(3))
    assert (found.presses, found.lost, found.doubled) == (400, 0, 0)


def test_no_press_is_lost_or_doubled_over_modbus() -> None:
    """The driver polls, with and without the module's counters."""
    for counted in (False, True):
        found = over_modbus(200, random.Random(4), counted=counted)
        assert (found.presses, found.lost, found.doubled) == (200, 0, 0)


def test_no_press_is_doubled_by_a_module_that_is_late() -> None:
    """Answers late by up to seconds: what is lost then is a fault, unless it is counted; nothing is ever doubled."""
    for counted in (False, True):
        found = over_modbus(200, random.Random(6), counted=counted, late=0.03)
        assert found.doubled == 0
        assert (found.faults == 0, found.lost == 0) == (counted, counted)


def test_rubbish_raises_nothing_and_fills_no_memory() -> None:
    """Every parser of what a device says."""
    found, raised, memory = fuzz(5_000, 7)
    assert raised == []
    assert len(found) == 8
    assert memory[-1] - memory[0] <= GROWS_MB
