"""`rocars-torture`: real lanes against a real core, with a cable, a broker, a core and a disk that fail and lie.

| module | what is in it |
|---|---|
| `cli`, `__main__` | `rocars-torture` |
| `run`, `plan` | the whole run; which fault comes when |
| `faults`, `scene`, `copies` | every kind of fault, what it works on, and what it does; those that put back or edit a store |
| `centre`, `databases` | two cores on two servers, each standing by for the other; faults of these |
| `site_lost` | the whole first site dies, and a core goes on at the off-site copy; and the way back |
| `boxes` | a second box with a lane's key, as a fault |
| `gate` | which faults may be at work at the same time |
| `site` | broker, core and lanes as child processes, and the cables between them |
| `lane_process`, `hardware`, `disk` | a lane without camera and screens; its hardware, as a socket; its disk |
| `traffic`, `core_client` | its trucks; requests to the core |
| `crowd`, `light_client` | many light lanes that connect all at once, and their MQTT client |
| `tampers` | what a bad cable and a lying broker do to packets |
| `tap` | what passed on a cable, written down |
| `forger` | forged, replayed and misdated messages on a lane's cable |
| `history`, `signed`, `decisions` | afterwards, from files: what a run left; the core's signed log; what each release rested on |
| `checker`, `check_delivery`, `check_releases`, `check_link`, `check_centre`, `check_offsite` | whether what was promised held |
| `verdict`, `report` | a broken promise; the report |
"""
