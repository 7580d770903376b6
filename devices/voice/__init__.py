"""The voice of a lane: the help intercom and the spoken prompts (domain §4 row 6, docs/voice.md).

| module | what is in it |
|---|---|
| `desk` | the call machine, pure: who is called, who answered, whether each hears the other |
| `line` | the agent's end: a Unix socket to the voice process, and the desk between it and the lane |
| `listening`, `listen_line` | an officer who listens without being called: the machine, pure, and the agent's end of it |
| `protocol` | the lines over that socket |
| `process`, `__main__` | the voice process, a unit of its own: sound, calls, prompts |
| `webrtc` | a call to an officer's page |
| `telephone` | calls over SIP by Debian's baresip, driven over its control socket |
| `netstring`, `sip_config` | how that socket is spoken to, and the files that baresip is given |
| `sound`, `levels` | sound server, microphone, loudspeaker, and how loud they are |
| `prompts`, `prompt_queue`, `prompt_files` | what is said, when (pure), and the sounds of it |
| `tone`, `loopback` | tones that are sent and found again; microphone and loudspeaker proved by one |
| `settings` | `[voice]` of a lane's settings |
"""
