"""A link into the site's own video system, made of a template of the settings (pure).

Rules of this file: what is put into the template's places is percent-encoded, so that no name of a lane or camera can change where the
link leads; and no place stands before the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Final
from urllib.parse import quote, urlsplit

from domain.times import hong_kong
from runtime.camera_address import has_host, has_secret
from runtime.sections import Problem

AROUND_MS: Final = 10_000
"""Before a vehicle's arrival and after its departure."""

BACK_MS: Final = 60_000
"""How far back the link of a lane begins, where no vehicle is named."""

LANE_CAMERA: Final = "lane"
"""What a lane's own camera is called in the place {camera}."""

PLACES: Final = ("lane", "point", "camera", "from", "to", "from_ms", "to_ms")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_EXAMPLE: Final = '"https://vms.example/play?camera={lane}&from={from}&to={to}"'


def video_link(template: str, *, lane: str, point: str, camera: str, from_ms: int, to_ms: int) -> str:
    """The template with its places filled.

    Args:
        template: of the settings, without problems.
        lane: its name.
        point: its name.
        camera: a further camera's name, or `LANE_CAMERA`.
        from_ms: where it begins, UTC ms.
        to_ms: where it ends, UTC ms.
    """
    values = {"lane": lane, "point": point, "camera": camera, "from": _iso(from_ms), "to": _iso(to_ms)}
    values |= {"from_ms": str(from_ms), "to_ms": str(to_ms)}
    return _PLACE.sub(lambda place: quote(values[place[1]], safe=""), template)


def link_problems(template: str) -> Iterator[Problem]:
    """What is wrong with a template, and what to do."""
    plain = _PLACE.sub("x", template)
    unknown = [name for name in _PLACE.findall(template) if name not in PLACES]
    if not template.startswith("https://") or not has_host(plain) or not plain.isascii() or not plain.isprintable():
        yield Problem("video_link", "is no https address", f"write such as {_EXAMPLE}")
    elif " " in template or "{" in plain or "}" in plain:
        yield Problem("video_link", "has a blank or a single brace in it", "write %20, %7B or %7D")
    elif "{" in template.removeprefix("https://").partition("/")[0]:
        yield Problem("video_link", "has a place before its path", f"write the host as it is, such as {_EXAMPLE}")
    elif has_secret(template) or urlsplit(plain).username is not None:
        remedy = "leave it out: the video system asks for its own login"
        yield Problem("video_link", "has a login in it, which every browser would be given", remedy)
    for name in unknown:
        remedy = "use " + ", ".join(f"{{{one}}}" for one in PLACES)
        yield Problem("video_link", f"has the unknown place {{{name}}}", remedy)


def _iso(at_ms: int) -> str:
    return hong_kong(at_ms).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
