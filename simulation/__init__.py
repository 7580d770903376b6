"""The demonstration: a simulated world around the real lane, and a judge who knows nothing of it.

| module | what is in it |
|---|---|
| `commands` | `demo` as a command of `rocars-lane` |
| `demo` | the whole run: the world is set up, the trucks pass, the judge compares |
| `world` | everything around one real lane: broker, core, cable, camera, board, the lane's process |
| `broker` | a private Mosquitto, a child of this process |
| `cable` | the cable between lane and broker, which can be pulled out |
| `core_client` | requests to the core, as traders and officers make them |
| `stage` | one truck's passage, in the words of the people there |
| `scenarios/` | the kinds of truck, each a row of the decision table or one nasty moment |
| `plan` | which trucks come, in which order |
| `marks` | registration marks for them |
| `drawn/` | plates, trucks and weather as the camera would show them |
| `officer` | a simulated officer who works the real page over HTTP |
| `panel` | the page's simulation panel: driver's buttons, link switch, trucks on demand |
| `paint_log` | what the screens painted, followed as it is written |
| `judge` | what was painted and recorded, compared with what was true |
"""
