"""A board whose LED controller takes pictures over a serial cable or TCP, instead of a monitor's signal.

| module | what is in it |
|---|---|
| `frames` | what goes over the line, as docs/screens.md describes it: built, and read from any bytes at all |
| `wire` | the line itself: a serial port or a TCP connection |
| `surface` | the board as a place to paint on: stored ahead, shown, read back, and asked again and again |
| `settings` | which line |

Its simulator is `display.simulated.led_board`.
"""
