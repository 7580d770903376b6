"""Small libraries that stand where large ones are left out: the loader finds every name, and nothing is behind it.

A library that names another cannot be loaded without it, even by a program that never calls it. A stand-in has that
other's name and the symbols that are asked of it. Rules of this file:

- A function ends the process that calls it (an instruction that no processor has). It never answers: a process that is
  gone is a fault that the lane notices, a wrong answer is not.
- A type (`_ZTI`) has its own name and no base; a table of virtual functions (`_ZTV`) is all zeros, which ends its caller too.
- A cell (see `write_stand_in`) is the one exception: a function whose whole work is to say where a pointer is kept.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.package.lock import PackageBuildError
from tools.package.products import Architecture

_TRAP = {Architecture.AMD64: "ud2", Architecture.ARM64: "udf #0"}
_ADDRESS = {
    Architecture.AMD64: "leaq {cell}(%rip), %rax; ret",
    Architecture.ARM64: "adrp x0, {cell}; add x0, x0, :lo12:{cell}; ret",
}
_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_TABLE_BYTES = 1024  # the longest table of virtual functions in torch has some 60 entries of 8 bytes


def needed(library: Path, architecture: Architecture) -> set[str]:
    """The libraries that it names.

    Raises:
        PackageBuildError: it is no library.
    """
    return set(_NEEDED.findall(_told(architecture.tools + "readelf", "--dynamic", "--wide", str(library))))


def symbols(library: Path, architecture: Architecture) -> tuple[set[str], set[str]]:
    """What it defines, by name alone, and what it asks of others: `name` or `name@version`.

    Raises:
        PackageBuildError: it is no library.
    """
    lines = [line.split() for line in _told(architecture.tools + "nm", "--dynamic", str(library)).splitlines()]
    defined = {words[2].partition("@")[0] for words in lines if len(words) == 3}
    return defined, {words[1] for words in lines if len(words) == 2 and words[0] == "U"}


def asked(libraries: Iterable[Path], architecture: Architecture) -> Mapping[str, set[str]]:
    """What these libraries ask of others than themselves, by the version that they ask for; "" is without one.

    Names of the interpreter's, which is there when they are loaded, are left out.

    Raises:
        PackageBuildError: one is no library.
    """
    has, wants = set[str](), set[str]()
    for library in libraries:
        defined, undefined = symbols(library, architecture)
        has |= defined
        wants |= undefined
    found: dict[str, set[str]] = {}
    for want in wants:
        name, _, version = want.partition("@")
        if name not in has and not name.startswith(("Py", "_Py")):
            found.setdefault(version, set()).add(name)
    return found


def write_stand_in(
    file: Path, names: Iterable[str], architecture: Architecture, *, version: str = "", cells: Iterable[str] = ()
) -> None:
    """Writes one.

    Args:
        file: its place; its name is what others call it.
        names: symbols that are asked of it.
        architecture: for which machines.
        version: of all its symbols, where they are asked for by one.
        cells: of `names`, functions that return the address of a pointer which the caller sets.

    Raises:
        PackageBuildError: assembler or linker do not take it.
    """
    kept = set(cells)
    parts = [
        _cell(name, architecture) if name in kept else _symbol(name, _TRAP[architecture]) for name in sorted(names)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, object_, script = (Path(folder, name) for name in ("s.s", "s.o", "s.map"))
        # The note: no stack that can be executed.
        source.write_text('.section .note.GNU-stack, "", @progbits\n' + "".join(parts), encoding="ascii")
        script.write_text(f"{version} {{ global: *; }};\n", encoding="ascii")
        _told(architecture.tools + "as", "-o", str(object_), str(source))
        versioned = [f"--version-script={script}"] if version else []
        _told(architecture.tools + "ld", "-shared", "-soname", file.name, *versioned, "-o", str(file), str(object_))


def _symbol(name: str, trap: str) -> str:
    head = f".globl {name}\n.type {name}, {{kind}}\n"
    if name.startswith("_ZTI"):
        plain = "_ZTVN10__cxxabiv117__class_type_infoE"  # Itanium C++ ABI 2.9.5: a class without bases
        words = f'.quad {plain} + 16, .Lname_{name}\n.section .rodata\n.Lname_{name}: .asciz "{name[4:]}"\n'
        return head.format(kind="@object") + f".data\n.p2align 3\n{name}: {words}"
    if name.startswith("_ZTV"):
        return (
            head.format(kind="@object")
            + f".bss\n.p2align 3\n.size {name}, {_TABLE_BYTES}\n{name}: .skip {_TABLE_BYTES}\n"
        )
    return head.format(kind="@function") + f".text\n{name}: {trap}\n"


def _cell(name: str, architecture: Architecture) -> str:
    address = _ADDRESS[architecture].format(cell=f".Lcell_{name}")
    return (
        f".bss\n.p2align 3\n.Lcell_{name}: .skip 8\n.text\n.globl {name}\n.type {name}, @function\n{name}: {address}\n"
    )


def _told(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        wrong = f"{command[0]} is not installed; config/debian-packages.txt names its package"
        raise PackageBuildError(wrong) from missing
    if done.returncode:
        raise PackageBuildError(f"{command[0]}: {done.stderr.strip()[-500:]}")
    return done.stdout
