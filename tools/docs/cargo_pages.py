"""`docs/cargo.md` and `docs/cargo.schema.json`: the form of a lodgement, from its one table of fields (`core.model.fields`).

`python -m tools.docs.pages` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.model import fields
from core.model.codelists import CodeList
from core.model.consignment import CargoInformation
from core.model.earliest import WORDS, Because
from core.model.fields import FIELDS, CargoField
from core.model.passwords import LEAST, LOCKED_MS, MOST_WRONG
from core.model.people import Role
from core.model.refusal_texts import TEXTS
from core.office.papers import BATCH_DAYS, MOST_IN_BATCH
from core.office.rights import RIGHTS, TECHNICAL_COMMANDS, Right
from core.select.families import SHIPPED
from domain.times import MINUTE_MS

_PARTS = {
    "I": "Date and direction",
    "II": "Consignor",
    "III": "Consignee",
    "IV": "Goods",
    "V": "Transhipment",
    "VI": "Other information",
}

_HEAD = f"""\
# Cargo information

Written by `python -m tools.docs.pages` from `core/model/fields.py`; a test compares the two. What is lodged is a JSON object;
its schema is [cargo.schema.json](cargo.schema.json). The parts are those of seed 004; the letters are the eight items that the
law asks for (seed 003). This schema is our own and claims no likeness to the department's specifications, which are not public.

