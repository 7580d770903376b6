"""The lane's side of the link, and its one store.

| room | what is in it |
|---|---|
| `wire/` | what goes over the wire: types, envelope, hashes, topics; no I/O |
| `link/` | the link as a pure machine |
| `mqtt` | the one connection; it knows no lane |
| `client`, `carrier` | machine, connection and store joined for the agent |
| `store`, `journal`, `codelog`, `overlays`, `lookup`, `orders`, `clockbook`, `evidence` | the one SQLite file, and the pictures beside it |
| `broker` | a private Mosquitto for demonstrations and tests |
| `simulated`, `simulated_core`, `simulated_link` | the core's side and the whole link in memory |
"""
