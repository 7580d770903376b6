"""What no schema can say: how bytes are made, signed and hashed, and in which order things hold.

Rules of this file: enough for a second implementation to be written from the document and its vectors alone; numbers
come from the program.
"""

from __future__ import annotations

from tools.docs.contract.channels import TIMES
from wire.channels import CHANNELS
from wire.commands import COMMANDS
from wire.envelope import LIMIT
from wire.facts import DEEPEST, LONGEST, MOST
from wire.messages import PART_LIMIT, PICTURE_LIMIT

_COMMANDS = "\n".join(
    f"| `{name}` | {', '.join(form.needs)} | {', '.join(form.may)} | {form.does} |" for name, form in COMMANDS.items()
)

SIZES = ", ".join(f"{channel.name} {channel.largest}" for channel in CHANNELS)

DESCRIPTION = f"""\
The link between the core and the customs lanes: the codes that a lane decides from, the proof that they are the
core's, the lane's journal on its way to the core, and commands.

This document, its schemas (`schemas/`) and its test vectors (`vectors.json`) are enough to write either side.
`rocars-conformance lane|core` tests the result over a broker; its clauses are in `conformance.md`. What may change, and
how, is in `compatibility.md`. All of these are written by `python -m tools.docs.pages` from the types that run.

## Transport

MQTT 5, clean start, session expiry 0: a stored session could only preserve what is out of date. Both sides subscribe
anew on every connect, at QoS 1 with *retain as published*. A lane subscribes to `rocars/v1/lane/<lane>/down/#` and
`rocars/v1/log`; the core to `rocars/v1/lane/+/up/#`. A lane's name (1 to 32 letters, digits, `-`, `_`, the first a
letter or digit) is its certificate's common name, its user name and its client id. The broker's access list: a lane
writes `lane/<own name>/up/#`, reads `lane/<own name>/down/#` and `log`, nothing else; the core reads the first and
writes the rest. Nothing but `up/presence` and `up/state` is ever retained. A PUBACK says nothing about the other side.

## Encoding

A body is one msgpack value and nothing after it. The JSON shown here is a *view* for people and schemas; it never
travels. It maps like this:

| in JSON | in msgpack |
|---|---|
| object | map with str keys |
| array | array |
| string | str (UTF-8) |
| string with `"contentEncoding": "base64"` | bin, the bytes themselves; base64 (RFC 4648 §4, with padding) only in the view |
| integer | int of any width that fits; no floats stand for integers |
| true, false, null | true, false, nil |

A body is a map whose `type` names it, in any order of keys. A row of the log (`row_*.json`) is an array by position
whose first place is its tag. What has a default may be missing when it is read. A reader refuses a body whole if it has
an unknown key or place, lacks one without a default, or breaks a limit of its schema. msgpack extension types are not
used.

*Canonical form*, which matters for rows because their hashes are over it: every place is written, defaults too; each
length and integer in the shortest msgpack form that holds it (fixint, fixstr, fixarray; then 8, 16, 32, 64 bits; str 8
where a text has 32 to 255 bytes). Bodies are signed and chained as the bytes that travelled, so they need no canonical
form.

## Envelope and signature

Every payload is a msgpack map of exactly three: `kid` (str), `body` (bin), `sig` (bin, 64 bytes); at most {LIMIT}
bytes together. `sig` is Ed25519 (RFC 8032) over

    length of the topic in bytes, 4 bytes big-endian ‖ the whole topic name in UTF-8 ‖ body

The topic is the full name under which it is published, and so names the audience: what was signed for one lane or one
kind is refused on another. `kid` chooses among the keys that the reader has for the one party that may write there: the
core's keys at a lane, that lane's keys at the core. A key is replaced by adding the new one to the readers, then
signing with it, then removing the old one. The reader checks size, envelope, key and signature, in that order, before
it looks at a single byte of `body`; then `type` must be one that belongs on the topic, and `lane` in the body must be
the topic's lane. Whatever fails is refused whole, counted, told to people once, and changes nothing.

A payload is refused for its size alone above these bytes: {SIZES}. Facts (`state`, `telemetry`) are text, whole numbers,
finite figures, true, false, nothing, and lists and maps of these with text for names: at most {MOST} values, {DEEPEST}
levels, {LONGEST} characters a text.

A core may bound what one lane costs it: messages, refused messages and bytes a second, new journals a day. What it drops
for that it does not acknowledge, so the lane sends it again; it never acknowledges a row that it does not keep. A row
that it cannot read it keeps, acknowledges and tells people of. A use of a bundle (`Consume`) counts where an event of the
same visit before it, or of the same row, has given the vehicle's mark: `PlateSettled` with `visit` and `read.vrn`, or
`OfficerCorrected` with `visit` and `vrn`. Any other use is an alarm, takes the bundle out of use until an officer has
settled it, and after a few of them the lane is not believed.

## Hashes

`chain(name, part, ...)` is SHA-256 over `name` in ASCII, then for each part its length as 8 bytes big-endian and the
part. `‖` joins bytes.

- Log: version 0 of an epoch has `chain("rocars/v1/log/start", epoch)`; a delta takes `previous` to
  `chain("rocars/v1/log/next", previous, body)`, with the delta's body as it was signed.
- Journal: row 1 names as previous `chain("rocars/v1/journal/start", journal)`; a row's hash is
  `chain("rocars/v1/journal/next", previous, seq as 8 bytes big-endian, boot, body)`.
- State: a row adds SHAKE-256(`"rocars/v1/row" ‖ canonical row`, 512 bytes) read as a big-endian number; the total is
  the sum of all rows modulo 2^4096, 512 bytes big-endian; the state hash is `chain("rocars/v1/state", total)`. There is
  at most one row a key (the tag with the UBR of a bundle, the VRN of a hold or vehicle), tombstones included.

## The list and its freshness

The log is one for the territory: an epoch (one life of the core's log) and contiguous versions. A lane applies a delta
only if its epoch is the one held, its version the next and its `previous` the chain value held, and only if afterwards
the rows have its `state_hash`; all in one transaction. Any other delta is not applied: behind or a gap, the lane asks
for deltas from the version it holds; another epoch, another `previous` or another state hash, it raises an alarm, is in
doubt, and asks for a snapshot. A snapshot takes effect as a whole when its last part is there and its rows have the
signed state hash. Answers count only for the request that is open. A hold in a delta that cannot be applied stops that
vehicle all the same. A code that is not exactly `release` stops, unknown ones included.

A delta changes rows or forgets rows, never both. One that forgets names keys of rows that leave the list, and the core's time
at which it was signed (`core_ms`); the state hash after it is that of the rows that are left. A lane takes out no row that could
still stop somebody: a hold or an approval that is in force; a bundle that is neither used nor withdrawn until a day after its
`valid_until_ms`, or 31 days after it where a code of it is not `release`. Nor does it follow a `core_ms` that is more than an hour
ahead of the core's time as it knows it. Such a delta is not applied, and no later word of that epoch is believed: the lane is
in doubt, as after a list that contradicts what was signed. A core forgets a day after a bundle was used, withdrawn or could last be
used, and 92 days after a hold was lifted: a lane that was away for less sees that it was lifted, and refuses a snapshot of any
epoch that says nothing of a hold it knows. A use that a lane tells after the bundle has left is recorded like any other.

A lane sends a nonce every {TIMES.nonce_ms} ms. It is *fresh* while a proof holds: the core signed that nonce together
with the epoch, version and state hash that the lane holds (or has held since it sent the nonce), and the lane sent the
nonce at most {TIMES.fresh_ms} ms ago on its own monotonic clock. Not fresh: nothing is released on the list, and stops
count as ever. No proof at all for {TIMES.offline_ms} ms: manual mode. A nonce is good for one proof, a proof makes all
older nonces worthless, and a connected socket proves nothing.

A proof also says what time it is at the core, and bundles and commands count by that time; so a core whose clock is
wrong must not be followed. A lane holds the time in each proof against its own monotonic clock (the time was read
between the nonce's sending and the proof's coming), and, where a time source keeps the lane's UTC, against that, which
outranks the first. A time more than {TIMES.clock_ms // 1_000} s off what earlier proofs and the time since give, or off that UTC, is not
believed: the lane is not fresh, whatever rows are proved, raises an alarm, has a further word under `manual` or
`faults` of `up/state`, and carries the core's time on from the last proof believed. It ends by itself with the first
proof whose time is right. Without a UTC that is kept, the first proof after its machine's start is believed.

## Events

The lane's journal is the stream: every row, in order, numbered from 1 without a gap in a journal with a random name.
The core takes a row only if it is the next and its `previous` and `hash` fit; it keeps early rows aside and asks for
what lies between; it acknowledges, from what it has committed, up to the last contiguous row, with that row's hash. A
lane moves its cursor only on an acknowledgement signed by the core, for its own journal, of a row that it has, with that
row's hash. It never deletes what was acknowledged: any range may be asked for again, {TIMES.range_rows} rows at a time.

A nonce names the lane's journal, its head, and how far its cursor stands. A core that has fewer rows than were
acknowledged was restored from a backup, and asks for the others. A proof names the last row that the core has of that
journal. A lane that has no such row, or another one, runs on an older copy of its store: the proof counts for nothing,
and the lane goes on under another journal name, numbered from 1 again, into which it carries over every row that was
not acknowledged under the old one, body for body. A row carried over that the core has already, by its boot and body,
counts once.

## A core that is behind

Lanes keep the signed deltas that they applied, envelope and all. A nonce that names a later version than the core has
proves nothing; but the core asks for the deltas (`deltas_asked`), and proves that lane nothing until it has seen them.
After each start it listens to its lanes for some seconds before it proves, acknowledges or changes anything. What a lane
shows (`deltas_shown`) and what follows the core's head becomes part of its log again. Anything else that the core has
signed and lost is of another branch, or of an epoch that was left: the stricter counts, and in its own epoch it proves
nothing any more until people begin a new one.

A lane whose rows are sound never replaces them by a snapshot of the same epoch: it compares, and asks for deltas. A
snapshot that contradicts a delta that was signed, or an epoch that the lane had left, or a new one that says nothing of a
hold that the lane knows (neither held nor lifted there), is refused; the lane stays in manual mode until the core says
something else.

## Alarms

An alarm has a kind, a visit (0 for none) and a cause; a lane says in its journal that it was raised (`Alarm`, as often as
it is) and that its cause is gone (`AlarmEnded`). Four records say the rest: `VisitEnded` ends what ends with the visit, and
its `officer` has seen those alarms; `VehicleArrived` does so for every older visit; `HelpAnswered` takes `Help`; and
`AlarmHandled`, of visit 0, is what an officer did: `deed` (`taken`, `closed`, `shelved`), `alarm` (`kind/visit/cause`),
`officer`, and `reason` or `until_ms`. What a kind means, how it ends and what to do is in `alarms.md`; of a kind that a core
does not know a person closes it. The lane's state names the alarms that stand, on every connection: what a core has
otherwise, once it has read up to the row named there, it puts right.
## Claims

Before a lane releases a vehicle on bundles by itself, it claims all of them for that visit and has the core's signed
`granted`, which names lane, journal, visit, claim and bundles as it claimed them, in the epoch that the lane holds. A
bundle is claimed by one visit at a time; what is claimed, used or withdrawn elsewhere is refused, with the reason in
words. The core answers from what it has committed, and the same claim again with the same answer. A claim ends with the
row that uses the bundles (effect `Consume`), the row that gives them back (effect `GiveBack`, of that claim number or a
higher one), or the end of the visit (record `VisitEnded`, or `VehicleArrived` of a later visit of the journal), and is
never granted again after that. It does not lapse with time: a lane that fell silent may have released. While rows
about an earlier visit of the journal are missing, the answer is `wait`. A stop needs no claim.

## Commands

A command is obeyed if it came unretained, names this lane, has an identifier not seen before, was issued after the
core's time at the lane's first proof and at most {TIMES.ahead_ms} ms in the future, has not expired, and is not good for longer
than {TIMES.command_ms // 60_000} minutes, all by the core's time as of the last proof whose time is believed; and if it is one of these, with the arguments it needs and
none that it does not take. One that names a visit is for the vehicle of that visit only.

| command | needs | may have | what it does |
|---|---|---|---|
{_COMMANDS}

It is answered once: `done`, or `refused` with the reason. Retained, foreign and repeated ones get no answer. Each refusal
raises an alarm. An identifier is durable before anything is done, so that a command is executed at most once.

## Pictures and telemetry

A picture of evidence is named by the SHA-256 of its bytes, at most {PICTURE_LIMIT >> 20} MiB. The lane offers it; the core answers how much of it
it holds; the lane sends the bytes from there on, at most {PART_LIMIT >> 10} KiB a message, each answered before the next, until the
core says `whole`: all bytes are on its disk and have that hash. An offer has a name of its own, repeated in parts and
answers, so that an old answer is none. Pictures and telemetry go out only when the link is good and no row waits to be sent.
Telemetry is given up first, and counted: `serial` counts what was sampled, `shed` what was given up.

## Immigration's plate reader

`down/plate` alone is not signed: JSON as it stands, by another authority at the lane's own broker. A lane takes it for
evidence and no more: unretained, for this lane, each session's numbers upwards, at most 3 s old by the sender's clock.
"""
