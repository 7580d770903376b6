"""One full-screen window on one output of a Wayland compositor, without a native library.

| module | what is in it |
|---|---|
| `wire` | the protocol's messages over the compositor's socket |
| `client` | what the compositor offers: its outputs, by connector name |
| `window` | a full-screen window in shared memory, and when each of its frames was shown |
| `place` | which output is a screen's, and what is wrong with it (pure) |
| `surface` | `display.process.Surface` on that output; ends a compositor that shows nothing any more |

Nothing here imports pygame: the safe face is up before the slow imports begin.
"""
