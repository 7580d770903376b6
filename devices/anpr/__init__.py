"""Reading plates: a picture goes in, its plates come out, each character with its confidence.

| module | what is in it |
|---|---|
| `plate_reader` | the whole of it: detector, second look, rectification, recogniser, grammar |
| `plate_read` | what is said of one plate |
| `detections` | from the detector's map to plates with four corners |
| `look` | a second look at a find: a whole plate, a part of one, or none |
| `contrast` | a straightened plate made dark on light, always of the same contrast |
| `background` | the colour behind a plate's characters |
| `ctc` | from the recogniser's columns to a text, by beam search under the grammar |
| `grammar` | which characters may be where, by the colour of the plate |
| `spacing` | whether a gap hides a digit |
| `pairing` | which plates of a picture are on the same vehicle |
| `selection` | which Hong Kong mark of a single picture to act on, or why none |
| `alphabet` | what the recogniser can say; shared with the training |
| `engine` | the port behind which the three networks run |
| `engines` | the engines by their names in the configuration |
| `onnxruntime_engine`, `opencv_engine`, `easyocr_engine` | one engine each |
| `extras` | how an engine's library is installed |
| `easyocr_network` | our recogniser as a network of EasyOCR |
| `weights` | the three model files, checked before anything runs |
| `files` | `rocars-lane read`: pictures, folders, videos |
| `picture_size` | how large a picture is, before it is decoded |
| `memory` | gives memory back when a picture is done |
| `errors` | what can go wrong before the first picture is read |

Figures and the model card are in `docs/anpr.md`.
"""