- `rocars-core lodge FILE` lodges one consignment, or a list: a batch of at most {MOST_IN_BATCH}, all of it or nothing. A batch
  has a number (`--batch`, or the file's name). The same batch again gives the same CCRNs for {BATCH_DAYS} days; other contents under
  the same number are refused, so that correcting and sending again never lodges twice.
- `amend` and `cancel` change what is not bundled. An action code never becomes milder by an amendment.
- `hand-to PARTY CCRN…` lets a carrier's drivers bundle it; else only its owner may. `swap UBR` puts a bundle on another vehicle.
- `save-draft`, `drafts`, `drop-draft`: what is not lodged yet, and templates, of the account that saved them.
- A CCRN is valid up to and with the day that is told.
- Refusals are told in the language that `ROCARS_LANGUAGE` names (en, zh-Hant, zh-Hans), and have a code for programs.

Texts are printable. At most {fields.MOST_ITEMS} goods items, {fields.MOST_PERMITS} permits an item, {fields.MOST_REFERENCES} references. Weights
and quantities are decimals (as text, or as a number), above 0, each with its unit. An item is in packages, with number and
description, or `bulk`, with a weight or a volume.
"""

_EARLIEST = """
## The earliest crossing

Asked in this order; the first that applies gives the time, and a control point that is closed then moves it to its opening.
All but the wait are off as shipped (`[bundling]`).

| clause | setting | told as |
|---|---|---|
"""

_SETTINGS = {
    Because.NOTICE: "`notice_until`",
    Because.SCHEME: "`at_once_schemes`: all of the cargo travels under these",
    Because.LODGED_EARLY: "`lodged_minutes`: all of it was lodged so long before",
    Because.SWAPPED: "`swap_keeps`",
    Because.WAIT: "`wait_minutes`",
    Because.OPENS: "`hours`",
}

_WORDS_HEAD = """
## Profiles

`[[screening.rules]]` look for words in `articles`, `consignor`, `consignee`, `container`, `seal` and `packages`. Width, case,
accents, hidden signs, Traditional and Simplified make no difference. A term that is a word of a family finds every other word of
the family; `[[screening.families]]` adds words and families. An edit of the file counts within a second; a wrong one keeps
the profiles in force, and `rocars-core status` and the log say why. `rocars-core enquire CCRN` shows which term hit which value.

| family | words |
|---|---|
"""


def cargo_page() -> str:
    """The manual of the form."""
    return "".join([_HEAD, *_parts(), *_code_lists(), _EARLIEST, *_clauses(), _WORDS_HEAD, *_families(), *_sentences()])


def _parts() -> Iterator[str]:
    for part, title in _PARTS.items():
        yield f"\n## Part {part}: {title}\n\n| field | | what it is | 繁體 | 简体 | must | at most | example |\n|---|---|---|---|---|---|---|---|\n"
        yield from (_row(field) for field in FIELDS if field.part == part)


def _row(field: CargoField) -> str:
    english, traditional, simplified = field.labels
    letter = f"({field.letter})" if field.letter else ""
    what = f"{english}; {field.note}" if field.note else english
    most = f"{field.most} characters" if field.codes is None and field.kind.value == "text" else field.kind.value
    must = "yes" if field.always else ""
    example = f"`{field.example}`" if field.example else ""
    return f"| `{field.name}` | {letter} | {what} | {traditional} | {simplified} | {must} | {most} | {example} |\n"


def _code_lists() -> Iterator[str]:
    yield "\n## Codes\n\n| field | codes |\n|---|---|\n"
    for field in FIELDS:
        if field.codes is not None:
            yield f"| `{field.name}` | {_codes(field.codes)} |\n"


def _codes(codes: CodeList) -> str:
    return ", ".join(f"`{code}` {words.english} {words.traditional}" for code, words in codes.items())


def _clauses() -> Iterator[str]:
    for because in Because:
        english, traditional, _ = WORDS[because]
        yield f"| `{because.value}` | {_SETTINGS[because]} | {english} · {traditional} |\n"


def _families() -> Iterator[str]:
    yield from (f"| {family.name} | {', '.join(family.words)} |\n" for family in SHIPPED)


def _sentences() -> Iterator[str]:
    yield "\n## What is said\n\nThe department must confirm the Chinese.\n\n| code | English | 繁體 | 简体 |\n|---|---|---|---|\n"
    yield from (f"| `{code}` | {' | '.join(text.strip() for text in texts)} |\n" for code, texts in TEXTS.items())


def cargo_schema() -> str:
    """The JSON Schema of a lodgement, with the labels and limits of the table."""
    (schema,), components = msgspec.json.schema_components([CargoInformation])
    owners = {"CargoInformation": "", "GoodsItem": "goods.", "Permit": "permits.", "Transhipment": "transhipment."}
    for kind, owner in owners.items():
        for name, property_ in components[kind]["properties"].items():
            field = fields.BY_NAME.get(owner + name)
            if field is not None:
                _describe(property_, field)
    components["CargoInformation"]["properties"]["goods"]["maxItems"] = fields.MOST_ITEMS
    components["CargoInformation"]["properties"]["references"]["maxItems"] = fields.MOST_REFERENCES
    components["GoodsItem"]["properties"]["permits"]["maxItems"] = fields.MOST_PERMITS
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ROCARS Lane: cargo information"}
    whole = {**head, **schema, "$defs": components}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _describe(property_: dict[str, object], field: CargoField) -> None:
    property_["title"] = field.label(0)
    property_["x-labels"] = {"zh-Hant": field.labels.traditional, "zh-Hans": field.labels.simplified}
    if field.codes is not None and "$ref" not in property_:
        property_["enum"] = [*([] if field.always else [""]), *field.codes]
    elif property_.get("type") == "string":
        property_["maxLength"] = field.most
    if field.always and property_.get("type") == "string":
        property_["minLength"] = 1


_PEOPLE = f"""\
# People

Written by `python -m tools.docs.pages` from `core/office/rights.py`; a test compares the two. Who asks is never a name that
somebody typed: it is the login of the connection, by the kernel (SO_PEERCRED), where an account has that login, or the account
that signed in over it, with password (Argon2id, {LEAST} characters or more) and one-time code (TOTP, each code once). After
{MOST_WRONG} wrong tries an account is locked for {LOCKED_MS // MINUTE_MS} minutes.

- `rocars-core init` gives the login that runs it the first account, supervisor and technician; an upgraded core without accounts
  does so at its start. `rocars-core account add NAME --role ROLE…` opens the others: with `--login` for who has a login
  on the core's machine, else with a password, and a secret for an authenticator that is shown once. With the core stopped
  whoever may write its store may open accounts, and the audit log says so.
- `rocars-core sign-in NAME`, `whoami`, `sign-out`. A session is of one login; it ends after an hour of nothing and with the shift.
- Traders and drivers belong to a party (`rocars-core party add`) and reach what is theirs: what their party lodged or bundled,
  and what was handed to it. To them all else does not exist, and of their own they see no action code.
- Nobody is of the trade and of the department. The last open supervisor cannot be closed.
- A hold that a new epoch leaves behind takes two people: the login that runs `restart-log`, and another supervisor, who signs
  for it with password and code.

`rocars-core audit [TEXT]` shows the audit log: every act and every look, with the person, in one chain of hashes.
`rocars-core audit --verify` proves the chain, from the store or a copy; the core writes the chain's head to its log of messages
at the start and each hour, and `--head HASH` proves that it is still in the chain.

## Who may ask what

**all**: of anybody. own: what is theirs. A technician orders lanes only {", ".join(f"`{name}`" for name in sorted(TECHNICAL_COMMANDS))}.

"""


def people_page() -> str:
    """Roles and requests."""
    roles = " | ".join(role.value.replace("_", " ") for role in Role)
    head = f"| request | what it does | {roles} | audit log |\n|---|---|{'---|' * len(Role)}---|\n"
    return _PEOPLE + head + "".join(_right(kind, right) for kind, right in RIGHTS.items())


def _right(kind: type, right: Right) -> str:
    may = " | ".join(_reach(right, role) for role in Role)
    does = (kind.__doc__ or "").splitlines()[0].split(";")[0].rstrip(".")
    tag = kind.__struct_config__.tag  # type: ignore[attr-defined]
    return f"| `{tag}` | {does} | {may} | {right.trace.value} |\n"


def _reach(right: Right, role: Role) -> str:
    reach = right.roles.get(role)
    return "" if reach is None else "**all**" if reach.value == "all" else "own"
