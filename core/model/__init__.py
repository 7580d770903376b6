"""Values and rules of the trade with the centre, without a store: what a consignment, a person and a refusal are.

| module | what is in it |
|---|---|
| `fields` | every field of a lodgement, once: form, checks and manual are made from it |
| `consignment` | a lodgement as a value, Parts I to VI, and how older ones are read |
| `codelists` | units, packages, permits, authorities, equipment |
| `containers` | container numbers (ISO 6346) |
| `earliest` | when a bundled vehicle may cross, and why then |
| `people` | roles, parties, accounts, and who is acting |
| `ownership` | whose a consignment or bundle is, and who may read or change it |
| `passwords` | Argon2id, one-time codes, and the lock after wrong ones |
| `audit` | the chain of acts and looks |
| `refusals`, `refusal_texts` | what is said to whom something is refused, in three languages |
"""
