"""What goes over the wire, and nothing else: no I/O, no clock, no lane (design §3).

| module | what is in it |
|---|---|
| `records` | the rows of the replicated log: bundles, holds, approved vehicles |
| `forgetting` | when a row may leave the log: what the core goes by, and what a lane looks at again |
| `messages` | the body of every topic, one type each |
| `channels` | the topics as one table: writer, bodies, QoS, retained, signed |
| `facts` | what lanes tell beside their journals: plain values, and few |
| `commands` | what the centre may order of a lane, as one table |
| `codec` | bodies as msgpack, strictly |
| `envelope` | `{kid, body, sig}`: signing, and verifying before anything is parsed |
| `sealed_pages` | a PDF that the core has sealed: where its seal stands (pure) |
| `hashes` | the chain of the log, the chain of a journal, the order-independent hash of the state |
| `topics` | names under `rocars/v1/` and who may write them |
| `plate` | what Immigration's plate reader says to a lane |
| `enrolment`, `certificates` | what lane and core's operator exchange at enrolment; X.509 as both use it |
| `mosquitto` | the broker's configuration and access list |
| `errors` | why bytes from the wire are refused |

Both ends and the conformance kit import this package; it imports nothing of ours but `domain`.
"""
