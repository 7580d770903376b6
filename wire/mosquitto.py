"""Mosquitto's configuration and access list, from one source for what `config/` ships and what the tests start.

Rules of this file:
- `production(PLACES)` is `config/mosquitto.conf.example` and `ACCESS` is `config/mosquitto.acl.example`, to the letter; a
  test compares them. `python -m wire.mosquitto FOLDER` writes both. Tests start the same text with other places.
- A lane's name is the common name of its certificate; neither its client id nor a password can claim another.
- It stands beside the file that Debian's package brings and repeats nothing of it: mosquitto takes a setting that is given
  twice for a mistake and does not start.
- No lane's safety depends on what a broker remembers: persistence only keeps the state and the presence of the lanes,
  for the wall, over a restart.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from wire.topics import ALL_PLATES, ALL_UP, CORE, IMMIGRATION, LOG, MONITOR, ROOT, WALL

ACCESS = f"""\
# Who may say what (docs/asyncapi.json). %u is the user name: the name in the certificate, a lane's in the territory.
# Install as /etc/mosquitto/rocars/access.acl. A forbidden read is not an error: nothing arrives.
user {CORE}
topic read {ALL_UP}
topic write {ROOT}/lane/+/down/#
topic write {LOG}

user {IMMIGRATION}
topic write {ALL_PLATES}

# Whoever watches the boxes: presence and telemetry, which name no vehicle. Nothing else, and it writes nothing.
user {MONITOR}
topic read {ROOT}/lane/+/up/presence
topic read {ROOT}/lane/+/up/telemetry

# A control point's wall of lanes: what the lanes say of themselves, plates included. It writes nothing: it acts through the
# core. Each wall more has four lines like these, as user {WALL}- and a word, the name in its certificate.
user {WALL}
topic read {ROOT}/lane/+/up/presence
topic read {ROOT}/lane/+/up/state
topic read {ROOT}/lane/+/up/telemetry

pattern write {ROOT}/lane/%u/up/#
pattern read {ROOT}/lane/%u/down/#
pattern read {LOG}

# A lane that was revoked and is still connected: the two lines that rocars-core revoke prints go here, until its box is
# enrolled anew; systemctl reload mosquitto makes it deaf and mute at once, and leaves all others as they are.
"""
"""The access list, everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFiles:
    """Where a broker's files are, and where it listens.

    Attributes:
        listen: port, and an address where it is not every one.
        authority, certificate, key, revoked: PEM files of TLS both ways.
        access: the access list.
        log: where it logs to, besides the log file of Debian's own configuration.
    """

    listen: str = "8883"
    authority: str = "/etc/mosquitto/rocars/authority.crt"
    certificate: str = "/etc/mosquitto/rocars/broker.crt"
    key: str = "/etc/mosquitto/rocars/broker.key"
    revoked: str = "/etc/mosquitto/rocars/revoked.crl"
    access: str = "/etc/mosquitto/rocars/access.acl"
    log: str = "syslog"


FLOW = """\
# A lane takes at most so many messages ahead of its acknowledgements; the largest is a part of a snapshot.
set_tcp_nodelay true
max_inflight_messages 100
max_queued_messages 10000
# What waits for one client takes no more memory than this, whoever sent it; a payload is at most an envelope.
max_queued_bytes 67108864
max_packet_size 2097152
message_size_limit 1049600
max_keepalive 60
sys_interval 0
"""
"""Limits, of a private broker too."""

REMEMBERING = """\
# Presence and state of the lanes are retained, for the wall of lanes after a restart. Nothing else is: what a broker
# acknowledged counts for nothing here, events are acknowledged by the core and codes carry their version. That a broker
# keeps anything, and where, Debian's own mosquitto.conf says; mosquitto refuses a setting that stands in both files.
autosave_on_changes true
autosave_interval 1
"""


def production(places: BrokerFiles) -> str:
    """The configuration of a broker for real lanes."""
    return f"""\
# A broker for real lanes. Run two or more, independent of each other (no bridge), and name all in every lane's and the
# core's configuration: a lane goes on to the next as soon as the core's proofs stop arriving.
#
# For Debian 12's own mosquitto: install as /etc/mosquitto/conf.d/rocars.conf, beside /etc/mosquitto/mosquitto.conf as the
# package brings it, the other files where they are named below (docs/installing.md), and systemctl restart mosquitto.
# Check from a lane with: rocars-lane check --config FILE.

per_listener_settings false

# TLS 1.3 both ways. The name in a client's certificate is its user name and its client id, whatever it claims.
listener {places.listen}
tls_version tlsv1.3
cafile {places.authority}
certfile {places.certificate}
keyfile {places.key}
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {places.access}
# Certificates that were revoked (rocars-core revoke). systemctl reload mosquitto reads it, and the certificate, again.
crlfile {places.revoked}

{REMEMBERING}
{FLOW}log_dest {places.log}
connection_messages true
"""


def main(folder: Path) -> None:
    """Writes both examples."""
    (folder / "mosquitto.conf.example").write_text(production(BrokerFiles()), encoding="utf-8")
    (folder / "mosquitto.acl.example").write_text(ACCESS, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
