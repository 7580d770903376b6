"""An ONVIF camera in software, as much of profile S as a client asks for: who it is, its clock, its profiles, its stream.

    with OnvifPeer(stream="rtsp://127.0.0.1:8554/lane") as peer:
        ...                                  # http://127.0.0.1:{peer.port}/onvif/device_service

It answers WS-Discovery on a port of its own, too (`discovery_port`). SOAP over HTTP with the namespaces of the ONVIF specification.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"
 xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"
 xmlns:ter="http://www.onvif.org/ver10/error"><e:Body>{body}</e:Body></e:Envelope>"""
_REFUSED = (
    "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>ter:NotAuthorized</e:Value></e:Subcode></e:Code>"
    '<e:Reason><e:Text xml:lang="en">Sender not Authorized</e:Text></e:Reason></e:Fault>'
)
_MATCH = """<?xml version="1.0" encoding="utf-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<e:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/{name}</d:Scopes>
<d:XAddrs>{address}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"""


class OnvifPeer:
    """The camera, from `with` to the end of it.

    Args:
        stream: what it says its stream's URL is.
        user: who must be named in each request but the clock's; "" for a camera that asks for nobody.
        clock_off_s: its clock against this machine's.

    Attributes:
        broken: answers with rubbish while true.
    """

    def __init__(self, *, stream: str, user: str = "", clock_off_s: float = 0.0) -> None:
        self._stream, self._user, self._clock_off_s = stream, user, clock_off_s
        self.broken = False
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                status, body = peer.answer(asked)
                data = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._probes = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._probes.bind(("127.0.0.1", 0))
        self.port: int = self._server.server_address[1]
        self.discovery_port: int = self._probes.getsockname()[1]

    @property
    def address(self) -> str:
        """Of its device service."""
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="onvif peer", daemon=True).start()
        threading.Thread(target=self._hear_probes, name="onvif probes", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._probes.close()

    def answer(self, asked: str) -> tuple[int, str]:
        """HTTP status and body for a request."""
        if self.broken:
            return 200, "<html>not a camera any more"
        found = re.search(r"Body[^>]*>\s*<(?:\w+:)?(\w+)", asked)
        verb = found[1] if found else ""
        if self._user and verb != "GetSystemDateAndTime" and f">{self._user}<" not in asked:
            return 400, _ENVELOPE.format(body=_REFUSED)
        return 200, _ENVELOPE.format(body=self._body(verb))

    def _body(self, verb: str) -> str:  # noqa: PLR0911 - one short case a request
        match verb:
            case "GetSystemDateAndTime":
                return self._time()
            case "GetDeviceInformation":
                return (
                    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Maker</tds:Manufacturer><tds:Model>LC-1</tds:Model>"
                    "<tds:FirmwareVersion>2.4</tds:FirmwareVersion><tds:SerialNumber>7</tds:SerialNumber>"
                    "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>"
                )
            case "GetCapabilities":
                return (
                    f"<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>{self.address}</tt:XAddr>"
                    "<tt:StreamingCapabilities/></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
                )
            case "GetServices":
                version = "<tds:Version><tt:Major>2</tt:Major><tt:Minor>5</tt:Minor></tds:Version>"
                services = "".join(
                    f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
                    f"<tds:XAddr>{self.address}</tds:XAddr>{version}</tds:Service>"
                    for name in ("device", "media")
                )
                return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"
            case "GetProfiles":
                return (
                    '<trt:GetProfilesResponse><trt:Profiles token="main" fixed="true"><tt:Name>main</tt:Name>'
                    '<tt:VideoEncoderConfiguration token="v"><tt:Name>v</tt:Name><tt:UseCount>1</tt:UseCount>'
                    "<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height>"
                    "</tt:Resolution><tt:Quality>5</tt:Quality><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type></tt:Address>"
                    "<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
                    "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration></trt:Profiles>"
                    "</trt:GetProfilesResponse>"
                )
            case "GetStreamUri":
                return (
                    f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{self._stream}</tt:Uri>"
                    "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
                    "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
                )
            case _:
                return '<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang="en">no</e:Text></e:Reason></e:Fault>'

    def _time(self) -> str:
        now = datetime.fromtimestamp(datetime.now(UTC).timestamp() + self._clock_off_s, UTC)  # noqa: TID251 - a camera has a clock of its own
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _hear_probes(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, who = self._probes.recvfrom(65_536)
                if b"Probe" in asked:
                    self._probes.sendto(b"rubbish first", who)
                    self._probes.sendto(_MATCH.format(name="Lane%20Camera", address=self.address).encode(), who)
