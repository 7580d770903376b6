"""The physical model: vehicles with length on a road with loops that fail, people who are late, and the shipped `step` among them.

The law is about vehicles, not about what the lane believes: no wheel of a vehicle without grounds of its own stands at the
line while 3 is shown, by more than the stated bound (`walk.BOUNDS_MS`).

| module | what is in it |
|---|---|
| `plans` | the stated sites: which vehicles come, what is on record of them, what may go wrong |
| `road` | cells, vehicles of some length on them, loops under them |
| `machine` | the shipped `step`, one event at a time: remembered for the search, in time for the walks |
| `site` | the whole: lane, road, records; what a vehicle has a right to |
| `deeds` | what may happen next, and what it does |
| `exposure` | the law, and why a vehicle may stand under another's 3 for a moment |
| `breadth`, `walk` | everything that can happen, breadth first, as far as it goes; at random and in time beyond |
| `report` | both within so many seconds, counted |
"""
