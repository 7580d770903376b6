"""The centre, as the lanes need it: cargo information, bundling, screening, and one signed log of what may cross.

A process of its own (`rocars-core run --config FILE`), never imported by the lane and never importing it.

| module | what is in it |
|---|---|
| `serving` | the process: it stands by, serves, and stands by again when its database was lost |
| `service`, `parts` | the running core: brokers, admin socket, clock ticks; what it is put together from |
| `model/` | values and rules without a store: the form of a lodgement, people, ownership, refusals in three languages, the earliest crossing |
| `select/` | profiles: what they look for, which word hit which value, and edits that count at once |
| `office/` | what traders, drivers and officers ask: `cargo`, `bundling` and `numbers` are rules; `service` and `counter` are one transaction a request, `people` and `papers` the rows beside; `door` says who asks and `rights` who may; `requests`, `answers`, `admin` and `admin_handler` are the local socket, `together` what shares a commit |
| `ledger/` | the one signed list: `store` (the database), `lease` (which core signs), `changes` (what is asked for, and its sequencer), `row_by_row` (tables that grow), `log` (deltas, hashes), `whole_list` (what a lane that needs everything is sent), `forgetting` (what has ended leaves), `checkpoints` (the list once a day, signed), `list_watch` (is it still the sum of its deltas?), `event_months` and `archiving` (what lanes said, a month a table, and how it leaves), `decision_audit` (which list was it?), `sqlite_import` (a former store); `audit_log` (who did and looked at what) |
| `sql/` | the tables, as numbered files |
| `link/` | what lanes say and are told: `gateway` (proofs, deltas, answers), `inbox`, `intake` (journals, in order and once), `projection` (crossings, alarms, used bundles), `claims` (whose a bundle is before the release), `orders`, `pictures`, `compound`, `alarms`, `alarm_watch` |
| `enrolment/` | who is who: `authority`, `enrolling`, `issued`, `registry`, `keys`, `expiry` |
| `cli/` | the commands of `rocars-core` |
| `settings` | the configuration file |
| `logins` | logins of this machine, as the kernel knows them |
| `metrics` | figures for Prometheus, and health |
| `files` | key and certificate files, written whole |
| `errors` | what can go wrong, by who must act |
"""
