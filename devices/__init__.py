"""What the lane senses and moves: camera, plate reader, contacts, second identifier, intercom.

| module | what is in it |
|---|---|
| `contacts` | the ports of contacts, boards and outputs; wired lines become settled events |
| `read_back` | outputs that do not follow, by the inputs wired to them (pure) |
| `contact_faults` | why they cannot be trusted: one fault, every cause by its name |
| `debounce` | when a raw level counts, and when a line chatters (pure) |
| `gpio` | a board on the box's own pins |
| `modbus_board`, `modbus_settings` | a bought Modbus module, over TCP or a serial cable; which one, and where it keeps what |
| `remote_io`, `remote_protocol` | a board on a serial cable or TCP, and its lines |
| `framing` | checked lines, as boards and label readers speak them |
| `reader` | the plate reader as the agent sees it: a process that is watched and started again |
| `reader_child` | that process: camera, plates, settling |
| `reader_protocol` | what the two say to each other |
| `visit_reader` | votes over the pictures of one visit: a settled read, a second vehicle, giving up (pure) |
| `camera` | where pictures come from, and the newest of them |
| `stream_camera` | V4L2, network streams and video files, through FFmpeg |
| `key_frames` | which packets of a stream need not be decoded while nobody is in the lane (pure) |
| `camera_login` | a network camera's login, and the words for what it refuses |
| `dated_picture` | a picture with the time when it was taken, and what every camera does |
| `onvif_discovery`, `onvif_camera` | cameras of the network that speak ONVIF: found, and asked for their streams |
| `camera_metadata` | cameras that read plates themselves, over MQTT: a witness that may contradict |
| `stall` | when a camera has stopped, or shows the same again and again (pure) |
| `camera_condition` | black, blinded, out of focus, moved: told apart on a small grey picture (pure) |
| `zone` | the lane's part of the picture |
| `anpr/` | a picture in, its plates out |
| `evidence` | pictures on the disk, named by their content |
| `thumbnail` | a camera's picture made small |
| `overlay` | what was found, outlined on the officers' picture |
| `latency` | how long reading a picture takes |
| `identifier` | the second identifier: what names the vehicle besides the plate reader |
| `identifier_serial`, `identifier_protocol` | a label reader on a serial cable or TCP, and its lines |
| `polled_port` | a device that is asked over a serial cable or TCP: opening, reading, its loss |
| `terminal` | Immigration's terminal: its signals, which may name the vehicle; the port for the department's own |
| `terminal_serial`, `terminal_protocol` | ours, on a serial cable or TCP, and its lines |
| `terminal_settings` | `[immigration]` of a lane's settings |
| `intercom` | the help call: bell and lamp |
| `voice/` | the intercom's voice and the spoken prompts, a process of their own |
| `settings` | `[camera]`, `[reader]`, `[contacts]` and `[identifier]` of a lane's settings |
| `errors` | what can go wrong, and what a technician does about it |
| `simulated/` | boards, a Modbus module, a label reader, a terminal and network cameras in software, driven from the hardware's side |
"""
