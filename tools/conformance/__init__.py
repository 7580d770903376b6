"""The conformance kit: does a lane, or a core, keep the contract? Whoever wrote it, over a real broker.

    rocars-conformance lane --broker HOST:PORT --lane NAME ...     the kit plays the core against a lane
    rocars-conformance core --broker HOST:PORT --lane NAME ...     the kit plays that lane against a core

| module | what is in it |
|---|---|
| `cli`, `__main__` | `rocars-conformance` |
| `clauses` | a clause: number, sentence of the contract, test; running them |
| `lane` | every clause for lanes, in order |
| `lane_presence`, `lane_freshness`, `lane_signatures`, `lane_list`, `lane_events`, `lane_claims`, `lane_commands`, `lane_keys`, `lane_pictures` | they, chapter by chapter |
| `core` | every clause for cores, in order |
| `core_proofs`, `core_list`, `core_events`, `core_claims`, `core_commands`, `core_keys`, `core_pictures` | they, chapter by chapter |
| `fake_core`, `fake_log`, `fake_claims`, `fake_pictures` | a core played by the kit: honest, until a clause spoils one point |
| `fake_lane` | a lane played by the kit |
| `peer` | what both have in common: hearing, opening, waiting |
| `connection` | one MQTT connection, its messages in the order in which they came |
| `keys`, `second_key` | keys from files, and whom to believe; another key, for clauses about replaced ones |
| `proxy` | a TCP proxy that can cut, for clauses about lost connections |
| `report` | what was found, for people and as JSON |
| `document` | writes `docs/conformance.md` |

Of this repository it imports `wire`, the contract, and nothing else.
"""
