"""The link beside its floors: lists, deltas, cuts. `rocars-bench link`.

| module | what is in it |
|---|---|
| `command` | the parts as one command |
| `lists` | a snapshot beside a bare insert, the hashes alone, memory, a delta by number of codes |
| `delta` | from publishing a delta to a lookup that knows it, beside a bare message and one fdatasync |
| `cuts` | from a cut to manual mode, and back to verified |
| `site` | broker, core in its own process, keys |
| `centre` | the core's parts in this process, where the moment of publishing counts |
"""
