"""The pure lane: what one customs lane knows, decides and asks for. No I/O, no clock, no randomness.

Read in this order; it takes an afternoon:

| module | what is in it |
|---|---|
| `model`, `contacts`, `wording` | the values: read, bundle, codes, doubt; what is wired; every word a driver sees |
| `events`, `effects` | what happens to the lane; what it asks for |
| `state` | what it remembers between two events: `Lane`, and in it at most one `Visit` |
| `table`, `guards` | the decision table of domain §4 as data, and its conditions |
| `step` | (lane, event, moment) -> (lane, effects): how the parts work together |
| `approval` | what two officers must agree on |
| `acceptance`, `rules` | which events count now; table and checks as one value, which the prover varies |
| `receive`, `passage`, `change` | what an event changes; arrival and departure; changes that several events share |
| `alarming` | which alarms a step has ended |
| `immigration` | Immigration's signals, by contact or by its terminal, which may name the vehicle |
| `help_call` | the driver's call, from the button to its end |
| `held_up` | 3 over its time, for a truck that the queue in front holds up |
| `debt` | an answer that Immigration owes for a vehicle that has gone |
| `claims` | which bundles the visit claims at the core, and when it gives them back |
| `matching`, `settling` | which bundles count for this crossing; one plate from many pictures |
| `codec`, `replay` | values as canonical JSON; journal entries, and the check that they are what `step` gives |
| `ports`, `agent` | what the shell needs from outside; the shell: inbox, step, journal, effects (asyncio is used here alone) |
| `frozen` | `replace` for frozen values, fast enough for the prover |
"""
