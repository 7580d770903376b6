"""`make field`: from a bare Debian 12 to vehicles cleared by the installed units, judged by pixels (docs/field.md).

| module | what is in it |
|---|---|
| `__main__` | the command, its exit status, and the report as the last line |
| `story` | the whole test, beat by beat |
| `debian`, `packages` | the clean Debian that every machine starts from; our packages |
| `machine`, `wires` | a machine that boots under systemd; the network between them |
| `site`, `box`, `papers` | one site installed as the documents say; a box set up and enrolled; the files that people fill in |
| `monitors`, `hanger` | two monitors; who hangs the compositor's outputs on them |
| `glass` | what stands on the monitors, by their pixels |
| `yard`, `rtsp_camera` | camera, contact board and trucks; the camera's server |
| `driving`, `door` | trucks through the lane, and the officer; his way to the page |
| `hanging` | every loop hung in turn |
| `shadowing` | a box in the lane's shadow, and where it and the officers differ |
| `kms`, `virtual` | `make field-kms`: both screens on a graphics card with two outputs; the virtual machine that has it |
| `easyocr` | `python -m tools.field.easyocr`: the reader's other engine from its package, beside the lane's |
| `figures`, `report` | memory, processor, disk, exposure; the last line |
"""
