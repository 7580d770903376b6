"""`rocars-torture`: real lanes against a real core, with a cable, a broker, a core and a disk that fail and lie.

| room | what is in it |
|---|---|
| `packets`, `cable`, `tampers`, `tap` | the fault proxy: MQTT packets, the relay, what it does to them, what it writes down |
| `liar` | forged, replayed and misdated messages on a lane's cable |
| `lane`, `simulated`, `traffic`, `disk` | a lane's process without camera and screens; its hardware; its trucks; its disk |
| `site`, `office` | broker, core and lanes as child processes; the counter of the core |
| `crowd` | light lanes that all connect at once |
| `kinds`, `plan`, `run`, `cli` | which faults there are, when which comes, the whole run |
| `history`, `checker`, `report` | afterwards, from files only: what was promised, and whether it held |
"""
