"""The centre, as the lanes need it: cargo information, bundling, screening, and one signed log of what may cross.

A process of its own (`rocars-core run --config FILE`), never imported by the lane and never importing it.

| room | what is in it |
|---|---|
| `cargo`, `bundling`, `screening`, `vrn`, `times`, `numbers` | the rules, as pure functions |
| `store` | the one SQLite file: schema, migrations, transactions |
| `log` | the replicated log: deltas, snapshots, hashes, history |
| `office` | what officers, traders and drivers ask of the core, one transaction each |
| `intake`, `projection` | the lanes' journals: taken in order and once, then made into crossings and alarms |
| `link` | what the core says to a lane and hears from it (no I/O) |
| `service` | the running core: broker, admin socket, clock ticks |
| `admin` | the operators' interface over a local socket, and its client |
| `settings`, `keys`, `cli` | configuration, key files, commands |
"""
