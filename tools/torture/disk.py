"""A disk that is full, and one whose fsync fails.

| fault | how, as root | how, otherwise |
|---|---|---|
| full | the lane's folder is a tmpfs, made as small as what is on it: ENOSPC from the kernel | RLIMIT_FSIZE 0 of the lane's process: EFBIG |
| fsync fails | a seccomp filter in the lane's process: fsync and fdatasync answer EIO, from the kernel's entry on | the same |

A seccomp filter stays for the life of its process, so that fault ends with the process: a box that had to be restarted.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import shutil
import struct
import subprocess
import time
from pathlib import Path

ROOM = 4 << 30
"""Bytes a lane's disk may take: a night's journal. What is not written takes none."""
_PAGE = 4_096
_NOTICED_S = 3.0
"""Within which one that has ended is noticed, on a starved machine as well."""
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 22, 38, 2  # linux/prctl.h, linux/seccomp.h
_LOAD, _JUMP_IF, _RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h: BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EIO = 5
_FSYNCS = {"x86_64": (74, 75), "aarch64": (82, 83)}
"""System call numbers of fsync and fdatasync."""


class DiskError(RuntimeError):
    """This machine cannot have that fault; the text says why."""


def limit_files(*, full: bool) -> None:
    """From now on this process can write no byte to any file; or it can again."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (0 if full else hard, hard))


def break_fsync() -> None:
    """From now on fsync and fdatasync fail with EIO in this thread, and in those it starts, for ever.

    Raises:
        DiskError: the kernel does not allow it, or the machine's system calls are not known here.
    """
    numbers = _FSYNCS.get(platform.machine())
    if numbers is None:
        raise DiskError(f"the system call numbers of {platform.machine()} are not known; leave this fault out")
    steps = [(_LOAD, 0, 0, 0)]
    steps += [(_JUMP_IF, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | _EIO)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, None, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0):
        raise DiskError(f"the kernel takes no filter of system calls: {os.strerror(ctypes.get_errno())}")


class Medium:
    """The disk of one lane: a tmpfs of its own where that can be had.

    Attributes:
        own: whether it is one; otherwise the lane's process is limited instead (`limit_files`).
    """

    _excuses_until = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.own = os.geteuid() == 0 and self._mount(f"size={ROOM},mode=700")

    def _mount(self, options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self._folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def _remount(self, size: int) -> None:
        command = ["mount", "-o", f"remount,size={size}", str(self._folder)]
        subprocess.run(command, check=False, capture_output=True)

    def fill(self) -> None:
        """Not a byte more goes onto it."""
        seen = os.statvfs(self._folder)
        used = (seen.f_blocks - seen.f_bfree) * seen.f_frsize
        self._remount(max(used, _PAGE))
        self._excuses_until = math.inf

    def free(self) -> None:
        """There is room again."""
        self._remount(ROOM)
        self._excuses_until = time.monotonic() + _NOTICED_S

    @property
    def excuses(self) -> bool:
        """Whether a lane may have ended for want of room: one that starts on a full disk cannot open its journal, and its unit tries again."""
        return time.monotonic() < self._excuses_until

    def close(self) -> None:
        """Takes the tmpfs away; its files stay in the folder, copied."""
        if not self.own:
            return
        aside = self._folder.with_name(self._folder.name + ".kept")
        shutil.copytree(
            self._folder, aside, dirs_exist_ok=True, ignore=lambda _d, names: {n for n in names if n.endswith(".sock")}
        )
        subprocess.run(["umount", "-l", str(self._folder)], check=False, capture_output=True)
        shutil.copytree(aside, self._folder, dirs_exist_ok=True)
        shutil.rmtree(aside)
        self.own = False
