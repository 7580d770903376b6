"""The pure lane: what one customs lane knows, decides and asks for. No I/O, no clock, no randomness.

| module | what is in it |
|---|---|
| `model` | the nouns: read, bundle, hold, codes, face, faults, contacts |
| `state` | what the lane knows between two events: `Lane`, and in it at most one open `Visit` |
| `events`, `effects` | what the lane is told; what it asks for |
| `step` | (lane, event, moment) -> (lane, effects) |
| `table`, `guards` | the decision table of domain §4 as data; its conditions |
| `acceptance` | which events count now |
| `receive` | what each event changes in the facts |
| `passage` | arrival and departure, from the loops |
| `change`, `frozen` | small changes that several events share; `replace` for frozen values |
| `matching` | which records count for this crossing, and which code is strictest |
| `settling` | one read from what the pictures of a visit say |
| `wording` | every word a driver sees, in three languages |
| `rules` | table and checks in one value, so that the proof can change them |
| `codec` | events, effects and states as canonical JSON |
| `replay` | journal entries, and the check that `step` gives them again |
| `agent` | the one shell: inbox, step, journal, effects (asyncio lives here alone) |
| `ports` | what the shell needs from the world |
"""
