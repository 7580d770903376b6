"""How the plate models were made: `python -m tools.training --help`; the steps are in `docs/anpr.md`. Needs torch.

| module | what is in it |
|---|---|
| `__main__` | draws, trains and exports all models; goes on where it was stopped |
| `crops` | rectified plates as the recogniser gets them |
| `texts` | random marks, in the shares that teach |
| `faces`, `fonts` | where characters come from: our own strokes, and font families of free licences |
| `mounting` | plates as they are made, dirtied, framed, stacked and hung |
| `scenes` | whole pictures for the detector |
| `fronts`, `easel` | vehicles from in front and behind, drawn in a vehicle's own measure |
| `decoys`, `signs`, `clutter` | what looks like a plate and is none, writing on vehicles, everything else in a scene |
| `backgrounds`, `photographs` | photographs from Debian packages; photographed Mainland plates |
| `boards`, `finds` | boards and lettering that are no plates; places on drawn pictures, each with what it is |
| `lens`, `weather` | from scene to picture: lamps, lens, sensor, compression; rain, haze, night |
| `nets` | the networks |
| `detector`, `recogniser`, `look` | their trainings |
| `shipped`, `split` | checkpoints out of shipped files; a detector's file of before as two |
| `loop` | what both share: learning rate, running average of the weights, checkpoints |
| `export`, `quantise` | from checkpoints to ONNX files with their origin beside them; the detector with eight bits |
| `plot`, `scout`, `failures` | whether it still learns; how well plates are found; what is read wrong |
"""
