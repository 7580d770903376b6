"""What goes over the wire, and nothing else: no I/O, no clock, no lane (design §3).

| room | what is in it |
|---|---|
| `records` | the rows of the replicated log: bundles, holds, approved vehicles |
| `messages` | the body of every topic, one type each |
| `codec` | bodies as msgpack, strictly |
| `envelope` | `{kid, body, sig}`: signing, and verifying before anything is parsed |
| `hashes` | the chain of the log, the chain of a journal, the order-independent hash of the state |
| `topics` | names under `rocars/v1/` and who may write them |
| `errors` | why bytes from the wire are refused |

`console` and `core` may import this package; it imports none of its neighbours.
"""
