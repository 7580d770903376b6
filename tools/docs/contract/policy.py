"""`docs/compatibility.md`: what may change, how, and for how long both run; the rules are those of `changes`."""

from __future__ import annotations

from tools.docs.contract.changes import RULES
from tools.docs.contract.channels import VERSION

_PAGE = """\
# Compatibility of the link

Written by `python -m tools.docs.pages` from `tools/docs/contract/`; a test compares the two. The contract itself is
`asyncapi.json` with `schemas/` and `vectors.json`; its version is **{version}**. It has its own number, apart from the
software's: *0.y.z* while v1 is a draft (it is frozen with the first release that serves real lanes), *1.y.z* from then
on. The *1* is the `v1` in every topic's name.

## The rules

| rule | what | a change that breaks or uses it needs |
|---|---|---|
{rules}

While v1 is a draft, "new topics" means a raised middle number instead; nothing has been promised to anybody yet.

`python -m tools.docs.pages` compares the types with the committed contract, names every difference with its rule, and
writes nothing when the version in `tools/docs/contract/channels.py` was not raised as the rule asks, or when v1 is frozen
and the change needs v2. `python -m tools.docs.pages --check` only compares, and so does CI.

## What is strict, and what is open

- **Unknown fields are refused**, in envelopes, bodies and rows, by both sides. A lane that does not understand the core
  must stop releasing, and say so; a core that does not understand a lane must not acknowledge.
- **Unknown codes stop.** An action code is any text; a lane releases on `release` alone, so a new code needs no new
  version and cannot be taken for a release by a lane that has never heard of it.
- **Unknown commands are refused**, answered and told to people. A new command needs no new version; a lane that cannot
  do it says so.
- **Unknown effects of a journal entry, and unknown facts of a state, are passed over**; the row is stored all the same.

## Keys

A key has a name (`kid`). A reader may have several keys of one party, so a key is replaced in three steps without a
pause: the new public key to all readers, then the signer changes, then the old key is removed. A core key that has
signed deltas still being replayed from the log stays with the readers until every lane has passed them or loaded a
snapshot. Within v1 keys are Ed25519 and nothing else; another algorithm is v2.

## Epochs

An epoch is one life of the core's log. A restore from a backup, a change of a row's form, or a log begun anew gets a new
random epoch; it is never reused. Lanes load a snapshot, in manual mode until it is proved. Versions of different
epochs say nothing about each other.

## How v1 and v2 run side by side

1. The core serves `rocars/v1/` and `rocars/v2/` at once, from one log and one store. Deltas are signed for each.
2. Lanes change one by one; a lane speaks one version, the one its software is made for. Its journal goes on: numbers
   and hashes of rows do not depend on the version of the topic that carried them.
3. v1 is switched off when no lane has sent a v1 nonce for 30 days, and at the earliest 12 months after the first lane
   spoke v2. `rocars-core lanes` shows which lanes speak what (their software's version).
4. Signatures cover the topic's name, so nothing said under v1 can be passed on under v2.

A core is changed before the lanes, always: a newer core serves older lanes; a newer lane need not work with an older
core.
"""


def policy_page() -> str:
    """The text of `docs/compatibility.md`."""
    rules = "\n".join(f"| {rule.name} | {rule.text} | {rule.needs.value} |" for rule in RULES)
    return _PAGE.format(version=VERSION, rules=rules)
