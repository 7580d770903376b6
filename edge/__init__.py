"""The box: composition, settings, commands, health. Only here are the lane's concrete classes chosen.

| module | what is in it |
|---|---|
| `lane` | the composition root of `rocars-lane run`: every part made, started, watched and stopped |
| `wiring` | from settings to the values that each part wants |
| `lane_watch` | what is watched beside the decision, and what the lane's state lights: |
| `signal_watch`, `passage_watch` | of these: contacts stuck or dead; which way vehicles go (pure) |
| `lane_outputs` | of these: the Unladen lamp, a signal head, a barrier |
| `device_table`, `open_devices`, `devices_command` | what every device last said; the devices without the lane; `rocars-lane devices` |
| `identifiers` | the second identifier as configured |
| `voice` | the lane's voice as configured, and what the page needs of it |
| `actuators` | each effect of the lane handed to the device that carries it out |
| `alarm_desk` | the lane's alarms: made of the journal, kept over a restart, told to people |
| `lane_feed` | the officers' page as the agent feeds it |
| `driver_notice` | the line below the panel's message |
| `second_officer` | a request that waits for a second officer |
| `page_line`, `page_process`, `places` | the agent's end of the line to the page, which is a process of its own; where the two meet |
| `simulation_panel` | the page's panel in demonstrations: wishes passed on to the world's socket |
| `remote_orders` | what the centre orders, carried out and answered |
| `telemetry` | how the box is, in figures, for the centre |
| `metrics` | figures for Prometheus, health, RSMP's status bits |
| `clock` | the box's clocks, and the watch over them |
| `shadow`, `shadow_report` | a lane that decides beside another and drives nothing; where it and the officers differ |
| `standby` | a lane whose store cannot be opened: started by hand, with a store in memory, until it can |
| `health` | whether the store can be written, the room left, the wear of the flash |
| `evidence_retention` | evidence pictures kept within their bounds |
| `expiry` | keys and certificates that near their end, and new keys of the core |
| `setup/` | `rocars-lane setup`: from a bare box to a lane that starts |
| `settings/` | the lane's TOML file as typed values |
| `checks/` | `rocars-lane check`, and the walk through the lane |
| `cli` | the commands of `rocars-lane` |
| `enrol`, `cli_enrol` | enrolment and renewal: what is done, and what the technician is told |
| `corrections` | what officers corrected, as labelled pictures: `rocars-lane corrections` |
| `past_visits` | what the journal says of visits that have ended: `rocars-lane visits`, and the page after a restart |
| `cameras` | `rocars-lane cameras`: ONVIF cameras of the network |
| `screens_round` | `rocars-lane screens`: every scene on the real outputs in turn |
| `read`, `replay` | the commands of these names |
"""
