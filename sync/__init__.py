"""The lane's side of the link, and its one store.

| module | what is in it |
|---|---|
| `link/` | the link as a pure machine |
| `client`, `effect_runner` | machine, connection and store assembled for the agent |
| `store`, `schema` | the one SQLite file |
| `journal`, `codelog`, `overlays`, `lookup`, `orders`, `outgoing`, `core_clock_store` | what is in it |
| `evidence` | the pictures beside it |
| `plate_feed` | another authority's plate reader at the lane's broker |
| `simulated/` | the core's side and the whole link in memory |

What goes over the wire is in `wire`; the connection and the common half of the stores are in `runtime`.
"""
