"""What every process of ours needs; it knows no lane.

| module | what is in it |
|---|---|
| `mqtt/`, `tls`, `probe_broker` | the connection to the brokers |
| `sqlite_store`, `store_errors` | the common half of both SQLite stores, and what a technician does when one fails |
| `backoff`, `bucket` | pauses between attempts; how much at once, and how much a second |
| `clocks` | the machine's clocks |
| `alarm_table` | the table of alarms in a store, a lane's or the core's |
| `journald` | our log lines in systemd's journal: priorities, fields, message identifiers |
| `metrics` | figures for Prometheus and health, on loopback |
| `files` | durable file writes |
| `slots`, `versions` | versions of the software side by side, one of them current; the way back to the one before |
| `sd_notify` | systemd: readiness and the watchdog |
| `sections`, `toml_file`, `toml_table` | what settings are made of; a file as a whole; its tables, every mistake found at once |
| `children`, `kept_process` | a child process ends when its parent does, and is started again when it ends by itself |
| `unix_socket`, `packets` | how two processes of the box meet, and what they send |
| `camera_address` | a network camera's address and login, as settings have them |
| `live_tap`, `annex_b` | a camera's stream for people who watch, undecoded; as much of H.264 as that takes (pure) |
| `picture_age` | how late a stream's pictures are, and which of them a loss has spoilt (pure) |
| `live_packets` | coded pictures of a camera, from the process that receives them to the one that shows them |
"""
