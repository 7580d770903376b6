"""Keeps the reader's process small: memory that a picture needed goes back when the picture is done.

glibc keeps freed blocks for itself, in one arena a thread, and pictures and network layers are the blocks that it
keeps longest. Told to map what is largest and to have one arena, the same reads need less memory, and hardly more time.

The libraries are large, too, and most of their mapped code was needed only once, to start.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from pathlib import Path

_DONTNEED = 4  # mman.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h of glibc
_LARGE = 1 << 22
"""Blocks of at least so many bytes are mapped each by itself; smaller ones, of which there are many, cost too much time."""
_KEPT = 1 << 25
"""So much of what is free stays, for the next picture."""


def return_memory_early() -> bool:
    """Sets glibc's allocator for this process; call it before the first picture.

    Returns:
        Whether the C library understood; another one (musl) does without.
    """
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    if not hasattr(libc, "mallopt"):
        return False
    wanted = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _KEPT))
    done = [libc.mallopt(name, value) for name, value in wanted]
    return all(done)


def forget_start() -> int:
    """Unmaps the code of all libraries, and gives back what the start had allocated; code that is needed comes back from the page cache.

    Only pages that are code: nothing has ever written to them, so nothing can be lost. Call it once the models are
    loaded.

    Returns:
        Bytes of address space that were given back.
    """
    libc, freed = ctypes.CDLL(None), 0
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, rights, *rest = line.split(maxsplit=5)
        if rights == "r-xp" and len(rest) == 4 and ".so" in rest[3]:
            start, end = (int(edge, 16) for edge in span.split("-"))
            freed += end - start if libc.madvise(start, end - start, _DONTNEED) == 0 else 0
    libc.malloc_trim(0)  # what reading and laying out the models needed
    return freed
