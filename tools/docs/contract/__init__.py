"""The contract as documents: made from the types of `wire`, so that text and program cannot part (no I/O).

| room | what is in it |
|---|---|
| `channels` | each topic of `wire.channels` in words; durations both sides keep |
| `plain` | what `up/event` and `up/state` carry inside, as far as the other side reads it |
| `samples` | an example of every body, made from its type |
| `schemas` | JSON Schemas (draft-07) of the JSON view of every body |
| `vectors` | keys, signatures, chains and hashes with their inputs, for a second implementation to check itself |
| `prose` | what no schema can say: encoding, envelope, hashes, order, freshness |
| `asyncapi` | all of it as one AsyncAPI 3 document |
| `changes` | what differs between two contracts, and which rule of the compatibility policy that falls under |
| `policy` | the policy's page, with the rules of `changes` |
| `pages` | file names and texts under `docs/` |

`python -m tools.docs.pages` writes the files; `--check` compares them.
"""
