"""Measurements: each speed beside the physical floor it cannot go below, and plates read beside other readers.

`rocars-bench NAME [--json FILE]`; the names are in brackets.

| module | what is in it |
|---|---|
| `cli` | `rocars-bench` |
| `lane` | a truck's three moments together [lane] |
| `shell` | of these: event to effect, through the shell and a real store |
| `reading` | of these: picture to settled read |
| `codes` | the store: lookup, deltas, snapshot, journal [store] |
| `link/` | lists, deltas and cuts over a real broker [link] |
| `traffic`, `packet_count` | what one lane costs a broker, packet by packet [traffic] |
| `claims`, `claims_core` | what claim before release costs: at a lane, and at the core at its limit [claims] |
| `centre` | the core beside bare PostgreSQL, and from a hold to the broker [centre] |
| `aged` | list, start, loop and lanes after a year [centre --aged] |
| `handshakes` | what a TLS connection costs a broker |
| `wall`, `wall_page` | the wall of lanes: from an event to the pixel, and what the server costs; its page, watched [wall] |
| `shift`, `shift_officers` | a shift at the wall, played at speed-up; its scripted officers [shift] |
| `storm` | many lanes on one broker [storm] |
| `fuzz`, `hostile` | hostile messages, and how they are made [fuzz] |
| `led_fuzz` | spoilt frames into both ends of an LED board's line [fuzz --led] |
| `signed_fuzz` | hostile messages by senders who hold a valid key [fuzz --signed] |
| `alarms` | faults of all kinds raised and cleared, with restarts [alarms] |
| `criteria` | the selectors' profiles on one consignment, beside plain comparison [criteria] |
| `plates/` | our reader beside RapidOCR and Tesseract on labelled pictures [plates] |
| `plates_sets/` | drawn sets of what photographs show too rarely [plates --set] |
| `engines`, `engine_child`, `engine_crops` | our engines beside each other, each in its process, on the same crops [engines] |
| `visits`, `told` | drawn visits through reader and settling; the reader without its eyes [visits] |
| `reliability`, `plates_drawn`, `cuts` | what a stated confidence is worth, on drawn plates in cuts unknown to the training [reliability] |
| `curve`, `bounds` | stated against found as a curve; exact bounds of a rate |
| `camera`, `rtsp_server` | what a network camera costs at rest and in a visit, over a real RTSP server [camera] |
| `live` | the live picture from glass to glass, at a lane's page and at a wall [live] |
| `devices` | presses through the real contacts in simulated and real time [devices] |
| `device_notice`, `ailing_camera` | how soon faults of a module and a camera are noticed; what a camera on bad days shows |
| `unplug` | everything unplugged at random while trucks pass [unplug] |
| `device_fuzz`, `modbus_frames` | every parser of what a device says, with rubbish [device-fuzz] |
| `outages` | what stands on the screens while each part of them is killed and stopped [screens] |
| `screen_changes` | how soon both outputs change, how far apart, and what they cost at rest [screens] |
| `voice/` | calls to a page and over SIP, over null sinks; noise at the voice's doors [voice] |
| `figures` | figures as a table for people and as JSON |
| `workers`, `processes` | work spread over processes; what processes and their children cost |
"""
