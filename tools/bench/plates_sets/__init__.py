"""Sets of drawn pictures for `rocars-bench plates --set`: what photographs of the development set show too rarely.

| module | what is in it |
|---|---|
| `scene` | a camera that looks at a flat end of a vehicle from any side, and what it makes of it |
| `vehicles` | plates as each set wants them, on paintwork |
| `lettering` | writing that is no plate: containers, labels, signs, buses, telephone numbers |
| `words` | writing that has the form of a personalised mark and stands in no rule |
| `photographs` | photographs of free licences as what is behind it, where a package with them is installed |
| `catalogue` | the sets by name, and one written to a folder with its `labels.csv` |

Nothing here is shared with `tools.training`: the pictures are as new to the networks as drawings can be.
"""
