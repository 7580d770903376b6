"""The reader's process gives memory back."""

from __future__ import annotations

import subprocess
import sys

_LOOK = """
import ctypes
from devices.anpr.memory import return_memory_early

def resident() -> int:
    return int(open("/proc/self/statm").read().split()[1]) * 4096

{first}
ctypes.create_string_buffer(30_000_000)  # freed at once: glibc now keeps blocks up to that size for itself
blocks = [ctypes.create_string_buffer(5_000_000) for _ in range(12)]  # 60 MB
for block in blocks:
    ctypes.memset(block, 1, 5_000_000)
kept = blocks[::6]  # a few in between stay, as results of a picture do
full = resident()
del blocks, block
print(full - resident())
"""


def given_back(first: str) -> int:
    """Bytes that the process gives back when most blocks of a picture are freed."""
    done = subprocess.run([sys.executable, "-c", _LOOK.format(first=first)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_what_a_picture_needed_is_given_back() -> None:
    """Nearly all of 50 MB, though two blocks in between stay in use."""
    assert given_back("assert return_memory_early()") > 40_000_000
    assert given_back("") < 30_000_000  # else there is nothing to be done


_CODE = """
import re
import cv2
import numpy as np
from devices.anpr.memory import forget_start

def mapped() -> int:
    return int(re.search(r"RssFile:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024

full = mapped()
assert forget_start() > 10_000_000
left = mapped()
assert cv2.resize(np.zeros((8, 8, 3), np.uint8), (4, 4)).shape == (4, 4, 3)  # comes back when it is needed
print(full - left)
"""


def test_the_code_that_only_starting_needed_is_given_back() -> None:
    """A good part of what OpenCV and numpy had mapped, and they still work."""
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10_000_000
