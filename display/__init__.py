"""What the driver sees: two screens, each a process of its own (design §6, domain §5).

| module | what is in it |
|---|---|
| `scenes` | what a screen says, as pure data: words, tone, pictogram, button labels |
| `line_breaks` | where a Chinese line may be broken |
| `fonts` | Noto Sans CJK with Hong Kong and Simplified glyphs |
| `fit`, `layout` | text fitted to a rectangle; a whole sign fitted to a surface of any size |
| `pen`, `symbols`, `pictograms` | drawing in units; what is inside a pictogram; its outer shape, by tone |
| `light` | how bright the screens are, and when the panel is dark |
| `wording_file`, `words_in_force` | the site's own words, read and checked; put in force, and measured |
| `drawing` | a fitted sign painted to a surface |
| `legibility` | how large and how clear the words are, measured |
| `pictures` | every scene on every screen as PNG |
| `protocol` | the lines spoken between agent and screen |
| `failsafe` | what a screen must show now, from what it has heard (pure) |
| `process`, `paint_log` | the screen's own process: its loop and watchdog; what it painted, noted |
| `agent_connection` | its socket to the agent |
| `unit`, `first_face`, `unit_loop` | a lane's screen, a unit of its own: its command; its face before all else; its loop |
| `unit_settings` | what it needs of the settings, and how it does without |
| `card` | the compositor, started with a graphics card opened for it |
| `wayland/` | its place on the compositor: an output by connector name, and when a frame was shown there |
| `led/` | a board whose LED controller takes pictures over a serial cable or TCP |
| `simulated/` | that board, on the far side of its line |
| `easel`, `faces` | signs drawn where nobody sees them yet; safe faces kept for the next start |
| `connectors` | the connectors of this box and their monitors |
| `__main__`, `board` | a screen of a development or demonstration: its command; a window, or no window |
| `sign_renderer` | the signs as pictures for a page, in a process of their own |
| `feed`, `supervisor` | the agent's side: who is shown what; those two as its children, kept running |
| `settings` | size and place of a screen |
| `errors` | what can go wrong, by who must act |

A screen that hears nothing shows "Please wait" by itself; it never keeps "Clearance Completed".
"""

import os

# pygame greets on standard output when it is imported; commands of this product print JSON there.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
