"""The pure lane: what one customs lane knows, decides and asks for. No I/O, no clock, no randomness.

| room | what is in it |
|---|---|
| `model` | the nouns: lane, visit, read, bundle, hold, codes, face |
| `events` / `effects` | what the lane is told / what it asks for |
| `plates` | normalising, near-misses and settling of licence plates |
| `matching` | which records are live, which code is strictest |
| `wording` | every word a driver sees, in three languages |
| `table` | the decision table of domain §4 as data; `guards` are its conditions |
| `step` | (lane, event, moment) -> (lane, effects) |
| `codec` | events, effects and states as canonical JSON |
| `prove` | breadth-first proof of the law, and the mutants that test the proof |
| `agent` | the one shell: inbox, step, journal, effects (asyncio lives here alone) |
"""
