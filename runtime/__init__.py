"""What every process of ours needs; it knows no lane.

| module | what is in it |
|---|---|
| `mqtt/`, `tls`, `probe_broker` | the connection to the brokers |
| `sqlite_store`, `store_errors` | the common half of both SQLite stores, and what a technician does when one fails |
| `backoff` | pauses between attempts |
| `clocks` | the machine's clocks |
| `files` | durable file writes |
| `sd_notify` | systemd: readiness and the watchdog |
| `toml_table` | settings files, every mistake found at once |
"""
