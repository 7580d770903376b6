"""`rocars-screens`: what a lane's two screens use of Debian's compositor and fonts, file by file as Debian built them.

Debian's `weston` depends on what its remote desktop, its recorders and its 3D drawing need: FreeRDP, FFmpeg, GStreamer, PipeWire,
Mesa. A lane uses none of them (its compositor draws with pixman), and its screens two of the four files of `fonts-noto-cjk`. This
package takes the place of the three; a box that has Debian's own instead works as well (docs/installing.md).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.package.debian import DebianMirror, field_of
from tools.package.lock import PackageBuildError
from tools.package.products import Architecture

NAME = "rocars-screens"

TAKEN: Mapping[str, tuple[str, ...]] = {
    "weston": (
        "usr/bin/weston",
        "usr/lib/*/weston/libexec_weston.so*",
        "usr/lib/*/weston/desktop-shell.so",
        "usr/lib/*/weston/systemd-notify.so",
        "usr/lib/*/weston-desktop-shell",
    ),
    "libweston-10-0": (
        "usr/lib/*/libweston-10.so*",
        "usr/lib/*/libweston-desktop-10.so*",
        "usr/lib/*/libweston-10/drm-backend.so",
        "usr/lib/*/libweston-10/x11-backend.so",  # both screens as windows: the field test, and whoever looks at them without monitors
    ),
    "fonts-noto-cjk": (
        "usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
        "usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    ),
    "fonts-unifont": ("usr/share/fonts/opentype/unifont/unifont.otf",),
}
"""Files of each of Debian's packages, besides its copyright."""

IDLE = frozenset(
    {
        "adduser",
        "libcolord2",  # colour management
        "libegl1",  # the drawing by graphics card
        "libfreerdp2-2",  # remote desktop
        "libgles2",
        "libglib2.0-0",  # recorders alone; what else needs it says so itself
        "libgstreamer-plugins-base1.0-0",
        "libgstreamer1.0-0",
        "liblcms2-2",
        "libpipewire-0.3-0",
        "libwayland-egl1",
        "libweston-10-0",  # inside
        "libwinpr2-2",
        "libxcb-composite0",  # programs for X11
        "libxcb-render0",
        "libxcb-xfixes0",
        "libxcursor1",
    }
)
"""Dependencies of modules that are left out."""


def build_screens(stage: Path, keep: Path, architecture: Architecture) -> dict[str, str]:
    """Puts the files below `stage`; returns the package's own fields.

    Args:
        stage: does not exist yet.
        keep: where apt's lists and Debian's packages are kept between builds.
        architecture: for which machines.

    Raises:
        PackageBuildError: Debian's mirror cannot be reached, or its packages have other files by now.
    """
    files = DebianMirror(keep, architecture).fetch(TAKEN)
    for name, file in files.items():
        with tempfile.TemporaryDirectory(dir=keep) as unpacked:
            subprocess.run(["dpkg-deb", "-x", file, unpacked], check=True)
            take(Path(unpacked), stage, (*TAKEN[name], f"usr/share/doc/{name}/copyright"))
    of = ", ".join(f"{name} {field_of(file, 'Version')}" for name, file in files.items())
    return {
        "Depends": ", ".join(needed(field_of(file, "Depends") for file in files.values())),
        "Conflicts": ", ".join(TAKEN),
        "Replaces": ", ".join(TAKEN),
        "Description": f"compositor and fonts of a customs lane's screens\n Files of Debian's {of}, as Debian built them.",
    }


def needed(depends: Iterable[str]) -> list[str]:
    """The dependencies of these that are not idle, in alphabetical order; an alternative counts by its first name.

    Args:
        depends: the field `Depends` of each package.
    """
    entries = {entry.strip() for field in depends for entry in field.split(",") if entry.strip()}
    return sorted(entry for entry in entries if entry.split()[0] not in IDLE)


def take(source: Path, stage: Path, patterns: tuple[str, ...]) -> None:
    """Copies files of an unpacked package into `stage`, links as links.

    Raises:
        PackageBuildError: it has none by one of these names.
    """
    for pattern in patterns:
        found = [path for path in source.glob(pattern) if not path.is_dir()]
        if not found:
            raise PackageBuildError(f"Debian's package has no {pattern} any more: look at tools/package/screens.py")
        for path in found:
            place = stage / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)
