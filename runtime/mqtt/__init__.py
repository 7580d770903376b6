"""MQTT 5 for asyncio: a connection that is kept up, over any of several brokers.

| module | what is in it |
|---|---|
| `options` | where and how to connect |
| `session` | one connection to one broker, on paho-mqtt |
| `connection` | one session after the other: the next broker, back-off, another client that takes the name |
"""

from runtime.mqtt.connection import Connection
from runtime.mqtt.options import Broker, Options, Will
from runtime.mqtt.session import Cause, Down, Incoming
from runtime.tls import Tls

__all__ = ["Broker", "Cause", "Connection", "Down", "Incoming", "Options", "Tls", "Will"]
