"""Two outputs without a monitor, lit by the lane's own compositor and screens, and looked at from outside.

| module | what is in it |
|---|---|
| `units` | the lane's unit files, run without systemd: restart and watchdog as the file says |
| `x_windows` | the compositor's two windows on a display without a monitor: placed, and closed as by pulling a cable |
| `monitors` | that display, its memory sampled all the time: what stood on each output, and for how long |
| `site` | all of it together, with an agent that is killed and stopped at will |

The display is Xvfb's memory, so what is seen does not pass through any program that is tested.
"""
