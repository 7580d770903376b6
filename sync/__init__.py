"""The lane's end of the link, and its one store.

| module | what is in it |
|---|---|
| `client` | link machine, connection and store joined for the agent |
| `link/` | the link as a pure machine: freshness, log, events, commands, pictures |
| `effect_runner` | the link machine's effects carried out on store, connection and lane |
| `store` | the one SQLite file: opened, locked, written in durable transactions |
| `schema` | its tables, as numbered migrations |
| `journal` | every event and its effects, hash-chained; also the outbox to the core |
| `succession` | the names that the journal has had, where the core contradicted it |
| `receipts` | the journal held against the core's last signed acknowledgement |
| `codelog` | this lane's copy of the log of codes |
| `kept_deltas` | the signed deltas that led to the list, to be shown to a core that is behind |
| `overlays` | what is known beside the log: stops ahead of their turn, bundles used here |
| `lookup` | everything known of one vehicle, near-misses included |
| `alarm_rows` | the lane's alarms, written behind |
| `evidence` | pictures on the disk, by class, with their bounds |
| `outgoing` | pictures to be sent to the core |
| `orders` | commands that were taken, and the mode that has to revert |
| `core_clock_store` | what is expected of the core's clock, over a restart of the agent |
| `plate_feed` | another authority's plate reader as a source of marks |
| `settings` | the section of a lane's settings that is about the link |
| `simulated/` | the core's end, and the whole link, in memory |

What goes over the wire is in `wire`; the connection and the common half of the stores are in `runtime`.
"""
