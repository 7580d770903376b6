"""The demonstration: a simulated world around the real lane, and a judge who knows nothing of it.

What surrounds a lane or a core in a demonstration also surrounds it in the kits above (`tools`) and in the tests:

| file | what it is |
|---|---|
| `broker` | a private Mosquitto, by password or with TLS both ways |
| `private_core` | the shipped core in a folder of its own, on such brokers |
| `hardwareless_lane` | a lane without its devices: its end of the link, and with its agent |
| `cable`, `mqtt_packets` | a TCP relay that is cut, held, tampered with or listened to; where an MQTT packet ends |
| `children`, `waiting` | child processes that end with us; waiting for what another process does |
"""
