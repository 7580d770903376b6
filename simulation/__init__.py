"""The demonstration: a simulated world around the real lane, and a judge who knows nothing of it.

| module | what is in it |
|---|---|
| `commands` | `demo` and `page` as commands of `rocars-lane` |
| `demo` | the whole run: the world is set up, the trucks pass, the judge compares |
| `world` | everything around one real lane: broker, core, cable, camera, board, the lane's process |
| `stage` | one truck's passage, in the words of the people there |
| `trade` | the people behind a bundle: trader, selector and driver, signed in by name |
| `scenarios/` | the kinds of truck, each a row of the decision table or one nasty moment |
| `plan` | which trucks come, in which order |
| `marks` | registration marks for them |
| `drawn/` | plates, trucks and weather as the camera would show them |
| `officer` | a simulated officer who works the real page over HTTP |
| `panel` | the page's simulation panel: driver's buttons, link switch, trucks on demand |
| `paint_log` | what the screens painted, followed as it is written |
| `point`, `private_wall` | a control point of lanes in memory at a broker; a wall over one, in a folder |
| `page`, `page_lane`, `night` | the officers' page over a real agent in memory, and a scripted night of trucks for it |
| `judge` | what was painted and recorded, compared with what was true |

What surrounds a lane or a core in a demonstration also surrounds it in the kits above (`tools`) and in the tests:

| file | what it is |
|---|---|
| `broker` | a private Mosquitto, by password or with TLS both ways |
| `cluster`, `ledgers` | a private PostgreSQL; databases of cores in it, named by paths |
| `cluster_pair`, `database_cable` | two such servers, one standing by; the line between a program and one of them, which can be cut |
| `offsite_copy` | a third server, far away, for which nobody waits |
| `private_core` | the shipped core in a folder of its own, on such brokers |
| `granting_core` | the core's part in claims for a lane whose codes are in memory: all are granted |
| `hardwareless_lane` | a lane without its devices: its end of the link, and with its agent |
| `cable`, `mqtt_packets` | a TCP relay that is cut, held, tampered with or listened to; where an MQTT packet ends |
| `outputs/` | two outputs lit by the lane's own units and sampled from outside |
| `children`, `waiting` | child processes that end with us; waiting for what another process does |
"""
