"""Cameras of the network that speak ONVIF, found by WS-Discovery: one multicast question, and whoever answers.

An answer comes from anybody on the network and proves nothing: it is an address to try, and a technician chooses.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

GROUP, PORT = "239.255.255.250", 3_702
"""WS-Discovery, April 2005, as ONVIF's Core Specification names it."""
_MOST = 64_000
"""Longer than any answer; one datagram holds no more."""

_PROBE = """<?xml version="1.0" encoding="utf-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>uuid:{number}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """One that answered.

    Attributes:
        address: of its device service, such as ``http://10.20.7.21/onvif/device_service``.
        name: as it calls itself, "" if it does not.
    """

    address: str
    name: str = ""


def camera_of(datagram: bytes) -> FoundCamera | None:
    """The camera that sent this, None if it is no such answer; never raises."""
    if len(datagram) > _MOST or b"<!" in datagram:  # no answer has a document type, and no entity is to be expanded
        return None
    try:
        tree = ET.fromstring(datagram)  # noqa: S314 - see above
    except (ET.ParseError, ValueError, LookupError):
        return None
    found = [(one.tag.rpartition("}")[2], (one.text or "").strip()) for one in tree.iter()]
    addresses = [word for tag, text in found if tag == "XAddrs" for word in text.split() if _is_service(word)]
    scopes = [word for tag, text in found if tag == "Scopes" for word in text.split()]
    names = [unquote(word.rpartition("/")[2]) for word in scopes if "/name/" in word.lower()]
    if not addresses:
        return None
    return FoundCamera(addresses[0], "".join(one for one in (names or [""])[0] if one.isprintable())[:64])


def _is_service(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        return False


class _Listener(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.found: dict[str, FoundCamera] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        camera = camera_of(data)
        if camera is not None:
            self.found.setdefault(camera.address, camera)


async def discover(seconds: float = 3.0, *, to: tuple[str, int] = (GROUP, PORT)) -> list[FoundCamera]:
    """Asks twice, since datagrams are lost, and listens; the cameras by their address.

    Raises:
        OSError: this box has no network to ask.
    """
    loop = asyncio.get_running_loop()
    transport, listener = await loop.create_datagram_endpoint(_Listener, local_addr=("0.0.0.0", 0))  # noqa: S104 - answers come to it
    try:
        for _ in range(2):
            transport.sendto(_PROBE.format(number=uuid.uuid4()).encode(), to)
            await asyncio.sleep(seconds / 2)
    finally:
        transport.close()
    return sorted(listener.found.values(), key=lambda one: one.address)
