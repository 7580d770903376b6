"""Eyes and hands of the lane: camera, plate reader, contacts, intercom, and their simulators."""
