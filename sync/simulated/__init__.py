"""The core's side of the link and the whole link, in memory; driven from the core's side."""
