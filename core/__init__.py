"""The centre, as the lanes need it: cargo information, bundling, screening, and one signed log of what may cross.

A process of its own (`rocars-core run --config FILE`), never imported by the lane and never importing it.

| module | what is in it |
|---|---|
| `service` | the running core: brokers, admin socket, clock ticks |
| `office/` | what traders, drivers and officers ask: `cargo`, `bundling`, `screening` and `numbers` are rules; `service` is one transaction a request; `requests`, `admin` and `admin_handler` are the local socket |
| `ledger/` | the one signed list: `store` (the database), `lease` (which core signs), `changes` (what is asked for, and its sequencer), `log` (deltas, snapshots, hashes), `decision_audit` (which list was it?), `sqlite_import` (a former store) |
| `sql/` | the tables, as numbered files |
| `link/` | what lanes say and are told: `gateway` (proofs, deltas, answers), `inbox`, `intake` (journals, in order and once), `projection` (crossings, alarms, used bundles), `claims` (whose a bundle is before the release), `orders`, `pictures`, `compound`, `alarms`, `alarm_watch` |
| `enrolment/` | who is who: `authority`, `enrolling`, `issued`, `registry`, `keys`, `expiry` |
| `cli/` | the commands of `rocars-core` |
| `settings` | the configuration file |
| `metrics` | figures for Prometheus, and health |
| `files` | key and certificate files, written whole |
| `errors` | what can go wrong, by who must act |
"""
