"""The conformance kit: does a lane, or a core, keep the contract? Whoever wrote it, over a real broker.

    rocars-conformance lane --broker HOST:PORT --lane NAME ...     the kit plays the core against a lane
    rocars-conformance core --broker HOST:PORT --lane NAME ...     the kit plays that lane against a core

| room | what is in it |
|---|---|
| `clauses` | a clause: number, sentence of the contract, test; running them |
| `line` | one MQTT connection, its messages in the order in which they came |
| `keys`, `further` | keys from files, whom to believe, and a further key for clauses about replaced ones |
| `peer` | hearing, opening and waiting, for both sides |
| `log_played` | the replicated log of a core that is played |
| `core_played` | a core, played: honest, and then spoilt in one point by a clause |
| `lane_played` | a lane, played |
| `pictures_played` | the pictures of a core that is played |
| the other `lane_…` | a lane's clauses, chapter by chapter |
| the other `core_…` | a core's clauses, chapter by chapter |
| `proxy` | a TCP proxy that can cut, for clauses about lost connections |
| `report` | what was found, for people and as JSON |
| `page` | `docs/conformance.md` |

Of this repository it imports `wire`, the contract, and nothing else.
"""
